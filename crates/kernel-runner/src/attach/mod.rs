//! `kernel-runner attach`: this terminal as the terminal of a kernel that has one.

mod modes;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::termios::tcgetwinsize;
use tokio::time::{Instant, timeout_at};
use zmq::SocketType;

use crate::cli::Attach;
use crate::console::{Signals, Told};
use crate::remote::{Endpoints, PATIENCE, Socket};
use crate::tty::{self, Keyboard, Raw};
use crate::{Failure, runtime};
use modes::Modes;

/// The ports of a terminal kernel: what is typed, and what is shown.
const PORTS: (u16, u16) = (2002, 2003);
/// What detaches: Ctrl-].
const DETACH: u8 = 0x1d;
/// How a window's new size begins, a message of two frames.
const RESIZE: &str = "resize";

/// The terminal remembers its window's title, and has it again.
const KEEP_TITLE: &str = "\x1b[22;2t";
const FORMER_TITLE: &str = "\x1b[23;2t";

pub(crate) fn attach(options: &Attach) -> Result<ExitCode, Failure> {
    let endpoints = Endpoints::read(&options.kernel, PORTS, None).map_err(Failure::usage)?;
    if !tty::is_interactive() {
        return Err(Failure::usage(anyhow!("standard input and output are no terminal: attach from one")));
    }
    let runtime = runtime()?;
    runtime.block_on(converse(&endpoints)).map_err(Failure::io)?;
    Ok(ExitCode::SUCCESS)
}

async fn converse(endpoints: &Endpoints) -> Result<()> {
    let mut signals = Signals::new()?;
    let link = tokio::select! {
        link = Link::connect(endpoints) => link?,
        // Nothing has happened yet that would have to be put right.
        _ = signals.next() => return Ok(()),
    };
    println!("attached to {}. Ctrl-] detaches.", endpoints.input);
    let mut keyboard = Keyboard::new().context("failed to read the terminal")?;
    let raw = link.take_terminal(&Modes::default()).context("failed to set up the terminal")?;
    let ending = link.carry(&mut keyboard, &mut signals, raw).await;
    if ending.is_ok() {
        println!("\ndetached.");
    } else {
        println!();
    }
    ending
}

/// The two sockets. What is typed goes out by an XPUB socket, which tells when somebody listens: what is sent before is lost.
struct Link {
    input: Socket,
    output: Socket,
    about: String,
}

impl Link {
    async fn connect(endpoints: &Endpoints) -> Result<Self> {
        let context = zmq::Context::new();
        let input = Socket::connect(&context, SocketType::XPUB, &endpoints.input)?;
        let output = Socket::connect(&context, SocketType::SUB, &endpoints.output)?;
        let patience = Instant::now() + PATIENCE;
        let nobody = |endpoint: &str| {
            anyhow!(
                "no terminal answers at {endpoint} within {PATIENCE:?}: is such a kernel running, and are these its \
                host and ports?"
            )
        };
        let listens = async {
            while input.receive().await?.first().is_none_or(|message| message.first() != Some(&1)) {}
            anyhow::Ok(())
        };
        timeout_at(patience, listens).await.map_err(|_| nobody(&endpoints.input))??;
        timeout_at(patience, output.connected()).await.map_err(|_| nobody(&endpoints.output))??;
        Ok(Self { input, output, about: endpoints.input.clone() })
    }

    /// Carries bytes both ways until the user detaches.
    async fn carry(&self, keyboard: &mut Keyboard, signals: &mut Signals, raw: Raw) -> Result<()> {
        let mut modes = Modes::default();
        let mut raw = Some(raw);
        self.resize()?;
        loop {
            tokio::select! {
                // The user comes before a flood of output, and what came before the end is shown.
                biased;
                told = signals.next() => match told {
                    Told::End => return Ok(()),
                    Told::Interrupt => self.input.send(&[b"\x03"])?,
                    Told::Resize => self.resize()?,
                    Told::Continue => {
                        // What the terminal was like before is known only until it is taken anew.
                        drop(raw.take());
                        raw = Some(self.take_terminal(&modes).context("failed to set up the terminal")?);
                        self.resize()?;
                    }
                },
                typed = keyboard.read() => {
                    let typed = typed.context("failed to read the terminal")?;
                    let end = typed.iter().position(|byte| *byte == DETACH);
                    let bytes = &typed[..end.unwrap_or(typed.len())];
                    if !bytes.is_empty() {
                        self.input.send(&[bytes])?;
                    }
                    if end.is_some() || typed.is_empty() {
                        return Ok(());
                    }
                }
                message = self.output.receive() => {
                    let bytes = message?.concat();
                    let mut stdout = io::stdout().lock();
                    stdout.write_all(&bytes).and_then(|()| stdout.flush()).context("failed to print")?;
                    modes.follow(&bytes);
                    tty::end_with(&end(&modes));
                }
                // Who else comes and goes there is of no interest, but it wants to be read.
                message = self.input.receive() => drop(message?),
                lost = self.input.lost() => {
                    lost?;
                    bail!("the kernel at {} is gone", self.about);
                }
                lost = self.output.lost() => {
                    lost?;
                    bail!("the kernel at {} is gone", self.about);
                }
            }
        }
    }

    /// The kernel's screen is about to cover what was said about detaching: the window's title says it as well.
    fn take_terminal(&self, modes: &Modes) -> io::Result<Raw> {
        let title = format!("{KEEP_TITLE}\x1b]2;Ctrl-] detaches from {}\x07", self.about);
        Raw::bytes(&title, &end(modes))
    }

    /// Tells how large the window is.
    fn resize(&self) -> Result<()> {
        let Ok(size) = tcgetwinsize(io::stdout()) else { return Ok(()) };
        if size.ws_row == 0 || size.ws_col == 0 {
            return Ok(());
        }
        self.input.send(&[RESIZE.to_owned(), format!("{} {}", size.ws_row, size.ws_col)])
    }
}

/// What gives the terminal back as it was.
fn end(modes: &Modes) -> String {
    modes.reset() + FORMER_TITLE
}
