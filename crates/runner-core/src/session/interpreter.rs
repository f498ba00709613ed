use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::beside::{self, Inquiry};
use super::frame::{BrokenFrame, Frame};
use super::link::Link;
use super::names::Names;
use crate::completeness::Completeness;
use crate::context::Host;
use crate::error::Result;
use crate::input::{Answer, Stdin, StdinEvent};
use crate::interrupt;
use crate::process::{Child, Command, Outcome, Pump};
use crate::task::Task;
use crate::wire::{CompletionRequest, ExitCode, Record};

/// How long the rest of a dead interpreter's output is waited for while somebody else holds its pipes.
const LEAK_PATIENCE: Duration = Duration::from_millis(100);
/// How long an interpreter may take to settle after an interrupt, and to end when it is asked to.
const SETTLE_PATIENCE: Duration = Duration::from_secs(2);
/// The inquiries that may wait for the driver.
const INQUIRIES: usize = 16;

/// A driver's question to the user: its sequence number, and the answer to come.
type Question = (u64, Pin<Box<dyn Future<Output = Answer> + Send>>);

/// One process that runs a driver, from its start to its end.
pub(super) struct Interpreter {
    host: Arc<Host>,
    child: Child,
    pump: Pump,
    stdin: Stdin,
    link: Link,
    /// A frame that was read and is not dealt with yet. It is kept here so that a cancelled step does not lose it.
    arrived: Option<Frame>,
    /// The driver waits for a line; the sequence number of its question.
    asking: Option<Question>,
    readiness: Readiness,
    /// Between queries nobody's input is wanted, and nothing is looked at.
    is_running: bool,
    has_state: bool,
    /// What it wants to read at its own prompt, where it lives at one.
    line: Option<String>,
    /// It tells whether code is complete.
    checks: bool,
    completer: Completer,
    inquiries: mpsc::Receiver<Inquiry>,
    /// Where inquiries go that the driver answers on descriptors of their own, beside its code.
    beside: mpsc::Sender<Inquiry>,
    /// What a driver of one thread has told.
    names: Names,
    /// Who waits for such a driver's answers, in order.
    waiting: VecDeque<Inquiry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    Starting,
    /// It is up, and a thread of its own completes.
    Threaded,
    /// It is up, and completes between queries only; while code runs, the names that it told do.
    Alone,
}

/// The way to what an interpreter knows about code that is being typed.
#[derive(Clone, Debug)]
pub(super) struct Completer {
    inquiries: mpsc::Sender<Inquiry>,
    dir: PathBuf,
}

impl Completer {
    /// What the interpreter has to offer; nothing when it is gone.
    pub(super) async fn complete(&self, request: &CompletionRequest) -> Vec<String> {
        let (reply, answer) = oneshot::channel();
        if self.inquiries.try_send(Inquiry::Completion(request.clone(), reply)).is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// Whether code is complete; `None` where the interpreter does not tell.
    pub(super) async fn check(&self, code: &str) -> Option<Completeness> {
        let (reply, answer) = oneshot::channel();
        self.inquiries.try_send(Inquiry::Check(code.into(), reply)).ok()?;
        answer.await.ok()
    }

    /// Its working directory, wherever the code has gone meanwhile.
    pub(super) fn dir(&self) -> PathBuf {
        self.dir.clone()
    }
}

/// What a step may bring about.
#[derive(Debug)]
enum Event {
    Ready,
    Done(ExitCode),
    Settled,
    Ended(End),
    Other,
}

/// How an interpreter came to its end.
#[derive(Debug)]
pub(super) struct End {
    pub(super) exit_code: ExitCode,
    /// In words.
    pub(super) story: String,
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> Self {
        Self { exit_code: outcome.exit_code(), story: outcome.in_words() }
    }
}

impl Interpreter {
    pub(super) fn start(host: Arc<Host>, command: &Command, line: Option<String>) -> Result<Self> {
        let (query_reader, query_writer) = io::pipe()?;
        let (reply_reader, reply_writer) = io::pipe()?;
        let (complete_reader, complete_writer) = io::pipe()?;
        let (completion_reader, completion_writer) = io::pipe()?;
        let descriptors = vec![
            (query_reader.into(), 3),
            (reply_writer.into(), 4),
            (complete_reader.into(), 5),
            (completion_writer.into(), 6),
        ];
        let (child, pipes) = host.spawn(command.clone(), descriptors)?;
        let (beside, besides) = mpsc::channel(INQUIRIES);
        tokio::spawn(beside::serve(Link::new(complete_writer, completion_reader)?, besides));
        let (asked, inquiries) = mpsc::channel(INQUIRIES);
        let dir = PathBuf::from(format!("/proc/{}/cwd", child.group().leader()));
        let mut interpreter = Self {
            pump: Pump::new(host.outbox.clone(), pipes.output),
            stdin: Stdin::new(host.input.clone(), pipes.stdin, child.group())?,
            link: Link::new(query_writer, reply_reader)?,
            child,
            host,
            arrived: None,
            asking: None,
            readiness: Readiness::Starting,
            is_running: false,
            has_state: false,
            line,
            checks: false,
            completer: Completer { inquiries: asked, dir },
            inquiries,
            beside,
            names: Names::default(),
            waiting: VecDeque::new(),
        };
        interpreter.give_line();
        Ok(interpreter)
    }

    /// Where it is asked about code that is being typed.
    pub(super) fn completer(&self) -> Completer {
        self.completer.clone()
    }

    /// Whether it has ever come up.
    pub(super) fn is_ready(&self) -> bool {
        self.readiness != Readiness::Starting
    }

    /// Whether a query may have left something in it.
    pub(super) fn has_state(&self) -> bool {
        self.has_state
    }

    /// Runs one query: its exit code, or the interpreter's end.
    pub(super) async fn query(&mut self, task: &Task, code: &str) -> Result<ExitCode, End> {
        while !self.is_ready() {
            tokio::select! {
                event = self.step() => if let Event::Ended(end) = event {
                    return Err(End { story: format!("{} before it was ready", end.story), ..end });
                },
                // A start is not disturbed by a signal that the driver cannot handle yet.
                () = task.interrupted() => return Ok(ExitCode::INTERRUPTED),
            }
        }
        let _reach = task.interrupts().watch(self.child.group());
        if task.is_interrupted() {
            return Ok(ExitCode::INTERRUPTED);
        }
        self.has_state = true;
        self.is_running = true;
        self.link.send(&Frame::new("query", [code.as_bytes()]));
        let mut was_interrupted = false;
        let exit_code = loop {
            let event = tokio::select! {
                event = self.step() => event,
                () = task.interrupted(), if !was_interrupted => {
                    was_interrupted = true;
                    self.stop_asking();
                    continue;
                }
            };
            match event {
                Event::Done(exit_code) => break exit_code,
                Event::Ended(end) => return Err(end),
                Event::Ready | Event::Settled | Event::Other => {}
            }
        };
        self.is_running = false;
        self.asking = None;
        self.stdin.forget();
        self.pump.catch_up().await;
        // A signal may have come after the code's end: it must not hit the next query.
        if task.is_interrupted() && timeout(SETTLE_PATIENCE, self.settle()).await.is_err() {
            return Err(self.kill("it did not come to rest after the interrupt").await);
        }
        Ok(exit_code)
    }

    /// Carries what comes between queries, from threads and background processes, until the interpreter ends. Cancel safe.
    pub(super) async fn idle(&mut self) -> End {
        loop {
            if let Event::Ended(end) = self.step().await {
                return end;
            }
        }
    }

    /// Ends the interpreter: its driver leaves when the link closes, and is made to when it does not.
    pub(super) async fn end(&mut self) {
        self.link.close();
        if timeout(SETTLE_PATIENCE, self.wait_and_carry()).await.is_err() {
            self.child.group().signal(Signal::SIGKILL);
            self.wait_and_carry().await;
        }
        self.drain().await;
    }

    /// Ends what the user's code has started and left running.
    pub(super) fn end_descendants(&self) {
        let group = self.child.group();
        if group.is_alive() {
            interrupt::terminate(vec![group]);
        }
    }

    async fn settle(&mut self) {
        self.link.send(&Frame::new("settle", []));
        while !matches!(self.step().await, Event::Settled | Event::Ended(_)) {}
    }

    /// Waits for the next thing to do and does it. Cancel safe.
    async fn step(&mut self) -> Event {
        if self.arrived.is_some() {
            return match self.on_frame().await {
                Ok(event) => event,
                Err(error) => Event::Ended(self.kill(&error.to_string()).await),
            };
        }
        let last_output = self.pump.last_output();
        let frame = tokio::select! {
            frame = self.link.next() => frame,
            () = self.pump.step() => return Event::Other,
            Some(inquiry) = self.inquiries.recv(), if self.is_ready() => {
                self.inquire(inquiry);
                return Event::Other;
            }
            event = self.stdin.step(last_output), if self.is_running || self.stdin.is_writing() => {
                // A driver that has just gone to its prompt waits for its line, and not for the user.
                if event == StdinEvent::Awaited && !self.link.is_waiting() {
                    self.pump.catch_up().await;
                    self.stdin.ask();
                }
                return Event::Other;
            }
            answer = answered(&mut self.asking) => {
                self.on_answer(answer);
                return Event::Other;
            }
            outcome = self.child.wait() => {
                self.drain().await;
                return Event::Ended(outcome.into());
            }
        };
        match frame {
            Ok(Some(frame)) => {
                self.arrived = Some(frame);
                Event::Other
            }
            Ok(None) => Event::Ended(self.leave().await),
            Err(error) => Event::Ended(self.kill(&error.to_string()).await),
        }
    }

    /// Deals with the frame that has arrived. It stays there until that is done.
    async fn on_frame(&mut self) -> Result<Event, BrokenFrame> {
        let Some(frame) = self.arrived.clone() else { return Ok(Event::Other) };
        let event = match frame.kind.as_str() {
            "ready" => {
                self.readiness = Readiness::Threaded;
                self.checks = frame.parts.len() % 2 == 1;
                if frame.parts.len() >= 2 {
                    self.names.spell(frame.text(0)?.to_owned(), frame.text(1)?.to_owned());
                    self.readiness = Readiness::Alone;
                }
                Event::Ready
            }
            "done" => Event::Done(ExitCode::new(frame.number(0)?)),
            "settled" => Event::Settled,
            "sync" => {
                self.pump.catch_up().await;
                self.link.send(&Frame::new("answer", [frame.text(0)?.as_bytes(), b""]));
                Event::Other
            }
            "display" | "update" => {
                let (sequence, display) = (frame.text(0)?, frame.display()?);
                self.pump.catch_up().await;
                self.host.outbox.send(Record::Display(display)).await;
                self.link.send(&Frame::new("answer", [sequence.as_bytes(), b""]));
                Event::Other
            }
            "input" => {
                let (sequence, is_password) = (frame.number(0)?, frame.text(1)? == "1");
                self.pump.catch_up().await;
                let input = self.host.input.clone();
                self.asking = Some((sequence, Box::pin(async move { input.ask(is_password).await })));
                Event::Other
            }
            "names" => {
                let names = beside::texts(&frame).split_off(1.min(frame.parts.len()));
                self.names.tell(frame.text(0)?.to_owned(), names);
                Event::Other
            }
            "completion" | "checked" => {
                if let Some(inquiry) = self.waiting.pop_front() {
                    inquiry.answer(&frame);
                }
                Event::Other
            }
            "prompt" => {
                self.give_line();
                Event::Other
            }
            "log" => {
                tracing::warn!("{}", frame.text(0)?);
                Event::Other
            }
            _ => return Err(frame.unknown()),
        };
        self.arrived = None;
        Ok(event)
    }

    fn on_answer(&mut self, answer: Answer) {
        let Some((sequence, _)) = self.asking.take() else { return };
        let sequence = sequence.to_string();
        self.link.send(&match answer {
            Answer::Text(text) => Frame::new("answer", [sequence.as_bytes(), &text]),
            Answer::End => Frame::new("eof", [sequence.as_bytes()]),
        });
    }

    /// The query is to end, and so is its wait for the user.
    fn stop_asking(&mut self) {
        if self.asking.is_some() {
            self.on_answer(Answer::End);
        }
    }

    /// Lets whoever can answer: the driver's own thread; the driver, when nothing runs; else the names that it told.
    fn inquire(&mut self, inquiry: Inquiry) {
        // Whoever asked may have gone, and an answer that is not sent is none.
        match inquiry {
            _ if inquiry.is_over() => {}
            Inquiry::Check(..) if !self.checks => {}
            _ if self.readiness == Readiness::Threaded => drop(self.beside.try_send(inquiry)),
            Inquiry::Completion(request, reply) if self.is_running => {
                let _ = reply.send(self.names.complete(&request.before()));
            }
            Inquiry::Check(..) if self.is_running => {}
            _ => {
                self.link.send(&inquiry.frame());
                self.waiting.push_back(inquiry);
            }
        }
    }

    /// Writes what the interpreter reads at its own prompt. What was left unread there is dropped.
    fn give_line(&mut self) {
        if let Some(line) = &self.line {
            self.stdin.put(format!("{line}\n").into());
        }
    }

    /// The link is closed: most often because the interpreter ends, seldom because the user's code closed it.
    async fn leave(&mut self) -> End {
        match timeout(SETTLE_PATIENCE, self.wait_and_carry()).await {
            Ok(outcome) => {
                self.drain().await;
                outcome.into()
            }
            Err(_) => self.kill("it closed its link to the runner (descriptors 3 to 6 are not the code's)").await,
        }
    }

    async fn wait_and_carry(&mut self) -> Outcome {
        loop {
            tokio::select! {
                outcome = self.child.wait() => return outcome,
                () = self.pump.step() => {}
            }
        }
    }

    async fn kill(&mut self, reason: &str) -> End {
        self.child.group().signal(Signal::SIGKILL);
        let outcome = self.wait_and_carry().await;
        self.drain().await;
        End { exit_code: outcome.exit_code(), story: reason.to_owned() }
    }

    /// Carries what a dead interpreter has left in its pipes.
    async fn drain(&mut self) {
        let patience = Instant::now() + LEAK_PATIENCE;
        self.pump.catch_up().await;
        while !self.pump.is_closed() && Instant::now() < patience {
            tokio::select! {
                () = self.pump.step() => {}
                () = sleep_until(patience) => {}
            }
        }
        self.pump.catch_up().await;
    }
}

/// The answer to the driver's question, for ever pending when there is none.
async fn answered(asking: &mut Option<Question>) -> Answer {
    match asking {
        Some((_, answer)) => answer.await,
        None => std::future::pending().await,
    }
}
