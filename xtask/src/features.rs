//! `cargo xtask features`: the languages, each behind a feature of kernel-runner, and what each links.

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::image;
use crate::shell::{cargo, root};

#[derive(Args)]
pub(crate) struct Features {
    /// Build each language alone, none and all, and fail where one links another's crate.
    #[arg(long)]
    check: bool,

    /// Build each language's program as images have it, show its size, and fail where it is too large.
    #[arg(long, conflicts_with = "check")]
    sizes: bool,
}

impl Features {
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self { check: true, .. } => check(),
            Self { sizes: true, .. } => sizes(),
            _ => show(),
        }
    }
}

/// The languages that the feature `all` of kernel-runner names.
pub(crate) fn languages() -> Result<Vec<String>> {
    let manifest = root().join("crates/kernel-runner/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("failed to read {}", manifest.display()))?;
    let list = text.split_once("\nall = [").and_then(|(_, rest)| rest.split_once(']')).map(|(list, _)| list);
    let list = list.context("the manifest of kernel-runner has no feature `all`")?;
    Ok(list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()).collect())
}

/// An image compiles only the language that it serves: each feature builds alone, and links no other language.
pub(crate) fn check() -> Result<()> {
    check_build(&["--no-default-features"])?;
    let languages = languages()?;
    for language in &languages {
        check_build(&["--no-default-features", "--features", language])?;
        let linked = linked(language)?;
        if !linked.contains(&format!("runner-{language}")) {
            bail!("the feature {language} of kernel-runner does not link runner-{language}");
        }
        let is_linked = |other: &&String| *other != language && linked.contains(&format!("runner-{other}"));
        if let Some(other) = languages.iter().find(is_linked) {
            bail!("kernel-runner with the feature {language} alone links runner-{other}");
        }
    }
    check_build(&["--no-default-features", "--features", "all"])?;
    eprintln!("each language builds alone: {}", languages.join(", "));
    Ok(())
}

fn show() -> Result<()> {
    let ours = linked("")?;
    println!("{:<10} crates of this project; all have {}", "feature", ours.join(", "));
    for language in languages()? {
        let linked = linked(&language)?.into_iter().filter(|package| !ours.contains(package));
        println!("{language:<10} {}", linked.collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn sizes() -> Result<()> {
    for language in languages()? {
        println!("{language:<10} {}", image::program_size(&language)?);
    }
    Ok(())
}

fn check_build(features: &[&str]) -> Result<()> {
    cargo(["build", "--package", "kernel-runner"]).args(features).run()
}

/// The project's crates that kernel-runner links with these features alone.
fn linked(features: &str) -> Result<Vec<String>> {
    let tree = cargo(["tree", "--package", "kernel-runner", "--no-default-features", "--features", features]);
    let tree = tree.args(["--edges", "normal", "--prefix", "none"]).read()?;
    // A crate of the workspace is named with its path.
    let ours = tree.lines().filter(|line| line.contains(" (/")).filter_map(|line| line.split(' ').next());
    let mut ours: Vec<_> = ours.map(str::to_owned).collect();
    ours.sort_unstable();
    ours.dedup();
    Ok(ours)
}
