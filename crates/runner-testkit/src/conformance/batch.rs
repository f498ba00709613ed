//! Batch mode.

use std::fs;

use runner_core::{Request, Step};

use super::{Checks, Subject, start};

pub(super) const CLAUSES: Checks = &[
    ("batch_hello", batch_hello),
    ("failed_build_gives_127_to_its_exec", failed_build_gives_127_to_its_exec),
    ("missing_main_gives_127", missing_main_gives_127),
];

fn batch_hello(subject: &Subject) {
    let (daemon, mut client) = start(subject);
    let (name, text) = subject.main_file;
    fs::write(daemon.work_dir().join(name), text).expect("failed to write the program");
    assert_eq!(client.run(Request::Clean(Step::Heuristic)).exit_code, Some(0));
    let build = client.run(Request::Build(Step::Heuristic));
    assert_eq!((build.exit_code, build.stdout_text().contains("hello")), (Some(0), false), "{build:?}");
    let executed = client.run(Request::Execute(Step::Heuristic));
    assert_eq!((executed.stdout_text().as_str(), executed.exit_code), ("hello\n", Some(0)), "{executed:?}");
    assert_eq!(client.run(Request::Clean(Step::Heuristic)).exit_code, Some(0));
    assert!(daemon.work_dir().join(name).exists(), "`clean` has removed a source file");
}

fn failed_build_gives_127_to_its_exec(subject: &Subject) {
    let (daemon, mut client) = start(subject);
    let build = match subject.broken_file {
        Some((name, text)) => {
            fs::write(daemon.work_dir().join(name), text).expect("failed to write the program");
            let build = client.run(Request::Build(Step::Heuristic));
            assert!(!build.stderr.is_empty(), "the user is not told what is wrong: {build:?}");
            build
        }
        None => client.run(Request::Build(Step::Command("exit 3".into()))),
    };
    assert_ne!(build.exit_code, Some(0), "{build:?}");
    let executed = client.run(Request::Execute(Step::Command("echo it was run".into())));
    assert_eq!((executed.exit_code, executed.stdout_text().as_str()), (Some(127), ""), "{executed:?}");
}

fn missing_main_gives_127(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let executed = client.run(Request::Execute(Step::Heuristic));
    assert_eq!(executed.exit_code, Some(127), "{executed:?}");
    assert!(!executed.stderr.is_empty(), "the user is not told that there is nothing to run");
}
