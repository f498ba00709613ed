//! The conversation at a terminal: the user types whenever he likes, and the kernel answers when it can.
//!
//! There is one loop, which everything that can happen wakes up; what is being edited is drawn below what is printed.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal as Name, raise};
use runner_core::{Completeness, CompletionRequest, Record, Request};
use tokio::time::{Instant, sleep, sleep_until};

use super::canvas::Style;
use super::editor::{Act, Editor};
use super::kernel::{Answers, Kernel, News, Verdict};
use super::keys::{Decoder, Key};
use super::look::Look;
use super::screen::{Output, Screen};
use super::signals::{Signals, Told};
use crate::local::Show as _;
use crate::logging;
use crate::terminal::Terminal;
use crate::tty::{Keyboard, Raw, is_readable};

/// How long keys wait for the completion that was asked for before them. A later one changes nothing.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(500);
/// The engine answers within this time or never.
const COMPLETION_END: Duration = Duration::from_secs(6);
/// An Escape that is followed by nothing for so long is a key.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(50);
/// Lines that are pasted come as a paste, and the terminal says where it ends.
const BEGIN: &str = "\x1b[?2004h";
const END: &str = "\x1b[?2004l\x1b[0m";

/// What somebody began to type so shortly before a program asks is the answer: he has seen the question coming.
const FORESIGHT: Duration = Duration::from_secs(1);

/// A completion that was asked for.
struct Asked {
    text: String,
    cursor: usize,
    at: Instant,
}

/// Code that was entered and does not run yet.
struct Waiting {
    code: String,
    begun: Instant,
}

/// The console's end of the conversation.
pub(super) struct Conversation<'a> {
    kernel: &'a Kernel,
    editor: Editor,
    screen: Screen,
    terminal: Terminal,
    look: Look,
    /// Keys that wait, for a completion or for the language's word on what was entered.
    keys: VecDeque<Key>,
    /// Until when they wait for the completion.
    held_until: Option<Instant>,
    asked: VecDeque<Asked>,
    entering: Option<Verdict<'a>>,
    waiting: VecDeque<Waiting>,
    /// When the line was begun.
    begun: Instant,
    is_running: bool,
    is_leaving: bool,
    raw: Option<Raw>,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(kernel: &'a Kernel, editor: Editor, terminal: Terminal, look: Look, has_colours: bool) -> Self {
        Self {
            kernel,
            editor,
            screen: Screen::new(has_colours),
            terminal,
            look,
            keys: VecDeque::new(),
            held_until: None,
            asked: VecDeque::new(),
            entering: None,
            waiting: VecDeque::new(),
            begun: Instant::now(),
            is_running: false,
            is_leaving: false,
            raw: None,
        }
    }

    /// Goes on until the user leaves, or is told to; an error says what else ended it.
    pub(super) async fn hold(&mut self, answers: &mut Answers, signals: &mut Signals, greeting: &str) -> Result<()> {
        let mut log = logging::aside();
        let mut keyboard = Keyboard::new().context("failed to read the terminal")?;
        self.raw = Some(Raw::keys(BEGIN, END).context("failed to set up the terminal")?);
        self.screen.say(greeting);
        let ending = self.go_on(answers, signals, &mut keyboard, &mut log).await;
        self.screen.release();
        self.screen.begin_line();
        let flushed = self.screen.flush();
        self.raw = None;
        ending.and(flushed.context("failed to print"))
    }

    async fn go_on(
        &mut self,
        answers: &mut Answers,
        signals: &mut Signals,
        keyboard: &mut Keyboard,
        log: &mut logging::Aside,
    ) -> Result<()> {
        let mut decoder = Decoder::default();
        loop {
            self.work_off_keys().await?;
            self.start_next().await?;
            if self.is_leaving && !self.is_running && self.waiting.is_empty() {
                return Ok(());
            }
            self.show_line();
            self.screen.flush().context("failed to print")?;
            let held_until = self.held_until;
            tokio::select! {
                typed = keyboard.read() => {
                    let typed = typed.context("failed to read the terminal")?;
                    if typed.is_empty() {
                        return Ok(());
                    }
                    self.typed(decoder.decode(&typed));
                }
                () = sleep(ESCAPE_PATIENCE), if decoder.is_undecided() => self.typed(decoder.decide()),
                news = answers.next() => self.hear(news?)?,
                verdict = verdict(&mut self.entering), if self.entering.is_some() => self.judged(verdict),
                () = sleep_until(held_until.unwrap_or_else(Instant::now)), if held_until.is_some() => {
                    self.held_until = None;
                }
                line = log.next() => self.screen.say(&line),
                told = signals.next() => match told {
                    Told::End => return Ok(()),
                    Told::Interrupt => self.interrupt().await?,
                    // Whatever is drawn is drawn for the window as it is then.
                    Told::Resize => {}
                    Told::Continue => self.take_terminal()?,
                },
            }
        }
    }

    /// Keys that come while others wait are for later, but for the one that gives up waiting.
    fn typed(&mut self, keys: Vec<Key>) {
        if keys.contains(&Key::Control('c')) {
            self.held_until = None;
        }
        if self.keys.is_empty() {
            self.editor.expect(&keys);
        }
        self.keys.extend(keys);
    }

    async fn work_off_keys(&mut self) -> Result<()> {
        while self.held_until.is_none() && self.entering.is_none() {
            let Some(key) = self.keys.pop_front() else { break };
            if self.editor.is_empty() {
                self.begun = Instant::now();
            }
            // Who types on stays, but for who only wants the end to come sooner.
            self.is_leaving &= matches!(key, Key::Control('c' | 'd'));
            match self.editor.press(key) {
                Act::Nothing => {}
                Act::Enter if self.editor.is_answering() => self.answer().await?,
                Act::Enter => self.enter(),
                Act::Complete => self.complete().await?,
                Act::Interrupt => self.interrupt().await?,
                Act::End if self.editor.is_answering() => self.end_input().await?,
                Act::End => self.leave(),
                Act::Clear => self.screen.clear(),
                Act::Suspend => self.suspend()?,
            }
        }
        Ok(())
    }

    /// Asks the language whether the line is whole.
    fn enter(&mut self) {
        let buffer = self.editor.buffer();
        let text = buffer.text();
        if text.trim().is_empty() {
            if !self.is_running {
                self.engrave_line("");
            }
            self.editor.drop_line();
        } else if buffer.is_on_last_line() {
            let last = text.rfind('\n').map_or(0, |at| at + 1);
            // An empty line at the end is how a user says that a block is over.
            let code = if last > 0 && text[last..].trim().is_empty() {
                format!("{}\n", &text[..last])
            } else {
                text.to_owned()
            };
            self.entering = Some(self.kernel.completeness(code));
        } else {
            self.editor.new_line(true);
        }
    }

    /// The language has said whether the line is whole.
    fn judged(&mut self, verdict: Completeness) {
        self.entering = None;
        if self.editor.is_answering() {
            return;
        }
        if verdict == Completeness::Incomplete {
            // Lines that come at once bring their own indentation.
            let is_alone = self.keys.is_empty() && !is_readable().unwrap_or(false);
            self.editor.new_line(is_alone);
        } else {
            let code = self.editor.take();
            self.waiting.push_back(Waiting { code: code.trim_end().to_owned(), begun: self.begun });
        }
    }

    /// Runs what was entered next, as soon as nothing runs.
    async fn start_next(&mut self) -> Result<()> {
        if self.is_running {
            return Ok(());
        }
        if let Some(Waiting { code, .. }) = self.waiting.pop_front() {
            let mut canvas = self.screen.canvas(false);
            self.look.entered(&mut canvas, &code);
            self.screen.engrave(canvas, false);
            self.kernel.request(Request::Query(code)).await?;
            self.is_running = true;
        }
        Ok(())
    }

    async fn answer(&mut self) -> Result<()> {
        self.engrave_line("");
        let text = self.editor.take();
        self.editor.stop_asking();
        self.kernel.request(Request::Input(text.into())).await
    }

    async fn end_input(&mut self) -> Result<()> {
        self.engrave_line("");
        self.editor.drop_line();
        self.editor.stop_asking();
        // What a terminal sends for Ctrl-D is the end of the input on the wire as well.
        self.kernel.request(Request::Input("\x04".into())).await
    }

    /// Once everything that was entered has run.
    fn leave(&mut self) {
        self.is_leaving = true;
        if !self.is_running && self.waiting.is_empty() {
            self.engrave_line("");
        }
    }

    async fn complete(&mut self) -> Result<()> {
        let buffer = self.editor.buffer();
        let ((row, column), text) = (buffer.position(), buffer.text().to_owned());
        let now = Instant::now();
        while self.asked.front().is_some_and(|asked| asked.at + COMPLETION_END < now) {
            self.asked.pop_front();
        }
        self.asked.push_back(Asked { text: text.clone(), cursor: buffer.cursor(), at: now });
        self.held_until = Some(now + COMPLETION_PATIENCE);
        self.kernel.request(Request::Complete(CompletionRequest::at(text, row, column))).await
    }

    /// What runs is interrupted, and the line stays; where nothing runs, the line is dropped.
    async fn interrupt(&mut self) -> Result<()> {
        if self.is_running || self.editor.is_answering() {
            if self.editor.is_answering() {
                // The program may still wait for an answer; if it does not, it ends.
                self.engrave_line("^C");
                self.editor.drop_line();
            } else {
                self.screen.print(Output::Stdout, b"^C\r\n");
            }
            self.kernel.request(Request::Interrupt).await
        } else {
            self.entering = None;
            self.engrave_line("^C");
            self.editor.drop_line();
            Ok(())
        }
    }

    fn hear(&mut self, news: News) -> Result<()> {
        let record = match news {
            News::Record(record) => record,
            News::Note(note) => {
                self.screen.say(&note);
                return Ok(());
            }
        };
        match record {
            Record::Stdout(bytes) => self.screen.print(Output::Stdout, &bytes),
            Record::Stderr(bytes) if io::stderr().is_terminal() => self.screen.print(Output::Stderr, &bytes),
            Record::Stderr(bytes) => io::stderr().lock().write_all(&bytes).context("failed to print")?,
            Record::Log(text) => self.screen.say(&text),
            Record::Display(_) => {
                self.screen.begin_line();
                self.screen.flush().and_then(|()| self.terminal.show(&record)).context("failed to print")?;
            }
            Record::WaitingInput { is_password } => self.asked_by_program(is_password),
            Record::Completion(texts) => self.suggested(texts),
            Record::Finished(code) => self.finished(code.value()),
            _ => {}
        }
        Ok(())
    }

    /// A program waits for an answer. What is already typed is for later, unless it was begun just now.
    fn asked_by_program(&mut self, is_password: bool) {
        self.screen.release();
        let is_recent = |begun: Instant| begun.elapsed() < FORESIGHT;
        let is_entered = self.entering.take().is_some();
        let is_first_recent = self.waiting.front().is_some_and(|waiting| is_recent(waiting.begun));
        if self.editor.is_answering() || !is_first_recent && !is_recent(self.begun) {
            self.editor.ask(is_password);
        } else if is_first_recent && let Some(Waiting { code, .. }) = self.waiting.pop_front() {
            self.editor.ask(is_password);
            self.keys.push_front(Key::Enter);
            self.keys.push_front(Key::Paste(code));
        } else {
            self.editor.ask_on(is_password);
            if is_entered {
                self.keys.push_front(Key::Enter);
            }
        }
    }

    fn suggested(&mut self, texts: Vec<String>) {
        let Some(Asked { text, cursor, .. }) = self.asked.pop_front() else { return };
        let buffer = self.editor.buffer();
        if !self.editor.is_answering() && buffer.text() == text && buffer.cursor() == cursor {
            self.held_until = None;
            self.editor.suggest(texts);
        }
    }

    fn finished(&mut self, exit_code: i32) {
        self.screen.release();
        if self.editor.is_answering() {
            self.screen.begin_line();
            self.editor.stop_asking();
        }
        // What went wrong with code 1 and below, and an interrupt, have been told already.
        if self.is_running && exit_code > 1 && ![127, 130].contains(&exit_code) {
            self.screen.say(&format!("[exit code {exit_code}]"));
        }
        self.is_running = false;
    }

    /// Draws what is being edited, where there is something to see.
    fn show_line(&mut self) {
        let is_behind = self.editor.is_answering();
        let is_quiet = self.is_running && self.editor.is_empty() && self.waiting.is_empty();
        if (is_quiet || self.is_leaving) && !is_behind {
            self.screen.erase();
            return;
        }
        let mut canvas = self.screen.canvas(is_behind);
        if !is_behind {
            self.look.waiting(&mut canvas, self.waiting.iter().map(|waiting| waiting.code.as_str()));
        }
        self.editor.paint(&mut canvas, &self.look);
        self.screen.draw(canvas, is_behind);
    }

    /// Leaves the line on the screen, with something behind it.
    fn engrave_line(&mut self, more: &str) {
        let is_behind = self.editor.is_answering();
        let mut canvas = self.screen.canvas(is_behind);
        self.editor.paint(&mut canvas, &self.look);
        canvas.put(Style::Plain, more);
        self.screen.engrave(canvas, is_behind);
    }

    fn suspend(&mut self) -> Result<()> {
        self.screen.begin_line();
        self.screen.flush().context("failed to print")?;
        self.raw = None;
        raise(Name::SIGTSTP).context("failed to stop")?;
        self.take_terminal()
    }

    /// Whoever had the terminal meanwhile may have changed it.
    fn take_terminal(&mut self) -> Result<()> {
        self.raw = None;
        self.raw = Some(Raw::keys(BEGIN, END).context("failed to set up the terminal")?);
        self.screen.forget();
        Ok(())
    }
}

async fn verdict(entering: &mut Option<Verdict<'_>>) -> Completeness {
    match entering {
        Some(verdict) => verdict.await,
        None => std::future::pending().await,
    }
}
