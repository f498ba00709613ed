use std::fs;

/// Tells whether the kernel killed something of this container for want of memory: it counts that in the control group.
#[derive(Debug)]
pub(crate) struct OomWatch {
    kills_before: u64,
}

impl OomWatch {
    pub(crate) fn start() -> Self {
        Self { kills_before: kills() }
    }

    /// Whether there was a kill since the start.
    pub(crate) fn has_struck(&self) -> bool {
        kills() > self.kills_before
    }
}

/// The counter `oom_kill`, in whichever file this kernel keeps it; 0 where there is none.
fn kills() -> u64 {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut files =
        vec!["/sys/fs/cgroup/memory.events".to_owned(), "/sys/fs/cgroup/memory/memory.oom_control".to_owned()];
    for line in own.lines() {
        match line.splitn(3, ':').collect::<Vec<_>>()[..] {
            [_, "", path] => files.push(format!("/sys/fs/cgroup{path}/memory.events")),
            [_, controllers, path] if controllers.split(',').any(|name| name == "memory") => {
                files.push(format!("/sys/fs/cgroup/memory{path}/memory.oom_control"));
            }
            _ => {}
        }
    }
    let counter = |text: String| text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).filter_map(counter).max().unwrap_or(0)
}
