//! What is read of a repository, by git itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use runner_core::{Captured, Command, ExitCode, Result, Task};

/// Variables that would make git look at another repository than the one that was named.
const ELSEWHERE: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
/// A commit: both its names, those of its parents, author, message. A message ends where a NUL is, and so does a commit.
const FORMAT: &str = "--format=tformat:%H%x00%h%x00%P%x00%an%x00%B";
const FIELDS: usize = 5;

/// A repository on its way to being shown.
pub(crate) struct Repository<'a> {
    task: &'a Task,
    git: PathBuf,
    dir: PathBuf,
}

/// The commits of a repository, each before its parents.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) commits: Vec<Commit>,
    /// Where each one is, by its name.
    pub(crate) places: HashMap<String, usize>,
}

/// A commit as git tells it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Commit {
    /// As much of its name as names it alone.
    pub(crate) short_id: String,
    /// The whole names of its parents.
    pub(crate) parents: Vec<String>,
    pub(crate) author: String,
    pub(crate) message: String,
}

/// Where branches and tags are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Refs {
    /// The commit that is checked out; none in an empty repository.
    pub(crate) head: Option<String>,
    /// Their names without `refs/heads/`, and their newest commits.
    pub(crate) branches: Vec<(String, String)>,
    /// Those of other repositories: `origin/main`.
    pub(crate) remote_branches: Vec<(String, String)>,
    pub(crate) tags: Vec<(String, String)>,
}

/// Git has refused, and the user knows why.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) ExitCode);

impl<'a> Repository<'a> {
    /// The one that `dir` is in.
    pub(crate) fn new(task: &'a Task, git: PathBuf, dir: PathBuf) -> Self {
        Self { task, git, dir }
    }

    /// Whether it has only the end of its history.
    pub(crate) async fn is_shallow(&self) -> Result<Result<bool, Refused>> {
        let answer = self.git(&["rev-parse", "--is-shallow-repository"]).await?;
        Ok(self.accepted(answer).await.map(|answer| answer.stdout.starts_with(b"true")))
    }

    /// The branch that is checked out; none where `HEAD` is detached.
    pub(crate) async fn current_branch(&self) -> Result<Option<String>> {
        let answer = self.git(&["symbolic-ref", "--quiet", "HEAD"]).await?;
        let name = String::from_utf8_lossy(&answer.stdout).trim_end().to_owned();
        Ok(name.strip_prefix("refs/heads/").map(str::to_owned))
    }

    /// Where everything is.
    pub(crate) async fn refs(&self) -> Result<Refs> {
        // It fails where there are none.
        let answer = self.git(&["show-ref", "--head", "--dereference"]).await?;
        Ok(Refs::parse(&answer.stdout))
    }

    /// All commits that branches, tags and `HEAD` lead to, each before its parents.
    pub(crate) async fn history(&self, refs: &Refs) -> Result<Result<History, Refused>> {
        // Names are as long as git thinks best, whatever the user thinks.
        let mut arguments = vec![
            "-c",
            "core.abbrev=auto",
            "log",
            "-z",
            "--topo-order",
            "--encoding=UTF-8",
            "--no-color",
            "--no-show-signature",
        ];
        arguments.extend([FORMAT, "--branches", "--tags", "--remotes"]);
        arguments.extend(refs.head.as_deref());
        arguments.push("--");
        let answer = self.git(&arguments).await?;
        Ok(self.accepted(answer).await.map(|answer| History::parse(&answer.stdout)))
    }

    async fn git(&self, arguments: &[&str]) -> Result<Captured> {
        let command = Command::new(&self.git).args(arguments).dir(&self.dir).without_env(ELSEWHERE);
        // What a partial clone lacks is not fetched to draw it.
        self.task.capture(command.env("GIT_NO_LAZY_FETCH", "1").env("LC_ALL", "C.UTF-8")).await
    }

    /// Passes on what git says when it refuses.
    async fn accepted(&self, answer: Captured) -> Result<Captured, Refused> {
        if answer.exit_code.is_success() {
            return Ok(answer);
        }
        self.task.stderr(answer.stderr).await;
        Err(Refused(answer.exit_code))
    }
}

impl Refs {
    /// Reads lines of a commit's name and that of what points at it. What a tag points at follows the tag.
    fn parse(lines: &[u8]) -> Self {
        let mut refs = Self::default();
        for line in String::from_utf8_lossy(lines).lines() {
            let Some((id, name)) = line.split_once(' ') else { continue };
            if name == "HEAD" {
                refs.head = Some(id.to_owned());
            } else if let Some(branch) = name.strip_prefix("refs/heads/") {
                refs.branches.push((branch.to_owned(), id.to_owned()));
            } else if let Some(branch) = name.strip_prefix("refs/remotes/") {
                // The `HEAD` of another repository is one of its branches.
                if !branch.ends_with("/HEAD") {
                    refs.remote_branches.push((branch.to_owned(), id.to_owned()));
                }
            } else if let Some(tag) = name.strip_prefix("refs/tags/") {
                match (tag.strip_suffix("^{}"), refs.tags.last_mut()) {
                    (Some(tag), Some((last, target))) if last == tag => id.clone_into(target),
                    _ => refs.tags.push((tag.to_owned(), id.to_owned())),
                }
            }
        }
        refs
    }
}

impl History {
    fn parse(log: &[u8]) -> Self {
        let fields: Vec<&[u8]> = log.split(|byte| *byte == 0).collect();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut history = Self::default();
        for (place, fields) in fields.chunks_exact(FIELDS).enumerate() {
            history.places.insert(text(fields[0]), place);
            history.commits.push(Commit {
                short_id: text(fields[1]),
                parents: text(fields[2]).split_whitespace().map(str::to_owned).collect(),
                author: text(fields[3]),
                message: text(fields[4]).trim_end().to_owned(),
            });
        }
        history
    }

    /// The place of the commit with that name.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }
}

/// Whether the directory is one, in words where it is not.
pub(crate) fn check_dir(dir: &Path) -> Result<(), String> {
    match dir.metadata() {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err("it is no directory".into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("no such directory".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_where_what_it_points_at_is() {
        let refs = Refs::parse(
            b"a1 HEAD\na1 refs/heads/main\nb2 refs/heads/a/b\nc3 refs/remotes/origin/HEAD\nc3 refs/remotes/origin/main\n\
              d4 refs/tags/light\ne5 refs/tags/v1\na1 refs/tags/v1^{}\nf6 refs/stash\n",
        );
        let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        assert_eq!(refs.head.as_deref(), Some("a1"));
        assert_eq!(refs.branches, [pair("main", "a1"), pair("a/b", "b2")]);
        assert_eq!(refs.remote_branches, [pair("origin/main", "c3")]);
        assert_eq!(refs.tags, [pair("light", "d4"), pair("v1", "a1")]);
    }

    #[test]
    fn a_message_may_hold_anything_but_a_nul() {
        let history = History::parse(b"aaa\0a\0bbb ccc\0\"A\" || <B>\0one\n\ntwo \xff\n\0bbb\0b\0\0\0\0");
        let commits = &history.commits;
        assert_eq!((commits.len(), history.place("bbb"), history.place("ccc")), (2, Some(1), None));
        assert_eq!((&commits[0].message[..], &commits[0].author[..]), ("one\n\ntwo \u{fffd}", "\"A\" || <B>"));
        assert_eq!(commits[0].parents, ["bbb", "ccc"]);
        assert_eq!((&commits[1].message[..], commits[1].parents.len()), ("", 0));
    }
}
