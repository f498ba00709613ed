//! GNU Octave for kernel-runner: sessions that keep their state, and batch mode for scripts.

mod completeness;
mod fonts;
mod shelter;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The functions that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.m");
/// What the interpreter reads at its prompt: a call of the driver.
const LINE: &str = "__kernel_runner__ ();";

register_runner! {
    name: "octave",
    aliases: ["matlab"],
    extensions: ["m"],
    tools: [Tool { programs: &["octave-cli", "octave"], version: &["--version"], package: "octave" }],
    syntax: Syntax {
        keywords: "break case catch continue do else elseif end end_try_catch end_unwind_protect endfor endfunction endif \
            endswitch endwhile false for function global if otherwise persistent return switch true try until \
            unwind_protect unwind_protect_cleanup while",
        line_comments: &["%", "#"],
        block_comments: &[("%{", "%}"), ("#{", "#}")],
        strings: &["\"", "'"],
        ..Syntax::NONE
    },
    runner: Octave::new,
}

struct Octave {
    context: Context,
    session: Session,
}

impl Octave {
    fn new(context: Context) -> Self {
        // Without a user, Octave dies of SIGINT: it has to believe that there is one.
        let mut driver = octave(&context)
            .args(["--interactive", "--no-line-editing", "--no-window-system", "--persist", "--eval"])
            .arg(shelter::sheltered(DRIVER));
        if let Some(fonts) = fonts::substitute(&context) {
            driver = driver.env("OCTAVE_FONTS_DIR", fonts);
        }
        Self { session: Session::start_at_prompt(&context, driver, LINE), context }
    }
}

/// An Octave that leaves no history behind: where it cannot write one, it says so at its end.
fn octave(context: &Context) -> Command {
    Command::new(context.runtime()).args(["--no-gui", "--quiet", "--no-history"])
}

#[async_trait]
impl Runner for Octave {
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        task.chose("nothing to build: octave runs scripts as they are").await;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let Some((main, reason)) = task.project().main(&["m"]) else {
            task.stderr("nothing to run: looked for main.m, or one single .m file\n").await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        task.run(octave(&self.context).arg(main)).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.session.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        Ok(completeness::completeness(code))
    }

    async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}
