//! A `ZeroMQ` socket that knows whether somebody is at its other end.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use tokio::io::unix::AsyncFd;
use zmq::{DONTWAIT, SocketEvent, SocketType};

/// How long libzmq goes on sending what it holds when the socket is closed, in milliseconds.
const LINGER_MS: i32 = 500;
/// After so much silence, libzmq asks the other end whether it is still there, in milliseconds.
const HEARTBEAT_MS: i32 = 10_000;
/// How long it waits for an answer to that.
const HEARTBEAT_PATIENCE_MS: i32 = 30_000;

/// A socket that is connected, or is going to be.
pub(crate) struct Socket {
    socket: AsyncFd<zmq::Socket>,
    /// Tells when the connection is there and when it is lost.
    monitor: AsyncFd<zmq::Socket>,
}

impl Socket {
    /// Begins to connect. A subscriber subscribes to everything.
    pub(crate) fn connect(context: &zmq::Context, kind: SocketType, endpoint: &str) -> Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let connect = || {
            let socket = context.socket(kind)?;
            socket.set_linger(LINGER_MS)?;
            socket.set_ipv6(endpoint.contains('['))?;
            socket.set_heartbeat_ivl(HEARTBEAT_MS)?;
            socket.set_heartbeat_timeout(HEARTBEAT_PATIENCE_MS)?;
            if kind == SocketType::SUB {
                socket.set_subscribe(b"")?;
            }
            let address = format!("inproc://monitor-{}", COUNT.fetch_add(1, Ordering::Relaxed));
            socket.monitor(&address, SocketEvent::HANDSHAKE_SUCCEEDED as i32 | SocketEvent::DISCONNECTED as i32)?;
            let monitor = context.socket(SocketType::PAIR)?;
            monitor.connect(&address)?;
            socket.connect(endpoint)?;
            Ok((socket, monitor))
        };
        let connected: zmq::Result<_> = connect();
        let (socket, monitor) = connected.with_context(|| format!("failed to connect to {endpoint}"))?;
        Ok(Self { socket: watched(socket)?, monitor: watched(monitor)? })
    }

    /// Waits for the other end.
    pub(crate) async fn connected(&self) -> Result<()> {
        self.happened(SocketEvent::HANDSHAKE_SUCCEEDED).await
    }

    /// Waits until the other end is gone. Cancel safe.
    pub(crate) async fn lost(&self) -> Result<()> {
        self.happened(SocketEvent::DISCONNECTED).await
    }

    /// The next message. Cancel safe.
    pub(crate) async fn receive(&self) -> Result<Vec<Vec<u8>>> {
        receive(&self.socket).await
    }

    /// Hands a message over to libzmq, which has room for many.
    pub(crate) fn send<F: AsRef<[u8]>>(&self, frames: &[F]) -> Result<()> {
        let frames = frames.iter().map(AsRef::as_ref);
        self.socket.get_ref().send_multipart(frames, DONTWAIT).context("failed to send")
    }

    async fn happened(&self, wanted: SocketEvent) -> Result<()> {
        loop {
            let message = receive(&self.monitor).await?;
            // The event's number comes first, in the machine's order.
            if let Some([low, high, ..]) = message.first().map(Vec::as_slice)
                && i32::from(u16::from_ne_bytes([*low, *high])) == wanted as i32
            {
                return Ok(());
            }
        }
    }
}

async fn receive(socket: &AsyncFd<zmq::Socket>) -> Result<Vec<Vec<u8>>> {
    loop {
        match socket.get_ref().recv_multipart(DONTWAIT) {
            Ok(message) => return Ok(message),
            // The descriptor tells of changes, not of states: the state is asked for after the signal is taken back.
            Err(zmq::Error::EAGAIN) => socket.readable().await?.clear_ready(),
            Err(zmq::Error::EINTR) => {}
            Err(error) => return Err(error).context("failed to receive"),
        }
    }
}

fn watched(socket: zmq::Socket) -> io::Result<AsyncFd<zmq::Socket>> {
    #[expect(
        deprecated,
        reason = "its successor is `unsafe`; the socket owns its descriptor, and this owns the socket"
    )]
    AsyncFd::new(socket)
}
