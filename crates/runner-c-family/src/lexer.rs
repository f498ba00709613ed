//! The tokens of C and C++, as far as it takes to see where a declaration or a statement begins and ends.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Word,
    /// A number, a character or a string.
    Literal,
    /// An operator, a bracket or a separator. `>` stands alone, since `>>` may close two lists of template arguments.
    Symbol,
    /// A whole preprocessor line, with its continuations.
    Directive,
}

/// A piece of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Where it begins in the source.
    pub(crate) at: usize,
}

impl Token<'_> {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }

    pub(crate) fn is_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is(text))
    }

    pub(crate) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }

    pub(crate) fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// Operators of more than one character, the longer ones first.
const OPERATORS: [&str; 24] = [
    "<<=", "...", "->*", "::", "->", "<<", "<=", ">=", "==", "!=", "&&", "||", "++", "--", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", ".*", "##",
];

/// A bracket, a string or a comment without end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unclosed {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

impl Unclosed {
    /// Whether what follows may close it.
    pub(crate) fn is_open(&self) -> bool {
        !(self.what.starts_with("unmatched") || self.what.starts_with("missing"))
    }
}

/// The tokens of `source`; comments are none.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token<'_>>, Unclosed> {
    let bytes = source.as_bytes();
    let (mut found, mut at, mut is_line_start) = (Vec::new(), 0, true);
    while at < bytes.len() {
        let rest = &source[at..];
        let c = bytes[at];
        if c == b'\n' {
            is_line_start = true;
        }
        if c.is_ascii_whitespace() || c == 0 {
            at += 1;
            continue;
        }
        if let Some(length) = comment(rest).map_err(|what| Unclosed { at, what })? {
            at += length;
            continue;
        }
        let (kind, length) = if c == b'#' && is_line_start {
            (Kind::Directive, directive(rest))
        } else if let Some(length) = literal(rest).map_err(|what| Unclosed { at, what })? {
            (Kind::Literal, length)
        } else if is_letter(rest) {
            (Kind::Word, rest.find(|c: char| !is_name_part(c)).unwrap_or(rest.len()))
        } else {
            let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator));
            (Kind::Symbol, operator.map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), |text| text.len()))
        };
        found.push(Token { kind, text: &rest[..length], at });
        at += length;
        is_line_start = false;
    }
    Ok(found)
}

fn is_letter(rest: &str) -> bool {
    rest.starts_with(|c: char| is_name_part(c) && !c.is_ascii_digit())
}

pub(crate) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The length of the comment that `rest` begins with.
fn comment(rest: &str) -> Result<Option<usize>, &'static str> {
    if rest.starts_with("//") {
        return Ok(Some(logical_line(rest)));
    }
    if !rest.starts_with("/*") {
        return Ok(None);
    }
    rest[2..].find("*/").map(|end| Some(end + 4)).ok_or("unterminated comment")
}

/// The length of a preprocessor line. Comments belong to it, also one of several lines.
fn directive(rest: &str) -> usize {
    let mut end = logical_line(rest);
    while rest[..end].rfind("/*").is_some_and(|open| !rest[open..end].contains("*/")) {
        let Some(close) = rest[end..].find("*/") else { return rest.len() };
        end += close;
        end += logical_line(&rest[end..]);
    }
    end
}

/// The length up to the first line feed without a backslash before it.
fn logical_line(rest: &str) -> usize {
    let mut start = 0;
    while let Some(length) = rest[start..].find('\n') {
        let end = start + length;
        if !rest[..end].trim_end_matches('\r').ends_with('\\') {
            return end;
        }
        start = end + 1;
    }
    rest.len()
}

/// The length of the number, the character or the string that `rest` begins with.
fn literal(rest: &str) -> Result<Option<usize>, &'static str> {
    let prefix = ["u8R", "uR", "UR", "LR", "R", "u8", "u", "U", "L", ""]
        .into_iter()
        .find(|prefix| rest.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['"', '\''])));
    if let Some(prefix) = prefix {
        let text = &rest[prefix.len()..];
        if prefix.ends_with('R') && text.starts_with('"') {
            let open = text.find('(').ok_or("unterminated raw string")?;
            let close = format!("){}\"", &text[1..open]);
            let end = text[open..].find(&close).ok_or("unterminated raw string")?;
            return Ok(Some(prefix.len() + open + end + close.len()));
        }
        let quote = if text.starts_with('"') { '"' } else { '\'' };
        let mut characters = text.char_indices().skip(1);
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => drop(characters.next()),
                '\n' => break,
                _ if c == quote => return Ok(Some(prefix.len() + at + 1)),
                _ => {}
            }
        }
        return Err(if quote == '"' { "missing terminating \" character" } else { "missing terminating ' character" });
    }
    let is_number = rest.starts_with(|c: char| c.is_ascii_digit())
        || (rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit()));
    if !is_number {
        return Ok(None);
    }
    let mut last = ' ';
    let end = rest.find(|c: char| {
        let is_sign = (c == '+' || c == '-') && "eEpP".contains(last);
        last = c;
        !(is_name_part(c) || c == '.' || c == '\'' || is_sign)
    });
    Ok(Some(end.unwrap_or(rest.len())))
}

/// The index of the bracket that closes the one at `open`; every bracket in `tokens` has its partner.
pub(crate) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len().saturating_sub(1)
}

/// Checks that every bracket has its partner.
pub(crate) fn balance(tokens: &[Token]) -> Result<(), Unclosed> {
    let mut open: Vec<&Token> = Vec::new();
    for token in tokens.iter().filter(|token| token.kind == Kind::Symbol) {
        match token.text {
            "(" | "[" | "{" => open.push(token),
            ")" | "]" | "}" => {
                let fits = open
                    .pop()
                    .is_some_and(|open| matches!((open.text, token.text), ("(", ")") | ("[", "]") | ("{", "}")));
                if !fits {
                    let what = match token.text {
                        ")" => "unmatched ‘)’",
                        "]" => "unmatched ‘]’",
                        _ => "unmatched ‘}’",
                    };
                    return Err(Unclosed { at: token.at, what });
                }
            }
            _ => {}
        }
    }
    match open.pop() {
        None => Ok(()),
        Some(token) => {
            let what = match token.text {
                "(" => "‘(’ without its ‘)’",
                "[" => "‘[’ without its ‘]’",
                _ => "‘{’ without its ‘}’",
            };
            Err(Unclosed { at: token.at, what })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn strings_comments_and_directives_are_one_token_or_none() {
        assert_eq!(texts("a/*;*/=\"x;\\\"\"; // no"), ["a", "=", "\"x;\\\"\"", ";"]);
        assert_eq!(texts("R\"x(a)\")x\" u8'c' 1'000.5e-3f"), ["R\"x(a)\")x\"", "u8'c'", "1'000.5e-3f"]);
        assert_eq!(texts(" #define A \\\n 1\nb # c"), ["#define A \\\n 1", "b", "#", "c"]);
        assert_eq!(texts("v<w<int>>x"), ["v", "<", "w", "<", "int", ">", ">", "x"]);
    }

    #[test]
    fn what_is_not_closed_is_found() {
        assert_eq!(tokens("a \"b\n").unwrap_err().at, 2);
        assert!(balance(&tokens("f(a[1]) { }").unwrap()).is_ok());
        assert_eq!(balance(&tokens("f(a { ) }").unwrap()).unwrap_err().what, "unmatched ‘)’");
        assert_eq!(balance(&tokens("{ {").unwrap()).unwrap_err().at, 2);
    }
}
