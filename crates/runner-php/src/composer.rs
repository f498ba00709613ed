//! Projects of Composer's: what they require is installed into the folder `vendor`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use runner_core::{Command, ExitCode, Project, Result, Task};
use serde_json::Value;

const MANIFEST: &str = "composer.json";
/// Where Composer installs, and what it notes about that.
const MADE: [&str; 2] = ["vendor", "composer.lock"];

/// Installs what the project requires, and its autoloader.
pub(crate) async fn build(task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let Some(manifest) = manifest(project)? else {
        task.chose(format!("nothing to build: no {MANIFEST}")).await;
        return Ok(ExitCode::SUCCESS);
    };
    if !needs_vendor(&manifest) {
        task.chose(format!("nothing to build: {MANIFEST} requires no package")).await;
        return Ok(ExitCode::SUCCESS);
    }
    task.stderr(format!("installing with composer: {MANIFEST} says what is required\n")).await;
    let is_there = |name: &&str| project.root().join(name).exists();
    let new: Vec<_> = MADE.into_iter().filter(|name| !is_there(name)).collect();
    // It warns of root otherwise, who is most often the only user of a kernel's container.
    let install = Command::new("composer")
        .args(["install", "--no-interaction", "--no-progress"])
        .env("COMPOSER_ALLOW_SUPERUSER", "1");
    let exit_code = task.run(install).await.context("composer.json needs composer (package composer)")?;
    if exit_code == ExitCode::SUCCESS {
        new.into_iter().filter(is_there).try_for_each(|name| project.mark_made(name))?;
    }
    Ok(exit_code)
}

/// Removes what a build has made.
pub(crate) async fn clean(task: &Task) -> Result<ExitCode> {
    for name in MADE {
        if task.project().remove_made(name)? {
            task.stderr(format!("removed {name}\n")).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The first program that the manifest names.
pub(crate) fn bin(project: Project<'_>) -> Option<PathBuf> {
    let manifest = manifest(project).ok()??;
    let bin = &manifest["bin"];
    let name = bin.as_str().or_else(|| bin[0].as_str())?;
    project.has(name).then(|| name.into())
}

fn manifest(project: Project<'_>) -> Result<Option<Value>> {
    if !project.has(MANIFEST) {
        return Ok(None);
    }
    let text =
        fs::read_to_string(project.root().join(MANIFEST)).with_context(|| format!("failed to read {MANIFEST}"))?;
    Ok(Some(serde_json::from_str(&text).with_context(|| format!("{MANIFEST} is not JSON"))?))
}

/// Packages have a vendor in their names; what has none is PHP itself and its extensions.
fn needs_vendor(manifest: &Value) -> bool {
    let requires = |section: &str| {
        manifest[section].as_object().is_some_and(|packages| packages.keys().any(|name| name.contains('/')))
    };
    requires("require") || requires("require-dev") || manifest.get("autoload").is_some()
}
