//! Batch mode: Cargo packages and workspaces, and files without one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, ExitCode, Project, Result, Task};

use crate::compiler::Compiler;

/// The names of the program that a build makes of files; the second where the first is a folder.
const PROGRAMS: [&str; 2] = ["main", "main.out"];
/// The folder in the build directory that tells what a build has made, besides what Cargo makes.
const MADE: &str = ".kernel-runner-rust";
/// Where Cargo builds.
const TARGET: &str = "target";
const PROFILES: [&str; 2] = ["debug", "release"];
const LOCK: &str = "Cargo.lock";

/// Builds a package, or the main file as `main`.
pub(crate) async fn build(task: &Task, compiler: &Compiler) -> Result<ExitCode> {
    let project = task.project();
    if project.has("Cargo.toml") {
        return build_package(task, compiler).await;
    }
    let Some((file, reason)) = main_file(project) else {
        let text = "nothing to build: looked for a Makefile, a Cargo.toml, a main.rs and an only .rs file\n";
        task.stderr(text).await;
        return Ok(ExitCode::NOT_RUN);
    };
    let folder = project.build_dir();
    let name = program_name(folder);
    let program = folder.join(name);
    if program.exists() && made(folder).as_deref() != Some(name) {
        task.stderr(format!("not built: there is a file {name} that no build has made; remove or rename it\n")).await;
        return Ok(ExitCode::FAILURE);
    }
    task.chose(format!("building {name} from {}, without optimization: {reason}", file.display())).await;
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let command = compiler.rustc(task).await?.arg("-o").arg(&program).args(["--crate-name", "main"]).arg(&file);
    let built = task.run(command.dir(project.root())).await?;
    if built.is_success() {
        let note = folder.join(MADE);
        fs::create_dir_all(&note).with_context(|| format!("failed to make {}", note.display()))?;
        fs::write(note.join("program"), name).context("failed to note what was built")?;
        project.mark_made(MADE)?;
    }
    Ok(built)
}

/// Lets Cargo build everything for debugging.
async fn build_package(task: &Task, compiler: &Compiler) -> Result<ExitCode> {
    let project = task.project();
    task.chose("building with cargo for debugging: there is a Cargo.toml").await;
    let is_new = |name: &str| !project.build_dir().join(name).exists();
    let (is_new_target, is_new_lock) = (is_new(TARGET), is_new(LOCK));
    let command = compiler.cargo(task).await?.args(["build", "--quiet", "--target-dir"]);
    let command = command.arg(project.build_dir().join(TARGET));
    let built = task.run(command.dir(project.root())).await?;
    if is_new_target && !is_new(TARGET) {
        project.mark_made(TARGET)?;
    }
    if is_new_lock && !is_new(LOCK) {
        project.mark_made(LOCK)?;
    }
    Ok(built)
}

/// Runs what was built.
pub(crate) async fn execute(task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let folder = project.build_dir();
    let found = if project.has("Cargo.toml") {
        package_program(project)
    } else {
        let program = PROGRAMS.iter().map(|name| folder.join(name)).find(|program| program.is_file());
        program.ok_or_else(|| "looked for main, which a build makes".to_owned())
    };
    match found {
        Ok(program) => task.run(Command::new(program)).await,
        Err(reason) => {
            task.stderr(format!("nothing to run: {reason}\n")).await;
            Ok(ExitCode::NOT_RUN)
        }
    }
}

/// Removes what builds have made, and nothing else.
pub(crate) fn clean(task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let folder = project.build_dir();
    let made = made(folder);
    if project.remove_made(MADE)?
        && let Some(name) = made
    {
        // What is not there any more needs no cleaning.
        let _ = fs::remove_file(folder.join(name));
    }
    project.remove_made(TARGET)?;
    project.remove_made(LOCK)?;
    Ok(ExitCode::SUCCESS)
}

/// The program that a build has made of files.
fn made(folder: &Path) -> Option<String> {
    let name = fs::read_to_string(folder.join(MADE).join("program")).ok()?;
    PROGRAMS.contains(&name.as_str()).then_some(name)
}

fn program_name(folder: &Path) -> &'static str {
    let [usual, other] = PROGRAMS;
    if folder.join(usual).is_dir() { other } else { usual }
}

/// The file with the program, and why it is the one.
fn main_file(project: Project<'_>) -> Option<(PathBuf, &'static str)> {
    if let Some(found) = project.main(&["rs"]) {
        return Some(found);
    }
    let inner = PathBuf::from("src/main.rs");
    if project.sources(&["rs"]).contains(&inner) {
        return Some((inner, "it is the main file"));
    }
    let sources = project.sources(&["rs"]);
    let is_program = |path: &&PathBuf| {
        let text = fs::read_to_string(project.root().join(path)).unwrap_or_default();
        crate::cell::Cell::parse(&text).is_some_and(|cell| cell.is_program())
    };
    let programs: Vec<_> = sources.iter().filter(is_program).collect();
    match programs[..] {
        [only] => Some((only.clone(), "it is the only file with a main")),
        _ => None,
    }
}

/// The program of a package that `cargo run` would run, or why there is none. Of debug and release, the newer.
fn package_program(project: Project<'_>) -> Result<PathBuf, String> {
    let target = project.build_dir().join(TARGET);
    let found = PROFILES.iter().map(|profile| target.join(profile)).filter_map(|folder| {
        let programs = programs(&folder);
        let built = programs.iter().filter_map(|name| fs::metadata(folder.join(name)).ok()?.modified().ok()).max()?;
        Some((built, folder, programs))
    });
    let Some((_, folder, programs)) = found.max_by_key(|(built, ..)| *built) else {
        let places = PROFILES.map(|profile| format!("{TARGET}/{profile}")).join(" and ");
        return Err(format!("looked for a program in {places}, where a build makes it"));
    };
    let manifest = Manifest::read(project.root());
    let chosen = [manifest.default_run, manifest.name].into_iter().flatten().find(|name| programs.contains(name));
    match (chosen, &programs[..]) {
        (Some(name), _) => Ok(folder.join(name)),
        (None, [only]) => Ok(folder.join(only)),
        (None, several) => {
            Err(format!("there are several programs, {}; say which, or set default-run", several.join(", ")))
        }
    }
}

/// The names of the programs in a folder of Cargo's: with each, Cargo writes a file that tells what it depends on.
fn programs(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
    let mut found: Vec<String> = entries
        .filter_map(name)
        .filter(|name| folder.join(name).is_file() && !name.contains('.') && folder.join(format!("{name}.d")).is_file())
        .collect();
    found.sort();
    found
}

/// What a manifest says of the program to run; a workspace without a package says nothing.
#[derive(Debug, Default)]
struct Manifest {
    name: Option<String>,
    default_run: Option<String>,
}

impl Manifest {
    fn read(folder: &Path) -> Self {
        Self::parse(&fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            } else if section == "[package]"
                && let Some((key, value)) = line.split_once('=')
            {
                let value = value.trim().split(['"', '\'']).nth(1).map(str::to_owned);
                match key.trim() {
                    "name" => manifest.name = value,
                    "default-run" => manifest.default_run = value,
                    _ => {}
                }
            }
        }
        manifest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_tells_what_to_run() {
        let manifest = Manifest::parse("[package]\nname = \"a\" # the name\ndefault-run='b'\n[[bin]]\nname = \"c\"\n");
        assert_eq!((manifest.name.as_deref(), manifest.default_run.as_deref()), (Some("a"), Some("b")));
    }
}
