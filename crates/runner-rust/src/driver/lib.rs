//! What every Rust program of a runner finds: `kernel_runner::display`, and a prompt that is seen before its answer is
//! waited for. For snippets, the rest of the crate shows values and keeps variables.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::net::Shutdown;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::FromRawFd;
use std::os::unix::net::UnixStream;

mod values;
mod variables;

pub use values::*;
pub use variables::*;

/// Shows `data` to the user: a picture, HTML, or anything else that has a MIME type. Outside of a runner, nothing
/// happens.
///
/// # Panics
///
/// When the runner has gone.
pub fn display(mime: &str, data: impl AsRef<[u8]>) {
    let Some(path) = std::env::var_os("KERNEL_RUNNER_DISPLAY") else { return };
    flush();
    show(path.as_ref(), mime, data.as_ref()).expect("failed to display");
}

fn show(path: &std::path::Path, mime: &str, data: &[u8]) -> io::Result<()> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(format!("{}\n", mime).as_bytes())?;
    stream.write_all(data)?;
    stream.shutdown(Shutdown::Write)?;
    // It is shown when the runner closes its side.
    stream.read_to_end(&mut Vec::new()).map(drop)
}

/// Writes what waits for the end of a line.
pub fn flush() {
    // Whoever reads may have gone.
    let _ = io::stdout().flush();
}

extern "C" {
    fn getpid() -> c_int;
    fn gettid() -> c_int;
}

/// Whether this is the thread that `main` runs on. Another one must not wait here for a lock that it may keep for ever.
pub fn is_main_thread() -> bool {
    unsafe { getpid() == gettid() }
}

#[repr(C)]
struct Buffer {
    start: *mut c_void,
    length: usize,
}

extern "C" {
    fn readv(descriptor: c_int, buffers: *const Buffer, count: c_int) -> isize;
}

/// Takes the place of the C library's function, which the standard library reads standard input with: a prompt is to be
/// seen first.
///
/// # Safety
///
/// As in C.
#[no_mangle]
pub unsafe extern "C" fn read(descriptor: c_int, start: *mut c_void, length: usize) -> isize {
    if descriptor == 0 && is_main_thread() {
        flush();
    }
    readv(descriptor, &Buffer { start, length }, 1)
}

/// Makes the linker take it.
#[used]
static READ: unsafe extern "C" fn(c_int, *mut c_void, usize) -> isize = read;

/// A file that somebody else closes.
pub fn borrowed(descriptor: c_int) -> ManuallyDrop<File> {
    ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) })
}
