//! Where in its row the terminal's cursor is, after what a program has printed.

use unicode_width::UnicodeWidthChar as _;

const TAB: usize = 8;

/// Follows what is printed. Programs that move the cursor to another row are followed no further than the row's end.
#[derive(Debug, Default)]
pub(super) struct Column {
    column: usize,
    state: State,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    /// `ESC [`, and the parameters so far.
    Sequence(String),
    /// A title, a picture: everything up to a BEL or `ESC \`.
    Message,
    MessageEscape,
}

impl Column {
    /// How far from the left it is: at the row's end, that is the number of columns.
    pub(super) fn get(&self) -> usize {
        self.column
    }

    /// The window has so many columns now.
    pub(super) fn fit(&mut self, columns: usize) {
        if self.column > columns {
            self.column %= columns;
        }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// After this is printed in a terminal of so many columns.
    pub(super) fn follow(&mut self, text: &str, columns: usize) {
        for character in text.chars() {
            self.state = self.step(character, columns.max(1));
        }
    }

    fn step(&mut self, character: char, columns: usize) -> State {
        match (std::mem::take(&mut self.state), character) {
            (State::Message, '\x1b') => State::MessageEscape,
            (State::Message, '\x07') => State::Text,
            (State::Message, _) | (State::Escape, ']' | 'P' | '_' | '^' | 'X') => State::Message,
            (_, '\x1b') => State::Escape,
            (State::Escape, '[') => State::Sequence(String::new()),
            (State::Escape | State::MessageEscape, _) => State::Text,
            (State::Sequence(parameters), '\x40'..='\x7e') => {
                self.sequence(&parameters, character, columns);
                State::Text
            }
            (State::Sequence(mut parameters), _) => {
                parameters.push(character);
                State::Sequence(parameters)
            }
            (State::Text, _) => {
                self.print(character, columns);
                State::Text
            }
        }
    }

    fn sequence(&mut self, parameters: &str, last: char, columns: usize) {
        let number = parameters.parse::<usize>().unwrap_or(0).max(1);
        self.column = match last {
            'C' => self.column.saturating_add(number).min(columns - 1),
            'D' => self.column.saturating_sub(number),
            'E' | 'F' => 0,
            'G' | '`' => number.min(columns) - 1,
            'H' | 'f' => {
                let column = parameters.split(';').nth(1).and_then(|column| column.parse().ok());
                column.unwrap_or(1_usize).clamp(1, columns) - 1
            }
            _ => self.column,
        };
    }

    fn print(&mut self, character: char, columns: usize) {
        self.column = match character {
            '\n' | '\r' => 0,
            '\x08' => self.column.saturating_sub(1),
            '\t' => ((self.column / TAB + 1) * TAB).min(columns - 1),
            _ => match self.column + character.width().unwrap_or(0) {
                column if column > columns => character.width().unwrap_or(0),
                column => column,
            },
        };
    }
}

/// Where the last of these bytes is not to be cut off from what follows: a character or a sequence may not be whole.
pub(super) fn whole(bytes: &[u8]) -> usize {
    /// No longer sequence is waited for.
    const LONGEST: usize = 64;
    let tail = bytes.len().saturating_sub(LONGEST);
    if let Some(at) = bytes[tail..].iter().rposition(|byte| *byte == 0x1b) {
        let sequence = &bytes[tail + at..];
        let is_open = match sequence.get(1) {
            None => true,
            Some(b'[') => !sequence[2..].iter().any(|byte| (0x40..=0x7e).contains(byte)),
            Some(_) => false,
        };
        if is_open {
            return tail + at;
        }
    }
    let start = bytes.len().saturating_sub(3);
    let lead = bytes[start..].iter().rposition(|byte| *byte >= 0xc0);
    match lead {
        Some(at) if std::str::from_utf8(&bytes[start + at..]).is_err_and(|error| error.error_len().is_none()) => {
            start + at
        }
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> usize {
        let mut column = Column::default();
        column.follow(text, 10);
        column.get()
    }

    #[test]
    fn the_cursor_is_where_the_terminal_has_it() {
        for (text, expected) in [
            ("", 0),
            ("abc", 3),
            ("abc\n", 0),
            ("abc\rd", 1),
            ("漢字", 4),
            ("e\u{301}", 1),
            ("0123456789", 10),
            ("0123456789a", 1),
            ("123456789漢", 2),
            ("a\tb", 9),
            ("ab\x08", 1),
            ("\x1b[31mab\x1b[0m", 2),
            ("abc\x1b[2D", 1),
            ("abc\x1b[7G", 6),
            ("abc\x1b[2J\x1b[H", 0),
            ("\x1b]0;title\x07a", 1),
            ("\x1b_Gpicture\x1b\\a", 1),
        ] {
            assert_eq!(column(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_cut_in_two() {
        for (text, expected) in [
            (&b"abc"[..], 3),
            ("aé".as_bytes(), 3),
            (&"aé".as_bytes()[..2], 1),
            (&"a🙂".as_bytes()[..4], 1),
            (b"a\xff", 2),
            (b"a\x80\x80\x80", 4),
            (b"a\x1b", 1),
            (b"a\x1b[3", 1),
            (b"a\x1b[31m", 6),
            (b"a\x1b(", 3),
        ] {
            assert_eq!(whole(text), expected, "{text:?}");
        }
    }
}
