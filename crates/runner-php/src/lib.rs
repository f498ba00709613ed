//! PHP for kernel-runner: sessions that keep their state, and batch mode for scripts and Composer projects.

mod composer;

use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Project, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.php");

register_runner! {
    name: "php",
    aliases: [],
    extensions: ["php"],
    tools: [Tool { programs: &["php"], version: &["--version"], package: "php-cli" }],
    syntax: Syntax {
        keywords: "abstract and array as break case catch class clone const continue declare default do echo else elseif \
            extends false final finally fn for foreach function global if implements include instanceof interface \
            isset match namespace new null or print private protected public readonly require require_once return \
            static switch throw trait true try unset use var while xor yield",
        line_comments: &["//", "#"],
        block_comments: &[("/*", "*/")],
        long_strings: &[("\"", "\""), ("'", "'")],
        ..Syntax::NONE
    },
    runner: Php::new,
}

struct Php {
    context: Context,
    session: Session,
}

impl Php {
    fn new(context: Context) -> Self {
        // A fatal error is told by PHP itself, all others by the driver, and both on standard error.
        let driver = Command::new(context.runtime())
            .args(["-d", "display_errors=stderr", "-d", "log_errors=0"])
            .arg("-r")
            .arg(format!("?>{DRIVER}"));
        Self { session: Session::start(&context, driver), context }
    }
}

#[async_trait]
impl Runner for Php {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        composer::clean(task).await
    }

    /// A project of Composer's gets what it requires; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        composer::build(task).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let Some((main, reason)) = main_file(task.project()) else {
            let looked_for = "a program that composer.json names, main.php, index.php, or one single .php file";
            task.stderr(format!("nothing to run: looked for {looked_for}\n")).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        task.run(Command::new(self.context.runtime()).arg(main)).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.session.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.session.completeness(code).await
    }

    async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

/// The file to run, and why it is that one.
fn main_file(project: Project<'_>) -> Option<(PathBuf, &'static str)> {
    let program = composer::bin(project).map(|file| (file, "composer.json names it as a program"));
    let named = || {
        ["main.php", "index.php"]
            .into_iter()
            .find(|name| project.has(name))
            .map(|name| (name.into(), "it has that name"))
    };
    program.or_else(named).or_else(|| project.main(&["php"]))
}
