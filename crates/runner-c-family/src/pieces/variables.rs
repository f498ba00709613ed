//! Variables: what stands before their names, and what follows.

use super::extent::template_end;
use super::types::tag_name;
use super::words::{BUILTIN, DEDUCED, QUALIFIERS, STATEMENTS, TAGS};
use super::{Parser, Variable, at, is_last_semicolon};
use crate::lexer::{Token, closing};

/// What stands before a list of declarators.
pub(super) struct Specifiers {
    pub(super) end: usize,
    /// It is a single name, which might as well be the beginning of an expression.
    is_plain: bool,
}

impl<'a> Parser<'a> {
    pub(super) fn variables(&self, tokens: &'a [Token<'a>]) -> Option<Vec<Variable<'a>>> {
        let specifiers = specifiers(tokens)?;
        let (head, rest) = tokens.split_at(specifiers.end);
        if specifiers.is_plain {
            let next = rest.first()?;
            let is_pointer = next.is("*") || next.is("&") || next.is("&&");
            let is_callback = next.is("(") && at(rest, 1)?.is("*") && at(rest, 3)?.is(")") && at(rest, 4)?.is("(");
            if !(next.is_word() || is_callback || (is_pointer && !self.values.contains(head.last()?.text))) {
                return None;
            }
        }
        if !is_last_semicolon(tokens) {
            return None;
        }
        declarators(head, rest)
    }
}

pub(super) fn specifiers(tokens: &[Token]) -> Option<Specifiers> {
    let (mut index, mut has_type, mut is_plain) = (0, false, false);
    while let Some(token) = tokens.get(index) {
        let is_type = match token.text {
            "decltype" | "typeof" | "__typeof__" | "__attribute__" | "alignas" | "_Alignas" => {
                index = closing(tokens, index + 1);
                !token.text.contains("al") && !token.is("__attribute__")
            }
            "[" if at(tokens, index + 1)?.is("[") => {
                index = closing(tokens, index);
                false
            }
            text if QUALIFIERS.contains(&text) => false,
            text if BUILTIN.contains(&text) && (!has_type || !is_plain) => true,
            text if TAGS.contains(&text) => {
                index += tag_name(&tokens[index..])?;
                index = qualified_end(tokens, index);
                true
            }
            // A macro may stand for a part of a type: `double complex x`.
            _ if has_type && token.is_word() && at(tokens, index + 1).is_some_and(Token::is_word) => true,
            _ if !has_type && (token.is_word() || token.is("::")) && !STATEMENTS.contains(&token.text) => {
                let end = qualified_end(tokens, index);
                is_plain = end == index;
                index = end;
                true
            }
            _ => break,
        };
        has_type |= is_type;
        index += 1;
    }
    let is_alone = tokens[..index].len() == 1;
    has_type.then_some(Specifiers { end: index, is_plain: is_plain && is_alone })
}

/// The last token of `a::b<c>::d` that begins at `start`.
pub(super) fn qualified_end(tokens: &[Token], start: usize) -> usize {
    let mut end = start;
    loop {
        let has_arguments =
            at(tokens, end).is_some_and(Token::is_word) && at(tokens, end + 1).is_some_and(|token| token.is("<"));
        end = Some(end + 1).filter(|_| has_arguments).and_then(|open| template_end(tokens, open)).unwrap_or(end);
        let joins = if at(tokens, end).is_some_and(|token| token.is("::")) { end } else { end + 1 };
        if at(tokens, joins).is_some_and(|token| token.is("::")) && at(tokens, joins + 1).is_some_and(Token::is_word) {
            end = joins + 1;
        } else {
            return end;
        }
    }
}

/// The variables that `rest` declares, up to its semicolon; `None` where it declares none.
pub(super) fn declarators<'a>(specifiers: &'a [Token<'a>], rest: &'a [Token<'a>]) -> Option<Vec<Variable<'a>>> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < rest.len() && !rest[start].is(";") {
        let mut index = start;
        let is_prefix = |token: &Token| {
            ["*", "&", "&&"].contains(&token.text)
                || ["const", "volatile", "restrict", "__restrict"].contains(&token.text)
        };
        while is_prefix(at(rest, index)?) {
            index += 1;
        }
        let (name, mut bound) = match rest[index].text {
            "(" => {
                // A pointer to a function or to an array; any other parenthesis is a call.
                let after = at(rest, closing(rest, index) + 1)?;
                if !is_prefix(at(rest, index + 1)?) || !(after.is("(") || after.is("[")) {
                    return None;
                }
                let inner = (index + 1..closing(rest, index))
                    .find(|inner| rest[*inner].is_word() && !is_prefix(&rest[*inner]))?;
                (rest[inner].text, Vec::new())
            }
            "[" => {
                let close = closing(rest, index);
                (
                    rest[index + 1].text,
                    rest[index + 1..close].iter().filter(|token| token.is_word()).map(|token| token.text).collect(),
                )
            }
            _ => (rest[index].is_word().then_some(rest[index].text)?, Vec::new()),
        };
        let is_group = rest[index].is("(");
        index = if rest[index].is_word() { index } else { closing(rest, index) } + 1;
        while at(rest, index).is_some_and(|token| token.is("[") || (is_group && token.is("("))) {
            index = closing(rest, index) + 1;
        }
        let declarator = &rest[start..index];
        let init = index;
        if !at(rest, index).is_none_or(|token| ["=", "(", "{", ",", ";"].iter().any(|text| token.is(text))) {
            return None;
        }
        while at(rest, index).is_some_and(|token| !token.is(",") && !token.is(";")) {
            index = match rest[index].text {
                "(" | "[" | "{" => closing(rest, index),
                "<" if rest[index - 1].is_word() => template_end(rest, index)
                    .filter(|end| {
                        at(rest, end + 1).is_some_and(|next| ["(", "{", "::"].iter().any(|text| next.is(text)))
                    })
                    .unwrap_or(index),
                _ => index,
            } + 1;
        }
        bound.dedup();
        found.push(Variable { name, bound, specifiers, declarator, init: &rest[init..index] });
        start = index + 1;
    }
    (!found.is_empty()).then_some(found)
}

/// Whether the variable's type has arguments that follow from its value: `std::pair p(1, 2)`.
pub(crate) fn is_deduced(variable: &Variable) -> bool {
    variable.has_specifier(&["auto", "__auto_type"])
        || variable.specifiers.last().is_some_and(|token| DEDUCED.contains(&token.text))
}
