//! `cargo xtask ci`: what a change must pass.

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::manifests;
use crate::shell::{cargo, root};
use crate::test::Test;
use crate::{package, third_party};

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
        features_stand_alone()?;
        package::run()
    }
}

/// An image compiles only the language that it serves: each feature builds alone, and links no other language.
fn features_stand_alone() -> Result<()> {
    cargo(["check", "--package", "kernel-runner", "--no-default-features"]).run()?;
    let languages = languages()?;
    for language in &languages {
        cargo(["check", "--package", "kernel-runner", "--no-default-features", "--features", language]).run()?;
        let tree = cargo(["tree", "--package", "kernel-runner", "--no-default-features", "--features", language]);
        let tree = tree.args(["--edges", "normal", "--prefix", "none"]).read()?;
        let packages: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        if !packages.contains(&format!("runner-{language}").as_str()) {
            bail!("the feature {language} of kernel-runner does not link runner-{language}");
        }
        if let Some(other) =
            languages.iter().find(|other| *other != language && packages.contains(&format!("runner-{other}").as_str()))
        {
            bail!("kernel-runner with the feature {language} alone links runner-{other}");
        }
    }
    eprintln!("each language builds alone: {}", languages.join(", "));
    Ok(())
}

/// The languages that the feature `all` of kernel-runner names.
fn languages() -> Result<Vec<String>> {
    let manifest = root().join("crates/kernel-runner/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("failed to read {}", manifest.display()))?;
    let list = text.split_once("\nall = [").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let list = list.context("the manifest of kernel-runner has no feature `all`")?;
    Ok(list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()).collect())
}
