//! The front end of `run` and `eval`: an engine in this very process, the terminal as its client.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, anyhow};
use nix::libc::SIGTERM;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use runner_core::{
    Bytes, Cache, Engine, EngineConfig, Environment, InputMode, InputSender, QueryMode, Record, Records, Registration,
    Request, Settings, SideChannels,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Choices, Local};
use crate::logging::Logging;
use crate::{Failure, runtime};

/// How much of standard input is passed on at a time.
const INPUT_CHUNK: usize = 64 * 1024;

/// What `run`, `eval` or `console` has made of its command line.
pub(crate) struct Job {
    pub(crate) registration: &'static Registration,
    pub(crate) work_dir: PathBuf,
    pub(crate) build_dir: Option<PathBuf>,
    pub(crate) sources: Option<Vec<PathBuf>>,
    pub(crate) query_mode: QueryMode,
    pub(crate) choices: Choices,
    pub(crate) runtime_path: Option<PathBuf>,
    pub(crate) cache: Cache,
    pub(crate) input: InputMode,
    pub(crate) requests: Vec<Request>,
}

/// What the user typed before there was a program to read it: standard input begins with it.
pub(crate) fn typed_ahead() -> MutexGuard<'static, VecDeque<u8>> {
    static TYPED_AHEAD: Mutex<VecDeque<u8>> = Mutex::new(VecDeque::new());
    TYPED_AHEAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows records to the user.
pub(crate) trait Show {
    /// Shows one; an error means that nobody looks any more.
    fn show(&mut self, record: &Record) -> io::Result<()>;
}

/// The working directory that the user names, or the current one.
pub(crate) fn work_dir(local: &Local) -> Result<PathBuf, Failure> {
    let wanted = local.work_dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let found = wanted.canonicalize().ok().filter(|path| path.is_dir());
    found.ok_or_else(|| Failure::usage(anyhow!("{} is no directory", wanted.display())))
}

/// Carries out the requests one after another, and returns the exit code of the last one that failed.
pub(crate) fn work(job: Job, show: &mut dyn Show, logging: &Logging) -> Result<ExitCode, Failure> {
    logging.start();
    let runtime = runtime()?;
    let exit_code = runtime.block_on(converse(job, show)).map_err(Failure::software)?;
    // The thread that reads standard input may be in the middle of a read that never ends.
    runtime.shutdown_background();
    Ok(exit_code)
}

impl Job {
    /// What the engine is started with.
    pub(crate) fn config(self) -> EngineConfig {
        let mut environment = Environment::inherited();
        environment.complete(&self.work_dir);
        EngineConfig {
            registration: self.registration,
            settings: Settings {
                work_dir: self.work_dir,
                build_dir: self.build_dir,
                sources: self.sources,
                environment,
                runtime_path: self.runtime_path,
                query_mode: self.query_mode,
                choices: self.choices,
                terminal: None,
                cache: self.cache,
            },
            input: self.input,
            side_channels: SideChannels::default(),
        }
    }
}

async fn converse(mut job: Job, show: &mut dyn Show) -> anyhow::Result<ExitCode> {
    let (input, requests) = (job.input, std::mem::take(&mut job.requests));
    // Taken before anything is started, so that children do not inherit a signal that is ignored.
    let mut signals =
        Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
    let (engine, mut records) = Engine::start(job.config()).await?;
    if input == InputMode::Stream {
        let input = engine.input();
        std::thread::spawn(move || pass_on_stdin(&input));
    }
    let mut exit_code = runner_core::ExitCode::SUCCESS;
    for request in requests {
        engine.request(request).await;
        match conclude(&engine, &mut records, &mut signals, show).await {
            Ok(code) if code.is_success() => {}
            Ok(code) => exit_code = code,
            // Whoever read our output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            // Told to end: the code has not come to an end of its own.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                exit_code = runner_core::ExitCode::from_signal(SIGTERM);
                break;
            }
            Err(error) => return Err(error).context("failed to print"),
        }
    }
    engine.shut_down().await;
    Ok(process_exit_code(exit_code))
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Shows what comes until the request is over. The terminal's Ctrl-C interrupts the code.
async fn conclude(
    engine: &Engine,
    records: &mut Records,
    signals: &mut Signals,
    show: &mut dyn Show,
) -> io::Result<runner_core::ExitCode> {
    loop {
        let outgoing = tokio::select! {
            outgoing = records.next() => outgoing,
            _ = signals.interrupt.recv() => {
                engine.request(Request::Interrupt).await;
                continue;
            }
            _ = signals.terminate.recv() => return Err(io::ErrorKind::Interrupted.into()),
        };
        let Some(outgoing) = outgoing else { return Ok(runner_core::ExitCode::FAILURE) };
        show.show(&outgoing.record)?;
        match outgoing.record {
            Record::WaitingInput { is_password } => answer(engine, is_password),
            Record::CleanFinished(code) | Record::BuildFinished(code) | Record::Finished(code) => return Ok(code),
            _ => {}
        }
    }
}

/// Reads a line for the program that waits, in a thread: a read of the terminal cannot be given up.
fn answer(engine: &Engine, is_password: bool) {
    let input = engine.input();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        let mut line = Vec::new();
        let hidden = is_password.then(HiddenTyping::start).flatten();
        let count = (&mut *typed_ahead()).chain(io::stdin().lock()).read_until(b'\n', &mut line).unwrap_or(0);
        drop(hidden);
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        runtime.block_on(async {
            match count {
                0 => input.end().await,
                _ => input.feed(line.into()).await,
            }
        });
    });
}

fn pass_on_stdin(input: &InputSender) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let Ok(runtime) = runtime else { return };
    let mut chunk = vec![0; INPUT_CHUNK];
    while let Ok(count @ 1..) = (&mut *typed_ahead()).chain(io::stdin().lock()).read(&mut chunk) {
        runtime.block_on(input.feed(Bytes::copy_from_slice(&chunk[..count])));
    }
    runtime.block_on(input.end());
}

/// Keeps what is typed from being seen, while it lives.
pub(crate) struct HiddenTyping(Termios);

impl HiddenTyping {
    pub(crate) fn start() -> Option<Self> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let before = tcgetattr(io::stdin()).ok()?;
        let mut hidden = before.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &hidden).ok()?;
        Some(Self(before))
    }
}

impl Drop for HiddenTyping {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
        eprintln!();
    }
}

/// A process that a signal killed is 128 and the signal's number, as shells have it.
pub(crate) fn process_exit_code(code: runner_core::ExitCode) -> ExitCode {
    let value = code.value();
    ExitCode::from(u8::try_from(if value < 0 { 128 - value } else { value }).unwrap_or(1))
}
