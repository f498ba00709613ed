//! A query taken apart: items, statements, and the expression whose value is shown.

use std::ops::Range;

use crate::lexer::{Kind, Token, tokens};

/// A query that keeps its state.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) items: Vec<Item>,
    /// The spans of statements. A declaration at the end needs no semicolon.
    pub(crate) statements: Vec<Range<usize>>,
    /// The span of a last expression without a semicolon.
    pub(crate) tail: Option<Range<usize>>,
    /// What `let` declares.
    pub(crate) variables: Vec<Declared>,
    /// The spans of attributes of the whole: `#![...]`.
    pub(crate) attributes: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    /// Its name; for an `impl`, what stands before its braces.
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    /// Where its text proper begins: behind its attributes.
    pub(crate) body: usize,
    /// What an `impl` for a type alone has: the names, and where they are. Those that are defined again later are left
    /// out.
    pub(crate) members: Vec<(String, Range<usize>)>,
    /// What is left out.
    pub(crate) holes: Vec<Range<usize>>,
    /// Of a static, the query whose library has it.
    pub(crate) home: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// Types and traits.
    Type,
    Function,
    Constant,
    Static,
    Module,
    Macro,
    Impl,
    Use,
    /// What has no name.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) is_mutable: bool,
    /// Of a closure, where it begins and how many parameters it has.
    pub(crate) closure: Option<(usize, usize)>,
}

impl Item {
    /// The spans of what is left of it.
    pub(crate) fn spans(&self) -> Vec<Range<usize>> {
        let mut holes = self.holes.clone();
        holes.sort_by_key(|hole| hole.start);
        let mut spans = Vec::new();
        let mut start = self.span.start;
        for hole in holes {
            spans.push(start..hole.start);
            start = hole.end;
        }
        spans.push(start..self.span.end);
        spans
    }
}

impl Cell {
    /// Takes `code` apart. `None` where brackets do not match: the compiler says it better.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        let tokens = tokens(code)?;
        let parser = Parser { tokens: &tokens };
        let mut cell = Self::default();
        let mut at = 0;
        while at < tokens.len() {
            let start = tokens[at].start;
            if let Some(end) = parser.inner_attribute(at) {
                cell.attributes.push(start..parser.end_of(end));
                at = end;
            } else if let Some((kind, name, proper, end)) = parser.item(at) {
                let body = tokens[proper].start;
                let members = if kind == ItemKind::Impl { parser.members(proper, end) } else { Vec::new() };
                let span = start..parser.end_of(end);
                cell.items.push(Item { kind, name, span, body, members, holes: Vec::new(), home: 0 });
                at = end;
            } else {
                let end = parser.statement(at);
                let span = start..parser.end_of(end);
                let is_let = tokens[at].is("let");
                if is_let {
                    for declared in parser.declared(at + 1, end) {
                        cell.variables.retain(|before| before.name != declared.name);
                        cell.variables.push(declared);
                    }
                }
                if end == tokens.len() && !is_let && !tokens[end - 1].is(";") {
                    cell.tail = Some(span);
                } else if end > at + 1 || !tokens[at].is(";") {
                    cell.statements.push(span);
                }
                at = end;
            }
        }
        Some(cell)
    }

    /// Whether it is a program of its own.
    pub(crate) fn is_program(&self) -> bool {
        self.items.iter().any(|item| item.kind == ItemKind::Function && item.name == "main")
    }

    /// Whether nothing is to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.statements.is_empty() && self.tail.is_none() && self.attributes.is_empty()
    }
}

/// A part of `code` with everything but `spans` blank: lines and columns stay what they are.
pub(crate) fn blanked(code: &str, part: Range<usize>, spans: &[Range<usize>]) -> String {
    let mut text = String::with_capacity(part.len());
    let mut spans = spans.iter().peekable();
    for (at, c) in code[part.clone()].char_indices().map(|(at, c)| (part.start + at, c)) {
        while spans.next_if(|span| span.end <= at).is_some() {}
        let is_kept = spans.peek().is_some_and(|span| span.contains(&at)) || matches!(c, '\n' | '\r' | '\t');
        text.push(if is_kept { c } else { ' ' });
    }
    text
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
}

impl Parser<'_> {
    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(text))
    }

    fn is_any(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is(at, text))
    }

    fn is_name(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Word)
    }

    /// Where the text of the tokens before `at` ends.
    fn end_of(&self, at: usize) -> usize {
        self.tokens[at - 1].end()
    }

    /// Behind the token at `at`: behind the whole where that is a bracket.
    fn behind(&self, at: usize) -> usize {
        match self.tokens.get(at).map(|token| token.kind) {
            Some(Kind::Open(close)) => close + 1,
            _ => at + 1,
        }
    }

    /// Behind the first of `ends` that is in no bracket; an end that is a brace is passed as a whole.
    fn behind_any(&self, mut at: usize, ends: &[&str]) -> usize {
        while at < self.tokens.len() {
            let is_end = self.is_any(at, ends);
            at = self.behind(at);
            if is_end {
                break;
            }
        }
        at.min(self.tokens.len())
    }

    fn inner_attribute(&self, at: usize) -> Option<usize> {
        (self.is(at, "#") && self.is(at + 1, "!") && self.is(at + 2, "[")).then(|| self.behind(at + 2))
    }

    /// The item that begins at a token: its kind, its name, the token behind its attributes, and the one behind it.
    fn item(&self, start: usize) -> Option<(ItemKind, String, usize, usize)> {
        let mut at = start;
        while self.is(at, "#") && self.is(at + 1, "[") {
            at = self.behind(at + 1);
        }
        let proper = at;
        if self.is(at, "pub") {
            at += 1;
            if self.is(at, "(") {
                at = self.behind(at);
            }
        }
        if self.is(at, "const") && self.is_name(at + 1) && self.is(at + 2, ":") {
            return Some((ItemKind::Constant, self.name(at + 1), proper, self.behind_any(at, &[";"])));
        }
        let first = at;
        while self.is_any(at, &["unsafe", "async", "const", "extern", "auto"]) {
            at += 1;
            if self.is(at - 1, "extern") && self.tokens.get(at).is_some_and(|token| token.kind == Kind::Literal) {
                at += 1;
            }
        }
        if at > first && self.is(at - 1, "auto") && !self.is(at, "trait") {
            return None;
        }
        let word = self.tokens.get(at).filter(|token| token.kind == Kind::Word).map_or("", |token| token.text);
        let named = |kind, end| Some((kind, self.name(at + 1), proper, end));
        match word {
            "fn" if self.is_name(at + 1) => named(ItemKind::Function, self.behind_any(at, &["{", ";"])),
            "impl" => {
                let end = self.behind_any(at, &["{", ";"]);
                Some((ItemKind::Impl, self.header(proper, end), proper, end))
            }
            "struct" | "enum" | "trait" => named(ItemKind::Type, self.behind_any(at, &["{", ";"])),
            "union" if self.is_name(at + 1) => named(ItemKind::Type, self.behind_any(at, &["{"])),
            "type" => named(ItemKind::Type, self.behind_any(at, &[";"])),
            "mod" => named(ItemKind::Module, self.behind_any(at, &["{", ";"])),
            "static" if self.is(at + 1, "mut") => {
                Some((ItemKind::Static, self.name(at + 2), proper, self.behind_any(at, &[";"])))
            }
            "static" if self.is_name(at + 1) && self.is(at + 2, ":") => {
                named(ItemKind::Static, self.behind_any(at, &[";"]))
            }
            "use" => {
                let end = self.behind_any(at, &[";"]);
                Some((ItemKind::Use, self.header(at + 1, end), proper, end))
            }
            "crate" if at > first => {
                Some((ItemKind::Other, self.header(at, at + 2), proper, self.behind_any(at, &[";"])))
            }
            "macro_rules" if self.is(at + 1, "!") && self.is_name(at + 2) => {
                let end = self.behind(at + 3);
                let end = if self.is(end, ";") { end + 1 } else { end };
                Some((ItemKind::Macro, self.name(at + 2), proper, end))
            }
            "thread_local" if self.is(at + 1, "!") => {
                let end = self.behind(at + 2);
                let end = if self.is(end, ";") { end + 1 } else { end };
                Some((ItemKind::Other, self.header(at, end), proper, end))
            }
            _ if at > first && self.is(at, "{") && self.tokens[first..at].iter().any(|token| token.is("extern")) => {
                let end = self.behind(at);
                Some((ItemKind::Other, self.header(first, end), proper, end))
            }
            _ => None,
        }
    }

    fn name(&self, at: usize) -> String {
        self.tokens.get(at).map_or_else(String::new, |token| token.text.to_owned())
    }

    /// The tokens from `start` on, up to a brace of the outermost level that is no list of imports.
    fn header(&self, start: usize, end: usize) -> String {
        let is_impl = self.tokens[start..end].iter().any(|token| token.is("impl"));
        let header = self.tokens[start..end].iter().take_while(|token| !(is_impl && token.is("{")));
        header.map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    /// Behind the statement or expression that begins at a token.
    fn statement(&self, start: usize) -> usize {
        let mut at = start;
        while self.is(at, "#") && self.is(at + 1, "[") {
            at = self.behind(at + 1);
        }
        // A label.
        if self.tokens.get(at).is_some_and(|token| token.text.starts_with('\'')) && self.is(at + 1, ":") {
            at += 2;
        }
        let is_block = self.is_any(at, &["{", "if", "match", "loop", "while", "for", "unsafe"]);
        let is_macro = self.is_name(at) && self.is(at + 1, "!") && self.is(at + 2, "{");
        if is_block || is_macro {
            let mut end = self.behind_any(at, &["{"]);
            while self.is(end, "else") {
                end = self.behind_any(end, &["{"]);
            }
            // It goes on as an expression: a method of the block's value.
            if !self.is_any(end, &[".", "?"]) {
                return if self.is(end, ";") { end + 1 } else { end };
            }
        }
        self.behind_any(at, &[";"])
    }

    /// The members of an inherent `impl` between two tokens.
    fn members(&self, start: usize, end: usize) -> Vec<(String, Range<usize>)> {
        let Some(open) = (start..end).find(|at| self.is(*at, "{")) else { return Vec::new() };
        let Kind::Open(close) = self.tokens[open].kind else { return Vec::new() };
        // `for` in a header names the type that a trait is implemented for, unless it is `for<'a>`.
        if (start..open).any(|at| self.is(at, "for") && !self.is(at + 1, "<")) {
            return Vec::new();
        }
        let mut members = Vec::new();
        let mut at = open + 1;
        while at < close {
            let Some((_, name, _, end)) = self.item(at) else { return Vec::new() };
            members.push((name, self.tokens[at].start..self.end_of(end)));
            at = end;
        }
        members
    }

    /// What the pattern of a `let` binds; it begins at `at`.
    fn declared(&self, mut at: usize, end: usize) -> Vec<Declared> {
        let start = at;
        let mut declared = Vec::new();
        let mut depth = 0_usize;
        let mut is_mutable = false;
        while at < end {
            let token = &self.tokens[at];
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                Kind::Mark if depth == 0 && matches!(token.text, "=" | ";") => break,
                // Behind a single colon of the outermost level is the type.
                Kind::Mark if depth == 0 && token.is(":") => {
                    if !self.is(at + 1, ":") {
                        break;
                    }
                    at += 1;
                }
                Kind::Word if token.is("mut") => is_mutable = true,
                Kind::Word if self.is_binding(at, depth) => {
                    declared.push(Declared { name: token.text.to_owned(), is_mutable, closure: None });
                    is_mutable = false;
                }
                _ => {}
            }
            at += 1;
        }
        let is_simple = at - start == 1 + usize::from(self.is(start, "mut"));
        if let ([only], true, true) = (&mut declared[..], is_simple, self.is(at, "=")) {
            only.closure = self.closure(at + 1);
        }
        declared
    }

    /// Where the closure at a token begins, and how many parameters it has.
    fn closure(&self, at: usize) -> Option<(usize, usize)> {
        let start = self.tokens.get(at)?.start;
        let bar = if self.is(at, "move") { at + 1 } else { at };
        if !self.is(bar, "|") {
            return None;
        }
        let (mut count, mut angles) = (0, 0_i32);
        let mut at = bar + 1;
        let mut is_parameter = false;
        while at < self.tokens.len() && !self.is(at, "|") {
            match self.tokens[at].text {
                "<" => angles += 1,
                ">" if !self.is(at - 1, "-") => angles -= 1,
                "," if angles == 0 => is_parameter = false,
                _ if !is_parameter => {
                    is_parameter = true;
                    count += 1;
                }
                _ => {}
            }
            at = self.behind(at);
        }
        Some((start, count))
    }

    fn is_binding(&self, at: usize, depth: usize) -> bool {
        let name = self.tokens[at].text;
        let is_constant = depth > 0 && name.starts_with(char::is_uppercase);
        let is_keyword = matches!(name, "_" | "ref" | "box" | "true" | "false");
        let is_field = depth > 0 && self.is(at + 1, ":");
        let is_path =
            (self.is(at + 1, ":") && self.is(at + 2, ":")) || (at > 1 && self.is(at - 1, ":") && self.is(at - 2, ":"));
        let is_constructor = self.is_any(at + 1, &["(", "{", "!"]);
        !(is_constant || is_keyword || is_field || is_path || is_constructor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(code: &str) -> (Vec<String>, Vec<&str>, Option<&str>) {
        let cell = Cell::parse(code).unwrap();
        let items = cell.items.into_iter().map(|item| item.name).collect();
        let statements = cell.statements.into_iter().map(|span| &code[span]).collect();
        (items, statements, cell.tail.map(|span| &code[span]))
    }

    fn names(code: &str) -> Vec<String> {
        Cell::parse(code).unwrap().variables.into_iter().map(|variable| variable.name).collect()
    }

    #[test]
    fn items_statements_and_the_value_are_told_apart() {
        let code = "use std::fmt;\n#[derive(Debug)] struct P { x: i32 }\nlet p = P { x: 1 }; // p\np.x + 1 // value";
        let items = vec!["std : : fmt ;".to_owned(), "P".to_owned()];
        assert_eq!(parts(code), (items, vec!["let p = P { x: 1 };"], Some("p.x + 1")));
    }

    #[test]
    fn blocks_end_statements_where_rust_says_so() {
        let code = "for i in 0..3 { f(i) } if a { 1 } else { 2 }";
        assert_eq!(parts(code), (vec![], vec!["for i in 0..3 { f(i) }"], Some("if a { 1 } else { 2 }")));
        assert_eq!(parts("match a { _ => b }.c(); unsafe { d() }").1, ["match a { _ => b }.c();"]);
        assert_eq!(parts("let x = 5").1, ["let x = 5"]);
    }

    #[test]
    fn impls_are_known_by_their_headers_and_constants_by_their_names() {
        let code = "impl<T> Show for P<T> where T: Copy { fn a() {} } const fn f() {} const N: usize = { 3 }; \
                    unsafe fn g() {}";
        let (items, statements, tail) = parts(code);
        assert_eq!(items, ["impl < T > Show for P < T > where T : Copy", "f", "N", "g"]);
        assert_eq!((statements.len(), tail), (0, None));
    }

    #[test]
    fn the_members_of_an_impl_can_be_left_out() {
        let code = "impl P { fn a() {} pub const fn b(&self) {} }";
        let mut item = Cell::parse(code).unwrap().items.remove(0);
        let names: Vec<_> = item.members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        item.holes.push(item.members[0].1.clone());
        assert_eq!(blanked(code, 0..code.len(), &item.spans()), "impl P {           pub const fn b(&self) {} }");
        assert!(Cell::parse("impl Show for P { fn a() {} }").unwrap().items[0].members.is_empty());
    }

    #[test]
    fn closures_are_known_with_their_parameters() {
        let closure = |code: &str| Cell::parse(code).unwrap().variables[0].closure;
        assert_eq!(closure("let f = |a: Map<u8, u8>, (b, c)| a;"), Some((8, 2)));
        assert_eq!(closure("let mut f = move || 1"), Some((12, 0)));
        assert_eq!(closure("let f: fn() = || {};"), None);
        assert_eq!(closure("let f = g;"), None);
    }

    #[test]
    fn patterns_declare_their_bindings_only() {
        assert_eq!(names("let mut x: Vec<i32> = Vec::new();"), ["x"]);
        assert_eq!(names("let (a, Some(b), P { x: c, d, .. }, [e, ..]) = f();"), ["a", "b", "c", "d", "e"]);
        assert_eq!(names("let Ok(v) = g() else { return Ok(()) };"), ["v"]);
        assert_eq!(names("let _ = h();"), Vec::<String>::new());
    }

    #[test]
    fn what_is_blank_keeps_lines_and_columns() {
        assert_eq!(blanked("aé\nb c", 0..7, &[0..1, 6..7]), "a \n  c");
    }
}
