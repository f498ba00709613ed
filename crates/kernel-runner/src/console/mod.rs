//! `kernel-runner console`: a language in the terminal, line by line.

mod buffer;
mod canvas;
mod column;
mod conversation;
mod editor;
mod highlight;
mod history;
mod kernel;
mod keys;
mod lines;
mod look;
mod menu;
mod screen;
mod search;
mod signals;
mod suggestions;

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use runner_core::{Engine, InputMode, Registration, Syntax};

use crate::cli::{Choices, Console};
use crate::local::{self, Job};
use crate::logging::Logging;
use crate::remote::Endpoints;
use crate::terminal::Terminal;
use crate::{Failure, runtime, tty};
use conversation::Conversation;
use editor::Editor;
use history::History;
use kernel::{Answers, Kernel};
use look::Look;
pub(crate) use signals::{Signals, Told};

/// The ports of a kernel, where nobody says otherwise.
const PORTS: (u16, u16) = (2000, 2001);
/// Its sockets, where they are in a folder.
const SOCKETS: (&str, &str) = ("replin", "replout");

pub(crate) fn console(options: &Console, choices: Choices, logging: &Logging) -> Result<ExitCode, Failure> {
    let registration = options.language.as_deref().map(Registration::find).transpose().map_err(Failure::usage)?;
    let place = match (&options.connect, registration) {
        (Some(kernel), _) => Place::There(Endpoints::read(kernel, PORTS, Some(SOCKETS)).map_err(Failure::usage)?),
        (None, Some(registration)) => Place::Here(Job {
            registration,
            work_dir: local::work_dir(&options.local)?,
            build_dir: None,
            sources: None,
            query_mode: options.query,
            choices,
            runtime_path: options.local.runtime_path.clone(),
            cache: options.local.cached.used(),
            input: InputMode::Ask,
            requests: Vec::new(),
        }),
        (None, None) => return Err(Failure::usage(anyhow::anyhow!("a language is needed, or --connect"))),
    };
    let name = registration.map_or("kernel", |registration| registration.name);
    let is_edited = tty::is_interactive() && !is_plain();
    let editor = is_edited.then(|| {
        let path = options.history.clone().or_else(|| History::usual_path(name));
        let (history, error) = History::open(path.as_deref());
        if let Some(error) = error {
            eprintln!("kernel-runner: {error:#}");
        }
        Editor::new(history)
    });
    let terminal = Terminal::new(&options.local);
    logging.start();
    let runtime = runtime()?;
    let syntax = registration.map_or(Syntax::NONE, |registration| registration.syntax);
    let exit_code = runtime.block_on(talk(place, editor, terminal, name, Look::new(name, syntax)));
    // The thread that reads standard input may be in the middle of a read that never ends.
    runtime.shutdown_background();
    exit_code
}

/// Where the kernel is.
enum Place {
    Here(Job),
    There(Endpoints),
}

async fn talk(
    place: Place,
    editor: Option<Editor>,
    mut terminal: Terminal,
    name: &str,
    look: Look,
) -> Result<ExitCode, Failure> {
    // Taken before anything is started, so that children do not inherit a signal that is ignored.
    let mut signals = Signals::new().map_err(Failure::software)?;
    let is_here = matches!(place, Place::Here(_));
    let (kernel, mut answers, greeting) = match place {
        Place::Here(job) => {
            let (engine, records) = Engine::start(job.config()).await.map_err(Failure::software)?;
            let greeting = format!("kernel-runner {}: {name}", env!("CARGO_PKG_VERSION"));
            (Kernel::Here(Box::new(engine)), Answers::Here(records), greeting)
        }
        Place::There(endpoints) => {
            let greeting = format!("{name} at {}", endpoints.input);
            let (kernel, answers) = Kernel::connect(endpoints).await.map_err(Failure::io)?;
            (kernel, answers, greeting)
        }
    };
    let result = if let Some(editor) = editor {
        let greeting = format!("{greeting}. Ctrl-C interrupts, Ctrl-D leaves.");
        let mut conversation = Conversation::new(&kernel, editor, terminal, look, has_colours());
        conversation.hold(&mut answers, &mut signals, &greeting).await.map(|()| ExitCode::SUCCESS)
    } else {
        let read = lines::read(&kernel, &mut answers, &mut signals, &mut terminal, look).await;
        read.map(local::process_exit_code)
    };
    kernel.leave().await;
    result.map_err(if is_here { Failure::software } else { Failure::io })
}

/// Whether the terminal can only print.
fn is_plain() -> bool {
    env::var_os("TERM").is_none_or(|name| name.is_empty() || name == "dumb")
}

fn has_colours() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
