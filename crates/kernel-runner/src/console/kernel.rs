//! The kernel that code is sent to: an engine in this very process, or a daemon somewhere.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use runner_core::{Completeness, Engine, Record, Records, Request};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout_at};
use zmq::SocketType;

use crate::remote::{Endpoints, PATIENCE, Socket};

/// How often a daemon is asked for its status.
const STATUS_PERIOD: Duration = Duration::from_secs(10);
/// How often it is asked when a client connects. Another client may get the answer.
const FIRST_STATUS_PERIOD: Duration = Duration::from_millis(500);
/// How many times in a row no answer may come.
const UNANSWERED: u32 = 3;

/// Where requests go.
pub(super) enum Kernel {
    Here(Box<Engine>),
    There(Rc<Socket>),
}

/// Where records come from.
pub(super) enum Answers {
    Here(Records),
    There(Box<Daemon>),
}

/// What comes from a kernel.
pub(super) enum News {
    Record(Record),
    /// Something to tell the user.
    Note(String),
}

/// Whether code is whole, once that is known.
pub(super) type Verdict<'a> = Pin<Box<dyn Future<Output = Completeness> + 'a>>;

/// A daemon, seen from its client.
pub(super) struct Daemon {
    requests: Rc<Socket>,
    records: Socket,
    status: Interval,
    unanswered: u32,
    /// What came when it was asked whether it is there.
    first: Option<Record>,
    endpoints: Endpoints,
}

impl Kernel {
    /// Connects to a daemon, and waits until it has said something.
    pub(super) async fn connect(endpoints: Endpoints) -> Result<(Self, Answers)> {
        let context = zmq::Context::new();
        let requests = Rc::new(Socket::connect(&context, SocketType::PUSH, &endpoints.input)?);
        let records = Socket::connect(&context, SocketType::PULL, &endpoints.output)?;
        let patience = Instant::now() + PATIENCE;
        let nobody = |endpoint: &str| {
            anyhow!(
                "no kernel answers at {endpoint} within {PATIENCE:?}: is it running, and are these its host and ports?"
            )
        };
        timeout_at(patience, requests.connected()).await.map_err(|_| nobody(&endpoints.input))??;
        timeout_at(patience, records.connected()).await.map_err(|_| nobody(&endpoints.output))??;
        let mut asking = tokio::time::interval(FIRST_STATUS_PERIOD);
        let first = loop {
            tokio::select! {
                _ = asking.tick() => send(&requests, &Request::Status)?,
                message = records.receive() => break Record::decode(&message?).ok(),
                () = tokio::time::sleep_until(patience) => {
                    bail!("{} takes requests, but nothing comes from {}: are these the kernel's two ports, and is nobody else \
                        its client?", endpoints.input, endpoints.output);
                }
            }
        };
        let mut status = interval_at(Instant::now() + STATUS_PERIOD, STATUS_PERIOD);
        status.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let daemon = Daemon { requests: requests.clone(), records, status, unanswered: 0, first, endpoints };
        Ok((Self::There(requests), Answers::There(Box::new(daemon))))
    }

    pub(super) async fn request(&self, request: Request) -> Result<()> {
        match self {
            Self::Here(engine) => {
                engine.request(request).await;
                Ok(())
            }
            Self::There(requests) => send(requests, &request),
        }
    }

    /// Whether code is whole. The wire has no request for that, so of a daemon's language only the usual is known.
    pub(super) fn completeness(&self, code: String) -> Verdict<'_> {
        match self {
            Self::Here(engine) => Box::pin(async move { engine.completeness(&code).await }),
            Self::There(_) => Box::pin(async move { Completeness::guess(&code) }),
        }
    }

    /// Ends what runs in this process; a daemon goes on.
    pub(super) async fn leave(self) {
        if let Self::Here(engine) = self {
            engine.shut_down().await;
        }
    }
}

impl Answers {
    /// What comes next. An error means that nothing will. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<News> {
        match self {
            Self::Here(records) => {
                let outgoing = records.next().await.context("the runner has ended")?;
                Ok(News::Record(outgoing.record))
            }
            Self::There(daemon) => daemon.next().await,
        }
    }
}

impl Daemon {
    async fn next(&mut self) -> Result<News> {
        if let Some(first) = self.first.take() {
            return Ok(News::Record(first));
        }
        loop {
            tokio::select! {
                // What it said before it went is heard.
                biased;
                message = self.records.receive() => {
                    self.unanswered = 0;
                    match Record::decode(&message?) {
                        Ok(Record::Status(_)) => {}
                        Ok(record) => return Ok(News::Record(record)),
                        Err(error) => tracing::warn!("a record that cannot be read is left out: {error:#}"),
                    }
                }
                lost = self.requests.lost() => {
                    lost?;
                    bail!("the kernel at {} is gone", self.endpoints.input);
                }
                lost = self.records.lost() => {
                    lost?;
                    bail!("the kernel at {} is gone", self.endpoints.output);
                }
                _ = self.status.tick() => {
                    send(&self.requests, &Request::Status)?;
                    self.unanswered += 1;
                    if self.unanswered == UNANSWERED + 1 {
                        let silence = STATUS_PERIOD * UNANSWERED;
                        return Ok(News::Note(format!("[the kernel has said nothing for {silence:?}]")));
                    }
                }
            }
        }
    }
}

fn send(requests: &Socket, request: &Request) -> Result<()> {
    let (kind, payload) = request.encode();
    match requests.send(&[kind.as_bytes(), &payload]) {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context("the kernel takes no requests")),
    }
}
