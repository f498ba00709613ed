//! Whether code is complete: brackets, strings and comments may be open, and the last statement may show that it goes on.

use runner_core::Completeness;

use crate::cell::Cell;
use crate::lexer::{Fault, Kind, Token, scan};

/// Words that a block follows.
const HEADS: [&str; 13] =
    ["fn", "impl", "struct", "enum", "trait", "mod", "if", "match", "loop", "while", "for", "unsafe", "macro_rules"];
/// Other words that something follows.
const OPEN_WORDS: [&str; 16] = [
    "as", "async", "const", "crate", "dyn", "else", "extern", "in", "let", "move", "mut", "pub", "ref", "static",
    "use", "where",
];

pub(crate) fn completeness(code: &str) -> Completeness {
    let code = code.trim_start_matches('\u{feff}');
    let tokens = match scan(code) {
        Ok(tokens) => tokens,
        Err(Fault::Open) => return Completeness::Incomplete,
        Err(Fault::Broken) => return Completeness::Invalid,
    };
    // An empty line ends what only looks as if it went on.
    let is_over = code.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    let start = last_statement(code, &tokens);
    let goes_on = is_attribute(&tokens, start) || goes_on(&tokens[start..]);
    if goes_on && !is_over { Completeness::Incomplete } else { Completeness::Complete }
}

/// The index of the token that the last statement or item begins with.
fn last_statement(code: &str, tokens: &[Token]) -> usize {
    let cell = Cell::parse(code).unwrap_or_default();
    let items = cell.items.iter().map(|item| item.span.start);
    let start = items.chain(cell.statements.iter().chain(&cell.tail).map(|span| span.start)).max().unwrap_or(0);
    tokens.partition_point(|token| token.start < start)
}

/// Whether attributes are all that there is.
fn is_attribute(tokens: &[Token], start: usize) -> bool {
    let mut at = start;
    while tokens.get(at).is_some_and(|token| token.is("#")) {
        let Some(Kind::Open(close)) = tokens.get(at + 1).map(|token| token.kind) else { return false };
        at = close + 1;
    }
    at > start && at == tokens.len()
}

fn goes_on(statement: &[Token]) -> bool {
    let Some((last, before)) = statement.split_last() else { return false };
    let follows = |text: &str| before.last().is_some_and(|token| token.is(text));
    match (last.kind, last.text) {
        (Kind::Mark, ";" | "?") => false,
        // A range, and the end of a list of types.
        (Kind::Mark, ".") => !follows("."),
        (Kind::Mark, ">") => follows("-") || follows("="),
        (Kind::Mark, _) => true,
        (Kind::Word, word) if OPEN_WORDS.contains(&word) => true,
        _ => wants_block(statement),
    }
}

/// Whether the block that a word asks for is missing.
fn wants_block(statement: &[Token]) -> bool {
    let head = statement.iter().rposition(|token| token.kind == Kind::Word && HEADS.contains(&token.text));
    let Some(head) = head else { return false };
    let rest = &statement[head..];
    let is_type = rest[0].is("fn") && rest.get(1).is_none_or(|token| token.kind != Kind::Word);
    !is_type && !rest.iter().any(|token| token.is("{") || token.is(";"))
}

#[cfg(test)]
mod tests {
    use super::completeness;
    use runner_core::Completeness::{Complete, Incomplete, Invalid};

    #[test]
    fn what_wants_a_body_goes_on() {
        for (code, expected) in [
            ("let f: fn(i32) -> i32 = g", Complete),
            ("fn area(w: f64, h: f64) -> f64", Incomplete),
            ("fn area(w: f64, h: f64) -> f64\n", Complete),
            ("struct P { x: i32 }", Complete),
            ("struct P(i32)", Incomplete),
            ("impl P", Incomplete),
            ("while x < 3", Incomplete),
            ("let y = if x < 3 { 1 } else", Incomplete),
            ("let y = if x < 3 { 1 } else { 2 }", Complete),
            ("#[derive(Debug)]", Incomplete),
            ("#[derive(Debug)]\nstruct P;", Complete),
            ("let c = |x: i32|", Incomplete),
            ("v.iter().collect::<Vec<i32>>", Complete),
            ("1..", Complete),
            ("'\\", Invalid),
        ] {
            assert_eq!(completeness(code), expected, "{code}");
        }
    }
}
