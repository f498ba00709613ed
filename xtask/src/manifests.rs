//! `cargo xtask manifests`: checks what `deploy/kubernetes` holds against the schemas of Kubernetes itself.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell::{program, root};

const FOLDER: &str = "deploy/kubernetes";
/// The checker, which brings the schemas of every release.
const CHECKER: &str = "kubernetes-validate==1.37.0";
/// A virtual environment with it, made when it is not there.
const ENVIRONMENT: &str = "target/kubernetes-validate-1.37.0";
/// The oldest and the newest release that the manifests are for.
const RELEASES: [&str; 2] = ["1.30.0", "1.37.0"];

pub(crate) fn run() -> Result<()> {
    let checker = root().join(ENVIRONMENT).join("bin/kubernetes-validate");
    if !checker.exists() {
        install().context("the checker needs python3 with venv: `cargo xtask setup` installs it")?;
    }
    let files = files()?;
    for release in RELEASES {
        let checker = program(&checker).args(["--strict", "--quiet", "--kubernetes-version", release]);
        let complaints = checker.args(&files).read()?;
        // It only warns of a kind that no schema knows.
        if !complaints.is_empty() {
            bail!("{}", complaints.trim_end());
        }
    }
    for file in &files {
        images_are_of_this_version(file)?;
    }
    eprintln!("{} manifests are as Kubernetes {} want them", files.len(), RELEASES.join(" and "));
    Ok(())
}

fn install() -> Result<()> {
    program("python3").args(["-m", "venv", "--clear", ENVIRONMENT]).run()?;
    let python = root().join(ENVIRONMENT).join("bin/python3");
    program(python).args(["-m", "pip", "install", "--quiet", CHECKER]).run()
}

/// A manifest names images of the version that it comes with.
fn images_are_of_this_version(file: &Path) -> Result<()> {
    let text = fs::read_to_string(root().join(file)).with_context(|| format!("failed to read {}", file.display()))?;
    let version = concat!(":", env!("CARGO_PKG_VERSION"));
    let images = text.lines().filter_map(|line| line.trim_start().strip_prefix("image: "));
    match images.into_iter().find(|image| !image.ends_with(version)) {
        Some(image) => bail!("{}: {image} is not of the version {}", file.display(), &version[1..]),
        None => Ok(()),
    }
}

/// The manifests, by their paths from the root.
fn files() -> Result<Vec<PathBuf>> {
    let folder = root().join(FOLDER);
    let entries = fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "yaml") {
            files.push(Path::new(FOLDER).join(name));
        }
    }
    if files.is_empty() {
        bail!("there is no manifest in {FOLDER}");
    }
    files.sort();
    Ok(files)
}
