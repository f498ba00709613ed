//! The daemon on the wire: what any client may send, and what must come of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]
#![expect(clippy::format_collect, reason = "the texts are small, and this way is the plainest")]

use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use runner_core::{CompletionRequest, Display, Record, Request, RequestKind, ServiceState, StartService, Step};
use runner_testkit::{Client, Daemon, DaemonOptions, PATIENCE, wait_until, with_mark};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernel-runner");

fn start() -> (Daemon, Client) {
    connected(options("python"))
}

fn options(language: &str) -> DaemonOptions {
    Daemon::options(PROGRAM, language)
}

fn connected(options: DaemonOptions) -> (Daemon, Client) {
    let daemon = options.start();
    let client = Client::connect(&daemon);
    (daemon, client)
}

fn shell(command: &str) -> Request {
    Request::Execute(Step::Command(command.to_owned()))
}

fn shown(mime: &str, data: &'static str) -> Record {
    Record::Display(Display::new(mime, data))
}

fn assert_serves(client: &mut Client) {
    let outcome = client.run(shell("echo alive"));
    assert_eq!((outcome.stdout_text().as_str(), outcome.exit_code), ("alive\n", Some(0)), "{outcome:?}");
}

/// Starts the daemon where it cannot start.
fn fails(arguments: &[&str]) -> (Option<i32>, String) {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let output: Output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn garbage_is_survived() {
    let (_daemon, mut client) = start();
    client.send_raw(&[b"code"]);
    client.send_raw(&[b"code", b"print(1)", b"and more"]);
    client.send_raw(&[b""]);
    client.send_raw(&[b"", b""]);
    client.send_raw(&[b"no-such-request", b"\xff"]);
    client.send_raw(&[b"\xff\xfe", b"x"]);
    client.send_raw(&[b"start-model-service", b"{"]);
    client.send_raw(&[b"event", b"[]"]);
    let status = client.run(Request::Status);
    let answers: Vec<&str> = status.records.iter().map(Record::name).filter(|name| *name != "log").collect();
    assert!(answers == ["status"] || answers == ["model-service-result", "status"], "{answers:?}");
    assert_serves(&mut client);
}

#[test]
fn code_that_is_not_utf8_is_answered_with_127() {
    let (_daemon, mut client) = start();
    client.send_raw(&[b"code", b"print('\xff')"]);
    let outcome = client.finish(RequestKind::Query);
    assert_eq!(outcome.exit_code, Some(127), "{outcome:?}");
    assert_serves(&mut client);
}

#[test]
fn a_bad_completion_request_gets_an_empty_completion() {
    let (_daemon, mut client) = start();
    client.send_raw(&[b"complete", b"{"]);
    let outcome = client.finish(RequestKind::Complete);
    assert_eq!(outcome.records.last(), Some(&Record::Completion(Vec::new())));
    assert_serves(&mut client);
}

#[test]
fn a_new_client_is_served_when_the_old_one_is_gone() {
    let (daemon, mut client) = start();
    assert_serves(&mut client);
    drop(client);
    assert_serves(&mut Client::connect(&daemon));
}

#[test]
fn output_waits_for_a_late_reader() {
    let daemon = options("python").start();
    let mut client = Client::connect_without_reading(&daemon);
    let done = daemon.work_dir().join("done");
    client.send(shell("seq 100000; touch done"));
    assert!(wait_until(PATIENCE, || done.exists().then_some(())).is_some(), "the command was not run without a reader");
    client.start_reading();
    let outcome = client.finish(RequestKind::Execute);
    let expected: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    assert!(outcome.stdout_text() == expected, "{} of {} bytes came", outcome.stdout.len(), expected.len());
    assert_eq!(outcome.exit_code, Some(0));
}

#[test]
fn exec_is_skipped_after_its_own_failed_build_and_only_then() {
    let (_daemon, mut client) = start();
    assert_eq!(client.run(Request::Clean(Step::Skip)).exit_code, Some(0));
    assert_eq!(client.run(Request::Build(Step::Command("exit 9".into()))).exit_code, Some(9));
    let skipped = client.run(shell("echo no"));
    assert_eq!((skipped.exit_code, skipped.stdout_text().as_str()), (Some(127), ""), "{skipped:?}");
    assert_serves(&mut client);

    client.run(Request::Build(Step::Command("exit 9".into())));
    assert_eq!(client.query("print(1)").stdout_text(), "1\n");
    assert_serves(&mut client);

    client.run(Request::Build(Step::Command("exit 9".into())));
    // An empty build is one that has nothing to do, and it succeeds.
    assert_eq!(client.run(Request::Build(Step::Skip)).exit_code, Some(0));
    assert_serves(&mut client);
}

#[test]
fn a_service_that_nobody_knows_has_failed() {
    let (_daemon, mut client) = start();
    let service = StartService { name: "no-such-service".into(), protocol: "http".into(), ..Default::default() };
    let outcome = client.run(Request::StartService(service));
    let Some(Record::ServiceResult(result)) = outcome.records.last() else { unreachable!("`run` ends with it") };
    assert_eq!(result.status, ServiceState::Failed);
    assert!(result.error.as_ref().is_some_and(|error| !error.is_empty()), "{result:?}");
    client.run(Request::GetApps(None));
}

#[test]
fn taken_ports_end_it_with_74_and_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://127.0.0.1:{}", taken.local_addr().unwrap().port());
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, stderr) =
        fails(&["python", "--work-dir", path, "--repl-in", &endpoint, "--repl-out", &endpoint, "--user-input", "none"]);
    assert_eq!((code, stderr.lines().count()), (Some(74), 1), "{stderr}");
    assert!(stderr.contains(&endpoint), "{stderr}");
}

#[test]
fn a_missing_working_directory_ends_it_with_64() {
    let (code, stderr) = fails(&["python", "--work-dir", "/no/such/folder"]);
    assert_eq!(code, Some(64), "{stderr}");
    assert!(stderr.contains("/no/such/folder"), "{stderr}");
}

#[test]
fn an_unknown_language_ends_it_with_64_and_the_linked_ones() {
    let (code, stderr) = fails(&["cobol"]);
    assert_eq!(code, Some(64), "{stderr}");
    assert!(stderr.contains("cobol") && stderr.contains("python"), "{stderr}");
}

#[test]
fn environ_txt_reaches_the_children() {
    let environment = "FROM_FILE=a b=c\nno entry\n\nSECOND=2\n";
    let (_daemon, mut client) = connected(options("python").file("config/environ.txt", environment));
    assert_eq!(client.run(shell("echo \"$FROM_FILE|$SECOND\"")).stdout_text(), "a b=c|2\n");
    assert_eq!(client.query("import os; print(os.environ['FROM_FILE'])").stdout_text(), "a b=c\n");
}

#[test]
fn intrinsic_ports_are_honoured() {
    let free: Vec<u16> = {
        let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
        listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
    };
    let ports = format!("{{\"replin\": {}, \"replout\": {}}}", free[0], free[1]);
    let options = options("python").own_endpoints().arg("--bind").arg("127.0.0.1");
    let daemon = options.file("config/intrinsic-ports.json", &ports).start();
    let address = |port: u16| format!("tcp://127.0.0.1:{port}");
    let mut client = Client::at(&address(free[0]), &address(free[1]), &daemon);
    client.start_reading();
    assert_serves(&mut client);
}

#[test]
fn a_side_channel_connection_gets_the_next_input_and_is_closed() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = options("python").own_user_input();
    let socket = options.folder().join("input.sock");
    let channels = format!("tcp://{free},ipc://{}", socket.display());
    let (_daemon, mut client) = connected(options.arg("--user-input").arg(channels));
    client.send(shell("echo started; sleep 100"));
    client.read_until_stdout("started");

    client.answer("from tcp");
    let mut connection = TcpStream::connect(free).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(text_of(&mut client, move |text| connection.read_to_string(text)), "from tcp");
    client.answer("from unix");
    let mut connection = UnixStream::connect(&socket).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(text_of(&mut client, move |text| connection.read_to_string(text)), "from unix");
    client.send(Request::Interrupt);
    client.finish(RequestKind::Execute);
}

/// The daemon as a user without rights starts it, as containers do.
fn without_rights(folder: &TempDir) -> DaemonOptions {
    if !nix::unistd::geteuid().is_root() {
        return options("python");
    }
    let program = folder.path().join("kernel-runner");
    fs::copy(PROGRAM, &program).unwrap();
    let start = folder.path().join("start");
    let command = "exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all --bounding-set -all";
    fs::write(&start, format!("#!/bin/sh\n{command} '{}' \"$@\"\n", program.display())).unwrap();
    let options = Daemon::options(&start, "python");
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    for path in [folder.path(), &start, options.folder()] {
        open(path);
    }
    for name in ["work", "config", "tmp"] {
        open(&options.folder().join(name));
    }
    options
}

#[test]
fn a_zombie_does_not_hide_who_waits_for_input() {
    const PROGRAM: &str = "import os, sys, time
child = os.fork() or os._exit(0)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
time.sleep(0.2) # The runner looks at both meanwhile.
print(sys.stdin.readline())";
    let folder = TempDir::new().unwrap();
    let (_daemon, mut client) = connected(without_rights(&folder).file("work/zombie.py", PROGRAM));
    client.answer("first");
    client.answer("second");
    let outcome = client.run(shell("python3 zombie.py; head -n 1"));
    assert_eq!((outcome.stdout_text().as_str(), outcome.exit_code), ("first\n\nsecond\n", Some(0)), "{outcome:?}");
    assert!(outcome.log.is_empty(), "{outcome:?}");
}

/// What a connection gets while the client answers one `waiting-input`.
fn text_of(client: &mut Client, read: impl FnOnce(&mut String) -> std::io::Result<usize> + Send + 'static) -> String {
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        read(&mut text).map(|_| text)
    });
    client.collect(|outcome| matches!(outcome.records.last(), Some(Record::WaitingInput { .. })));
    reader.join().unwrap().unwrap()
}

#[test]
fn an_interrupt_ends_a_whole_command_line() {
    let (_daemon, mut client) = start();
    client.send(shell("echo started; sleep 100 && echo no; sleep 100; echo no"));
    client.read_until_stdout("started");
    let since = Instant::now();
    client.send(Request::Interrupt);
    let outcome = client.finish(RequestKind::Execute);
    assert!(since.elapsed() < Duration::from_secs(1), "it took {:?}", since.elapsed());
    assert_eq!((outcome.exit_code, outcome.stdout_text().trim()), (Some(-2), ""), "{outcome:?}");
    assert_serves(&mut client);
}

#[test]
fn death_by_a_signal_has_its_negative_number_and_is_put_in_words() {
    let (_daemon, mut client) = start();
    let outcome = client.run(shell("kill -SEGV $$"));
    assert_eq!(outcome.exit_code, Some(-11), "{outcome:?}");
    assert!(outcome.stderr_text().contains("killed by SIGSEGV"), "{outcome:?}");
}

#[test]
fn a_process_that_became_a_daemon_is_gone_with_the_runner() {
    let (mut daemon, mut client) = start();
    let outcome = client.run(shell("setsid sh -c 'sleep 1000 & echo $!; exit 0' < /dev/null 2> /dev/null"));
    let pid: i32 = outcome.stdout_text().trim().parse().unwrap();
    assert!(with_mark(&daemon.mark()).contains(&pid), "{pid} does not run");
    daemon.terminate();
    assert!(!with_mark(&daemon.mark()).contains(&pid));
}

/// Shows its argument between two lines of text, as the book's page on pictures has it, or without waiting.
const SHOW: &str = r#"
import os, socket
def show(mime, data, waits=True):
    with socket.socket(socket.AF_UNIX) as display:
        display.connect(os.environ["KERNEL_RUNNER_DISPLAY"])
        display.sendall(mime + b"\n" + data)
        display.shutdown(socket.SHUT_WR)
        if waits:
            display.recv(1)
"#;

#[test]
fn what_a_program_shows_comes_in_order_with_what_it_prints() {
    let program = format!(
        r#"{SHOW}
print("one", flush=True)
show(b"image/png", b"PNG")
print("two", flush=True)
os.close(1), os.close(2)
show(b"text/html", b"<b>")
show(b"", b"no type")
show(b"text/plain", b"the last words", waits=False)
"#
    );
    let (_daemon, mut client) = connected(options("python").file("work/show.py", &program));
    let expected = [
        Record::Stdout("one\n".into()),
        shown("image/png", "PNG"),
        Record::Stdout("two\n".into()),
        shown("text/html", "<b>"),
        Record::Stderr("what the program showed was not sent: its first line is no MIME type\n".into()),
        shown("text/plain", "the last words"),
    ];
    let outcome = client.run(shell("exec python3 show.py"));
    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_eq!(joined(&outcome.records[..outcome.records.len() - 1]), expected, "{outcome:?}");

    let outcome = client.query(&format!("{SHOW}print(1, flush=True); show(b'image/png', b'PNG'); print(2)"));
    let expected = [Record::Stdout("1\n".into()), shown("image/png", "PNG"), Record::Stdout("2\n".into())];
    assert_eq!(joined(&outcome.records[..outcome.records.len() - 1]), expected, "{outcome:?}");
}

/// Where output is cut into records is nobody's promise.
fn joined(records: &[Record]) -> Vec<Record> {
    let mut joined: Vec<Record> = Vec::new();
    for record in records {
        match (joined.last_mut(), record) {
            (Some(Record::Stdout(last)), Record::Stdout(more)) => *last = [&last[..], more].concat().into(),
            _ => joined.push(record.clone()),
        }
    }
    joined
}

#[test]
fn completions_are_an_array_for_old_agents() {
    let (_daemon, mut client) = connected(options("python").arg("--completion-format").arg("array"));
    // What is late, on a busy machine, is an empty array.
    let suggestions = wait_until(PATIENCE, || {
        client.send(Request::Complete(CompletionRequest::at_end("prin")));
        let is_completion = |frames: &Vec<Vec<u8>>| frames[0] == b"completion";
        let mut messages = std::iter::from_fn(|| client.next_raw_within(PATIENCE));
        let frames = messages.find(is_completion).expect("a completion");
        let suggestions: Vec<String> = serde_json::from_slice(&frames[1]).unwrap();
        (!suggestions.is_empty()).then_some(suggestions)
    });
    assert!(suggestions.iter().flatten().any(|suggestion| suggestion.starts_with("print")), "{suggestions:?}");
}

#[test]
fn fresh_queries_share_no_state() {
    assert_fresh(options("python").arg("--query").arg("fresh"));
}

#[test]
fn the_session_s_environment_may_ask_for_fresh_queries() {
    assert_fresh(options("python").file("config/environ.txt", "KERNEL_RUNNER_QUERY=fresh\n"));
}

fn assert_fresh(options: DaemonOptions) {
    let (_daemon, mut client) = connected(options);
    assert_eq!(client.query("x = 1; print(x)").stdout_text(), "1\n");
    let outcome = client.query("print(x)");
    assert_ne!(outcome.exit_code, Some(0));
    assert!(outcome.stderr_text().contains("NameError"), "{outcome:?}");
}

#[test]
fn sigterm_ends_an_idle_runner_that_leaves_no_socket_file() {
    let (mut daemon, mut client) = start();
    assert_serves(&mut client);
    daemon.terminate();
    assert!(fs::read_dir(daemon.temp_dir()).unwrap().next().is_none());
}
