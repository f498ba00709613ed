use std::ffi::OsString;

use thiserror::Error;

/// The result of a runner's work. Errors are read by people: give them context.
pub type Result<T, E = anyhow::Error> = std::result::Result<T, E>;

/// A mode that a language does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is not supported by this language")]
pub struct Unsupported(&'static str);

impl Unsupported {
    /// There is no query mode.
    pub const QUERY: Self = Self("query mode");
    /// There is no batch mode.
    pub const BATCH: Self = Self("batch mode");
}

/// A socket that could not be bound, most often because another process has its port.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("failed to bind {endpoint}")]
pub struct BindError {
    pub(crate) endpoint: String,
}

/// A program that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct MissingProgram {
    pub(crate) program: OsString,
    /// The Debian package that has it, where that is known.
    pub(crate) package: Option<&'static str>,
}

impl std::fmt::Display for MissingProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: not found", self.program.display())?;
        match self.package {
            Some(package) => write!(f, "; install it (Debian and Ubuntu: apt-get install {package})"),
            None => Ok(()),
        }
    }
}
