use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until};

use super::child::Output;
use super::display::{DisplaySocket, Shown};
use crate::outbox::{CHUNK, Outbox};
use crate::wire::Record;

/// How long output may be held back to be sent with what follows it. Whatever ends a stretch of output (the other stream, the
/// end of the query, a wait for input) sends it at once.
const COALESCE: Duration = Duration::from_millis(4);
/// Output of this size is sent without waiting for more.
const ENOUGH: usize = 64 * 1024;
/// The most that can lie in a pipe: what was written before an event is read within this many bytes after it.
const PIPE_BYTES: usize = 1024 * 1024;

/// How much is read at once of what tokio has not announced.
const UNANNOUNCED: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// Carries a child's output to the client: both pipes, in the order in which it is read, and what it shows, behind all that was
/// printed before.
///
/// All progress lives in the pump, so that a step may be cancelled anywhere and loses nothing.
pub(crate) struct Pump {
    outbox: Outbox,
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    display: Option<DisplaySocket>,
    /// What has come to be shown and was not sent yet.
    shown: Option<Shown>,
    /// Bytes of one stream, read and not sent yet.
    pending: BytesMut,
    pending_of: Stream,
    pending_since: Instant,
    last_output: Instant,
}

impl Pump {
    pub(crate) fn new(outbox: Outbox, output: Output) -> Self {
        let now = Instant::now();
        Self {
            outbox,
            stdout: Some(output.stdout),
            stderr: Some(output.stderr),
            display: output.display,
            shown: None,
            pending: BytesMut::new(),
            pending_of: Stream::Stdout,
            pending_since: now,
            last_output: now,
        }
    }

    /// Whether nobody can write to either pipe any more, and everything that came was read.
    pub(crate) fn is_closed(&self) -> bool {
        let is_showing = self.shown.is_some() || self.display.as_ref().is_some_and(|display| !display.is_idle());
        self.stdout.is_none() && self.stderr.is_none() && !is_showing
    }

    /// When the child last printed.
    pub(crate) fn last_output(&self) -> Instant {
        self.last_output
    }

    /// Waits for the next thing to do and does it: reads a little, or sends what was read. There is always something to wait
    /// for, perhaps for ever. Cancel safe.
    pub(crate) async fn step(&mut self) {
        if self.shown.is_some() {
            return self.show().await;
        }
        if self.pending.len() >= ENOUGH {
            return self.flush().await;
        }
        let hold_until = self.pending_since + COALESCE;
        let stream = tokio::select! {
            stream = readable(self.stdout.as_ref(), Stream::Stdout) => Some(stream),
            stream = readable(self.stderr.as_ref(), Stream::Stderr) => Some(stream),
            () = sleep_until(hold_until), if !self.pending.is_empty() => None,
            shown = shown(self.display.as_mut()) => {
                self.shown = Some(shown);
                return;
            }
        };
        match stream {
            Some(stream) => {
                if stream != self.pending_of {
                    self.flush().await;
                }
                self.read(stream);
            }
            None => self.flush().await,
        }
    }

    /// Sends everything that was written before this call, and as much of what comes meanwhile as fits a pipe. Cancel safe.
    pub(crate) async fn catch_up(&mut self) {
        self.catch_up_text().await;
        if let Some(display) = &mut self.display {
            display.accept();
        }
        self.show().await;
    }

    /// Sends what is to be shown, behind what was printed before.
    async fn show(&mut self) {
        if self.shown.is_none() {
            return;
        }
        self.catch_up_text().await;
        if let Some(shown) = &self.shown {
            self.outbox.send(shown.record.clone()).await;
            self.shown = None;
        }
    }

    async fn catch_up_text(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut budget = PIPE_BYTES;
            loop {
                if stream != self.pending_of || self.pending.len() >= ENOUGH {
                    self.flush().await;
                }
                let count = match self.read(stream) {
                    0 => self.read_unannounced(stream),
                    count => count,
                };
                if count == 0 || count >= budget {
                    break;
                }
                budget -= count;
            }
        }
        self.flush().await;
    }

    /// Carries on until nobody holds the pipes any more.
    pub(crate) async fn run_to_end(mut self) {
        while !self.is_closed() {
            self.step().await;
        }
        self.flush().await;
    }

    /// Reads once what there is, and tells how much that was. What is pending must be of the same stream, or nothing.
    fn read(&mut self, stream: Stream) -> usize {
        let end = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let Some(pipe) = end else { return 0 };
        if self.pending.capacity() - self.pending.len() < ENOUGH / 4 {
            self.pending.reserve(CHUNK);
        }
        let was_empty = self.pending.is_empty();
        match pipe.try_read_buf(&mut self.pending) {
            Ok(0) => *end = None,
            Ok(count) => {
                self.last_output = Instant::now();
                if was_empty {
                    self.pending_of = stream;
                    self.pending_since = self.last_output;
                }
                return count;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                tracing::warn!("failed to read a child's output: {error}");
                *end = None;
            }
        }
        0
    }

    /// Reads what tokio does not know of yet: it learns from its reactor that a pipe has data, and what was written just
    /// before another event may not have got there.
    fn read_unannounced(&mut self, stream: Stream) -> usize {
        let end = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        let Some(pipe) = end else { return 0 };
        let mut bytes = [0; UNANNOUNCED];
        // The end of the stream, or an error, is met again by the next ordinary read.
        let count = nix::unistd::read(pipe, &mut bytes).unwrap_or(0);
        if count > 0 {
            self.last_output = Instant::now();
            if self.pending.is_empty() {
                self.pending_of = stream;
                self.pending_since = self.last_output;
            }
            self.pending.extend_from_slice(&bytes[..count]);
        }
        count
    }

    /// Sends what is pending. Room comes first, so that a cancelled wait leaves it pending.
    async fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let place = self.outbox.reserve(self.pending.len()).await;
        let bytes: Bytes = self.pending.split().freeze();
        place.send(match self.pending_of {
            Stream::Stdout => Record::Stdout(bytes),
            Stream::Stderr => Record::Stderr(bytes),
        });
    }
}

/// Waits for something to show, for ever when there is no place for it.
async fn shown(display: Option<&mut DisplaySocket>) -> Shown {
    match display {
        Some(display) => display.next().await,
        None => std::future::pending().await,
    }
}

/// Waits until a stream can be read, for ever when it is closed.
async fn readable(pipe: Option<&pipe::Receiver>, stream: Stream) -> Stream {
    match pipe {
        Some(pipe) => {
            // An error is met again, and handled, by the read.
            let _ = pipe.readable().await;
            stream
        }
        None => std::future::pending().await,
    }
}
