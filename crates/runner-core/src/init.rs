//! The parent of the daemon: it reaps what nobody else does, passes signals on, and leaves no process behind.
//!
//! The daemon always runs as a child of this small process, in a container (where it is process 1) and outside of one. It is
//! what orphans fall to, so the daemon itself only ever waits for its own children, and whatever they leave running, in
//! whichever session or process group, is found and ended when the daemon is gone.

use std::env;
use std::fs;
use std::io;
use std::process::ExitCode;

use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, alarm, getppid};

/// Set in the daemon's environment to its parent's process id.
const MARK: &str = "KERNEL_RUNNER_INIT";
/// How long the daemon has to end after a signal, in seconds.
const DAEMON_PATIENCE_S: u32 = 7;
/// How long what it leaves behind has to end after SIGTERM, in seconds.
const ORPHAN_PATIENCE_S: u32 = 1;

/// Tells whether this process is the daemon under an init, and ties its life to that of its parent.
#[must_use]
pub fn under_init() -> bool {
    let Some(parent) = env::var(MARK).ok().and_then(|text| text.parse().ok()) else { return false };
    // The parent blocks the signals that it waits for, and a mask is inherited. No other thread runs yet.
    let _ = SigSet::all().thread_unblock();
    // Whoever kills the parent means the runner: its ports are to be free at once.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    getppid() == Pid::from_raw(parent)
}

/// The init process.
#[derive(Debug)]
pub struct Init {
    daemon: Pid,
    signals: SigSet,
}

impl Init {
    /// Starts this program anew, with the same arguments, as the daemon.
    ///
    /// # Panics
    ///
    /// Never: Linux has no process id that does not fit.
    pub fn start() -> io::Result<Self> {
        prctl::set_child_subreaper(true)?;
        let mut signals = SigSet::empty();
        let forwarded =
            [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];
        forwarded.into_iter().chain([Signal::SIGCHLD, Signal::SIGALRM]).for_each(|signal| signals.add(signal));
        signals.thread_block()?;
        #[expect(clippy::disallowed_methods, reason = "the daemon itself is not a child of the `process` module")]
        let daemon = std::process::Command::new("/proc/self/exe")
            .args(env::args_os().skip(1))
            .env(MARK, std::process::id().to_string())
            .spawn()?;
        let daemon = Pid::from_raw(i32::try_from(daemon.id()).expect("Linux's process ids are below 2^22"));
        Ok(Self { daemon, signals })
    }

    /// Serves until the daemon has ended and nothing of it is left; its exit code is this process's.
    #[must_use]
    pub fn serve(self) -> ExitCode {
        loop {
            match self.signals.wait() {
                Ok(Signal::SIGCHLD) => {
                    if let Some(code) = self.reap() {
                        self.end_orphans();
                        return code;
                    }
                }
                Ok(Signal::SIGALRM) => {
                    let _ = kill(self.daemon, Signal::SIGKILL);
                }
                Ok(signal) => {
                    if matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGHUP) {
                        alarm::set(DAEMON_PATIENCE_S);
                    }
                    let _ = kill(self.daemon, signal);
                }
                Err(_) => {}
            }
        }
    }

    /// Reaps everything that has ended; the daemon's exit code when it was among that.
    fn reap(&self) -> Option<ExitCode> {
        let mut code = None;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, status)) if pid == self.daemon => {
                    code = Some(ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX)));
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.daemon => {
                    code = Some(ExitCode::from(u8::try_from(128 + signal as i32).unwrap_or(u8::MAX)));
                }
                Ok(WaitStatus::StillAlive) | Err(_) => return code,
                Ok(_) => {}
            }
        }
    }

    /// Ends all descendants: SIGTERM first, SIGKILL after a while, until there are none.
    fn end_orphans(&self) {
        alarm::set(ORPHAN_PATIENCE_S);
        let mut signal = Signal::SIGTERM;
        signal_descendants(signal);
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(_) => return,
                Ok(WaitStatus::StillAlive) => {
                    if let Ok(Signal::SIGALRM) = self.signals.wait() {
                        signal = Signal::SIGKILL;
                        signal_descendants(signal);
                        alarm::set(ORPHAN_PATIENCE_S);
                    }
                }
                // What an ended process leaves behind falls to us just now.
                Ok(_) => signal_descendants(signal),
            }
        }
    }
}

fn signal_descendants(signal: Signal) {
    let mut parents = vec![std::process::id()];
    while let Some(parent) = parents.pop() {
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
        for child in children.split_ascii_whitespace().filter_map(|child| child.parse::<i32>().ok()) {
            let _ = kill(Pid::from_raw(child), signal);
            let _ = kill(Pid::from_raw(child), Signal::SIGCONT);
            parents.push(child.unsigned_abs());
        }
    }
}
