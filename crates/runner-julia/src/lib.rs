//! Julia for kernel-runner: sessions that keep their state, and batch mode for scripts and projects.

use std::fs;
use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Project, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.jl");
/// How it gets there: in a module that `Main` does not know, below the file name that stack traces would have. What the
/// REPL brings into `Main` comes first.
const LOAD: &str = r#"using InteractiveUtils
include_string(Module(:KernelRunner), pop!(ENV, "KERNEL_RUNNER_JULIA_DRIVER"), "kernel-runner-driver.jl")"#;
/// A session is interactive like the REPL, without what makes that a terminal's.
const SESSION: [&str; 5] = ["-i", "--banner=no", "--color=no", "--history-file=no", "--startup-file=no"];
const MANIFEST: &str = "Project.toml";
/// Where the package manager notes what it has chosen.
const VERSIONS: &str = "Manifest.toml";

register_runner! {
    name: "julia",
    aliases: ["jl"],
    extensions: ["jl"],
    tools: [Tool { programs: &["julia"], version: &["--version"], package: "julia" }],
    syntax: Syntax {
        keywords: "abstract baremodule begin break catch const continue do else elseif end export false finally for function \
            global if import in isa let local macro missing module mutable nothing primitive quote return struct true \
            try type using where while",
        line_comments: &["#"],
        block_comments: &[("#=", "=#")],
        long_strings: &[("\"\"\"", "\"\"\""), ("\"", "\"")],
        ..Syntax::NONE
    },
    runner: Julia::new,
}

struct Julia {
    context: Context,
    session: Session,
}

impl Julia {
    fn new(context: Context) -> Self {
        let driver =
            Command::new(context.runtime()).args(SESSION).args(["-e", LOAD]).env("KERNEL_RUNNER_JULIA_DRIVER", DRIVER);
        Self { session: Session::start(&context, driver), context }
    }

    fn julia(&self) -> Command {
        Command::new(self.context.runtime())
    }
}

#[async_trait]
impl Runner for Julia {
    /// What a project depends on is installed; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        if !manifest(task.project()).lines().any(|line| line.trim() == "[deps]") {
            task.chose("nothing to build: no Project.toml with dependencies").await;
            return Ok(ExitCode::SUCCESS);
        }
        task.stderr("installing with Pkg: there is a Project.toml with dependencies\n").await;
        let project = task.project();
        let is_new = !project.has(VERSIONS);
        let exit_code = task.run(self.julia().args(["--project=.", "-e", "import Pkg; Pkg.instantiate()"])).await?;
        if is_new && project.has(VERSIONS) {
            project.mark_made(VERSIONS)?;
        }
        Ok(exit_code)
    }

    /// Removes what the package manager has noted in a build.
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        task.project().remove_made(VERSIONS)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        let Some((main, reason)) = main_file(project) else {
            let message =
                "nothing to run: looked for main.jl, the src/NAME.jl of a Project.toml, or one single .jl file\n";
            task.stderr(message).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        let options = project.has(MANIFEST).then_some("--project=.");
        task.run(self.julia().args(options).arg(main)).await
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

/// The text of `Project.toml`; nothing where there is none.
fn manifest(project: Project) -> String {
    if project.has(MANIFEST) {
        fs::read_to_string(project.root().join(MANIFEST)).unwrap_or_default()
    } else {
        String::new()
    }
}

/// `main.jl`, the file of the project's own module, or the only script that there is; and why it is the one.
fn main_file(project: Project) -> Option<(PathBuf, &'static str)> {
    if project.has("main.jl") {
        return project.main(&["jl"]);
    }
    let name = manifest(project).lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "name").then(|| value.trim().trim_matches('"').to_owned())
    });
    let module = name.map(|name| format!("src/{name}.jl")).filter(|path| project.has(path));
    match module {
        Some(module) => Some((module.into(), "it is the module of Project.toml")),
        None => project.main(&["jl"]),
    }
}
