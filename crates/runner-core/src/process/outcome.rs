use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

use super::OomWatch;
use crate::wire::ExitCode;

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    status: ExitStatus,
    out_of_memory: bool,
}

impl Outcome {
    pub(crate) fn new(status: ExitStatus, oom: &OomWatch) -> Self {
        let out_of_memory = status.signal() == Some(Signal::SIGKILL as i32) && oom.has_struck();
        Self { status, out_of_memory }
    }

    pub(crate) fn exit_code(self) -> ExitCode {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => ExitCode::new(code),
            (None, Some(signal)) => ExitCode::from_signal(signal),
            (None, None) => ExitCode::FAILURE,
        }
    }

    /// The death by a signal in words; nothing when the process ended by itself.
    pub(crate) fn death(self) -> Option<String> {
        let signal = self.status.signal()?;
        let name = Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string());
        let core = if self.status.core_dumped() { " (core dumped)" } else { "" };
        let memory = if self.out_of_memory { ": out of memory" } else { "" };
        Some(format!("killed by {name}{core}{memory}"))
    }

    /// The end in words, whichever way it came.
    pub(crate) fn in_words(self) -> String {
        self.death().unwrap_or_else(|| format!("exited with code {}", self.exit_code().value()))
    }
}
