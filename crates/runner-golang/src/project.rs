//! Batch mode: modules, and files without one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, ExitCode, Project, Result, Task};

use crate::toolchain::{Toolchain, wants_display};

/// The names of the program that a build makes; the second where the first is something else of the user's.
const PROGRAMS: [&str; 2] = ["main", "main.out"];
/// The file that a main package seems to have when it wants to [display](wants_display) something.
const DISPLAY: &str = "kernel_runner_display.go";

/// What there is to build.
struct Target {
    /// The folder of the main package.
    folder: PathBuf,
    /// The files of the package, where not all in the folder are meant, or all packages.
    parts: Vec<String>,
    /// In words: what it is, and why it was chosen.
    reason: String,
}

/// Builds the main package as `main`.
pub(crate) async fn build(task: &Task, toolchain: &Toolchain) -> Result<ExitCode> {
    let project = task.project();
    let target = match Target::find(project) {
        Ok(target) => target,
        Err(reason) => {
            task.stderr(format!("nothing to build: {reason}\n")).await;
            return Ok(ExitCode::NOT_RUN);
        }
    };
    task.chose(format!("building {}", target.reason)).await;
    let [usual, other] = PROGRAMS;
    let is_anothers = |program: &Path| program.exists() && !is_binary(program);
    let name = if is_anothers(&project.build_dir().join(usual)) { other } else { usual };
    let program = std::path::absolute(project.build_dir().join(name)).context("there is no working directory")?;
    let was_there = program.exists();
    let mut command = toolchain.go().args(["build", "-buildvcs=false"]);
    if target.parts != ["./..."] {
        command = command.arg("-o").arg(&program);
    }
    if !target.is_in_module(project.root()) {
        command = command.env("GO111MODULE", "off");
    }
    let mut parts = target.parts.clone();
    if target.wants_display() {
        let seeming = std::path::absolute(target.folder.join(DISPLAY)).context("there is no working directory")?;
        let display = toolchain.display_source();
        let overlay = format!(r#"{{"Replace": {{{:?}: {:?}}}}}"#, seeming.to_string_lossy(), display.to_string_lossy());
        let file = task.temp_dir()?.join("overlay.json");
        fs::write(&file, overlay).context("failed to write a temporary file")?;
        command = command.arg("-overlay").arg(file);
        if !parts.is_empty() {
            parts.push(DISPLAY.to_owned());
        }
    }
    let built = task.run(command.args(parts).dir(&target.folder)).await?;
    if built.is_success() && !was_there && program.exists() {
        project.mark_made(name)?;
    }
    Ok(built)
}

/// Runs the program that a build has made.
pub(crate) async fn execute(task: &Task) -> Result<ExitCode> {
    let folder = task.project().build_dir();
    let Some(program) = PROGRAMS.iter().map(|name| folder.join(name)).find(|program| is_executable(program)) else {
        task.stderr("nothing to run: looked for main, which a build makes\n").await;
        return Ok(ExitCode::NOT_RUN);
    };
    task.run(Command::new(program)).await
}

/// Removes the program that a build has made, and no other.
pub(crate) fn clean(task: &Task) -> Result<ExitCode> {
    for name in PROGRAMS {
        task.project().remove_made(name)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Target {
    /// Finds what there is to build, or says what was looked for.
    fn find(project: Project<'_>) -> Result<Self, String> {
        let sources: Vec<_> = project.sources(&["go"]).into_iter().filter(|path| is_source(path)).collect();
        if sources.is_empty() {
            return Err("looked for a Makefile, go.mod and .go files".to_owned());
        }
        // Of files that the user has named, the project has none.
        if !project.has(&sources[0].to_string_lossy()) {
            let parts = sources.iter().map(|path| path.display().to_string()).collect();
            return Ok(Self { folder: project.root().to_owned(), parts, reason: "the named files".to_owned() });
        }
        let mains: Vec<_> =
            sources.iter().filter(|path| has_line(&project.root().join(path), "package main")).collect();
        // The root is the first.
        let folders: BTreeSet<_> = mains.iter().filter_map(|path| path.parent()).collect();
        let folders: Vec<_> = folders.into_iter().collect();
        let module = module_name(project.root());
        let commands: Vec<_> =
            folders.iter().copied().filter(|folder| folder.parent() == Some(Path::new("cmd"))).collect();
        let named_like_module = commands.iter().copied().find(|folder| folder.ends_with(&module));
        let (folder, reason) = match (&folders[..], &commands[..], named_like_module) {
            ([root, ..], ..) if root.as_os_str().is_empty() => return Self::in_root(project, &mains),
            ([only], ..) => (*only, "it is the only main package"),
            (_, [only], _) => (*only, "it is the only command"),
            (.., Some(command)) => (command, "of several commands it is named like the module"),
            ([], ..) if project.has("go.mod") => {
                let reason = "all packages: there is a go.mod and no main package".to_owned();
                return Ok(Self { folder: project.root().to_owned(), parts: vec!["./...".to_owned()], reason });
            }
            ([], ..) => return Err("looked for a go.mod and for a main package".to_owned()),
            (several, ..) => {
                let several: Vec<_> = several.iter().map(|folder| folder.display().to_string()).collect();
                return Err(format!("there are several main packages, {}, and none in the root", several.join(", ")));
            }
        };
        Ok(Self {
            folder: project.root().join(folder),
            parts: Vec::new(),
            reason: format!("{}: {reason}", folder.display()),
        })
    }

    /// The main package in the root. Of several programs in it, `main.go` is meant.
    fn in_root(project: Project<'_>, mains: &[&PathBuf]) -> Result<Self, String> {
        let top = mains.iter().filter(|path| path.components().count() == 1);
        let (programs, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
            top.partition(|path| has_line(&project.root().join(path), "func main("));
        let target = |parts, reason| Self { folder: project.root().to_owned(), parts, reason };
        if programs.len() > 1 {
            let names: Vec<_> = programs.iter().map(|path| path.display().to_string()).collect();
            if !names.iter().any(|name| name == "main.go") {
                return Err(format!("{} each have a main function, and there is no main.go", names.join(", ")));
            }
            let others = others.iter().map(|path| path.display().to_string());
            let reason = "main.go: of several files with a main function it is the main file".to_owned();
            return Ok(target([String::from("main.go")].into_iter().chain(others).collect(), reason));
        }
        let reason = if project.has("go.mod") {
            "the module's main package: there is a go.mod".to_owned()
        } else {
            format!("{} without a go.mod", if mains.len() == 1 { "the source file" } else { "the source files" })
        };
        Ok(target(Vec::new(), reason))
    }

    /// Whether the folder belongs to a module, or workspace, of the project.
    fn is_in_module(&self, root: &Path) -> bool {
        let folders = self.folder.ancestors().take_while(|folder| folder.starts_with(root));
        folders.into_iter().any(|folder| folder.join("go.mod").is_file() || folder.join("go.work").is_file())
    }

    fn wants_display(&self) -> bool {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let sources =
            entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|found| found == "go"));
        let texts: String = sources.filter(|path| is_source(path)).flat_map(fs::read_to_string).collect();
        wants_display(&texts)
    }
}

/// Whether a file is what a compiler has made.
fn is_binary(file: &Path) -> bool {
    let mut magic = [0; 4];
    File::open(file).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether a file belongs to a package when it is built: no test, and not another package's.
fn is_source(path: &Path) -> bool {
    let is_anothers =
        path.components().any(|part| ["vendor", "testdata"].iter().any(|other| part.as_os_str() == *other));
    !is_anothers && !path.to_string_lossy().ends_with("_test.go")
}

/// Whether a source file that is not excluded from builds has a line that starts so.
fn has_line(file: &Path, start: &str) -> bool {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let is_ignored = text.lines().any(|line| ["//go:build ignore", "// +build ignore"].contains(&line.trim_end()));
    !is_ignored && text.lines().any(|line| line.starts_with(start))
}

/// The last part of the module's path.
fn module_name(root: &Path) -> String {
    let manifest = fs::read_to_string(root.join("go.mod")).unwrap_or_default();
    let path = manifest.lines().find_map(|line| line.strip_prefix("module ")).unwrap_or_default();
    path.trim().trim_matches('"').rsplit('/').next().unwrap_or_default().to_owned()
}
