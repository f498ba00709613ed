//! How C programs are compiled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Result, Task};
use tokio::task::JoinSet;

/// The folder of objects in the build directory. It is ours alone, so cleaning may remove all of it.
const OBJECTS: &str = ".kernel-runner-c";
/// What is linked into every program, so that a prompt is seen before its input is asked for.
const PROMPT: &str = include_str!("prompt.c");

pub(crate) struct Compiler {
    program: PathBuf,
}

impl Compiler {
    pub(crate) fn new(context: &Context) -> Self {
        Self { program: context.runtime() }
    }

    fn compile(&self) -> Command {
        Command::new(&self.program).arg("-fdiagnostics-color=never")
    }

    /// Compiles `sources` side by side and links them as `main` in `folder`. The first failure is the result.
    pub(crate) async fn build(&self, task: &Task, sources: &[PathBuf], folder: &Path) -> Result<ExitCode> {
        let objects = folder.join(OBJECTS);
        fs::create_dir_all(&objects).with_context(|| format!("failed to make {}", objects.display()))?;
        let prompt = objects.join("prompt.c");
        fs::write(&prompt, PROMPT).with_context(|| format!("failed to write {}", prompt.display()))?;

        let width = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut running, mut failure) = (JoinSet::new(), None);
        let (mut linked, mut waiting) = (vec![prompt], sources.iter().enumerate());
        loop {
            while running.len() < width && failure.is_none() {
                let Some((number, source)) = waiting.next() else { break };
                // The number keeps apart what has the same name in two folders.
                let stem = source.file_stem().unwrap_or_default().to_string_lossy();
                let object = objects.join(format!("{number}-{stem}.o"));
                let command = self.compile().args(["-Wall", "-O2", "-c"]).arg(source).arg("-o").arg(&object);
                linked.push(object);
                let task = task.clone();
                running.spawn(async move { task.run(command).await });
            }
            match running.join_next().await {
                Some(ended) => {
                    let exit_code = ended??;
                    failure = failure.or(Some(exit_code).filter(|code| !code.is_success()));
                }
                None => break,
            }
        }
        if let Some(failure) = failure {
            return Ok(failure);
        }
        task.run(self.compile().args(linked).arg("-o").arg(folder.join("main")).args(["-lm", "-lpthread"])).await
    }

    /// Compiles the one file of a query, `main.c` in `folder`, as `main` beside it.
    pub(crate) async fn build_query(&self, task: &Task, folder: &Path) -> Result<ExitCode> {
        fs::write(folder.join("prompt.c"), PROMPT).context("failed to write the prompt's part")?;
        let include = format!("-I{}", task.work_dir().display());
        let compile =
            self.compile().args(["-Wall", include.as_str(), "main.c", "prompt.c", "-o", "main", "-lm", "-lpthread"]);
        task.run(compile.dir(folder)).await
    }

    /// Removes what [`Self::build`] has made in `folder`, and nothing else.
    pub(crate) fn clean(folder: &Path) {
        let objects = folder.join(OBJECTS);
        if objects.is_dir() {
            // What is not there any more needs no cleaning.
            let _ = fs::remove_dir_all(objects);
            let _ = fs::remove_file(folder.join("main"));
        }
    }
}
