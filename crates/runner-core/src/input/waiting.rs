//! Tells from outside whether a process waits for its standard input.
//!
//! `/proc/PID/task/TID/syscall` names the system call that a sleeping thread is in, and its arguments. A thread waits for
//! the pipe when it is in `read` on a descriptor of that pipe, or in a call that watches several descriptors, the pipe among
//! them. This works for every program, static ones too, without touching it. See proc(5).

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use nix::libc;

/// How many descriptors a watching call is searched for. A program that waits for a line watches few.
const WATCHED: u64 = 64;

/// Looks for a thread that waits for the pipe with inode `pipe`, in the process `root` and below.
///
/// Fails when the kernel does not let us look.
pub(super) fn is_awaited(root: i32, pipe: u64) -> io::Result<bool> {
    let target = format!("pipe:[{pipe}]");
    let mut processes = vec![root];
    while let Some(process) = processes.pop() {
        for thread in threads(process) {
            match fs::read_to_string(format!("/proc/{process}/task/{thread}/syscall")) {
                Ok(line) if waits(process, &line, &target) => return Ok(true),
                Ok(_) => {}
                // The thread has ended meanwhile, or the program runs with other rights than ours (`sudo`, for one).
                Err(error) if is_gone(process, thread, &error) || is_foreign(process) => continue,
                Err(_) if is_ending(process, thread) => continue,
                Err(error) => return Err(error),
            }
            let children = fs::read_to_string(format!("/proc/{process}/task/{thread}/children")).unwrap_or_default();
            processes.extend(children.split_ascii_whitespace().filter_map(|child| child.parse::<i32>().ok()));
        }
    }
    Ok(false)
}

fn threads(process: i32) -> impl Iterator<Item = i32> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// `NotFound` of a thread that is still there means that this kernel has no such file at all.
fn is_gone(process: i32, thread: i32, error: &io::Error) -> bool {
    let is_there = || fs::exists(format!("/proc/{process}/task/{thread}/stat")).unwrap_or(false);
    error.raw_os_error() == Some(libc::ESRCH) || (error.kind() == io::ErrorKind::NotFound && !is_there())
}

/// A thread on its way to its end, a zombie for one, has no memory left. What it did is then shown to root alone.
fn is_ending(process: i32, thread: i32) -> bool {
    let memory = fs::read_to_string(format!("/proc/{process}/task/{thread}/statm"));
    memory.is_ok_and(|pages| pages.starts_with("0 "))
}

fn is_foreign(process: i32) -> bool {
    fs::metadata(format!("/proc/{process}")).is_ok_and(|meta| meta.uid() != nix::unistd::geteuid().as_raw())
}

/// Whether the system call in `line` (its number, then its arguments in hexadecimal) waits for `target`.
fn waits(process: i32, line: &str, target: &str) -> bool {
    let mut fields = line.split_ascii_whitespace();
    // A thread that computes shows the word `running`.
    let Some(Ok(number)) = fields.next().map(str::parse::<i64>) else { return false };
    let mut argument = || fields.next().and_then(|hex| u64::from_str_radix(hex.trim_start_matches("0x"), 16).ok());
    let (Some(first), Some(second)) = (argument(), argument()) else { return false };
    match call(number) {
        Call::Read => is_target(process, first, target),
        Call::Epoll => epoll_watches(process, first, target),
        Call::Poll => poll_watches(process, first, second, target),
        Call::Select => select_watches(process, first, second, target),
        Call::Other => false,
    }
}

#[derive(Clone, Copy)]
enum Call {
    /// The first argument is the descriptor.
    Read,
    /// The first argument is the epoll descriptor.
    Epoll,
    /// The first argument points to the descriptors, the second counts them.
    Poll,
    /// The first argument counts the descriptors, the second points to the set of those to be read.
    Select,
    Other,
}

fn call(number: i64) -> Call {
    match number {
        libc::SYS_read | libc::SYS_readv => Call::Read,
        libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => Call::Epoll,
        libc::SYS_ppoll => Call::Poll,
        libc::SYS_pselect6 => Call::Select,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_epoll_wait => Call::Epoll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll => Call::Poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_select => Call::Select,
        _ => Call::Other,
    }
}

fn is_target(process: i32, descriptor: u64, target: &str) -> bool {
    fs::read_link(format!("/proc/{process}/fd/{descriptor}")).is_ok_and(|link| link.as_os_str() == target)
}

/// `fdinfo` of an epoll descriptor has a line `tfd: N events: MASK ...` for each descriptor that it watches.
fn epoll_watches(process: i32, epoll: u64, target: &str) -> bool {
    let info = fs::read_to_string(format!("/proc/{process}/fdinfo/{epoll}")).unwrap_or_default();
    info.lines().any(|line| {
        let mut words = line.split_ascii_whitespace();
        let Some(descriptor) = words.by_ref().skip_while(|word| *word != "tfd:").nth(1) else { return false };
        let Some(mask) = words.by_ref().skip_while(|word| *word != "events:").nth(1) else { return false };
        let reads = u32::from_str_radix(mask, 16).is_ok_and(|mask| mask & libc::EPOLLIN.cast_unsigned() != 0);
        reads && descriptor.parse().is_ok_and(|descriptor| is_target(process, descriptor, target))
    })
}

/// The array lies in the process's memory: 8 bytes each, the descriptor in the first four, the events in the next two.
fn poll_watches(process: i32, array: u64, count: u64, target: &str) -> bool {
    (0..count.min(WATCHED)).any(|index| {
        let Some(entry) = peek::<8>(process, array + index * 8) else { return false };
        let descriptor = i32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let events = i16::from_ne_bytes([entry[4], entry[5]]);
        events & libc::POLLIN != 0
            && u64::try_from(descriptor).is_ok_and(|descriptor| is_target(process, descriptor, target))
    })
}

/// The set lies in the process's memory: a bit a descriptor.
fn select_watches(process: i32, count: u64, set: u64, target: &str) -> bool {
    let Some(bits) = peek::<8>(process, set).map(u64::from_ne_bytes) else { return false };
    (0..count.min(WATCHED)).any(|descriptor| bits >> descriptor & 1 == 1 && is_target(process, descriptor, target))
}

fn peek<const N: usize>(process: i32, address: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    fs::File::open(format!("/proc/{process}/mem")).ok()?.read_exact_at(&mut bytes, address).ok()?;
    Some(bytes)
}
