/// What was printed of an escape sequence or character that is not whole yet.
///
/// Only a terminal that is in the middle of nothing can be told to draw something else. This follows the output closely
/// enough to know, and keeps the beginning, so that it can be said again.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    state: State,
    bytes: Vec<u8>,
    margins: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// In the middle of nothing.
    #[default]
    Whole,
    /// Of a character in UTF-8, so many bytes are to come.
    Character(u8),
    /// Behind ESC, and what may stand between it and the byte that ends a short sequence.
    Escape,
    /// Behind ESC and a bracket: parameters, up to a letter or the like.
    Sequence,
    /// A title or other text for the terminal, up to BEL or ESC and a backslash.
    Text,
    /// In such a text, behind ESC.
    TextEscape,
}

/// So much of a text is kept; of a longer one, such as a picture, the beginning is lost.
const MAX_BYTES: usize = 4 * 1024;

const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;

impl Unfinished {
    pub(super) fn follow(&mut self, output: &[u8]) {
        let mut rest = output;
        loop {
            if self.state == State::Whole {
                // Most output is text, and text is nothing to remember.
                let text = rest.iter().take_while(|byte| matches!(byte, 0x20..0x7f | b'\r' | b'\n')).count();
                rest = &rest[text..];
            }
            let Some((byte, following)) = rest.split_first() else { return };
            rest = following;
            self.state = self.after(*byte);
            match self.state {
                State::Whole => {
                    self.bytes.push(*byte);
                    self.notice_margins();
                    self.bytes.clear();
                }
                _ if self.bytes.len() < MAX_BYTES => self.bytes.push(*byte),
                _ => {}
            }
        }
    }

    /// The beginning of what is not whole; empty when everything is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The sequence that has set the margins between which lines scroll, where they are not the screen's.
    pub(super) fn margins(&self) -> Option<&[u8]> {
        self.margins.as_deref()
    }

    /// A new size resets the margins.
    pub(super) fn forget_margins(&mut self) {
        self.margins = None;
    }

    fn after(&mut self, byte: u8) -> State {
        match (self.state, byte) {
            (_, CAN | SUB) | (State::Text, BEL) | (State::TextEscape, b'\\') => State::Whole,
            (State::Text, ESC) => State::TextEscape,
            (State::Text, _) => State::Text,
            (_, ESC) => {
                self.bytes.clear();
                State::Escape
            }
            // Within a sequence, control characters do what they do, and it goes on.
            (State::Escape | State::Sequence | State::TextEscape, 0..0x20) => self.state,
            (State::Escape, b'[') if self.bytes.len() == 1 => State::Sequence,
            (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') if self.bytes.len() == 1 => State::Text,
            (State::Escape, 0x20..0x30) => State::Escape,
            (State::Sequence, 0x20..0x40) => State::Sequence,
            (State::TextEscape, _) => {
                // That ended the text, and began something else.
                self.bytes = vec![ESC];
                self.state = State::Escape;
                self.after(byte)
            }
            (State::Character(1), 0x80..0xc0) => State::Whole,
            (State::Character(left), 0x80..0xc0) => State::Character(left - 1),
            (State::Whole | State::Character(_), 0xc2..0xf5) => {
                self.bytes.clear();
                State::Character(if byte < 0xe0 { 1 } else { 2 + u8::from(byte >= 0xf0) })
            }
            _ => State::Whole,
        }
    }

    /// Keeps `ESC [ TOP ; BOTTOM r`, and drops it when a reset undoes it.
    fn notice_margins(&mut self) {
        match &self.bytes[..] {
            [ESC, b'[', numbers @ .., b'r'] if numbers.iter().all(|byte| byte.is_ascii_digit() || *byte == b';') => {
                self.margins = (!numbers.is_empty()).then(|| self.bytes.clone());
            }
            [ESC, b'c'] | [ESC, b'[', b'!', b'p'] => self.margins = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(output: &[u8]) -> Unfinished {
        let mut unfinished = Unfinished::default();
        unfinished.follow(output);
        unfinished
    }

    #[test]
    fn what_is_whole_leaves_nothing() {
        for output in [
            &b"text\r\n"[..],
            "ä€😀".as_bytes(),
            b"\x1b[1;31mred\x1b[m",
            b"\x1b(B\x1b=\x1bM",
            b"\x1b]2;title\x07",
            b"\x1b]2;title\x1b\\",
            b"\x1bPq#0\x1b\\",
            b"\x1b[1\x18",
            b"\xff\x80",
        ] {
            assert_eq!(after(output).bytes(), b"", "{output:?}");
        }
    }

    #[test]
    fn the_beginning_of_what_is_not_whole_is_kept() {
        for (output, kept) in [
            (&b"text\x1b"[..], &b"\x1b"[..]),
            (b"\x1b[m\x1b[38;5", b"\x1b[38;5"),
            (b"\x1b[3\x1b[4", b"\x1b[4"),
            (b"\x1b]0;ti", b"\x1b]0;ti"),
            (b"\x1b]0;ti\x1b", b"\x1b]0;ti\x1b"),
            (b"\x1b]0;ti\x1b[3", b"\x1b[3"),
            (b"a\xf0\x9f\x98", b"\xf0\x9f\x98"),
            (b"\x1b(", b"\x1b("),
        ] {
            assert_eq!(after(output).bytes(), kept, "{output:?}");
        }
    }

    #[test]
    fn margins_are_known_until_they_are_reset() {
        assert_eq!(after(b"\x1b[2;10r\x1b[1mx").margins(), Some(&b"\x1b[2;10r"[..]));
        for output in [&b"\x1b[2;10r\x1b[r"[..], b"\x1b[2;10r\x1bc", b"\x1b[2;10r\x1b[!p", b"\x1b[?1r"] {
            assert_eq!(after(output).margins(), None, "{output:?}");
        }
    }
}
