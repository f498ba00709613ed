//! Completion from what a session remembers, without asking the code that runs.

use std::collections::BTreeSet;

use crate::language::Language;
use crate::lexer::{Kind, Token, is_name_part, tokens};
use crate::memory::{Known, Memory, Role};

/// How many suggestions a client gets at most.
const MOST: usize = 1000;

/// The members of what the standard library has most of.
const MEMBERS: [(&str, &str); 4] = [
    (
        "string",
        "append at back begin c_str clear compare data empty end erase find find_first_of find_last_of front insert \
         length npos pop_back push_back replace reserve resize rfind size substr swap",
    ),
    (
        "vector",
        "assign at back begin capacity cbegin cend clear data emplace emplace_back empty end erase front insert pop_back \
         push_back rbegin rend reserve resize shrink_to_fit size swap",
    ),
    ("map", "at begin clear contains count emplace empty end erase find insert lower_bound size swap upper_bound"),
    ("set", "begin clear contains count emplace empty end erase find insert lower_bound size swap upper_bound"),
];

/// What the token left of the cursor may become.
pub(crate) fn complete(before: &str, memory: &Memory, language: Language) -> Vec<String> {
    // In a string or a comment nothing is a name; the end of the text is the end of the line that is looked at.
    let line = before.rsplit('\n').next().unwrap_or_default();
    if tokens(line).is_err() {
        return Vec::new();
    }
    let start = line.trim_end_matches(|c| is_name_part(c) || "::.->".contains(c)).len();
    let token = &line[start..];
    let found: BTreeSet<String> = match token.rfind(['.', '>']) {
        Some(at) if token[..=at].ends_with('.') || token[..=at].ends_with("->") => {
            let owner = token[..=at].trim_end_matches(['.', '>', '-']);
            let members = members(owner, memory).into_iter();
            members.map(|member| format!("{}{member}", &token[..=at])).filter(|text| text.starts_with(token)).collect()
        }
        _ if token.is_empty() => BTreeSet::new(),
        _ => {
            let token = token.trim_start_matches(|c| !is_name_part(c));
            let own = memory.known.iter().flat_map(|known| known.names.iter());
            let own = own.map(|name| name.rsplit(' ').next().unwrap_or(name).to_owned());
            own.chain(language.names()).filter(|name| name.starts_with(token)).collect()
        }
    };
    found.into_iter().take(MOST).collect()
}

/// The members of `owner`: a variable, or a chain of members from one.
fn members(owner: &str, memory: &Memory) -> Vec<String> {
    let mut names = owner.split(['.', '>']).map(|name| name.trim_end_matches('-'));
    let first = names.next().unwrap_or_default();
    let mut words = last(memory, |known| known.role == Role::Variable && known.names.iter().any(|name| name == first))
        .map_or_else(Vec::new, |known| words(&known.source));
    for name in names {
        let Some(body) = type_of(&words, memory) else { return Vec::new() };
        words = declaration_of(&body, name);
    }
    if let Some(known) = type_of(&words, memory) {
        return member_names(&known);
    }
    let library = words.iter().find_map(|word| MEMBERS.iter().find(|(kind, _)| word.ends_with(kind)));
    library.map_or_else(Vec::new, |(_, members)| members.split_ascii_whitespace().map(str::to_owned).collect())
}

fn last(memory: &Memory, fits: impl Fn(&&Known) -> bool) -> Option<&Known> {
    memory.known.iter().rev().find(fits)
}

fn words(source: &str) -> Vec<String> {
    let tokens = tokens(source).unwrap_or_default();
    tokens.iter().filter(|token| token.kind == Kind::Word).map(|token| token.text.to_owned()).collect()
}

/// The text of the type that is named among `words`; a `typedef` leads on to what it names.
fn type_of(words: &[String], memory: &Memory) -> Option<String> {
    let is_named = |known: &&Known| {
        let names = known.names.iter().map(|name| name.rsplit([' ', ':']).next().unwrap_or(name));
        known.role == Role::Type && names.into_iter().any(|name| words.iter().any(|word| word == name))
    };
    let found = last(memory, |known| is_named(known) && known.source.contains('{'));
    if let Some(found) = found {
        return Some(found.source.clone());
    }
    let alias = last(memory, is_named)?;
    let meant = self::words(&alias.source);
    last(memory, |known| {
        known.source.contains('{')
            && known.names.iter().any(|name| meant.iter().any(|word| name.rsplit(' ').next() == Some(word)))
    })
    .map(|known| known.source.clone())
}

/// The declarations in the body of a type, each as its tokens; bodies of functions are left out.
fn declarations(source: &str) -> Vec<Vec<Token<'_>>> {
    let all = tokens(source).unwrap_or_default();
    let (mut found, mut current, mut depth) = (Vec::new(), Vec::new(), 0);
    for token in all {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        let is_end = depth == 1 && matches!(token.text, ";" | "}" | "{" | ":" | ",");
        if is_end {
            found.push(std::mem::take(&mut current));
        } else if depth == 1 {
            current.push(token);
        }
    }
    found
}

/// The name that a declaration introduces: the last word before its parameters, its size or its value.
fn name_of<'a>(declaration: &[Token<'a>]) -> Option<&'a str> {
    let end = declaration.iter().position(|token| ["(", "[", "="].contains(&token.text)).unwrap_or(declaration.len());
    let name = declaration[..end].last().filter(|token| token.is_word())?;
    (!["public", "private", "protected", "const", "override", "noexcept"].contains(&name.text)).then_some(name.text)
}

fn member_names(source: &str) -> Vec<String> {
    declarations(source).iter().filter_map(|declaration| name_of(declaration)).map(str::to_owned).collect()
}

/// The words of the declaration of the member `name`.
fn declaration_of(source: &str, name: &str) -> Vec<String> {
    let declarations = declarations(source);
    let found = declarations.iter().find(|declaration| name_of(declaration) == Some(name));
    found.map_or_else(Vec::new, |tokens| {
        tokens.iter().filter(|token| token.is_word()).map(|token| token.text.to_owned()).collect()
    })
}
