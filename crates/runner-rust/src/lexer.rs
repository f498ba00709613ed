//! Rust's tokens, as far as a cell must be understood: where comments, literals and brackets begin and end.

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Word,
    /// A literal or a lifetime.
    Literal,
    /// One character of punctuation.
    Mark,
    /// A bracket, and the index of the token that closes it.
    Open(usize),
    Close,
}

#[derive(Clone, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

/// What makes code no list of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A bracket, a string or a comment is open at the end.
    Open,
    /// Nothing that follows makes it right.
    Broken,
}

/// The tokens of `code` without its comments; `None` where a bracket, a string or a comment is left open.
pub(crate) fn tokens(code: &str) -> Option<Vec<Token<'_>>> {
    scan(code).ok()
}

/// The tokens of `code` without its comments, or why there are none.
pub(crate) fn scan(code: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(first) = code[at..].chars().next() {
        let rest = &code[at..];
        let (kind, length) = if first.is_whitespace() || rest.starts_with("//") || rest.starts_with("/*") {
            at += space(rest).ok_or(Fault::Open)?;
            continue;
        } else if let Some(length) = literal(rest) {
            (Kind::Literal, length?)
        } else if is_word(first) {
            (Kind::Word, word(rest))
        } else {
            let kind = match first {
                '(' | '[' | '{' => {
                    open.push((tokens.len(), first));
                    Kind::Open(0)
                }
                ')' | ']' | '}' => {
                    let (opened, bracket) = open.pop().ok_or(Fault::Broken)?;
                    if !matches!((bracket, first), ('(', ')') | ('[', ']') | ('{', '}')) {
                        return Err(Fault::Broken);
                    }
                    tokens[opened].kind = Kind::Open(tokens.len());
                    Kind::Close
                }
                _ => Kind::Mark,
            };
            (kind, first.len_utf8())
        };
        tokens.push(Token { kind, text: &code[at..at + length], start: at });
        at += length;
    }
    if open.is_empty() { Ok(tokens) } else { Err(Fault::Open) }
}

/// Where the words of `text` are, in strings and comments too.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(is_word)?;
        at = start + word(&text[start..]);
        Some(start..at)
    })
}

/// Whether `name` occurs in `text` as a word.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    words(text).any(|range| &text[range] == name)
}

pub(crate) fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

/// The length of white space or of a comment; nested comments are one.
fn space(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return Some(rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()));
    }
    let (mut depth, mut at) = (0, 0);
    loop {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest[at..].chars().next()?.len_utf8();
        }
    }
}

/// The length of the literal or lifetime that `rest` begins with, if it does.
fn literal(rest: &str) -> Option<Result<usize, Fault>> {
    let first = rest.chars().next()?;
    if first.is_ascii_digit() {
        return Some(Ok(number(rest)));
    }
    if first == '\'' {
        return Some(character(rest).ok_or(Fault::Broken));
    }
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c', 'r']).len();
    if prefix > 2 {
        return None;
    }
    let after = &rest[prefix..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    let length = if after[hashes..].starts_with('"') && rest[..prefix].ends_with('r') {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix + hashes + 1;
        rest[start..].find(&end).map(|at| start + at + end.len())
    } else if after.starts_with('"') {
        quoted(after, '"').map(|length| prefix + length)
    } else if &rest[..prefix] == "b" && after.starts_with('\'') {
        quoted(after, '\'').map(|length| prefix + length)
    } else {
        return None;
    };
    Some(length.ok_or(Fault::Open))
}

fn number(rest: &str) -> usize {
    let whole = word(rest);
    let fraction = &rest[whole..];
    let mut end = whole;
    if fraction.starts_with('.') && fraction[1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1 + word(&fraction[1..]);
    }
    end
}

/// A character such as `'a'`, or a lifetime such as `'a`.
fn character(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    let (_, first) = characters.next()?;
    let (second_at, second) = characters.next().unwrap_or((rest.len(), ' '));
    if first != '\\' && second != '\'' && is_word(first) {
        return Some(1 + word(&rest[1..]));
    }
    if first == '\\' { quoted(rest, '\'') } else { (second == '\'').then_some(second_at + 1) }
}

fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => drop(characters.next()?),
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(code: &str) -> Vec<&str> {
        tokens(code).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn literals_comments_and_lifetimes_are_told_apart() {
        assert_eq!(texts("let s = \"a // b\"; // c"), ["let", "s", "=", "\"a // b\"", ";"]);
        assert_eq!(texts("r#\"a\"b\"# + b'\\''"), ["r#\"a\"b\"#", "+", "b'\\''"]);
        assert_eq!(texts("&'a str 'x' '\\n' '('"), ["&", "'a", "str", "'x'", "'\\n'", "'('"]);
        assert_eq!(texts("/* a /* b */ c */ 1.5e3 0..2 t.0"), ["1.5e3", "0", ".", ".", "2", "t", ".", "0"]);
        assert_eq!(texts("brr b r"), ["brr", "b", "r"]);
    }

    #[test]
    fn what_is_left_open_is_no_list_of_tokens() {
        for code in ["f(", "f(]", "}", "\"a", "/* a", "'", "r#\"a\""] {
            assert!(tokens(code).is_none(), "{code}");
        }
    }

    #[test]
    fn words_in_strings_are_mentions() {
        assert!(mentions("println!(\"{total:?}\")", "total"));
        assert!(!mentions("subtotal + totals", "total"));
    }
}
