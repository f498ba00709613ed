//! Waiting under a limit.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything that ought to happen at once is waited for.
pub const PATIENCE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(5);

/// Waits until `happened` gives something, and returns it; nothing when the patience is at its end.
pub fn wait_until<T>(patience: Duration, mut happened: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = happened() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(PAUSE);
    }
}
