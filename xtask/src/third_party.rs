//! Other people's runners: the example, and what `new-runner` makes, built and tested as outsiders would.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::new_runner::write_crate;
use crate::shell::{Run, cargo, root};

/// Where a folder for the crate that `new-runner` makes is free to be removed.
const SCRATCH: &str = "target/third-party/runner-scratch";
/// Sets the profile of a workspace that is not ours: with our own one's, it shares what is built already.
pub(crate) const DEBUG_INFO: &str = "CARGO_PROFILE_DEV_DEBUG";
pub(crate) const SAME_DEBUG_INFO: &str = "line-tables-only";

/// Runs the tests of both, each run prepared by `prepared`.
pub(crate) fn test(prepared: impl Fn(Run) -> Run) -> Result<()> {
    crates()?.iter().try_for_each(|folder| prepared(outside(folder, &["test"])?).run())
}

/// Checks the lints of both, and the example's format.
pub(crate) fn lint() -> Result<()> {
    let [example, scratch] = crates()?;
    outside(&example, &["fmt", "--check"])?.run()?;
    let clippy = ["clippy", "--all-targets", "--", "-D", "warnings"];
    [example, scratch].iter().try_for_each(|folder| outside(folder, &clippy)?.run())
}

/// The example's folder, and that of a new runner.
fn crates() -> Result<[PathBuf; 2]> {
    let scratch = root().join(SCRATCH);
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("failed to remove {}", scratch.display()))?;
    }
    write_crate("scratch", &scratch)?;
    Ok([root().join("examples/third-party"), scratch])
}

/// Cargo in a workspace that is not ours. It gets our versions of all crates, so that it is reproducible, and our folder of
/// what is built.
fn outside(folder: &Path, arguments: &[&str]) -> Result<Run> {
    let lock = folder.join("Cargo.lock");
    fs::copy(root().join("Cargo.lock"), &lock).with_context(|| format!("failed to write {}", lock.display()))?;
    let target = root().join("target").display().to_string();
    Ok(cargo([]).args(arguments).dir(folder).env("CARGO_TARGET_DIR", &target).env(DEBUG_INFO, SAME_DEBUG_INFO))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page on writing a runner shows must be somewhere where it is compiled: in the example, or in the
    /// documentation of the core.
    #[test]
    fn the_books_code_is_code_that_tests_compile() {
        let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
        // Without indentation, and without what makes a line documentation.
        let flat = |text: &str| {
            let lines = text.lines().map(|line| line.trim().trim_start_matches("///").trim());
            lines.collect::<Vec<_>>().join("\n")
        };
        let compiled = ["src/lib.rs", "src/main.rs"].map(|file| flat(&read(&format!("examples/third-party/{file}"))));
        let documented = ["registry.rs", "cache.rs"].map(|file| flat(&read(&format!("crates/runner-core/src/{file}"))));
        let page = read("docs/src/writing-a-runner.md");
        let blocks: Vec<_> =
            page.split("```rust,ignore\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 7, "the page has other blocks of code than this test knows");
        for block in blocks {
            let block = flat(block);
            let is_compiled = compiled.iter().chain(&documented).any(|text| text.contains(block.trim()));
            assert!(is_compiled, "nobody compiles this:\n{block}");
        }
    }
}
