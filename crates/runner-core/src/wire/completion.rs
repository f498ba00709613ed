use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the user wants completed.
///
/// Clients differ: the seed's send the current line up to the cursor, later ones the whole cell and the cursor's place. Every
/// key is optional on the wire, and a runner needs only [`before`](Self::before) and [`after`](Self::after).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CompletionRequest {
    /// The whole text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The current line up to the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The rest of the current line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The cursor's line, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The cursor's column in characters, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub col: Option<usize>,
}

impl CompletionRequest {
    /// A request with the cursor at the end of `code`.
    #[must_use]
    pub fn at_end(code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..Self::default() }
    }

    /// A request with the cursor in line `row` (from 0), before the character `col` (from 0).
    #[must_use]
    pub fn at(code: impl Into<String>, row: usize, col: usize) -> Self {
        Self { code: Some(code.into()), row: Some(row), col: Some(col), ..Self::default() }
    }

    /// The text up to the cursor.
    #[must_use]
    pub fn before(&self) -> String {
        match (&self.code, self.cursor()) {
            (Some(code), Some(cursor)) => code[..cursor].to_owned(),
            (Some(code), None) => self.line.clone().unwrap_or_else(|| code.clone()),
            (None, _) => self.line.clone().unwrap_or_default(),
        }
    }

    /// The text after the cursor.
    #[must_use]
    pub fn after(&self) -> String {
        match (&self.code, self.cursor()) {
            (Some(code), Some(cursor)) => code[cursor..].to_owned(),
            _ => self.post.clone().unwrap_or_default(),
        }
    }

    /// The byte offset of the cursor in `code`: where the row and column point, else behind the one place where `line` (and
    /// `post`) stand, else unknown.
    fn cursor(&self) -> Option<usize> {
        let code = self.code.as_deref()?;
        if let (Some(row), Some(col)) = (self.row, self.col) {
            let mut start = 0;
            for (number, text) in code.split('\n').enumerate() {
                if number == row {
                    let column = text.char_indices().nth(col).map_or(text.len(), |(at, _)| at);
                    return Some(start + column);
                }
                start += text.len() + 1;
            }
        }
        let line = self.line.as_deref()?;
        let current = format!("{line}{}", self.post.as_deref().unwrap_or_default());
        let mut start = 0;
        for text in code.split('\n') {
            if text == current {
                return Some(start + line.len());
            }
            start += text.len() + 1;
        }
        None
    }
}

/// The shape of a `completion` record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompletionFormat {
    /// `{"suggestions": [...]}`: what agents since 19.03 parse.
    #[default]
    Object,
    /// A bare array: what the seed sent, and older agents pass through.
    Array,
}

impl CompletionFormat {
    pub(super) fn encode(self, suggestions: &[String]) -> Vec<u8> {
        let value = match self {
            Self::Object => serde_json::json!({ "suggestions": suggestions }),
            Self::Array => serde_json::json!(suggestions),
        };
        value.to_string().into_bytes()
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Vec<String>, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            Object { suggestions: Vec<String> },
            Array(Vec<String>),
        }
        serde_json::from_slice(payload).map(|shape| match shape {
            Shape::Object { suggestions } | Shape::Array(suggestions) => suggestions,
        })
    }
}

impl FromStr for CompletionFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "object" => Ok(Self::Object),
            "array" => Ok(Self::Array),
            other => Err(format!("unknown completion format {other:?}: use `object` or `array`")),
        }
    }
}

impl fmt::Display for CompletionFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Object => "object",
            Self::Array => "array",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_found_from_whatever_the_client_sends() {
        let seed = CompletionRequest { line: Some("os.pa".into()), ..Default::default() };
        assert_eq!((seed.before().as_str(), seed.after().as_str()), ("os.pa", ""));

        let at_end = CompletionRequest::at_end("import os\nos.pa");
        assert_eq!((at_end.before().as_str(), at_end.after().as_str()), ("import os\nos.pa", ""));

        let middle = CompletionRequest::at("é = 1\nx = os.pa + 1\ny", 1, 9);
        assert_eq!((middle.before().as_str(), middle.after().as_str()), ("é = 1\nx = os.pa", " + 1\ny"));

        let by_line = CompletionRequest {
            code: Some("a\nx = os.pa + 1\ny".into()),
            line: Some("x = os.pa".into()),
            post: Some(" + 1".into()),
            ..Default::default()
        };
        assert_eq!((by_line.before().as_str(), by_line.after().as_str()), ("a\nx = os.pa", " + 1\ny"));
    }

    #[test]
    fn a_cursor_outside_of_the_text_is_moved_to_where_the_text_is() {
        assert_eq!(CompletionRequest::at("ab", 0, 99).before(), "ab");
        assert_eq!(CompletionRequest::at("ab", 99, 0).before(), "ab");
    }
}
