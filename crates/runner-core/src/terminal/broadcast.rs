use std::slice;

use anyhow::Context as _;
use bytes::BytesMut;
use tokio::io::unix::AsyncFd;
use tokio::time::{Duration, Instant, sleep_until};
use zmq::{DONTWAIT, SocketType};

use super::screen::Screen;
use crate::daemon::zeromq::{KEEPALIVE_IDLE_S, LINGER_MS, patiently};
use crate::error::Result;
use crate::process::WindowSize;

/// How long output is held back to be sent with what follows it, when there was output just before.
const COALESCE: Duration = Duration::from_millis(4);
/// Output of this size is sent without waiting for more.
const ENOUGH: usize = 32 * 1024;
/// How many messages libzmq holds for a subscriber that is slow, 16 MiB at most; then that one loses output.
const SEND_HIGH_WATER: i32 = 512;
/// After as many messages in a row somebody may have lost some.
const BURST: i32 = SEND_HIGH_WATER;
/// A pause of this length ends a row.
const QUIET: Duration = Duration::from_millis(200);
/// The pauses after such a row before the screen is drawn again: libzmq does not tell who has lost something, nor when there
/// is room for more.
const REPAIRS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];
/// What the first byte of a message from a subscriber is when it subscribes.
const SUBSCRIBED: u8 = 1;

/// Publishes what is printed, and draws the screen for those who come late.
///
/// Nobody can make it wait: without a subscriber, output only changes the screen.
pub(super) struct Broadcast {
    socket: Option<AsyncFd<zmq::Socket>>,
    screen: Screen,
    /// Printed, and not published yet.
    pending: BytesMut,
    last_sent: Instant,
    sent_in_a_row: i32,
    repairs: slice::Iter<'static, Duration>,
    repair_at: Option<Instant>,
}

impl Broadcast {
    /// One without a socket.
    pub(super) fn new(size: WindowSize) -> Self {
        Self {
            socket: None,
            screen: Screen::new(size),
            pending: BytesMut::new(),
            last_sent: Instant::now(),
            sent_in_a_row: 0,
            repairs: [].iter(),
            repair_at: None,
        }
    }

    /// Binds the socket.
    pub(super) async fn bind(&mut self, context: &zmq::Context, endpoint: &str) -> Result<()> {
        let socket = patiently(endpoint, || {
            // One that tells of every subscription, also of one that somebody else has already.
            let socket = context.socket(SocketType::XPUB)?;
            socket.set_xpub_verbose(true)?;
            socket.set_sndhwm(SEND_HIGH_WATER)?;
            socket.set_linger(LINGER_MS)?;
            socket.set_tcp_keepalive(1)?;
            socket.set_tcp_keepalive_idle(KEEPALIVE_IDLE_S)?;
            socket.bind(endpoint)?;
            Ok(socket)
        });
        let socket = socket.await?;
        #[expect(
            deprecated,
            reason = "its successor is `unsafe`; the socket owns its descriptor, and this owns the socket"
        )]
        let socket = AsyncFd::new(socket).context("failed to wait for subscribers")?;
        self.socket = Some(socket);
        Ok(())
    }

    /// Takes what the program has printed. After a pause, it is published at once.
    pub(super) fn take(&mut self, output: &mut BytesMut) {
        self.pending.extend_from_slice(&output.split());
        if self.pending.len() >= ENOUGH || Instant::now() >= self.last_sent + COALESCE {
            self.flush();
        }
    }

    /// Publishes a line of the runner's own, as a message.
    pub(super) fn say(&mut self, line: &str) {
        self.flush();
        self.pending.extend_from_slice(line.as_bytes());
        self.flush();
    }

    /// Undoes what a program has left behind that has ended before it could do so itself.
    pub(super) fn tidy(&mut self) {
        self.flush();
        self.pending.extend_from_slice(&self.screen.tidying());
        self.flush();
    }

    /// Changes the size of the screen that those see who come late.
    pub(super) fn resize(&mut self, size: WindowSize) {
        self.flush();
        self.screen.resize(size);
    }

    /// Waits for the next thing to do and does it, perhaps for ever. Cancel safe.
    pub(super) async fn step(&mut self) {
        tokio::select! {
            () = subscribed(self.socket.as_mut()) => {
                self.flush();
                self.redraw();
            }
            () = sleep_until(self.last_sent + COALESCE), if !self.pending.is_empty() => self.flush(),
            () = sleep_until(self.repair_at.unwrap_or_else(Instant::now)), if self.repair_at.is_some() => {
                self.flush();
                self.redraw();
                self.schedule_repair();
            }
        }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let output = self.pending.split();
        self.screen.process(&output);
        self.send(&output);
        let now = Instant::now();
        self.sent_in_a_row = if now < self.last_sent + QUIET { self.sent_in_a_row + 1 } else { 1 };
        self.last_sent = now;
        if self.sent_in_a_row >= BURST {
            self.sent_in_a_row = 0;
            self.repairs = REPAIRS.iter();
            self.schedule_repair();
        }
    }

    fn schedule_repair(&mut self) {
        self.repair_at = self.repairs.next().map(|pause| Instant::now() + *pause);
    }

    fn redraw(&mut self) {
        let drawing = self.screen.redraw();
        self.send(&drawing);
    }

    fn send(&self, bytes: &[u8]) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.get_ref().send(bytes, DONTWAIT) {
            tracing::debug!("failed to publish output: {error}");
        }
    }
}

/// Waits for a new subscriber, for ever where there is no socket. Cancel safe.
async fn subscribed(socket: Option<&mut AsyncFd<zmq::Socket>>) {
    let Some(socket) = socket else { return std::future::pending().await };
    loop {
        // The descriptor tells of changes, not of states, and sending takes its signal too: so it is asked first.
        match socket.get_ref().recv_multipart(DONTWAIT) {
            Ok(frames) if frames.first().and_then(|frame| frame.first()) == Some(&SUBSCRIBED) => return,
            Ok(_) => {}
            Err(_nothing) => match socket.readable_mut().await {
                Ok(mut guard) => guard.clear_ready(),
                Err(error) => {
                    tracing::warn!("subscribers are not noticed any more: {error}");
                    return std::future::pending().await;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU16;
    use vt100::Parser;

    #[tokio::test]
    async fn who_has_lost_output_sees_the_screen_in_the_end() {
        const LINES: i32 = 10 * SEND_HIGH_WATER;
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}", folder.path().join("out").display());
        let context = zmq::Context::new();
        let (rows, cols) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(80).unwrap());
        let mut broadcast = Broadcast::new(WindowSize { rows, cols });
        broadcast.bind(&context, &endpoint).await.unwrap();
        let slow = context.socket(SocketType::SUB).unwrap();
        slow.set_rcvhwm(1).unwrap();
        slow.set_rcvtimeo(10_000).unwrap();
        slow.set_subscribe(b"").unwrap();
        slow.connect(&endpoint).unwrap();
        // The screen is drawn for it.
        broadcast.step().await;
        for line in 1..=LINES {
            broadcast.say(&format!("{line:030}\r\n"));
        }
        let watched = tokio::task::spawn_blocking(move || {
            let mut parser = Parser::new(rows, cols, 0);
            let mut messages = 0;
            while !parser.screen().contents().ends_with(&format!("{LINES:030}")) {
                parser.process(&slow.recv_bytes(0).unwrap());
                messages += 1;
            }
            (messages, parser.screen().contents().lines().count())
        });
        tokio::pin!(watched);
        let (messages, lines) = loop {
            tokio::select! {
                watched = &mut watched => break watched.unwrap(),
                () = broadcast.step() => {}
            }
        };
        assert!(messages < LINES, "it has lost nothing");
        assert_eq!(lines, 23);
    }
}
