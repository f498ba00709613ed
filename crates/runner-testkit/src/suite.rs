//! Test targets without a harness: each is its tests, and the daemon that they test.

use std::env;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::container;
use crate::daemon::MARK;

/// Makes the `main` of a test target without a harness from functions that are tests, and from the programs that they need.
/// In it, [`Daemon::of_this_test`](crate::Daemon::of_this_test) has the languages that the target links or registers.
#[macro_export]
macro_rules! suite {
    (tools: $tools:expr, $($test:ident),* $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            $crate::suite::main(env!("CARGO_CRATE_NAME"), &$tools, &[$((stringify!($test), $test as fn())),*])
        }
    };
}

/// What [`suite!`](crate::suite!) expands to.
#[must_use]
pub fn main(name: &str, tools: &[&str], tests: &'static [(&'static str, fn())]) -> ExitCode {
    let trial = |(name, test): &'static (&'static str, fn())| {
        Trial::test(*name, || {
            test();
            Ok(())
        })
    };
    run(&format!("the suite `{name}`"), tools, || tests.iter().map(trial).collect())
}

/// Runs the daemon in a process that the kit has started as such, the tests in any other. Where a tool is missing, they are
/// skipped, or fail if nothing may be.
pub(crate) fn run(name: &str, tools: &[&str], trials: impl Fn() -> Vec<Trial>) -> ExitCode {
    if env::var_os(MARK).is_some() {
        return kernel_runner::main();
    }
    let arguments = Arguments::from_args();
    let missing: Vec<_> = tools.iter().copied().filter(|tool| !is_on_path(tool)).collect();
    // An image has its tools with it.
    if missing.is_empty() || container::image().is_some() {
        return libtest_mimic::run(&arguments, trials()).exit_code();
    }
    let message = format!("{name}: {} not found on the PATH", missing.join(", "));
    if env::var("TESTKIT_REQUIRE").is_ok_and(|required| required == "all") {
        eprintln!("FAILED: {message}, and TESTKIT_REQUIRE=all");
        return ExitCode::FAILURE;
    }
    eprintln!("\n*** SKIPPED: {message} ***\n");
    let skipped = trials().into_iter().map(|trial| trial.with_ignored_flag(true)).collect();
    libtest_mimic::run(&arguments, skipped).exit_code()
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
