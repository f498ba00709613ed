//! Go for kernel-runner: programs and snippets in query mode, and batch mode for modules and for plain files.

mod cache;
mod project;
mod toolchain;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use runner_core::{
    Completeness, CompletionRequest, Context, ExitCode, QueryMode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

use toolchain::Toolchain;

register_runner! {
    name: "golang",
    aliases: ["go"],
    extensions: ["go"],
    tools: [Tool { programs: &["go"], version: &["version"], package: "golang-go" }],
    syntax: Syntax {
        keywords: "break case chan const continue default defer else fallthrough false for func go goto if import interface \
            iota map nil package range return select struct switch true type var",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        long_strings: &[("`", "`")],
    },
    runner: Go::new,
}

struct Go {
    context: Context,
    /// Without a folder for temporary files there are no queries; each says so.
    queries: Result<Queries>,
}

/// What query mode needs: a snippet is the session's, a whole program is compiled and run.
struct Queries {
    toolchain: Toolchain,
    session: Session,
    count: AtomicUsize,
    /// The source of the program that was built last.
    built: Mutex<Option<String>>,
}

impl Go {
    fn new(context: Context) -> Self {
        let queries = Toolchain::new(&context).map(|toolchain| Queries {
            session: Session::start(&context, toolchain.driver()),
            toolchain,
            count: AtomicUsize::new(0),
            built: Mutex::default(),
        });
        Self { context, queries }
    }

    fn queries(&self) -> Result<&Queries> {
        self.queries.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

#[async_trait]
impl Runner for Go {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::clean(task)
    }

    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::build(task, &self.queries()?.toolchain).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::execute(task).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let queries = self.queries()?;
        if !self.context.runtime().is_file() {
            // Running what is missing says what is missing.
            return task.run(queries.toolchain.go()).await;
        }
        let number = match self.context.query_mode() {
            QueryMode::Keep => queries.count.fetch_add(1, Ordering::Relaxed) + 1,
            QueryMode::Fresh => 1,
        };
        let code = code.strip_prefix('\u{feff}').unwrap_or(code);
        if is_program(code) {
            let code = queries.run(task, number, code).await?;
            return Ok(if task.is_interrupted() && !code.is_success() { ExitCode::INTERRUPTED } else { code });
        }
        // The driver takes the number from the first line.
        queries.session.query(task, &format!("{number}\n{code}")).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.queries()?.session.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.queries()?.session.completeness(code).await
    }

    /// A query leaves all behind that a query needs.
    async fn warm(&self, task: &Task) -> Result<ExitCode> {
        self.query(task, "var _ = 1").await
    }

    async fn shutdown(&self) {
        if let Ok(queries) = &self.queries {
            queries.session.shutdown().await;
        }
    }
}

impl Queries {
    /// Builds and runs a whole program. One that was built just before, and depends on nothing else, is not built
    /// again.
    async fn run(&self, task: &Task, number: usize, code: &str) -> Result<ExitCode> {
        let last = self.built.lock().unwrap_or_else(PoisonError::into_inner).take();
        if last.as_deref() != Some(code) || task.project().has("go.mod") {
            let source = format!("//line <query {number}>:1:1\n{code}");
            let built = task.run(self.toolchain.build(&source)?).await?;
            if !built.is_success() {
                return Ok(built);
            }
        }
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.to_owned());
        task.run(self.toolchain.program()).await
    }
}

/// Whether code is a whole program. Without its package clause, `main` is a function that the session calls.
fn is_program(code: &str) -> bool {
    let has = |start| code.lines().flat_map(|line| line.split(';')).any(|part| part.trim_start().starts_with(start));
    has("package main") && has("func main(")
}
