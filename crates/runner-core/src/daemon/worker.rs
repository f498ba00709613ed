//! Runs one queued request after another.

use std::any::Any;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::dispatcher::Work;
use crate::error::{MissingProgram, Result, Unsupported};
use crate::process::Command;
use crate::runner::Runner;
use crate::task::{Task, TaskKind};
use crate::wire::ExitCode;

/// Works until there are no more tasks, and tells each one's end to `ends`.
pub(super) async fn work(
    language: &'static str,
    runner: Arc<dyn Runner>,
    mut tasks: mpsc::Receiver<(Task, Work)>,
    ends: mpsc::Sender<ExitCode>,
) {
    while let Some((task, work)) = tasks.recv().await {
        // In a task of its own, so that a panic ends this and nothing else.
        let run = tokio::spawn(carry_out(runner.clone(), task.clone(), work));
        let exit_code = match run.await {
            Ok(Ok(exit_code)) => exit_code,
            Ok(Err(error)) => fail(&task, language, &error).await,
            Err(panic) => {
                let reason =
                    panic.try_into_panic().map_or_else(|error| error.to_string(), |payload| in_words(&*payload));
                task.stderr(format!("{language}: the runner failed: {reason}\n")).await;
                ExitCode::FAILURE
            }
        };
        task.send(task.kind().finished(exit_code)).await;
        task.end();
        drop(task);
        if ends.send(exit_code).await.is_err() {
            return;
        }
    }
}

async fn carry_out(runner: Arc<dyn Runner>, task: Task, work: Work) -> Result<ExitCode> {
    match (task.kind(), work) {
        (_, Work::Nothing) => Ok(ExitCode::SUCCESS),
        (_, Work::Refuse(reason)) => {
            task.stderr(format!("{reason}\n")).await;
            Ok(ExitCode::NOT_RUN)
        }
        (_, Work::Command(line)) => task.run(Command::shell(line)).await,
        (_, Work::Query(code)) => runner.query(&task, &code).await,
        (TaskKind::Clean, Work::Heuristic) => runner.clean_heuristic(&task).await,
        (TaskKind::Build, Work::Heuristic) if task.project().has("Makefile") => {
            task.stdout("building with make: there is a Makefile\n").await;
            task.run(Command::new("make")).await
        }
        (TaskKind::Build, Work::Heuristic) => runner.build_heuristic(&task).await,
        (TaskKind::Execute | TaskKind::Query, Work::Heuristic) => runner.execute_heuristic(&task).await,
    }
}

/// Makes an error a line that the user can act on, and an exit code.
pub(super) async fn fail(task: &Task, language: &str, error: &anyhow::Error) -> ExitCode {
    task.stderr(format!("{language}: {error:#}\n")).await;
    if error.is::<Unsupported>() || error.is::<MissingProgram>() { ExitCode::NOT_RUN } else { ExitCode::FAILURE }
}

fn in_words(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "it panicked".into())
}
