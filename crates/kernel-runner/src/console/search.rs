//! A search in the history, as it is typed.

use super::buffer::Buffer;
use super::history::History;
use super::keys::Key;

/// What is searched for, what was found, and what was there before.
pub(super) struct Search {
    text: String,
    found: Option<usize>,
    before: (String, usize),
}

/// What a key did to a search.
pub(super) enum Step<'a> {
    /// There is an entry to be shown.
    Found(&'a str),
    NotFound,
    GivenUp,
    /// The key is none of the search's, and ends it.
    Taken,
}

impl Search {
    pub(super) fn new(buffer: &Buffer) -> Self {
        Self { text: String::new(), found: None, before: (buffer.text().to_owned(), buffer.cursor()) }
    }

    /// Which entry was found.
    pub(super) fn found(&self) -> Option<usize> {
        self.found
    }

    pub(super) fn prompt(&self) -> String {
        let lack = if self.found.is_some() || self.text.is_empty() { "" } else { "nothing has " };
        format!("({lack}'{}') ", self.text)
    }

    /// Goes back to what was there before.
    pub(super) fn restore(&self, buffer: &mut Buffer) {
        let (text, cursor) = &self.before;
        buffer.restore(text, *cursor);
    }

    pub(super) fn press<'a>(&mut self, key: &Key, history: &'a History) -> Step<'a> {
        // A longer text may be in the entry that is shown already.
        let here = self.found.map_or(history.len(), |found| found + 1);
        let before = match key {
            Key::Character(character) => {
                self.text.push(*character);
                here
            }
            Key::Paste(text) => {
                self.text.push_str(text.lines().next().unwrap_or_default());
                here
            }
            Key::Backspace => {
                self.text.pop();
                history.len()
            }
            Key::Control('r') => self.found.unwrap_or(history.len()),
            Key::Control('c' | 'g') | Key::Escape => return Step::GivenUp,
            _ => return Step::Taken,
        };
        let found = if self.text.is_empty() { None } else { history.search(&self.text, before) };
        // A search that finds nothing older stays where it is.
        if found.is_some() || *key != Key::Control('r') {
            self.found = found;
        }
        found.and_then(|found| history.get(found)).map_or(Step::NotFound, Step::Found)
    }
}
