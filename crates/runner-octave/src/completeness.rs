//! Whether code is complete, as Octave's own prompt has it: by its brackets, blocks, comments and continuations.

use runner_core::Completeness;

/// The words that begin a block, and those that end it besides `end`.
const BLOCKS: [(&str, &str); 10] = [
    ("if", "endif"),
    ("for", "endfor"),
    ("parfor", "endparfor"),
    ("while", "endwhile"),
    ("switch", "endswitch"),
    ("function", "endfunction"),
    ("try", "end_try_catch"),
    ("unwind_protect", "end_unwind_protect"),
    ("do", "until"),
    ("classdef", "endclassdef"),
];

pub(crate) fn completeness(code: &str) -> Completeness {
    let mut state = State::default();
    for line in code.trim_start_matches('\u{feff}').split('\n') {
        if state.read(line.trim_end()).is_none() {
            return Completeness::Invalid;
        }
    }
    if state.is_open() { Completeness::Incomplete } else { Completeness::Complete }
}

/// What is open at the end of a line.
#[derive(Debug, Default)]
struct State {
    comments: usize,
    brackets: Vec<char>,
    /// The words that end the blocks.
    blocks: Vec<&'static str>,
    is_continued: bool,
}

/// What the character before is, as far as it decides what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The beginning of a statement, an operator or a bracket.
    Nothing,
    Space,
    /// The end of a word that is no keyword, or of a number.
    Name,
    Keyword,
    /// The end of another value.
    Value,
}

impl State {
    fn is_open(&self) -> bool {
        self.comments > 0 || !self.brackets.is_empty() || !self.blocks.is_empty() || self.is_continued
    }

    /// Reads a line; `None` where nothing that follows can make it right.
    fn read(&mut self, line: &str) -> Option<()> {
        self.is_continued = false;
        match line.trim_start() {
            "%{" | "#{" => {
                self.comments += 1;
                return Some(());
            }
            "%}" | "#}" if self.comments > 0 => {
                self.comments -= 1;
                return Some(());
            }
            _ if self.comments > 0 => return Some(()),
            _ => {}
        }
        let (mut rest, mut before, mut word_before) = (line, Before::Nothing, Before::Nothing);
        while let Some(c) = rest.chars().next() {
            let mut length = c.len_utf8();
            before = match c {
                '%' | '#' => return Some(()),
                _ if rest.starts_with("...") || rest == "\\" => {
                    self.is_continued = true;
                    return Some(());
                }
                // Behind a value it transposes.
                '\'' if matches!(before, Before::Name | Before::Value) => Before::Value,
                '"' | '\'' => {
                    length = string(rest, c)?;
                    Before::Value
                }
                '(' | '[' | '{' => {
                    self.brackets.push(c);
                    Before::Nothing
                }
                ')' | ']' | '}' => {
                    let open = self.brackets.pop()?;
                    matches!((open, c), ('(', ')') | ('[', ']') | ('{', '}')).then_some(Before::Value)?
                }
                _ if c.is_alphanumeric() || c == '_' => {
                    length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                    let is_field = line[..line.len() - rest.len()].ends_with('.');
                    let is_argument = word_before == Before::Name;
                    let is_plain = self.brackets.is_empty() && !is_field;
                    let is_keyword = is_plain && self.keyword(&rest[..length], is_argument)?;
                    if is_keyword { Before::Keyword } else { Before::Name }
                }
                _ if c.is_whitespace() => Before::Space,
                // It joins a field, or transposes.
                '.' => before,
                _ => Before::Nothing,
            };
            if before != Before::Space {
                word_before = before;
            }
            rest = &rest[length..];
        }
        Some(())
    }

    /// Takes note of a word; says whether it is a keyword, and not the argument of a command such as `help if`. `None` where
    /// it ends what has not begun.
    fn keyword(&mut self, word: &str, is_argument: bool) -> Option<bool> {
        if is_argument && (self.blocks.is_empty() || BLOCKS.iter().any(|(begin, _)| *begin == word)) {
            return Some(false);
        }
        if let Some((_, end)) = BLOCKS.iter().find(|(begin, _)| *begin == word) {
            self.blocks.push(end);
            return Some(true);
        }
        let is_end = BLOCKS.iter().any(|(_, end)| *end == word);
        if word == "end" || is_end {
            let expected = self.blocks.pop()?;
            return (word == "end" || word == expected).then_some(true);
        }
        Some(["else", "elseif", "case", "otherwise", "catch", "unwind_protect_cleanup", "return"].contains(&word))
    }
}

/// The length of the string that `rest` begins with.
fn string(rest: &str, quote: char) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' if quote == '"' => drop(characters.next()),
            _ if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::completeness;
    use runner_core::Completeness::{Complete, Incomplete, Invalid};

    #[test]
    fn blocks_end_with_their_own_words() {
        for (code, expected) in [
            ("if x, y, end", Complete),
            ("if x\n  y\nendfor", Invalid),
            ("if (x) disp(1), end", Complete),
            ("do\n  i++;\nuntil i > 3", Complete),
            ("x(end)", Complete),
            ("s.end = 1", Complete),
            ("help if", Complete),
            ("help end", Complete),
            ("if x y end", Complete),
            ("try\n  error('a')\ncatch e\n", Incomplete),
            ("end", Invalid),
        ] {
            assert_eq!(completeness(code), expected, "{code}");
        }
    }

    #[test]
    fn an_apostrophe_transposes_or_begins_a_string() {
        for (code, expected) in [
            ("x = a' * (b'", Incomplete),
            ("x = [a' 'b(']", Complete),
            ("disp('it''s (')", Complete),
            ("disp 'hello ('", Complete),
            ("printf(\"a\\\"(\")", Complete),
            ("x = 'abc", Invalid),
            ("x = 1 % it's (", Complete),
        ] {
            assert_eq!(completeness(code), expected, "{code}");
        }
    }
}
