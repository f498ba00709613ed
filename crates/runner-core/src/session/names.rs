//! Completion from the names that a driver has told, for the time in which it cannot answer itself.

use std::collections::{BTreeMap, BTreeSet};

/// How many suggestions a client gets at most.
const MOST: usize = 1000;

/// What a driver has told, and what its language's names look like.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The characters that join a name to that of its owner.
    separators: String,
    /// The characters of a name besides letters, digits and the underscore.
    letters: String,
    scopes: BTreeMap<String, Vec<String>>,
}

impl Names {
    pub(super) fn spell(&mut self, separators: String, letters: String) {
        self.separators = separators;
        self.letters = letters;
    }

    /// Takes the names of a scope, in place of those that it had.
    pub(super) fn tell(&mut self, scope: String, names: Vec<String>) {
        self.scopes.insert(scope, names);
    }

    /// The names that the token left of the cursor may become. Members are offered once their owner is written out.
    pub(super) fn complete(&self, before: &str) -> Vec<String> {
        let is_part = |c: &char| self.is_letter(*c) || self.separators.contains(*c);
        let length: usize = before.chars().rev().take_while(is_part).map(char::len_utf8).sum();
        let mut token = &before[before.len() - length..];
        // `1:le` in a language whose names are joined by colons is a range first: shorter tokens are tried as well.
        while !token.is_empty() {
            let found = self.starting_with(token);
            if !found.is_empty() {
                return found;
            }
            token = token.split_once(|c| self.separators.contains(c)).map_or("", |(_, rest)| rest);
        }
        Vec::new()
    }

    fn starting_with(&self, token: &str) -> Vec<String> {
        let is_member = |rest: &str| rest.contains(|c| self.separators.contains(c));
        let found: BTreeSet<&String> = self
            .scopes
            .values()
            .flatten()
            .filter(|name| name.strip_prefix(token).is_some_and(|rest| !is_member(rest)))
            .collect();
        found.into_iter().take(MOST).cloned().collect()
    }

    fn is_letter(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_' || self.letters.contains(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(separators: &str, letters: &str, names: &[&str]) -> Names {
        let mut all = Names::default();
        all.spell(separators.into(), letters.into());
        all.tell("session".into(), names.iter().map(ToString::to_string).collect());
        all
    }

    #[test]
    fn members_are_offered_with_their_owner() {
        let lua = names(".:", "", &["string", "string.format", "string.find", "str", "str.sub.x"]);
        assert_eq!(lua.complete("x = st"), ["str", "string"]);
        assert_eq!(lua.complete("print(string.f"), ["string.find", "string.format"]);
        assert_eq!(lua.complete("string.format."), Vec::<String>::new());
        assert_eq!(lua.complete(""), Vec::<String>::new());
    }

    #[test]
    fn a_separator_may_be_an_operator() {
        let r = names("$@:", ".", &["data.frame", "frame$weight", "stats::rnorm"]);
        assert_eq!(r.complete("1:data"), ["data.frame"]);
        assert_eq!(r.complete("frame$"), ["frame$weight"]);
        assert_eq!(r.complete("stats::rn"), ["stats::rnorm"]);
    }
}
