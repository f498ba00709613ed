//! Query mode: whole programs, and snippets that keep their state.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use runner_core::{Command, Completeness, CompletionRequest, Context, ExitCode, QueryMode, Result, Session, Task};

use crate::cell::generate;
use crate::compiler::{Compiler, DEBUG};
use crate::completeness;
use crate::completion;
use crate::language::Language;
use crate::lexer::{self, Unclosed};
use crate::memory::Memory;
use crate::native;
use crate::pieces::{has_main, split};
use crate::program::{PRECOMPILED, Program};

/// What a new host answers to a snippet that builds on earlier ones.
const FORGOTTEN: ExitCode = ExitCode::new(1000);
/// What the start makes.
const MADE: [&str; 5] = ["host", "program.so", "prelude.hpp.gch", "iostream.hpp.gch", "stdc++.hpp.gch"];

/// A session of queries.
pub(crate) struct Queries {
    language: Language,
    mode: QueryMode,
    pub(crate) compiler: Compiler,
    session: Session,
    number: AtomicUsize,
    memory: Mutex<Memory>,
    program: Program,
}

impl Queries {
    /// Starts the host.
    pub(crate) fn start(context: &Context, language: Language) -> Result<Self> {
        let compiler = Compiler::new(context.clone(), context.temp_dir()?.to_owned());
        let (prelude, text) = language.prelude();
        compiler.write(prelude, text)?;
        native::write(&compiler.folder)?;
        for (header, file) in PRECOMPILED.iter().filter(|_| language.is_cpp()) {
            compiler.write(file, &format!("#include {header}\n"))?;
        }
        context.use_cache(&MADE);
        let host = starter(&compiler, language, "start");
        Ok(Self {
            language,
            mode: context.query_mode(),
            compiler,
            session: Session::start(context, host),
            number: AtomicUsize::new(0),
            memory: Mutex::default(),
            program: Program::default(),
        })
    }

    /// Makes all that the start and the first queries make.
    pub(crate) async fn warm(&self, task: &Task) -> Result<ExitCode> {
        task.run(starter(&self.compiler, self.language, "warm")).await
    }

    pub(crate) async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let code = code.trim_start_matches('\u{feff}');
        if self.mode == QueryMode::Fresh {
            *locked(&self.memory) = Memory::default();
        }
        let checked = lexer::tokens(code).and_then(|tokens| {
            let is_program = has_main(&tokens);
            lexer::balance(&tokens).or_else(|unclosed| if is_program { Ok(()) } else { Err(unclosed) })?;
            Ok((tokens.is_empty(), is_program))
        });
        match checked {
            Ok((true, _)) => Ok(ExitCode::SUCCESS),
            Ok((_, true)) => self.program.run(task, &self.compiler, self.language, code, number).await,
            Ok(_) => self.run_snippet(task, code, number).await,
            Err(unclosed) => {
                task.stderr(complaint(code, number, &unclosed)).await;
                Ok(ExitCode::FAILURE)
            }
        }
    }

    /// Compiles a snippet and lets the host run it.
    async fn run_snippet(&self, task: &Task, code: &str, number: usize) -> Result<ExitCode> {
        let tokens = lexer::tokens(code).unwrap_or_default();
        loop {
            let memory = locked(&self.memory).clone();
            let pieces = split(&tokens, memory.values(), self.language.is_cpp());
            let cell = generate(code, &pieces, number, &memory, self.language.is_cpp());
            let (source, object) =
                (format!("kr_cell_{number}.{}", self.language.name()), format!("kr_cell_{number}.so"));
            self.compiler.write(format!("<query {number}>"), code)?;
            self.compiler.write(&source, &cell.source)?;
            let prelude = self.language.prelude().0;
            let options = [
                "-fPIC",
                "-include",
                prelude,
                "-shared",
                "-Wl,-Bsymbolic-functions",
                "-Wno-builtin-declaration-mismatch",
            ];
            let files = [&source, "-o", &object, "-lm", "-lpthread"];
            let compiled = self.compiler.run(task, DEBUG.into_iter().chain(options).chain(files)).await?;
            let _ = fs::remove_file(self.compiler.path(&source));
            task.stderr(compiled.messages).await;
            if !compiled.exit_code.is_success() {
                return Ok(compiled.exit_code);
            }
            if !cell.forgotten.is_empty() {
                let names = cell.forgotten.join(", ");
                task.stderr(format!("forgotten, because a type of theirs has changed: {names}\n")).await;
            }
            let needs = if memory.known.is_empty() { "fresh" } else { "continued" };
            let order = format!("{needs}\n{}", self.compiler.path(&object).display());
            let exit_code = self.session.query(task, &order).await?;
            if exit_code == FORGOTTEN {
                *locked(&self.memory) = Memory::default();
                continue;
            }
            if exit_code.is_success() {
                *locked(&self.memory) = cell.memory;
            }
            return Ok(exit_code);
        }
    }

    pub(crate) async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        let found = completion::complete(&request.before(), &locked(&self.memory), self.language);
        if found.is_empty() { self.session.complete(request).await } else { Ok(found) }
    }

    pub(crate) fn completeness(&self, code: &str) -> Completeness {
        completeness::completeness(code, locked(&self.memory).values(), self.language)
    }

    /// Ends the host.
    pub(crate) async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

fn starter(compiler: &Compiler, language: Language, what: &str) -> Command {
    let headers = [language.prelude().0].into_iter().chain(PRECOMPILED.map(|(_, file)| file));
    let command = Command::new("sh").arg("-c").arg(native::START).arg("sh").arg(&compiler.folder);
    command.arg(compiler.runtime()).arg(what).args(headers.filter(|_| language.is_cpp()))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced as a whole: whatever panicked beside it left it so.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is wrong with a text that does not end what it begins, as the compiler would say it.
fn complaint(code: &str, number: usize, unclosed: &Unclosed) -> String {
    let before = &code[..unclosed.at];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let text = code[start..].lines().next().unwrap_or_default();
    let column = before[start..].chars().count();
    let (what, spaces) = (unclosed.what, " ".repeat(column));
    format!("<query {number}>:{line}:{}: error: {what}\n{line:5} | {text}\n      | {spaces}^\n", column + 1)
}
