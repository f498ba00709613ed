//! How code looks in the console: its prompts and its colours.

use runner_core::Syntax;

use super::canvas::{Canvas, Style};
use super::highlight;

/// How many pieces of code that wait are shown.
const SHOWN_WAITING: usize = 5;

/// What stands before code, and what it is coloured by.
pub(super) struct Look {
    first: String,
    further: String,
    syntax: Syntax,
}

impl Look {
    pub(super) fn new(name: &str, syntax: Syntax) -> Self {
        let first = format!("{name}> ");
        Self { further: format!("{}> ", ".".repeat(first.len() - 2)), first, syntax }
    }

    /// The prompt of a first line.
    pub(super) fn first(&self) -> &str {
        &self.first
    }

    /// The prompt of every further line.
    pub(super) fn further(&self) -> &str {
        &self.further
    }

    /// Shows code, with the cursor before one of its bytes, or nowhere.
    pub(super) fn code(&self, canvas: &mut Canvas, code: &str, cursor: Option<usize>) {
        let mut at = 0;
        for (style, piece) in highlight::pieces(code, &self.syntax) {
            let (before, after) = match cursor.and_then(|cursor| cursor.checked_sub(at)) {
                Some(length) if length < piece.len() => piece.split_at(length),
                _ => (piece, ""),
            };
            self.lines(canvas, style, before);
            if !after.is_empty() {
                canvas.mark_cursor();
                self.lines(canvas, style, after);
            }
            at += piece.len();
        }
        if cursor == Some(at) {
            canvas.mark_cursor();
        }
    }

    /// Shows code that was entered, as it was.
    pub(super) fn entered(&self, canvas: &mut Canvas, code: &str) {
        canvas.put(Style::Prompt, &self.first);
        self.code(canvas, code, None);
    }

    /// Shows what code was entered and waits.
    pub(super) fn waiting<'a>(&self, canvas: &mut Canvas, codes: impl ExactSizeIterator<Item = &'a str>) {
        let unseen = codes.len().saturating_sub(SHOWN_WAITING);
        for code in codes.take(SHOWN_WAITING) {
            let first_line = code.lines().next().unwrap_or_default();
            let more = if code.contains('\n') { " ..." } else { "" };
            canvas.put(Style::Faint, &format!("{}{first_line}{more}\n", self.first));
        }
        if unseen > 0 {
            canvas.put(Style::Faint, &format!("[{unseen} more wait]\n"));
        }
    }

    fn lines(&self, canvas: &mut Canvas, style: Style, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                canvas.put(Style::Plain, "\n");
                canvas.put(Style::Prompt, &self.further);
            }
            canvas.put(style, line);
        }
    }
}
