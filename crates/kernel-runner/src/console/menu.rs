//! The suggestions to choose from, below the line.

use unicode_width::UnicodeWidthStr as _;

use super::buffer::Buffer;
use super::canvas::{Canvas, Style};
use super::suggestions::Suggestion;

/// How many rows of them are shown.
const ROWS: usize = 6;
/// What stands between two columns.
const GAP: usize = 2;

/// What there is to choose from, and what was typed before.
pub(super) struct Menu {
    suggestions: Vec<Suggestion>,
    chosen: Option<usize>,
    typed: (String, usize),
}

impl Menu {
    pub(super) fn new(suggestions: Vec<Suggestion>, buffer: &Buffer) -> Self {
        Self { suggestions, chosen: None, typed: (buffer.text().to_owned(), buffer.cursor()) }
    }

    /// Chooses the next one, or the one before.
    pub(super) fn choose(&mut self, is_next: bool, buffer: &mut Buffer) {
        let count = self.suggestions.len();
        let chosen = match self.chosen {
            None if is_next => 0,
            None => count - 1,
            Some(chosen) if is_next => (chosen + 1) % count,
            Some(chosen) => (chosen + count - 1) % count,
        };
        self.chosen = Some(chosen);
        self.forget(buffer);
        let Suggestion { start, text } = &self.suggestions[chosen];
        buffer.replace_from(*start, text);
    }

    /// Goes back to what was typed.
    pub(super) fn forget(&self, buffer: &mut Buffer) {
        let (text, cursor) = &self.typed;
        buffer.restore(text, *cursor);
    }

    /// In columns, read downwards, in a window that is so wide; the rows around the one that is chosen.
    pub(super) fn paint(&self, canvas: &mut Canvas) {
        let widest = self.suggestions.iter().map(|suggestion| suggestion.text.width()).max().unwrap_or(0);
        let width = (widest + GAP).min(canvas.columns());
        let columns = (canvas.columns() / width.max(1)).max(1);
        let rows = self.suggestions.len().div_ceil(columns);
        let first = self.chosen.map_or(0, |chosen| (chosen % rows + 1).saturating_sub(ROWS));
        for row in first..rows.min(first + ROWS) {
            canvas.put(Style::Plain, "\n");
            for number in (row..self.suggestions.len()).step_by(rows) {
                let text = cut(&self.suggestions[number].text, width);
                let style = if self.chosen == Some(number) { Style::Chosen } else { Style::Faint };
                canvas.put(style, text);
                if number + rows < self.suggestions.len() {
                    canvas.put(Style::Plain, &" ".repeat(width.saturating_sub(text.width())));
                }
            }
        }
        if rows > ROWS {
            canvas.put(Style::Faint, &format!("\n{} in all", self.suggestions.len()));
        }
    }
}

/// As much of a text as there is room for.
fn cut(text: &str, width: usize) -> &str {
    let end = text.char_indices().map(|(at, _)| at).find(|at| text[..*at].width() > width.saturating_sub(1));
    end.map_or(text, |end| &text[..end])
}
