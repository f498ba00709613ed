//! Where log lines go: always to standard error, and warnings to the client as well.

use std::env;
use std::fmt::{self, Write as _};
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use runner_core::ClientLog;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::LogFormat;

/// The crates that `--debug` is about.
const OURS: [&str; 2] = ["runner_core", "kernel_runner"];

#[derive(Debug)]
pub(crate) struct Logging {
    pub(crate) debug: bool,
    pub(crate) format: LogFormat,
}

/// Where the client's copy of a warning goes, from the moment on when there is a client to send to.
static CLIENT: OnceLock<(ClientLog, String)> = OnceLock::new();

impl Logging {
    /// Starts logging. `RUST_LOG` says what is logged; without it, warnings are, and all of ours with `--debug`.
    pub(crate) fn start(&self) {
        let ours = if self.debug { LevelFilter::DEBUG } else { LevelFilter::WARN };
        let usual = Targets::new().with_default(LevelFilter::WARN).with_targets(OURS.map(|name| (name, ours)));
        let filter = match env::var("RUST_LOG") {
            Ok(wanted) => wanted.parse().unwrap_or_else(|error| {
                eprintln!("kernel-runner: RUST_LOG={wanted}: {error}: ignored");
                usual
            }),
            Err(_) => usual,
        };
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Lines).with_ansi(false);
        let registry = tracing_subscriber::registry();
        match self.format {
            LogFormat::Text => {
                registry.with(lines.with_filter(filter)).with(ToClient.with_filter(LevelFilter::WARN)).init();
            }
            LogFormat::Json => {
                registry.with(lines.json().with_filter(filter)).with(ToClient.with_filter(LevelFilter::WARN)).init();
            }
        }
    }
}

/// Takes log lines from now on, until it is dropped. For who draws in the terminal and wants nobody to write into it.
pub(crate) fn aside() -> Aside {
    let (sender, lines) = mpsc::channel(LINES_ASIDE);
    *taker() = Some(sender);
    Aside(lines)
}

/// How many lines may wait for who takes them.
const LINES_ASIDE: usize = 256;

pub(crate) struct Aside(mpsc::Receiver<String>);

impl Aside {
    /// The next line, or several of them. Cancel safe.
    pub(crate) async fn next(&mut self) -> String {
        match self.0.recv().await {
            Some(lines) => lines,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        *taker() = None;
    }
}

fn taker() -> MutexGuard<'static, Option<mpsc::Sender<String>>> {
    static TAKER: Mutex<Option<mpsc::Sender<String>>> = Mutex::new(None);
    TAKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where log lines are written to.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &*taker() {
            // Who is too slow for so many lines does without the rest.
            Some(taker) => drop(taker.try_send(String::from_utf8_lossy(bytes).into_owned())),
            None => io::stderr().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Sends warnings and errors to the client from now on, with the prefix that the seed's had.
pub(crate) fn tell_client(log: ClientLog, language: &str) {
    // A second engine in one process has no client of its own.
    let _ = CLIENT.set((log, format!("{language}-kernel: ")));
}

struct ToClient;

impl<S: Subscriber> Layer<S> for ToClient {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if let Some((log, prefix)) = CLIENT.get() {
            let mut line = Line(prefix.clone());
            event.record(&mut line);
            log.send(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        written.expect("a String takes everything");
    }
}
