//! Batch mode: Maven, Gradle, or all the sources with one run of the compiler.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use runner_core::{ExitCode, Project, Result, Task};

use crate::builder::{self, Build};
use crate::entry::{self, Entry};
use crate::{DISPLAY, Jdk};

/// The folder in the build directory for the classes that we compile ourselves.
const CLASSES: &str = ".kernel-runner-java";
/// Where people keep the jars that their code needs.
const JARS: [&str; 2] = ["lib", "libs"];
/// Where people keep the files that their code reads as resources, beside the root.
const RESOURCES: [&str; 4] = ["src", "src/main/java", "src/main/resources", "resources"];

/// Builds with the manifest's tool, or compiles all sources at once. A tool that cannot even begin, as one that finds
/// no network for its first download, leaves the sources to us.
pub(crate) async fn build(jdk: &Jdk, task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let reason = match Build::of(project) {
        None => "there is no pom.xml and no build.gradle".to_owned(),
        Some(build) => match build.command(jdk) {
            None => format!("there is a {}, but no {}", build.manifest, build.builder.program),
            Some(command) => {
                task.chose(format!("building with `{command}`: there is a {}", build.manifest)).await;
                let exit_code = build.run(task, command).await?;
                if exit_code.is_success() || build.has_begun() || task.is_interrupted() {
                    return Ok(exit_code);
                }
                format!("{} has built nothing", build.builder.program)
            }
        },
    };
    let sources = sources(project);
    if sources.is_empty() {
        task.stderr("nothing to build: looked for a Makefile, pom.xml, build.gradle, and .java files\n").await;
        return Ok(ExitCode::NOT_RUN);
    }
    let files = if sources.len() == 1 { "file" } else { "files" };
    task.chose(format!("compiling {} .java {files}: {reason}", sources.len())).await;
    compile(jdk, task, sources).await
}

/// Runs the jar that the manifest makes, or the class with a `main` among those that were built.
pub(crate) async fn execute(jdk: &Jdk, task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let own = project.build_dir().join(CLASSES);
    let found = Build::of(project);
    let build = found.filter(|_| !own.is_dir());
    if let Some(jar) = build.and_then(|build| build.jar()) {
        let name = jar.strip_prefix(project.root()).unwrap_or(&jar).display();
        task.chose(format!("running {name}: the jar of the project")).await;
        return task.run(jdk.java().arg("-jar").arg(jar)).await;
    }
    let folders = match build {
        Some(build) => build.class_path(),
        None if own.is_dir() => vec![own],
        // What a Makefile has built may lie anywhere.
        None => vec![project.root().to_owned()],
    };
    let entries: Vec<_> =
        folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| Entry::all(folder)).collect();
    let manifest = found.map(|build| build.text()).unwrap_or_default();
    match entry::choose(&entries, &manifest, project.root()) {
        Ok((entry, reason)) => {
            task.chose(format!("running {}: {reason}", entry.name)).await;
            let first = std::iter::once(entry.class_path).chain(folders);
            task.run(jdk.java().arg("-cp").arg(class_path(project, first)?).arg(entry.name)).await
        }
        Err(reason) => {
            task.stderr(format!("nothing to run: {reason}\n")).await;
            Ok(ExitCode::NOT_RUN)
        }
    }
}

/// Removes what a build has made.
pub(crate) async fn clean(task: &Task) -> Result<ExitCode> {
    let project = task.project();
    for folder in builder::all_made(project.root()).iter().map(String::as_str).chain([CLASSES]) {
        if project.remove_made(folder)? {
            task.stderr(format!("removed {folder}\n")).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The sources of the program: without its tests, which need what is not here.
fn sources(project: Project<'_>) -> Vec<PathBuf> {
    let mut sources = project.sources(&["java"]);
    if sources.iter().any(|source| source.starts_with("src/main")) {
        sources.retain(|source| !source.starts_with("src/test"));
    }
    sources
}

async fn compile(jdk: &Jdk, task: &Task, sources: Vec<PathBuf>) -> Result<ExitCode> {
    let project = task.project();
    let classes = project.build_dir().join(CLASSES);
    project.remove_made(CLASSES)?;
    fs::create_dir_all(&classes).with_context(|| format!("failed to make {}", classes.display()))?;
    project.mark_made(CLASSES)?;
    // The compiler finds this source by itself when the program uses it, and compiles it with the program's.
    let library = task.temp_dir()?.join("library");
    DISPLAY.write(&library).context("failed to write the library")?;
    let mut javac = jdk.javac().arg("-implicit:class").arg("-d").arg(classes);
    if sources.iter().any(|source| source.file_name().is_some_and(|name| name == "module-info.java")) {
        javac = javac.arg("--module-path").arg(env::join_paths(JARS)?);
    }
    task.run(javac.arg("-cp").arg(class_path(project, [library])?).args(sources)).await
}

/// A class path of `first`, and then of what a project has: resources, and jars of others.
fn class_path(project: Project<'_>, first: impl IntoIterator<Item = PathBuf>) -> Result<OsString> {
    let root = project.root();
    let folders = RESOURCES.iter().map(|folder| root.join(folder)).filter(|folder| folder.is_dir());
    let jars = JARS.iter().filter(|folder| root.join(folder).is_dir()).map(|folder| root.join(folder).join("*"));
    let paths = first.into_iter().chain([root.to_owned()]).chain(folders).chain(jars);
    Ok(env::join_paths(paths)?)
}
