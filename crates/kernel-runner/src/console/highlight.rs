//! The colours of code.

use runner_core::Syntax;

use super::canvas::Style;

/// A piece of code, and how it looks.
pub(super) type Piece<'a> = (Style, &'a str);

/// Cuts code into pieces of one look. Together they are the code.
pub(super) fn pieces<'a>(code: &'a str, syntax: &Syntax) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = code;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let (style, length) = if let Some(length) = comment(rest, syntax) {
            (Style::Comment, length)
        } else if let Some(length) = string(rest, syntax) {
            (Style::String, length)
        } else if first.is_alphabetic() || first == '_' {
            let length = word_length(rest);
            (if syntax.is_keyword(&rest[..length]) { Style::Keyword } else { Style::Plain }, length)
        } else if first.is_ascii_digit() && !after_word && *syntax != Syntax::NONE {
            (Style::Number, number_length(rest))
        } else {
            (Style::Plain, first.len_utf8())
        };
        let (piece, after) = rest.split_at(length);
        after_word = piece.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        pieces.push((style, piece));
        rest = after;
    }
    pieces
}

fn comment(code: &str, syntax: &Syntax) -> Option<usize> {
    // A comment of several lines may begin as one of a single line does.
    enclosed(code, syntax.block_comments, false).or_else(|| {
        let begins = syntax.line_comments.iter().any(|start| code.starts_with(start));
        begins.then(|| code.find('\n').unwrap_or(code.len()))
    })
}

fn string(code: &str, syntax: &Syntax) -> Option<usize> {
    enclosed(code, syntax.long_strings, true).or_else(|| {
        let quote = syntax.strings.iter().find(|quote| code.starts_with(**quote))?;
        let line = &code[..code.find('\n').unwrap_or(code.len())];
        // An apostrophe without another one is none.
        end_of(line, quote.len(), quote, true).or_else(|| (*quote != "'").then_some(line.len()))
    })
}

fn enclosed(code: &str, pairs: &[(&str, &str)], escapes: bool) -> Option<usize> {
    let (start, end) = pairs.iter().find(|(start, _)| code.starts_with(start))?;
    Some(end_of(code, start.len(), end, escapes).unwrap_or(code.len()))
}

/// Where the text is over that begins at `from` and ends with `end`.
fn end_of(code: &str, from: usize, end: &str, escapes: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = code.get(at..)?;
        if rest.starts_with(end) {
            return Some(at + end.len());
        }
        let mut characters = rest.chars();
        let character = characters.next()?;
        at += character.len_utf8();
        if escapes && character == '\\' {
            at += characters.next()?.len_utf8();
        }
    }
}

fn word_length(code: &str) -> usize {
    code.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(code.len())
}

fn number_length(code: &str) -> usize {
    let length = code.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(code.len());
    // What follows the dot may be a method's name, or the end of a range.
    code[..length].find("..").unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: Syntax = Syntax {
        keywords: "if return",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        long_strings: &[("`", "`")],
    };

    fn looks(code: &str) -> Vec<(Style, String)> {
        let pieces = pieces(code, &C);
        assert_eq!(pieces.iter().map(|(_, text)| *text).collect::<String>(), code);
        let seen = pieces.into_iter().filter(|(style, _)| *style != Style::Plain);
        seen.map(|(style, text)| (style, text.to_owned())).collect()
    }

    #[test]
    fn words_text_numbers_and_comments_are_told_apart() {
        use Style::{Comment, Keyword, Number, String};
        for (code, expected) in [
            ("if iffy", vec![(Keyword, "if")]),
            ("x1 = 12.5e3 + 0xff", vec![(Number, "12.5e3"), (Number, "0xff")]),
            ("\"a\\\"b\" c", vec![(String, "\"a\\\"b\"")]),
            ("\"open\nif", vec![(String, "\"open"), (Keyword, "if")]),
            ("it's if", vec![(Keyword, "if")]),
            ("`a\nif`", vec![(String, "`a\nif`")]),
            ("x // if\nif", vec![(Comment, "// if"), (Keyword, "if")]),
            ("/* if\n*/ if /* open", vec![(Comment, "/* if\n*/"), (Keyword, "if"), (Comment, "/* open")]),
            ("\"\\", vec![(String, "\"\\")]),
            ("é 'ü' if", vec![(String, "'ü'"), (Keyword, "if")]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(style, text)| (style, text.to_owned())).collect();
            assert_eq!(looks(code), expected, "{code:?}");
        }
    }

    #[test]
    fn where_nothing_is_known_nothing_has_a_colour() {
        assert!(pieces("if 1 # x", &Syntax::NONE).iter().all(|(style, _)| *style == Style::Plain));
    }
}
