use std::io;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};

use command_fds::{CommandFdExt as _, FdMapping};
use nix::fcntl::{FcntlArg, fcntl};
use tokio::net::unix::pipe;

use super::display::DisplaySocket;
use super::{Command, Environment, Group, OomWatch, Outcome};

/// How much a child may write ahead of its reader, where the kernel allows it. Fewer, larger reads carry more.
const STDOUT_PIPE_BYTES: i32 = 1024 * 1024;

/// A running child, leader of its own process group.
#[derive(Debug)]
pub(crate) struct Child {
    process: tokio::process::Child,
    group: Group,
    oom: OomWatch,
}

/// The runner's ends of what connects it with a child.
pub(crate) struct Pipes {
    pub(crate) stdin: pipe::Sender,
    pub(crate) output: Output,
}

/// Where all comes from that a child puts out.
pub(crate) struct Output {
    pub(super) stdout: pipe::Receiver,
    pub(super) stderr: pipe::Receiver,
    /// Without a place for temporary files there is none.
    pub(super) display: Option<DisplaySocket>,
}

/// Starts `command` in a process group of its own, its standard streams on pipes, `extra` at the descriptors named there.
pub(crate) fn spawn(
    command: &Command,
    environment: &Environment,
    extra: Vec<(OwnedFd, i32)>,
) -> io::Result<(Child, Pipes)> {
    let (stdin_reader, stdin) = io::pipe()?;
    let (stdout, stdout_writer) = io::pipe()?;
    let (stderr, stderr_writer) = io::pipe()?;
    // Without the privilege, or past the user's share of pipe memory, the default size does as well.
    let _ = fcntl(&stdout, FcntlArg::F_SETPIPE_SZ(STDOUT_PIPE_BYTES));

    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    let mut process = tokio::process::Command::new(&command.program);
    process
        .args(&command.args)
        .env_clear()
        .envs(command.environment(environment))
        .stdin(Stdio::from(stdin_reader))
        .stdout(Stdio::from(stdout_writer))
        .stderr(Stdio::from(stderr_writer))
        .process_group(0);
    let display = DisplaySocket::bind().inspect_err(|error| tracing::info!("programs can show nothing: {error}")).ok();
    if let Some(display) = &display {
        process.env(DisplaySocket::VARIABLE, display.path());
    }
    if let Some(dir) = &command.dir {
        process.current_dir(dir);
    }
    if !extra.is_empty() {
        let mappings = extra.into_iter().map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd }).collect();
        process.fd_mappings(mappings).map_err(|collision| io::Error::other(collision.to_string()))?;
    }
    let oom = OomWatch::start();
    let process = process.spawn()?;
    let group = Group::led_by(process.id().expect("a child that was not waited for has an id"));
    let pipes = Pipes {
        stdin: pipe::Sender::from_owned_fd(stdin.into())?,
        output: Output {
            stdout: pipe::Receiver::from_owned_fd(stdout.into())?,
            stderr: pipe::Receiver::from_owned_fd(stderr.into())?,
            display,
        },
    };
    Ok((Child { process, group, oom }, pipes))
}

impl Child {
    pub(crate) fn group(&self) -> Group {
        self.group
    }

    /// Waits until the child has ended and reaps it. Cancel safe.
    pub(crate) async fn wait(&mut self) -> Outcome {
        let status = self.process.wait().await.unwrap_or_else(|error| {
            // Somebody else reaped it: its end is certain, its code is not known.
            tracing::warn!("failed to learn how a child ended: {error}");
            ExitStatus::default()
        });
        Outcome::new(status, &self.oom)
    }
}
