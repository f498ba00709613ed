//! Text laid out in rows as the terminal lays it out, so that it is known where everything is.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// What a tab is worth in a line that is being edited.
const TAB: &str = "    ";

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Style {
    #[default]
    Plain,
    Prompt,
    /// What matters less: what waits, what is offered.
    Faint,
    Chosen,
    Keyword,
    String,
    Number,
    Comment,
}

impl Style {
    fn codes(self) -> &'static str {
        match self {
            Self::Plain => "\x1b[0m",
            Self::Prompt => "\x1b[0;1m",
            Self::Faint => "\x1b[0;2m",
            Self::Chosen => "\x1b[0;7m",
            Self::Keyword => "\x1b[0;35m",
            Self::String => "\x1b[0;32m",
            Self::Number => "\x1b[0;36m",
            Self::Comment => "\x1b[0;90m",
        }
    }
}

/// The rows.
pub(super) struct Canvas {
    columns: usize,
    has_colours: bool,
    rows: Vec<Row>,
    /// Where the last row ends.
    column: usize,
    cursor: (usize, usize),
    /// How long the lines are, up to the last one so far.
    lengths: Vec<usize>,
    /// The same, up to the cursor.
    before_cursor: Vec<usize>,
    style: Style,
}

#[derive(Default)]
struct Row {
    text: String,
    /// The row before was full.
    is_continued: bool,
    has_glyphs: bool,
}

/// What is to be written, and where the cursor is then, seen from where it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawing {
    pub(super) codes: String,
    /// How many rows below.
    pub(super) row: usize,
    /// How many rows are drawn.
    pub(super) height: usize,
    /// How long the lines are up to the cursor, however many rows they take up.
    pub(super) lengths: Vec<usize>,
}

impl Canvas {
    /// The first row begins in the column `start`.
    pub(super) fn new(columns: usize, start: usize, has_colours: bool) -> Self {
        let columns = columns.max(1);
        let start = start.min(columns - 1);
        Self {
            columns,
            has_colours,
            rows: vec![Row::default()],
            column: start,
            cursor: (0, start),
            lengths: vec![start],
            before_cursor: vec![start],
            style: Style::Plain,
        }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Goes on with a text.
    pub(super) fn put(&mut self, style: Style, text: &str) {
        for grapheme in text.graphemes(true) {
            match grapheme {
                "\n" | "\r\n" => self.end_row(),
                "\t" => self.put_glyph(style, TAB, TAB.len()),
                _ if grapheme.chars().all(char::is_control) => self.put_glyph(style, "\u{fffd}", 1),
                _ => self.put_glyph(style, grapheme, grapheme.width()),
            }
        }
    }

    /// The cursor stands where the text ends so far.
    pub(super) fn mark_cursor(&mut self) {
        if self.column >= self.columns {
            self.wrap();
        }
        self.cursor = (self.rows.len() - 1, self.column);
        self.lengths.clone_into(&mut self.before_cursor);
    }

    /// As much of it as `rows` rows have room for, around the cursor.
    pub(super) fn draw(mut self, rows: usize) -> Drawing {
        self.set_style(Style::Plain);
        let rows = rows.max(1);
        let top = (self.cursor.0 + 1).saturating_sub(rows);
        let bottom = self.rows.len().min(top + rows);
        let mut codes = join(&self.rows[top..bottom]);
        let row = self.cursor.0 - top;
        let below = bottom - top - 1 - row;
        if below > 0 {
            write!(codes, "\x1b[{below}A").expect("a String takes everything");
        }
        write!(codes, "\x1b[{}G", self.cursor.1 + 1).expect("a String takes everything");
        Drawing { codes, row, height: bottom - top, lengths: self.before_cursor }
    }

    /// All of it, with the cursor at its end.
    pub(super) fn draw_all(mut self) -> String {
        self.set_style(Style::Plain);
        if self.rows.len() > 1 && self.rows.last().is_some_and(|row| row.is_continued && !row.has_glyphs) {
            let codes = self.rows.pop().map(|row| row.text).unwrap_or_default();
            self.row().text.push_str(&codes);
        }
        join(&self.rows)
    }

    fn put_glyph(&mut self, style: Style, glyph: &str, width: usize) {
        if self.column + width > self.columns {
            self.wrap();
        }
        self.set_style(style);
        let row = self.row();
        row.text.push_str(glyph);
        row.has_glyphs = true;
        self.column += width;
        if let Some(length) = self.lengths.last_mut() {
            *length += width;
        }
    }

    fn end_row(&mut self) {
        self.rows.push(Row::default());
        self.lengths.push(0);
        self.column = 0;
    }

    fn wrap(&mut self) {
        self.rows.push(Row { is_continued: true, ..Row::default() });
        self.column = 0;
    }

    fn set_style(&mut self, style: Style) {
        if self.has_colours && self.style != style {
            self.row().text.push_str(style.codes());
        }
        self.style = style;
    }

    fn row(&mut self) -> &mut Row {
        self.rows.last_mut().expect("there is a first row from the beginning")
    }
}

fn join(rows: &[Row]) -> String {
    let mut codes = String::new();
    for (number, row) in rows.iter().enumerate() {
        // A full row goes on in the next one by itself, as soon as something is written there.
        if number > 0 && !(row.is_continued && row.has_glyphs) {
            codes.push_str("\r\n");
        }
        codes.push_str(&row.text);
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(columns: usize, start: usize, before: &str, after: &str) -> (String, usize) {
        let mut canvas = Canvas::new(columns, start, false);
        canvas.put(Style::Plain, before);
        canvas.mark_cursor();
        canvas.put(Style::Plain, after);
        let drawing = canvas.draw(5);
        (drawing.codes, drawing.row)
    }

    #[test]
    fn rows_are_full_where_the_terminal_has_them_full() {
        assert_eq!(draw(10, 0, "abc", "d"), ("abcd\x1b[4G".into(), 0));
        assert_eq!(draw(4, 0, "abcd", ""), ("abcd\r\n\x1b[1G".into(), 1));
        assert_eq!(draw(4, 0, "abcde", ""), ("abcde\x1b[2G".into(), 1));
        assert_eq!(draw(4, 2, "abcde", ""), ("abcde\x1b[4G".into(), 1));
        assert_eq!(draw(4, 0, "abc漢", ""), ("abc漢\x1b[3G".into(), 1));
        assert_eq!(draw(9, 0, "a\nb", "\nc"), ("a\r\nb\r\nc\x1b[1A\x1b[2G".into(), 1));
    }

    #[test]
    fn what_has_no_room_is_left_out_around_the_cursor() {
        let lines = (0..9).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
        assert_eq!(draw(9, 0, &lines, "\n9"), ("4\r\n5\r\n6\r\n7\r\n8\x1b[2G".into(), 4));
        assert_eq!(draw(9, 0, "", &lines), ("0\r\n1\r\n2\r\n3\r\n4\x1b[4A\x1b[1G".into(), 0));
    }

    #[test]
    fn lines_are_as_long_as_they_are_whatever_the_window() {
        let mut canvas = Canvas::new(4, 2, false);
        canvas.put(Style::Plain, "abcde\n漢字x");
        canvas.mark_cursor();
        canvas.put(Style::Plain, "y\nz");
        assert_eq!(canvas.draw(5).lengths, [7, 5]);
    }

    #[test]
    fn what_cannot_be_seen_is_seen() {
        assert_eq!(draw(20, 0, "a\t\u{1b}b", ""), ("a    \u{fffd}b\x1b[8G".into(), 0));
    }
}
