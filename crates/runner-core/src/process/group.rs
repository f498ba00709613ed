use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A child's process group: the child leads it, and a signal reaches whatever it started in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group(Pid);

impl Group {
    pub(crate) fn led_by(pid: u32) -> Self {
        Self(Pid::from_raw(i32::try_from(pid).expect("Linux's process ids are below 2^22")))
    }

    /// The process that leads it.
    pub(crate) fn leader(self) -> i32 {
        self.0.as_raw()
    }

    pub(crate) fn signal(self, signal: Signal) {
        match killpg(self.0, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => tracing::warn!("failed to send {signal} to process group {}: {error}", self.0),
        }
    }

    /// Whether anybody is left in it.
    pub(crate) fn is_alive(self) -> bool {
        killpg(self.0, None) != Err(Errno::ESRCH)
    }
}
