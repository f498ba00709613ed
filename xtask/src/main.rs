//! The project's own commands: `cargo xtask COMMAND`.

#[cfg(feature = "book")]
mod book;
mod ci;
mod debian;
mod features;
mod image;
mod ipython;
mod julia;
mod manifests;
mod new_runner;
mod package;
mod setup;
mod shell;
mod test;
mod third_party;

#[cfg(feature = "live")]
mod bench;
#[cfg(feature = "live")]
mod client;
#[cfg(feature = "live")]
mod compilers;
#[cfg(feature = "live")]
mod containers;
#[cfg(feature = "live")]
mod demo;
#[cfg(feature = "live")]
mod interpreters;
#[cfg(feature = "live")]
mod measure;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the daemon for Python and for C, and show a conversation with each.
    Demo,
    /// Install the toolchains that building, the demo and the tests need (Debian and Ubuntu).
    Setup(setup::Setup),
    /// Run all tests. Without a language's toolchain, its tests are skipped.
    Test(test::Test),
    /// Everything that a change must pass: format, lints, tests, documentation, features.
    Ci(ci::Ci),
    /// Build the book, and make sure that what the project's pages refer to is there.
    Book,
    /// Check the manifests for Kubernetes against its schemas.
    Manifests,
    /// Make a crate for a language that is not here, with tests that pass at once.
    NewRunner(new_runner::NewRunner),
    /// Check that every crate can be published, without doing it.
    Package,
    /// Build container images that serve one language each.
    Image(image::Image),
    /// Show the languages, each a feature of kernel-runner, and what each links.
    Features(features::Features),
    /// Measure a release build, beside what the machine does without it.
    Bench(Bench),
    /// Build images and run them in containers that are given next to nothing (as root: it starts a Docker daemon).
    TestImages(TestImages),
    /// Measure the images that there are, and print the table of the book.
    BenchImages(BenchImages),
    /// The sender that `bench` compares with.
    #[command(hide = true)]
    RawPush(RawPush),
}

#[derive(clap::Args)]
struct Bench {
    /// Where the numbers go, as JSON.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    json: std::path::PathBuf,
}

#[derive(clap::Args)]
struct TestImages {
    /// The languages [default: c golang julia lua python]
    #[arg(value_name = "LANG")]
    languages: Vec<String>,

    /// How the programs are compiled. Images for use are of `release`, which takes longer to build.
    #[arg(long, value_name = "PROFILE", default_value = "dev")]
    profile: String,
}

#[derive(clap::Args)]
struct BenchImages {
    /// The languages, whose images there must be [default: all]
    #[arg(value_name = "LANG")]
    languages: Vec<String>,
}

#[derive(clap::Args)]
struct RawPush {
    endpoint: String,
    message_bytes: usize,
    messages: usize,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Setup(setup) => setup.run(),
        Command::Test(test) => test.run(),
        Command::Ci(ci) => ci.run(),
        Command::Book => run_book(),
        Command::Manifests => manifests::run(),
        Command::NewRunner(new_runner) => new_runner.run(),
        Command::Package => package::run(),
        Command::Image(image) => image.run(),
        Command::Features(features) => features.run(),
        live => run_live(&live),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "live")]
fn run_live(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Demo => demo::run(),
        Command::Bench(Bench { json }) => bench::run(json),
        Command::TestImages(TestImages { languages, profile }) => containers::test(languages, profile),
        Command::BenchImages(BenchImages { languages }) => containers::bench(languages),
        Command::RawPush(RawPush { endpoint, message_bytes, messages }) => {
            client::raw_push(endpoint, *message_bytes, *messages)
        }
        _ => Ok(()),
    }
}

/// Lets this program with the commands that need libzmq do it.
#[cfg(not(feature = "live"))]
fn run_live(command: &Command) -> anyhow::Result<()> {
    if !matches!(command, Command::RawPush(_)) {
        setup::require_basics()?;
    }
    again_with("live")
}

#[cfg(feature = "book")]
fn run_book() -> anyhow::Result<()> {
    book::run()
}

/// Lets this program with mdBook in it do it.
#[cfg(not(feature = "book"))]
fn run_book() -> anyhow::Result<()> {
    again_with("book")
}

/// Builds this program again with one of its features, and runs that with the same arguments.
#[cfg(not(all(feature = "live", feature = "book")))]
fn again_with(feature: &str) -> anyhow::Result<()> {
    let arguments = std::env::args_os().skip(1);
    shell::cargo(["run", "--quiet", "--package", "xtask", "--features", feature, "--"]).args(arguments).run()
}
