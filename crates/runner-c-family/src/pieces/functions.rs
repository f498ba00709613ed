//! Functions: definitions, declarations and templates.

use super::extent::{template_end, template_head};
use super::types::tag_name;
use super::variables::specifiers;
use super::words::{BUILTIN, OPERATORS, QUALIFIERS, STATEMENTS, TAGS};
use super::{Function, Parser, Shape, at, is_last_semicolon};
use crate::lexer::{Kind, Token, closing};

impl<'a> Parser<'a> {
    pub(super) fn template(&self, tokens: &'a [Token<'a>]) -> Shape<'a> {
        let head = template_head(tokens);
        let rest = &tokens[head..];
        if at(tokens, 2).is_some_and(|token| token.is(">")) {
            return Shape::Declaration;
        }
        if head == 1 {
            return Shape::Passing;
        }
        if tag_name(rest).is_some() && self.function_parameters(rest).is_none() {
            let is_special = tag_name(rest).is_some_and(|name| at(rest, name + 1).is_some_and(|token| token.is("<")));
            return if is_special { Shape::Declaration } else { Shape::Type(self.type_names(rest)) };
        }
        if at(rest, 0).is_some_and(|token| token.is("using") || token.is("concept")) {
            return Shape::Type(vec![at(rest, 1).map_or_else(String::new, |token| token.text.to_owned())]);
        }
        match self.function(rest, tokens) {
            Some(Shape::Function(function) | Shape::Prototype(function)) => {
                Shape::Function(Function { is_whole: true, header: tokens, ..function })
            }
            _ => Shape::Declaration,
        }
    }

    /// The function that `tokens` define or declare; `all` has what stands before as well.
    pub(super) fn function(&self, tokens: &'a [Token<'a>], all: &'a [Token<'a>]) -> Option<Shape<'a>> {
        let open = self.function_parameters(tokens)?;
        let close = closing(tokens, open);
        let name_at = (0..open).rev().find(|index| tokens[*index].is("operator")).unwrap_or(open - 1);
        let name: String = tokens[name_at..open].iter().map(|token| token.text).collect();
        let has_body = tokens.last().is_some_and(|token| token.is("}"));
        if (name_at > 0 && tokens[name_at - 1].is("::")) || tokens[name_at].is("~") {
            return has_body.then_some(Shape::Passing);
        }
        let parameters = parameter_types(&tokens[open + 1..close]);
        if has_body {
            let body = (close..tokens.len()).find(|index| tokens[*index].is("{"))?;
            let has_type_after = tokens[close..body].iter().any(|token| token.is("->"));
            let is_whole = tokens[..open]
                .iter()
                .any(|token| token.is("constexpr") || token.is("consteval") || (token.is("auto") && !has_type_after))
                || tokens[open..close].iter().any(|token| token.is("auto"));
            let header = &all[..all.len() - tokens.len() + body];
            return Some(Shape::Function(Function { name, parameters, header, is_whole }));
        }
        let is_prototype = tokens[close + 1..].iter().all(|token| !token.is("=") && !token.is(","));
        if !is_prototype || !is_last_semicolon(tokens) || !self.are_parameters(&tokens[open + 1..close]) {
            return None;
        }
        Some(Shape::Prototype(Function { name, parameters, header: &all[..all.len() - 1], is_whole: false }))
    }

    /// Whether `tokens` are all of a function's definition but its body.
    pub(super) fn is_function_head(&self, tokens: &[Token]) -> bool {
        let Some(open) = self.function_parameters(tokens) else { return false };
        let close = closing(tokens, open);
        let is_member = open >= 2 && tokens[open - 2].is("::");
        let is_function = is_member || self.are_parameters(&tokens[open + 1..close]);
        is_function && !tokens[close..].iter().any(|token| token.is_any(&["{", ";", "=", ","]))
    }

    /// Where the parameters begin, when `tokens` begin as a function does: words, and then a parenthesis.
    pub(super) fn function_parameters(&self, tokens: &[Token]) -> Option<usize> {
        let (mut index, mut words, mut joins) = (0, 0, false);
        while let Some(token) = tokens.get(index) {
            if token.is("operator") {
                let from = if at(tokens, index + 1)?.is("(") { index + 3 } else { index + 1 };
                return (from..tokens.len()).find(|open| tokens[*open].is("("));
            }
            match token.text {
                "(" if words >= 2 && index > 0 && tokens[index - 1].is_word() => {
                    return (!BUILTIN.contains(&tokens[index - 1].text)).then_some(index);
                }
                "*" | "&" | "&&" if words > 0 => joins = false,
                "::" => joins = true,
                "~" if joins => words += 1,
                "<" if index > 0 && tokens[index - 1].is_word() => index = template_end(tokens, index)?,
                "[" if at(tokens, index + 1)?.is("[") => index = closing(tokens, index),
                _ if token.is_word() && OPERATORS.contains(&token.text) => {
                    if at(tokens, index + 1).is_some_and(|next| next.is("(")) {
                        index = closing(tokens, index + 1);
                        words += 1;
                    }
                }
                _ if token.is_word() && !STATEMENTS.contains(&token.text) => {
                    // A member of a class that is defined outside of it needs no type: `P::P(`.
                    words += usize::from(!joins || at(tokens, index + 1).is_some_and(|next| next.is("(")));
                    if joins
                        && at(tokens, index + 1).is_some_and(|next| next.is("("))
                        && !self.is_member(tokens, index)
                        && words < 3
                    {
                        words = words.saturating_sub(1);
                    }
                    joins = false;
                }
                _ => return None,
            }
            index += 1;
        }
        None
    }

    /// Whether `A::B(` at `index` of `B` is a constructor or a destructor of `A`.
    pub(super) fn is_member(&self, tokens: &[Token], index: usize) -> bool {
        self.is_cpp
            && index >= 2
            && (tokens[index - 1].is("~")
                || tokens[index - 2].text == tokens[index].text
                || index > 2 && !tokens[index - 3].is("::"))
            && tokens[index - 2].text != "std"
    }

    /// Whether a list in parentheses is one of parameters, and not of values.
    pub(super) fn are_parameters(&self, tokens: &[Token]) -> bool {
        let Some(first) = tokens.first() else { return true };
        if first.kind == Kind::Literal || self.values.contains(first.text) {
            return false;
        }
        if first.is("...") {
            return true;
        }
        let Some(specifiers) = specifiers(tokens) else { return false };
        match tokens.get(specifiers.end) {
            None => true,
            Some(next) => {
                next.is_word()
                    || ["*", "&", "&&", ",", "(", "[", "...", "="].iter().any(|text| next.is(text)) && !next.is("(")
            }
        }
    }
}

/// The types of a list of parameters: without names and default values.
pub(super) fn parameter_types(tokens: &[Token]) -> String {
    let (mut types, mut current, mut depth) = (Vec::new(), Vec::new(), 0_i32);
    let finish = |current: &mut Vec<&str>| {
        let default = current.iter().position(|text| *text == "=").unwrap_or(current.len());
        current.truncate(default);
        let is_type_word = |text: &&str| BUILTIN.contains(text) || QUALIFIERS.contains(text) || TAGS.contains(text);
        let is_name = current.last().is_some_and(|last| {
            let before = &current[..current.len() - 1];
            let has_type = before.iter().any(|text| !QUALIFIERS.contains(text) && !TAGS.contains(text));
            last.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && !is_type_word(last)
                && has_type
                && before.last().is_some_and(|text| *text != "::")
        });
        current.truncate(current.len() - usize::from(is_name));
        let text = current.join(" ");
        current.clear();
        text
    };
    for token in tokens {
        match token.text {
            "<" | "(" | "[" | "{" => depth += 1,
            ">" | ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 && token.is(",") {
            types.push(finish(&mut current));
        } else {
            current.push(token.text);
        }
    }
    types.push(finish(&mut current));
    types.join(",")
}
