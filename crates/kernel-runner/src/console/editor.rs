//! The line that is being edited: what each key does to it.

use super::buffer::Buffer;
use super::canvas::{Canvas, Style};
use super::history::History;
use super::keys::Key;
use super::look::Look;
use super::menu::Menu;
use super::search::{Search, Step};
use super::suggestions;

/// What a Tab at the beginning of a line inserts.
const INDENTATION: &str = "    ";
/// So many keys at once are not pressed by anybody.
const TOO_FAST: usize = 4;

/// What a key asks for that the line alone cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Nothing,
    /// The line is to be entered, if it is whole.
    Enter,
    Complete,
    Interrupt,
    /// The end of the input.
    End,
    Clear,
    Suspend,
}

/// What the line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Code,
    /// The answer to a program that asks.
    Answer {
        is_hidden: bool,
    },
}

/// The line, which may have several lines, and everything that keys reach from it.
pub(super) struct Editor {
    buffer: Buffer,
    purpose: Purpose,
    history: History,
    /// Which entry of the history it comes from; one past the last for none.
    place: usize,
    /// What stood there before the history was looked at.
    draft: String,
    search: Option<Search>,
    menu: Option<Menu>,
    /// Code that was being typed when a program began to ask.
    set_aside: Option<Buffer>,
    /// The indentation that nobody has typed, if the cursor is still behind it.
    given: usize,
}

impl Editor {
    pub(super) fn new(history: History) -> Self {
        Self {
            buffer: Buffer::default(),
            purpose: Purpose::Code,
            place: history.len(),
            history,
            draft: String::new(),
            search: None,
            menu: None,
            set_aside: None,
            given: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.text().is_empty() && self.search.is_none()
    }

    pub(super) fn is_answering(&self) -> bool {
        self.purpose != Purpose::Code
    }

    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Several keys have come at once: where a program types or pastes, it brings its own indentation.
    pub(super) fn expect(&mut self, keys: &[Key]) {
        let is_program = matches!(keys, [Key::Character(' ' | '\t'), _, ..]) || keys.len() >= TOO_FAST;
        if self.given > 0 && is_program && matches!(keys, [Key::Character(_), ..]) {
            let start = self.buffer.cursor().saturating_sub(self.given);
            self.buffer.replace_from(start, "");
        }
    }

    pub(super) fn press(&mut self, key: Key) -> Act {
        if self.search.is_some() {
            return self.press_in_search(key);
        }
        let given = std::mem::take(&mut self.given);
        if let Some(mut menu) = self.menu.take() {
            match key {
                Key::Tab | Key::BackTab => {
                    menu.choose(key == Key::Tab, &mut self.buffer);
                    self.menu = Some(menu);
                    return Act::Nothing;
                }
                Key::Escape | Key::Control('g') => {
                    menu.forget(&mut self.buffer);
                    return Act::Nothing;
                }
                _ => {}
            }
        }
        match key {
            Key::Character(character) => self.buffer.insert(character.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => self.buffer.insert(text.trim_end_matches('\n')),
            Key::Enter => return Act::Enter,
            Key::NewLine if self.is_answering() => return Act::Enter,
            Key::NewLine => {
                self.new_line(true);
                // Who asks for the line wants its indentation.
                self.given = 0;
            }
            Key::Tab if self.is_answering() => self.buffer.insert("\t"),
            Key::Tab if self.buffer.line_before().trim().is_empty() => self.indent(),
            Key::Tab => return Act::Complete,
            Key::Backspace if given > 0 => {
                self.buffer.replace_from(self.buffer.cursor().saturating_sub(given.min(INDENTATION.len())), "");
            }
            Key::Backspace => self.buffer.delete_left(),
            Key::Delete => self.buffer.delete_right(),
            Key::Left => self.buffer.left(),
            Key::Right => self.buffer.right(),
            Key::Up => self.up(),
            Key::Down => self.down(),
            Key::Home => self.buffer.go_to_line_start(),
            Key::End => self.buffer.go_to_line_end(),
            Key::WordLeft => self.buffer.word_left(),
            Key::WordRight => self.buffer.word_right(),
            Key::DeleteWordLeft => self.buffer.cut_word_left(),
            Key::DeleteWordRight => self.buffer.cut_word_right(),
            Key::Control(letter) => return self.control(letter),
            Key::BackTab | Key::Escape => {}
        }
        Act::Nothing
    }

    /// Ends the line, and goes on in the next one, which is indented as this one is.
    pub(super) fn new_line(&mut self, is_indented: bool) {
        let line = self.buffer.line_before();
        let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let indentation = if is_indented { indentation.to_owned() } else { String::new() };
        self.buffer.insert(&format!("\n{indentation}"));
        self.given = indentation.len();
    }

    /// Enters the line: it goes into the history, unless it is an answer.
    pub(super) fn take(&mut self) -> String {
        let text = self.buffer.take();
        self.given = 0;
        if !self.is_answering() {
            self.draft.clear();
            self.history.add(&text);
            self.place = self.history.len();
        }
        self.menu = None;
        text
    }

    /// Drops the line.
    pub(super) fn drop_line(&mut self) {
        self.buffer.take();
        self.given = 0;
        self.draft.clear();
        self.menu = None;
        self.search = None;
        self.place = self.history.len();
    }

    /// A program asks: what was being typed has to wait.
    pub(super) fn ask(&mut self, is_hidden: bool) {
        if !self.is_answering() {
            self.leave_search();
            self.menu = None;
            self.set_aside = Some(std::mem::take(&mut self.buffer));
            self.given = 0;
        }
        self.purpose = Purpose::Answer { is_hidden };
    }

    /// A program asks, and what is being typed is the beginning of the answer.
    pub(super) fn ask_on(&mut self, is_hidden: bool) {
        self.leave_search();
        self.given = 0;
        let answer = self.buffer.take();
        self.ask(is_hidden);
        self.buffer.insert(&answer);
    }

    /// The program has its answer, or wants none any more.
    pub(super) fn stop_asking(&mut self) {
        self.purpose = Purpose::Code;
        self.given = 0;
        self.buffer = self.set_aside.take().unwrap_or_default();
    }

    /// What the language suggests for the text before the cursor, which is what it was when it was asked.
    pub(super) fn suggest(&mut self, texts: Vec<String>) {
        let before = self.buffer.before();
        let suggestions = suggestions::placed(before, texts);
        if let Some((start, text)) = suggestions::common(before, &suggestions) {
            let text = text.to_owned();
            self.buffer.replace_from(start, &text);
        } else if suggestions.len() > 1 {
            self.menu = Some(Menu::new(suggestions, &self.buffer));
        }
    }

    /// Shows the line, behind its prompt where it is code.
    pub(super) fn paint(&self, canvas: &mut Canvas, look: &Look) {
        let (text, cursor) = (self.buffer.text(), self.buffer.cursor());
        match self.purpose {
            Purpose::Code => {
                match &self.search {
                    Some(search) => canvas.put(Style::Faint, &search.prompt()),
                    None => canvas.put(Style::Prompt, look.first()),
                }
                look.code(canvas, text, Some(cursor));
            }
            Purpose::Answer { is_hidden } => {
                let (before, after) = if is_hidden { ("", "") } else { text.split_at(cursor) };
                canvas.put(Style::Plain, before);
                canvas.mark_cursor();
                canvas.put(Style::Plain, after);
            }
        }
        if let Some(menu) = &self.menu {
            menu.paint(canvas);
        }
    }

    fn control(&mut self, letter: char) -> Act {
        match letter {
            'a' => self.buffer.go_to_line_start(),
            'b' => self.buffer.left(),
            'c' => return Act::Interrupt,
            'd' if self.is_empty() => return Act::End,
            'd' => self.buffer.delete_right(),
            'e' => self.buffer.go_to_line_end(),
            'f' => self.buffer.right(),
            'k' => self.buffer.cut_to_line_end(),
            'l' => return Act::Clear,
            'n' => self.down(),
            'p' => self.up(),
            'r' if !self.is_answering() => self.start_search(),
            't' => self.buffer.transpose(),
            'u' => self.buffer.cut_to_line_start(),
            'w' => self.buffer.cut_to_space(),
            'y' => self.buffer.paste_cut(),
            'z' => return Act::Suspend,
            '_' => self.buffer.undo(),
            _ => {}
        }
        Act::Nothing
    }

    fn indent(&mut self) {
        let column = self.buffer.line_before().chars().count();
        self.buffer.insert(&INDENTATION[column % INDENTATION.len()..]);
    }

    fn up(&mut self) {
        if !self.buffer.is_on_first_line() {
            self.buffer.up();
        } else if self.place > 0 && !self.is_answering() {
            if self.place == self.history.len() {
                self.buffer.text().clone_into(&mut self.draft);
            }
            self.go_to(self.place - 1);
        }
    }

    fn down(&mut self) {
        if !self.buffer.is_on_last_line() {
            self.buffer.down();
        } else if self.place < self.history.len() && !self.is_answering() {
            self.go_to(self.place + 1);
        }
    }

    fn go_to(&mut self, place: usize) {
        self.place = place;
        self.buffer.set(self.history.get(place).unwrap_or(&self.draft));
    }

    fn start_search(&mut self) {
        self.search = Some(Search::new(&self.buffer));
    }

    fn press_in_search(&mut self, key: Key) -> Act {
        let Some(mut search) = self.search.take() else { return Act::Nothing };
        match search.press(&key, &self.history) {
            Step::Found(entry) => {
                self.buffer.set(entry);
                self.search = Some(search);
            }
            Step::NotFound => self.search = Some(search),
            Step::GivenUp => search.restore(&mut self.buffer),
            // What is found is taken, and the key means what it always does.
            Step::Taken => {
                self.place = search.found().unwrap_or(self.place);
                return self.press(key);
            }
        }
        Act::Nothing
    }

    fn leave_search(&mut self) {
        if let Some(search) = self.search.take() {
            search.restore(&mut self.buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Decoder;
    use super::*;

    fn editor(entries: &[&str]) -> Editor {
        let mut history = History::open(None).0;
        for entry in entries {
            history.add(entry);
        }
        Editor::new(history)
    }

    fn type_in(editor: &mut Editor, keys: &str) -> Act {
        let mut act = Act::Nothing;
        for key in Decoder::default().decode(keys.as_bytes()) {
            act = editor.press(key);
        }
        act
    }

    fn shown(editor: &Editor) -> String {
        let (text, cursor) = (editor.buffer.text(), editor.buffer.cursor());
        format!("{}|{}", &text[..cursor], &text[cursor..])
    }

    #[test]
    fn what_was_given_to_one_line_is_not_taken_from_another() {
        let mut editor = editor(&[]);
        type_in(&mut editor, "    x");
        editor.new_line(true);
        editor.ask(false);
        type_in(&mut editor, "\x7f");
        editor.stop_asking();
        type_in(&mut editor, "y");
        editor.drop_line();
        editor.expect(&[Key::Character('a'), Key::Character('b'), Key::Character('c'), Key::Character('d')]);
        type_in(&mut editor, "abcd\x7f");
        assert_eq!(shown(&editor), "abc|");
    }

    #[test]
    fn the_history_is_gone_through_and_the_draft_comes_back() {
        let mut editor = editor(&["one", "two\nlines"]);
        type_in(&mut editor, "draft\x1b[A");
        assert_eq!(shown(&editor), "two\nlines|");
        type_in(&mut editor, "\x1b[A\x1b[A\x1b[A");
        assert_eq!(shown(&editor), "one|");
        type_in(&mut editor, "\x1b[B\x1b[B\x1b[B");
        assert_eq!(shown(&editor), "draft|");
    }

    #[test]
    fn a_search_finds_older_and_older_entries() {
        let mut editor = editor(&["print(1)", "x", "print(2)"]);
        type_in(&mut editor, "old\x12pri");
        assert_eq!(shown(&editor), "print(2)|");
        type_in(&mut editor, "\x12");
        assert_eq!(shown(&editor), "print(1)|");
        type_in(&mut editor, "\x12\x12");
        assert_eq!(shown(&editor), "print(1)|");
        type_in(&mut editor, "\x07");
        assert_eq!(shown(&editor), "old|");
        assert_eq!(type_in(&mut editor, "\x12x\r"), Act::Enter);
        assert_eq!(editor.take(), "x");
    }

    #[test]
    fn a_new_line_is_indented_unless_what_comes_brings_its_own() {
        let mut editor = editor(&[]);
        type_in(&mut editor, "if x:\r\x1b\r  y");
        editor.new_line(true);
        assert_eq!(shown(&editor), "if x:\n  y\n  |");
        let keys = Decoder::default().decode(b"  z");
        editor.expect(&keys);
        for key in keys {
            editor.press(key);
        }
        assert_eq!(shown(&editor), "if x:\n  y\n  z|");
        editor.new_line(true);
        editor.expect(&[Key::Character('a'), Key::Character('b')]);
        assert_eq!(shown(&editor), "if x:\n  y\n  z\n  |");
        type_in(&mut editor, "\x7f");
        assert_eq!(shown(&editor), "if x:\n  y\n  z\n|");
        type_in(&mut editor, "  ");
        editor.new_line(true);
        editor.expect(&Decoder::default().decode(b"else:"));
        assert_eq!(shown(&editor), "if x:\n  y\n  z\n  \n|");
    }

    #[test]
    fn one_suggestion_is_put_in_and_several_are_chosen_from() {
        let mut editor = editor(&[]);
        assert_eq!(type_in(&mut editor, "pri\t"), Act::Complete);
        editor.suggest(vec!["print".into(), "printf".into()]);
        assert_eq!(shown(&editor), "print|");
        editor.suggest(vec!["print".into(), "printf".into()]);
        type_in(&mut editor, "\t\t");
        assert_eq!(shown(&editor), "printf|");
        type_in(&mut editor, "\x1b[Z");
        assert_eq!(shown(&editor), "print|");
        editor.press(Key::Escape);
        assert_eq!(shown(&editor), "print|");
        editor.suggest(Vec::new());
        assert_eq!(shown(&editor), "print|");
    }

    #[test]
    fn what_is_being_typed_waits_while_a_program_asks() {
        let mut editor = editor(&["entry"]);
        type_in(&mut editor, "cod");
        editor.ask(true);
        type_in(&mut editor, "secret\x1b[A");
        assert_eq!(editor.take(), "secret");
        editor.stop_asking();
        assert_eq!(shown(&editor), "cod|");
        assert_eq!(editor.history.len(), 1);
    }

    #[test]
    fn the_end_of_the_input_is_at_the_beginning_of_a_line_only() {
        let mut editor = editor(&[]);
        assert_eq!(type_in(&mut editor, "\x04"), Act::End);
        assert_eq!(type_in(&mut editor, "ab\x01\x04"), Act::Nothing);
        assert_eq!(shown(&editor), "|b");
        assert_eq!(type_in(&mut editor, "\x03"), Act::Interrupt);
    }
}
