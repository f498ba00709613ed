//! Looks for processes in containers that have ended and are not waited for.

use std::collections::HashMap;
use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long one that has just ended may wait for its parent.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);
/// The process 1 of our containers.
const DAEMON: &str = "kernel-runner";

/// A watch over the containers of this machine, from its start to its end.
pub(crate) struct Watch {
    over: mpsc::Sender<()>,
    watching: JoinHandle<Vec<String>>,
}

impl Watch {
    pub(crate) fn start() -> Self {
        let (over, is_over) = mpsc::channel();
        Self { over, watching: thread::spawn(move || watch(&is_over)) }
    }

    /// Fails where a process has been a zombie for longer than its parent may take.
    pub(crate) fn end(self) -> Result<()> {
        drop(self.over);
        match self.watching.join() {
            Ok(found) if found.is_empty() => Ok(()),
            Ok(found) => bail!("zombies in containers: {}", found.join(", ")),
            Err(_) => bail!("the watch over zombies has failed"),
        }
    }
}

fn watch(is_over: &mpsc::Receiver<()>) -> Vec<String> {
    let depth = namespaces("self");
    let mut seen: HashMap<String, Instant> = HashMap::new();
    let mut found = Vec::new();
    while is_over.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        let now = zombies(depth);
        seen.retain(|process, _| now.contains(process));
        for process in now {
            let since = *seen.entry(process.clone()).or_insert_with(Instant::now);
            if since.elapsed() > PATIENCE && !found.contains(&process) {
                found.push(process);
            }
        }
    }
    found
}

/// The zombies below a daemon in a deeper namespace than our own: with their number, their name and when they started.
/// Other people's containers, and those in which images are built, are not ours to judge.
fn zombies(depth: usize) -> Vec<String> {
    let mut zombies = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        let Some(process) = Process::read(&id).filter(|process| process.state == "Z") else { continue };
        if namespaces(&id) > depth && is_below_a_daemon(&process) {
            zombies.push(format!("{} ({id}) started at {}", process.name, process.started));
        }
    }
    zombies
}

fn is_below_a_daemon(process: &Process) -> bool {
    let mut parent = process.parent.clone();
    while let Some(process) = Process::read(&parent) {
        if process.name == DAEMON {
            return true;
        }
        parent = process.parent;
    }
    false
}

/// A line of `/proc/PID/stat`.
struct Process {
    name: String,
    state: String,
    parent: String,
    started: String,
}

impl Process {
    fn read(id: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name stands in parentheses and may hold anything, so the fields are counted from behind it.
        let (head, rest) = stat.rsplit_once(") ")?;
        let (_, name) = head.split_once(" (")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let field = |index: usize| fields.get(index).map(|field| (*field).to_owned());
        Some(Self { name: name.to_owned(), state: field(0)?, parent: field(1)?, started: field(19)? })
    }
}

/// How many namespaces number a process.
fn namespaces(process: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.map_or(0, |numbers| numbers.split_whitespace().count())
}
