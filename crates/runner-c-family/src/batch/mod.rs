//! Batch mode: programs of many files, by `CMake`, by Meson, or from all the sources that there are.

mod programs;
mod sources;
mod tools;

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Result, Task};

use crate::compiler::Compiler;
use crate::language::Language;
use crate::program;

/// The folder of what a build makes on the way to the program.
const FOLDER: &str = ".kernel-runner-c";
/// The program that all the sources become.
const PROGRAM: &str = "main";

/// Builds the program in the task's working directory.
pub(crate) async fn build(task: &Task, context: &Context, compiler: &Compiler, language: Language) -> Result<ExitCode> {
    match tools::of(task.project(), context) {
        Some(tool) => tool.build(task, compiler).await,
        None => sources::build(task, context, compiler, language).await,
    }
}

/// Runs the program that a build has made, or that was there before.
pub(crate) async fn execute(task: &Task, compiler: &Compiler) -> Result<ExitCode> {
    let project = task.project();
    let candidates = programs::find(project);
    let names: Vec<_> = candidates
        .iter()
        .map(|path| path.strip_prefix(project.build_dir()).unwrap_or(path).display().to_string())
        .collect();
    match &candidates[..] {
        [] => {
            let looked_for = "looked for main, a.out, and for a program that a build has made";
            task.stderr(format!("nothing to run: {looked_for}\n")).await;
            Ok(ExitCode::NOT_RUN)
        }
        [program] => {
            if names[0] != PROGRAM {
                task.chose(format!("running {}: it is the program that is there", names[0])).await;
            }
            task.run(program::command(task, compiler, program).await?).await
        }
        _ => {
            let text = format!("nothing to run: there are several programs, {}; say which\n", names.join(", "));
            task.stderr(text).await;
            Ok(ExitCode::NOT_RUN)
        }
    }
}

/// Removes what [`build`] has made, and nothing else. A `Makefile` says itself what that is.
pub(crate) async fn clean(task: &Task) -> Result<ExitCode> {
    let project = task.project();
    let program = project.build_dir().join(PROGRAM);
    let is_ours = sources::is_ours(&program, &project.build_dir().join(FOLDER));
    if project.remove_made(FOLDER)? && is_ours {
        fs::remove_file(&program).with_context(|| format!("failed to remove {}", program.display()))?;
    }
    let makefile = fs::read_to_string(project.root().join("Makefile")).unwrap_or_default();
    let has_rule =
        makefile.lines().any(|line| line.strip_prefix("clean").is_some_and(|rest| rest.trim_start().starts_with(':')));
    if project.has("Makefile") && has_rule {
        task.chose("cleaning with make: there is a Makefile with a rule for it").await;
        return task.run(Command::new("make").arg("clean")).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder of a build, and says that it is one.
fn own(task: &Task, folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    task.project().mark_made(FOLDER)
}
