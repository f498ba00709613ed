//! The Backend.AI wire as a front end: a PULL socket for requests, a PUSH socket for records.

use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use tmq::TmqError;
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep, timeout_at};
use zmq::{DONTWAIT, PollEvents, SNDMORE, SocketType};

use super::Engine;
use super::fitting::fitting;
use crate::error::{BindError, Result};
use crate::outbox::Records;
use crate::wire::{CompletionFormat, Frames, Request};

/// How many messages libzmq holds for a reader that is slow. With our largest records this is 8 MiB.
const SEND_HIGH_WATER: i32 = 32;
/// A runner that has just ended may hold its port for a moment still.
const BIND_PATIENCE: Duration = Duration::from_millis(500);
const BIND_PAUSE: Duration = Duration::from_millis(20);
/// How long the last records wait for their reader when the runner ends.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);
/// How long libzmq goes on sending what it holds when the runner ends, in milliseconds.
pub(crate) const LINGER_MS: i32 = 500;
/// A peer that vanished without a word is noticed after a minute of silence and three unanswered probes.
pub(crate) const KEEPALIVE_IDLE_S: i32 = 60;

/// The two bound sockets of a runner.
pub struct Sockets {
    requests: tmq::pull::Pull,
    records: RecordSocket,
}

impl Sockets {
    /// Binds both sockets, at `ZeroMQ` endpoints such as `tcp://*:2000` or `ipc:///run/runner/in`.
    pub async fn bind(repl_in: &str, repl_out: &str) -> Result<Self> {
        let context = tmq::Context::new();
        let requests = patiently(repl_in, || {
            Ok(tmq::pull(&context)
                .set_linger(0)
                .set_tcp_keepalive(1)
                .set_tcp_keepalive_idle(KEEPALIVE_IDLE_S)
                .bind(repl_in)?)
        });
        let requests = requests.await?;
        let records = patiently(repl_out, || RecordSocket::bind(&context, repl_out)).await?;
        Ok(Self { requests, records })
    }

    /// Carries requests to the engine and records from it, until `stop` comes true; then ends both in order.
    pub async fn serve(
        mut self,
        engine: Engine,
        mut records: Records,
        format: CompletionFormat,
        stop: impl Future<Output = ()>,
    ) {
        let work_dir = engine.work_dir().to_owned();
        let egress = tokio::spawn(async move {
            while let Some(outgoing) = records.next().await {
                let frames = fitting(&outgoing.record, format, &work_dir);
                if let Err(error) = self.records.send(&frames).await {
                    tracing::error!("failed to send a record: {error:#}");
                }
            }
        });
        tokio::pin!(stop);
        loop {
            let message = tokio::select! {
                message = self.requests.next() => message,
                () = &mut stop => break,
            };
            match message {
                Some(Ok(frames)) => {
                    let frames: Vec<&[u8]> = frames.iter().map(|frame| &frame[..]).collect();
                    engine.message(Request::decode(&frames)).await;
                }
                Some(Err(error)) => tracing::error!("failed to receive a request: {error}"),
                None => break,
            }
        }
        engine.shut_down().await;
        let abort = egress.abort_handle();
        if timeout_at(Instant::now() + FLUSH_PATIENCE, egress).await.is_err() {
            tracing::warn!("the last output has no reader and is dropped");
            abort.abort();
        }
    }
}

/// The PUSH socket.
///
/// It is not tmq's, whose sink loses the first frame of a message when the reader goes away between the two frames, and
/// would send the second one alone. Here a message is sent as a whole or again as a whole.
struct RecordSocket(AsyncFd<zmq::Socket>);

impl RecordSocket {
    fn bind(context: &tmq::Context, endpoint: &str) -> Result<Self> {
        let socket = context.socket(SocketType::PUSH)?;
        socket.set_sndhwm(SEND_HIGH_WATER)?;
        socket.set_linger(LINGER_MS)?;
        socket.set_tcp_keepalive(1)?;
        socket.set_tcp_keepalive_idle(KEEPALIVE_IDLE_S)?;
        socket.bind(endpoint)?;
        #[expect(
            deprecated,
            reason = "its successor is `unsafe`; the socket owns its descriptor, and this owns the socket"
        )]
        let socket = AsyncFd::new(socket)?;
        Ok(Self(socket))
    }

    /// Waits until there is a reader with room, then sends both frames.
    async fn send(&mut self, (kind, payload): &Frames) -> Result<()> {
        loop {
            let socket = self.0.get_mut();
            let sent = socket.send(*kind, DONTWAIT | SNDMORE).and_then(|()| socket.send(&payload[..], DONTWAIT));
            match sent {
                Ok(()) => return Ok(()),
                Err(zmq::Error::EAGAIN) => self.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn writable(&mut self) -> Result<()> {
        loop {
            // The descriptor tells of changes, not of states: the state is asked for after the signal is taken back.
            self.0.readable_mut().await?.clear_ready();
            if self.0.get_ref().get_events()?.contains(PollEvents::POLLOUT) {
                return Ok(());
            }
        }
    }
}

fn inner(error: TmqError) -> anyhow::Error {
    match error {
        TmqError::Zmq(error) => error.into(),
        other => other.into(),
    }
}

/// Binds a socket, and tries again while the port is in use, for a moment. The error is a [`BindError`].
pub(crate) async fn patiently<T>(endpoint: &str, mut bind: impl FnMut() -> Result<T>) -> Result<T> {
    let patience = Instant::now() + BIND_PATIENCE;
    loop {
        match bind() {
            Err(error) if error.to_string().contains("in use") && Instant::now() < patience => sleep(BIND_PAUSE).await,
            // Of both, the inner error says why, and the outer one says it again.
            result => {
                return result
                    .map_err(|error| error.downcast::<TmqError>().map_or_else(|error| error, inner))
                    .with_context(|| BindError { endpoint: endpoint.to_owned() });
            }
        }
    }
}
