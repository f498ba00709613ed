//! The signals that a console heeds.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Interrupt,
    /// To leave in order.
    End,
    Resize,
    /// The program was stopped, and goes on.
    Continue,
}

/// The signals, from the moment on when this is made.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    resize: Signal,
    go_on: Signal,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            go_on: signal(SignalKind::from_raw(nix::libc::SIGCONT))?,
        })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.interrupt.recv() => Told::Interrupt,
            _ = self.terminate.recv() => Told::End,
            _ = self.hangup.recv() => Told::End,
            _ = self.resize.recv() => Told::Resize,
            _ = self.go_on.recv() => Told::Continue,
        }
    }
}
