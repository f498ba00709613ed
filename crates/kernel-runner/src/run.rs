//! `kernel-runner run`: builds and runs a program here.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use runner_core::{InputMode, QueryMode, Registration, Request, Step};

use crate::Failure;
use crate::cli::{Choices, Run};
use crate::local::{self, Job};
use crate::logging::Logging;
use crate::terminal::Terminal;

pub(crate) fn run(options: Run, choices: Choices, logging: &Logging) -> Result<ExitCode, Failure> {
    let (registration, files) = language(&options.arguments)?;
    // What a build makes does not belong among the user's files; and the program that standard input is needs a place.
    let made = tempfile::Builder::new()
        .prefix("kernel-runner-")
        .tempdir()
        .context("failed to make a temporary directory")
        .map_err(Failure::io)?;
    let mut work_dir = local::work_dir(&options.local)?;
    let mut build_dir = Some(made.path().to_owned());
    let mut input = InputMode::Stream;
    let sources = match files {
        [] => None,
        [one] if one == "-" => {
            input = InputMode::Ask;
            Some(vec![program_from_stdin(registration, made.path()).map_err(Failure::io)?])
        }
        [one] if Path::new(one).is_dir() => {
            work_dir = work_dir.join(one).canonicalize().map_err(Failure::io)?;
            None
        }
        files => Some(files.iter().map(|file| source(&work_dir, file)).collect::<Result<_, _>>()?),
    };
    if sources.is_none() {
        build_dir = None;
    }
    let mut terminal = Terminal::new(&options.local);
    let step = |command: Option<String>| command.map_or(Step::Heuristic, Step::Command);
    let requests = vec![Request::Build(step(options.build)), Request::Execute(step(options.exec))];
    let job = Job {
        registration,
        work_dir,
        build_dir,
        sources,
        query_mode: QueryMode::Keep,
        choices,
        runtime_path: options.local.runtime_path,
        cache: options.local.cached.used(),
        input,
        requests,
    };
    local::work(job, &mut terminal, logging)
}

/// The language: the first argument when it names one, else what the first file's extension tells.
fn language(arguments: &[String]) -> Result<(&'static Registration, &[String]), Failure> {
    let Some((first, rest)) = arguments.split_first() else {
        return Err(Failure::usage(anyhow!("a file is needed")));
    };
    if let Ok(registration) = Registration::find(first) {
        return Ok((registration, rest));
    }
    let extension = Path::new(first).extension().and_then(|extension| extension.to_str());
    match extension.and_then(Registration::with_extension) {
        Some(registration) => Ok((registration, arguments)),
        None if extension.is_some() || first == "-" => {
            let linked: Vec<_> = Registration::all().iter().map(|found| found.name).collect();
            let linked = linked.join(", ");
            Err(Failure::usage(anyhow!("{first}: which language? Name it before the file: one of {linked}")))
        }
        None => Registration::find(first).map(|found| (found, rest)).map_err(Failure::usage),
    }
}

fn source(work_dir: &Path, file: &str) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(file).map_err(Failure::io)?;
    if !path.is_file() {
        return Err(Failure::io(anyhow!("{file}: no such file")));
    }
    Ok(path.strip_prefix(work_dir).map_or(path.clone(), Path::to_owned))
}

fn program_from_stdin(registration: &Registration, folder: &Path) -> anyhow::Result<PathBuf> {
    let mut program = Vec::new();
    io::stdin().lock().read_to_end(&mut program).context("failed to read the program")?;
    let extension = registration.extensions.first().unwrap_or(&"txt");
    let file = folder.join(format!("main.{extension}"));
    fs::write(&file, program).with_context(|| format!("failed to write {}", file.display()))?;
    Ok(file)
}
