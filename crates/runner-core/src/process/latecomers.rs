use std::collections::BTreeMap;
use std::fs;

use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Group;

/// Finds the processes that an interrupt has missed.
///
/// A shell and C's `system` keep SIGINT from themselves while they start a command and wait for it, since the command gets
/// the signal too. A command that is started just after the signal does not, and one that is being started may lose it:
/// until it runs its own program, it handles the signal as its parent does. Both would go on as if nothing had been.
#[derive(Debug)]
pub(crate) struct Latecomers {
    root: i32,
    /// Those that have got the signal, and what they ran then.
    reached: BTreeMap<i32, String>,
}

impl Latecomers {
    /// Takes down who is there: to be called before the signal is sent.
    pub(crate) fn of(group: Group) -> Self {
        let mut all = Self { root: group.leader(), reached: BTreeMap::new() };
        let mut processes = vec![all.root];
        while let Some(process) = processes.pop() {
            all.reached.insert(process, program(process));
            processes.extend(children(process));
        }
        all
    }

    /// Sends SIGINT to those who came since, and are waited for by somebody who has kept it from himself.
    pub(crate) fn interrupt(&mut self) {
        let mut processes = vec![(self.root, false)];
        while let Some((process, is_late)) = processes.pop() {
            let passes_on = is_late || keeps_from_itself(process);
            for child in children(process) {
                let program = program(child);
                let is_late = self.reached.get(&child) != Some(&program);
                if is_late && passes_on {
                    self.reached.insert(child, program);
                    // It may be gone already.
                    let _ = kill(Pid::from_raw(child), Signal::SIGINT);
                }
                if !is_late || passes_on {
                    processes.push((child, is_late));
                }
            }
        }
    }
}

fn program(process: i32) -> String {
    read(process, "cmdline")
}

fn read(process: i32, file: &str) -> String {
    fs::read(format!("/proc/{process}/{file}"))
        .map_or_else(|_| String::new(), |text| String::from_utf8_lossy(&text).into_owned())
}

fn children(process: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|child| child.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Whether a process waits for a command with SIGINT ignored, or is a shell that puts it off. One with a `trap` of its own
/// knows what it does.
fn keeps_from_itself(process: i32) -> bool {
    let status = read(process, "status");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
    let is_shell =
        matches!(read(process, "comm").trim_end(), "sh" | "dash" | "bash") && !program(process).contains("trap");
    ignored & (1 << (libc::SIGINT - 1)) != 0 || is_shell
}
