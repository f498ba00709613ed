use super::Terminal;
use super::keyboard::{MAX_LENGTH, parse_size};
use crate::error::Result;
use crate::task::Task;
use crate::wire::ExitCode;

/// What clients look for in the answer to what is no command.
const INVALID: &str = "Invalid command.";

/// A command of a terminal's runner: in query mode, text that begins with `%` and its name.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalCommand {
    /// Its name, without the `%`.
    pub name: &'static str,
    /// Its arguments, for people: `graph PATH`.
    pub arguments: &'static str,
    /// A line that says what it does.
    pub help: &'static str,
}

/// What [`Terminal::query`] has made of a query.
#[derive(Debug)]
pub enum TerminalQuery {
    /// It was a command, and is answered.
    Answered(ExitCode),
    /// It is a command of the runner's own, and these are its arguments.
    Command(&'static TerminalCommand, Vec<String>),
    /// It does not begin with `%`.
    Text,
}

const PING: TerminalCommand = TerminalCommand::new("ping", "", "answer `pong!`");
const RESIZE: TerminalCommand = TerminalCommand::new("resize", "ROWS COLS", "change the size of the terminal");
const HELP: TerminalCommand = TerminalCommand::new("help", "", "show the commands");
/// What every terminal has.
const OURS: [&TerminalCommand; 3] = [&HELP, &PING, &RESIZE];

impl TerminalCommand {
    /// A command `name` with the `arguments` and the line of `help` that are shown to people.
    #[must_use]
    pub const fn new(name: &'static str, arguments: &'static str, help: &'static str) -> Self {
        Self { name, arguments, help }
    }

    /// Tells the client how the command is used, and why that was not done; returns the exit code of its task, 127.
    pub async fn misused(&self, task: &Task, reason: &str) -> ExitCode {
        task.stderr(format!("usage: {}\n%{}: {reason}\n", self.usage(), self.name)).await;
        ExitCode::NOT_RUN
    }

    fn usage(&self) -> String {
        format!("%{} {}", self.name, self.arguments).trim_end().to_owned()
    }
}

impl Terminal {
    /// Takes a query: text that begins with `%` is a command, its words split as a shell splits them. Answers `%help`,
    /// `%ping`, `%resize ROWS COLS` and what is no command, and hands the runner's own `commands` back.
    pub async fn query(&self, task: &Task, code: &str, commands: &'static [TerminalCommand]) -> Result<TerminalQuery> {
        let Some(line) = code.trim_start().strip_prefix('%') else { return Ok(TerminalQuery::Text) };
        let Ok(mut words) = shell_words::split(line.trim_end()) else {
            task.stderr("a quote is open, and nothing closes it\n").await;
            return Ok(TerminalQuery::Answered(ExitCode::NOT_RUN));
        };
        let name = if words.is_empty() { String::new() } else { words.remove(0) };
        if let Some(command) = commands.iter().find(|command| command.name == name) {
            return Ok(TerminalQuery::Command(command, words));
        }
        let exit_code = match OURS.into_iter().find(|command| command.name == name) {
            Some(command) if *command == RESIZE => self.answer_resize(task, &words).await?,
            Some(command) if !words.is_empty() => command.misused(task, "it takes no arguments").await,
            Some(command) if *command == PING => {
                task.stdout("pong!").await;
                ExitCode::SUCCESS
            }
            Some(_help) => {
                task.stdout(help(commands)).await;
                ExitCode::SUCCESS
            }
            None => {
                task.stderr(INVALID).await;
                task.stderr(format!("\nThe commands are {}\n", list(commands))).await;
                ExitCode::NOT_RUN
            }
        };
        Ok(TerminalQuery::Answered(exit_code))
    }

    /// Answers a query that is no command and means nothing to the runner either; returns the exit code of its task, 127.
    pub async fn invalid(&self, task: &Task) -> ExitCode {
        task.stderr(INVALID).await;
        ExitCode::NOT_RUN
    }

    /// The commands that begin as `line` does; none where `line` does not begin with `%`, or goes on behind a name.
    #[must_use]
    pub fn complete(&self, line: &str, commands: &'static [TerminalCommand]) -> Vec<String> {
        let Some(name) = line.trim_start().strip_prefix('%') else { return Vec::new() };
        let names = sorted(commands).into_iter().map(|command| command.name);
        names.filter(|known| known.starts_with(name)).map(|known| format!("%{known}")).collect()
    }

    async fn answer_resize(&self, task: &Task, words: &[String]) -> Result<ExitCode> {
        let Some(size) = parse_size(words) else {
            let reason = format!("both are numbers from 1 to {MAX_LENGTH}");
            return Ok(RESIZE.misused(task, &reason).await);
        };
        self.resize(size).await?;
        task.stdout(format!("OK; terminal resized to {} rows and {} cols", size.rows, size.cols)).await;
        Ok(ExitCode::SUCCESS)
    }
}

fn sorted(commands: &'static [TerminalCommand]) -> Vec<&'static TerminalCommand> {
    let mut all: Vec<_> = OURS.into_iter().chain(commands).collect();
    all.sort_by_key(|command| command.name);
    all
}

fn list(commands: &'static [TerminalCommand]) -> String {
    let names: Vec<_> = sorted(commands).into_iter().map(TerminalCommand::usage).collect();
    names.join(", ")
}

fn help(commands: &'static [TerminalCommand]) -> String {
    let line = |command: &TerminalCommand| format!("{:<24} {}\n", command.usage(), command.help);
    sorted(commands).into_iter().map(line).collect::<Vec<_>>().concat()
}
