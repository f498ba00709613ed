//! R for kernel-runner: sessions that keep their state, and batch mode for scripts and packages.

use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.R");
/// What R reads at its prompt: the driver when it is not there yet, and else a call of it. Nothing of it is in the
/// user's environment, and an interrupt waits meanwhile.
const LINE: &str = concat!(
    "base::suspendInterrupts(base::eval(base::get0('.kernel_runner', base::.AutoloadEnv, ifnotfound = ",
    "base::parse(text = base::Sys.getenv('KERNEL_RUNNER_R_DRIVER'), keep.source = FALSE)), base::baseenv()))",
);
/// R as at a terminal, but for the terminal. The last option ends R's look at its options, so it is the last.
const AT_PROMPT: [&str; 6] = ["--no-save", "--no-restore", "--no-readline", "--no-echo", "--quiet", "--interactive"];
/// The library in the project's folder that a build installs the package into, and scripts look into first.
const LIBRARY: &str = "R-library";

register_runner! {
    name: "r",
    aliases: ["R", "rlang"],
    extensions: ["r", "R"],
    tools: [
        Tool { programs: &["R"], version: &["--version"], package: "r-base-core" },
        Tool { programs: &["Rscript"], version: &["--version"], package: "r-base-core" },
    ],
    syntax: Syntax {
        keywords: "FALSE Inf NA NULL NaN TRUE break else for function if in next repeat return while",
        line_comments: &["#"],
        long_strings: &[("\"", "\""), ("'", "'")],
        ..Syntax::NONE
    },
    runner: R::new,
}

struct R {
    context: Context,
    session: Session,
}

impl R {
    fn new(context: Context) -> Self {
        let mut interpreter = Command::new(context.runtime()).args(AT_PROMPT).env("KERNEL_RUNNER_R_DRIVER", DRIVER);
        // R leaves its own temporary folder behind when a signal ends it.
        if let Ok(temp_dir) = context.temp_dir() {
            interpreter = interpreter.env("TMPDIR", temp_dir);
        }
        let session = Session::start_at_prompt(&context, interpreter, LINE);
        Self { context, session }
    }
}

#[async_trait]
impl Runner for R {
    /// A package is installed into a library of the project's own; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        if !project.has("DESCRIPTION") {
            task.chose("nothing to build: no DESCRIPTION").await;
            return Ok(ExitCode::SUCCESS);
        }
        task.stderr(format!("installing into {LIBRARY}: there is a DESCRIPTION\n")).await;
        let library = project.build_dir().join(LIBRARY);
        let is_new = !library.exists();
        std::fs::create_dir_all(&library)?;
        if is_new {
            project.mark_made(LIBRARY)?;
        }
        let mut option = std::ffi::OsString::from("--library=");
        option.push(&library);
        let install = Command::new(self.context.runtime()).args(["CMD", "INSTALL", "--clean"]).arg(option).arg(".");
        task.run(install).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        let Some((main, reason)) = project.main(&["R", "r"]) else {
            task.stderr("nothing to run: looked for main.R, main.r, or one single .R or .r file\n").await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        let script = Command::new(self.rscript()).arg(main);
        let library = project.build_dir().join(LIBRARY);
        task.run(if library.is_dir() { script.env("R_LIBS", library) } else { script }).await
    }

    /// Removes the library that a build has made.
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        task.project().remove_made(LIBRARY)?;
        Ok(ExitCode::SUCCESS)
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

impl R {
    /// The program for scripts that lies beside the interpreter.
    fn rscript(&self) -> PathBuf {
        self.context.runtime().with_file_name("Rscript")
    }
}
