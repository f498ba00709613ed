//! The test kit of kernel-runner: a daemon to test, a client on real sockets, golden transcripts, and the conformance
//! suite that every language passes.
//!
//! A language's crate has one test target without a harness:
//!
//! ```ignore
//! use runner_zig as _;
//! runner_testkit::conformance! {
//!     Subject { language: "zig", tools: &["zig"], hello: "...", ..Subject::DEFAULT }
//! }
//! ```
//!
//! The target stands in `Cargo.toml` as `[[test]]` with `harness = false`, and transcripts are named from the crate's folder.
//!
//! Everything here fails a test by panicking with a message that says what came instead.

mod client;
pub mod conformance;
mod container;
mod daemon;
mod patience;
mod processes;
pub mod suite;
mod terminal;
pub mod transcript;

pub use client::{Client, Outcome};
pub use conformance::Subject;
pub use daemon::{Daemon, DaemonOptions};
pub use patience::{PATIENCE, wait_until};
pub use processes::{resident_bytes, with_mark};
pub use terminal::{Keyboard, TerminalClient};
