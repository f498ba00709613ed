//! `kernel-runner eval`: pieces of code in one session.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runner_core::{Bytes, CompletionFormat, Display, InputMode, Record, Registration, Request};
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::{Choices, Eval};
use crate::local::{self, Job, Show};
use crate::logging::Logging;
use crate::terminal::Terminal;

pub(crate) fn eval(options: Eval, choices: Choices, logging: &Logging) -> Result<ExitCode, Failure> {
    let registration = Registration::find(&options.language).map_err(Failure::usage)?;
    let requests = options.code.into_iter().map(|code| match code.as_str() {
        "-" => io::read_to_string(io::stdin()).context("failed to read the code").map(Request::Query),
        _ => Ok(Request::Query(code)),
    });
    let requests = requests.collect::<Result<_, _>>().map_err(Failure::io)?;
    let mut show: Box<dyn Show> =
        if options.json { Box::new(JsonLines) } else { Box::new(Terminal::new(&options.local)) };
    let job = Job {
        registration,
        work_dir: local::work_dir(&options.local)?,
        build_dir: None,
        sources: None,
        query_mode: options.query,
        choices,
        runtime_path: options.local.runtime_path,
        cache: options.local.cached.used(),
        input: InputMode::Ask,
        requests,
    };
    local::work(job, &mut *show, logging)
}

/// Prints every record as a line of JSON: its `type`, and its payload under `text`, `base64` (bytes that are no text),
/// `bundle` (all forms of something to look at, by their MIME types, and its `id`) or `data` (what is JSON on the wire).
struct JsonLines;

impl Show for JsonLines {
    fn show(&mut self, record: &Record) -> io::Result<()> {
        let mut line = match record {
            Record::Stdout(bytes) | Record::Stderr(bytes) => output(bytes),
            Record::Display(display) => shown(display),
            Record::Log(text) => json!({ "text": text }),
            other => {
                let (_, payload) = other.encode(CompletionFormat::Object);
                json!({ "data": serde_json::from_slice::<Value>(&payload).unwrap_or(Value::Null) })
            }
        };
        line["type"] = record.name().into();
        writeln!(io::stdout().lock(), "{line}")
    }
}

fn shown(display: &Display) -> Value {
    let mut shown = json!({ "bundle": display.bundle() });
    if let Some(id) = display.id() {
        shown["id"] = id.into();
        shown["update"] = display.is_update().into();
    }
    shown
}

fn output(bytes: &Bytes) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}
