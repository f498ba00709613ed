//! Programs that mean harm, or do it anyway.

use std::thread::sleep;
use std::time::{Duration, Instant};

use runner_core::{Request, RequestKind};

use super::{Checks, Client, Subject, assert_serves, start};
use crate::processes::resident_bytes;

/// How much memory of the runner's own a flood that nobody reads may take.
const FLOOD_MEMORY: u64 = 32 * 1024 * 1024;
const FLOOD_TIME: Duration = Duration::from_secs(3);
const FLOOD_PAUSE: Duration = Duration::from_millis(50);

pub(super) const CLAUSES: Checks = &[
    ("finished_is_not_delayed_by_a_background_process", finished_is_not_delayed_by_a_background_process),
    ("a_flood_with_no_reader_waits", a_flood_with_no_reader_waits),
    ("stdout_closed", stdout_closed),
    ("death_mid_character", death_mid_character),
];

fn finished_is_not_delayed_by_a_background_process(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    // The first query pays for the start of the language.
    assert_serves(subject, &mut client);
    let outcome = client.query(subject.background);
    assert!(!outcome.stdout_text().contains("late"), "`finished` waited for the background process: {outcome:?}");
    let late = client.collect(|outcome| outcome.stdout.ends_with(b"late\n"));
    assert_eq!(late.stdout_text(), "late\n");
}

fn a_flood_with_no_reader_waits(subject: &Subject) {
    let (daemon, mut client) = start(subject);
    // The flood is to begin at once, and not when the language has started.
    assert_serves(subject, &mut client);
    drop(client);
    let mut client = Client::connect_without_reading(&daemon);
    let pid = daemon.serving_pid();
    let idle = resident_bytes(pid);
    client.send(Request::Query(subject.floods.to_owned()));
    let since = Instant::now();
    // There is nothing to wait for: what must not happen takes a while to be seen.
    while since.elapsed() < FLOOD_TIME {
        let more = resident_bytes(pid).saturating_sub(idle);
        assert!(more < FLOOD_MEMORY, "{} MiB more than idle after {:?}", more / 1024 / 1024, since.elapsed());
        sleep(FLOOD_PAUSE);
    }
    client.send(Request::Interrupt);
    client.start_reading();
    let outcome = client.finish(RequestKind::Query);
    let text = outcome.stdout_text();
    let (lines, _cut) = text.rsplit_once('\n').expect("a flood has at least one line");
    for (number, line) in lines.split('\n').enumerate() {
        assert_eq!(line, number.to_string(), "line {number}");
    }
    assert_serves(subject, &mut client);
}

fn stdout_closed(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    client.query(subject.closes_stdout);
    // Whatever became of the state: the runner lives, and the next query can print.
    assert_eq!(client.query(subject.exit_code).exit_code, Some(3));
    assert_serves(subject, &mut client);
}

fn death_mid_character(subject: &Subject) {
    let (_daemon, mut client) = start(subject);
    let outcome = client.query(subject.dies_mid_character);
    assert_eq!(outcome.stdout, b"\xe2\x82");
    assert!(outcome.exit_code < Some(0), "{outcome:?}");
    assert!(outcome.stderr_text().contains("SIG"), "the user is not told of the signal: {outcome:?}");
    assert_serves(subject, &mut client);
}
