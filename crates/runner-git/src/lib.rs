//! Git for kernel-runner: a shell in a terminal, the graph of its repository's commits, and git commands as queries.

mod branches;
mod commands;
mod completion;
mod graph;
mod repository;

use std::path::PathBuf;

use runner_core::{
    AtEnd, Command, CompletionRequest, Context, ExitCode, Result, Runner, Task, Terminal, TerminalCommand,
    TerminalQuery, Tool, Unsupported, async_trait, register_runner,
};

register_runner! {
    name: "git",
    aliases: [],
    extensions: [],
    tools: [
        Tool { programs: &["git"], version: &["--version"], package: "git" },
        Tool { programs: &["bash", "sh"], version: &["-c", "echo ${BASH_VERSION:-a plain shell}"], package: "bash" },
    ],
    runner: Git::new,
}

/// What the terminal has beside its own commands.
const COMMANDS: [TerminalCommand; 1] = [TerminalCommand::new(
    "show",
    "graph PATH",
    "show the commits of the repository at PATH; `.` is where the shell is",
)];

struct Git {
    context: Context,
    terminal: Terminal,
}

impl Git {
    fn new(context: Context) -> Self {
        let shell = if context.find("bash").is_some() { "bash" } else { "sh" };
        let terminal = Terminal::new(&context, Command::new(shell), AtEnd::Restart);
        Self { context, terminal }
    }

    async fn show(&self, task: &Task, command: &TerminalCommand, arguments: &[String]) -> Result<ExitCode> {
        match arguments {
            [what, path] if what == "graph" => {
                graph::show(task, self.context.runtime(), self.terminal.work_dir().join(path)).await
            }
            [what, ..] if what != "graph" => Ok(command.misused(task, "there is nothing to show but the graph").await),
            _ => Ok(command.misused(task, "one path is needed").await),
        }
    }

    /// Where the shell is. A directory that somebody has removed is none.
    async fn work_dir(&self, task: &Task) -> Option<PathBuf> {
        let dir = self.terminal.work_dir();
        if dir.is_dir() {
            return Some(dir);
        }
        task.stderr(format!("the shell's working directory is gone: {}\n", dir.display())).await;
        None
    }
}

#[async_trait]
impl Runner for Git {
    async fn init(&self) -> Result<()> {
        self.terminal.open().await
    }

    async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Err(Unsupported::BATCH.into())
    }

    async fn execute_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Err(Unsupported::BATCH.into())
    }

    /// A command of the terminal's, or commands of git's.
    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        match self.terminal.query(task, code, &COMMANDS).await? {
            TerminalQuery::Answered(exit_code) => Ok(exit_code),
            TerminalQuery::Command(command, arguments) => self.show(task, command, &arguments).await,
            TerminalQuery::Text => {
                let Some(commands) = commands::split(code) else {
                    return Ok(self.terminal.invalid(task).await);
                };
                let Some(dir) = self.work_dir(task).await else { return Ok(ExitCode::FAILURE) };
                match commands::run(task, self.context.runtime(), &dir, commands).await? {
                    Some(exit_code) => Ok(exit_code),
                    None => Ok(self.terminal.invalid(task).await),
                }
            }
        }
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        let before = request.before();
        let line = before.rsplit('\n').next().unwrap_or_default();
        if line.trim_start().starts_with('%') {
            return Ok(match line.trim_start().strip_prefix("%show ") {
                Some(arguments) => completion::of_show(arguments, &self.terminal.work_dir()),
                None => self.terminal.complete(line, &COMMANDS),
            });
        }
        completion::of_git(&self.context, &self.terminal.work_dir(), line).await
    }

    async fn shutdown(&self) {
        self.terminal.shutdown().await;
    }
}
