//! Whole programs: a query with a `main` is one.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use runner_core::{Command, ExitCode, Result, Task};

use crate::compiler::{Compiler, DEBUG};
use crate::language::Language;
use crate::lexer;

/// The headers that are precompiled for programs, and the names of our files that include them.
pub(crate) const PRECOMPILED: [(&str, &str); 2] = [("<iostream>", "iostream.hpp"), ("<bits/stdc++.h>", "stdc++.hpp")];
/// What is loaded into programs, so that their streams are those of a terminal and their crashes are told.
const LOADED: &str = "program.so";
/// So much of a program is looked at to see what libraries it needs.
const HEAD: u64 = 1 << 20;

/// The program that was compiled last.
#[derive(Debug, Default)]
pub(crate) struct Program {
    /// Its text, if there was no warning.
    text: Mutex<Option<String>>,
}

impl Program {
    /// Compiles a program and runs it. One that has just been run is not compiled again.
    pub(crate) async fn run(
        &self,
        task: &Task,
        compiler: &Compiler,
        language: Language,
        code: &str,
        number: usize,
    ) -> Result<ExitCode> {
        let is_known = self.exchange(None).as_deref() == Some(code);
        if !is_known {
            let source = format!("<query {number}>");
            compiler.write(&source, code)?;
            let header = precompiled(compiler, language, code).map(|header| ["-include", header]);
            let args = ["-x", language.name(), &source, "-o", "main", "-lm", "-lpthread"];
            let options = DEBUG.into_iter().chain(["-Wall"]).chain(compiler.quick_linker());
            let args = options.chain(header.into_iter().flatten()).chain(args);
            let outcome = compiler.run(task, args).await?;
            let _ = fs::remove_file(compiler.path(source));
            let is_silent = outcome.messages.is_empty();
            task.stderr(outcome.messages).await;
            if !outcome.exit_code.is_success() {
                return Ok(outcome.exit_code);
            }
            // A program with headers of the user's own depends on more than its text.
            if !is_silent || code.contains("#include \"") {
                return task.run(command(task, compiler, &compiler.path("main")).await?).await;
            }
        }
        self.exchange(Some(code.to_owned()));
        task.run(command(task, compiler, &compiler.path("main")).await?).await
    }

    fn exchange(&self, text: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner), text)
    }
}

/// The command that runs a program, with what is loaded into it.
pub(crate) async fn command(task: &Task, compiler: &Compiler, program: &Path) -> Result<Command> {
    let command = Command::new(program);
    let loaded = compiler.path(LOADED);
    // The loader takes these for the ends of a path.
    let is_nameable = !loaded.to_string_lossy().contains([' ', ':']);
    if !is_nameable || has_sanitizer(program) {
        return Ok(command);
    }
    if !loaded.is_file() && compiler.is_there() {
        let args = ["-O1", "-shared", "-fPIC", "-Wl,-z,initfirst", "-o", "program.first"];
        let sources = ["program.c", "crash.c", "streams.c"].into_iter().flat_map(|source| ["-x", "c", source]);
        if compiler.run(task, args.into_iter().chain(sources)).await?.exit_code.is_success() {
            fs::rename(compiler.path("program.first"), &loaded)?;
        }
    }
    Ok(if loaded.is_file() { command.env("LD_PRELOAD", loaded) } else { command })
}

/// Whether the program has a sanitizer's library, which wants to be loaded before all others.
fn has_sanitizer(program: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(program).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok() && head.windows(6).any(|bytes| bytes == b"san.so")
}

/// The precompiled header that stands for an include of `code`, where nothing before it could make a difference.
fn precompiled(compiler: &Compiler, language: Language, code: &str) -> Option<&'static str> {
    let tokens = lexer::tokens(code).ok().filter(|_| language.is_cpp())?;
    let includes = tokens.iter().map_while(|token| token.text.strip_prefix("#include")).map(str::trim);
    let found = includes
        .take_while(|include| include.starts_with('<'))
        .find_map(|include| PRECOMPILED.iter().find(|(header, _)| *header == include).map(|(_, file)| *file))?;
    compiler.path(format!("{found}.gch")).is_file().then_some(found)
}
