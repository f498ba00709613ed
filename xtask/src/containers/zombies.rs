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

/// The zombies in deeper namespaces than our own: with their number, their name and when they started.
fn zombies(depth: usize) -> Vec<String> {
    let mut zombies = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.rsplit_once(") ") else { continue };
        if rest.starts_with('Z') && namespaces(&id) > depth {
            let started = rest.split(' ').nth(19).unwrap_or_default();
            zombies.push(format!("{name}) started at {started}"));
        }
    }
    zombies
}

/// How many namespaces number a process.
fn namespaces(process: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    numbers.map_or(0, |numbers| numbers.split_whitespace().count())
}
