//! Query mode: output, input, state and completion.

use runner_core::{CompletionRequest, Record, Request, RequestKind};

use super::{Checks, Subject, assert_serves, start};

pub(super) const CLAUSES: Checks = &[
    ("hello", hello),
    ("stderr", stderr),
    ("exit_code", exit_code),
    ("syntax_error", syntax_error),
    ("bytes_that_are_not_utf8", bytes_that_are_not_utf8),
    ("burst_of_a_mebibyte", burst_of_a_mebibyte),
    ("a_million_lines", a_million_lines),
    ("input_with_its_prompt_first", input_with_its_prompt_first),
    ("state_is_kept", state_is_kept),
    ("completion_always_answers", completion_always_answers),
    ("fifo_of_100", fifo_of_100),
];

fn hello(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.hello);
    assert_eq!((outcome.stdout_text().as_str(), outcome.stderr_text().as_str()), ("hello\n", ""));
    assert_eq!(outcome.exit_code, Some(0));
}

fn stderr(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.stderr);
    assert_eq!((outcome.stdout_text().as_str(), outcome.stderr_text().as_str()), ("", "trouble\n"));
    assert_eq!(outcome.exit_code, Some(0));
}

fn exit_code(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    assert_eq!(client.query(subject.exit_code).exit_code, Some(3));
    assert_serves(subject, &mut client);
}

fn syntax_error(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.syntax_error);
    assert_ne!(outcome.exit_code, Some(0), "{outcome:?}");
    assert!(!outcome.stderr.is_empty(), "the user is not told what is wrong: {outcome:?}");
    assert_serves(subject, &mut client);
}

fn bytes_that_are_not_utf8(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    assert_eq!(client.query(subject.not_utf8).stdout, b"\xff\xfe");
}

fn burst_of_a_mebibyte(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.burst);
    assert_eq!(outcome.stdout.len(), 1024 * 1024);
    assert!(outcome.stdout.iter().all(|byte| *byte == b'x'));
}

fn a_million_lines(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.million_lines);
    let text = outcome.stdout_text();
    let mut lines = 0;
    for (number, line) in text.lines().enumerate() {
        assert_eq!(line, number.to_string(), "line {number}");
        lines += 1;
    }
    assert_eq!((lines, outcome.exit_code), (1_000_000, Some(0)));
}

fn input_with_its_prompt_first(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    client.send(Request::Query(subject.input.to_owned()));
    let before = client
        .collect(|outcome| matches!(outcome.records.last(), Some(Record::WaitingInput { .. } | Record::Finished(_))));
    assert_eq!(before.stdout_text(), "name? ");
    assert_eq!(before.exit_code, None, "it did not wait for input: {before:?}");
    client.send(Request::Input("Ada".into()));
    let after = client.finish(RequestKind::Query);
    assert_eq!((after.stdout_text().as_str(), after.exit_code), ("hello Ada\n", Some(0)));
}

fn state_is_kept(subject: &Subject) {
    let (define, used, expected) = subject.state.expect("the clause applies to languages with a state");
    let (_daemon, mut client) = start(subject);
    assert_eq!(client.query(define).exit_code, Some(0));
    assert_eq!(client.query(used).stdout_text(), expected);
}

fn completion_always_answers(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    // A completer has nothing to say before its language has started.
    assert_serves(subject, &mut client);
    let (before, expected) = subject.completion.unwrap_or(("x", ""));
    let ask = |client: &mut super::Client| {
        let outcome = client.run(Request::Complete(CompletionRequest::at_end(before)));
        let Some(Record::Completion(suggestions)) = outcome.records.last() else { unreachable!("`run` ends with it") };
        let fits = subject.completion.is_none() || suggestions.iter().any(|text| text.starts_with(expected));
        assert!(fits, "{expected:?} does not complete {before:?}: {suggestions:?}");
    };
    ask(&mut client);
    client.send(Request::Query(subject.forever.to_owned()));
    client.read_until_stdout("started");
    for _ in 0..3 {
        ask(&mut client);
    }
    client.send(Request::Interrupt);
    client.finish(RequestKind::Query);
    ask(&mut client);
}

fn fifo_of_100(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    for number in 0..50 {
        client.send(Request::Query(subject.hello.to_owned()));
        client.send(Request::Execute(runner_core::Step::Command(format!("echo {number}"))));
    }
    for number in 0..50 {
        assert_eq!(client.finish(RequestKind::Query).stdout_text(), "hello\n");
        assert_eq!(client.finish(RequestKind::Execute).stdout_text(), format!("{number}\n"));
    }
}
