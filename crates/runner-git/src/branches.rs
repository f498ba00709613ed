//! Which branch a commit belongs to. Git does not record it.

use crate::repository::{History, Refs};

/// Branches that others come from, by their usual names.
const TRUNKS: [&str; 3] = ["main", "master", "trunk"];

/// The branch of each commit, in their order.
///
/// A branch is its newest commit, the first parent of that, and so on. Where branches share a commit, it belongs to the
/// trunk, else to the branch that is checked out, else to the first by name; to a branch of another repository only where no
/// branch of this one has it. What was merged from a branch that is gone belongs to the branch that it was merged into. What
/// only tags or a detached `HEAD` lead to belongs to none.
pub(crate) fn of_commits(history: &History, refs: &Refs, current: Option<&str>) -> Vec<Option<String>> {
    let commits = &history.commits;
    let mut branches: Vec<Option<String>> = vec![None; commits.len()];

    let rank = |name: &str| {
        let trunk = TRUNKS.iter().position(|trunk| *trunk == name);
        trunk.unwrap_or(if current == Some(name) { TRUNKS.len() } else { TRUNKS.len() + 1 })
    };
    let mut ours: Vec<_> = refs.branches.iter().collect();
    ours.sort_by_key(|(name, _)| (rank(name), name));
    let mut theirs: Vec<_> = refs.remote_branches.iter().collect();
    theirs.sort_by_key(|(name, _)| (rank(name.split_once('/').map_or(name, |(_, branch)| branch)), name));

    for (name, newest) in ours.into_iter().chain(theirs) {
        let mut next = history.place(newest);
        while let Some(place) = next.filter(|place| branches[*place].is_none()) {
            branches[place] = Some(name.clone());
            next = commits[place].parents.first().and_then(|parent| history.place(parent));
        }
    }
    for (place, commit) in commits.iter().enumerate() {
        let Some(branch) = branches[place].clone() else { continue };
        for parent in commit.parents.iter().filter_map(|parent| history.place(parent)) {
            branches[parent].get_or_insert_with(|| branch.clone());
        }
    }
    branches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Commit;

    fn history(graph: &[(&str, &[&str])]) -> History {
        let commit = |parents: &[&str]| Commit {
            parents: parents.iter().map(ToString::to_string).collect(),
            ..Commit::default()
        };
        History {
            commits: graph.iter().map(|(_, parents)| commit(parents)).collect(),
            places: graph.iter().enumerate().map(|(place, (id, _))| (id.to_string(), place)).collect(),
        }
    }

    fn refs(branches: &[(&str, &str)]) -> Refs {
        let branches = branches.iter().map(|(name, id)| (name.to_string(), id.to_string())).collect();
        Refs { branches, ..Refs::default() }
    }

    fn names(branches: &[Option<String>]) -> Vec<&str> {
        branches.iter().map(|branch| branch.as_deref().unwrap_or("-")).collect()
    }

    #[test]
    fn what_branches_share_belongs_to_the_trunk() {
        let history = history(&[("f2", &["f1"]), ("f1", &["m1"]), ("m2", &["m1"]), ("m1", &[])]);
        let found = of_commits(&history, &refs(&[("a-feature", "f2"), ("main", "m2")]), Some("a-feature"));
        assert_eq!(names(&found), ["a-feature", "a-feature", "main", "main"]);
    }

    #[test]
    fn what_was_merged_keeps_its_branch_while_there_is_one() {
        let history = history(&[("m3", &["m1", "f1", "g1"]), ("g1", &["m1"]), ("f1", &["m1"]), ("m1", &[])]);
        let found = of_commits(&history, &refs(&[("main", "m3"), ("f", "f1")]), Some("main"));
        assert_eq!(names(&found), ["main", "main", "f", "main"]);
    }

    #[test]
    fn what_only_a_tag_leads_to_belongs_to_none() {
        let history = history(&[("t", &["m"]), ("m", &[])]);
        assert_eq!(names(&of_commits(&history, &refs(&[("main", "m")]), None)), ["-", "main"]);
    }
}
