//! The crate that a query is compiled as.
//!
//! It is made of three kinds of files, so that the compiler's messages and panics tell the user's own lines:
//!
//! - `<session>`, the root, which includes the others. It takes the variables that the query mentions from the host,
//!   and gives them back.
//! - `definitions/<query N>`: the definitions of a query that still hold. Everything else in it is blank.
//! - `<query N>`: the statements of the query that is to run, as a block. Variables that it declares are kept at its
//!   end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use crate::cell::{Cell, Declared, blanked};
use crate::diagnostics::{DEFINITIONS, GENERATED, Insertion, Lines, Loss};
use crate::lexer::words;
use crate::memory::{Memory, Variable};

/// What has been learnt about the variables of a query from attempts to compile it.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// Those that are not kept.
    pub(crate) losses: BTreeMap<String, Loss>,
    /// Closures that are to own what they use.
    pub(crate) owning: BTreeSet<String>,
}

/// The files of the crate, and where in them is what.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) lines: Lines,
}

/// A query, and what it can refer to.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    pub(crate) number: usize,
    pub(crate) code: &'a str,
    pub(crate) cell: &'a Cell,
    /// With what the query itself defines.
    pub(crate) memory: &'a Memory,
    pub(crate) variables: &'a [Variable],
    /// Variables whose type is not what it was.
    pub(crate) forgotten: &'a [String],
    /// Whether there is a library of what most queries need.
    pub(crate) has_common: bool,
}

impl Query<'_> {
    pub(crate) fn source(&self, attempts: &Attempts) -> Source {
        let mut lines = Lines { query: format!("<query {}>", self.number), ..Lines::default() };
        let block = self.block(attempts, &mut lines);
        let session = self.session(attempts, &mut lines);
        let mut files = vec![(GENERATED.to_owned(), session), (lines.query.clone(), block)];
        for found in self.memory.definitions(self.number) {
            // The query's own imports are among its definitions, and those of the others in the root.
            let own = || self.cell.items.iter().map(|item| item.span.clone()).collect();
            let spans = if found.number == self.number { own() } else { found.spans };
            let exports: Vec<_> =
                found.statics.iter().map(|(at, symbol)| (*at, format!("#[export_name = {symbol:?}] "))).collect();
            let text = Text::compose(found.code, 0..found.code.len(), &spans, &exports);
            if found.number == self.number {
                lines.exported = text.insertions;
            }
            files.push((format!("{DEFINITIONS}<query {}>", found.number), text.text));
        }
        Source { files, lines }
    }

    /// The crate's root.
    fn session(&self, attempts: &Attempts, lines: &mut Lines) -> String {
        let mut text = String::new();
        for span in &self.cell.attributes {
            text += &self.code[span.clone()].replace('\n', " ");
            text.push('\n');
        }
        if self.has_common {
            text += "extern crate kernel_runner_common as _;\n";
        }
        for import in self.memory.imports_besides(self.code, self.cell) {
            lines.imports.insert(count(&text), import.clone());
            let _ = writeln!(text, "use {import};");
        }
        for found in self.memory.definitions(self.number) {
            for declaration in &found.externs {
                lines.externs.insert(count(&text));
                text += declaration;
                text.push('\n');
            }
            let _ = writeln!(text, "include!(\"{DEFINITIONS}<query {}>\");", found.number);
        }
        let places = lines.places();
        let _ = writeln!(
            text,
            "#[no_mangle]\npub fn kernel_runner_query() -> i32 {{\n\
             ::kernel_runner::run(&{places:?}, __kernel_runner) }}\n\
             fn __kernel_runner() -> ::std::result::Result<(), ::std::boxed::Box<dyn ::std::error::Error>> {{"
        );
        if !self.forgotten.is_empty() {
            let _ = writeln!(text, "::kernel_runner::forget(&{:?});", self.forgotten);
        }
        let words: BTreeSet<&str> = words(self.code).map(|range| &self.code[range]).collect();
        let is_used = |variable: &&Variable| {
            let is_lost = attempts.losses.get(&variable.name) == Some(&Loss::Unwritable);
            words.contains(&*variable.name) && !is_lost && !self.forgotten.contains(&variable.name)
        };
        let used: Vec<_> = self.variables.iter().filter(is_used).collect();
        for Variable { name, is_mutable, type_text } in &used {
            lines.taken.insert(count(&text), name.clone());
            let mutability = if *is_mutable { "mut " } else { "" };
            let _ = writeln!(text, "let {mutability}{name}: {type_text} = ::kernel_runner::take({name:?});");
        }
        let _ = if self.is_value() {
            writeln!(text, "::kernel_runner::show!(include!({:?}));", lines.query)
        } else {
            writeln!(text, "include!({:?});", lines.query)
        };
        let is_declared = |name: &String| self.cell.variables.iter().any(|declared| declared.name == *name);
        for Variable { name, is_mutable, .. } in used {
            if !is_declared(name) && !attempts.losses.contains_key(name) {
                lines.returned.insert(count(&text), name.clone());
                let _ = writeln!(text, "::kernel_runner::keep({name:?}, {is_mutable}, {name});");
            }
        }
        text + "::std::result::Result::Ok(()) }\n"
    }

    /// Whether there is nothing to run but an expression: the file is that, and every column the user's.
    fn is_value(&self) -> bool {
        self.cell.statements.is_empty() && self.cell.tail.is_some()
    }

    /// The statements, and the value that is shown.
    fn block(&self, attempts: &Attempts, lines: &mut Lines) -> String {
        let cell = self.cell;
        let spans: Vec<_> = cell.statements.iter().chain(&cell.tail).cloned().collect();
        if self.is_value() {
            return blanked(self.code, 0..self.code.len(), &spans);
        }
        let start = spans.first().map_or(0, |span| span.start);
        let mut insertions = vec![(start, "{".to_owned())];
        for declared in cell.variables.iter().filter(|declared| attempts.owning.contains(&declared.name)) {
            insertions.extend(declared.closure.map(|(start, _)| (start, "move ".to_owned())));
        }
        insertions.sort();
        let end = cell.tail.as_ref().map_or(self.code.len(), |tail| tail.end);
        if let Some(tail) = &cell.tail {
            insertions.push((tail.start, "::kernel_runner::show!(".to_owned()));
        }
        let mut text = Text::compose(self.code, 0..end, &spans, &insertions);
        if cell.tail.is_some() {
            text.text += "\n)";
        }
        text.text += "\n;\n";
        for declared in &cell.variables {
            let Declared { name, is_mutable, closure } = declared;
            if attempts.losses.contains_key(name) {
                continue;
            }
            lines.kept.insert(count(&text.text), name.clone());
            let _ = match closure {
                Some((_, parameters)) => {
                    let keep = if *is_mutable { "keep_mut_closure" } else { "keep_closure" };
                    writeln!(text.text, "::kernel_runner::{keep}_{parameters}({name:?}, {name});")
                }
                None => writeln!(text.text, "::kernel_runner::keep({name:?}, {is_mutable}, {name});"),
            };
        }
        lines.insertions = text.insertions;
        text.text + "}\n"
    }
}

/// A text that is to keep its lines and columns.
#[derive(Default)]
struct Text {
    text: String,
    insertions: Vec<Insertion>,
}

impl Text {
    /// A part of a query in which all but `spans` is blank, with something inserted at some places.
    fn compose(code: &str, part: Range<usize>, spans: &[Range<usize>], insertions: &[(usize, String)]) -> Self {
        let mut text = Self::default();
        let mut at = part.start;
        for (place, inserted) in insertions {
            text.text += &blanked(code, at..*place, spans);
            text.insert(inserted);
            at = *place;
        }
        text.text += &blanked(code, at..part.end, spans);
        text
    }

    /// Adds something that is not the user's: where there is room, or else between what is.
    fn insert(&mut self, inserted: &str) {
        let is_room = |c: char| matches!(c, ' ' | '\t');
        let before = self.text.trim_end_matches(is_room).len();
        let room = &self.text[before..];
        if self.text[..before].ends_with('\n') {
            let rest = self.text.split_off(before - 1);
            self.push(inserted);
            self.text += &rest;
        } else if room.len() >= inserted.len() && !room.contains('\t') {
            let start = self.text.len() - inserted.len();
            self.text.replace_range(start.., inserted);
        } else {
            self.push(inserted);
        }
    }

    /// Adds something that is not the user's at the end, and remembers where.
    fn push(&mut self, inserted: &str) {
        let line = self.text.rsplit('\n').next().unwrap_or_default();
        let column = line.chars().count() + 1;
        self.insertions.push(Insertion { line: count(&self.text), column, text: inserted.to_owned() });
        self.text += inserted;
    }
}

/// The number of the line that a text ends in.
fn count(text: &str) -> usize {
    1 + text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(code: &str, attempts: &Attempts) -> (String, Lines) {
        let cell = Cell::parse(code).unwrap();
        let memory = Memory::default();
        let query =
            Query { number: 1, code, cell: &cell, memory: &memory, variables: &[], forgotten: &[], has_common: false };
        let mut source = query.source(attempts);
        (source.files.remove(1).1, source.lines)
    }

    #[test]
    fn the_users_columns_stay_where_there_is_room() {
        let (text, lines) = block("use std::fmt;\nlet x = 1;\n  x + 1 // one", &Attempts::default());
        assert_eq!(
            text,
            "             {\nlet x = 1;::kernel_runner::show!(\n  x + 1\n)\n;\n\
             ::kernel_runner::keep(\"x\", false, x);\n}\n"
        );
        assert_eq!(lines.places(), [(1, 14, 1), (2, 11, 23)]);
        assert_eq!(lines.kept, [(6, "x".to_owned())].into());
    }

    #[test]
    fn what_is_inserted_between_is_remembered() {
        let (text, lines) = block("let x = 1; x", &Attempts::default());
        assert!(text.starts_with("{let x = 1; ::kernel_runner::show!(x\n)"), "{text}");
        assert_eq!(lines.places(), [(1, 1, 1), (1, 13, 23)]);
    }

    #[test]
    fn a_closure_can_be_made_to_own() {
        let attempts = Attempts { owning: ["f".to_owned()].into(), ..Attempts::default() };
        let (text, _) = block("let n = 1;\nlet f = |x| x + n;", &attempts);
        assert!(text.contains("let f = move |x| x + n;"), "{text}");
        assert!(text.contains("::kernel_runner::keep_closure_1(\"f\", f);"), "{text}");
    }
}
