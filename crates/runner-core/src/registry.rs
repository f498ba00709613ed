//! Which languages are linked into this binary: each runner crate registers itself.

use std::fmt;

use crate::context::Context;
use crate::runner::Runner;
use crate::syntax::Syntax;

/// A language, as its crate registers it with [`register_runner!`](crate::register_runner).
#[derive(Debug)]
pub struct Registration {
    /// The language's name on the command line, in lower case.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// The extensions of its source files, without the dot, the most usual one first.
    pub extensions: &'static [&'static str],
    /// The programs that it needs, the interpreter or compiler first.
    pub tools: &'static [Tool],
    /// What it leaves to its users.
    pub choices: &'static [Choice],
    /// What its code looks like.
    pub syntax: Syntax,
    /// Makes the runner. Called once, when the engine starts.
    pub runner: fn(Context) -> Box<dyn Runner>,
    /// The crate that registers it, for messages.
    pub package: &'static str,
}

inventory::collect!(Registration);

/// A program that a language needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its names, the preferred one first.
    pub programs: &'static [&'static str],
    /// The arguments that make it print its version.
    pub version: &'static [&'static str],
    /// The Debian package that has it.
    pub package: &'static str,
}

/// Something that a language leaves to its users: an option of the command line, with a variable that does the same in the
/// runner's environment and in the session's `environ.txt`. [`Context::choice`] tells what was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The option's name, without its hyphens, beginning with the language's.
    pub name: &'static str,
    /// The variable.
    pub variable: &'static str,
    /// What there is to choose from, the default first.
    pub values: &'static [&'static str],
    /// A line for `--help`.
    pub help: &'static str,
}

/// Why there is no runner for a name.
#[derive(Debug, PartialEq, Eq)]
pub enum LookupError {
    /// No linked crate has that name.
    Unknown {
        /// What was asked for.
        name: String,
        /// What is linked.
        linked: Vec<&'static str>,
    },
    /// Two linked crates claim that name.
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The crates that claim it.
        packages: Vec<&'static str>,
    },
}

impl std::error::Error for LookupError {}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, linked } if linked.is_empty() => {
                write!(f, "no runner for {name:?}: this binary was built without any language")
            }
            Self::Unknown { name, linked } => {
                write!(f, "no runner for {name:?} in this binary, which has: {}", linked.join(", "))
            }
            Self::Ambiguous { name, packages } => {
                write!(f, "{name:?} is claimed by {}: link only one of them", packages.join(" and "))
            }
        }
    }
}

impl Registration {
    /// Every linked language, by name.
    #[must_use]
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = inventory::iter::<Self>().collect();
        all.sort_by_key(|registration| (registration.name, registration.package));
        all
    }

    /// The language of that name or alias.
    pub fn find(name: &str) -> Result<&'static Self, LookupError> {
        Self::find_in(&Self::all(), name)
    }

    /// The languages whose source files have the extension `extension`.
    #[must_use]
    pub fn with_extension(extension: &str) -> Option<&'static Self> {
        Self::all().into_iter().find(|registration| registration.extensions.contains(&extension))
    }

    fn find_in<'a>(all: &[&'a Self], name: &str) -> Result<&'a Self, LookupError> {
        let wanted = name.to_lowercase();
        let found: Vec<_> = all.iter().filter(|language| language.is_called(&wanted)).collect();
        match found[..] {
            [registration] => Ok(registration),
            [] => Err(LookupError::Unknown { name: name.into(), linked: all.iter().map(|found| found.name).collect() }),
            _ => Err(LookupError::Ambiguous {
                name: name.into(),
                packages: found.iter().map(|registration| registration.package).collect(),
            }),
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Registers a runner, so that every binary that links its crate has the language.
///
/// ```
/// use runner_core::{Command, Context, ExitCode, Result, Runner, Task, Tool, async_trait};
///
/// struct Perl;
///
/// #[async_trait]
/// impl Runner for Perl {
///     async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> {
///         Ok(ExitCode::SUCCESS)
///     }
///     async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
///         task.run(Command::new("perl").arg("main.pl")).await
///     }
///     async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
///         task.run(Command::new("perl").arg("-E").arg(code)).await
///     }
/// }
///
/// runner_core::register_runner! {
///     name: "perl",
///     aliases: ["pl"],
///     extensions: ["pl", "pm"],
///     tools: [Tool { programs: &["perl"], version: &["--version"], package: "perl" }],
///     runner: |_context: Context| Perl,
/// }
///
/// assert_eq!(runner_core::Registration::find("pl").unwrap().name, "perl");
/// ```
#[macro_export]
macro_rules! register_runner {
    (@syntax) => { $crate::Syntax::NONE };
    (@syntax $syntax:expr) => { $syntax };
    (
        name: $name:expr,
        aliases: [$($alias:expr),* $(,)?],
        extensions: [$($extension:expr),* $(,)?],
        tools: [$($tool:expr),* $(,)?],
        $(choices: [$($choice:expr),* $(,)?],)?
        $(syntax: $syntax:expr,)?
        runner: $runner:expr $(,)?
    ) => {
        $crate::__private::inventory::submit! {
            $crate::Registration {
                name: $name,
                aliases: &[$($alias),*],
                extensions: &[$($extension),*],
                tools: &[$($tool),*],
                choices: &[$($($choice),*)?],
                syntax: $crate::register_runner!(@syntax $($syntax)?),
                runner: |context| ::std::boxed::Box::new(($runner)(context)),
                package: env!("CARGO_PKG_NAME"),
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(name: &'static str, aliases: &'static [&'static str], package: &'static str) -> Registration {
        let runner = |_| unreachable!("never started");
        let syntax = Syntax::NONE;
        Registration { name, aliases, extensions: &[], tools: &[], choices: &[], syntax, runner, package }
    }

    #[test]
    fn two_crates_that_claim_one_name_are_both_named() {
        let (ours, theirs) = (language("lua", &[], "runner-lua"), language("luajit", &["lua"], "my-lua"));
        let error = Registration::find_in(&[&ours, &theirs], "lua").unwrap_err();
        assert_eq!(error.to_string(), "\"lua\" is claimed by runner-lua and my-lua: link only one of them");
        assert_eq!(Registration::find_in(&[&ours, &theirs], "LuaJIT").unwrap().package, "my-lua");
    }

    #[test]
    fn an_unknown_language_prints_what_is_linked() {
        let (lua, php) = (language("lua", &[], "runner-lua"), language("php", &[], "runner-php"));
        let error = Registration::find_in(&[&lua, &php], "cobol").unwrap_err();
        assert_eq!(error.to_string(), "no runner for \"cobol\" in this binary, which has: lua, php");
    }
}
