//! The conversation where no user edits lines: code comes from a file or a pipe, or from a terminal that can do no more.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::thread;

use anyhow::{Context as _, Result};
use runner_core::{Completeness, ExitCode, Record, Request};
use tokio::sync::mpsc;

use super::kernel::{Answers, Kernel, News};
use super::look::Look;
use super::signals::{Signals, Told};
use crate::local::{HiddenTyping, Show as _};
use crate::terminal::Terminal;

/// The lines of standard input, without their ends.
struct Lines {
    lines: mpsc::Receiver<String>,
    /// The prompts, where somebody sees them.
    look: Option<Look>,
}

/// What came instead of a line.
enum Next {
    Line(String),
    Interrupt,
    End,
    /// The console is told to end: nothing more is run.
    Leave,
}

/// Runs what standard input has, one piece of code after another, and returns the exit code of the last one that failed. There are
/// prompts where a user sits at a terminal.
pub(super) async fn read(
    kernel: &Kernel,
    answers: &mut Answers,
    signals: &mut Signals,
    terminal: &mut Terminal,
    look: Look,
) -> Result<ExitCode> {
    let look = io::stdin().is_terminal().then_some(look);
    let mut reader =
        Reader { kernel, answers, signals, terminal, lines: Lines::start(look), result: ExitCode::SUCCESS };
    reader.read().await?;
    // Who has seen how each of them ended needs no more.
    Ok(if reader.lines.look.is_some() { ExitCode::SUCCESS } else { reader.result })
}

struct Reader<'a> {
    kernel: &'a Kernel,
    answers: &'a mut Answers,
    signals: &'a mut Signals,
    terminal: &'a mut Terminal,
    lines: Lines,
    result: ExitCode,
}

impl Reader<'_> {
    async fn read(&mut self) -> Result<()> {
        let mut code = String::new();
        loop {
            let line = match self.lines.next(self.signals, !code.is_empty()).await? {
                Next::Line(line) => line,
                Next::Interrupt if self.lines.look.is_some() => {
                    println!();
                    code.clear();
                    continue;
                }
                Next::Interrupt | Next::End => break,
                Next::Leave => return Ok(()),
            };
            if self.ends(&code, &line).await && !self.run(&mut code).await? {
                return Ok(());
            }
            if !code.is_empty() {
                code.push('\n');
            }
            code.push_str(&line);
            let is_over =
                !code.trim().is_empty() && self.kernel.completeness(asked(&code)).await != Completeness::Incomplete;
            if code.trim().is_empty() {
                code.clear();
            }
            if is_over && !self.run(&mut code).await? {
                return Ok(());
            }
        }
        if !code.trim().is_empty() {
            self.run(&mut code).await?;
        }
        Ok(())
    }

    /// Whether a block is over because a line follows that cannot belong to it, as files have it where users type an empty line.
    async fn ends(&self, code: &str, line: &str) -> bool {
        if code.is_empty() || line.trim().is_empty() || line.starts_with([' ', '\t']) {
            return false;
        }
        let (alone, together) = (format!("{code}\n\n"), format!("{code}\n{line}"));
        self.kernel.completeness(together).await == Completeness::Invalid
            && self.kernel.completeness(alone).await == Completeness::Complete
    }

    /// Runs the code, and says whether there is still somebody who looks.
    async fn run(&mut self, code: &mut String) -> Result<bool> {
        self.kernel.request(Request::Query(std::mem::take(code).trim_end().to_owned())).await?;
        loop {
            let record = tokio::select! {
                news = self.answers.next() => match news? {
                    News::Record(record) => record,
                    News::Note(note) => {
                        eprintln!("{note}");
                        continue;
                    }
                },
                told = self.signals.next() => match told {
                    Told::Interrupt => {
                        self.kernel.request(Request::Interrupt).await?;
                        continue;
                    }
                    Told::End => return Ok(false),
                    Told::Resize | Told::Continue => continue,
                },
            };
            match self.terminal.show(&record) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(false),
                shown => shown.context("failed to print")?,
            }
            match record {
                Record::Log(text) => eprintln!("{text}"),
                Record::WaitingInput { is_password } if !self.answer(is_password).await? => return Ok(false),
                Record::Finished(code) => {
                    if !code.is_success() {
                        self.result = code;
                    }
                    if self.lines.look.is_some() {
                        self.terminal.begin_line().context("failed to print")?;
                    }
                    return Ok(true);
                }
                _ => {}
            }
        }
    }

    /// A program reads on where the code ended, as it does in a shell. Says whether there is still somebody who answers.
    async fn answer(&mut self, is_password: bool) -> Result<bool> {
        let hidden = is_password.then(HiddenTyping::start).flatten();
        let next = self.lines.read(self.signals).await;
        drop(hidden);
        self.kernel
            .request(match next {
                Next::Line(line) => Request::Input(line.into()),
                Next::Interrupt => Request::Interrupt,
                // What a terminal sends for Ctrl-D is the end of the input on the wire as well.
                Next::End => Request::Input("\x04".into()),
                Next::Leave => return Ok(false),
            })
            .await?;
        Ok(true)
    }
}

impl Lines {
    /// Reads in a thread: a read cannot be given up.
    fn start(look: Option<Look>) -> Self {
        let (sender, lines) = mpsc::channel(1);
        thread::spawn(move || {
            for line in io::stdin().lock().split(b'\n').map_while(io::Result::ok) {
                let line = String::from_utf8_lossy(&line);
                if sender.blocking_send(line.trim_end_matches('\r').to_owned()).is_err() {
                    break;
                }
            }
        });
        Self { lines, look }
    }

    async fn next(&mut self, signals: &mut Signals, is_further: bool) -> Result<Next> {
        if let Some(look) = &self.look {
            let mut stdout = io::stdout().lock();
            let prompt = if is_further { look.further() } else { look.first() };
            stdout.write_all(prompt.as_bytes()).and_then(|()| stdout.flush()).context("failed to print")?;
        }
        Ok(self.read(signals).await)
    }

    async fn read(&mut self, signals: &mut Signals) -> Next {
        loop {
            tokio::select! {
                line = self.lines.recv() => return line.map_or(Next::End, Next::Line),
                told = signals.next() => match told {
                    Told::Interrupt => return Next::Interrupt,
                    Told::End => return Next::Leave,
                    Told::Resize | Told::Continue => {}
                },
            }
        }
    }
}

/// An empty line at the end says that a block is over.
fn asked(code: &str) -> String {
    let last = code.rfind('\n').map_or(0, |at| at + 1);
    if last > 0 && code[last..].trim().is_empty() { format!("{}\n", &code[..last]) } else { code.to_owned() }
}
