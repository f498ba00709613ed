//! A runner's daemon under test.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::container::{Container, image};
use crate::patience::{PATIENCE, wait_until};
use crate::processes::{self, Process};

/// Set in the environment of every daemon of the kit, and so in that of all its children: a conformance binary that finds it
/// set is the daemon, and whatever carries its value is the daemon's.
pub(crate) const MARK: &str = "TESTKIT_DAEMON";

/// How long a daemon may take to end.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// A running daemon, on endpoints, a working directory and a temporary directory of its own. Dropping it kills it and
/// everything that it started.
#[derive(Debug)]
pub struct Daemon {
    /// The daemon, or the program that runs its container.
    child: Child,
    container: Option<Container>,
    folder: TempDir,
    mark: String,
    log: DaemonLog,
}

/// How a daemon is to be started.
#[derive(Debug)]
pub struct DaemonOptions {
    program: PathBuf,
    language: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: TempDir,
    user_input: bool,
    endpoints: bool,
    /// What to run a container of, instead of the program.
    image: Option<String>,
}

/// What a daemon has written to its standard error so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct DaemonLog(Arc<Mutex<String>>);

impl Daemon {
    /// Starts `program` as the daemon of `language`.
    pub fn of(program: impl Into<PathBuf>, language: &str) -> Self {
        Self::options(program, language).start()
    }

    /// Starts the running test executable anew as the daemon of `language`, or, where `TESTKIT_IMAGE` names an image, a
    /// container of it. The executable's `main` must be that of [`conformance!`](crate::conformance!).
    ///
    /// # Panics
    /// When the executable has no path.
    #[must_use]
    pub fn of_this_test(language: &str) -> Self {
        let options = Self::options(env::current_exe().expect("a test executable has a path"), language);
        DaemonOptions { image: image(), ..options }.start()
    }

    /// Prepares to start `program` as the daemon of `language`.
    ///
    /// # Panics
    /// When there is no room for its folder.
    pub fn options(program: impl Into<PathBuf>, language: &str) -> DaemonOptions {
        let folder =
            tempfile::Builder::new().prefix("testkit-").tempdir().expect("failed to make a temporary directory");
        for name in ["work", "config", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("failed to make a directory for the daemon");
        }
        DaemonOptions {
            program: program.into(),
            language: language.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder,
            user_input: false,
            endpoints: true,
            image: None,
        }
    }

    /// The id of the process that was started; of a container, that of its process 1.
    ///
    /// # Panics
    /// When the container does not come up.
    #[must_use]
    pub fn pid(&self) -> i32 {
        if let Some(container) = &self.container {
            return container.pid();
        }
        i32::try_from(self.child.id()).expect("Linux's process ids are below 2^22")
    }

    /// The id of the process that serves: the daemon is a child of a small init process.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn serving_pid(&self) -> i32 {
        let bound = || self.is_bound().then_some(());
        wait_until(PATIENCE, bound)
            .unwrap_or_else(|| panic!("the daemon does not come up; it said:\n{}", self.stderr()));
        let mut children =
            processes::descendants(self.pid()).into_iter().filter(|process| process.parent == self.pid());
        children.next().map_or_else(|| self.pid(), |process| process.pid)
    }

    fn is_bound(&self) -> bool {
        match &self.container {
            Some(_) => TcpStream::connect(self.endpoint("out").trim_start_matches("tcp://")).is_ok(),
            None => self.folder.path().join("out").exists(),
        }
    }

    /// Where code runs.
    #[must_use]
    pub fn work_dir(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The daemon's `TMPDIR`.
    #[must_use]
    pub fn temp_dir(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The folder that holds the endpoints `in`, `out`, `termin` and `termout`, and the folders `work`, `config` and `tmp`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The environment entry (`NAME=VALUE`) that every process of this daemon carries.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{MARK}={}", self.mark)
    }

    /// What it has written to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.log.text()
    }

    pub(crate) fn log(&self) -> DaemonLog {
        self.log.clone()
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        match (&self.container, name) {
            (Some(container), "in") => container.endpoint(2000),
            (Some(container), "termin") => container.endpoint(2002),
            (Some(container), "termout") => container.endpoint(2003),
            (Some(container), _) => container.endpoint(2001),
            (None, _) => format!("ipc://{}", self.folder.path().join(name).display()),
        }
    }

    /// How many processes of this daemon have ended without being waited for.
    #[must_use]
    pub fn zombies(&self) -> usize {
        processes::descendants(self.pid()).iter().filter(|process| process.is_zombie).count()
    }

    /// Ends the daemon with SIGTERM.
    ///
    /// # Panics
    /// When it takes longer than ten seconds, exits with something else than 0 or leaves a process behind.
    pub fn terminate(&mut self) {
        let processes = processes::descendants(self.pid());
        match &self.container {
            Some(container) => container.stop(),
            None => {
                kill(Pid::from_raw(self.pid()), Signal::SIGTERM).expect("the daemon had ended before its SIGTERM");
            }
        }
        let status = self.wait(SHUTDOWN_PATIENCE);
        assert_eq!(status, Some(0), "exit code after SIGTERM; the daemon said:\n{}", self.stderr());
        self.assert_nothing_is_left(&processes);
    }

    /// Waits for the daemon's end; nothing when it does not come.
    ///
    /// # Panics
    /// When a signal ended it.
    pub fn wait(&mut self, patience: Duration) -> Option<i32> {
        let ended = wait_until(patience, || self.child.try_wait().expect("the daemon is a child of this process"));
        ended.map(|status| {
            status.code().unwrap_or_else(|| panic!("the daemon was killed: {status}\n{}", self.log.text()))
        })
    }

    fn assert_nothing_is_left(&self, before: &[Process]) {
        let left: Vec<i32> = before.iter().filter(|process| process.is_left()).map(|process| process.pid).collect();
        let marked = processes::with_mark(&self.mark());
        assert!(left.is_empty() && marked.is_empty(), "the daemon has left processes behind: {left:?} {marked:?}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(container) = &self.container {
            container.remove();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in processes::with_mark(&self.mark()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

impl DaemonOptions {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable of the daemon.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Leaves it to the caller's arguments where the side channels are, if anywhere.
    #[must_use]
    pub fn own_user_input(mut self) -> Self {
        self.user_input = true;
        self
    }

    /// Leaves it to the caller's arguments and files where the sockets are.
    #[must_use]
    pub fn own_endpoints(mut self) -> Self {
        self.endpoints = false;
        self
    }

    /// The daemon's folder, before it starts: see [`Daemon::folder`].
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, named by its path in the daemon's folder.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(path), text).expect("failed to write a file for the daemon");
        self
    }

    /// Starts it. Clients may connect at once.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[must_use]
    pub fn start(self) -> Daemon {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mark = format!("{}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = self.folder.path();
        let (container, mut command) = match &self.image {
            Some(image) => {
                let (container, command) = Container::new(image, folder, (MARK, &mark));
                (Some(container), command)
            }
            None => (None, self.command(&mark)),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("failed to start {}: {error}", self.program.display()));

        let log = DaemonLog::default();
        let (writer, stderr) = (log.clone(), child.stderr.take().expect("standard error is a pipe"));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                writer.push(&line);
            }
        });
        Daemon { child, container, folder: self.folder, mark, log }
    }

    fn command(&self, mark: &str) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(&self.program);
        command.arg(&self.language).arg("--work-dir").arg(folder.join("work"));
        command.arg("--config-dir").arg(folder.join("config"));
        if self.endpoints {
            command.arg("--repl-in").arg(format!("ipc://{}", folder.join("in").display()));
            command.arg("--repl-out").arg(format!("ipc://{}", folder.join("out").display()));
            command.arg("--term-in").arg(format!("ipc://{}", folder.join("termin").display()));
            command.arg("--term-out").arg(format!("ipc://{}", folder.join("termout").display()));
        }
        if !self.user_input {
            command.args(["--user-input", "none"]);
        }
        command
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .env("TMPDIR", folder.join("tmp"))
            .env(MARK, mark);
        command
    }
}

impl DaemonLog {
    fn push(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
