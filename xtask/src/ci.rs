//! `cargo xtask ci`: what a change must pass.

use anyhow::Result;
use clap::Args;

use crate::shell::cargo;
use crate::test::Test;
use crate::{features, manifests, package, third_party};

#[derive(Args)]
pub(crate) struct Ci {
    /// Install the toolchains first, and skip no test.
    #[arg(long, conflicts_with = "no_tests")]
    setup: bool,

    /// Everything but the tests, where they have been run already.
    #[arg(long)]
    no_tests: bool,
}

impl Ci {
    pub(crate) fn run(&self) -> Result<()> {
        cargo(["fmt", "--all", "--check"]).run()?;
        if !self.no_tests {
            Test::all(self.setup).run()?;
        }
        cargo(["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]).run()?;
        cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").run()?;
        cargo(["xtask", "book"]).run()?;
        manifests::run()?;
        third_party::lint()?;
        features::check()?;
        package::run()
    }
}
