//! `cargo xtask test`: every test of the workspace, and of crates outside of it.

use anyhow::Result;
use clap::Args;

use crate::setup::Setup;
use crate::shell::{self, cargo};
use crate::third_party;

#[derive(Args)]
pub(crate) struct Test {
    /// Install the toolchains first; a test that finds none then fails instead of being skipped.
    #[arg(long)]
    setup: bool,

    /// More arguments for `cargo nextest run`: a filter, for one. The documentation's examples and
    /// other people's crates are not tested then.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "NEXTEST ARGS")]
    rest: Vec<String>,
}

impl Test {
    /// All of it.
    pub(crate) fn all(setup: bool) -> Self {
        Self { setup, rest: Vec::new() }
    }

    pub(crate) fn run(&self) -> Result<()> {
        if self.setup {
            Setup::new().run()?;
        }
        let tests = if shell::has_nextest() {
            cargo(["nextest", "run", "--workspace", "--all-features"])
        } else {
            eprintln!(
                "cargo-nextest is not installed (`cargo xtask setup` does that): `cargo test` runs the tests instead"
            );
            cargo(["test", "--workspace", "--all-features", "--lib", "--bins", "--tests"])
        };
        self.required(tests.args(&self.rest)).run()?;
        if self.rest.is_empty() {
            self.required(cargo(["test", "--doc", "--workspace", "--all-features"])).run()?;
            third_party::test(|run| self.required(run))?;
        }
        Ok(())
    }

    fn required(&self, run: shell::Run) -> shell::Run {
        if self.setup { run.env("TESTKIT_REQUIRE", "all") } else { run }
    }
}
