//! What the user sees while an image is built: one line a step, with its time.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::shell::Failed;

/// How often a terminal shows the time that a step has taken so far.
const TICK: Duration = Duration::from_secs(1);

/// The steps of one image.
pub(crate) struct Progress {
    language: String,
    steps: usize,
    step: usize,
    started: Instant,
}

impl Progress {
    pub(crate) fn new(language: &str, steps: usize) -> Self {
        Self { language: language.to_owned(), steps, step: 0, started: Instant::now() }
    }

    /// Does the next step. What it returns is shown behind its time.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<String>) -> Result<()> {
        self.step += 1;
        let label = format!("[{}] {}/{} {name} ...", self.language, self.step, self.steps);
        let since = Instant::now();
        let (over, is_over) = mpsc::channel::<()>();
        let result = thread::scope(|scope| {
            let label = &label;
            scope.spawn(move || show_while(label, since, &is_over));
            let result = work();
            drop(over);
            result
        });
        let seconds = since.elapsed().as_secs_f64();
        let start = if stderr().is_terminal() { "\r" } else { "" };
        match &result {
            Ok(remark) if remark.is_empty() => eprintln!("{start}{label} {seconds:.1} s"),
            Ok(remark) => eprintln!("{start}{label} {seconds:.1} s ({remark})"),
            Err(error) => {
                eprintln!("{start}{label} {seconds:.1} s, failed");
                if let Some(failed) = error.downcast_ref::<Failed>() {
                    eprint!("{}", failed.output);
                }
            }
        }
        result.map(drop)
    }

    /// The last line.
    pub(crate) fn done(&self, what: &str) {
        eprintln!("[{}] {what}, {:.1} s in all", self.language, self.started.elapsed().as_secs_f64());
    }
}

/// Elsewhere than in a terminal nothing is shown before a step is over: a line is written once.
fn show_while(label: &str, since: Instant, is_over: &mpsc::Receiver<()>) {
    let mut out = stderr();
    while out.is_terminal() {
        let _ = write!(out, "\r{label} {} s", since.elapsed().as_secs());
        let _ = out.flush();
        if is_over.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
