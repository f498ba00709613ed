use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::files;
use super::interpreter::{Completer, End, Interpreter};
use crate::completeness::Completeness;
use crate::context::{Context, Host, QueryMode};
use crate::error::Result;
use crate::input::InputMode;
use crate::process::Command;
use crate::task::Task;
use crate::wire::{CompletionRequest, ExitCode};

/// A long-lived interpreter behind a driver.
///
/// The interpreter is started at once, so that the first query does not pay for it, and anew whenever it ends. With
/// [`QueryMode::Fresh`] every query gets one of its own.
#[derive(Debug)]
pub struct Session {
    host: Arc<Host>,
    orders: mpsc::Sender<Order>,
    presence: watch::Receiver<Presence>,
}

#[derive(Debug)]
enum Order {
    Query { task: Task, code: String, reply: oneshot::Sender<Result<ExitCode>> },
    End(oneshot::Sender<()>),
}

/// Whether there is an interpreter.
#[derive(Debug)]
enum Presence {
    Starting,
    Here(Completer),
    Absent,
}

impl Session {
    /// Starts `driver`: the interpreter's command line, driver and all.
    #[must_use]
    pub fn start(context: &Context, driver: Command) -> Self {
        Self::launch(context, driver, None)
    }

    /// Starts an interpreter that reads commands at its own prompt, and gives it `line` as the first one: a call of the
    /// driver. It gets that line again whenever the driver says `prompt`.
    #[must_use]
    pub fn start_at_prompt(context: &Context, driver: Command, line: impl Into<String>) -> Self {
        Self::launch(context, driver, Some(line.into()))
    }

    fn launch(context: &Context, driver: Command, line: Option<String>) -> Self {
        let host = context.0.clone();
        let (orders, received) = mpsc::channel(1);
        let (presence, watched) = watch::channel(Presence::Starting);
        tokio::spawn(Keeper { host: host.clone(), driver, line, presence, lost: None }.keep(received));
        Self { host, orders, presence: watched }
    }

    /// Runs a piece of code. When the interpreter ends over it, the client is told that the state is gone.
    pub async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let (reply, answer) = oneshot::channel();
        let order = Order::Query { task: task.clone(), code: code.into(), reply };
        self.orders.send(order).await.map_err(|_| anyhow::anyhow!("the session has ended"))?;
        answer.await.map_err(|_| anyhow::anyhow!("the session has ended"))?
    }

    /// Asks the living interpreter for completions, also while code runs; in a string that it knows nothing about, they are
    /// the names of files. Where there is no interpreter, there are none.
    pub async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        let Some(completer) = self.completer().await else { return Ok(Vec::new()) };
        let suggestions = completer.complete(request).await;
        if suggestions.is_empty() {
            let home = self.host.settings.environment.get("HOME").unwrap_or_default();
            return Ok(files::complete(&request.before(), &completer.dir(), Path::new(home)));
        }
        Ok(suggestions)
    }

    /// Asks the living interpreter whether `code` is complete, also while code runs where its driver can answer then. Where
    /// it does not tell, brackets and quotes do ([`Completeness::guess`]).
    pub async fn completeness(&self, code: &str) -> Result<Completeness> {
        let told = match self.completer().await {
            Some(completer) => completer.check(code).await,
            None => None,
        };
        Ok(told.unwrap_or_else(|| Completeness::guess(code)))
    }

    /// The way to the living interpreter, once it has been started.
    async fn completer(&self) -> Option<Completer> {
        let mut presence = self.presence.clone();
        match presence.wait_for(|presence| !matches!(presence, Presence::Starting)).await.as_deref() {
            Ok(Presence::Here(completer)) => Some(completer.clone()),
            _ => None,
        }
    }

    /// Ends the interpreter.
    pub async fn shutdown(&self) {
        let (reply, ended) = oneshot::channel();
        if self.orders.send(Order::End(reply)).await.is_ok() {
            let _ = ended.await;
        }
    }
}

/// The owner of the interpreter.
struct Keeper {
    host: Arc<Host>,
    driver: Command,
    line: Option<String>,
    presence: watch::Sender<Presence>,
    /// What became of a state that was lost between two queries.
    lost: Option<String>,
}

impl Keeper {
    async fn keep(mut self, mut orders: mpsc::Receiver<Order>) {
        // With a stream of input there is one program to run, and no query to prepare for.
        let is_wanted = self.host.input.mode() == InputMode::Ask;
        let mut interpreter = if is_wanted { self.start_early() } else { self.start_later() };
        loop {
            match self.next_order(&mut interpreter, &mut orders).await {
                Some(Order::Query { task, code, reply }) => {
                    interpreter = self.query(interpreter, &task, &code, reply).await;
                }
                Some(Order::End(ended)) => {
                    if let Some(mut interpreter) = interpreter.take() {
                        interpreter.end().await;
                        interpreter.end_descendants();
                    }
                    let _ = ended.send(());
                    return;
                }
                None => return,
            }
        }
    }

    /// Waits for an order, and meanwhile carries what the idle interpreter prints. One that ends then is not started again
    /// before it is needed: it might end again.
    async fn next_order(
        &mut self,
        interpreter: &mut Option<Interpreter>,
        orders: &mut mpsc::Receiver<Order>,
    ) -> Option<Order> {
        if let Some(idle) = interpreter {
            tokio::select! {
                order = orders.recv() => return order,
                end = idle.idle() => {
                    self.lost = idle.has_state().then_some(end.story);
                    *interpreter = self.start_later();
                }
            }
        }
        orders.recv().await
    }

    async fn query(
        &mut self,
        interpreter: Option<Interpreter>,
        task: &Task,
        code: &str,
        reply: oneshot::Sender<Result<ExitCode>>,
    ) -> Option<Interpreter> {
        if let Some(story) = self.lost.take() {
            self.mourn(task, &story).await;
        }
        let mut interpreter = match interpreter.map_or_else(|| self.start(), Ok) {
            Ok(interpreter) => interpreter,
            Err(error) => {
                let _ = reply.send(Err(error));
                return self.start_later();
            }
        };
        let is_fresh = self.host.settings.query_mode == QueryMode::Fresh;
        let (exit_code, lives_on) = match interpreter.query(task, code).await {
            Ok(exit_code) if is_fresh => {
                self.presence.send_replace(Presence::Starting);
                interpreter.end().await;
                (exit_code, false)
            }
            Ok(exit_code) => (exit_code, true),
            Err(End { exit_code, story }) => {
                self.presence.send_replace(Presence::Starting);
                if !is_fresh || exit_code.value() < 0 {
                    self.mourn(task, &story).await;
                }
                (exit_code, false)
            }
        };
        // Whoever asked may have gone.
        let _ = reply.send(Ok(exit_code));
        if lives_on {
            Some(interpreter)
        } else if interpreter.is_ready() {
            self.start_early()
        } else {
            // One that never came up would not the next time either: it is tried again when there is a query for it.
            self.start_later()
        }
    }

    /// Starts an interpreter before it is needed. The first query that needs it learns why there is none.
    fn start_early(&self) -> Option<Interpreter> {
        self.start().inspect_err(|error| tracing::debug!("{error:#}")).ok().or_else(|| self.start_later())
    }

    /// Leaves the start to the next query.
    fn start_later(&self) -> Option<Interpreter> {
        self.presence.send_replace(Presence::Absent);
        None
    }

    fn start(&self) -> Result<Interpreter> {
        let interpreter = Interpreter::start(self.host.clone(), &self.driver, self.line.clone())?;
        self.presence.send_replace(Presence::Here(interpreter.completer()));
        Ok(interpreter)
    }

    /// Tells the client how the interpreter ended.
    async fn mourn(&self, task: &Task, story: &str) {
        let state = match self.host.settings.query_mode {
            QueryMode::Keep => "; the state is gone",
            QueryMode::Fresh => "",
        };
        task.stderr(format!("{}: {story}{state}\n", self.host.registration.name)).await;
    }
}
