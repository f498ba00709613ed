//! Python for kernel-runner: sessions that keep their state, and batch mode for scripts and packages.

use std::path::PathBuf;

use runner_core::{
    Choice, Command, CompletionRequest, Context, ExitCode, Result, Runner, Session, Task, Tool, async_trait,
    register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.py");
/// The driver's part that completes; it is read when the first completion is asked for.
const COMPLETER: &str = include_str!("completer.py");

register_runner! {
    name: "python",
    aliases: ["py", "python3"],
    extensions: ["py"],
    tools: [Tool { programs: &["python3", "python"], version: &["--version"], package: "python3" }],
    choices: [Choice {
        name: "python-engine",
        variable: "KERNEL_RUNNER_PYTHON_ENGINE",
        values: &["auto", "ipython", "plain"],
        help: "Python's sessions: IPython's own, plain ones, or IPython's where it is installed (the default)",
    }],
    runner: Python::new,
}

struct Python {
    context: Context,
    session: Session,
}

impl Python {
    fn new(context: Context) -> Self {
        let driver =
            Command::new(context.runtime()).arg("-c").arg(DRIVER).env("KERNEL_RUNNER_PYTHON_COMPLETER", COMPLETER);
        Self { session: Session::start(&context, driver), context }
    }

    fn python(&self) -> Command {
        Command::new(self.context.runtime())
    }
}

#[async_trait]
impl Runner for Python {
    /// A package is installed as pip does it; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        let Some(manifest) = ["pyproject.toml", "setup.py"].into_iter().find(|name| project.has(name)) else {
            task.chose("nothing to build: no pyproject.toml and no setup.py").await;
            return Ok(ExitCode::SUCCESS);
        };
        task.stderr(format!("installing with pip: there is a {manifest}\n")).await;
        // A distribution's Python refuses pip otherwise; in a kernel's container nobody else depends on it.
        let pip = self.python().args(["-m", "pip", "install", "."]).env("PIP_BREAK_SYSTEM_PACKAGES", "1");
        task.run(pip).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let Some((main, reason)) = main_file(task) else {
            task.stderr("nothing to run: looked for main.py, __main__.py, or one single .py file\n").await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        task.run(self.python().arg(main)).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.session.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

/// `main.py`, a package's `__main__.py`, or the only script that there is; and why it is the one.
fn main_file(task: &Task) -> Option<(PathBuf, &'static str)> {
    let project = task.project();
    if !project.has("main.py") && project.has("__main__.py") {
        return Some(("__main__.py".into(), "it is the package's main file"));
    }
    project.main(&["py"])
}
