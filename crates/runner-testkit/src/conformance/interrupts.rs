//! Interrupts, and what is answered beside running code.

use std::time::{Duration, Instant};

use runner_core::{Record, Request, RequestKind};

use super::{Checks, Subject, assert_serves, start};

pub(super) const CLAUSES: Checks = &[
    ("interrupt_within_a_second_and_alive_after_it", interrupt_within_a_second_and_alive_after_it),
    ("ten_interrupts_keep_the_state", ten_interrupts_keep_the_state),
    ("a_second_interrupt_ends_what_ignores_the_first", a_second_interrupt_ends_what_ignores_the_first),
    ("status_while_busy", status_while_busy),
];

fn interrupt_within_a_second_and_alive_after_it(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    client.send(Request::Query(subject.forever.to_owned()));
    client.read_until_stdout("started");
    let since = Instant::now();
    client.send(Request::Interrupt);
    let outcome = client.finish(RequestKind::Query);
    assert!(since.elapsed() < Duration::from_secs(1), "it took {:?}", since.elapsed());
    assert_ne!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_serves(subject, &mut client);
}

fn ten_interrupts_keep_the_state(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let (define, use_it, expected) = subject.state.expect("the clause applies to languages with a state");
    assert_eq!(client.query(define).exit_code, Some(0));
    for _ in 0..10 {
        client.send(Request::Query(subject.forever.to_owned()));
        client.read_until_stdout("started");
        client.send(Request::Interrupt);
        let outcome = client.finish(RequestKind::Query);
        assert_ne!(outcome.exit_code, Some(0), "{outcome:?}");
    }
    let outcome = client.query(use_it);
    assert_eq!((outcome.stdout_text().as_str(), outcome.exit_code), (expected, Some(0)), "{outcome:?}");
}

fn a_second_interrupt_ends_what_ignores_the_first(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    client.send(Request::Query(subject.ignores_sigint.to_owned()));
    client.read_until_stdout("started");
    client.send(Request::Interrupt);
    // The answer shows that the interrupt has been taken, and that it ended nothing.
    let status = client.run(Request::Status);
    assert_eq!(status.exit_code, None, "it was to ignore the first interrupt: {status:?}");
    client.send(Request::Interrupt);
    let outcome = client.finish(RequestKind::Query);
    assert_ne!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_serves(subject, &mut client);
}

fn status_while_busy(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    client.send(Request::Query(subject.forever.to_owned()));
    client.read_until_stdout("started");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let since = Instant::now();
        let outcome = client.run(Request::Status);
        assert!(since.elapsed() < Duration::from_secs(1), "it took {:?}", since.elapsed());
        let Some(Record::Status(status)) = outcome.records.last() else { unreachable!("`run` ends with it") };
        seen.push(status.started_at);
    }
    assert!(seen[0] > 0.0 && seen.iter().all(|started| started.to_bits() == seen[0].to_bits()), "{seen:?}");
    client.send(Request::Interrupt);
    client.finish(RequestKind::Query);
}
