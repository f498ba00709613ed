//! Where a piece ends.

use super::types::tag_body;
use super::words::STATEMENTS;
use super::{Parser, at};
use crate::lexer::{Kind, Token, closing};

impl Parser<'_> {
    /// How many tokens the first piece has.
    pub(super) fn length(&self, tokens: &[Token]) -> usize {
        let first = &tokens[0];
        if first.kind == Kind::Directive {
            return conditional(tokens);
        }
        let is_label = first.is_word() && !STATEMENTS.contains(&first.text) && at(tokens, 1).is_some_and(|t| t.is(":"));
        if is_label || first.is("{") || (first.is_word() && STATEMENTS.contains(&first.text)) {
            return statement(tokens, if is_label { 2 } else { 0 });
        }
        if first.is("extern")
            && at(tokens, 1).is_some_and(|t| t.kind == Kind::Literal)
            && at(tokens, 2).is_some_and(|t| t.is("{"))
        {
            return closing(tokens, 2) + 1;
        }
        let head = template_head(tokens);
        let body = tag_body(&tokens[head..]).map(|body| body + head);
        let function = self.function_parameters(&tokens[head..]).map(|open| closing(tokens, open + head));
        let (mut index, mut is_init_list) = (head, false);
        while let Some(token) = tokens.get(index) {
            match token.text {
                ";" => return index + 1,
                "{" if Some(index) == body => {
                    index = closing(tokens, index);
                    // A type without its semicolon takes nothing else with it.
                    if at(tokens, index + 1).is_some_and(|next| next.kind == Kind::Directive) {
                        return index + 1;
                    }
                }
                "{" => {
                    let is_member_init = is_init_list && (tokens[index - 1].is_word() || tokens[index - 1].is(">"));
                    let is_body = function.is_some_and(|close| close < index) && !is_member_init;
                    index = closing(tokens, index);
                    if is_body {
                        return index + 1;
                    }
                }
                "(" | "[" => index = closing(tokens, index),
                ":" if function.is_some_and(|close| close < index) => is_init_list = true,
                _ if token.kind == Kind::Directive => return index,
                _ => {}
            }
            index += 1;
        }
        tokens.len()
    }
}

/// The names of the namespace that begins here, and where its brace is.
pub(super) fn namespace<'a>(tokens: &[Token<'a>]) -> Option<(Vec<&'a str>, usize)> {
    if !tokens.first()?.is("namespace") {
        return None;
    }
    let open = tokens.iter().position(|token| token.is("{") || token.is(";") || token.is("="))?;
    let names = tokens[1..open].iter().filter(|token| token.is_word()).map(|token| token.text).collect();
    tokens[open].is("{").then_some((names, open))
}

/// How many lines a conditional has, up to its `#endif`; 1 for any other preprocessor line.
pub(super) fn conditional(tokens: &[Token]) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        depth += nesting(token);
        if depth <= 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// By how much a token changes how many conditionals are open.
pub(crate) fn nesting(token: &Token) -> i32 {
    if token.kind != Kind::Directive {
        return 0;
    }
    let name = token.text[1..].trim_start();
    match name.split(|c: char| !c.is_ascii_alphabetic()).next() {
        Some("if" | "ifdef" | "ifndef") => 1,
        Some("endif") => -1,
        _ => 0,
    }
}

/// The end of the statement that begins at `start`.
pub(super) fn statement(tokens: &[Token], start: usize) -> usize {
    let Some(first) = tokens.get(start) else { return tokens.len() };
    let after_parentheses = |from: usize| {
        let open = (from..tokens.len()).find(|index| tokens[*index].is("("));
        open.map_or(tokens.len(), |open| closing(tokens, open) + 1)
    };
    match first.text {
        "{" => closing(tokens, start) + 1,
        "if" => {
            let end = statement(tokens, after_parentheses(start));
            if at(tokens, end).is_some_and(|token| token.is("else")) { statement(tokens, end + 1) } else { end }
        }
        "for" | "while" | "switch" => statement(tokens, after_parentheses(start)),
        "do" => simple_statement(tokens, statement(tokens, start + 1)),
        "try" => {
            let mut end = statement(tokens, start + 1);
            while at(tokens, end).is_some_and(|token| token.is("catch")) {
                end = statement(tokens, after_parentheses(end));
            }
            end
        }
        _ => simple_statement(tokens, start),
    }
}

/// The end of a statement that ends with a semicolon.
pub(super) fn simple_statement(tokens: &[Token], start: usize) -> usize {
    let mut index = start;
    while let Some(token) = tokens.get(index) {
        match token.text {
            ";" => return index + 1,
            "(" | "[" | "{" => index = closing(tokens, index),
            _ => {}
        }
        index += 1;
    }
    tokens.len()
}

/// The length of `template <...>`, once or more often; 1 for an explicit instantiation, 0 where there is none.
pub(super) fn template_head(tokens: &[Token]) -> usize {
    let mut index = 0;
    while at(tokens, index).is_some_and(|token| token.is("template")) {
        if !at(tokens, index + 1).is_some_and(|token| token.is("<")) {
            return index + 1;
        }
        let mut depth = 0;
        index += 1;
        while let Some(token) = tokens.get(index) {
            match token.text {
                "<" => depth += 1,
                ">" => depth -= 1,
                "(" | "[" | "{" => index = closing(tokens, index),
                _ => {}
            }
            index += 1;
            if depth == 0 {
                break;
            }
        }
    }
    index
}

/// The index of the `>` that closes the list of template arguments at `open`, if it is one.
pub(super) fn template_end(tokens: &[Token], open: usize) -> Option<usize> {
    let (mut depth, mut index) = (0, open);
    while let Some(token) = tokens.get(index) {
        match token.text {
            "<" => depth += 1,
            ">" => depth -= 1,
            "(" | "[" => index = closing(tokens, index),
            "::" | "," | "*" | "&" | "&&" | "..." => {}
            _ if token.kind == Kind::Word || token.kind == Kind::Literal => {}
            _ => return None,
        }
        if depth == 0 {
            return Some(index);
        }
        index += 1;
    }
    None
}
