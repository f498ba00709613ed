//! Python without `IPython` against the runner specification.

mod subject;

use runner_core::{Tool, register_runner};
use runner_python::{Engine, Python};

register_runner! {
    name: "plain-python",
    aliases: [],
    extensions: [],
    tools: [Tool { programs: &["python3"], version: &["--version"], package: "python3" }],
    runner: |context| Python::with_engine(context, Engine::Plain),
}

runner_testkit::conformance! {
    Subject {
        language: "plain-python",
        tools: &["python3"],
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/display.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/magics.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/drawing.transcript"),
        ],
        ..subject::PYTHON
    }
}
