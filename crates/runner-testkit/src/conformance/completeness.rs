//! Whether code is complete, which no request of the wire asks for: an engine in this very process is asked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use runner_core::{
    Cache, Completeness, Engine, EngineConfig, Environment, ExitCode, InputMode, QueryMode, Record, Records,
    Registration, Request, Settings, SideChannels,
};
use tokio::runtime;
use tokio::time::timeout;

use super::{Checks, Subject};
use crate::patience::PATIENCE;

pub(super) const CLAUSES: Checks =
    &[("completeness_as_in_its_own_console", as_in_its_own_console), ("completeness_leaves_no_trace", leaves_no_trace)];

fn as_in_its_own_console(subject: &Subject) {
    in_process(
        async |kernel| {
            kernel.query(subject.hello).await;
            kernel.assert_all_told(subject.completeness).await;
            for (code, expected) in subject.completeness {
                kernel.assert_told(&code.replace('\n', "\r\n"), *expected).await;
            }
        },
        subject,
    );
}

fn leaves_no_trace(subject: &Subject) {
    in_process(
        async |kernel| {
            kernel.query(subject.hello).await;
            let (first, expected) = subject.completeness.first().copied().unwrap_or(("", Completeness::Complete));
            kernel.assert_told(first, expected).await;
            let long = "x = 1\n".repeat(200_000);
            for code in [subject.exit_code, subject.forever, "\0", "\u{feff}\u{2028}é\u{1d11e}'\"`", &long] {
                kernel.assert_in_time(code).await;
            }
            let (output, exit_code) = kernel.query(subject.hello).await;
            assert_eq!((output.as_str(), exit_code), ("hello\n", ExitCode::SUCCESS), "a check has left a trace");
            kernel.engine.request(Request::Query(subject.forever.to_owned())).await;
            kernel.read_until("started").await;
            for (code, _) in subject.completeness {
                kernel.assert_in_time(code).await;
            }
            kernel.engine.request(Request::Interrupt).await;
            let (_, exit_code) = kernel.finish().await;
            assert_ne!(exit_code, ExitCode::SUCCESS, "the interrupt has ended nothing");
            kernel.assert_told(first, expected).await;
        },
        subject,
    );
}

/// An engine, and what comes out of it.
struct Kernel {
    engine: Engine,
    records: Records,
}

fn in_process(check: impl AsyncFnOnce(&mut Kernel), subject: &Subject) {
    let folder = tempfile::tempdir().expect("failed to make a temporary directory");
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().expect("failed to start a runtime");
    let mut environment = Environment::inherited();
    environment.complete(folder.path());
    runtime.block_on(async {
        let config = EngineConfig {
            registration: Registration::find(subject.language).expect("the language is linked"),
            settings: Settings {
                work_dir: folder.path().to_owned(),
                build_dir: None,
                sources: None,
                environment,
                runtime_path: None,
                query_mode: QueryMode::Keep,
                choices: BTreeMap::default(),
                terminal: None,
                cache: Cache::None,
            },
            input: InputMode::Ask,
            side_channels: SideChannels::default(),
        };
        let (engine, records) = Engine::start(config).await.expect("failed to start the engine");
        let mut kernel = Kernel { engine, records };
        check(&mut kernel).await;
        kernel.engine.shut_down().await;
    });
}

impl Kernel {
    async fn query(&mut self, code: &str) -> (String, ExitCode) {
        self.engine.request(Request::Query(code.to_owned())).await;
        self.finish().await
    }

    /// Reads to the end of the query: what it has printed, on both streams, and its exit code.
    async fn finish(&mut self) -> (String, ExitCode) {
        let mut output = Vec::new();
        loop {
            match self.next().await {
                Record::Stdout(text) | Record::Stderr(text) => output.extend_from_slice(&text),
                Record::Finished(exit_code) => return (String::from_utf8_lossy(&output).into_owned(), exit_code),
                _ => {}
            }
        }
    }

    async fn read_until(&mut self, text: &str) {
        let mut output = Vec::new();
        while !String::from_utf8_lossy(&output).contains(text) {
            if let Record::Stdout(more) = self.next().await {
                output.extend_from_slice(&more);
            }
        }
    }

    async fn next(&mut self) -> Record {
        let outgoing = timeout(PATIENCE, self.records.next()).await.expect("no record came");
        outgoing.expect("the engine has ended").record
    }

    async fn assert_told(&self, code: &str, expected: Completeness) {
        self.assert_all_told(&[(code, expected)]).await;
    }

    /// A language that is late is asked again: on a busy machine brackets and quotes may have told in its place.
    async fn assert_all_told(&self, pairs: &[(&str, Completeness)]) {
        let since = Instant::now();
        let mut wrong = pairs.to_vec();
        while !wrong.is_empty() {
            let asked = std::mem::take(&mut wrong);
            for (code, expected) in asked {
                let told = self.engine.completeness(code).await;
                if told != expected {
                    wrong.push((code, expected));
                }
            }
            assert!(since.elapsed() < PATIENCE / 3, "this is not told: {wrong:#?}");
        }
    }

    async fn assert_in_time(&self, code: &str) {
        let since = Instant::now();
        self.engine.completeness(code).await;
        assert!(since.elapsed() < Duration::from_secs(3), "{:?} took {:?}", code.get(..20), since.elapsed());
    }
}
