//! Python for kernel-runner: sessions that keep their state, and batch mode for scripts and packages.

mod modules;
mod runtime;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use runner_core::{
    Choice, Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.py");
/// What runs a session's code: `IPython`'s shell, or the driver alone.
const ENGINE: Choice = Choice {
    name: "python-engine",
    variable: "KERNEL_RUNNER_PYTHON_ENGINE",
    values: &["auto", "ipython", "plain"],
    help: "Python's sessions: IPython's own, plain ones, or IPython's where it is installed (the default)",
};
/// How matplotlib's figures are shown.
const FIGURES: Choice = Choice {
    name: "python-figures",
    variable: "KERNEL_RUNNER_PYTHON_FIGURES",
    values: &["png", "svg"],
    help: "The format of matplotlib's figures; png is the default",
};

register_runner! {
    name: "python",
    aliases: ["py", "python3"],
    extensions: ["py"],
    tools: [Tool { programs: &["python3", "python"], version: &["--version"], package: "python3" }],
    choices: [ENGINE, FIGURES],
    syntax: Syntax {
        keywords: "False None True and as assert async await break class continue def del elif else except finally for from \
            global if import in is lambda match nonlocal not or pass raise return try while with yield",
        line_comments: &["#"],
        strings: &["\"", "'"],
        long_strings: &[("\"\"\"", "\"\"\""), ("'''", "'''")],
        ..Syntax::NONE
    },
    runner: Python::new,
}

/// Python: a runner of it can be registered under other names, for other interpreters.
pub struct Python {
    context: Context,
    session: Session,
    figures: &'static str,
    /// The modules that come with the runner. Without a place for them, sessions do without what is in them.
    modules: Option<PathBuf>,
}

/// What runs a session's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `IPython`'s shell.
    IPython,
    /// The driver alone.
    Plain,
}

impl Python {
    /// Starts a session's interpreter, as the user has chosen.
    fn new(context: Context) -> Self {
        let (engine, figures) = (context.choice(ENGINE.name), context.choice(FIGURES.name));
        Self::start(context, engine, figures)
    }

    /// Starts one with this engine, for a registration without choices.
    #[must_use]
    pub fn with_engine(context: Context, engine: Engine) -> Self {
        let name = match engine {
            Engine::IPython => "ipython",
            Engine::Plain => "plain",
        };
        Self::start(context, name, FIGURES.values[0])
    }

    fn start(context: Context, engine: &str, figures: &'static str) -> Self {
        let modules = context.temp_dir().ok().filter(|folder| modules::write(folder).is_ok());
        let mut driver = python(&context, modules, figures).arg("-c").arg(DRIVER).env(ENGINE.variable, engine);
        if let Some(modules) = &modules {
            driver = driver.env("KERNEL_RUNNER_PYTHON_MODULES", modules);
        }
        let modules = modules.map(Path::to_owned);
        Self { session: Session::start(&context, driver), context, figures, modules }
    }

    fn python(&self) -> Command {
        python(&self.context, self.modules.as_deref(), self.figures)
    }
}

/// The interpreter, which finds the runner's modules and shows matplotlib's figures with one of them.
fn python(context: &Context, modules: Option<&Path>, figures: &str) -> Command {
    let command = Command::new(runtime::find(context));
    let Some(modules) = modules else { return command };
    let mut path = OsString::from(modules);
    if let Some(others) = runtime::variable(context, "PYTHONPATH") {
        path.push(":");
        path.push(others);
    }
    let backend = runtime::variable(context, "MPLBACKEND").unwrap_or(OsStr::new("module://kernel_runner.matplotlib"));
    command.env("PYTHONPATH", path).env("MPLBACKEND", backend).env(FIGURES.variable, figures)
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
        let interpreter = runtime::find(&self.context);
        let with = interpreter.strip_prefix(self.context.work_dir()).map(|own| format!(" with {}", own.display()));
        task.chose(format!("running {}{}: {reason}", main.display(), with.unwrap_or_default())).await;
        task.run(self.python().arg(main)).await
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

/// `main.py`, a package's `__main__.py`, or the only script that there is; and why it is the one.
fn main_file(task: &Task) -> Option<(PathBuf, &'static str)> {
    let project = task.project();
    if !project.has("main.py") && project.has("__main__.py") {
        return Some(("__main__.py".into(), "it is the package's main file"));
    }
    project.main(&["py"])
}
