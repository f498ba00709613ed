//! Runs people's code in many languages: a daemon on the Backend.AI wire, and a command line over the same engine.
//!
//! The languages are the crates that are linked in. This crate's features link ours; a binary with somebody else's is
//!
//! ```no_run
//! // use runner_zig as _;
//! fn main() -> std::process::ExitCode {
//!     kernel_runner::main()
//! }
//! ```

mod attach;
mod cli;
mod console;
mod eval;
mod health;
mod home;
mod list;
mod local;
mod logging;
mod ping;
mod remote;
mod run;
mod serve;
mod terminal;
mod tty;
mod warm;

use std::fmt;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use cli::{Cli, Command};

#[cfg(feature = "c")]
use runner_c as _;
#[cfg(feature = "cpp")]
use runner_cpp as _;
#[cfg(feature = "git")]
use runner_git as _;
#[cfg(feature = "golang")]
use runner_golang as _;
#[cfg(feature = "haskell")]
use runner_haskell as _;
#[cfg(feature = "java")]
use runner_java as _;
#[cfg(feature = "julia")]
use runner_julia as _;
#[cfg(feature = "lua")]
use runner_lua as _;
#[cfg(feature = "nodejs")]
use runner_nodejs as _;
#[cfg(feature = "octave")]
use runner_octave as _;
#[cfg(feature = "php")]
use runner_php as _;
#[cfg(feature = "python")]
use runner_python as _;
#[cfg(feature = "r")]
use runner_r as _;
#[cfg(feature = "rust")]
use runner_rust as _;

/// The whole program: reads the command line, does what it says, and returns the exit code of the process.
///
/// 64 stands for a wrong command line, 74 for something that could not be opened or bound, 70 for a fault of its own.
#[must_use]
pub fn main() -> ExitCode {
    let (cli, choices) = match Cli::read() {
        Ok(read) => read,
        Err(error) => {
            let is_wrong = error.use_stderr();
            // Where there is nowhere to print to, there is nobody to tell.
            let _ = error.print();
            return if is_wrong { ExitCode::from(EX_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let logging = logging::Logging { debug: cli.debug, format: cli.log_format };
    let result = match cli.command {
        Some(Command::Run(command)) => run::run(command, choices, &logging),
        Some(Command::Eval(command)) => eval::eval(command, choices, &logging),
        Some(Command::Console(command)) => console::console(&command, choices, &logging),
        Some(Command::Attach(command)) => attach::attach(&command),
        Some(Command::Warm(command)) => warm::warm(command, choices, &logging),
        Some(Command::List(command)) => list::list(&command),
        Some(Command::MakeHome(command)) => home::make_home(&command),
        Some(Command::Ping(command)) => ping::ping(&command),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut cli::command(), "kernel-runner", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        None => serve::serve(cli.serve, choices, &logging),
    };
    result.unwrap_or_else(|failure| {
        eprintln!("kernel-runner: {:#}", failure.error);
        ExitCode::from(failure.exit_code)
    })
}

/// Two threads: code that blocks one, against the rules, does not keep `status` from being answered.
fn runtime() -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().map_err(Failure::software)
}

/// The command line is wrong (sysexits.h).
const EX_USAGE: u8 = 64;
/// The runner itself is at fault.
const EX_SOFTWARE: u8 = 70;
/// Something could not be opened, bound or read.
const EX_IOERR: u8 = 74;

/// Why the program ends early, and the exit code that says so.
#[derive(Debug)]
struct Failure {
    exit_code: u8,
    error: anyhow::Error,
}

impl Failure {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit_code: EX_USAGE, error: error.into() }
    }

    fn io(error: impl Into<anyhow::Error>) -> Self {
        Self { exit_code: EX_IOERR, error: error.into() }
    }

    fn software(error: impl Into<anyhow::Error>) -> Self {
        Self { exit_code: EX_SOFTWARE, error: error.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}
