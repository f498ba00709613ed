//! What a session remembers of its queries besides the values that the host keeps.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use crate::cell::{Cell, Item, ItemKind};
use crate::lexer::{Kind, Token, mentions, tokens};
use crate::types;

/// The definitions of all queries so far; of two with the same name, the newer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    sources: Vec<Source>,
    imports: Vec<Import>,
    /// Whether the last query has defined something again.
    has_replaced: bool,
}

/// What is left of a query.
#[derive(Clone, Debug)]
struct Source {
    number: usize,
    code: Arc<str>,
    items: Vec<Item>,
}

/// What one query has defined.
#[derive(Debug)]
pub(crate) struct Definitions<'a> {
    pub(crate) number: usize,
    pub(crate) code: &'a str,
    /// Where the definitions are.
    pub(crate) spans: Vec<Range<usize>>,
    /// Where those of statics begin that other queries are to find, and under which name.
    pub(crate) statics: Vec<(usize, String)>,
    /// Declarations of statics that are in the library of another query.
    pub(crate) externs: Vec<String>,
}

/// One name that a `use` brings.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Import {
    path: String,
    /// The name; of a glob, nothing.
    name: Option<String>,
}

/// A variable that the host keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) is_mutable: bool,
    /// As a query can write it.
    pub(crate) type_text: String,
}

impl Variable {
    /// Reads what the host writes: a line a variable.
    pub(crate) fn parse_all(text: &str) -> Vec<Self> {
        let parse = |line: &str| {
            let mut fields = line.split('\t');
            let (name, mutability, type_name) = (fields.next()?, fields.next()?, fields.next()?);
            let type_text = types::writable(type_name);
            Some(Self { name: name.to_owned(), is_mutable: mutability == "mut", type_text })
        };
        text.lines().filter_map(parse).collect()
    }
}

impl Memory {
    /// Adds the definitions of a query. Returns the names of what means something else now.
    pub(crate) fn define(&mut self, number: usize, code: &str, cell: &Cell) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        self.has_replaced = false;
        let imports: Vec<Import> = cell
            .items
            .iter()
            .filter(|item| item.kind == ItemKind::Use)
            .flat_map(|item| imports(&code[item.body..item.span.end]))
            .collect();
        for item in &cell.items {
            self.imports.retain(|import| !item.takes_the_place_of(import));
            for source in &mut self.sources {
                let text = source.code.clone();
                source.items.retain_mut(|old| {
                    let holes = old.holes.len();
                    let is_replaced = old.is_replaced_by(item);
                    self.has_replaced |= is_replaced || old.holes.len() > holes;
                    if is_replaced && item.shapes_types() && text[old.span.clone()] != code[item.span.clone()] {
                        changed.insert(item.name.clone());
                    }
                    !is_replaced
                });
            }
        }
        self.imports.retain(|old| {
            !imports.iter().any(|import| import == old || (import.name.is_some() && import.name == old.name))
        });
        for source in &mut self.sources {
            source.items.retain(|old| !imports.iter().any(|import| old.takes_the_place_of(import)));
        }
        self.sources.retain(|source| !source.items.is_empty());
        self.imports.extend(imports);
        let items = cell.items.iter().filter(|item| item.kind != ItemKind::Use).cloned();
        let items = items.map(|item| Item { home: number, ..item }).collect();
        self.sources.push(Source { number, code: code.into(), items });
        let changed = self.with_dependents(changed);
        for source in &mut self.sources {
            for item in &mut source.items {
                let text = &source.code[item.body..item.span.end];
                if changed.iter().any(|name| mentions(text, name)) {
                    item.home = number;
                }
            }
        }
        changed
    }

    /// `changed`, and the types that are made of it.
    fn with_dependents(&self, mut changed: BTreeSet<String>) -> BTreeSet<String> {
        loop {
            let mut more = BTreeSet::new();
            for source in &self.sources {
                for item in source.items.iter().filter(|item| item.shapes_types()) {
                    let text = &source.code[item.body..item.span.end];
                    if !changed.contains(&item.name) && changed.iter().any(|name| mentions(text, name)) {
                        more.insert(item.name.clone());
                    }
                }
            }
            if more.is_empty() {
                return changed;
            }
            changed.extend(more);
        }
    }

    /// The imports of the queries before `number` that still hold, as a program has them: `current` are written where
    /// the user has.
    pub(crate) fn imports_besides(&self, current: &str, cell: &Cell) -> Vec<String> {
        let spans: Vec<Range<usize>> =
            cell.items.iter().filter(|item| item.kind == ItemKind::Use).map(|item| item.body..item.span.end).collect();
        let current: Vec<Import> = spans.into_iter().flat_map(|span| imports(&current[span])).collect();
        let before = self.imports.iter().filter(|import| !current.contains(import));
        before.map(|import| import.path.clone()).collect()
    }

    /// Whether the last query has defined something again: what was before may not fit it.
    pub(crate) fn has_replaced(&self) -> bool {
        self.has_replaced
    }

    /// Leaves out an import. Returns whether there was one.
    pub(crate) fn forget_import(&mut self, path: &str) -> bool {
        let before = self.imports.len();
        self.imports.retain(|import| import.path != path);
        self.imports.len() < before
    }

    /// Says that all statics are made anew by a query.
    pub(crate) fn make_statics(&mut self, number: usize) {
        for item in self.sources.iter_mut().flat_map(|source| &mut source.items) {
            item.home = number;
        }
    }

    /// What the query `current` needs of each query that defined something.
    pub(crate) fn definitions(&self, current: usize) -> impl Iterator<Item = Definitions<'_>> + '_ {
        self.sources.iter().map(move |source| {
            let (here, elsewhere): (Vec<&Item>, Vec<&Item>) =
                source.items.iter().partition(|item| item.kind != ItemKind::Static || item.home == current);
            let statics = here.iter().filter(|item| item.kind == ItemKind::Static);
            Definitions {
                number: source.number,
                code: &source.code,
                spans: here.iter().flat_map(|item| item.spans()).collect(),
                statics: statics.map(|item| (item.span.start, symbol(item))).collect(),
                externs: elsewhere.into_iter().filter_map(|item| declaration(item, &source.code)).collect(),
            }
        })
    }

    /// Leaves out the definition of an earlier query at a line. Returns its name.
    pub(crate) fn forget(&mut self, number: usize, line: usize) -> Option<String> {
        let source = self.sources.iter_mut().find(|source| source.number == number)?;
        let start = source.code.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let end = start + source.code[start..].lines().next().map_or(0, str::len);
        let at = source.items.iter().position(|item| item.span.start <= end && start < item.span.end)?;
        Some(source.items.remove(at).name)
    }

    /// The names of everything that is defined or imported.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let is_named = |item: &&Item| !matches!(item.kind, ItemKind::Impl | ItemKind::Use | ItemKind::Other);
        let items = self.sources.iter().flat_map(|source| &source.items).filter(is_named);
        items.map(|item| item.name.as_str()).chain(self.imports.iter().filter_map(|import| import.name.as_deref()))
    }

    /// The texts of the definition of a type and of what is implemented for it.
    pub(crate) fn about<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = (ItemKind, &'a str)> {
        self.sources.iter().flat_map(move |source| {
            let is_about = move |item: &&Item| match item.kind {
                ItemKind::Type => item.name == type_name,
                ItemKind::Impl => mentions(&item.name, type_name),
                _ => false,
            };
            source.items.iter().filter(is_about).map(|item| (item.kind, &source.code[item.body..item.span.end]))
        })
    }
}

impl Item {
    /// Whether nothing is left of it beside a newer one.
    fn is_replaced_by(&mut self, newer: &Self) -> bool {
        let is_value = |item: &Self| matches!(item.kind, ItemKind::Function | ItemKind::Constant | ItemKind::Static);
        let is_same_kind = self.kind == newer.kind || (is_value(self) && is_value(newer));
        if !is_same_kind || self.name != newer.name {
            return false;
        }
        if self.kind == ItemKind::Impl && !newer.members.is_empty() {
            let is_newer = |(name, _): &(String, _)| newer.members.iter().any(|(newer, _)| newer == name);
            let (replaced, left): (Vec<_>, Vec<_>) = self.members.drain(..).partition(is_newer);
            self.holes.extend(replaced.into_iter().map(|(_, span)| span));
            self.members = left;
            return self.members.is_empty();
        }
        true
    }

    /// Whether what it means is part of what types mean.
    fn shapes_types(&self) -> bool {
        matches!(self.kind, ItemKind::Type | ItemKind::Constant | ItemKind::Module | ItemKind::Macro)
    }

    fn takes_the_place_of(&self, import: &Import) -> bool {
        !matches!(self.kind, ItemKind::Impl | ItemKind::Use | ItemKind::Other)
            && import.name.as_deref() == Some(&self.name)
    }
}

/// What a static is called for other libraries.
fn symbol(item: &Item) -> String {
    format!("kernel_runner_{}_{}", item.home, item.name)
}

/// The declaration of a static that is in another library.
fn declaration(item: &Item, code: &str) -> Option<String> {
    let text = &code[item.body..item.span.end];
    let tokens = tokens(text)?;
    let name = tokens.iter().position(|token| token.is(&item.name))?;
    let (mut angles, mut end) = (0, name + 2);
    while !(tokens.get(end)?.is("=") && angles == 0) {
        match tokens[end].text {
            "<" => angles += 1,
            ">" if !tokens[end - 1].is("-") => angles -= 1,
            _ => {}
        }
        end += 1;
    }
    // What a static refers to is static, which a declaration has to say.
    let mut type_text = String::new();
    for (at, token) in tokens.iter().enumerate().take(end).skip(name + 2) {
        let is_open = token.is("&") && !tokens[at + 1].text.starts_with('\'');
        let _ = write!(type_text, "{}{} ", token.text, if is_open { "'static" } else { "" });
    }
    let kind = if tokens[name - 1].is("mut") { "static mut" } else { "safe static" };
    let (symbol, name) = (symbol(item), &item.name);
    Some(format!("unsafe extern \"C\" {{ #[link_name = {symbol:?}] pub {kind} {name}: {type_text}; }}"))
}

/// The single imports of a `use`, which may be a tree of them.
fn imports(text: &str) -> Vec<Import> {
    let tokens = tokens(text).unwrap_or_default();
    let start = tokens.iter().position(|token| token.is("use")).map_or(0, |at| at + 1);
    let end = tokens.len().saturating_sub(1).max(start);
    let mut found = Vec::new();
    branches("", &tokens, start..end, &mut found);
    found
}

fn branches(prefix: &str, tokens: &[Token<'_>], range: Range<usize>, found: &mut Vec<Import>) {
    let mut path = prefix.to_owned();
    let mut at = range.start;
    let mut alias = None;
    while at < range.end {
        match tokens[at].kind {
            Kind::Open(close) => {
                let mut start = at + 1;
                let mut next = start;
                while next < close {
                    next = match tokens[next].kind {
                        Kind::Open(end) => end + 1,
                        _ => next + 1,
                    };
                    if next >= close || tokens[next].is(",") {
                        branches(&path, tokens, start..next.min(close), found);
                        start = next + 1;
                        next = start;
                    }
                }
                return;
            }
            _ if tokens[at].is("as") && at + 1 < range.end => {
                alias = Some(tokens[at + 1].text);
                break;
            }
            _ => path.push_str(tokens[at].text),
        }
        at += 1;
    }
    // `self` in braces is the path before it.
    let path = path.strip_suffix("::self").unwrap_or(&path).to_owned();
    if path.is_empty() || path.ends_with("::") {
        return;
    }
    let last = path.rsplit("::").next().unwrap_or_default().to_owned();
    found.push(match alias {
        Some(alias) => Import { path: format!("{path} as {alias}"), name: Some(alias.to_owned()) },
        None => Import { name: (last != "*").then_some(last), path },
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::blanked;

    fn memory(queries: &[&str]) -> (Memory, BTreeSet<String>) {
        let mut memory = Memory::default();
        let mut changed = BTreeSet::new();
        for (number, code) in queries.iter().enumerate() {
            changed = memory.define(number, code, &Cell::parse(code).unwrap());
        }
        (memory, changed)
    }

    fn texts(memory: &Memory) -> Vec<String> {
        let text = |found: Definitions<'_>| blanked(found.code, 0..found.code.len(), &found.spans).trim().to_owned();
        memory.definitions(9).map(text).collect()
    }

    #[test]
    fn a_tree_of_imports_is_taken_apart() {
        let paths: Vec<_> = imports("pub use std::{fmt::{self, Debug as D}, io::*, rc::Rc};")
            .into_iter()
            .map(|import| import.path)
            .collect();
        assert_eq!(paths, ["std::fmt", "std::fmt::Debug as D", "std::io::*", "std::rc::Rc"]);
    }

    #[test]
    fn the_newest_definition_wins_and_types_made_of_it_change_too() {
        let (memory, changed) = memory(&["struct P; struct Q(P); fn f() {}", "struct P(i32); fn f() {}"]);
        assert_eq!(changed.into_iter().collect::<Vec<_>>(), ["P", "Q"]);
        assert_eq!(texts(&memory), ["struct Q(P);", "struct P(i32); fn f() {}"]);
    }

    #[test]
    fn an_impl_adds_to_those_before() {
        let (memory, _) = memory(&["impl P { fn a() {} fn b() {} }", "impl P { fn b() { 1 } }"]);
        assert_eq!(texts(&memory), ["impl P { fn a() {}           }", "impl P { fn b() { 1 } }"]);
    }

    #[test]
    fn what_does_not_fit_any_more_is_left_out_by_its_line() {
        let (mut memory, _) = memory(&["fn f() {}\nfn g() {\n  h()\n}"]);
        assert_eq!(memory.forget(0, 3).as_deref(), Some("g"));
        assert_eq!(texts(&memory), ["fn f() {}"]);
    }

    #[test]
    fn a_static_is_in_the_library_of_its_query() {
        let (memory, _) = memory(&["struct T;", "static A: &[T] = &[];\nstatic mut B: u8 = 1;", "struct T(u8);"]);
        let definitions: Vec<_> = memory.definitions(2).collect();
        assert_eq!(definitions[0].statics, [(0, "kernel_runner_2_A".to_owned())]);
        let declared = "unsafe extern \"C\" { #[link_name = \"kernel_runner_1_B\"] pub static mut B: u8 ; }";
        assert_eq!(definitions[0].externs, [declared]);
    }

    #[test]
    fn a_definition_takes_the_place_of_an_import() {
        let (memory, _) = memory(&["use std::collections::{HashMap, HashSet};", "struct HashMap;"]);
        let imports = memory.imports_besides("", &Cell::default());
        assert_eq!(imports, ["std::collections::HashSet"]);
    }
}
