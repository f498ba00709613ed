use std::io;
use std::num::NonZeroU16;

use bytes::BytesMut;
use nix::sys::signal::Signal;
use pty_process::{OwnedReadPty, OwnedWritePty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::{Command, Environment, Group, OomWatch, Outcome};

/// How much of the program's output is read at once, in bytes. The kernel gives no more than 4 KiB.
const READ: usize = 8 * 1024;
/// How long the end of the output is waited for when the program has ended.
const DRAIN_PATIENCE: Duration = Duration::from_millis(100);
/// How long the program has to end after SIGHUP before it gets SIGKILL.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(1);

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowSize {
    pub(crate) rows: NonZeroU16,
    pub(crate) cols: NonZeroU16,
}

/// A program on a pseudo-terminal: it leads a session and a process group of its own, and the terminal is the one that
/// controls it.
pub(crate) struct PtyProgram {
    process: tokio::process::Child,
    group: Group,
    oom: OomWatch,
    keyboard: OwnedWritePty,
    /// Without it, nothing has the terminal open any more.
    display: Option<OwnedReadPty>,
}

/// What became of a [`PtyProgram::step`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum PtyEvent {
    /// Something was read or written.
    Moved,
    /// The program has ended, and all that it printed was read.
    Ended(Outcome),
}

/// Starts `command` on a new terminal of `size`.
pub(crate) fn spawn_on_pty(command: &Command, environment: &Environment, size: WindowSize) -> io::Result<PtyProgram> {
    let (terminal, program_end) = pty_process::open().map_err(in_io)?;
    terminal.resize(size.into()).map_err(in_io)?;
    let mut process = pty_process::Command::new(&command.program)
        .args(&command.args)
        .env_clear()
        .envs(command.environment(environment));
    if let Some(dir) = &command.dir {
        process = process.current_dir(dir);
    }
    let oom = OomWatch::start();
    let process = process.spawn(program_end).map_err(in_io)?;
    let group = Group::led_by(process.id().expect("a child that was not waited for has an id"));
    let (display, keyboard) = terminal.into_split();
    Ok(PtyProgram { process, group, oom, keyboard, display: Some(display) })
}

impl PtyProgram {
    /// The process that was started.
    pub(crate) fn leader(&self) -> i32 {
        self.group.leader()
    }

    /// Changes the terminal's size; the program gets SIGWINCH.
    pub(crate) fn resize(&self, size: WindowSize) -> io::Result<()> {
        self.keyboard.resize(size.into()).map_err(in_io)
    }

    /// Waits for the next thing to do and does it: writes of `typed`, reads into `output`, or learns of the program's end.
    /// Cancel safe.
    pub(crate) async fn step(&mut self, typed: &mut BytesMut, output: &mut BytesMut) -> PtyEvent {
        tokio::select! {
            () = read(&mut self.display, output) => PtyEvent::Moved,
            written = self.keyboard.write_buf(typed), if !typed.is_empty() => {
                if let Err(error) = written {
                    tracing::debug!("what was typed is dropped: {error}");
                    typed.clear();
                }
                PtyEvent::Moved
            }
            status = self.process.wait() => {
                self.drain(output).await;
                let status = status.unwrap_or_else(|error| {
                    tracing::warn!("failed to learn how the terminal's program ended: {error}");
                    std::process::ExitStatus::default()
                });
                PtyEvent::Ended(Outcome::new(status, &self.oom))
            }
        }
    }

    /// Reads what the program has left behind. Who is on the terminal still loses it with the program.
    async fn drain(&mut self, output: &mut BytesMut) {
        let patience = Instant::now() + DRAIN_PATIENCE;
        while self.display.is_some() && timeout_at(patience, read(&mut self.display, output)).await.is_ok() {}
    }

    /// Hangs up, and kills what does not end then.
    pub(crate) async fn end(mut self) {
        self.group.signal(Signal::SIGHUP);
        self.group.signal(Signal::SIGCONT);
        if timeout(HANG_UP_PATIENCE, self.process.wait()).await.is_err() {
            self.group.signal(Signal::SIGKILL);
            let _ = self.process.wait().await;
        }
    }
}

/// Reads once, for ever when there is nothing to read from.
async fn read(display: &mut Option<OwnedReadPty>, output: &mut BytesMut) {
    let Some(terminal) = display else { return std::future::pending().await };
    output.reserve(READ);
    match terminal.read_buf(output).await {
        Ok(1..) => {}
        // The kernel says so (EIO) when nobody has the other end open any more.
        Ok(0) | Err(_) => *display = None,
    }
}

fn in_io(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

impl From<WindowSize> for pty_process::Size {
    fn from(size: WindowSize) -> Self {
        Self::new(size.rows.get(), size.cols.get())
    }
}
