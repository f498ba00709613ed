//! The text that is being edited, and the cursor in it.

use unicode_segmentation::UnicodeSegmentation as _;

/// How many steps back can be taken.
const UNDO_STEPS: usize = 200;

/// The text, the cursor, and what was cut out of it. What looks like one character is one here, however it is encoded.
#[derive(Default)]
pub(super) struct Buffer {
    text: String,
    /// Before which byte it stands.
    cursor: usize,
    cut: String,
    steps: Vec<(String, usize)>,
}

impl Buffer {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// The cursor's line up to the cursor.
    pub(super) fn line_before(&self) -> &str {
        &self.text[self.line_start()..self.cursor]
    }

    pub(super) fn is_on_first_line(&self) -> bool {
        !self.before().contains('\n')
    }

    pub(super) fn is_on_last_line(&self) -> bool {
        !self.text[self.cursor..].contains('\n')
    }

    /// The cursor's line, from 0, and its column in characters.
    pub(super) fn position(&self) -> (usize, usize) {
        (self.before().matches('\n').count(), self.line_before().chars().count())
    }

    /// Another text, with the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        self.note();
        text.clone_into(&mut self.text);
        self.cursor = self.text.len();
    }

    /// What it was before.
    pub(super) fn restore(&mut self, text: &str, cursor: usize) {
        self.set(text);
        self.cursor = cursor;
    }

    /// Gives the text away, and is empty.
    pub(super) fn take(&mut self) -> String {
        self.steps.clear();
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.note();
        self.text.insert_str(self.cursor, text);
        self.cursor += text.len();
    }

    /// Puts a text in the place of what stands between `start` and the cursor.
    pub(super) fn replace_from(&mut self, start: usize, text: &str) {
        self.note();
        self.text.replace_range(start..self.cursor, text);
        self.cursor = start + text.len();
    }

    pub(super) fn left(&mut self) {
        self.cursor = self.previous();
    }

    pub(super) fn right(&mut self) {
        self.cursor = self.next();
    }

    pub(super) fn word_left(&mut self) {
        self.cursor = self.word_start();
    }

    pub(super) fn word_right(&mut self) {
        self.cursor = self.word_end();
    }

    pub(super) fn go_to_line_start(&mut self) {
        self.cursor = self.line_start();
    }

    pub(super) fn go_to_line_end(&mut self) {
        self.cursor = self.line_end();
    }

    /// To the line above, in the same column if there is one.
    pub(super) fn up(&mut self) {
        let column = self.line_before().graphemes(true).count();
        self.go_to_line_start();
        self.left();
        self.go_to_line_start();
        self.go_to_column(column);
    }

    pub(super) fn down(&mut self) {
        let column = self.line_before().graphemes(true).count();
        self.go_to_line_end();
        self.right();
        self.go_to_column(column);
    }

    pub(super) fn delete_left(&mut self) {
        self.delete(self.previous(), self.cursor);
    }

    pub(super) fn delete_right(&mut self) {
        self.delete(self.cursor, self.next());
    }

    pub(super) fn cut_word_left(&mut self) {
        self.cut(self.word_start(), self.cursor);
    }

    pub(super) fn cut_word_right(&mut self) {
        self.cut(self.cursor, self.word_end());
    }

    /// Cuts the word out that ends at the cursor, as white space has it.
    pub(super) fn cut_to_space(&mut self) {
        let before = self.before().trim_end();
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        self.cut(start, self.cursor);
    }

    pub(super) fn cut_to_line_start(&mut self) {
        self.cut(self.line_start(), self.cursor);
    }

    /// Cuts out what is left of the line, or its end if the cursor is there.
    pub(super) fn cut_to_line_end(&mut self) {
        let end = self.line_end();
        self.cut(self.cursor, if end == self.cursor { self.next() } else { end });
    }

    pub(super) fn paste_cut(&mut self) {
        let cut = self.cut.clone();
        self.insert(&cut);
    }

    /// Exchanges the two characters around the cursor.
    pub(super) fn transpose(&mut self) {
        if self.cursor == self.line_end() {
            self.left();
        }
        let (start, end) = (self.previous(), self.next());
        let (left, right) = (&self.text[start..self.cursor], &self.text[self.cursor..end]);
        if !left.is_empty() && !right.is_empty() && left != "\n" && right != "\n" {
            let exchanged = format!("{right}{left}");
            self.note();
            self.text.replace_range(start..end, &exchanged);
            self.cursor = end;
        }
    }

    pub(super) fn undo(&mut self) {
        if let Some((text, cursor)) = self.steps.pop() {
            (self.text, self.cursor) = (text, cursor);
        }
    }

    fn note(&mut self) {
        if self.steps.len() == UNDO_STEPS {
            self.steps.remove(0);
        }
        self.steps.push((self.text.clone(), self.cursor));
    }

    fn delete(&mut self, start: usize, end: usize) {
        if start < end {
            self.note();
            self.text.drain(start..end);
            self.cursor = start;
        }
    }

    fn cut(&mut self, start: usize, end: usize) {
        if start < end {
            self.text[start..end].clone_into(&mut self.cut);
            self.delete(start, end);
        }
    }

    fn go_to_column(&mut self, column: usize) {
        let line = &self.text[self.cursor..self.line_end()];
        self.cursor += line.graphemes(true).take(column).map(str::len).sum::<usize>();
    }

    fn previous(&self) -> usize {
        self.cursor - self.before().graphemes(true).next_back().map_or(0, str::len)
    }

    fn next(&self) -> usize {
        self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len)
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn word_start(&self) -> usize {
        let before = self.before().trim_end_matches(|c| !is_of_word(c));
        before.trim_end_matches(is_of_word).len()
    }

    fn word_end(&self) -> usize {
        let after = &self.text[self.cursor..];
        let rest = after.trim_start_matches(|c| !is_of_word(c)).trim_start_matches(is_of_word);
        self.text.len() - rest.len()
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer with the cursor where the `|` is.
    fn buffer(text: &str) -> Buffer {
        let mut buffer = Buffer::default();
        buffer.insert(&text.replace('|', ""));
        buffer.cursor = text.find('|').unwrap();
        buffer
    }

    fn shown(buffer: &Buffer) -> String {
        format!("{}|{}", buffer.before(), &buffer.text[buffer.cursor..])
    }

    #[test]
    fn keys_move_and_change_what_they_do_elsewhere() {
        type Edit = fn(&mut Buffer);
        for (before, edit, after) in [
            ("a|b", Buffer::left as Edit, "|ab"),
            ("|", Buffer::left, "|"),
            ("ab|", Buffer::right, "ab|"),
            ("ab.cd|", Buffer::word_left, "ab.|cd"),
            ("ab|.cd x", Buffer::word_right, "ab.cd| x"),
            ("ab\ncd|e", Buffer::up, "ab|\ncde"),
            ("ab|c\nd", Buffer::down, "abc\nd|"),
            ("a\nbc|d", Buffer::go_to_line_start, "a\n|bcd"),
            ("a|b\nc", Buffer::go_to_line_end, "ab|\nc"),
            ("a|b", Buffer::delete_left, "|b"),
            ("a|b", Buffer::delete_right, "a|"),
            ("a\n|b", Buffer::delete_left, "a|b"),
            ("a b.c|d", Buffer::cut_word_left, "a b.|d"),
            ("a b.c|d", Buffer::cut_to_space, "a |d"),
            ("a\u{3000}b|", Buffer::cut_to_space, "a\u{3000}|"),
            ("a\nbc|d", Buffer::cut_to_line_start, "a\n|d"),
            ("a|b\nc", Buffer::cut_to_line_end, "a|\nc"),
            ("a|\nc", Buffer::cut_to_line_end, "a|c"),
            ("ab|", Buffer::transpose, "ba|"),
            ("a|", Buffer::transpose, "|a"),
        ] {
            let mut buffer = buffer(before);
            edit(&mut buffer);
            assert_eq!(shown(&buffer), after, "from {before:?}");
        }
    }

    #[test]
    fn what_looks_like_one_character_is_one() {
        for character in ["é", "e\u{301}", "漢", "👩‍👩‍👧", "🇩🇪"] {
            let mut buffer = Buffer::default();
            buffer.insert(&format!("a{character}"));
            buffer.left();
            assert_eq!(buffer.before(), "a");
            buffer.right();
            buffer.delete_left();
            assert_eq!(buffer.text(), "a");
        }
    }

    #[test]
    fn what_was_cut_is_pasted_and_what_was_done_is_undone() {
        let mut buffer = buffer("one two|");
        buffer.cut_word_left();
        buffer.go_to_line_start();
        buffer.paste_cut();
        assert_eq!(shown(&buffer), "two|one ");
        buffer.undo();
        buffer.undo();
        assert_eq!(shown(&buffer), "one two|");
    }
}
