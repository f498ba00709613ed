//! A daemon in a container: the suite against an image, which is given the least that a container can be given.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::patience::{PATIENCE, wait_until};

/// Names the image to test, instead of the running executable.
const IMAGE: &str = "TESTKIT_IMAGE";
/// Names the program that runs containers: `docker`, unless it is set.
const ENGINE: &str = "TESTKIT_ENGINE";
/// The containers' network. Nobody but this machine is in it.
const NETWORK: &str = "runner-testkit";
/// How long a container may take to end before the engine kills it.
const GRACE: Duration = Duration::from_secs(10);
const MEMORY: &str = "1g";
const PROCESSES: &str = "256";

/// The image to test, where there is one.
pub(crate) fn image() -> Option<String> {
    env::var(IMAGE).ok().filter(|image| !image.is_empty())
}

/// A container that is being started, runs or has ended.
#[derive(Debug)]
pub(crate) struct Container {
    name: String,
    image: String,
    running: OnceLock<Running>,
}

/// What is known of a container that runs.
#[derive(Debug)]
struct Running {
    pid: i32,
    address: String,
}

impl Container {
    /// The container, and the command that runs it as its image says; `folder` holds the directories `work`, `tmp` and `config`.
    pub(crate) fn new(image: &str, folder: &Path, mark: (&str, &str)) -> (Self, Command) {
        static HAS_NETWORK: OnceLock<()> = OnceLock::new();
        // Who comes second finds it there, and that is no failure.
        HAS_NETWORK.get_or_init(|| drop(engine(&["network", "create", "--internal", NETWORK])));
        let name = format!("testkit-{}", mark.1);
        let mut command = Command::new(program());
        command.args(["run", "--rm", "--name", &name, "--network", NETWORK, "--read-only", "--cap-drop", "ALL"]);
        command.args(["--security-opt", "no-new-privileges", "--memory", MEMORY, "--pids-limit", PROCESSES]);
        for (directory, path) in [("work", "/home/work"), ("tmp", "/tmp"), ("config", "/home/config:ro")] {
            let directory = folder.join(directory);
            // The image's user is another one.
            fs::set_permissions(&directory, Permissions::from_mode(0o777)).expect("failed to open a directory to all");
            command.arg("--volume").arg(format!("{}:{path}", directory.display()));
        }
        command.arg("--env").arg(format!("{}={}", mark.0, mark.1));
        command.args(["--env", "KERNEL_RUNNER_USER_INPUT=none", image]);
        (Self { name, image: image.to_owned(), running: OnceLock::new() }, command)
    }

    /// Its process 1, as this machine numbers it.
    pub(crate) fn pid(&self) -> i32 {
        self.running().pid
    }

    /// The endpoint of one of its ports.
    pub(crate) fn endpoint(&self, port: u16) -> String {
        format!("tcp://{}:{port}", self.running().address)
    }

    /// Ends it as an engine does: with its signal, and by force when its time is over.
    pub(crate) fn stop(&self) {
        engine(&["stop", "--time", &GRACE.as_secs().to_string(), &self.name]);
    }

    /// Ends it by force, if it is there.
    pub(crate) fn remove(&self) {
        engine(&["rm", "--force", &self.name]);
    }

    fn running(&self) -> &Running {
        self.running.get_or_init(|| {
            wait_until(PATIENCE, || self.inspect()).unwrap_or_else(|| panic!("no container of {} comes up", self.image))
        })
    }

    fn inspect(&self) -> Option<Running> {
        let format = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let output = engine(&["inspect", "--format", format, &self.name]);
        let text = String::from_utf8_lossy(&output.stdout);
        let (pid, address) = text.trim().split_once(' ')?;
        let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
        Some(Running { pid, address: address.to_owned() })
    }
}

fn program() -> String {
    env::var(ENGINE).unwrap_or_else(|_| "docker".into())
}

fn engine(arguments: &[&str]) -> Output {
    let output = Command::new(program()).args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("failed to run {}: {error}", program()))
}
