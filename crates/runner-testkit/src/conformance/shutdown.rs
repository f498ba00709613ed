//! The end.

use std::fs;
use std::time::Duration;

use runner_core::Request;

use super::{Checks, Subject, assert_serves, start};
use crate::patience::wait_until;

/// How long a process that has ended may wait to be reaped.
const REAP_PATIENCE: Duration = Duration::from_secs(1);

pub(super) const CLAUSES: Checks = &[
    ("clean_shutdown_leaves_nothing", clean_shutdown_leaves_nothing),
    ("shutdown_while_running", shutdown_while_running),
];

fn clean_shutdown_leaves_nothing(subject: &Subject) {
    let (mut daemon, mut client) = start(subject);
    assert_serves(subject, &mut client);
    client.query(subject.syntax_error);
    let reaped = wait_until(REAP_PATIENCE, || (daemon.zombies() == 0).then_some(()));
    assert!(reaped.is_some(), "a process that has ended is not waited for");
    daemon.terminate();
    let left: Vec<_> = fs::read_dir(daemon.temp_dir()).expect("the folder is there").flatten().collect();
    assert!(left.is_empty(), "left in the temporary directory: {left:?}");
}

fn shutdown_while_running(subject: &Subject) {
    let (mut daemon, mut client) = start(subject);
    client.send(Request::Query(subject.forever.to_owned()));
    client.read_until_stdout("started");
    daemon.terminate();
    let left: Vec<_> = fs::read_dir(daemon.temp_dir()).expect("the folder is there").flatten().collect();
    assert!(left.is_empty(), "left in the temporary directory: {left:?}");
    // What is said about the end on the way out is nobody's promise.
    while client.next_within(Duration::from_millis(100)).is_some() {}
}
