//! Completion of commands, branches, tags and files.

use std::fs;
use std::path::Path;

use runner_core::{Command, Context, Result};

/// How many suggestions a client gets at most.
const MOST: usize = 1000;
/// The commands that people use, as git's own completion has them, and their aliases.
const COMMANDS: &str = "--list-cmds=list-mainporcelain,others,nohelpers,alias,list-complete,config";

/// What may stand behind `%show `.
pub(crate) fn of_show(arguments: &str, dir: &Path) -> Vec<String> {
    match arguments.trim_start().split_once(' ') {
        None if "graph".starts_with(arguments.trim_start()) => vec!["graph".into()],
        Some(("graph", path)) => files(path.trim_start(), dir, Path::is_dir),
        _ => Vec::new(),
    }
}

/// What may stand in a git command: the command, then what there is in the repository and in its folder.
pub(crate) async fn of_git(context: &Context, dir: &Path, line: &str) -> Result<Vec<String>> {
    let word = line.rsplit(char::is_whitespace).next().unwrap_or_default();
    let before = line[..line.len() - word.len()].trim();
    let mut found = match before {
        "" | "git" => lines(context, dir, &[COMMANDS]).await?,
        _ if word.starts_with('-') => Vec::new(),
        _ => {
            let refs = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"];
            lines(context, dir, &refs).await?
        }
    };
    found.retain(|name| name.starts_with(word));
    if !matches!(before, "" | "git") && !word.starts_with('-') {
        found.extend(files(word, dir, |_| true));
    }
    found.sort();
    found.dedup();
    found.truncate(MOST);
    Ok(found)
}

async fn lines(context: &Context, dir: &Path, arguments: &[&str]) -> Result<Vec<String>> {
    let printed = context.capture(Command::new(context.runtime()).args(arguments).dir(dir)).await?;
    Ok(String::from_utf8_lossy(&printed.stdout).lines().map(str::to_owned).collect())
}

/// The paths that begin as `start` does.
fn files(start: &str, dir: &Path, is_wanted: impl Fn(&Path) -> bool) -> Vec<String> {
    let (folder, name) = start.rfind('/').map_or(("", start), |slash| start.split_at(slash + 1));
    let Ok(entries) = fs::read_dir(dir.join(folder)) else { return Vec::new() };
    let found = entries.flatten().filter_map(|entry| {
        let found = entry.file_name().into_string().ok().filter(|found| found.starts_with(name))?;
        let is_hidden = found.starts_with('.') && !name.starts_with('.');
        let path = entry.path();
        let slash = if path.is_dir() { "/" } else { "" };
        (!is_hidden && is_wanted(&path)).then(|| format!("{folder}{found}{slash}"))
    });
    found.take(MOST).collect()
}
