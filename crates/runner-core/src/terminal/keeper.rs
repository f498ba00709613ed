use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Duration, Instant};

use super::broadcast::Broadcast;
use super::keyboard::{Keyboard, Keyed};
use super::life::{Life, LifeEvent, Pace};
use crate::context::{Context, Host};
use crate::error::Result;
use crate::process::{Command, Outcome, WindowSize};

/// The size of a terminal before anybody asks for another one.
const USUAL_SIZE: WindowSize = match (NonZeroU16::new(24), NonZeroU16::new(80)) {
    (Some(rows), Some(cols)) => WindowSize { rows, cols },
    _ => unreachable!(),
};
/// The variables that would tell a program another size than the terminal's.
const SIZES: [&str; 2] = ["LINES", "COLUMNS"];
/// How much of what was typed may wait for a program that does not read, in bytes. Then the socket waits.
const TYPED_BYTES: usize = 64 * 1024;

/// A program on a terminal, most often a shell, that clients use over two sockets of its own: what they type comes in at one,
/// and what it prints goes out at the other.
///
/// Any number of them may, and all see the same; who comes late sees the screen as it is. Queries that begin with `%` are
/// commands to it: see [`query`](Self::query). A runner makes one in its constructor, [opens](Self::open) it in
/// [`init`](crate::Runner::init), and ends it in [`shutdown`](crate::Runner::shutdown):
///
/// ```
/// use runner_core::{AtEnd, Command, Context, ExitCode, Result, Runner, Task, Terminal, TerminalQuery, async_trait};
///
/// struct Shell(Terminal);
///
/// impl Shell {
///     fn new(context: Context) -> Self {
///         Self(Terminal::new(&context, Command::new("bash"), AtEnd::Restart))
///     }
/// }
///
/// #[async_trait]
/// impl Runner for Shell {
///     async fn init(&self) -> Result<()> {
///         self.0.open().await
///     }
/// #   async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> { Ok(ExitCode::SUCCESS) }
/// #   async fn execute_heuristic(&self, _task: &Task) -> Result<ExitCode> { Ok(ExitCode::SUCCESS) }
///     async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
///         match self.0.query(task, code, &[]).await? {
///             TerminalQuery::Answered(exit_code) => Ok(exit_code),
///             _ => Ok(self.0.invalid(task).await),
///         }
///     }
///     async fn shutdown(&self) {
///         self.0.shutdown().await;
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Terminal {
    host: Arc<Host>,
    orders: mpsc::Sender<Order>,
    leader: watch::Receiver<Option<i32>>,
}

/// What happens when a terminal's program has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// Those who watch read `Restarting...`, and it is started anew.
    Restart,
    /// They read `Terminated.`, and that was it.
    Stop,
}

#[derive(Debug)]
enum Order {
    Open(oneshot::Sender<Result<()>>),
    Resize(WindowSize, oneshot::Sender<()>),
    End(oneshot::Sender<()>),
}

impl Terminal {
    /// Prepares a terminal for `program`, with 24 rows and 80 columns.
    #[must_use]
    pub fn new(context: &Context, program: Command, at_end: AtEnd) -> Self {
        let host = context.0.clone();
        let (orders, received) = mpsc::channel(1);
        let (leader, watched) = watch::channel(None);
        let inherited =
            context.variable("TERM").and_then(|name| name.to_str()).filter(|name| name.starts_with("xterm"));
        let program = program.env("TERM", inherited.unwrap_or("xterm")).without_env(SIZES);
        let keeper = Keeper {
            host: host.clone(),
            program,
            at_end,
            size: USUAL_SIZE,
            broadcast: Broadcast::new(USUAL_SIZE),
            keyboard: None,
            life: Life::Before,
            typed: BytesMut::new(),
            pace: Pace::default(),
            leader,
        };
        tokio::spawn(keeper.keep(received));
        Self { host, orders, leader: watched }
    }

    /// Binds the sockets, where the front end has some, and starts the program. A socket that cannot be bound is a
    /// [`BindError`](crate::BindError); a program that cannot be started is told to those who watch.
    pub async fn open(&self) -> Result<()> {
        self.order(Order::Open).await?
    }

    /// Where the program is: its working directory, or that of all that runs while there is no program.
    #[must_use]
    pub fn work_dir(&self) -> PathBuf {
        let leader = *self.leader.borrow();
        let found = leader.and_then(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).ok());
        found.unwrap_or_else(|| self.host.settings.work_dir.clone())
    }

    /// Hangs up, and makes the program end where that does not.
    pub async fn shutdown(&self) {
        let _ = self.order(Order::End).await;
    }

    pub(super) async fn resize(&self, size: WindowSize) -> Result<()> {
        self.order(|reply| Order::Resize(size, reply)).await
    }

    async fn order<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let gone = || anyhow::anyhow!("the terminal has ended");
        self.orders.send(order(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    }
}

/// The owner of the program and the sockets.
struct Keeper {
    host: Arc<Host>,
    program: Command,
    at_end: AtEnd,
    size: WindowSize,
    broadcast: Broadcast,
    keyboard: Option<Keyboard>,
    life: Life,
    /// What was typed and the program has not taken yet.
    typed: BytesMut,
    pace: Pace,
    leader: watch::Sender<Option<i32>>,
}

impl Keeper {
    async fn keep(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut output = BytesMut::new();
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Open(reply)) => {
                        let opened = self.bind().await;
                        if opened.is_ok() {
                            self.start();
                        }
                        let _ = reply.send(opened);
                    }
                    Some(Order::Resize(size, reply)) => {
                        self.resize(size);
                        let _ = reply.send(());
                    }
                    Some(Order::End(reply)) => {
                        if let Life::Running { program, .. } = self.life {
                            program.end().await;
                        }
                        let _ = reply.send(());
                        return;
                    }
                    None => return,
                },
                keyed = keyed(self.keyboard.as_mut()), if self.typed.len() < TYPED_BYTES => match keyed {
                    Keyed::Text(_) if matches!(self.life, Life::Over) => {}
                    // Between two programs, it is for the next one.
                    Keyed::Text(text) => self.typed.extend_from_slice(&text),
                    Keyed::Resize(size) => self.resize(size),
                },
                () = self.broadcast.step() => {}
                event = self.life.step(&mut self.typed, &mut output) => {
                    self.broadcast.take(&mut output);
                    match event {
                        LifeEvent::Moved => {}
                        LifeEvent::Ended(outcome) => self.end(outcome),
                        LifeEvent::Rested => self.start(),
                    }
                }
            }
        }
    }

    async fn bind(&mut self) -> Result<()> {
        let Some(endpoints) = &self.host.settings.terminal else { return Ok(()) };
        let context = zmq::Context::new();
        self.keyboard = Some(Keyboard::bind(&context, &endpoints.input).await?);
        self.broadcast.bind(&context, &endpoints.output).await
    }

    fn start(&mut self) {
        match self.host.spawn_on_pty(self.program.clone(), self.size) {
            Ok(program) => {
                self.leader.send_replace(Some(program.leader()));
                self.life = Life::Running { program: Box::new(program), since: Instant::now() };
            }
            Err(error) => {
                // It is tried again and again: clients need not hear of it each time.
                if self.pace.is_first() {
                    tracing::warn!("the terminal has no program: {error:#}");
                }
                self.broadcast.say(&format!("{error:#}\r\n"));
                self.life = self.pace.rest(Duration::ZERO);
            }
        }
    }

    /// The program has ended.
    fn end(&mut self, outcome: Outcome) {
        let Life::Running { since, .. } = self.life else { return };
        tracing::debug!("the terminal's program {}", outcome.in_words());
        self.leader.send_replace(None);
        // Nobody has read it, and it was not meant for the next one.
        self.typed.clear();
        self.broadcast.tidy();
        match self.at_end {
            AtEnd::Restart => {
                self.broadcast.say("Restarting...\r\n");
                self.life = self.pace.rest(since.elapsed());
            }
            AtEnd::Stop => {
                self.broadcast.say("Terminated.\r\n");
                self.life = Life::Over;
            }
        }
    }

    fn resize(&mut self, size: WindowSize) {
        self.size = size;
        self.broadcast.resize(size);
        if let Life::Running { program, .. } = &self.life
            && let Err(error) = program.resize(size)
        {
            tracing::warn!("failed to resize the terminal: {error}");
        }
    }
}

/// The next thing that is typed; never, where there is no keyboard.
async fn keyed(keyboard: Option<&mut Keyboard>) -> Keyed {
    match keyboard {
        Some(keyboard) => keyboard.next().await,
        None => std::future::pending().await,
    }
}
