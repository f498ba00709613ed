//! What a session makes of drivers that know less than it asks, or that do not answer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runner_core::{
    Cache, Command, Completeness, CompletionRequest, Context, Engine, EngineConfig, Environment, ExitCode, InputMode,
    QueryMode, Record, Records, Registration, Request, Result, Runner, Session, Settings, SideChannels, Task,
    async_trait, register_runner,
};

/// Answers completions, in a process beside itself, and would leave over anything else.
const WITHOUT_CHECK: &str = r"
serve() {
    while read -r kind lengths <&5; do
        [ $kind = complete ] || { kill $$; exit; }
        size=0
        for length in $lengths; do size=$((size + length)); done
        dd bs=1 count=$size <&5 > /dev/null 2>&1
        printf 'completion 5\nfound' >&6
    done
}
serve &
printf 'ready\n' >&4
read -r end <&3
kill $!
";

/// Says that it checks, and answers the first question when the second comes.
const LATE: &str = r#"
printf 'ready 5\ncheck' >&4
late='checked 7\ninvalid'
while read -r kind length <&5; do
    dd bs=1 count=$length <&5 > /dev/null 2>&1
    [ $((number += 1)) = 1 ] && continue
    printf "${late}"'checked 10\nincomplete' >&6
    late=
done
"#;

macro_rules! driver {
    ($name:literal, $driver:expr) => {
        register_runner! {
            name: $name,
            aliases: [],
            extensions: [],
            tools: [],
            runner: |context: Context| Driven(Session::start(&context, Command::new("sh").arg("-c").arg($driver))),
        }
    };
}

driver!("without-check", WITHOUT_CHECK);
driver!("late", LATE);

struct Driven(Session);

#[async_trait]
impl Runner for Driven {
    async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.0.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.0.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.0.completeness(code).await
    }

    async fn shutdown(&self) {
        self.0.shutdown().await;
    }
}

async fn start(name: &str) -> (Engine, Records) {
    let settings = Settings {
        work_dir: std::env::temp_dir(),
        build_dir: None,
        sources: None,
        environment: Environment::inherited(),
        runtime_path: None,
        query_mode: QueryMode::Keep,
        choices: BTreeMap::default(),
        terminal: None,
        cache: Cache::None,
    };
    let registration = Registration::find(name).unwrap();
    let side_channels = SideChannels::default();
    Engine::start(EngineConfig { registration, settings, input: InputMode::Ask, side_channels }).await.unwrap()
}

#[tokio::test]
async fn a_driver_that_does_not_say_so_is_not_asked_whether_code_is_complete() {
    let (engine, mut records) = start("without-check").await;
    for _ in 0..3 {
        assert_eq!(engine.completeness("f(").await, Completeness::Incomplete);
        engine.request(Request::Complete(CompletionRequest::at_end("fo"))).await;
        assert_eq!(records.next().await.unwrap().record, Record::Completion(vec!["found".into()]));
    }
    engine.shut_down().await;
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_the_next() {
    let (engine, _records) = start("late").await;
    let since = Instant::now();
    assert_eq!(engine.completeness("f()").await, Completeness::Complete);
    assert!(since.elapsed() < Duration::from_secs(3), "it took {:?}", since.elapsed());
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        match engine.completeness("f()").await {
            Completeness::Incomplete => break,
            told => assert_eq!(told, Completeness::Complete, "it is an answer to the first question"),
        }
        assert!(Instant::now() < patience, "the second answer never comes");
    }
    engine.shut_down().await;
}
