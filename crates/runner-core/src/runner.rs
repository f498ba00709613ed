use async_trait::async_trait;

use crate::completeness::Completeness;
use crate::error::{Result, Unsupported};
use crate::task::Task;
use crate::wire::{CompletionRequest, ExitCode};

/// A language.
///
/// The engine makes one runner when it starts, calls [`init`](Self::init) once, and then calls its methods as requests come
/// in. There are two kinds of them:
///
/// - **Exclusive**: [`clean_heuristic`](Self::clean_heuristic), [`build_heuristic`](Self::build_heuristic),
///   [`execute_heuristic`](Self::execute_heuristic) and [`query`](Self::query) answer the requests that queue. They are
///   called one at a time, in the order of the requests, and never overlap.
/// - **Concurrent**: [`complete`](Self::complete), [`completeness`](Self::completeness) and [`interrupt`](Self::interrupt) may be
///   called at any time, beside an exclusive one and beside each other.
///
/// A runner never sees the wire. It prints, runs programs and reads input through its [`Task`]; the exit code that it
/// returns ends the request, after everything that the task has printed. An error becomes a line on the client's
/// `stderr` and exit code 1 (127 for [`Unsupported`] and for a missing program); a panic likewise. Neither harms the
/// requests after it.
///
/// The shortest useful runner is in [`register_runner!`](crate::register_runner).
#[async_trait]
pub trait Runner: Send + Sync + 'static {
    /// Called once, before the first request: start here what would make the first query slow. (The seed's
    /// `init_with_loop`.) An error ends the runner's start.
    #[doc(alias = "init_with_loop")]
    async fn init(&self) -> Result<()> {
        Ok(())
    }

    /// Removes what the build heuristic made. Exclusive; called for `clean` with `*`. By default there is nothing to remove.
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let _ = task;
        Ok(ExitCode::SUCCESS)
    }

    /// Builds what lies in the task's working directory, in the way that this language's users expect; never runs it.
    /// Exclusive; called for `build` with `*`, where no `Makefile` says otherwise.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode>;

    /// Runs the program in the task's working directory. Exclusive; called for `exec` with `*`.
    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode>;

    /// Runs a piece of code, in query mode. Exclusive; called for `code`. A runner without a query mode returns
    /// [`Unsupported::QUERY`].
    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let _ = (task, code);
        Err(Unsupported::QUERY.into())
    }

    /// Completes the code at the cursor: each suggestion is the full text of the token left of it. Concurrent; called for
    /// `complete`. An error, or an answer later than 5 seconds, becomes an empty list.
    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        let _ = request;
        Ok(Vec::new())
    }

    /// Tells whether `code` can be run or its author is still typing it, as the language's own console would. Concurrent; called
    /// by a console when its user presses Enter, whose line feed is not in `code`: an empty last line is an empty line. It must
    /// run nothing, print nothing and change nothing. By default, and where this is an error or takes longer than a second,
    /// brackets and quotes tell ([`Completeness::guess`]).
    async fn completeness(&self, code: &str) -> Result<Completeness> {
        Ok(Completeness::guess(code))
    }

    /// The user wants the running task to stop. Concurrent with the exclusive method that runs it, and only called while
    /// one runs. By default every process group of the task gets SIGINT, and on a second call within five seconds
    /// SIGTERM and then SIGKILL; a runner whose code does not run in a process of the task stops it here.
    async fn interrupt(&self, task: &Task) -> Result<()> {
        task.interrupt();
        Ok(())
    }

    /// Makes all that a start makes, in the [`temp_dir`](crate::Context::temp_dir), which stays: later runners take it from
    /// there with [`use_cache`](crate::Context::use_cache). Called once by `kernel-runner warm`, after [`init`](Self::init) and
    /// in place of all requests; no session is started there before a query needs one. An error, and any other exit code than
    /// 0, mean that nothing of it is used. By default there is nothing to make.
    async fn warm(&self, task: &Task) -> Result<ExitCode> {
        let _ = task;
        Ok(ExitCode::SUCCESS)
    }

    /// Called once, after the last request: end what [`init`](Self::init) started.
    async fn shutdown(&self) {}
}
