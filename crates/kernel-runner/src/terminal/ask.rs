//! A terminal says which features it has when it is asked for its *primary device attributes*.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, tcgetpgrp};

/// How long an answer may take. Nearly every terminal answers; a late answer would be taken for something typed.
const PATIENCE: Duration = Duration::from_secs(1);
const QUESTION: &[u8] = b"\x1b[c";
/// The attribute of terminals that show sixel pictures.
const SIXEL: &[u8] = b"4";

/// What came from the terminal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) shows_sixel: bool,
    /// What the user typed meanwhile.
    pub(super) typed: Vec<u8>,
}

/// Asks the terminal, unless it is somebody else's at the moment, or something waits there to be read.
pub(super) fn ask() -> Option<Heard> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    if tcgetpgrp(&terminal).ok()? != getpgrp() || is_readable(&terminal, Duration::ZERO) {
        return None;
    }
    let _quiet = Quiet::start(&terminal)?;
    // The beginning of a line that the user types is seen only now.
    if is_readable(&terminal, Duration::ZERO) {
        return None;
    }
    (&terminal).write_all(QUESTION).ok()?;
    listen(&terminal, Instant::now() + PATIENCE)
}

/// Reads up to the end of the answer, and never beyond it.
fn listen(mut terminal: &File, deadline: Instant) -> Option<Heard> {
    let mut typed = Vec::new();
    let mut byte = [0];
    while is_readable(terminal, deadline.saturating_duration_since(Instant::now())) {
        if terminal.read(&mut byte).ok()? == 0 {
            break;
        }
        typed.push(byte[0]);
        if let Some((start, shows_sixel)) = answer_at_end(&typed) {
            typed.truncate(start);
            return Some(Heard { shows_sixel, typed });
        }
    }
    Some(Heard { shows_sixel: false, typed })
}

fn is_readable(terminal: &File, patience: Duration) -> bool {
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    poll(&mut [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)], timeout).is_ok_and(|ready| ready > 0)
}

/// Where the answer begins, `ESC [ ? ATTRIBUTE ; ATTRIBUTE ... c`, and whether sixel is among the attributes.
fn answer_at_end(heard: &[u8]) -> Option<(usize, bool)> {
    let start = heard.windows(3).rposition(|window| window == b"\x1b[?")?;
    let attributes = heard[start + 3..].strip_suffix(b"c")?;
    let is_answer = attributes.iter().all(|byte| byte.is_ascii_digit() || *byte == b';');
    // The first one is the kind of the terminal.
    is_answer.then(|| (start, attributes.split(|byte| *byte == b';').skip(1).any(|attribute| attribute == SIXEL)))
}

/// Keeps the answer from being seen and from waiting for the end of a line, while it lives. Signals wait until the
/// terminal is as it was.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
    signals: SigSet,
}

impl<'a> Quiet<'a> {
    fn start(terminal: &'a File) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let signals = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
        quiet.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
        quiet.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        let guard = Self { terminal, before, signals };
        tcsetattr(terminal, SetArg::TCSANOW, &quiet).ok().map(|()| guard)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
        let _ = self.signals.thread_set_mask();
    }
}

#[cfg(test)]
mod tests {
    use super::answer_at_end;

    #[test]
    fn sixel_is_the_fourth_attribute() {
        assert_eq!(answer_at_end(b"\x1b[?62;4;22c"), Some((0, true)));
        assert_eq!(answer_at_end(b"\x1b[?64;1;4c"), Some((0, true)));
        assert_eq!(answer_at_end(b"\x1b[?1;2c"), Some((0, false)));
        assert_eq!(answer_at_end(b"\x1b[?4;14c"), Some((0, false)));
        assert_eq!(answer_at_end(b"\x1b[?6c"), Some((0, false)));
    }

    #[test]
    fn what_is_typed_is_no_answer() {
        assert_eq!(answer_at_end(b"abc"), None);
        assert_eq!(answer_at_end(b"\x1b[?62;4"), None);
        assert_eq!(answer_at_end(b"\x1b[Abc"), None);
        assert_eq!(answer_at_end(b"yes\x1b[?62;4c"), Some((3, true)));
    }
}
