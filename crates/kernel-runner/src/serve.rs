//! `kernel-runner LANG`: the daemon on the Backend.AI wire.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use runner_core::{
    BindError, Engine, EngineConfig, Environment, Init, InputMode, QueryMode, Registration, Settings, SideChannels,
    Sockets, TerminalEndpoints, under_init,
};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Address, Choices, QUERY_MODE, Serve};
use crate::logging::{self, Logging};
use crate::{Failure, health, runtime};

const DEFAULT_REPL_IN: u64 = 2000;
const DEFAULT_REPL_OUT: u64 = 2001;
const DEFAULT_TERM_IN: u64 = 2002;
const DEFAULT_TERM_OUT: u64 = 2003;
const DEFAULT_USER_INPUT: [&str; 2] = ["tcp://127.0.0.1:65000", "ipc:///tmp/bai-user-input.sock"];

pub(crate) fn serve(options: Serve, choices: Choices, logging: &Logging) -> Result<ExitCode, Failure> {
    let language = options.language.as_deref().unwrap_or_default();
    let registration = Registration::find(language).map_err(Failure::usage)?;
    let work_dir = options.work_dir.canonicalize().ok().filter(|path| path.is_dir()).ok_or_else(|| {
        let path = options.work_dir.display();
        Failure::usage(anyhow!("the working directory {path} does not exist: make it, or name another with --work-dir"))
    })?;
    if !under_init() {
        match Init::start() {
            Ok(init) => return Ok(init.serve()),
            // Without /proc there is no way to start this program anew: it serves without a parent.
            Err(error) => eprintln!("kernel-runner: no init process: {error}"),
        }
    }
    logging.start();
    let runtime = runtime()?;
    runtime.block_on(daemon(options, choices, registration, work_dir.as_path()))?;
    tracing::debug!("exit");
    Ok(ExitCode::SUCCESS)
}

async fn daemon(
    options: Serve,
    choices: Choices,
    registration: &'static Registration,
    work_dir: &Path,
) -> Result<(), Failure> {
    let ports = options.address.ports();
    let endpoint = |given: &Option<String>, name: &str, default: u64| {
        options.address.endpoint(&ports, given.as_deref(), name, default).map_err(Failure::usage)
    };
    let repl_in = endpoint(&options.address.repl_in, "replin", DEFAULT_REPL_IN)?;
    let repl_out = endpoint(&options.repl_out, "replout", DEFAULT_REPL_OUT)?;
    let terminal = TerminalEndpoints {
        input: endpoint(&options.term_in, "termin", DEFAULT_TERM_IN)?,
        output: endpoint(&options.term_out, "termout", DEFAULT_TERM_OUT)?,
    };
    // Taken before anything is started, so that a signal is never without a handler.
    let stop = stop_signal().map_err(Failure::software)?;
    let sockets = Sockets::bind(&repl_in, &repl_out).await.map_err(Failure::io)?;
    let side_channels = side_channels(options.user_input.as_deref()).await.map_err(Failure::io)?;

    let mut environment = Environment::inherited();
    environment.read(&options.address.config_dir.join("environ.txt"));
    environment.complete(work_dir);
    let query_mode = options.query.unwrap_or_else(|| query_mode(&environment));
    let config = EngineConfig {
        registration,
        settings: Settings {
            work_dir: work_dir.to_owned(),
            build_dir: None,
            sources: None,
            environment,
            runtime_path: options.runtime_path,
            query_mode,
            choices,
            terminal: Some(terminal),
            cache: options.cached.used(),
        },
        input: InputMode::Ask,
        side_channels,
    };
    let (engine, records) = Engine::start(config).await.map_err(start_failure)?;
    logging::tell_client(engine.client_log(), registration.name);
    health::listen(&repl_in, registration.name, engine.health());
    tracing::debug!("serving {} at {repl_in} and {repl_out}", registration.name);
    sockets.serve(engine, records, options.completion_format, stop).await;
    Ok(())
}

/// A language without a terminal of its own never binds the terminal's sockets, so only its start tells whether they are free.
fn start_failure(error: anyhow::Error) -> Failure {
    if error.is::<BindError>() { Failure::io(error) } else { Failure::software(error) }
}

/// The mode that the session's environment asks for.
fn query_mode(environment: &Environment) -> QueryMode {
    let Some(name) = environment.get(QUERY_MODE) else { return QueryMode::default() };
    name.to_string_lossy().parse().unwrap_or_else(|error| {
        tracing::warn!("{QUERY_MODE}: {error}");
        QueryMode::default()
    })
}

/// Comes true when the runner is told to end.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut signals =
        [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?];
    Ok(async move {
        let [terminate, interrupt, hangup] = &mut signals;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
        tracing::debug!("shutting down");
    })
}

impl Address {
    /// Where requests come in.
    pub(crate) fn repl_in(&self) -> anyhow::Result<String> {
        self.endpoint(&self.ports(), self.repl_in.as_deref(), "replin", DEFAULT_REPL_IN)
    }

    /// Where a socket listens: as the user says, or else as the agent does, or else at the default.
    fn endpoint(&self, ports: &Value, given: Option<&str>, name: &str, default: u64) -> anyhow::Result<String> {
        endpoint(&self.bind, given, name, ports.get(name).and_then(Value::as_u64).unwrap_or(default))
    }

    /// The ports that the agent has chosen. A missing file is normal.
    fn ports(&self) -> Value {
        let file = self.config_dir.join("intrinsic-ports.json");
        let Ok(text) = fs::read(&file) else { return Value::Null };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!("{}: {error}: its ports are not used", file.display());
            Value::Null
        })
    }
}

/// Makes a ZeroMQ endpoint of what the user gave: all of it, only a port, or nothing.
fn endpoint(bind: &str, given: Option<&str>, name: &str, default_port: u64) -> anyhow::Result<String> {
    let port = match given {
        Some(endpoint) if endpoint.contains("://") => return Ok(endpoint.to_owned()),
        Some(port) => port
            .parse::<u16>()
            .map_err(|_| anyhow!("{port:?} is no port and no endpoint (tcp://HOST:PORT, ipc://PATH)"))?
            .into(),
        None => default_port,
    };
    match bind.strip_prefix("ipc://") {
        Some(folder) => Ok(format!("ipc://{folder}/{name}")),
        None => Ok(format!("tcp://{}:{port}", bind.trim_start_matches("tcp://"))),
    }
}

/// Opens the side channels. Those that were asked for must be had; of the usual ones, a taken one is another runner's.
async fn side_channels(wanted: Option<&[String]>) -> anyhow::Result<SideChannels> {
    let mut channels = SideChannels::default();
    let endpoints: Vec<&str> = match wanted {
        Some(wanted) => wanted.iter().map(String::as_str).filter(|endpoint| *endpoint != "none").collect(),
        None => DEFAULT_USER_INPUT.to_vec(),
    };
    for endpoint in endpoints {
        let bound = match endpoint.strip_prefix("ipc://").or(endpoint.starts_with('/').then_some(endpoint)) {
            Some(path) => channels.bind_unix(Path::new(path)),
            None => channels.bind_tcp(endpoint.trim_start_matches("tcp://")).await,
        };
        match bound.with_context(|| format!("failed to open the side channel {endpoint}")) {
            Err(error) if wanted.is_some() => return Err(error),
            Err(error) => tracing::warn!("{error:#}: another runner has it; programs of old images get no input here"),
            Ok(()) => {}
        }
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn an_endpoint_is_made_of_whatever_is_given() {
        let endpoint = |bind, given| endpoint(bind, given, "replin", 2000).map_err(|error| error.to_string());
        assert_eq!(endpoint("*", None).unwrap(), "tcp://*:2000");
        assert_eq!(endpoint("127.0.0.1", Some("7000")).unwrap(), "tcp://127.0.0.1:7000");
        assert_eq!(endpoint("tcp://127.0.0.1", None).unwrap(), "tcp://127.0.0.1:2000");
        assert_eq!(endpoint("ipc:///run/x", None).unwrap(), "ipc:///run/x/replin");
        assert_eq!(endpoint("*", Some("ipc:///run/in")).unwrap(), "ipc:///run/in");
        assert!(endpoint("*", Some("in")).unwrap_err().contains("no port"));
    }
}
