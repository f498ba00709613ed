//! Queries that are git commands, with or without `git` before them.

use std::path::{Path, PathBuf};

use runner_core::{Command, ExitCode, Result, Task};

/// What git would ask a person at a terminal: there is none. An editor keeps what is there, and a pager shows all.
const NOBODY_AT_A_TERMINAL: [(&str, &str); 3] =
    [("GIT_PAGER", "cat"), ("GIT_EDITOR", ":"), ("GIT_TERMINAL_PROMPT", "0")];

/// Makes words of a query, a command a line, as a shell splits them; `None` where there are none, or a quote is open.
pub(crate) fn split(code: &str) -> Option<Vec<Vec<String>>> {
    let mut commands = Vec::new();
    let mut open = String::new();
    for line in code.lines() {
        open.push_str(line);
        let goes_on = (open.len() - open.trim_end_matches('\\').len()) % 2 == 1;
        match shell_words::split(&open) {
            Ok(words) if !goes_on => {
                open.clear();
                commands.extend(Some(words).filter(|words| !words.is_empty()));
            }
            // The rest of it, or the end of a quote, is in a later line.
            _ => open.push('\n'),
        }
    }
    (open.is_empty() && !commands.is_empty()).then_some(commands)
}

/// Runs commands one after another in `dir`, up to the first that fails; `None` where one is no command of git's.
pub(crate) async fn run(task: &Task, git: PathBuf, dir: &Path, commands: Vec<Vec<String>>) -> Result<Option<ExitCode>> {
    let known = known(task, &git, dir, &commands).await?;
    for words in &commands {
        // What follows `git` is git's business, as are its complaints.
        if words[0] != "git" && !known.contains(&words[0]) {
            return Ok(None);
        }
    }
    let mut exit_code = ExitCode::SUCCESS;
    for words in commands {
        let arguments = words.into_iter().enumerate().filter(|(at, word)| *at > 0 || word != "git");
        let command = Command::new(&git).args(arguments.map(|(_, word)| word)).dir(dir);
        let command = NOBODY_AT_A_TERMINAL.into_iter().fold(command, |command, (name, value)| command.env(name, value));
        exit_code = task.run(command).await?;
        if !exit_code.is_success() {
            break;
        }
    }
    Ok(Some(exit_code))
}

/// The names of git's commands, the user's aliases among them. They are not asked for where nobody needs them.
async fn known(task: &Task, git: &Path, dir: &Path, commands: &[Vec<String>]) -> Result<Vec<String>> {
    if commands.iter().all(|words| words[0] == "git") {
        return Ok(Vec::new());
    }
    let listed = task.capture(Command::new(git).arg("--list-cmds=main,others,alias").dir(dir)).await?;
    Ok(String::from_utf8_lossy(&listed.stdout).lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_line_is_a_command_unless_a_quote_is_open() {
        let words = |code| split(code).map(|commands| commands.concat());
        assert_eq!(split("status\n\nlog -1 # the last\n").unwrap(), [vec!["status"], vec!["log", "-1"]]);
        assert_eq!(words("commit -m 'two\nlines'").unwrap(), ["commit", "-m", "two\nlines"]);
        assert_eq!(words("log \\\n  -1").unwrap(), ["log", "-1"]);
        for code in ["", "# nothing", "commit -m 'open", "log \\"] {
            assert_eq!(split(code), None, "{code:?}");
        }
    }
}
