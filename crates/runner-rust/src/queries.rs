//! Query mode: whole programs, and snippets that keep their state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use runner_core::{Command, CompletionRequest, Context, ExitCode, QueryMode, Result, Session, Task};

use crate::cell::{Cell, Item, ItemKind};
use crate::compiler::Compiler;
use crate::completion;
use crate::diagnostics::{GENERATED, Loss};
use crate::lexer::mentions;
use crate::memory::{Memory, Variable};
use crate::source::{Attempts, Query};

/// How often a query is compiled at most, each time without what the compiler has complained about.
const ATTEMPTS: usize = 8;

/// What stands behind the last line of every program, where it is in nobody's way.
const LINKED: &str = "extern crate kernel_runner as _;\n";

/// What every snippet is compiled with.
const SNIPPET: [&str; 8] = [
    "--crate-name=query",
    "--crate-type=cdylib",
    "-Cprefer-dynamic",
    "-Cdebuginfo=0",
    "-Cstrip=debuginfo",
    "-Awarnings",
    GENERATED,
    "-o",
];

/// A session of queries.
pub(crate) struct Queries {
    mode: QueryMode,
    compiler: Compiler,
    session: Session,
    number: AtomicUsize,
    state: Mutex<State>,
    /// The text of the program that was compiled last, without a warning.
    program: Mutex<Option<String>>,
}

/// What is known between queries.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) memory: Memory,
    pub(crate) variables: Vec<Variable>,
    /// The host that has them.
    session: String,
    /// Variables that were not kept, and why.
    losses: BTreeMap<String, Loss>,
}

impl Queries {
    /// Starts the host.
    pub(crate) fn start(context: &Context) -> Result<Self> {
        let compiler = Compiler::new(context.clone())?;
        Ok(Self {
            mode: context.query_mode(),
            session: Session::start(context, compiler.host()),
            compiler,
            number: AtomicUsize::new(0),
            state: Mutex::default(),
            program: Mutex::default(),
        })
    }

    pub(crate) fn compiler(&self) -> &Compiler {
        &self.compiler
    }

    pub(crate) async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let code = code.trim_start_matches('\u{feff}');
        if self.mode == QueryMode::Fresh {
            *locked(&self.state) = State::default();
        }
        match Cell::parse(code) {
            Some(cell) if cell.is_empty() => Ok(ExitCode::SUCCESS),
            Some(cell) if !cell.is_program() => self.run_snippet(task, code, &cell, number).await,
            Some(_) => self.run_program(task, &format!("{code}\n{LINKED}"), number).await,
            // What is wrong with the brackets, the compiler tells best.
            None => self.run_program(task, code, number).await,
        }
    }

    /// Compiles a program and runs it. One that has just been run is not compiled again.
    async fn run_program(&self, task: &Task, code: &str, number: usize) -> Result<ExitCode> {
        let is_known = locked(&self.program).as_deref() == Some(code);
        if !is_known {
            *locked(&self.program) = None;
            let source = format!("<query {number}>");
            self.compiler.write(&source, code)?;
            let compiled =
                self.compiler.run(task, ["--crate-name=main", "-Cdebuginfo=0", &source, "-o", "main"]).await?;
            let _ = fs::remove_file(self.compiler.path(source));
            let is_silent = compiled.messages.is_empty();
            task.stderr(compiled.messages).await;
            if !compiled.exit_code.is_success() {
                return Ok(compiled.exit_code);
            }
            *locked(&self.program) = is_silent.then(|| code.to_owned());
        }
        task.run(Command::new(self.compiler.path("main"))).await
    }

    /// Compiles a snippet and lets the host run it.
    async fn run_snippet(&self, task: &Task, code: &str, cell: &Cell, number: usize) -> Result<ExitCode> {
        let mut state = locked(&self.state).clone();
        let session = state.session.clone();
        self.look(&mut state);
        let changed = state.memory.define(number, code, cell);
        if session != state.session || !self.compiler.has_shared_statics() {
            state.memory.make_statics(number);
        }
        let forgotten = state.outdated(cell, &changed);
        let library = format!("query-{number}.so");
        let has_common = self.compiler.is_prepared() && self.compiler.path("libkernel_runner_common.so").is_file();
        let mut attempts = Attempts::default();
        let mut misfits: Vec<String> = Vec::new();
        for attempt in 1.. {
            let State { memory, variables, .. } = &state;
            let forgotten = &forgotten;
            let query = Query { number, code, cell, memory, variables, forgotten, has_common };
            let source = query.source(&attempts);
            for (name, text) in &source.files {
                self.compiler.write(name, text)?;
            }
            let args = SNIPPET.into_iter().chain([library.as_str()]);
            let compiled = self.compiler.run(task, args).await?;
            let _ = fs::remove_file(self.compiler.path(&source.lines.query));
            if compiled.exit_code.is_success() {
                break;
            }
            let is_last = attempt == ATTEMPTS || compiled.exit_code != ExitCode::FAILURE;
            let more = attempts.add(source.lines.losses(&compiled.messages), cell);
            let mut outdated = Vec::new();
            if source.lines.has_lost_statics(&compiled.messages) {
                state.memory.make_statics(number);
                if !is_last {
                    continue;
                }
            }
            if state.memory.has_replaced() {
                let imports = source.lines.lost_imports(&compiled.messages).into_iter();
                outdated.extend(imports.filter(|path| state.memory.forget_import(path)));
                for (query, line) in source.lines.misfits(&compiled.messages) {
                    outdated.extend(state.memory.forget(query, line));
                }
            }
            if is_last || (!more && outdated.is_empty()) {
                state.losses.extend(attempts.losses);
                let explained = explain(&source.lines.polish(&compiled.messages), &state.losses);
                task.stderr(explained).await;
                return Ok(compiled.exit_code);
            }
            misfits.extend(outdated);
        }
        let mut names: Vec<&str> = misfits.iter().chain(&forgotten).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            task.stderr(format!("forgotten, because it does not fit any more: {}\n", names.join(", "))).await;
        }
        let path = self.compiler.path(&library);
        let exit_code = self.session.query(task, &path.to_string_lossy()).await?;
        // What is loaded stays so without its file.
        let _ = fs::remove_file(path);
        if exit_code.is_success() {
            self.look(&mut state);
            state.losses.retain(|name, _| cell.variables.iter().all(|declared| declared.name != *name));
            state.losses.extend(attempts.losses);
            *locked(&self.state) = state;
        }
        Ok(exit_code)
    }

    /// Reads what the host has: a line that tells which host it is, and a line for each variable. A fresh one has nothing.
    fn look(&self, state: &mut State) {
        if self.mode == QueryMode::Fresh {
            return;
        }
        let text = fs::read_to_string(self.compiler.path("variables")).unwrap_or_default();
        let (session, variables) = text.split_once('\n').unwrap_or_default();
        session.clone_into(&mut state.session);
        state.variables = Variable::parse_all(variables);
    }

    pub(crate) async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        let found = completion::complete(&request.before(), &locked(&self.state));
        if found.is_empty() { self.session.complete(request).await } else { Ok(found) }
    }

    /// Ends the host.
    pub(crate) async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

impl State {
    /// The variables that mean nothing any more: their type has changed, or something else has their name.
    fn outdated(&self, cell: &Cell, changed: &BTreeSet<String>) -> Vec<String> {
        let is_outdated = |variable: &&Variable| {
            let type_text = &variable.type_text;
            let is_changed = type_text.contains("crate::") && changed.iter().any(|name| mentions(type_text, name));
            let is_value = |item: &Item| !matches!(item.kind, ItemKind::Impl | ItemKind::Use | ItemKind::Module);
            let is_taken = cell.items.iter().any(|item| is_value(item) && item.name == variable.name);
            is_changed || is_taken
        };
        self.variables.iter().filter(is_outdated).map(|variable| variable.name.clone()).collect()
    }
}

impl Attempts {
    /// Learns from an attempt that has failed; says whether there is anything new.
    fn add(&mut self, losses: BTreeMap<String, Loss>, cell: &Cell) -> bool {
        let mut is_new = false;
        for (name, loss) in losses {
            let is_closure = cell.variables.iter().any(|declared| declared.name == name && declared.closure.is_some());
            is_new |= match loss {
                Loss::Borrows if is_closure && self.owning.insert(name.clone()) => true,
                _ => self.losses.insert(name, loss).is_none(),
            };
        }
        is_new
    }
}

/// Says of each name that the compiler does not know, and that was a variable, why it is none.
fn explain(messages: &str, losses: &BTreeMap<String, Loss>) -> String {
    let mut text = messages.to_owned();
    for (name, loss) in losses {
        let is_missing = |kind| messages.contains(&format!("cannot find {kind} `{name}` in this scope"));
        if is_missing("value") || is_missing("function") {
            let _ = writeln!(text, "note: the variable `{name}` was not kept: {}", loss.reason());
        }
    }
    text
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is replaced as a whole: whatever panicked beside it left it so.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
