//! `console` blocks: what stands behind `$` is run, and prints what stands below it.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use runner_core::Registration;
use runner_testkit::{PATIENCE, wait_until};
use tempfile::TempDir;

use crate::PROGRAM;
use crate::options;
use crate::pages::Page;

/// Programs that a test does not run for a page's sake.
const NOT_RUN: [&str; 5] = ["cargo", "cd", "docker", "kubectl", "podman"];
/// What the examples of the help are about.
const FILES: [(&str, &str); 5] = [
    ("hello.py", "print('hello')"),
    ("tests.py", "print('tested')"),
    ("hello.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); }"),
    ("main.c", "int twice(int number);\nint main(void) { return twice(0); }"),
    ("list.c", "int twice(int number) { return 2 * number; }"),
];
/// It stands for anything: in a line for a part of it, alone for any number of lines.
const ELISION: &str = "...";

#[test]
fn commands_print_what_the_pages_say() {
    let mut problems = Vec::new();
    let mut count = 0;
    for page in Page::all() {
        let folder = TempDir::new().unwrap();
        // Pages call the program as if it were on the `PATH`, or beside them.
        symlink(PROGRAM, folder.path().join("kernel-runner")).unwrap();
        for (command, expected) in page.blocks().iter().filter(|block| block.language == "console").flat_map(commands) {
            count += 1;
            if expected.is_empty() && is_daemon(&command) {
                serves(folder.path(), &command);
                continue;
            }
            let (printed, has_succeeded) = outcome(folder.path(), &command);
            let lines: Vec<_> = printed.lines().map(str::trim_end).collect();
            // A page may leave out what a command prints.
            let is_as_expected = if expected.is_empty() { has_succeeded } else { is_match(&expected, &lines) };
            if !is_as_expected {
                problems.push(format!("{}: {command}\nprints\n{printed}\nand not\n{}", page.path, expected.join("\n")));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(count > 10, "only {count} commands were found on the pages");
}

#[test]
fn the_examples_of_the_help_work() {
    let mut count = 0;
    for command in [&["--help"][..], &["run", "--help"], &["eval", "--help"]] {
        let help = options::output(command);
        let (_, examples) = help.split_once("Examples:\n").expect("the help has examples");
        for example in examples.lines().map(str::trim) {
            let folder = TempDir::new().unwrap();
            symlink(PROGRAM, folder.path().join("kernel-runner")).unwrap();
            for (name, text) in FILES {
                fs::write(folder.path().join(name), text).unwrap();
            }
            // What stands behind a gap is a remark.
            let command = example.split("  ").next().unwrap();
            if is_daemon(command) {
                serves(folder.path(), &command.replace("/tmp/", &format!("{}/", folder.path().display())));
            } else {
                let (printed, has_succeeded) = outcome(folder.path(), command);
                assert!(has_succeeded, "{command}\n{printed}");
            }
            count += 1;
        }
    }
    assert!(count > 10, "only {count} examples were found in the help");
}

/// The commands of a block that are to be run, each with the lines that it prints.
fn commands(block: &crate::pages::Block<'_>) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for line in block.code.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), Vec::new())),
            (None, Some((command, _))) if command.ends_with('\\') => {
                command.push('\n');
                command.push_str(line);
            }
            (None, Some((_, output))) => output.push(line.trim_end().to_owned()),
            (None, None) => panic!("a block begins without a command: {line}"),
        }
    }
    commands.retain(|(command, _)| !NOT_RUN.contains(&command.split(' ').next().unwrap_or_default()));
    commands
}

/// Whether this starts the daemon, which ends when it is told to.
fn is_daemon(command: &str) -> bool {
    let mut words = command.split(' ');
    let is_ours = words.next().is_some_and(|word| word.trim_start_matches("./") == "kernel-runner");
    is_ours && words.next().is_some_and(|word| Registration::find(word).is_ok())
}

fn shell(folder: &Path, command: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let mut shell = Command::new("bash");
    let path = std::env::var("PATH").unwrap();
    shell.args(["-c", command]).current_dir(folder).env("PATH", format!("{}:{path}", folder.display()));
    shell.stdin(Stdio::null()).process_group(0);
    shell
}

/// All that a command prints, on both streams, and whether it succeeds.
fn outcome(folder: &Path, command: &str) -> (String, bool) {
    let (mut output, ours) = std::io::pipe().unwrap();
    let mut child = {
        let mut shell = shell(folder, command);
        shell.stdout(ours.try_clone().unwrap()).stderr(ours);
        shell.spawn().unwrap()
    };
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let (over, watched) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        // A command that hangs is killed, so that the test ends.
        if watched.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    });
    let mut printed = Vec::new();
    output.read_to_end(&mut printed).unwrap();
    let status = child.wait().unwrap();
    drop(over);
    watchdog.join().unwrap();
    (String::from_utf8(printed).unwrap(), status.success())
}

/// Starts the daemon in a folder and on endpoints of the test's own, unless it names others, and ends it as a container's end does.
fn serves(folder: &Path, command: &str) {
    let mut shell = shell(folder, &format!("exec {command}"));
    for (variable, name) in [("KERNEL_RUNNER_REPL_IN", "in"), ("KERNEL_RUNNER_REPL_OUT", "out")] {
        shell.env(variable, format!("ipc://{}", folder.join(name).display()));
    }
    shell.env("KERNEL_RUNNER_WORK_DIR", folder).env("KERNEL_RUNNER_USER_INPUT", "none");
    let mut daemon = shell.stderr(Stdio::inherit()).spawn().unwrap();
    let bound = wait_until(PATIENCE, || folder.join("out").exists().then_some(()));
    let _ = kill(Pid::from_raw(i32::try_from(daemon.id()).unwrap()), Signal::SIGTERM);
    let ended = wait_until(PATIENCE, || daemon.try_wait().unwrap());
    assert!(bound.is_some() && ended.is_some_and(|status| status.success()), "{command}: {bound:?}, {ended:?}");
    for name in ["in", "out"] {
        let _ = fs::remove_file(folder.join(name));
    }
}

/// Whether the lines are those expected.
fn is_match(expected: &[String], lines: &[&str]) -> bool {
    match expected {
        [] => lines.is_empty(),
        [first, rest @ ..] if first == ELISION => (0..=lines.len()).any(|start| is_match(rest, &lines[start..])),
        [first, rest @ ..] => lines.first().is_some_and(|line| is_line(first, line)) && is_match(rest, &lines[1..]),
    }
}

fn is_line(expected: &str, line: &str) -> bool {
    let Some((start, end)) = expected.split_once(ELISION) else { return expected == line };
    line.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
}
