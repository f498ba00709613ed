//! What the compiler says: to the user, and to us.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The name of the generated crate in the compiler's messages.
pub(crate) const GENERATED: &str = "<session>";
/// The folder of the files with definitions: the user knows nothing of it.
pub(crate) const DEFINITIONS: &str = "definitions/";

/// Where generated text is.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The query's name in messages.
    pub(crate) query: String,
    /// In the root: the imports of earlier queries.
    pub(crate) imports: BTreeMap<usize, String>,
    /// In the root: where statics of earlier queries are declared.
    pub(crate) externs: BTreeSet<usize>,
    /// In the root: where variables come from the host.
    pub(crate) taken: BTreeMap<usize, String>,
    /// In the root: where they go back.
    pub(crate) returned: BTreeMap<usize, String>,
    /// Behind the query's own lines: where new variables are kept.
    pub(crate) kept: BTreeMap<usize, String>,
    /// What stands between the query's own text.
    pub(crate) insertions: Vec<Insertion>,
    /// The same in the file with the query's definitions.
    pub(crate) exported: Vec<Insertion>,
}

/// Text that is not the user's on a line that is.
#[derive(Clone, Debug)]
pub(crate) struct Insertion {
    pub(crate) line: usize,
    /// Where it begins, counted from 1.
    pub(crate) column: usize,
    pub(crate) text: String,
}

/// Why a variable is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The query has moved it, or never gave it a value.
    Moved,
    /// It refers to what ends with the query.
    Borrows,
    /// No query can write its type.
    Unwritable,
}

impl Loss {
    /// The reason in words.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Moved => "its value was moved",
            Self::Borrows => "it borrows from what ends with its query",
            Self::Unwritable => "its type cannot be written in another query",
        }
    }
}

impl Lines {
    /// Where, in line, column and length, text that is not the user's is.
    pub(crate) fn places(&self) -> Vec<(usize, usize, usize)> {
        self.insertions.iter().map(|insertion| (insertion.line, insertion.column, insertion.text.len())).collect()
    }

    /// The variables that the compiler complains about at a line of ours.
    pub(crate) fn losses(&self, messages: &str) -> BTreeMap<String, Loss> {
        errors(messages).filter_map(|message| self.loss(message)).collect()
    }

    fn loss(&self, message: &str) -> Option<(String, Loss)> {
        let mut found = None;
        let (mut file, mut shown) = ("", None);
        for text in message.lines() {
            if let Some((place, _, _)) = location(text) {
                (file, shown) = (place, None);
            } else if let Some(number) = gutter(text) {
                shown = Some(number);
            }
            let Some(number) = shown.or_else(|| location(text).map(|(_, line, _)| line)) else { continue };
            let (variable, loss) = if file == GENERATED {
                let taken = self.taken.get(&number).map(|name| (name, Loss::Unwritable));
                let Some(of_root) = taken.or_else(|| self.returned.get(&number).map(|name| (name, Loss::Moved))) else {
                    continue;
                };
                of_root
            } else if file == self.query {
                let Some(name) = self.kept.get(&number) else { continue };
                (name, Loss::Moved)
            } else {
                continue;
            };
            if file == self.query && text.contains("requires that") {
                return Some((variable.clone(), Loss::Borrows));
            }
            let loss = if message.contains("outlive `'static`") { Loss::Borrows } else { loss };
            found = found.or_else(|| Some((variable.clone(), loss)));
        }
        found
    }

    /// The earlier queries, and the lines in them, that errors are at.
    pub(crate) fn misfits(&self, messages: &str) -> Vec<(usize, usize)> {
        let place = |message: &str| {
            let (file, line, _) = message.lines().find_map(location)?;
            let number = file.strip_prefix(DEFINITIONS)?.strip_prefix("<query ")?.strip_suffix('>')?;
            (!file.ends_with(&self.query)).then(|| Some((number.parse().ok()?, line)))?
        };
        errors(messages).filter_map(place).collect()
    }

    /// The imports of earlier queries that errors are at.
    pub(crate) fn lost_imports(&self, messages: &str) -> Vec<String> {
        let at_root = errors(messages).filter_map(line_of_root);
        at_root.filter_map(|line| self.imports.get(&line).cloned()).collect()
    }

    /// Whether there are errors at declarations of statics.
    pub(crate) fn has_lost_statics(&self, messages: &str) -> bool {
        errors(messages).filter_map(line_of_root).any(|line| self.externs.contains(&line))
    }

    /// The messages as the user knows the query: without our text.
    pub(crate) fn polish(&self, messages: &str) -> String {
        let mut polished = String::with_capacity(messages.len());
        let mut file = "";
        // What was cut out of the line of the user's that was shown last: where, and how much.
        let mut cuts: Vec<(usize, usize)> = Vec::new();
        for line in messages.split_inclusive('\n') {
            if let Some((place, number, column)) = location(line) {
                (file, cuts) = (place, Vec::new());
                if file.ends_with(&self.query) {
                    let column = self.own_column(place, number, column);
                    let (before, _) = line.split_once(place).unwrap_or((line, ""));
                    let _ = writeln!(polished, "{before}{place}:{number}:{column}");
                    continue;
                }
                if file == GENERATED {
                    continue;
                }
            } else if let Some(number) = suggested(line) {
                let place = if file.ends_with(&self.query) { file } else { &self.query };
                let ours = self.at(place, number).map(|insertion| insertion.text.as_str());
                polished += &ours.fold(line.to_owned(), |line, text| line.replacen(text, "", 1));
                continue;
            } else if file.ends_with(&self.query) {
                let mut characters: Vec<char> = line.chars().collect();
                if let Some(number) = gutter(line) {
                    cuts = self.cuts(file, number, &characters);
                }
                for (start, length) in cuts.iter().rev() {
                    let Some(cut) = characters.get(*start..start + length) else { continue };
                    let is_ours = gutter(line).is_some() || cut.iter().all(|c| *c == cut[0] && " -^_~".contains(*c));
                    if is_ours {
                        characters.drain(*start..start + length);
                    }
                }
                polished.extend(characters);
                continue;
            } else if file == GENERATED && is_excerpt(line) {
                continue;
            }
            polished += line;
        }
        polished.truncate(polished.trim_end().len());
        polished.replace(&format!("{DEFINITIONS}<query "), "<query ") + "\n"
    }

    /// What is inserted at a line of a file.
    fn at(&self, file: &str, line: usize) -> impl Iterator<Item = &Insertion> {
        let found = if file == self.query { &self.insertions } else { &self.exported };
        found.iter().filter(move |insertion| insertion.line == line)
    }

    /// The user's column for the compiler's.
    fn own_column(&self, file: &str, line: usize, column: usize) -> usize {
        let before = self.at(file, line).filter(|insertion| insertion.column < column);
        let inserted: usize = before.map(|insertion| insertion.text.len()).sum();
        column.saturating_sub(inserted).max(1)
    }

    /// Where in a shown line our text is.
    fn cuts(&self, file: &str, number: usize, characters: &[char]) -> Vec<(usize, usize)> {
        let mut cuts = Vec::new();
        let mut start = characters.iter().position(|c| *c == '|').map_or(0, |at| at + 1);
        for insertion in self.at(file, number) {
            let text: Vec<char> = insertion.text.chars().collect();
            let found = characters[start..].windows(text.len()).position(|window| window == text);
            if let Some(at) = found {
                cuts.push((start + at, text.len()));
                start += at + text.len();
            }
        }
        cuts
    }
}

/// The single errors in a text of the compiler's.
fn errors(messages: &str) -> impl Iterator<Item = &str> {
    let starts = messages.match_indices("\nerror").map(|(at, _)| at + 1);
    let mut starts: Vec<usize> = messages.starts_with("error").then_some(0).into_iter().chain(starts).collect();
    starts.push(messages.len());
    let parts: Vec<&str> = starts.windows(2).map(|ends| &messages[ends[0]..ends[1]]).collect();
    parts.into_iter()
}

/// The line of the root that an error is at.
fn line_of_root(message: &str) -> Option<usize> {
    let (file, line, _) = message.lines().find_map(location)?;
    (file == GENERATED).then_some(line)
}

/// File, line and column of ` --> FILE:LINE:COLUMN`.
fn location(line: &str) -> Option<(&str, usize, usize)> {
    let (before, place) = line.split_once("--> ").or_else(|| line.split_once("::: "))?;
    if !before.trim().is_empty() {
        return None;
    }
    let mut parts = place.trim_end().rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

/// Whether a line shows code, or points at what is shown.
fn is_excerpt(line: &str) -> bool {
    line.trim_start().starts_with('|') || gutter(line).is_some()
}

/// The number of a shown line: `12 | text`.
fn gutter(line: &str) -> Option<usize> {
    line.split_once('|')?.0.trim().parse().ok()
}

/// The number of a line that is shown as it might be: `12 + text`.
fn suggested(line: &str) -> Option<usize> {
    let mut words = line.split_whitespace();
    let (number, sign) = (words.next()?, words.next()?);
    ["+", "-", "~"].contains(&sign).then(|| number.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_about_a_kept_variable_tells_which() {
        let lines = Lines {
            query: "<query 1>".to_owned(),
            kept: [(3, "r".to_owned()), (4, "s".to_owned())].into(),
            ..Lines::default()
        };
        let borrowed = "error[E0505]: cannot move out of `s` because it is borrowed\n --> <query 1>:4:2\n  |\n\
                        1 | let r = &s;\n3 | keep(r);\n  | ------- argument requires that `s` is borrowed \
                        for `'static`\n4 | keep(s);\n";
        assert_eq!(lines.losses(borrowed), [("r".to_owned(), Loss::Borrows)].into());
        let moved = "error[E0382]: use of moved value: `s`\n --> <query 1>:4:2\n  |\n4 | keep(s);\n";
        assert_eq!(lines.losses(moved), [("s".to_owned(), Loss::Moved)].into());
        assert!(lines.losses("error: no\n --> <query 1>:1:2\n").is_empty());
    }

    #[test]
    fn an_error_in_an_earlier_query_is_told() {
        let lines = Lines { query: "<query 3>".to_owned(), ..Lines::default() };
        let messages = "error: a\n --> definitions/<query 1>:4:2\n\nerror: b\n --> definitions/<query 3>:1:2\n";
        assert_eq!(lines.misfits(messages), [(1, 4)]);
    }

    #[test]
    fn our_text_is_not_shown() {
        let insertions =
            [(1, "{"), (13, "show!(")].map(|(column, text)| Insertion { line: 1, column, text: text.to_owned() });
        let lines = Lines { query: "<query 1>".to_owned(), insertions: insertions.to_vec(), ..Lines::default() };
        let messages = " --> <query 1>:1:19\n  |\n1 | {let x = 1; show!(y\n  |                   ^ not found\n";
        assert_eq!(lines.polish(messages), " --> <query 1>:1:12\n  |\n1 | let x = 1; y\n  |            ^ not found\n");
        assert_eq!(lines.polish("1 - {let x = 1; show!(y\n"), "1 - let x = 1; y\n");
    }
}
