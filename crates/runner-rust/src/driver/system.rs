//! What the C library does for the host.

use std::os::raw::{c_char, c_int, c_long, c_void};
use std::ptr::{null, null_mut};

pub const DEFAULT: usize = 0;
pub const SIGINT: c_int = 2;
pub const SIGKILL: c_int = 9;

#[repr(C)]
pub struct Buffer {
    pub start: *const c_void,
    pub length: usize,
}

#[repr(C)]
struct SignalStack {
    start: *mut c_void,
    flags: c_int,
    size: usize,
}

extern "C" {
    fn sigaltstack(new: *const SignalStack, old: *mut SignalStack) -> c_int;
    pub fn _exit(code: c_int) -> !;
    pub fn dlerror() -> *const c_char;
    pub fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    pub fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    pub fn dup2(from: c_int, to: c_int) -> c_int;
    pub fn fcntl(descriptor: c_int, command: c_int, ...) -> c_int;
    pub fn fork() -> c_int;
    pub fn getpid() -> c_int;
    pub fn kill(process: c_int, signal: c_int) -> c_int;
    pub fn mmap(at: *mut c_void, size: usize, access: c_int, flags: c_int, file: c_int, offset: c_long) -> *mut c_void;
    pub fn pipe2(ends: *mut c_int, flags: c_int) -> c_int;
    pub fn prctl(option: c_int, ...) -> c_int;
    pub fn signal(number: c_int, handler: usize) -> usize;
    pub fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int;
    pub fn writev(descriptor: c_int, buffers: *const Buffer, count: c_int) -> isize;
}

pub fn close_on_exec(descriptor: c_int) {
    const SET_FLAGS: c_int = 2;
    unsafe { fcntl(descriptor, SET_FLAGS, 1 as c_int) };
}

/// Whether a signal's handler runs on a stack of its own.
pub fn is_on_signal_stack() -> bool {
    const ON_STACK: c_int = 1;
    let mut stack = SignalStack { start: null_mut(), flags: 0, size: 0 };
    unsafe { sigaltstack(null(), &mut stack) };
    stack.flags & ON_STACK != 0
}

/// One of the descriptors 0 to 2, and a copy that the user's code does not know of.
pub struct Standard {
    number: c_int,
    copy: c_int,
}

impl Standard {
    pub fn of(number: c_int) -> Self {
        const COPY_AND_CLOSE_ON_EXEC: c_int = 1030;
        Self { number, copy: unsafe { fcntl(number, COPY_AND_CLOSE_ON_EXEC, 10 as c_int) } }
    }

    /// Undoes what the user's code has done to it.
    pub fn mend(&self) {
        unsafe { dup2(self.copy, self.number) };
    }
}

pub fn signal_name(number: c_int) -> String {
    const NAMES: [(c_int, &str); 10] = [
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (15, "SIGTERM"),
    ];
    let name = NAMES.iter().find(|(known, _)| *known == number);
    name.map_or_else(|| format!("signal {}", number), |(_, name)| (*name).to_owned())
}
