//! `kernel-runner list`: the languages of this binary and the tools that they need.

use std::env;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use runner_core::{Registration, Tool, which};
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::List;

pub(crate) fn list(options: &List) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    for language in Registration::all() {
        if options.json {
            writeln!(out, "{}", as_json(language)).map_err(Failure::io)?;
            continue;
        }
        let names = [&[language.name], language.aliases].concat().join(", ");
        for (number, tool) in language.tools.iter().enumerate() {
            let label = if number == 0 { names.as_str() } else { "" };
            writeln!(out, "{label:<28} {}", in_words(tool)).map_err(Failure::io)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a program needs to know, an image's builder for one. Nothing is run to find it out.
fn as_json(language: &Registration) -> Value {
    let tool = |tool: &Tool| json!({ "programs": tool.programs, "package": tool.package, "path": found(tool) });
    json!({
        "name": language.name,
        "aliases": language.aliases,
        "extensions": language.extensions,
        "tools": language.tools.iter().map(tool).collect::<Vec<_>>(),
    })
}

/// Where the tool is and its version, or what is missing and which package has it.
fn in_words(tool: &Tool) -> String {
    match found(tool) {
        Some(program) => format!("{} ({})", program.display(), version(&program, tool)),
        None => format!(
            "missing: {}; install it (Debian and Ubuntu: apt-get install {})",
            tool.programs.join(" or "),
            tool.package
        ),
    }
}

fn found(tool: &Tool) -> Option<PathBuf> {
    let path = env::var_os("PATH");
    tool.programs.iter().find_map(|program| which(OsStr::new(program), path.as_deref()))
}

fn version(program: &Path, tool: &Tool) -> String {
    #[expect(clippy::disallowed_methods, reason = "no engine runs here, and a version is asked for, not user code")]
    let output = std::process::Command::new(program).args(tool.version).output();
    match output {
        Ok(output) => {
            let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
            String::from_utf8_lossy(&text).lines().next().unwrap_or("version unknown").trim().to_owned()
        }
        Err(error) => format!("does not run: {error}"),
    }
}
