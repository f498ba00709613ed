//! What the programs in a remote terminal have changed about ours, so that it can be put right when the user leaves them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The private modes that a terminal has on when it starts: the cursor is seen, and long lines wrap.
const USUALLY_ON: [u16; 2] = [7, 25];
/// No sequence that matters is longer.
const LONGEST: usize = 64;

/// Follows what is shown.
#[derive(Debug, Default)]
pub(super) struct Modes {
    changed: BTreeSet<u16>,
    has_keypad: bool,
    has_region: bool,
    has_keyboard: bool,
    /// A sequence whose end is to come, from its Escape on.
    pending: Vec<u8>,
}

impl Modes {
    pub(super) fn follow(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    /// What makes everything as it was.
    pub(super) fn reset(&self) -> String {
        let mut codes = String::new();
        // Another screen goes first: it has settings of its own.
        for mode in self.changed.iter().rev() {
            let end = if USUALLY_ON.contains(mode) { 'h' } else { 'l' };
            write!(codes, "\x1b[?{mode}{end}").expect("a String takes everything");
        }
        for (is_changed, code) in
            [(self.has_keypad, "\x1b>"), (self.has_region, "\x1b7\x1b[r\x1b8"), (self.has_keyboard, "\x1b[<u\x1b[>4m")]
        {
            codes.push_str(if is_changed { code } else { "" });
        }
        codes + "\x1b[0m"
    }

    fn step(&mut self, byte: u8) {
        match (self.pending.as_slice(), byte) {
            (_, 0x1b) => self.pending = vec![byte],
            ([], _) => {}
            ([0x1b], b'[') => self.pending.push(byte),
            ([0x1b], _) => {
                match byte {
                    b'=' => self.has_keypad = true,
                    b'>' => self.has_keypad = false,
                    // Everything is as it was at the beginning.
                    b'c' => *self = Self::default(),
                    _ => {}
                }
                self.pending.clear();
            }
            (_, 0x40..=0x7e) => {
                let sequence = std::mem::take(&mut self.pending);
                self.sequence(&String::from_utf8_lossy(&sequence[2..]), byte);
            }
            (pending, _) if pending.len() > LONGEST => self.pending.clear(),
            _ => self.pending.push(byte),
        }
    }

    fn sequence(&mut self, parameters: &str, last: u8) {
        match (last, parameters.strip_prefix('?'), parameters.strip_prefix('>')) {
            (b'h' | b'l', Some(numbers), _) => {
                for mode in numbers.split(';').filter_map(|number| number.parse().ok()) {
                    if (last == b'h') == USUALLY_ON.contains(&mode) {
                        self.changed.remove(&mode);
                    } else {
                        self.changed.insert(mode);
                    }
                }
            }
            (b'r', None, None) => self.has_region = !parameters.is_empty(),
            (b'u' | b'm', None, Some(_)) => self.has_keyboard = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset_after(shown: &str) -> String {
        let mut modes = Modes::default();
        // One by one, as they may well come.
        shown.bytes().for_each(|byte| modes.follow(&[byte]));
        modes.reset().strip_suffix("\x1b[0m").unwrap().to_owned()
    }

    #[test]
    fn what_a_program_left_is_put_right() {
        for (shown, expected) in [
            ("hello", ""),
            ("\x1b[?1049h\x1b[?25l\x1b[1;24r\x1b=", "\x1b[?1049l\x1b[?25h\x1b>\x1b7\x1b[r\x1b8"),
            ("\x1b[?1049h\x1b[?1049l\x1b[?25l\x1b[?25h", ""),
            ("\x1b[?1002;1006h", "\x1b[?1006l\x1b[?1002l"),
            ("\x1b[?2004h\x1bc", ""),
            ("\x1b[31mred\x1b]0;title\x07\x1b[?7l", "\x1b[?7h"),
            ("\x1b[>1u", "\x1b[<u\x1b[>4m"),
        ] {
            assert_eq!(reset_after(shown), expected, "{shown:?}");
        }
    }
}
