//! `%show graph`: the commits of a repository, for a client that draws them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_core::{Display, ExitCode, MAX_PAYLOAD, Result, Task};
use serde::Serialize;

use crate::branches;
use crate::repository::{History, Refs, Refused, Repository, check_dir};

const MIME: &str = "application/vnd.sorna.gitgraph";
/// What a record needs beside the commits, in bytes, and to spare.
const ENVELOPE: usize = 1024;

/// A commit on the wire.
#[derive(Serialize)]
struct Entry<'a> {
    oid: &'a str,
    /// One empty name where there are no parents, as the first clients want it.
    parent_ids: Vec<&'a str>,
    author: &'a str,
    message: &'a str,
    branch: Option<&'a str>,
    parent_branches: Vec<Option<&'a str>>,
    tags: &'a [&'a str],
}

/// How much is told of a message.
#[derive(Clone, Copy)]
enum Messages {
    Whole,
    FirstLines,
}

/// Shows the commits of the repository that `dir` is in.
pub(crate) async fn show(task: &Task, git: PathBuf, dir: PathBuf) -> Result<ExitCode> {
    if let Err(reason) = check_dir(&dir) {
        task.stderr(format!("{}: {reason}\n", dir.display())).await;
        return Ok(ExitCode::FAILURE);
    }
    let repository = Repository::new(task, git, dir);
    let is_shallow = match repository.is_shallow().await? {
        Ok(is_shallow) => is_shallow,
        Err(Refused(exit_code)) => return Ok(exit_code),
    };
    let refs = repository.refs().await?;
    let current = repository.current_branch().await?;
    let history = match repository.history(&refs).await? {
        Ok(history) => history,
        Err(Refused(exit_code)) => return Ok(exit_code),
    };
    let branches = branches::of_commits(&history, &refs, current.as_deref());
    let graph = Graph::new(&history, &branches, &refs);
    let entries = graph.fitting(MAX_PAYLOAD - ENVELOPE);

    let count = history.commits.len();
    if count == 0 {
        task.stderr("there are no commits yet\n").await;
    }
    if is_shallow {
        task.stderr("a shallow clone: the oldest commits here have parents elsewhere\n").await;
    }
    if let (Some(head), None) = (&refs.head, &current) {
        let short = history.place(head).map_or(&head[..], |place| &history.commits[place].short_id);
        task.stderr(format!("HEAD is detached, at {short}\n")).await;
    }
    if entries.len() < count {
        let counts = format!("the newest {} of {count} commits", entries.len());
        task.stderr(format!("{counts}: a client takes at most {} MiB\n", MAX_PAYLOAD / 1024 / 1024)).await;
    }
    task.display(Display::new(MIME, format!("[{}]", entries.join(",")))).await;
    Ok(ExitCode::SUCCESS)
}

struct Graph<'a> {
    history: &'a History,
    branches: &'a [Option<String>],
    /// The names of tags, by the places of their commits.
    tags: BTreeMap<usize, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn new(history: &'a History, branches: &'a [Option<String>], refs: &'a Refs) -> Self {
        let mut tags: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (name, id) in &refs.tags {
            if let Some(place) = history.place(id) {
                tags.entry(place).or_default().push(name);
            }
        }
        Self { history, branches, tags }
    }

    /// Every commit as JSON, the oldest first; where that is more than `limit` bytes, the first lines of the messages, and
    /// where that is more, only the newest commits.
    fn fitting(&self, limit: usize) -> Vec<String> {
        let whole = self.newest(Messages::Whole, limit);
        if whole.len() == self.history.commits.len() { whole } else { self.newest(Messages::FirstLines, limit) }
    }

    fn newest(&self, messages: Messages, limit: usize) -> Vec<String> {
        let mut room = limit;
        let entries = (0..self.history.commits.len()).map(|place| self.entry(place, messages));
        let mut entries: Vec<_> = entries
            .take_while(|entry| {
                let fits = entry.len() < room;
                room = room.saturating_sub(entry.len() + 1);
                fits
            })
            .collect();
        entries.reverse();
        entries
    }

    fn entry(&self, place: usize, messages: Messages) -> String {
        let (history, commit) = (self.history, &self.history.commits[place]);
        let parents = || commit.parents.iter().map(|id| (id, history.place(id)));
        let short_id = |(id, place): (&'a String, Option<usize>)| match place {
            Some(place) => &history.commits[place].short_id[..],
            None => &id[..],
        };
        let mut parent_ids: Vec<_> = parents().map(short_id).collect();
        let mut parent_branches: Vec<_> = parents().map(|(_, place)| self.branches[place?].as_deref()).collect();
        if parent_ids.is_empty() {
            parent_ids.push("");
            parent_branches.push(None);
        }
        let message = match messages {
            Messages::Whole => &commit.message,
            Messages::FirstLines => commit.message.lines().next().unwrap_or_default(),
        };
        let entry = Entry {
            oid: &commit.short_id,
            parent_ids,
            author: &commit.author,
            message,
            branch: self.branches[place].as_deref(),
            parent_branches,
            tags: self.tags.get(&place).map_or(&[], Vec::as_slice),
        };
        serde_json::to_string(&entry).expect("texts and lists of them can always be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Commit;

    fn history(commits: &[(&str, &str, &str)]) -> History {
        let commit = |(id, parent, message): &(&str, &str, &str)| Commit {
            short_id: (*id).into(),
            parents: parent.split_whitespace().map(str::to_owned).collect(),
            author: "A".into(),
            message: (*message).into(),
        };
        History {
            commits: commits.iter().map(commit).collect(),
            places: commits.iter().enumerate().map(|(place, (id, ..))| (id.to_string(), place)).collect(),
        }
    }

    #[test]
    fn a_root_has_one_empty_parent() {
        let history = history(&[("b", "a", "two"), ("a", "", "one\n\"quoted\"")]);
        let branches = [Some("main".into()), None];
        let refs = Refs { tags: vec![("v1".into(), "a".into())], ..Refs::default() };
        let entries = Graph::new(&history, &branches, &refs).fitting(MAX_PAYLOAD);
        let expected = r#"{"oid":"a","parent_ids":[""],"author":"A","message":"one\n\"quoted\"","branch":null,"parent_branches":[null],"tags":["v1"]}"#;
        assert_eq!(entries[0], expected);
        assert!(entries[1].contains(r#""parent_ids":["a"],"#) && entries[1].contains(r#""branch":"main""#));
    }

    #[test]
    fn what_does_not_fit_loses_its_messages_first_and_then_its_oldest() {
        let message = format!("first\n{}", "x".repeat(1000));
        let names: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        let history = history(&names.iter().map(|name| (&name[..], "", &message[..])).collect::<Vec<_>>());
        let branches = vec![None; 10];
        let refs = Refs::default();
        let graph = Graph::new(&history, &branches, &refs);
        let (all, short) = (graph.fitting(20_000), graph.fitting(2_000));
        assert!(all.len() == 10 && all[0].contains("xxx"));
        assert!(short.len() == 10 && !short[0].contains("xxx"));
        let few = graph.fitting(300);
        assert!(few.len() < 10 && few.last().unwrap().contains(r#""oid":"0""#), "{few:?}");
    }
}
