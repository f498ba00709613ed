//! An interrupt ends the session's process while it runs the user's code. One that comes at another time is remembered.

use std::os::raw::c_int;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::system::{getpid, kill, signal, DEFAULT, SIGINT};

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(_: c_int) {
    IS_INTERRUPTED.store(true, SeqCst);
}

fn handler() -> usize {
    on_signal as extern "C" fn(c_int) as usize
}

pub fn remember() {
    unsafe { signal(SIGINT, handler()) };
}

pub fn forget() {
    IS_INTERRUPTED.store(false, SeqCst);
}

/// From here on the user's code runs, unless this returns that it is not to.
pub fn allow() -> bool {
    unsafe { signal(SIGINT, DEFAULT) };
    let is_late = IS_INTERRUPTED.swap(false, SeqCst);
    if is_late {
        remember();
    }
    is_late
}

/// Does the host's work for the user's code.
pub fn hold<T>(work: impl FnOnce() -> T) -> T {
    let before = unsafe { signal(SIGINT, handler()) };
    let result = work();
    unsafe { signal(SIGINT, before) };
    if before != handler() && IS_INTERRUPTED.swap(false, SeqCst) {
        unsafe { kill(getpid(), SIGINT) };
    }
    result
}
