//! Whether code is complete: what is open at its end may be closed, and the last piece may show that it goes on.

use std::collections::BTreeSet;

use runner_core::Completeness;

use crate::language::Language;
use crate::lexer::{Kind, Token, balance, tokens};
use crate::pieces::extent::nesting;
use crate::pieces::{Piece, Shape, is_function_head, split};

/// What a statement follows, whether it has a condition or not.
const HEADS: [&str; 5] = ["if", "for", "while", "switch", "catch"];
/// What a declaration begins with that ends with braces or with a semicolon.
const DECLARATIONS: [&str; 8] = ["struct", "class", "union", "enum", "namespace", "template", "typedef", "using"];

/// `values` are the variables that earlier snippets have defined.
pub(crate) fn completeness(code: &str, values: BTreeSet<String>, language: Language) -> Completeness {
    let code = code.trim_start_matches('\u{feff}');
    if code.trim_end_matches('\r').ends_with('\\') {
        return Completeness::Incomplete;
    }
    let tokens = match tokens(code).and_then(|tokens| balance(&tokens).map(|()| tokens)) {
        Ok(tokens) => tokens,
        Err(unclosed) if unclosed.is_open() => return Completeness::Incomplete,
        Err(_) => return Completeness::Invalid,
    };
    // An empty line ends what only looks as if it went on.
    let is_over = code.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
    let is_in_conditional = tokens.iter().map(nesting).sum::<i32>() > 0;
    if is_in_conditional || (!is_over && goes_on(&tokens, values, language.is_cpp())) {
        return Completeness::Incomplete;
    }
    Completeness::Complete
}

/// Whether the last piece goes on in the next line.
fn goes_on(tokens: &[Token], values: BTreeSet<String>, is_cpp: bool) -> bool {
    let Some(last) = tokens.last().filter(|last| last.kind != Kind::Directive && !last.is(";")) else { return false };
    if is_namespace_head(tokens) || is_operator(last) || last.is_any(&["else", "do", "try"]) {
        return true;
    }
    // With a semicolon it shows what the piece would be.
    let ended: Vec<Token> = tokens.iter().copied().chain([Token { kind: Kind::Symbol, text: ";", at: 0 }]).collect();
    let pieces = split(&ended, values.clone(), is_cpp);
    let Some(Piece { shape, tokens: piece, .. }) = pieces.iter().rfind(|piece| !piece.tokens[0].is(";")) else {
        return false;
    };
    let piece = piece.strip_suffix(&ended[tokens.len()..]).unwrap_or(piece);
    let is = |text| piece[0].is(text);
    match shape {
        // An expression needs no semicolon.
        Shape::Variables(_) | Shape::Constant(_) | Shape::Prototype(_) => true,
        _ if last.is("}") => is("do") || (is("try") && !piece.iter().any(|token| token.is("catch"))),
        _ => piece[0].is_any(&DECLARATIONS) || is_statement_head(piece) || is_function_head(piece, values, is_cpp),
    }
}

/// Whether a head such as `if (x)` is at the end, and its statement missing. The `while` of a `do` has none.
fn is_statement_head(tokens: &[Token]) -> bool {
    let mut depth = 0;
    let open = tokens.iter().rposition(|token| {
        depth += match token.text {
            ")" => 1,
            "(" => -1,
            _ => 0,
        };
        depth == 0
    });
    let Some(word) = open.and_then(|open| open.checked_sub(1)).map(|at| &tokens[at]) else { return false };
    word.is_any(&HEADS) && !(word.is("while") && tokens[0].is("do"))
}

/// Whether an operand, or something else, must follow.
fn is_operator(token: &Token) -> bool {
    // `>` may end a list of types.
    token.kind == Kind::Symbol && !token.is_any(&[")", "]", "}", ";", "++", "--", ">", "..."])
}

fn is_namespace_head(tokens: &[Token]) -> bool {
    let start = tokens.iter().rposition(|token| token.is_any(&[";", "{", "}"])).map_or(0, |end| end + 1);
    tokens.get(start).is_some_and(|token| token.is("namespace"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runner_core::Completeness::{Complete, Incomplete, Invalid};

    #[test]
    fn what_wants_a_body_goes_on() {
        for (code, expected) in [
            ("int f(int x)", Incomplete),
            ("int f(int x)\n{", Incomplete),
            ("int f(int x)\n{ return x; }", Complete),
            ("int f(int x)\n", Complete),
            ("int f(int x);", Complete),
            ("int Dog::age() const", Incomplete),
            ("std::max(1, 2)", Complete),
            ("int x(3)", Incomplete),
            ("int x = 3", Incomplete),
            ("int x[] = {1, 2}", Incomplete),
            ("char *s = \"a\"\n    \"b\";", Complete),
            ("struct P { int x; }", Complete),
            ("typedef int number", Incomplete),
            ("namespace geo { int f() { return 1; } }", Complete),
            ("extern \"C\" { int f(); }", Complete),
            ("return f(1)", Complete),
            ("f(1)", Complete),
            ("if (x)", Incomplete),
            ("if (x)\n  f();\nelse", Incomplete),
            ("for (int i = 0; i < 3; i++)", Incomplete),
            ("do { f(); }", Incomplete),
            ("do { f(); } while (x)", Complete),
            ("struct P", Incomplete),
            ("class A : public B", Incomplete),
            ("namespace geo", Incomplete),
            ("template <typename T>", Incomplete),
            ("x = 1 +", Incomplete),
            ("x++", Complete),
            ("std::vector<int>", Complete),
            ("#define A \\", Incomplete),
            ("#ifdef A\nint x;", Incomplete),
            ("#ifdef A\nint x;\n#endif", Complete),
            ("#include <stdio.h>", Complete),
            ("/* a", Incomplete),
            ("\"a", Invalid),
            ("f(]", Invalid),
            ("", Complete),
        ] {
            assert_eq!(completeness(code, BTreeSet::new(), Language::Cpp), expected, "{code}");
        }
    }
}
