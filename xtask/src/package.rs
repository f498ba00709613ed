//! `cargo xtask package`: whether every crate can be published as it is.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell::cargo;
use crate::third_party::{DEBUG_INFO, SAME_DEBUG_INFO};

/// What a registry shows of a crate, by the keys of its manifest.
const SHOWN: [&str; 7] =
    ["description", "license", "readme", "documentation", "keywords", "categories", "rust_version"];
/// What each package has.
const NEEDED: [&str; 4] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "src/lib.rs"];
/// What cargo itself puts there.
const CARGOS: [&str; 4] = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"];
/// The folders of sources, and what may lie in them: Rust, drivers and what goes with them, and the tests' transcripts.
const FOLDERS: [&str; 2] = ["src", "tests"];
const EXTENSIONS: [&str; 24] = [
    "rs",
    "c",
    "cpp",
    "css",
    "ghci",
    "go",
    "h",
    "hpp",
    "hs",
    "html",
    "java",
    "jl",
    "js",
    "json",
    "lua",
    "m",
    "mjs",
    "mod",
    "php",
    "py",
    "R",
    "r",
    "sh",
    "transcript",
];

pub(crate) fn run() -> Result<()> {
    let metadata = cargo(["metadata", "--no-deps", "--format-version", "1"]).read()?;
    let metadata: Value = serde_json::from_str(&metadata).context("failed to read what cargo says of the workspace")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let packages: Vec<_> = packages.filter(|package| is_published(package)).collect();
    for package in &packages {
        check_manifest(package)?;
        check_files(package["name"].as_str().unwrap_or_default())?;
    }
    eprintln!("{} crates have all that a registry shows, and no stray file", packages.len());
    // In the order of their dependencies, and each built from its package alone.
    cargo(["publish", "--workspace", "--dry-run", "--allow-dirty"]).env(DEBUG_INFO, SAME_DEBUG_INFO).run()
}

/// An empty list of registries is what `publish = false` means.
fn is_published(package: &Value) -> bool {
    package["publish"].as_array().is_none_or(|registries| !registries.is_empty())
}

fn check_manifest(package: &Value) -> Result<()> {
    let is_missing = |key: &&str| match &package[*key] {
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    };
    let missing: Vec<_> = SHOWN.into_iter().filter(is_missing).collect();
    if !missing.is_empty() {
        bail!("the manifest of {} lacks {}: see that of runner-core", package["name"], missing.join(", "));
    }
    Ok(())
}

fn check_files(package: &str) -> Result<()> {
    let listed = cargo(["package", "--list", "--allow-dirty", "--package", package]).read()?;
    let files: Vec<_> = listed.lines().collect();
    if let Some(needed) = NEEDED.iter().find(|needed| !files.contains(*needed)) {
        bail!("the package of {package} lacks {needed}: a link to the one in the root of the repository will do");
    }
    if let Some(stray) = files.iter().find(|file| !belongs(file)) {
        bail!("the package of {package} has a stray file: {stray} (what belongs there, this command's source says)");
    }
    Ok(())
}

fn belongs(file: &str) -> bool {
    let extension = Path::new(file).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_source = file.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
    NEEDED.contains(&file) || CARGOS.contains(&file) || is_source && EXTENSIONS.contains(&extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_and_what_explains_them_belong_into_a_package() {
        for file in ["Cargo.toml", "LICENSE-MIT", "src/a/driver.py", "tests/session.transcript"] {
            assert!(belongs(file), "{file}");
        }
        for file in ["clippy.toml", "notes.rs", "src/a.orig", "src/__pycache__/a.pyc", "target/debug/x.rs", "tests/x"] {
            assert!(!belongs(file), "{file}");
        }
    }
}
