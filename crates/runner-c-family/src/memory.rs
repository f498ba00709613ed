//! What a session remembers of its snippets.

use std::collections::BTreeSet;

/// What later snippets need to know of one piece.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) role: Role,
    /// The snippet that it was in.
    pub(crate) home: usize,
    /// The names that it introduces, with their namespaces.
    pub(crate) names: Vec<String>,
    /// The types of a function's parameters in C++, where functions of one name differ in them.
    pub(crate) signature: Option<String>,
    /// The words of its text, by which it depends on others.
    pub(crate) words: BTreeSet<String>,
    /// The piece as it was written, whatever the space between its tokens.
    pub(crate) source: String,
    /// What is compiled.
    pub(crate) text: String,
    /// It may stand where the one was that it takes the place of: its text may be repeated.
    pub(crate) is_movable: bool,
    /// It uses other names than those of its type.
    pub(crate) has_body: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Directive,
    Type,
    Function,
    Variable,
    Other,
}

/// The declarations that a session remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) known: Vec<Known>,
}

impl Memory {
    /// The variables: their names tell an expression from a declaration.
    pub(crate) fn values(&self) -> BTreeSet<String> {
        let variables = self.known.iter().filter(|known| known.role == Role::Variable);
        variables.flat_map(|known| known.names.iter().cloned()).collect()
    }
}

/// What the snippet's own definitions follow, what is known after it, and the names that are lost to it.
pub(crate) fn merge(memory: &Memory, new: &[Known], is_cpp: bool) -> (Vec<Known>, Vec<Known>, Vec<String>) {
    let own: BTreeSet<&String> = new.iter().flat_map(|known| &known.names).collect();
    let (mut before, mut appended, mut forgotten) = (memory.known.clone(), Vec::new(), Vec::new());
    for known in new {
        let place = before.iter().position(|old| known.replaces(old));
        let replaced = place.is_some();
        let spelled: BTreeSet<String> = place.map(|place| before[place].words.clone()).unwrap_or_default();
        if is_cpp && known.role == Role::Variable {
            hide_used(&mut before, known);
        }
        before.retain(|old| !known.replaces(old));
        if !replaced {
            appended.push(known.clone());
            continue;
        }
        let later: BTreeSet<&String> =
            before.iter().skip(place.unwrap_or(0)).chain(new).flat_map(|other| &other.names).collect();
        // What an include or a `using` brings is not known by name.
        let is_overtaken = before.iter().skip(place.unwrap_or(0)).any(|other| other.names.is_empty());
        let was_there = |word: &String| known.names.contains(word) || spelled.contains(word);
        let is_early_enough = known.words.iter().all(|word| was_there(word) || !(is_overtaken || later.contains(word)));
        if let (true, true, Some(place)) = (known.is_movable, is_early_enough, place) {
            before.insert(place.min(before.len()), known.clone());
            continue;
        }
        appended.push(known.clone());
        if is_cpp && known.role == Role::Variable {
            continue;
        }
        // What is left of the old one is what was made with it.
        let mut changed: Vec<String> = known.names.iter().map(|name| bare(name).to_owned()).collect();
        while let Some(name) = changed.pop() {
            let is_lost = |old: &Known| old.words.contains(&name) && (known.role == Role::Type || old.has_body);
            for old in before.iter().filter(|old| is_lost(old)) {
                changed.extend(old.names.iter().map(|name| bare(name).to_owned()).filter(|other| *other != name));
                forgotten.extend(old.names.iter().filter(|name| !own.contains(name)).cloned());
            }
            before.retain(|old| !is_lost(old));
        }
    }
    let after = before.iter().cloned().chain(appended).collect();
    (before, after, forgotten)
}

/// What was written with a variable goes on to mean it, so the variable is still declared, but has no name any more.
fn hide_used(before: &mut [Known], variable: &Known) {
    let others = before.iter().filter(|old| !variable.replaces(old));
    let words: BTreeSet<String> = others.flat_map(|old| old.words.clone()).collect();
    for old in before.iter_mut().filter(|old| old.role == Role::Variable && variable.replaces(old)) {
        if old.names.iter().any(|name| words.contains(name)) {
            old.names.clear();
        }
    }
}

impl Known {
    fn replaces(&self, old: &Self) -> bool {
        let is_overload = self.role == Role::Function
            && old.role == Role::Function
            && self.signature.is_some()
            && self.signature != old.signature;
        self.role != Role::Directive && !is_overload && self.names.iter().any(|name| old.names.contains(name))
    }

    pub(crate) fn is_in(&self, namespaces: &[&str]) -> bool {
        let prefix = namespaces.iter().fold(String::new(), |prefix, name| prefix + name + "::");
        self.names.iter().all(|name| name.starts_with(&prefix) && !name[prefix.len()..].contains("::"))
    }
}

/// A name without its namespaces and without the word before a tag.
fn bare(name: &str) -> &str {
    name.rsplit([' ', ':']).next().unwrap_or(name)
}
