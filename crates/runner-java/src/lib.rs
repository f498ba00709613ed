//! Java for kernel-runner: sessions that keep their state as jshell does, whole programs, and batch mode for Maven,
//! Gradle and plain sources.

mod batch;
mod builder;
mod class_file;
mod entry;
mod library;
mod query;

use std::env;
use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Syntax, Task, Tool, async_trait,
    register_runner,
};

use library::DISPLAY;
use query::Queries;

/// The Debian package with all that is needed.
const PACKAGE: &str = "default-jdk-headless";

register_runner! {
    name: "java",
    aliases: ["jshell"],
    extensions: ["java", "jsh"],
    tools: [
        Tool { programs: &["java"], version: &["--version"], package: PACKAGE },
        Tool { programs: &["javac"], version: &["--version"], package: PACKAGE },
    ],
    syntax: Syntax {
        keywords: "abstract assert boolean break byte case catch char class continue default do double else enum extends \
            false final finally float for if implements import instanceof int interface long native new null package \
            private protected public record return short static super switch synchronized this throw throws true try \
            var void volatile while yield",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        long_strings: &[("\"\"\"", "\"\"\"")],
    },
    runner: Java::new,
}

struct Java {
    jdk: Jdk,
    queries: Result<Queries>,
}

impl Java {
    fn new(context: Context) -> Self {
        let jdk = Jdk(context);
        Self { queries: Queries::start(&jdk), jdk }
    }

    fn queries(&self) -> Result<&Queries> {
        self.queries.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }
}

#[async_trait]
impl Runner for Java {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::clean(task).await
    }

    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::build(&self.jdk, task).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        batch::execute(&self.jdk, task).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.queries()?.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.queries()?.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.queries()?.completeness(code).await
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

/// The programs of a Java development kit. They speak UTF-8 whatever the locale is.
#[derive(Clone, Debug)]
struct Jdk(Context);

impl Jdk {
    /// The virtual machine. It leaves no statistics in the temporary folder.
    fn java(&self) -> Command {
        let encodings = ["file", "stdout", "stderr"].map(|what| format!("-D{what}.encoding=UTF-8"));
        in_utf8(self.0.runtime()).arg("-XX:-UsePerfData").args(encodings)
    }

    /// The compiler that belongs to the virtual machine.
    fn javac(&self) -> Command {
        in_utf8(self.0.runtime().with_file_name("javac")).args(["-J-XX:-UsePerfData", "-encoding", "UTF-8"])
    }

    /// Whether another tool is there.
    fn has(&self, program: &str) -> bool {
        self.0.find(program).is_some()
    }
}

/// A command in the user's locale, if its encoding is UTF-8: the names of files go by nothing else.
fn in_utf8(program: PathBuf) -> Command {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let is_utf8 = locale.to_uppercase().replace('-', "").ends_with("UTF8");
    let command = Command::new(program);
    if is_utf8 { command } else { command.env("LC_ALL", "C.UTF-8") }
}
