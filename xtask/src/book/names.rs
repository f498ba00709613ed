//! What pages name in their code: commands of this program, and files of the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;

use super::page::{Found, Page};
use crate::Cli;

/// The folders whose files pages call by their path from the root.
const FOLDERS: [&str; 6] = [".ci/", "crates/", "deploy/", "docs/", "examples/", "xtask/"];

/// A line for each name of something that there is not.
pub(super) fn problems(root: &Path, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let commands = Cli::command();
    let mut problems = Vec::new();
    for (path, page) in pages {
        let mut report = |found: &Found, problem: String| {
            problems.push(format!("{}:{}: {problem}", path.display(), found.line));
        };
        for found in page.words.iter().chain(&page.blocks) {
            for problem in found.text.lines().filter_map(|line| unknown_command(&commands, line)) {
                report(found, problem);
            }
        }
        for found in page.words.iter().filter(|found| is_path(&found.text)) {
            if !root.join(&found.text).exists() {
                report(found, format!("{}: there is no such file", found.text));
            }
        }
    }
    problems
}

/// What is wrong with the `cargo xtask` command in a line of code, if there is one.
fn unknown_command(commands: &clap::Command, line: &str) -> Option<String> {
    let (_, words) = line.split_once("cargo xtask ")?;
    let mut words = words.split(['#', ';', '|', '`', ')']).next()?.split(' ');
    let name = words.next().filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))?;
    let Some(command) = commands.find_subcommand(name) else {
        return Some(format!("there is no `cargo xtask {name}`"));
    };
    let options = words.filter_map(|word| word.strip_prefix("--")).filter(|option| !option.is_empty());
    let mut names = options.map(|option| option.split('=').next().unwrap_or(option));
    let has = |option: &str| command.get_arguments().any(|argument| argument.get_long() == Some(option));
    let unknown = names.find(|option| *option != "help" && !has(option))?;
    Some(format!("`cargo xtask {name}` has no option --{unknown}"))
}

/// Whether this is the path of a file, and not of any such file.
fn is_path(word: &str) -> bool {
    let is_pattern = word.contains([' ', '*', '<', '{']) || ["NAME", "LANG"].iter().any(|name| word.contains(name));
    !is_pattern && FOLDERS.iter().any(|folder| word.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_command_or_option_is_told() {
        let problem = |line| unknown_command(&Cli::command(), line);
        assert_eq!(problem("$ cargo xtask test --setup   # a remark --with this"), None);
        assert_eq!(problem("cargo xtask COMMAND"), None);
        assert_eq!(problem("cargo xtask tets"), Some("there is no `cargo xtask tets`".to_owned()));
        assert_eq!(problem("cargo xtask ci --fast"), Some("`cargo xtask ci` has no option --fast".to_owned()));
    }
}
