//! A container of one of our images, and a client that speaks to its ports.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use zmq::{Socket, SocketType};

use crate::client::{Record, connect, receive};
use crate::shell::Run;

/// How long a state of the container is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A container that runs. It goes with this value.
pub(crate) struct Container<'a> {
    docker: &'a dyn Fn(&[&str]) -> Run,
    id: String,
    sockets: Option<(Socket, Socket)>,
}

/// What came of one request.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) exit_code: i64,
}

impl<'a> Container<'a> {
    /// Starts a container of an image, with these options of `docker run`.
    pub(crate) fn start(docker: &'a dyn Fn(&[&str]) -> Run, image: &str, options: &[&str]) -> Result<Self> {
        let id = docker(&["run", "--detach"]).args(options).args([image]).read()?.trim().to_owned();
        let mut container = Self { docker, id, sockets: None };
        let address = container.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")?;
        let context = zmq::Context::new();
        let endpoint = |port: u16| format!("tcp://{address}:{port}");
        let requests = connect(&context, SocketType::PUSH, &endpoint(2000))?;
        container.sockets = Some((requests, connect(&context, SocketType::PULL, &endpoint(2001))?));
        Ok(container)
    }

    /// What the engine knows of it, in a format of `docker inspect`.
    pub(crate) fn inspect(&self, format: &str) -> Result<String> {
        Ok((self.docker)(&["inspect", "--format", format, &self.id]).read()?.trim().to_owned())
    }

    /// Waits until what the engine knows of it is this.
    pub(crate) fn wait_for(&self, format: &str, wanted: &str) -> Result<()> {
        let since = Instant::now();
        loop {
            let now = self.inspect(format)?;
            if now == wanted {
                return Ok(());
            }
            if since.elapsed() > PATIENCE {
                bail!("{format} was to become {wanted}, and is {now}; the container says:\n{}", self.log());
            }
            thread::sleep(PAUSE);
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Its process 1, as this machine numbers it.
    pub(crate) fn process(&self) -> Result<u32> {
        self.inspect("{{.State.Pid}}")?.parse().context("the engine names no process")
    }

    pub(crate) fn send(&self, kind: &str, payload: &str) -> Result<()> {
        let (requests, _) = self.sockets.as_ref().context("the container is not connected")?;
        Ok(requests.send_multipart([kind, payload], 0)?)
    }

    pub(crate) fn receive(&self) -> Result<Record> {
        let (_, records) = self.sockets.as_ref().context("the container is not connected")?;
        receive(records).with_context(|| format!("the container says:\n{}", self.log()))
    }

    /// Sends a request and reads up to its end.
    pub(crate) fn ask(&self, kind: &str, payload: &str) -> Result<Outcome> {
        self.send(kind, payload)?;
        let mut outcome = Outcome::default();
        loop {
            let record = self.receive()?;
            match record.kind.as_str() {
                "stdout" => outcome.stdout += &record.text(),
                "stderr" => outcome.stderr += &record.text(),
                _ => {}
            }
            if let Some(exit_code) = record.exit_code() {
                outcome.exit_code = exit_code;
                return Ok(outcome);
            }
        }
    }

    /// Ends it as an engine does, and tells its exit code and how long it took.
    pub(crate) fn stop(&self, grace: Duration) -> Result<(String, Duration)> {
        let since = Instant::now();
        (self.docker)(&["stop", "--time", &grace.as_secs().to_string(), &self.id]).quiet()?;
        Ok((self.inspect("{{.State.ExitCode}}")?, since.elapsed()))
    }

    fn log(&self) -> String {
        (self.docker)(&["logs", &self.id]).read_all().unwrap_or_default()
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = (self.docker)(&["rm", "--force", "--volumes", &self.id]).quiet();
    }
}
