//! Types: structures, classes, unions, enumerations and other names of them.

use super::Parser;
use super::variables::{declarators, specifiers};
use super::words::{QUALIFIERS, TAGS};
use crate::lexer::{Token, closing};

impl<'a> Parser<'a> {
    /// The names of a `typedef`, and of the type that it defines on the way.
    pub(super) fn typedef_names(&self, tokens: &'a [Token<'a>]) -> Vec<String> {
        let body = tag_body(tokens);
        let mut names = body.map_or_else(Vec::new, |_| self.type_names(&tokens[1..]));
        let after =
            body.map(|body| closing(tokens, body) + 1).or_else(|| specifiers(&tokens[1..]).map(|found| found.end + 1));
        if let Some(variables) = after.and_then(|after| declarators(&tokens[..after], &tokens[after..])) {
            names.extend(variables.iter().map(|variable| variable.name.to_owned()));
        }
        names
    }

    /// The names of a class, a structure or an enumeration and of the constants of the latter.
    pub(super) fn type_names(&self, tokens: &[Token]) -> Vec<String> {
        let mut names = Vec::new();
        let Some(tag) = tokens.iter().find(|token| TAGS.contains(&token.text)) else { return names };
        if let Some(name) = tag_name(tokens) {
            let text = tokens[name].text;
            names.push(if self.is_cpp { text.to_owned() } else { format!("{} {text}", tag.text) });
        }
        if let (true, Some(open)) = (tag.is("enum"), tag_body(tokens)) {
            let is_scoped = tokens[..open].iter().any(|token| token.is("class") || token.is("struct"));
            let constants = (open + 1..closing(tokens, open))
                .filter(|index| !is_scoped && (tokens[index - 1].is("{") || tokens[index - 1].is(",")))
                .filter(|index| tokens[*index].is_word());
            names.extend(constants.map(|index| tokens[index].text.to_owned()));
        }
        names
    }
}

/// Where the name after `struct` and its like is.
pub(super) fn tag_name(tokens: &[Token]) -> Option<usize> {
    let mut index = tokens.iter().position(|token| !QUALIFIERS.contains(&token.text) && !token.is("typedef"))?;
    if !TAGS.contains(&tokens[index].text) || !tokens[index].is_word() {
        return None;
    }
    index += 1;
    loop {
        let token = tokens.get(index)?;
        match token.text {
            "class" | "struct" => index += 1,
            "[" => index = closing(tokens, index) + 1,
            "__attribute__" | "alignas" => index = closing(tokens, index + 1) + 1,
            _ => return token.is_word().then_some(index),
        }
    }
}

/// Where the body of the type that `tokens` define begins.
pub(super) fn tag_body(tokens: &[Token]) -> Option<usize> {
    let first = tokens.iter().position(|token| !QUALIFIERS.contains(&token.text) && !token.is("typedef"))?;
    if !TAGS.contains(&tokens[first].text) {
        return None;
    }
    let end = tokens.iter().position(|token| ["{", ";", "=", "("].iter().any(|text| token.is(text)))?;
    let name = tag_name(tokens);
    // `P p {` is a variable: between a type's name and its body there is at most a list of bases.
    let is_body =
        name.is_none_or(|name| name + 1 == end || [":", "final", "<"].iter().any(|text| tokens[name + 1].is(text)));
    (tokens[end].is("{") && is_body).then_some(end)
}
