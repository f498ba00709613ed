//! Whether code is whole, or its author is still typing it.

use std::time::Duration;

/// How long a runner may think about it before brackets and quotes decide.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
/// Code that has more bytes was not typed, and a parser may think about it for long, or run out of stack: brackets and quotes
/// decide.
pub(crate) const MOST: usize = 16 * 1024;

/// What a console does with code when its user presses Enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// It can be run.
    Complete,
    /// More of it must follow: an open bracket, a block without its end.
    Incomplete,
    /// Nothing that follows can make it right. Running it tells the user why.
    Invalid,
}

impl Completeness {
    /// What brackets, quotes, a colon or a backslash at the end tell, in a language that nobody knows more about. Comments are not
    /// known either, so an empty line at the end lets the user out: it is always complete.
    ///
    /// ```
    /// use runner_core::Completeness;
    /// assert_eq!(Completeness::guess("print("), Completeness::Incomplete);
    /// assert_eq!(Completeness::guess("print(')')"), Completeness::Complete);
    /// ```
    #[must_use]
    pub fn guess(code: &str) -> Self {
        if code.ends_with("\n\n") {
            return Self::Complete;
        }
        let mut open = Vec::new();
        let mut quote = None;
        let mut characters = code.chars().peekable();
        while let Some(character) = characters.next() {
            match (quote, character) {
                (_, '\\') if characters.next().is_none_or(|next| next == '\n' && characters.peek().is_none()) => {
                    return Self::Incomplete;
                }
                // A quote that its line does not end is an apostrophe.
                (Some('\'' | '"'), '\n') => quote = None,
                (Some(end), _) if character == end => quote = None,
                (None, '\'' | '"' | '`') => quote = Some(character),
                (None, '(') => open.push(')'),
                (None, '[') => open.push(']'),
                (None, '{') => open.push('}'),
                (None, ')' | ']' | '}') if open.pop() != Some(character) => return Self::Invalid,
                _ => {}
            }
        }
        let is_whole = open.is_empty() && quote != Some('`') && !is_within_block(code);
        if is_whole { Self::Complete } else { Self::Incomplete }
    }
}

/// A colon at a line's end begins a block, which goes on as long as its lines are indented.
fn is_within_block(code: &str) -> bool {
    let begins_block = |line: &str| line.trim_end().ends_with(':');
    code.lines()
        .last()
        .is_some_and(|last| begins_block(last) || last.starts_with([' ', '\t']) && code.lines().any(begins_block))
}

#[cfg(test)]
mod tests {
    use super::Completeness::{self, Complete, Incomplete, Invalid};

    #[test]
    fn brackets_and_quotes_tell() {
        for (code, expected) in [
            ("", Complete),
            ("f(x)", Complete),
            ("f(x", Incomplete),
            ("f(x,\n  [1, {", Incomplete),
            ("f(']')", Complete),
            ("don't (", Complete),
            ("don't\n(", Incomplete),
            ("f(\"\\\"(\")", Complete),
            ("`a\n", Incomplete),
            ("x = 1 \\", Incomplete),
            ("x = 1 \\\n", Incomplete),
            ("x = 1 \\\n + 1", Complete),
            ("f)", Invalid),
            ("(]", Invalid),
            ("f(x\n\n", Complete),
            ("def f():", Incomplete),
            ("def f():\n    return 1", Incomplete),
            ("def f():\n    return 1\n\n", Complete),
            ("switch (x) {\ncase 1:\n  f();\n}", Complete),
        ] {
            assert_eq!(Completeness::guess(code), expected, "{code:?}");
        }
    }
}
