use serde::{Deserialize, Serialize};

/// How a request ended, as its `finished` record says it.
///
/// 0 is success. A process that a signal killed is reported as the signal's negative number, as Python does.
///
/// ```
/// use runner_core::ExitCode;
/// assert!(ExitCode::SUCCESS.is_success());
/// assert_eq!(ExitCode::from_signal(11).value(), -11);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExitCode(i32);

impl ExitCode {
    /// Everything went well.
    pub const SUCCESS: Self = Self(0);
    /// The code itself failed: an exception, or an error of the runner.
    pub const FAILURE: Self = Self(1);
    /// Nothing was run: there is nothing to run, the mode is not supported, or the build before it failed.
    pub const NOT_RUN: Self = Self(127);
    /// The user's interrupt ended the code, and the interpreter lives on.
    pub const INTERRUPTED: Self = Self(130);

    /// The exit code of a process that ended by itself.
    #[must_use]
    pub const fn new(code: i32) -> Self {
        Self(code)
    }

    /// The exit code of a process that `signal` killed.
    #[must_use]
    pub const fn from_signal(signal: i32) -> Self {
        Self(-signal)
    }

    /// The number, as it goes over the wire.
    #[must_use]
    pub const fn value(self) -> i32 {
        self.0
    }

    /// Whether this is 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.0 == 0
    }
}
