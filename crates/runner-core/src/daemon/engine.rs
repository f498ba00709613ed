use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dispatcher::{Dispatcher, Effect, Event, Order, Work};
use super::health::{Askers, Health, Snapshot, health};
use super::worker;
use crate::completeness::{self, Completeness};
use crate::context::{Context, Host, Settings};
use crate::error::Result;
use crate::input::{self, Input, InputMode, InputSender, SideChannels};
use crate::outbox::{self, Beside, Outbox, Records};
use crate::process::Command;
use crate::registry::Registration;
use crate::runner::Runner;
use crate::task::{Task, TaskKind};
use crate::wire::{CompletionRequest, DecodeError, ExitCode, Record, Request, Status};

/// How many messages may wait for the dispatcher; past that, the front end does.
const MESSAGES: usize = 64;
/// How long a completion may take before its answer is an empty list: agents wait for it without a limit.
const COMPLETION_PATIENCE: Duration = Duration::from_secs(5);
/// How long the running task has to end when the runner does.
const TASK_PATIENCE: Duration = Duration::from_secs(3);
/// How long a runner has to end what it has started.
const RUNNER_PATIENCE: Duration = Duration::from_secs(3);

/// What a front end starts an [`Engine`] with.
#[derive(Debug)]
pub struct EngineConfig {
    /// The language.
    pub registration: &'static Registration,
    /// Where and how its code runs.
    pub settings: Settings,
    /// Where programs get their input from.
    pub input: InputMode,
    /// The listening side channels.
    pub side_channels: SideChannels,
}

/// One runner at work: requests go in here, records come out of the [`Records`] that it was started with.
///
/// Every front end is an adapter over this: the Backend.AI wire, the command line, and whatever else is to come.
pub struct Engine {
    work_dir: PathBuf,
    host: Arc<Host>,
    runner: Arc<dyn Runner>,
    messages: mpsc::Sender<Result<Request, DecodeError>>,
    input: InputSender,
    outbox: Outbox,
    health: Health,
    shutdown: CancellationToken,
    handle: JoinHandle<()>,
}

impl Engine {
    /// Starts the language's runner and the queue before it.
    pub async fn start(config: EngineConfig) -> Result<(Self, Records)> {
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
        let started_at = Duration::from(now).as_secs_f64();
        let (outbox, records) = outbox::outbox();
        let (input_sender, input) = input::input(config.input, outbox.clone());
        let work_dir = config.settings.work_dir.clone();
        let temp_dir = config.settings.cache.temp_folder(config.registration.name)?;
        let host = Arc::new(Host {
            registration: config.registration,
            settings: config.settings,
            outbox: outbox.clone(),
            input: Arc::new(input),
            late_output: TaskTracker::new(),
            temp_dir,
        });
        let runner: Arc<dyn Runner> = (config.registration.runner)(Context(host.clone())).into();
        runner.init().await?;

        let (messages, received) = mpsc::channel(MESSAGES);
        let (tasks, ordered) = mpsc::channel(1);
        let (ends, ended) = mpsc::channel(1);
        let (health, askers) = health();
        let shutdown = CancellationToken::new();
        let side_channels = tokio::spawn(config.side_channels.serve(host.input.clone()));
        let executor = Executor {
            input: host.input.clone(),
            outbox: outbox.clone(),
            input_sender: input_sender.clone(),
            worker: tokio::spawn(worker::work(config.registration.name, runner.clone(), ordered, ends)),
            host: host.clone(),
            runner: runner.clone(),
            tasks,
            current: None,
            started_at,
            started: Instant::now(),
        };
        let stop = shutdown.clone();
        let handle = tokio::spawn(async move {
            executor.run(received, ended, askers, stop).await;
            side_channels.abort();
        });
        Ok((Self { work_dir, host, runner, messages, input: input_sender, outbox, health, shutdown, handle }, records))
    }

    /// The working directory of all that runs.
    #[must_use]
    pub fn work_dir(&self) -> &Path {
        &self.work_dir
    }

    /// Takes what came from a client. Waits only while the dispatcher is behind.
    pub async fn message(&self, message: Result<Request, DecodeError>) {
        // After the end, nobody answers any more.
        let _ = self.messages.send(message).await;
    }

    /// Takes a request.
    pub async fn request(&self, request: Request) {
        self.message(Ok(request)).await;
    }

    /// Whether code is whole, as the language sees it. For consoles: no request of the wire asks for it.
    /// `code` is what has been typed so far, without the line feed of the Enter that asks.
    pub async fn completeness(&self, code: &str) -> Completeness {
        if code.len() > completeness::MOST {
            return Completeness::guess(code);
        }
        match timeout(completeness::PATIENCE, self.runner.completeness(code)).await {
            Ok(Ok(completeness)) => completeness,
            Ok(Err(error)) => {
                tracing::debug!("whether code is complete: {error:#}");
                Completeness::guess(code)
            }
            Err(_late) => Completeness::guess(code),
        }
    }

    /// Lets the runner fill the [cache](crate::Cache::Filled): with what its start makes, for later starts. What goes wrong
    /// is told as that of a request is. Returns 0 when all is there.
    pub async fn warm(&self) -> Result<ExitCode> {
        let context = Context(self.host.clone());
        let registration = self.host.registration;
        let task = Task::new(self.host.clone(), TaskKind::Build);
        let runtime = context.runtime();
        let exit_code = if registration.tools.is_empty() || context.find(&runtime.to_string_lossy()).is_some() {
            self.runner.warm(&task).await
        } else {
            Err(self.host.missing(&Command::new(runtime)).into())
        };
        let exit_code = match exit_code {
            Ok(exit_code) => exit_code,
            Err(error) => worker::fail(&task, registration.name, &error).await,
        };
        task.end();
        if exit_code.is_success() {
            context.complete_cache()?;
        }
        Ok(exit_code)
    }

    /// The way in for a stream of input.
    #[must_use]
    pub fn input(&self) -> InputSender {
        self.input.clone()
    }

    /// A way to ask how the engine is, while it serves.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// A way to show log lines to the client.
    #[must_use]
    pub fn client_log(&self) -> ClientLog {
        ClientLog(self.outbox.beside())
    }

    /// Ends the running task and the runner, in order; [`Records`] ends when that is done. Waits for it, for a bounded time.
    pub async fn shut_down(self) {
        self.shutdown.cancel();
        let _ = self.handle.await;
    }
}

/// Shows log lines to the client.
#[derive(Clone, Debug)]
pub struct ClientLog(Beside);

impl ClientLog {
    /// Sends a line as a `log` record. It never waits; a line that nobody takes is dropped.
    pub fn send(&self, line: String) {
        self.0.answer(Record::Log(line));
    }
}

/// Carries out what the dispatcher decides.
struct Executor {
    host: Arc<Host>,
    input: Arc<Input>,
    input_sender: InputSender,
    outbox: Outbox,
    runner: Arc<dyn Runner>,
    tasks: mpsc::Sender<(Task, Work)>,
    worker: JoinHandle<()>,
    current: Option<Task>,
    started_at: f64,
    started: Instant,
}

impl Executor {
    async fn run(
        mut self,
        mut messages: mpsc::Receiver<Result<Request, DecodeError>>,
        mut ends: mpsc::Receiver<ExitCode>,
        mut askers: Askers,
        shutdown: CancellationToken,
    ) {
        let mut dispatcher = Dispatcher::default();
        let mut is_stopping = false;
        'events: loop {
            let event = tokio::select! {
                Some(message) = messages.recv() => Event::Message(Box::new(message)),
                Some(code) = ends.recv() => {
                    self.current = None;
                    Event::Finished(code)
                }
                Some(asker) = askers.recv(), if !is_stopping => {
                    // Who asked may have gone.
                    let _ = asker.send(self.snapshot(&dispatcher));
                    continue;
                }
                () = shutdown.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    Event::Shutdown
                }
                () = tokio::time::sleep(TASK_PATIENCE), if is_stopping => {
                    tracing::warn!("the running task did not end in time");
                    break;
                }
            };
            for effect in dispatcher.handle(event) {
                if effect == Effect::Stop {
                    break 'events;
                }
                self.carry_out(effect);
            }
        }
        self.worker.abort();
        if timeout(RUNNER_PATIENCE, self.runner.shutdown()).await.is_err() {
            tracing::warn!("the runner did not shut down in time");
        }
        self.host.temp_dir.remove().await;
    }

    fn snapshot(&self, dispatcher: &Dispatcher) -> Snapshot {
        Snapshot { uptime: self.started.elapsed(), running: dispatcher.running(), waiting: dispatcher.waiting() }
    }

    /// Never waits: whatever takes time goes on beside.
    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start(Order { kind, work }) => {
                let task = Task::new(self.host.clone(), kind);
                self.current = Some(task.clone());
                self.tasks.try_send((task, work)).expect("the dispatcher starts one task at a time");
            }
            Effect::Interrupt => self.interrupt(),
            Effect::Terminate => {
                if let Some(task) = &self.current {
                    task.interrupts().terminate();
                }
            }
            Effect::Input(text) => self.input_sender.answer(text),
            Effect::Offer(text) if self.input.is_awaited() => self.input_sender.answer(text),
            Effect::Offer(_) => tracing::warn!("input dropped: nothing runs that could read it"),
            Effect::ForgetInput => self.input.forget(),
            Effect::Complete(request) => self.complete(request),
            Effect::Status => self.outbox.answer(Record::Status(Status { started_at: self.started_at })),
            Effect::Answer(record) => self.outbox.answer(record),
            Effect::Warn(text) => tracing::warn!("{text}"),
            Effect::Notice(event) => tracing::warn!("the agent reports {}: {}", event.kind, event.data),
            Effect::Stop => {}
        }
    }

    fn interrupt(&self) {
        let Some(task) = self.current.clone() else { return };
        let runner = self.runner.clone();
        tokio::spawn(async move {
            if let Err(error) = runner.interrupt(&task).await {
                tracing::warn!("failed to interrupt: {error:#}");
            }
        });
    }

    fn complete(&self, request: CompletionRequest) {
        let (runner, outbox) = (self.runner.clone(), self.outbox.clone());
        tokio::spawn(async move {
            // In a task of its own, so that a panic is an empty answer too.
            let completion = tokio::spawn(async move { runner.complete(&request).await });
            let abort = completion.abort_handle();
            let suggestions = match timeout(COMPLETION_PATIENCE, completion).await {
                Ok(Ok(Ok(suggestions))) => suggestions,
                Ok(Ok(Err(error))) => {
                    tracing::warn!("failed to complete: {error:#}");
                    Vec::new()
                }
                Ok(Err(_panic)) => Vec::new(),
                Err(_late) => {
                    abort.abort();
                    Vec::new()
                }
            };
            outbox.answer(Record::Completion(suggestions));
        });
    }
}
