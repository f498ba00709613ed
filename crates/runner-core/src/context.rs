use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::cache::Cache;
use crate::error::{MissingProgram, Result};
use crate::input::Input;
use crate::outbox::Outbox;
use crate::process::{self, Captured, Child, Command, Environment, Pipes, PtyProgram, WindowSize, which};
use crate::registry::Registration;
use crate::temp_folder::TempFolder;

/// What a runner's work happens in: the same for all of its tasks. The constructor of a runner gets it.
#[derive(Clone, Debug)]
pub struct Context(pub(crate) Arc<Host>);

/// What is behind a [`Context`], and behind every [`Task`](crate::Task).
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) registration: &'static Registration,
    pub(crate) settings: Settings,
    pub(crate) outbox: Outbox,
    pub(crate) input: Arc<Input>,
    /// The pumps of background processes that outlive their task.
    pub(crate) late_output: TaskTracker,
    pub(crate) temp_dir: TempFolder,
}

/// What a front end chooses when it starts an engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The working directory of all that runs.
    pub work_dir: PathBuf,
    /// Where builds put what they make; the working directory itself where this is `None`.
    pub build_dir: Option<PathBuf>,
    /// The source files to build and run, where they are named; `None`: what lies in the working directory.
    pub sources: Option<Vec<PathBuf>>,
    /// The environment of all that runs.
    pub environment: Environment,
    /// The language's own interpreter or compiler, where the user chose one.
    pub runtime_path: Option<PathBuf>,
    /// Whether queries share a state.
    pub query_mode: QueryMode,
    /// What the user has chosen on the command line, by the [choices'](crate::Choice) names.
    pub choices: BTreeMap<String, String>,
    /// Whether something is kept of what the runner makes when it starts.
    pub cache: Cache,
    /// Where a [`Terminal`](crate::Terminal) listens; `None`: nowhere.
    pub terminal: Option<TerminalEndpoints>,
}

/// Where a [`Terminal`](crate::Terminal) listens: `ZeroMQ` endpoints such as `tcp://*:2002` or `ipc:///run/runner/termin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalEndpoints {
    /// Where what is typed comes in.
    pub input: String,
    /// Where what is printed goes out.
    pub output: String,
}

/// Whether queries share a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryMode {
    /// They do, where the language can.
    #[default]
    Keep,
    /// Each starts anew.
    Fresh,
}

impl FromStr for QueryMode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "keep" => Ok(Self::Keep),
            "fresh" => Ok(Self::Fresh),
            other => Err(format!("unknown query mode {other:?}: use `keep` or `fresh`")),
        }
    }
}

impl std::fmt::Display for QueryMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keep => "keep",
            Self::Fresh => "fresh",
        })
    }
}

impl Context {
    /// The working directory.
    #[must_use]
    pub fn work_dir(&self) -> &Path {
        &self.0.settings.work_dir
    }

    /// A directory of the runner's own, which is removed after its [`shutdown`](crate::Runner::shutdown), unless it is the
    /// [cache](Cache::Filled) that is being filled.
    pub fn temp_dir(&self) -> Result<&Path> {
        self.0.temp_dir.path()
    }

    /// Whether queries share a state.
    #[must_use]
    pub fn query_mode(&self) -> QueryMode {
        self.0.settings.query_mode
    }

    /// What the user has chosen, on the command line or in the session's environment; else the choice's default.
    ///
    /// # Panics
    ///
    /// When the registration has no choice of that name.
    #[must_use]
    pub fn choice(&self, name: &str) -> &'static str {
        let Host { registration, settings, .. } = &*self.0;
        let choice = registration.choices.iter().find(|choice| choice.name == name).expect("a registered choice");
        let variable = || settings.environment.get(choice.variable)?.to_str().map(str::to_owned);
        let Some(wanted) = settings.choices.get(name).cloned().or_else(variable) else { return choice.values[0] };
        choice.values.iter().find(|value| **value == wanted).copied().unwrap_or_else(|| {
            tracing::warn!("{}: {wanted:?} is none of {}", choice.variable, choice.values.join(", "));
            choice.values[0]
        })
    }

    /// A variable of the environment of all that runs.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.0.settings.environment.get(name)
    }

    /// The interpreter or compiler that the user chose, where that is so.
    #[must_use]
    pub fn chosen_runtime(&self) -> Option<&Path> {
        self.0.settings.runtime_path.as_deref()
    }

    /// The language's interpreter or compiler: the one that the user chose, or else the first program of the
    /// registration's first tool that is on the `PATH` (its plain name where none is, so that running it says so).
    #[must_use]
    pub fn runtime(&self) -> PathBuf {
        if let Some(path) = self.chosen_runtime() {
            return path.to_owned();
        }
        let programs = self.0.registration.tools.first().map_or(&[][..], |tool| tool.programs);
        let found = programs.iter().find_map(|program| self.find(program));
        found.unwrap_or_else(|| programs.first().copied().unwrap_or(self.0.registration.name).into())
    }

    /// Runs a program in the working directory and returns what it printed, where there is no [`Task`](crate::Task) for it:
    /// in a [concurrent](crate::Runner) method. Whoever gives up waiting leaves it to itself.
    pub async fn capture(&self, command: Command) -> Result<Captured> {
        let (child, pipes) = self.0.spawn(command, Vec::new())?;
        process::capture(child, pipes).await
    }

    /// Where a program is on the children's `PATH`.
    #[must_use]
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        which(OsStr::new(program), self.0.settings.environment.get("PATH"))
    }
}

impl Host {
    /// Starts a child in the working directory. Without that directory, code still runs: in the root of the file system.
    pub(crate) fn spawn(&self, command: Command, extra: Vec<(OwnedFd, i32)>) -> Result<(Child, Pipes)> {
        let named = self.placed(command)?;
        process::spawn(&named, &self.settings.environment, extra).map_err(|error| self.not_run(&named, error))
    }

    /// Starts a program on a terminal, likewise.
    pub(crate) fn spawn_on_pty(&self, command: Command, size: WindowSize) -> Result<PtyProgram> {
        let named = self.placed(command)?;
        process::spawn_on_pty(&named, &self.settings.environment, size).map_err(|error| self.not_run(&named, error))
    }

    /// The command with the path of its program and a directory that there is.
    fn placed(&self, mut command: Command) -> Result<Command> {
        let path = self.settings.environment.get("PATH");
        let program = which(&command.program, path).ok_or_else(|| self.missing(&command))?;
        let dir = command.dir.take().unwrap_or_else(|| self.settings.work_dir.clone());
        command.dir = Some(if dir.is_dir() { dir } else { PathBuf::from("/") });
        Ok(Command { program: program.into(), ..command })
    }

    fn not_run(&self, named: &Command, error: io::Error) -> anyhow::Error {
        match error.kind() {
            io::ErrorKind::NotFound => self.missing(named).into(),
            _ => anyhow::Error::from(error).context(format!("failed to run {}", named.program.display())),
        }
    }

    pub(crate) fn missing(&self, command: &Command) -> MissingProgram {
        let name = Path::new(&command.program).file_name().and_then(OsStr::to_str).unwrap_or_default();
        let tool = self.registration.tools.iter().find(|tool| tool.programs.contains(&name));
        MissingProgram { program: command.program.clone(), package: tool.map(|tool| tool.package) }
    }
}
