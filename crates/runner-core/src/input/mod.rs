//! The user's input on its way to whoever asks for it: a program's standard input, a driver, a side channel.
//!
//! Texts come in through an [`InputSender`] and wait in one queue. One asker at a time is served; a text that came before
//! anybody asked is taken at once, and only otherwise is the client told that somebody waits.

mod side_channel;
mod stdin;
mod waiting;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};

use crate::outbox::Outbox;
use crate::wire::Record;

pub use side_channel::SideChannels;
pub(crate) use stdin::{Stdin, StdinEvent};

/// How many texts may wait for somebody to ask.
const TYPED_AHEAD: usize = 1024;
/// What a terminal sends for Ctrl-D: an input of this text alone is the end of the input.
const END_OF_TRANSMISSION: &[u8] = b"\x04";

/// Where programs get their input from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputMode {
    /// From `input` requests, one line each, asked for when a program waits.
    #[default]
    Ask,
    /// From a stream of bytes that is passed on as programs read it.
    Stream,
}

/// What an asker gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Text(Bytes),
    End,
}

pub(crate) fn input(mode: InputMode, outbox: Outbox) -> (InputSender, Input) {
    let (sender, answers) = mpsc::channel(TYPED_AHEAD);
    (InputSender(sender), Input { mode, answers: Mutex::new(answers), outbox })
}

/// Takes the user's input from a front end.
#[derive(Clone, Debug)]
pub struct InputSender(mpsc::Sender<Answer>);

impl InputSender {
    /// Takes the text of an `input` request, without waiting.
    pub(crate) fn answer(&self, text: Bytes) {
        let answer = if text == END_OF_TRANSMISSION { Answer::End } else { Answer::Text(text) };
        if self.0.try_send(answer).is_err() {
            tracing::warn!("input dropped: {TYPED_AHEAD} texts wait already and nobody asks for them");
        }
    }

    /// Passes on a piece of a stream, and waits while the programs do not read.
    pub async fn feed(&self, bytes: Bytes) {
        let _ = self.0.send(Answer::Text(bytes)).await;
    }

    /// Says that the stream has ended.
    pub async fn end(&self) {
        let _ = self.0.send(Answer::End).await;
    }
}

#[derive(Debug)]
pub(crate) struct Input {
    mode: InputMode,
    answers: Mutex<mpsc::Receiver<Answer>>,
    outbox: Outbox,
}

impl Input {
    pub(crate) fn mode(&self) -> InputMode {
        self.mode
    }

    /// The next text. The client is asked for it, after all that the caller has sent so far. Cancel safe.
    pub(crate) async fn ask(&self, is_password: bool) -> Answer {
        let mut answers = self.answers.lock().await;
        if let Ok(answer) = answers.try_recv() {
            return answer;
        }
        if self.mode == InputMode::Ask {
            self.outbox.send(Record::WaitingInput { is_password }).await;
        }
        answers.recv().await.unwrap_or(Answer::End)
    }

    /// The next text, without asking for it. Cancel safe.
    pub(crate) async fn take(&self) -> Answer {
        self.answers.lock().await.recv().await.unwrap_or(Answer::End)
    }

    /// Whether somebody waits for a text.
    pub(crate) fn is_awaited(&self) -> bool {
        self.answers.try_lock().is_err()
    }

    /// Forgets what was typed ahead. Where somebody waits there is nothing to forget.
    /// A stream is not typed ahead: it waits for its reader.
    pub(crate) fn forget(&self) {
        if self.mode == InputMode::Stream {
            return;
        }
        if let Ok(mut answers) = self.answers.try_lock() {
            while answers.try_recv().is_ok() {}
        }
    }
}
