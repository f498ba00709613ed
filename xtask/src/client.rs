//! A daemon of our own, and a client that speaks to it as an agent does.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use zmq::{Socket, SocketType};

/// How long a record is waited for.
const PATIENCE_MS: i32 = 20_000;
/// How long a daemon may take to end.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// Where a daemon listens.
#[derive(Clone, Copy)]
pub(crate) enum Transport {
    Tcp,
    Ipc,
}

/// A running daemon in a folder of its own, and the client's two sockets. It ends with this value.
pub(crate) struct Daemon {
    child: Child,
    folder: TempDir,
    requests: Socket,
    records: Socket,
}

/// One record: its type and its payload.
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) payload: Vec<u8>,
}

impl Record {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }

    /// The exit code, when this record ends a request.
    pub(crate) fn exit_code(&self) -> Option<i64> {
        if !matches!(self.kind.as_str(), "finished" | "build-finished" | "clean-finished") {
            return None;
        }
        let payload: Value = serde_json::from_slice(&self.payload).unwrap_or_default();
        Some(payload["exitCode"].as_i64().unwrap_or_default())
    }
}

impl Daemon {
    /// Connects first and starts the daemon then, so that the first request waits for it in the client.
    pub(crate) fn start(binary: &Path, language: &str, runtime: Option<&Path>, transport: Transport) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("kernel-runner-").tempdir()?;
        let [repl_in, repl_out] = endpoints(transport, folder.path())?;
        let context = zmq::Context::new();
        let requests = connect(&context, SocketType::PUSH, &repl_in)?;
        let records = connect(&context, SocketType::PULL, &repl_out)?;
        let child = Command::new(binary)
            .arg(language)
            .args(runtime)
            .args(["--repl-in", &repl_in, "--repl-out", &repl_out, "--user-input", "none"])
            .arg("--work-dir")
            .arg(folder.path())
            .arg("--config-dir")
            .arg(folder.path())
            .env_remove("PYTHONUNBUFFERED")
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start {}", binary.display()))?;
        Ok(Self { child, folder, requests, records })
    }

    pub(crate) fn work_dir(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&self, kind: &str, payload: &str) -> Result<()> {
        Ok(self.requests.send_multipart([kind, payload], 0)?)
    }

    pub(crate) fn receive(&self) -> Result<Record> {
        receive(&self.records)
    }

    /// Sends a request and takes its records up to the one that ends it: the exit code.
    pub(crate) fn finish(&self, kind: &str, payload: &str) -> Result<i64> {
        self.send(kind, payload)?;
        loop {
            if let Some(exit_code) = self.receive()?.exit_code() {
                return Ok(exit_code);
            }
        }
    }

    /// Runs a query, which must succeed, and tells how long that took.
    pub(crate) fn time(&self, code: &str) -> Result<Duration> {
        let begin = Instant::now();
        match self.finish("code", code)? {
            0 => Ok(begin.elapsed()),
            exit_code => bail!("`{code}` ended with {exit_code}"),
        }
    }

    /// Asks the daemon to end, as a container's end does, and tells whether it ended well.
    pub(crate) fn end(mut self) -> Result<bool> {
        self.terminate();
        let patience = Instant::now() + END_PATIENCE;
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("the daemon did not end within {} s of SIGTERM", END_PATIENCE.as_secs())
    }

    fn terminate(&self) {
        if let Ok(process) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            let _ = self.child.wait();
        }
    }
}

/// The next record.
pub(crate) fn receive(records: &Socket) -> Result<Record> {
    let frames = records.recv_multipart(0).context("the daemon does not answer")?;
    let Ok([kind, payload]) = <[Vec<u8>; 2]>::try_from(frames) else { bail!("a message that has not two frames") };
    Ok(Record { kind: String::from_utf8_lossy(&kind).into_owned(), payload })
}

/// Two endpoints that nobody uses.
pub(crate) fn endpoints(transport: Transport, folder: &Path) -> Result<[String; 2]> {
    Ok(match transport {
        Transport::Ipc => ["in", "out"].map(|name| format!("ipc://{}", folder.join(name).display())),
        Transport::Tcp => {
            // Both are held until both are known: a port that was let go of may be given out again.
            let held = [TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?];
            let [first, second] = &held;
            [first.local_addr()?, second.local_addr()?].map(|address| format!("tcp://{address}"))
        }
    })
}

pub(crate) fn connect(context: &zmq::Context, kind: SocketType, endpoint: &str) -> Result<Socket> {
    let socket = context.socket(kind)?;
    socket.set_linger(0)?;
    socket.set_reconnect_ivl(1)?;
    socket.set_rcvtimeo(PATIENCE_MS)?;
    socket.connect(endpoint).with_context(|| format!("failed to connect to {endpoint}"))?;
    Ok(socket)
}

/// Sends messages of two frames as fast as libzmq can.
pub(crate) fn raw_push(endpoint: &str, message_bytes: usize, messages: usize) -> Result<()> {
    let socket = zmq::Context::new().socket(SocketType::PUSH)?;
    socket.bind(endpoint)?;
    let payload = vec![0_u8; message_bytes];
    for _ in 0..messages {
        socket.send_multipart([&b"stdout"[..], &payload], 0)?;
    }
    Ok(())
}

/// The binary that a build of `profile` has made.
pub(crate) fn binary(profile: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::shell::root().join("target"), PathBuf::from);
    target.join(profile).join("kernel-runner")
}
