//! The command line, as a user types it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]
#![expect(clippy::format_collect, reason = "the texts are small, and this way is the plainest")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runner_testkit::PATIENCE;
use tempfile::TempDir;

/// Runs the program in `folder`, with `stdin` as its standard input.
fn kernel_runner_in(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_kernel-runner"));
    command.args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut pipe, stdin) = (child.stdin.take().unwrap(), stdin.to_owned());
    // A program that does not read its standard input closes it, and that is no failure.
    let writer = thread::spawn(move || pipe.write_all(stdin.as_bytes()));
    let (over, watched) = mpsc::channel::<()>();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let watchdog = thread::spawn(move || {
        // A runner that hangs is killed, so that its test fails and the others go on.
        if watched.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(over);
    watchdog.join().unwrap();
    let _ = writer.join().unwrap();
    output
}

fn kernel_runner(arguments: &[&str], stdin: &str) -> Output {
    kernel_runner_in(TempDir::new().unwrap().path(), arguments, stdin)
}

/// The exit code, standard output and standard error.
fn parts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn folder_with(name: &str, text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

const HELLO_C: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 4; }\n";

#[test]
fn run_takes_the_language_from_the_file_name() {
    let folder = folder_with("greet.py", "print('hello')\nraise SystemExit(4)\n");
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "greet.py"], ""));
    assert_eq!((code, stdout.as_str()), (Some(4), "hello\n"), "{stderr}");
}

#[test]
fn run_builds_c_and_leaves_nothing_beside_the_source() {
    let folder = folder_with("greet.c", HELLO_C);
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "greet.c"], ""));
    assert_eq!((code, stdout.as_str()), (Some(4), "hello\n"), "{stderr}");
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(files, ["greet.c"]);
}

#[test]
fn run_takes_a_program_from_standard_input() {
    let (code, stdout, stderr) = parts(&kernel_runner(&["run", "c", "-"], HELLO_C));
    assert_eq!((code, stdout.as_str()), (Some(4), "hello\n"), "{stderr}");
    let (code, stdout, stderr) = parts(&kernel_runner(&["run", "python", "-"], "print(6 * 7)"));
    assert_eq!((code, stdout.as_str()), (Some(0), "42\n"), "{stderr}");
}

#[test]
fn run_takes_a_folder() {
    let folder = folder_with("main.py", "print('hello')\n");
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "python", "."], ""));
    assert_eq!((code, stdout.as_str()), (Some(0), "hello\n"), "{stderr}");
}

#[test]
fn run_takes_a_command_instead_of_the_heuristic() {
    let folder = folder_with("main.py", "print('the heuristic')\n");
    let arguments = ["run", "python", "--exec", "echo mine; exit 5", "."];
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &arguments, ""));
    assert_eq!((code, stdout.as_str()), (Some(5), "mine\n"), "{stderr}");
}

#[test]
fn run_passes_standard_input_to_the_program() {
    let folder = folder_with("add.py", "import sys\nprint(sum(int(line) for line in sys.stdin))\n");
    let numbers: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "add.py"], &numbers));
    assert_eq!((code, stdout.as_str()), (Some(0), "49995000\n"), "{stderr}");
}

#[test]
fn run_says_why_a_build_failed_and_runs_nothing() {
    let folder = folder_with("bad.c", "int main(void) { return\n");
    let (code, stdout, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "bad.c"], ""));
    assert_ne!(code, Some(0));
    assert_eq!(stdout, "");
    assert!(stderr.contains("bad.c"), "{stderr}");
}

#[test]
fn run_exits_as_a_shell_does_when_a_signal_kills_the_program() {
    let folder = folder_with("die.py", "import os\nos.kill(os.getpid(), 9)\n");
    let (code, _, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "die.py"], ""));
    assert_eq!(code, Some(128 + 9), "{stderr}");
    assert!(stderr.contains("SIGKILL"), "{stderr}");
}

#[test]
fn run_that_is_told_to_end_does_not_exit_as_if_the_program_had_succeeded() {
    let folder = folder_with("end.py", "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\nsignal.pause()\n");
    let (code, _, stderr) = parts(&kernel_runner_in(folder.path(), &["run", "end.py"], ""));
    assert_eq!(code, Some(128 + 15), "{stderr}");
}

#[test]
fn run_of_a_file_that_is_not_there_exits_with_74() {
    let (code, stdout, stderr) = parts(&kernel_runner(&["run", "nowhere.py"], ""));
    assert_eq!((code, stdout.as_str()), (Some(74), ""));
    assert!(stderr.contains("nowhere.py") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn eval_keeps_the_state_from_piece_to_piece() {
    let (code, stdout, stderr) = parts(&kernel_runner(&["eval", "python", "x = 6", "print(x * 7)"], ""));
    assert_eq!((code, stdout.as_str()), (Some(0), "42\n"), "{stderr}");
}

#[test]
fn eval_with_fresh_queries_keeps_nothing() {
    let arguments = ["eval", "python", "--query", "fresh", "x = 6", "print(x * 7)"];
    let (code, stdout, stderr) = parts(&kernel_runner(&arguments, ""));
    assert_ne!(code, Some(0));
    assert!(stdout.is_empty() && stderr.contains("NameError"), "{stderr}");
}

#[test]
fn eval_prints_records_as_lines_of_json() {
    let (code, stdout, stderr) = parts(&kernel_runner(&["eval", "python", "--json", "print(1)"], ""));
    let lines: Vec<serde_json::Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [
        serde_json::json!({"type": "stdout", "text": "1\n"}),
        serde_json::json!({"type": "finished", "data": {"exitCode": 0}}),
    ];
    assert_eq!((code, lines.as_slice()), (Some(0), expected.as_slice()), "{stderr}");
}

#[test]
fn list_shows_each_language() {
    let (code, stdout, _) = parts(&kernel_runner(&["list"], ""));
    assert_eq!(code, Some(0));
    for language in ["c", "python"] {
        assert!(stdout.lines().any(|line| line.starts_with(language)), "{stdout}");
    }
}

#[test]
fn completions_for_bash_complete_this_program() {
    let (code, stdout, _) = parts(&kernel_runner(&["completions", "bash"], ""));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("complete") && stdout.contains("kernel-runner"), "{stdout}");
}

#[test]
fn help_and_version_exit_with_0() {
    let (code, stdout, _) = parts(&kernel_runner(&["--version"], ""));
    assert_eq!((code, stdout), (Some(0), format!("kernel-runner {}\n", env!("CARGO_PKG_VERSION"))));
    for arguments in [&["--help"][..], &["run", "--help"], &["eval", "--help"]] {
        let (code, stdout, _) = parts(&kernel_runner(arguments, ""));
        assert!(code == Some(0) && stdout.contains("Usage"), "{arguments:?}: {stdout}");
    }
}

#[test]
fn a_wrong_command_line_exits_with_64() {
    for arguments in [&["--no-such-option"][..], &[], &["run"], &["eval", "cobol", "1"]] {
        let (code, stdout, stderr) = parts(&kernel_runner(arguments, ""));
        assert_eq!((code, stdout.as_str()), (Some(64), ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty());
    }
}
