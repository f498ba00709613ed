//! One queued request, from the runner's side.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::context::Host;
use crate::error::Result;
use crate::input::{Answer, InputMode, Stdin, StdinEvent};
use crate::interrupt::Interrupts;
use crate::process::{self, Captured, Command, Outcome, Pump};
use crate::project::Project;
use crate::temp_folder::TempFolder;
use crate::wire::{Display, ExitCode, Record, RequestKind};

/// How long the end of a command's output is waited for when the command is over and a background process holds its pipes.
const LEAK_PATIENCE: Duration = Duration::from_millis(100);

/// One queued request, and the only way of a runner to print, run programs and read input for it.
///
/// A clone is another handle to the same task. When the runner's method returns, the task is over: its `finished` record
/// follows everything that it printed, and what is printed later goes nowhere. Background processes are different: what
/// they print is output still, and is delivered when it comes.
#[derive(Clone, Debug)]
pub struct Task {
    host: Arc<Host>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    kind: TaskKind,
    interrupts: Interrupts,
    temp_dir: TempFolder,
    is_over: AtomicBool,
}

/// Which request a task answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// `clean`.
    Clean,
    /// `build`.
    Build,
    /// `exec`.
    Execute,
    /// `code`.
    Query,
}

impl Task {
    pub(crate) fn new(host: Arc<Host>, kind: TaskKind) -> Self {
        let state = State {
            kind,
            interrupts: Interrupts::default(),
            temp_dir: TempFolder::default(),
            is_over: AtomicBool::new(false),
        };
        Self { host, state: Arc::new(state) }
    }

    /// Which request it answers.
    #[must_use]
    pub fn kind(&self) -> TaskKind {
        self.state.kind
    }

    /// The directory in which its commands run.
    #[must_use]
    pub fn work_dir(&self) -> &Path {
        &self.host.settings.work_dir
    }

    /// The source files to build and run, and where what is made of them belongs.
    #[must_use]
    pub fn project(&self) -> Project<'_> {
        Project::new(&self.host.settings)
    }

    /// Prints to the client's `stdout`. Waits while the client is slow.
    pub async fn stdout(&self, text: impl Into<Bytes> + Send) {
        self.send(Record::Stdout(text.into())).await;
    }

    /// Prints to the client's `stderr`. Waits while the client is slow.
    pub async fn stderr(&self, text: impl Into<Bytes> + Send) {
        self.send(Record::Stderr(text.into())).await;
    }

    /// Tells the client what a heuristic has chosen, and why: one line on `stderr`. Where the user has named the files there
    /// was nothing to choose, and nothing is told.
    pub async fn chose(&self, choice: impl Into<String> + Send) {
        if self.host.settings.sources.is_none() {
            self.stderr(choice.into() + "\n").await;
        }
    }

    /// Shows something.
    pub async fn display(&self, display: Display) {
        self.send(Record::Display(display)).await;
    }

    pub(crate) async fn send(&self, record: Record) {
        if !self.state.is_over.load(Ordering::Acquire) {
            self.host.outbox.send(record).await;
        }
    }

    /// Asks the user for a line; `None` when there is no more input.
    pub async fn input(&self, is_password: bool) -> Option<Bytes> {
        match self.host.input.ask(is_password).await {
            Answer::Text(text) => Some(text),
            Answer::End => None,
        }
    }

    /// A directory of this task's own, gone when the task is over.
    pub fn temp_dir(&self) -> Result<&Path> {
        self.state.temp_dir.path()
    }

    /// Whether the user has asked for this task's end. [`run`](Self::run) starts nothing any more.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.state.interrupts.is_requested()
    }

    /// Waits until the user asks for this task's end.
    pub async fn interrupted(&self) {
        self.state.interrupts.requested().await;
    }

    /// Interrupts every process group of this task; see [`Runner::interrupt`](crate::Runner::interrupt).
    pub fn interrupt(&self) {
        self.host.input.forget();
        self.state.interrupts.raise();
    }

    /// Runs a program: its output goes to the client as it comes, and the user's input to its standard input. Returns
    /// its exit code when it has ended and all that it printed is on its way. A program that cannot be started is an error.
    pub async fn run(&self, command: Command) -> Result<ExitCode> {
        let Some(outcome) = self.run_quietly(command).await? else {
            return Ok(ExitCode::from_signal(nix::libc::SIGINT));
        };
        if let Some(death) = outcome.death() {
            self.stderr(format!("{death}\n")).await;
        }
        Ok(outcome.exit_code())
    }

    /// Runs a program without input, and returns what it printed instead of sending it to the client: 256 MiB at most.
    /// Interrupts reach it.
    pub async fn capture(&self, command: Command) -> Result<Captured> {
        if self.is_interrupted() {
            let exit_code = ExitCode::from_signal(nix::libc::SIGINT);
            return Ok(Captured { stdout: Bytes::new(), stderr: Bytes::new(), exit_code });
        }
        let (child, pipes) = self.host.spawn(command, Vec::new())?;
        let _reach = self.state.interrupts.watch(child.group());
        if self.is_interrupted() {
            child.group().signal(nix::sys::signal::Signal::SIGINT);
        }
        process::capture(child, pipes).await
    }

    /// Runs a program, or not: `None` when the user wants the task's end.
    async fn run_quietly(&self, command: Command) -> Result<Option<Outcome>> {
        if self.is_interrupted() {
            return Ok(None);
        }
        let (mut child, pipes) = self.host.spawn(command, Vec::new())?;
        let _reach = self.state.interrupts.watch(child.group());
        if self.is_interrupted() {
            // The interrupt came before the group was within its reach.
            child.group().signal(nix::sys::signal::Signal::SIGINT);
        }
        let mut pump = Pump::new(self.host.outbox.clone(), pipes.output);
        let mut stdin = Stdin::new(self.host.input.clone(), pipes.stdin, child.group())?;
        if self.host.input.mode() == InputMode::Stream && self.kind() != TaskKind::Execute {
            // The stream belongs to the program, not to what builds it.
            stdin.close();
        }

        let outcome = loop {
            let last_output = pump.last_output();
            tokio::select! {
                outcome = child.wait() => break outcome,
                () = pump.step() => {}
                event = stdin.step(last_output) => if event == StdinEvent::Awaited {
                    pump.catch_up().await;
                    stdin.ask();
                },
            }
        };
        pump.catch_up().await;
        let patience = Instant::now() + LEAK_PATIENCE;
        while !pump.is_closed() && Instant::now() < patience {
            tokio::select! {
                () = pump.step() => {}
                () = sleep_until(patience) => {}
            }
        }
        pump.catch_up().await;
        if !pump.is_closed() {
            self.host.late_output.spawn(pump.run_to_end());
        }
        Ok(Some(outcome))
    }

    pub(crate) fn interrupts(&self) -> &Interrupts {
        &self.state.interrupts
    }

    /// Nothing is printed any more. The temporary directory goes with the last handle.
    pub(crate) fn end(&self) {
        self.state.is_over.store(true, Ordering::Release);
    }
}

impl TaskKind {
    /// The request's kind.
    #[must_use]
    pub const fn request(self) -> RequestKind {
        match self {
            Self::Clean => RequestKind::Clean,
            Self::Build => RequestKind::Build,
            Self::Execute => RequestKind::Execute,
            Self::Query => RequestKind::Query,
        }
    }

    /// The record that ends such a request.
    pub(crate) fn finished(self, code: ExitCode) -> Record {
        match self {
            Self::Clean => Record::CleanFinished(code),
            Self::Build => Record::BuildFinished(code),
            Self::Execute | Self::Query => Record::Finished(code),
        }
    }
}
