//! Haskell for kernel-runner: sessions in `GHCi` that keep their state, and programs that GHC compiles.

mod modules;
mod program;
mod project;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};
use tokio::time::sleep;

use program::Programs;

/// What `GHCi` reads at its prompt: a command of the driver's.
const LINE: &str = ":kernel_runner";
/// The interpreter that is the same program as the compiler, without the user's configuration. An endless recursion
/// ends with a stack overflow before it has taken all memory.
const INTERPRETER: [&str; 7] = ["+RTS", "-K512m", "-RTS", "--interactive", "-v0", "-ignore-dot-ghci", "-ghci-script"];
/// How long code may go on after an interrupt. GHC cannot interrupt a compiled loop that needs no memory.
const PATIENCE: Duration = Duration::from_millis(850);

register_runner! {
    name: "haskell",
    aliases: ["hs", "ghc"],
    extensions: ["hs", "lhs"],
    tools: [
        Tool { programs: &["ghc"], version: &["--version"], package: "ghc" },
        Tool { programs: &["cabal"], version: &["--version"], package: "cabal-install" },
        Tool { programs: &["stack"], version: &["--version"], package: "haskell-stack" },
    ],
    syntax: Syntax {
        keywords: "as case class data default deriving do else forall foreign hiding if import in infix infixl infixr \
            instance let module newtype of qualified then type where",
        line_comments: &["--"],
        block_comments: &[("{-", "-}")],
        strings: &["\"", "'"],
        ..Syntax::NONE
    },
    runner: Haskell::new,
}

struct Haskell {
    programs: Programs,
    session: Session,
}

impl Haskell {
    fn new(context: Context) -> Self {
        let path = context.temp_dir().map_or_else(|_| PathBuf::new(), Path::to_owned);
        let compiler = context.runtime();
        context.use_cache(&modules::MADE);
        // Where there is no place for it, `GHCi` says which file it misses.
        let _ = modules::write_for_session(&path, &compiler);
        let interpreter = Command::new(compiler).args(INTERPRETER).arg(path.join("session.ghci"));
        let interpreter = interpreter.arg(format!("-i{}", path.display())).arg("-tmpdir").arg(&path);
        let session = Session::start_at_prompt(&context, interpreter, LINE);
        Self { session, programs: Programs::new(context, path) }
    }
}

#[async_trait]
impl Runner for Haskell {
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        Programs::clean(task).await
    }

    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        self.programs.build(task).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        self.programs.execute(task).await
    }

    /// A whole program is compiled and run; anything else is for the session. Code that an interrupt cannot end takes
    /// the interpreter with it.
    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        if program::main_module(code).is_some() {
            return self.programs.query(task, code).await;
        }
        let mut query = pin!(self.session.query(task, code));
        let endures = async {
            task.interrupted().await;
            sleep(PATIENCE).await;
        };
        tokio::select! {
            result = &mut query => return result,
            () = endures => task.stderr("Interrupted, but the code goes on: its interpreter is ended\n").await,
        }
        // The second interrupt is SIGTERM, which GHC does not hear either; the third one is SIGKILL.
        task.interrupt();
        task.interrupt();
        query.await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.session.completeness(code).await
    }

    async fn warm(&self, task: &Task) -> Result<ExitCode> {
        self.programs.warm(task).await
    }

    async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}
