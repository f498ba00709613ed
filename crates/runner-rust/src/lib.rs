//! Rust for kernel-runner: programs and snippets in query mode, and batch mode for packages and for plain files.

mod cell;
mod compiler;
mod completeness;
mod completion;
mod diagnostics;
mod lexer;
mod memory;
mod project;
mod queries;
mod source;
mod types;

use runner_core::{
    Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Syntax, Task, Tool, async_trait,
    register_runner,
};

use queries::Queries;

register_runner! {
    name: "rust",
    aliases: ["rs"],
    extensions: ["rs"],
    tools: [
        Tool { programs: &["rustc"], version: &["--version"], package: "rustc" },
        Tool { programs: &["cargo"], version: &["--version"], package: "cargo" },
    ],
    syntax: Syntax {
        keywords: "Self as async await break const continue crate dyn else enum extern false fn for if impl in let loop \
            match mod move mut pub ref return self static struct super trait true type unsafe use where while",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["'"],
        long_strings: &[("\"", "\"")],
    },
    runner: |context: Context| Rust { queries: Queries::start(&context) },
}

struct Rust {
    /// Without a folder for temporary files there are no queries; each says so.
    queries: Result<Queries>,
}

impl Rust {
    fn queries(&self) -> Result<&Queries> {
        self.queries.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

#[async_trait]
impl Runner for Rust {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::clean(task)
    }

    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::build(task, self.queries()?.compiler()).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        project::execute(task).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.queries()?.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.queries()?.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        Ok(completeness::completeness(code))
    }

    async fn warm(&self, task: &Task) -> Result<ExitCode> {
        self.queries()?.compiler().warm(task).await
    }

    async fn shutdown(&self) {
        if let Ok(queries) = &self.queries {
            queries.shutdown().await;
        }
    }
}
