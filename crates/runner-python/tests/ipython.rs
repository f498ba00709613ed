//! Python with `IPython`, matplotlib, pandas and Pillow, in the environment that `cargo xtask setup` makes, against the runner specification.

mod subject;

use runner_core::{Tool, register_runner};
use runner_python::{Engine, Python};

register_runner! {
    name: "ipython",
    aliases: [],
    extensions: [],
    tools: [Tool { programs: &["/opt/kernel-runner-ipython/bin/python3"], version: &["--version"], package: "python3" }],
    runner: |context| Python::with_engine(context, Engine::IPython),
}

runner_testkit::conformance! {
    Subject {
        language: "ipython",
        tools: &["/opt/kernel-runner-ipython/bin/ipython"],
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ipython.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages.transcript"),
        ],
        ..subject::PYTHON
    }
}
