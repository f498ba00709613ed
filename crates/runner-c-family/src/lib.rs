//! What the runners of C and C++ share: snippets that keep their state, whole programs, and batch mode for projects of
//! either language or both.

mod batch;
mod cell;
mod compiler;
mod completeness;
mod completion;
mod language;
mod lexer;
mod library;
mod memory;
mod native;
mod object;
mod pieces;
mod program;
mod queries;
mod showing;

use runner_core::{Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Task, async_trait};

pub use language::Language;
use queries::Queries;

/// The runner of one of the two languages.
pub struct Family {
    context: Context,
    language: Language,
    /// Without a folder for temporary files nothing can be compiled or run; each request says so.
    queries: Result<Queries>,
}

impl Family {
    /// Starts the session of `language`.
    #[must_use]
    pub fn new(context: Context, language: Language) -> Self {
        Self { queries: Queries::start(&context, language), context, language }
    }

    fn queries(&self) -> Result<&Queries> {
        self.queries.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

#[async_trait]
impl Runner for Family {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::clean(task).await
    }

    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::build(task, &self.context, &self.queries()?.compiler, self.language).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::execute(task, &self.queries()?.compiler).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.queries()?.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.queries()?.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        Ok(self.queries()?.completeness(code))
    }

    async fn warm(&self, task: &Task) -> Result<ExitCode> {
        self.queries()?.warm(task).await
    }

    async fn shutdown(&self) {
        if let Ok(queries) = &self.queries {
            queries.shutdown().await;
        }
    }
}
