//! The book, the README and `--help`: what they say works, and they say the same.

#![cfg(all(feature = "all", feature = "display"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

mod clients;
mod consoles;
mod languages;
mod options;
mod pages;
mod pictures;

// Its languages are known here too.
use kernel_runner as _;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernel-runner");

/// Whether a tool is not here. That is said loudly, and is a failure where nothing may be skipped.
fn is_missing(tool: &str, is_installed: bool) -> bool {
    let may_be_skipped = std::env::var("TESTKIT_REQUIRE").as_deref() != Ok("all");
    assert!(is_installed || may_be_skipped, "{tool} is not installed, and TESTKIT_REQUIRE=all");
    if !is_installed {
        eprintln!("\n*** SKIPPED: {tool} is not installed ***\n");
    }
    !is_installed
}
