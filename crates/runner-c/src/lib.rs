//! C for kernel-runner: programs are compiled and run, in batch mode and in query mode alike.

mod compile;

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use runner_core::{Command, ExitCode, Result, Runner, Task, Tool, async_trait, register_runner};

use compile::Compiler;

/// The names under which a build leaves a program.
const PROGRAMS: [&str; 2] = ["main", "a.out"];

register_runner! {
    name: "c",
    aliases: ["gcc"],
    extensions: ["c"],
    tools: [Tool { programs: &["gcc", "cc", "clang"], version: &["--version"], package: "gcc libc6-dev" }],
    runner: |context| C { compiler: Compiler::new(&context) },
}

struct C {
    compiler: Compiler,
}

#[async_trait]
impl Runner for C {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        Compiler::clean(task.project().build_dir());
        Ok(ExitCode::SUCCESS)
    }

    /// All C files below the working directory become one program, `main`.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let sources = task.project().sources(&["c"]);
        if sources.is_empty() {
            task.stderr("nothing to build: looked for a Makefile and for .c files\n").await;
            return Ok(ExitCode::NOT_RUN);
        }
        let files = if sources.len() == 1 { "file" } else { "files" };
        task.stderr(format!("building main from {} C {files}\n", sources.len())).await;
        self.compiler.build(task, &sources, task.project().build_dir()).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let folder = task.project().build_dir();
        let Some(program) = PROGRAMS.iter().map(|name| folder.join(name)).find(|program| program.is_file()) else {
            task.stderr(format!("nothing to run: looked for {}\n", PROGRAMS.join(" and "))).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.run(Command::new(program)).await
    }

    /// Each query is a whole program.
    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let folder = task.temp_dir()?;
        write(&folder.join("main.c"), code)?;
        let built = self.compiler.build_query(task, folder).await?;
        if !built.is_success() {
            return Ok(built);
        }
        task.run(Command::new(folder.join("main"))).await
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))
}
