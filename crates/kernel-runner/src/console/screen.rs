//! The terminal's window: what was printed for good, and below it what is being edited.

use std::io::{self, Write as _};

use rustix::termios::tcgetwinsize;

use super::canvas::{Canvas, Drawing};
use super::column::{Column, whole};

/// How the window ends with what is being edited.
#[derive(Default)]
struct Live {
    /// In which row of it the cursor is.
    row: usize,
    height: usize,
    /// In a window of so many columns.
    columns: usize,
    /// How long its lines are up to the cursor.
    lengths: Vec<usize>,
    /// In which column it begins.
    start: usize,
    /// Whether it stands in a line of its own, below one that a program has not ended.
    is_below: bool,
}

/// Everything that is written goes through here, so that what is being edited is taken away before and put back after it.
///
/// The terminal is never asked where its cursor is: some do not answer, and what is typed must not be waited for.
pub(super) struct Screen {
    has_colours: bool,
    printed: Column,
    /// The beginning of a character or of a sequence, whose end is to come.
    held: [Vec<u8>; 2],
    live: Option<Live>,
    codes: Vec<u8>,
}

/// Which of a program's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Stdout,
    Stderr,
}

impl Screen {
    pub(super) fn new(has_colours: bool) -> Self {
        Self { has_colours, printed: Column::default(), held: Default::default(), live: None, codes: Vec::new() }
    }

    /// Whether a program has begun a line and not ended it.
    pub(super) fn is_within_line(&self) -> bool {
        self.printed.get() > 0
    }

    /// An empty canvas for what is being edited: in a row of its own, or behind what a program has printed.
    pub(super) fn canvas(&self, is_behind: bool) -> Canvas {
        let (columns, _) = size();
        Canvas::new(columns, if is_behind { self.printed.get() % columns } else { 0 }, self.has_colours)
    }

    /// Shows what is being edited.
    pub(super) fn draw(&mut self, canvas: Canvas, is_behind: bool) {
        self.erase();
        let (columns, rows) = size();
        let mut live = Live::default();
        if self.printed.get() >= columns {
            // The terminal goes to the next row by itself, but only when something is written there.
            self.codes.extend(b"\r\n");
            self.printed.reset();
        }
        if is_behind {
            live.start = self.printed.get();
        } else if self.is_within_line() {
            self.codes.extend(b"\r\n");
            live.is_below = true;
        }
        let Drawing { codes, row, height, lengths } = canvas.draw(rows - usize::from(live.is_below && rows > 1));
        self.codes.extend(codes.into_bytes());
        self.live = Some(Live { row, height, columns, lengths, ..live });
    }

    /// Takes away what is being edited, without writing it yet.
    pub(super) fn erase(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        let (columns, rows) = size();
        let is_resized = columns != live.columns;
        if is_resized {
            live.row = row_of(&live.lengths, columns).min(rows - 1);
            live.start %= columns;
            self.printed.fit(columns);
        }
        if live.row > 0 {
            self.codes.extend(format!("\x1b[{}A", live.row).into_bytes());
        }
        self.codes.extend(format!("\x1b[{}G", live.start + 1).into_bytes());
        if is_resized {
            self.codes.extend(b"\x1b[J");
        } else {
            // Row by row: what is erased in one piece from the top of the window on, some terminals keep in their history.
            self.codes.extend(b"\x1b[K");
            self.codes.extend(b"\x1b[B\x1b[2K".repeat(live.height - 1));
            if live.height > 1 {
                self.codes.extend(format!("\x1b[{}A\x1b[{}G", live.height - 1, live.start + 1).into_bytes());
            }
        }
        if live.is_below {
            self.codes.extend(format!("\x1b[A\x1b[{}G", self.printed.get() + 1).into_bytes());
        }
    }

    /// Shows a line for good, and goes to the next one.
    pub(super) fn engrave(&mut self, canvas: Canvas, is_behind: bool) {
        self.erase();
        if !is_behind {
            self.begin_line();
        }
        self.codes.extend(canvas.draw_all().into_bytes());
        self.codes.extend(b"\r\n");
        self.printed.reset();
    }

    /// Somebody else has written, and nothing is where it was.
    pub(super) fn forget(&mut self) {
        self.live = None;
        self.printed.reset();
        self.codes.extend(b"\r\x1b[J");
    }

    /// Prints what a program has written, as it is: in a colour where it is what went wrong.
    pub(super) fn print(&mut self, output: Output, bytes: &[u8]) {
        let held = &mut self.held[output as usize];
        held.extend_from_slice(bytes);
        let rest = held.split_off(whole(held));
        let bytes = std::mem::replace(held, rest);
        self.write(output, &bytes);
    }

    /// Prints what is not whole and never will be.
    pub(super) fn release(&mut self) {
        for output in [Output::Stdout, Output::Stderr] {
            let bytes = std::mem::take(&mut self.held[output as usize]);
            self.write(output, &bytes);
        }
    }

    /// Goes to the beginning of a line. What comes next may be somebody else's, who ends it with the end of a line.
    pub(super) fn begin_line(&mut self) {
        self.erase();
        if self.is_within_line() {
            self.codes.extend(b"\r\n");
            self.printed.reset();
        }
    }

    /// Prints lines of our own.
    pub(super) fn say(&mut self, lines: &str) {
        self.begin_line();
        for line in lines.lines() {
            self.codes.extend(line.as_bytes());
            self.codes.extend(b"\r\n");
        }
    }

    pub(super) fn clear(&mut self) {
        self.erase();
        self.printed.reset();
        self.codes.extend(b"\x1b[H\x1b[2J");
    }

    fn write(&mut self, output: Output, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.erase();
        let is_coloured = output == Output::Stderr && self.has_colours;
        self.codes.extend(if is_coloured { &b"\x1b[31m"[..] } else { b"" });
        self.codes.extend_from_slice(bytes);
        self.codes.extend(if is_coloured { &b"\x1b[39m"[..] } else { b"" });
        self.printed.follow(&String::from_utf8_lossy(bytes), size().0);
    }

    /// Writes what was to be written, in one piece, so that nobody sees what is being edited come and go.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let codes = std::mem::take(&mut self.codes);
        let mut stdout = io::stdout().lock();
        stdout.write_all(&codes)?;
        stdout.flush()
    }
}

/// In which row the last one of these lines ends, where the window has been given so many columns and the terminal has laid out
/// anew what was in it.
fn row_of(lengths: &[usize], columns: usize) -> usize {
    let Some((last, others)) = lengths.split_last() else { return 0 };
    others.iter().map(|length| length.div_ceil(columns).max(1)).sum::<usize>() + last / columns
}

/// The columns and rows of the window.
fn size() -> (usize, usize) {
    let (columns, rows) = tcgetwinsize(io::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row));
    let or = |value: u16, usual: usize| if value == 0 { usual } else { value.into() };
    (or(columns, 80), or(rows, 24))
}

#[cfg(test)]
mod tests {
    use super::row_of;

    #[test]
    fn lines_take_up_more_rows_in_a_smaller_window() {
        assert_eq!(row_of(&[], 10), 0);
        assert_eq!(row_of(&[25], 100), 0);
        assert_eq!(row_of(&[25], 10), 2);
        assert_eq!(row_of(&[0, 20, 5], 10), 3);
    }
}
