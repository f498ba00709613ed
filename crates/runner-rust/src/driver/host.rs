//! The host of a session: it loads the libraries that queries are compiled to, and runs them.
//!
//! It talks to the runner over descriptors 3 and 4, as docs/src/session-link.md has it; standard input, output and
//! error belong to the user's code. Its one argument is the runner's folder, where `variables` tells what is kept.
//!
//! Nothing in Rust ends running code and keeps its process whole. So that the state outlives an interrupt, a crash and
//! a panic, three kinds of processes share the work:
//!
//! - the head is the one that was started. It waits for the deaths of sessions.
//! - the session runs the queries.
//! - the savegame is a fork of the idle session. It waits, and is the session when that one dies; the session makes a
//!   new one after each query.

mod interrupts;
mod link;
mod system;

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::mem::{size_of, transmute};
use std::os::raw::{c_char, c_int, c_long, c_void};
use std::os::unix::io::FromRawFd;
use std::path::PathBuf;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};

use link::link;
use system::*;

const INTERRUPTED: i32 = 130;
const STATE: &str = "the state is that before this query";

/// What a query's library exports.
type Query = fn() -> i32;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_default());
    (3..=6).for_each(close_on_exec);
    let streams = [Standard::of(0), Standard::of(1), Standard::of(2)];
    std::panic::set_hook(Box::new(tell_panic));
    interrupts::remember();
    let shared = Shared::new();
    let head_process = std::process::id();
    let will = head(shared);
    let variables = folder.join("variables");
    let mut session = Session { head: head_process, variables, streams, shared, will, has_savegame: false };
    match session.save() {
        None => link(|link| link.send("ready", &[b".:", b""])),
        Some(exit_code) => session.done(exit_code),
    }
    session.serve();
}

/// What the processes of a session share.
struct Shared {
    /// The savegame's process.
    heir: AtomicI32,
    /// The exit code of a query that ends its session, but not the state.
    verdict: AtomicI32,
    /// A query runs.
    is_busy: AtomicBool,
}

impl Shared {
    fn new() -> &'static Shared {
        const READ_AND_WRITE: c_int = 3;
        const SHARED_ANONYMOUS: c_int = 0x21;
        let page = unsafe { mmap(null_mut(), size_of::<Shared>(), READ_AND_WRITE, SHARED_ANONYMOUS, -1, 0) };
        assert!(page as isize != -1, "no memory");
        // Fresh pages are zero, which is what all begins with.
        unsafe { &*(page as *const Shared) }
    }
}

/// Forks, and returns in the session, with what the savegame reads the session's end from. The caller is the head.
fn head(shared: &'static Shared) -> File {
    const CLOSE_ON_EXEC: c_int = 0o2_000_000;
    const SET_CHILD_SUBREAPER: c_int = 36;
    let mut ends = [0; 2];
    unsafe {
        pipe2(ends.as_mut_ptr(), CLOSE_ON_EXEC);
        // Whoever takes over becomes a child of the head.
        prctl(SET_CHILD_SUBREAPER, 1 as c_long);
    }
    let (reader, mut writer) = unsafe { (File::from_raw_fd(ends[0]), File::from_raw_fd(ends[1])) };
    let mut session = unsafe { fork() };
    if session == 0 {
        drop(writer);
        return reader;
    }
    drop(reader);
    loop {
        let mut status = 0;
        let child = unsafe { waitpid(-1, &mut status, 0) };
        if child == -1 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            std::process::exit(1);
        }
        if child != session {
            continue;
        }
        let (signal, exit_code) = (status & 0x7f, status >> 8 & 0xff);
        session = shared.heir.swap(0, SeqCst);
        let verdict = shared.verdict.swap(0, SeqCst);
        let is_over = signal == 0 && verdict == 0;
        let end = if verdict != 0 { verdict } else { -signal };
        if is_over || session == 0 || writer.write_all(&end.to_ne_bytes()).is_err() {
            leave_as(signal, exit_code);
        }
    }
}

/// Ends this process as another one has ended.
fn leave_as(end: c_int, exit_code: i32) -> ! {
    if end != 0 {
        unsafe {
            signal(end, DEFAULT);
            kill(getpid(), end);
        }
    }
    std::process::exit(exit_code);
}

struct Session {
    /// The process that stays.
    head: u32,
    /// The file in which the runner reads which variables there are. It is not there while a query runs, so that there
    /// are none when all of this ends.
    variables: PathBuf,
    streams: [Standard; 3],
    shared: &'static Shared,
    will: File,
    has_savegame: bool,
}

impl Session {
    fn serve(&mut self) -> ! {
        loop {
            let frame = link(|link| link.receive());
            match frame.kind.as_str() {
                "query" => {
                    self.shared.is_busy.store(true, SeqCst);
                    let exit_code = self.query(&frame.parts[0]);
                    self.done(exit_code);
                }
                "settle" => {
                    interrupts::forget();
                    link(|link| link.send("settled", &[]));
                }
                "complete" => link(|link| link.send("completion", &[])),
                // The answer to a question of a session that has died.
                _ => {}
            }
        }
    }

    /// Says so, unless nothing was to do: a session may die between two queries.
    fn done(&mut self, exit_code: i32) {
        if self.shared.is_busy.swap(false, SeqCst) {
            link(|link| link.send("done", &[exit_code.to_string().as_bytes()]));
        }
    }

    /// Runs the library at a path. A query that fails ends this process when there is another to go on.
    fn query(&mut self, path: &[u8]) -> i32 {
        let query = match load(path) {
            Ok(query) => query,
            Err(error) => {
                eprintln!("{}", error);
                return 1;
            }
        };
        if interrupts::allow() {
            return INTERRUPTED;
        }
        let _ = fs::remove_file(&self.variables);
        let exit_code = query();
        interrupts::remember();
        kernel_runner::flush();
        if exit_code != 0 && self.has_savegame {
            self.shared.verdict.store(exit_code, SeqCst);
            unsafe { _exit(0) };
        }
        self.streams.iter().for_each(Standard::mend);
        self.save().unwrap_or(exit_code)
    }

    /// Tells the runner what is kept, and forks a savegame in place of the one before. Returns nothing in this session;
    /// in a successor, the exit code of the query that it has to answer.
    fn save(&mut self) -> Option<i32> {
        let mut successors_answer = None;
        loop {
            // Without it, the next query has no variables.
            let _ = fs::write(&self.variables, format!("{}\n{}", self.head, kernel_runner::describe()));
            let before = self.shared.heir.swap(0, SeqCst);
            if before != 0 {
                unsafe {
                    kill(before, SIGKILL);
                    waitpid(before, null_mut(), 0);
                }
            }
            let savegame = unsafe { fork() };
            self.has_savegame = savegame > 0;
            if savegame != 0 {
                self.shared.heir.store(savegame.max(0), SeqCst);
                return successors_answer;
            }
            successors_answer = Some(self.succeed());
        }
    }

    /// Waits, as a savegame, for the session's end, and says what it was. Returns as the session.
    fn succeed(&mut self) -> i32 {
        let mut end = [0; 4];
        if self.will.read_exact(&mut end).is_err() {
            unsafe { _exit(0) };
        }
        interrupts::forget();
        // An exit code, or the negative number of a signal.
        let end = i32::from_ne_bytes(end);
        if end == -SIGINT {
            eprintln!("interrupted; {}", STATE);
            return INTERRUPTED;
        }
        if end < 0 {
            eprintln!("killed by {}; {}", signal_name(-end), STATE);
        }
        end
    }
}

/// Loads a library for ever: what is kept may point into it.
fn load(path: &[u8]) -> Result<Query, String> {
    const NOW: c_int = 2;
    const GLOBAL: c_int = 0x100;
    let error = || unsafe { CStr::from_ptr(dlerror()).to_string_lossy().into_owned() };
    let path = CString::new(path).map_err(|error| error.to_string())?;
    let library = unsafe { dlopen(path.as_ptr(), NOW | GLOBAL) };
    if library.is_null() {
        return Err(error());
    }
    let query = unsafe { dlsym(library, b"kernel_runner_query\0".as_ptr() as *const c_char) };
    if query.is_null() {
        return Err(error());
    }
    Ok(unsafe { transmute::<*mut c_void, Query>(query) })
}

/// As Rust tells of a panic, in the order of what is printed, and with the place as the user knows it.
fn tell_panic(panic: &std::panic::PanicInfo<'_>) {
    let payload = panic.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("Box<dyn Any>");
    // Where in the driver a variable is missed says nothing to the user.
    let location = panic.location().filter(|location| !location.file().ends_with("driver/variables.rs"));
    let place = location.map_or_else(String::new, |location| {
        // Statements and definitions of a query are in two files.
        let (file, line) = (location.file(), location.line());
        let is_block = file.starts_with('<');
        let column = if is_block { kernel_runner::own_column(line, location.column()) } else { location.column() };
        format!(" at {}:{}:{}", file.trim_start_matches("definitions/"), line, column)
    });
    let thread = std::thread::current();
    eprintln!("thread '{}' panicked{}:\n{}", thread.name().unwrap_or("<unnamed>"), place, message);
}

/// Takes the place of the C library's function, which the standard library prints with: what is written to two streams
/// is to be delivered in its order.
///
/// # Safety
///
/// As in C.
#[no_mangle]
pub unsafe extern "C" fn write(descriptor: c_int, start: *const c_void, length: usize) -> isize {
    static LAST: AtomicI32 = AtomicI32::new(1);
    let is_other = (descriptor == 1 || descriptor == 2) && LAST.load(SeqCst) != descriptor;
    // On the small stack of a signal, that of an overflow for one, there is no room for more than the writing.
    if (is_other || descriptor == 2) && !is_on_signal_stack() {
        if descriptor == 2 && kernel_runner::is_main_thread() {
            kernel_runner::flush();
        }
        if is_other {
            LAST.store(descriptor, SeqCst);
            link(|link| link.sync());
        }
    }
    writev(descriptor, &Buffer { start, length }, 1)
}
