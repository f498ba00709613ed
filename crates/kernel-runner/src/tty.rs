//! The terminal that the user types in, while this program reads single keys from it.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::panic;
use std::sync::{Mutex, Once, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{
    InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, cfmakeraw, tcgetattr, tcsetattr,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::local::typed_ahead;

/// How much is read at a time.
const CHUNK: usize = 4096;

/// What the terminal was like, and what has to be written to make it so again.
static BEFORE: Mutex<Option<(Termios, Vec<u8>)>> = Mutex::new(None);

/// Keys come one by one and unseen, while it lives. Whatever ends this program, a panic included, gives the terminal back.
pub(crate) struct Raw(());

impl Raw {
    /// Keys come as they are typed, those that send signals included; what is written still gets its carriage returns.
    pub(crate) fn keys(start: &str, end: &str) -> io::Result<Self> {
        Self::start(start, end, |settings| {
            settings.input_flags.remove(InputFlags::ICRNL | InputFlags::INLCR | InputFlags::IXON);
            settings.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::IEXTEN);
        })
    }

    /// The terminal does nothing on its own, in either direction.
    pub(crate) fn bytes(start: &str, end: &str) -> io::Result<Self> {
        Self::start(start, end, cfmakeraw)
    }

    fn start(start: &str, end: &str, change: impl FnOnce(&mut Termios)) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        change(&mut raw);
        raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        *lock() = Some((before, end.as_bytes().to_vec()));
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)?;
        write(start.as_bytes());
        HOOK.call_once(|| {
            let hook = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // The message is for a terminal that people can read.
                restore();
                hook(info);
            }));
        });
        Ok(Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

/// What is to be written when the terminal is given back.
pub(crate) fn end_with(end: &str) {
    if let Some((_, written)) = &mut *lock() {
        *written = end.as_bytes().to_vec();
    }
}

fn restore() {
    if let Some((before, end)) = lock().take() {
        write(&end);
        // A terminal that is gone needs no mending.
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &before);
    }
}

fn write(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

fn lock() -> std::sync::MutexGuard<'static, Option<(Termios, Vec<u8>)>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a user sits at both ends: one who types, and sees what comes.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Reads what is typed.
pub(crate) struct Keyboard(AsyncFd<io::Stdin>);

impl Keyboard {
    pub(crate) fn new() -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its successor is `unsafe`; standard input stays open as long as the program runs"
        )]
        let stdin = AsyncFd::with_interest(io::stdin(), Interest::READABLE)?;
        Ok(Self(stdin))
    }

    /// What was typed since the last time; nothing when the terminal is gone. Cancel safe.
    pub(crate) async fn read(&mut self) -> io::Result<Vec<u8>> {
        let typed: Vec<u8> = typed_ahead().drain(..).collect();
        if !typed.is_empty() {
            return Ok(typed);
        }
        loop {
            let mut ready = self.0.readable_mut().await?;
            // The descriptor is the shell's as well and stays a blocking one, so it is asked before it is read.
            if !is_readable()? {
                ready.clear_ready();
                continue;
            }
            let mut chunk = vec![0; CHUNK];
            return match io::stdin().lock().read(&mut chunk) {
                Ok(count) => {
                    chunk.truncate(count);
                    Ok(chunk)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // EIO is how a terminal tells that it is gone.
                Err(_) => Ok(Vec::new()),
            };
        }
    }
}

/// Whether something typed waits to be read.
pub(crate) fn is_readable() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut stdin = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    match poll(&mut stdin, PollTimeout::ZERO) {
        Ok(ready) => Ok(ready > 0),
        Err(nix::errno::Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
