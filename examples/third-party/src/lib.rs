//! Perl for kernel-runner: sessions that keep their state, and batch mode for scripts.

use runner_core::{
    Command, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool, async_trait,
    register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.pl");
/// Lets a script's prompt be seen before the script waits: `no strict`, as without it, and no buffer.
const UNBUFFERED: &str = "-M-strict;$|=1";

register_runner! {
    name: "perl",
    aliases: ["pl"],
    extensions: ["pl"],
    tools: [Tool { programs: &["perl"], version: &["-e", "print \"Perl $^V\\n\""], package: "perl" }],
    syntax: Syntax {
        keywords: "if else foreach my sub",
        line_comments: &["#"],
        block_comments: &[("=pod", "=cut")],
        strings: &["\"", "'"],
        ..Syntax::NONE
    },
    runner: Perl::new,
}

struct Perl {
    context: Context,
    session: Session,
}

impl Perl {
    fn new(context: Context) -> Self {
        let driver = Command::new(context.runtime()).arg("-e").arg(DRIVER);
        Self { session: Session::start(&context, driver), context }
    }
}

#[async_trait]
impl Runner for Perl {
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        task.chose("nothing to build: scripts are run as they are").await;
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let Some((main, reason)) = task.project().main(&["pl"]) else {
            task.stderr("nothing to run: looked for main.pl, or one single .pl file\n").await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        task.run(Command::new(self.context.runtime()).arg(UNBUFFERED).arg(main)).await
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
