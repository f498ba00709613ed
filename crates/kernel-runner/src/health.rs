//! Where the daemon says how it is: beside its ZeroMQ sockets, because whoever reads there takes records from the agent.
//!
//! It is a Unix socket in the abstract namespace of the container's network, named after the endpoint of the requests: it
//! needs no file, so it works on a read-only root, and runners side by side do not meet. Whoever connects gets one line of
//! JSON, which has come through the dispatcher, and is sent away without being read from.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener as StdUnixListener};
use std::time::Duration;

use runner_core::Health;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;
use tokio::time::timeout;

/// How long one who asks may take: others wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);

/// The socket of the daemon that takes requests at `repl_in`. An endpoint may be longer than a name can be.
pub(crate) fn address(repl_in: &str) -> io::Result<SocketAddr> {
    let mut hasher = DefaultHasher::new();
    repl_in.hash(&mut hasher);
    SocketAddr::from_abstract_name(format!("kernel-runner-{:016x}", hasher.finish()))
}

/// Answers from now on whoever asks. Where that cannot be, the daemon serves without it.
pub(crate) fn listen(repl_in: &str, language: &'static str, health: Health) {
    match bind(repl_in) {
        Ok(listener) => {
            tokio::spawn(serve(listener, language, health));
        }
        Err(error) => tracing::warn!("`kernel-runner ping` gets no answer here: {error}"),
    }
}

fn bind(repl_in: &str) -> io::Result<UnixListener> {
    let listener = StdUnixListener::bind_addr(&address(repl_in)?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// One after another, so that user code that connects a thousand times costs no more than one that does once.
async fn serve(listener: UnixListener, language: &'static str, health: Health) {
    loop {
        let mut stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Without a free descriptor there is none in a moment either.
                tracing::debug!("ping: {error}");
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
        };
        let answer = async {
            let Some(snapshot) = health.snapshot().await else { return };
            let line = json!({
                "language": language,
                "version": env!("CARGO_PKG_VERSION"),
                "uptime": snapshot.uptime.as_secs_f64(),
                "running": snapshot.running.map(|kind| kind.request().name()),
                "waiting": snapshot.waiting,
            });
            // Who asked may have gone.
            let _ = stream.write_all(format!("{line}\n").as_bytes()).await;
        };
        // A dispatcher that is stuck is silent, and whoever asks is told by the end of the connection.
        let _ = timeout(PATIENCE, answer).await;
    }
}
