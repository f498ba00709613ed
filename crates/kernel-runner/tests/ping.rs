//! The health check, as a container engine calls it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runner_core::{Record, Request, RequestKind, Step};
use runner_testkit::{Client, Daemon, PATIENCE, wait_until};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernel-runner");

/// The exit code, the answer and standard error.
fn ping(arguments: &[&str]) -> (Option<i32>, Value, String) {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let output = Command::new(PROGRAM).arg("ping").args(arguments).stdin(Stdio::null()).output().unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), answer, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn endpoint(daemon: &Daemon) -> String {
    format!("ipc://{}", daemon.folder().join("in").display())
}

/// The answer of a daemon, when it has come up.
fn answer(daemon: &Daemon) -> Value {
    let endpoint = endpoint(daemon);
    let answered = || Some(ping(&["--repl-in", &endpoint])).filter(|(code, ..)| *code == Some(0));
    let (_, answer, stderr) = wait_until(PATIENCE, answered).expect("the daemon does not answer");
    assert_eq!(stderr, "");
    answer
}

fn shell(command: &str) -> Request {
    Request::Execute(Step::Command(command.to_owned()))
}

#[test]
fn an_idle_daemon_says_what_it_is() {
    let daemon = Daemon::of(PROGRAM, "python");
    let answer = answer(&daemon);
    assert_eq!((&answer["language"], &answer["version"]), (&"python".into(), &env!("CARGO_PKG_VERSION").into()));
    assert!(answer["uptime"].as_f64().is_some_and(|uptime| uptime > 0.0), "{answer}");
    assert_eq!((&answer["running"], &answer["waiting"]), (&Value::Null, &0.into()));
}

#[test]
fn a_busy_daemon_with_a_thousand_requests_behind_answers_and_no_record_is_lost() {
    let daemon = Daemon::of(PROGRAM, "python");
    let mut client = Client::connect(&daemon);
    client.send(shell("echo started; sleep 1000"));
    client.read_until_stdout("started");
    for _ in 0..1000 {
        client.send(Request::Clean(Step::Skip));
    }
    assert!(matches!(client.run(Request::Status).records.last(), Some(Record::Status(_))));
    let answer = answer(&daemon);
    assert_eq!((&answer["running"], &answer["waiting"]), (&"exec".into(), &1000.into()));
    client.send(Request::Interrupt);
    assert_eq!(client.finish(RequestKind::Execute).exit_code, Some(-2));
    for _ in 0..1000 {
        assert_eq!(client.finish(RequestKind::Clean).exit_code, Some(0));
    }
}

#[test]
fn another_endpoint_or_the_end_of_the_daemon_is_a_failure_with_its_reason() {
    let mut daemon = Daemon::of(PROGRAM, "python");
    answer(&daemon);
    let (code, answer, stderr) = ping(&["--repl-in", "tcp://127.0.0.1:9"]);
    assert_eq!((code, answer), (Some(1), Value::Null));
    assert!(stderr.contains("tcp://127.0.0.1:9: there is none"), "{stderr}");
    daemon.terminate();
    let (code, _, stderr) = ping(&["--repl-in", &endpoint(&daemon)]);
    assert_eq!(code, Some(1), "{stderr}");
    for wrong in [["--repl-in", "in"], ["--timeout", "-1"], ["--timeout", "soon"]] {
        assert_eq!(ping(&wrong).0, Some(64), "{wrong:?}");
    }
}

#[test]
fn a_daemon_that_stands_still_does_not_answer_in_time() {
    let daemon = Daemon::of(PROGRAM, "python");
    answer(&daemon);
    let serving = Pid::from_raw(daemon.serving_pid());
    kill(serving, Signal::SIGSTOP).unwrap();
    let since = Instant::now();
    let (code, _, stderr) = ping(&["--repl-in", &endpoint(&daemon), "--timeout", "0.5"]);
    kill(serving, Signal::SIGCONT).unwrap();
    assert!(since.elapsed() < Duration::from_secs(5), "it took {:?}", since.elapsed());
    assert!(code == Some(1) && stderr.contains("no answer within 500ms"), "{code:?}: {stderr}");
}

/// Connects to whatever listens as the daemon does, and keeps hundreds of connections that it never reads from.
const HANGER_ON: &str = "
import socket
names = [line.split()[-1] for line in open('/proc/net/unix') if '@kernel-runner-' in line]
kept = []
for name in names * 300:
    one = socket.socket(socket.AF_UNIX)
    try:
        one.connect('\\0' + name[1:])
    except OSError:
        continue
    kept.append(one)
print('connected', flush=True)
import time
time.sleep(1000)
";

#[test]
fn user_code_that_connects_hundreds_of_times_does_no_harm() {
    let daemon = Daemon::of(PROGRAM, "python");
    answer(&daemon);
    let mut client = Client::connect(&daemon);
    client.send(Request::Query(HANGER_ON.to_owned()));
    client.read_until_stdout("connected");
    assert_eq!(answer(&daemon)["running"], "code");
    client.send(Request::Interrupt);
    client.finish(RequestKind::Query);
}
