//! What the user presses, read off the bytes that the terminal sends.

/// A key, by what it means to who edits a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Character(char),
    Enter,
    /// Enter that only ends the line: Alt-Enter, Shift-Enter.
    NewLine,
    Tab,
    BackTab,
    Escape,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    DeleteWordLeft,
    DeleteWordRight,
    /// A letter, in lower case, or a sign, together with Ctrl.
    Control(char),
    /// Text that was pasted, which no key in it is to be taken from.
    Paste(String),
}

/// What ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";
/// No sequence that a terminal sends is as long as this.
const LONGEST_SEQUENCE: usize = 64;

/// Makes keys of bytes. A sequence may come in pieces.
#[derive(Default)]
pub(super) struct Decoder {
    pending: Vec<u8>,
    is_pasting: bool,
}

impl Decoder {
    /// The keys that are whole with these bytes.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        while let Some((key, length)) = self.next() {
            self.pending.drain(..length);
            keys.extend(key);
        }
        keys
    }

    /// Whether an Escape has come that may be the beginning of more.
    pub(super) fn is_undecided(&self) -> bool {
        !self.is_pasting && self.pending.first() == Some(&0x1b)
    }

    /// Nothing more has come: the Escape was one.
    pub(super) fn decide(&mut self) -> Vec<Key> {
        let mut rest = std::mem::take(&mut self.pending);
        let mut keys = vec![Key::Escape];
        rest.remove(0);
        keys.extend(self.decode(&rest));
        keys
    }

    /// The next key, if it is one that means something here, and how many bytes it takes up.
    fn next(&mut self) -> Option<(Option<Key>, usize)> {
        if self.is_pasting {
            let end = self.pending.windows(PASTE_END.len()).position(|window| window == PASTE_END)?;
            self.is_pasting = false;
            let text = String::from_utf8_lossy(&self.pending[..end]).replace("\r\n", "\n").replace('\r', "\n");
            return Some((Some(Key::Paste(text)), end + PASTE_END.len()));
        }
        match *self.pending.first()? {
            0x1b => self.escape(),
            byte @ (0..0x20 | 0x7f) => Some((control(byte), 1)),
            _ => self.character(),
        }
    }

    fn character(&self) -> Option<(Option<Key>, usize)> {
        let length = match self.pending[0] {
            0xf0.. => 4,
            0xe0.. => 3,
            0xc0.. => 2,
            _ => 1,
        };
        let bytes = self.pending.get(..length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Some((text.chars().next().map(Key::Character), length)),
            // What is no text is nothing that can be typed.
            Err(_) => Some((None, 1)),
        }
    }

    fn escape(&mut self) -> Option<(Option<Key>, usize)> {
        match self.pending.get(1)? {
            b'[' => {
                let end = self.pending[2..].iter().position(|byte| (0x40..=0x7e).contains(byte));
                let Some(end) = end else {
                    return (self.pending.len() > LONGEST_SEQUENCE).then_some((None, self.pending.len()));
                };
                let parameters: Vec<u32> = String::from_utf8_lossy(&self.pending[2..2 + end])
                    .split(';')
                    .map(|number| number.parse().unwrap_or(0))
                    .collect();
                let last = self.pending[2 + end];
                if last == b'~' && parameters[0] == 200 {
                    self.is_pasting = true;
                    return Some((None, end + 3));
                }
                Some((sequence(last, &parameters), end + 3))
            }
            b'O' => self.pending.get(2).map(|last| (sequence(*last, &[0]), 3)),
            // Escape twice: the first one is one.
            0x1b => Some((Some(Key::Escape), 1)),
            b'\r' | b'\n' => Some((Some(Key::NewLine), 2)),
            b'b' => Some((Some(Key::WordLeft), 2)),
            b'f' => Some((Some(Key::WordRight), 2)),
            b'd' => Some((Some(Key::DeleteWordRight), 2)),
            0x7f | 0x08 => Some((Some(Key::DeleteWordLeft), 2)),
            _ => Some((None, 2)),
        }
    }
}

fn control(byte: u8) -> Option<Key> {
    Some(match byte {
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x08 | 0x7f => Key::Backspace,
        0 => return None,
        _ => Key::Control(char::from(byte + 0x40).to_ascii_lowercase()),
    })
}

/// `ESC [ PARAMETERS LAST` or `ESC O LAST`.
fn sequence(last: u8, parameters: &[u32]) -> Option<Key> {
    let is_modified = parameters.get(1).is_some_and(|modifiers| *modifiers > 2);
    Some(match (last, parameters[0]) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) if is_modified => Key::WordRight,
        (b'C', _) => Key::Right,
        (b'D', _) if is_modified => Key::WordLeft,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', 1 | 7) => Key::Home,
        (b'F', _) | (b'~', 4 | 8) => Key::End,
        (b'~', 3) if is_modified => Key::DeleteWordRight,
        (b'~', 3) => Key::Delete,
        (b'Z', _) => Key::BackTab,
        // Where the terminal tells modified keys apart, in both of the ways that there are.
        (b'u', 13) | (b'~', 27) if parameters.len() > 1 => Key::NewLine,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Decoder::default().decode(bytes)
    }

    #[test]
    fn keys_are_what_terminals_send_for_them() {
        use Key::*;
        assert_eq!(keys(b"a\r"), [Character('a'), Enter]);
        assert_eq!(keys("é🙂".as_bytes()), [Character('é'), Character('🙂')]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[Z"), [Up, Down, WordRight, Delete, BackTab]);
        assert_eq!(keys(b"\x1b\r\x1b[13;2u"), [NewLine, NewLine]);
        assert_eq!(keys(b"\x03\x7f\x12"), [Control('c'), Backspace, Control('r')]);
        assert_eq!(keys(b"\x1b[?62;4c\x1b[200~a\rb\x1b[201~c"), [Paste("a\nb".into()), Character('c')]);
    }

    #[test]
    fn a_key_may_come_in_pieces() {
        let bytes = "é\x1b[1;5D\x1b[200~x\n\x1b[201~".as_bytes();
        for cut in 0..bytes.len() {
            let mut decoder = Decoder::default();
            let mut keys = decoder.decode(&bytes[..cut]);
            keys.extend(decoder.decode(&bytes[cut..]));
            assert_eq!(keys, [Key::Character('é'), Key::WordLeft, Key::Paste("x\n".into())], "cut at {cut}");
        }
    }

    #[test]
    fn an_escape_alone_is_one_when_nothing_follows() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"\x1b"), []);
        assert!(decoder.is_undecided());
        assert_eq!(decoder.decide(), [Key::Escape]);
        assert!(!decoder.is_undecided());
    }

    #[test]
    fn nonsense_is_no_key() {
        assert_eq!(keys(b"\xff\x80\x1b[999z\x00"), []);
        assert_eq!(keys(&[b"\x1b[".as_slice(), &[b'1'; 100]].concat()), []);
    }
}
