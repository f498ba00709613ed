use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep_until};

use super::{Answer, Input, InputMode, waiting};
use crate::process::Group;

/// A program that printed less long ago than this is not asked about.
const QUIET: Duration = Duration::from_millis(5);
/// The longest pause between two looks at a program that does not wait.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// A look that took this share of the pause before it makes the pause longer: at most 0.5 % of a core.
const COST_SHARE: u32 = 200;

/// Who is not let look this many times in a row never is.
const DENIALS: u32 = 8;

/// The runner's end of a child's standard input.
///
/// It is written to when the child waits for it, so that the client is asked at the right moment and nothing is left in
/// the pipe for another program to find.
pub(crate) struct Stdin {
    input: Arc<Input>,
    pipe: Option<pipe::Sender>,
    /// A read end of our own: to see whether the pipe is empty, and to empty it.
    reader: File,
    inode: u64,
    root: i32,
    unwritten: Bytes,
    asking: Option<Pin<Box<dyn Future<Output = Answer> + Send>>>,
    pause: Duration,
    next_look: Instant,
    /// How many looks in a row were not allowed.
    denials: u32,
}

/// What a step has found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StdinEvent {
    /// The child waits for input: send what it printed so far, then [`Stdin::ask`].
    Awaited,
    /// Something was passed on.
    Progress,
}

impl Stdin {
    pub(crate) fn new(input: Arc<Input>, pipe: pipe::Sender, child: Group) -> io::Result<Self> {
        // Opened anew, so that not to block is a property of this description and not of the child's.
        let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
        let reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let inode = reader.metadata()?.ino();
        Ok(Self {
            input,
            pipe: Some(pipe),
            reader,
            inode,
            root: child.leader(),
            unwritten: Bytes::new(),
            asking: None,
            pause: QUIET,
            next_look: Instant::now() + QUIET,
            denials: 0,
        })
    }

    /// Waits for the next thing to do and does it. Cancel safe.
    pub(crate) async fn step(&mut self, last_output: Instant) -> StdinEvent {
        loop {
            let Some(pipe) = &self.pipe else { return std::future::pending().await };
            if !self.unwritten.is_empty() {
                let _ = pipe.writable().await;
                match pipe.try_write(&self.unwritten) {
                    Ok(count) => self.unwritten.advance(count),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => self.pipe = None,
                }
                return StdinEvent::Progress;
            }
            if let Some(asking) = &mut self.asking {
                let answer = asking.await;
                self.asking = None;
                self.pass_on(answer);
                return StdinEvent::Progress;
            }
            if self.input.mode() == InputMode::Stream || LIMITED.load(Ordering::Relaxed) {
                let input = self.input.clone();
                self.asking = Some(Box::pin(async move { input.take().await }));
                continue;
            }
            sleep_until(self.next_look.max(last_output + QUIET)).await;
            if self.is_awaited() {
                return StdinEvent::Awaited;
            }
        }
    }

    /// Asks the client for what the child waits for.
    pub(crate) fn ask(&mut self) {
        let input = self.input.clone();
        self.asking = Some(Box::pin(async move { input.ask(false).await }));
    }

    /// Writes `text` in place of everything that nobody has read yet.
    pub(crate) fn put(&mut self, text: Bytes) {
        self.forget();
        self.unwritten = text;
    }

    /// Whether there is something left to write.
    pub(crate) fn is_writing(&self) -> bool {
        self.pipe.is_some() && !self.unwritten.is_empty()
    }

    /// Tells the child that there is no input.
    pub(crate) fn close(&mut self) {
        self.pipe = None;
    }

    /// The program that was asked about is over: its question is dropped, and so is what it left unread.
    pub(crate) fn forget(&mut self) {
        self.asking = None;
        self.unwritten = Bytes::new();
        self.pause = QUIET;
        let mut rest = [0; 4096];
        while matches!((&self.reader).read(&mut rest), Ok(count) if count > 0) {}
    }

    fn pass_on(&mut self, answer: Answer) {
        match answer {
            Answer::Text(text) if self.input.mode() == InputMode::Stream => self.unwritten = text,
            Answer::Text(text) => {
                let mut line = BytesMut::from(&text[..]);
                line.extend_from_slice(b"\n");
                self.unwritten = line.freeze();
            }
            Answer::End => self.pipe = None,
        }
        self.pause = QUIET;
        self.next_look = Instant::now() + self.pause;
    }

    /// Looks whether the child waits, and decides when to look again.
    fn is_awaited(&mut self) -> bool {
        let begin = processor_time();
        let awaited = self.is_empty() && self.look();
        let cost = processor_time().saturating_sub(begin);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE).max(cost * COST_SHARE);
        self.next_look = Instant::now() + self.pause;
        awaited
    }

    /// A program that is just being started or ended cannot be looked at for a moment, and that is no limit.
    fn look(&mut self) -> bool {
        let result = waiting::is_awaited(self.root, self.inode);
        self.denials = if result.is_err() { self.denials + 1 } else { 0 };
        result.unwrap_or_else(|error| self.denials >= DENIALS && say_limited(&error))
    }

    fn is_empty(&self) -> bool {
        let mut ends = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut ends, PollTimeout::ZERO);
        let has_data = ends[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN));
        ready.is_ok() && !has_data
    }
}

/// What this thread has used of a processor: on a busy machine, a look takes longer than it costs.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// Whether this kernel hides what a process waits for. It does so for every process alike, so it is said and tried once.
static LIMITED: AtomicBool = AtomicBool::new(false);

fn say_limited(error: &io::Error) -> bool {
    if !LIMITED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "interactive input is limited: {error} on /proc/PID/task/TID/syscall, so the runner cannot see when a \
             program waits; input is passed on as it comes. To allow it, give the container the capability SYS_PTRACE \
             (docker run --cap-add SYS_PTRACE), or set kernel.yama.ptrace_scope below 3"
        );
    }
    false
}
