//! What a user sees who types at the console.

#![cfg(feature = "python")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

mod tmux;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runner_testkit::{Daemon, PATIENCE, wait_until};
use tmux::Tmux;

/// Python's own interpreter says the same wherever it is.
const CONSOLE: [&str; 4] = ["console", "python", "--python-engine", "plain"];

/// A console that shows its first prompt.
fn console() -> Option<Tmux> {
    let terminal = Tmux::start(&CONSOLE)?;
    terminal.wait_for_end("python>");
    Some(terminal)
}

#[test]
fn code_of_several_lines_is_entered_when_it_is_whole() {
    let Some(terminal) = console() else { return };
    terminal.enter("x = (1 +");
    terminal.wait_for_end("......>");
    terminal.enter("  2)");
    terminal.enter("x");
    let screen = terminal.wait_for_end("3\npython>");
    assert!(screen.ends_with("python> x = (1 +\n......>   2)\npython> x\n3\npython>"), "{screen}");
}

#[test]
fn a_block_ends_with_an_empty_line() {
    let Some(terminal) = console() else { return };
    terminal.enter("def f(x):");
    terminal.wait_for_end("......>");
    terminal.enter("    return x * 2");
    terminal.press(&["Enter"]);
    terminal.enter("f(21)");
    terminal.wait_for_end("python> def f(x):\n......>     return x * 2\npython> f(21)\n42\npython>");
}

#[test]
fn alt_enter_goes_on_in_the_next_line_with_the_same_indentation() {
    let Some(terminal) = console() else { return };
    terminal.type_in("if True:");
    terminal.press(&["M-Enter", "Tab"]);
    terminal.type_in("x = 1");
    terminal.press(&["M-Enter"]);
    terminal.enter("print(x)");
    terminal.press(&["Enter"]);
    let screen = terminal.wait_for_end("1\npython>");
    assert!(screen.contains("python> if True:\n......>     x = 1\n......>     print(x)\n"), "{screen}");
}

#[test]
fn the_history_outlives_the_console() {
    let Some(terminal) = console() else { return };
    terminal.enter("first = (1,");
    terminal.enter("2)");
    terminal.enter("second = 2");
    terminal.wait_for_end("python> second = 2\npython>");
    terminal.press(&["C-d"]);
    terminal.wait_for_end("exit code 0");
    assert!(terminal.folder().join(".local/state/kernel-runner/history-python").is_file());

    terminal.run(&CONSOLE);
    terminal.wait_for_end("python>");
    terminal.press(&["Up"]);
    terminal.wait_for_end("python> second = 2");
    terminal.press(&["Up"]);
    terminal.wait_for_end("python> first = (1,\n......> 2)");
    terminal.press(&["C-c", "C-r"]);
    terminal.type_in("sec");
    terminal.wait_for_end("('sec') second = 2");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("python> second = 2\npython>");
}

#[test]
fn a_history_that_cannot_be_kept_is_told_once_and_harms_nothing() {
    let Some(terminal) = Tmux::start(&[&CONSOLE[..], &["--history", "/dev/null/history"]].concat()) else { return };
    terminal.wait_for_end("python>");
    terminal.enter("print('here')");
    let screen = terminal.wait_for_end("here\npython>");
    assert_eq!(screen.matches("no history is kept").count(), 1, "{screen}");
}

#[test]
fn tab_completes_also_while_code_runs() {
    let Some(terminal) = console() else { return };
    terminal.enter("import os, time");
    terminal.wait_for_end("import os, time\npython>");
    terminal.type_in("os.path.isab");
    terminal.press(&["Tab"]);
    terminal.wait_for("python> os.path.isabs");
    terminal.press(&["C-u"]);
    terminal.enter("time.sleep(600)");
    terminal.wait_for_end("python> time.sleep(600)");
    terminal.type_in("os.getpp");
    terminal.wait_for_end("python> os.getpp");
    terminal.press(&["Tab"]);
    terminal.wait_for("python> os.getppid");
    terminal.press(&["C-c"]);
    terminal.wait_for("KeyboardInterrupt");
}

#[test]
fn several_suggestions_are_shown_and_chosen_from() {
    let Some(terminal) = console() else { return };
    terminal.enter("name_one = name_two = 1");
    terminal.wait_for_end("python>");
    terminal.type_in("nam");
    terminal.press(&["Tab"]);
    terminal.wait_for_end("python> name_");
    terminal.press(&["Tab"]);
    terminal.wait_for_end("python> name_\nname_one  name_two");
    terminal.press(&["Tab", "Tab"]);
    terminal.wait_for_end("python> name_two\nname_one  name_two");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("python> name_two\n1\npython>");
}

#[test]
fn what_is_typed_ahead_runs_in_order_and_its_output_comes_above() {
    let Some(terminal) = console() else { return };
    terminal.enter("import os, time");
    terminal.enter("while not os.path.exists('go'): print('.', end='', flush=True); time.sleep(0.05)");
    terminal.press(&["Enter"]);
    terminal.wait_for("\n..");
    terminal.enter("print('se' + 'cond')");
    terminal.enter("print('th' + 'ird')");
    terminal.type_in("fourth");
    let screen = terminal.wait_for_end("python> print('se' + 'cond')\npython> print('th' + 'ird')\npython> fourth");
    assert!(!screen.contains("second"), "{screen}");
    fs::write(terminal.folder().join("go"), "").unwrap();
    let screen = terminal.wait_for("third\n");
    let end = "\npython> print('se' + 'cond')\nsecond\npython> print('th' + 'ird')\nthird\npython> fourth";
    let dots = screen.strip_suffix(end).unwrap_or_else(|| panic!("{screen}"));
    let line = dots.lines().last().unwrap();
    assert!(line.len() > 1 && line.chars().all(|character| character == '.'), "{screen}");
}

#[test]
fn a_line_that_a_program_has_not_ended_stays_as_it_is() {
    let Some(terminal) = console() else { return };
    terminal.enter("print('x', end='')");
    terminal.wait_for_end("python> print('x', end='')\nx\npython>");
    terminal.enter("for i in range(101): print(f'\\r{i:3} %', end='')");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("100 %\npython>");
}

#[test]
fn ctrl_c_interrupts_the_code_and_drops_the_line() {
    let Some(terminal) = console() else { return };
    terminal.enter("x = 5");
    terminal.wait_for_end("python> x = 5\npython>");
    terminal.enter("import time; print('asleep'); time.sleep(600)");
    terminal.wait_for_end("\nasleep");
    terminal.press(&["C-c"]);
    terminal.wait_for_end("KeyboardInterrupt\npython>");
    terminal.type_in("never entered");
    terminal.press(&["C-c"]);
    terminal.wait_for_end("python> never entered^C\npython>");
    terminal.enter("x");
    terminal.wait_for_end("python> x\n5\npython>");
}

#[test]
fn the_end_of_a_session_is_told_and_the_console_goes_on() {
    let Some(terminal) = console() else { return };
    terminal.enter("import os; os._exit(4)");
    terminal.wait_for("the state is gone");
    terminal.enter("print('new')");
    terminal.wait_for_end("new\npython>");
    terminal.press(&["C-d"]);
    terminal.wait_for_end("exit code 0");
}

#[test]
fn ctrl_d_waits_for_what_runs() {
    let Some(terminal) = console() else { return };
    terminal.enter("import os, time");
    terminal.enter("while not os.path.exists('go'): time.sleep(0.05)");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("time.sleep(0.05)");
    terminal.enter("print('la' + 'st')");
    terminal.press(&["C-d"]);
    fs::write(terminal.folder().join("go"), "").unwrap();
    terminal.wait_for_end("python> print('la' + 'st')\nlast\nexit code 0");
}

#[test]
fn a_program_asks_with_its_own_prompt() {
    let Some(terminal) = console() else { return };
    terminal.enter("name = input('Name? ')");
    terminal.wait_for_end("\nName?");
    terminal.type_in("Jürn 漢x");
    terminal.press(&["BSpace", "Enter"]);
    terminal.enter("name");
    terminal.wait_for_end("Name? Jürn 漢\npython> name\n'Jürn 漢'\npython>");
    terminal.enter("input('More? ')");
    terminal.wait_for_end("More?");
    terminal.press(&["C-d"]);
    terminal.wait_for("EOFError");
    terminal.enter("input('And? ')");
    terminal.wait_for_end("And?");
    terminal.type_in("no");
    terminal.press(&["C-c"]);
    let screen = terminal.wait_for_end("KeyboardInterrupt\npython>");
    assert!(screen.contains("And? no^C\n"), "{screen}");
}

#[test]
fn code_that_is_being_typed_waits_for_a_program_that_asks() {
    let Some(terminal) = console() else { return };
    terminal.enter("import os, time");
    terminal.enter("while not os.path.exists('go'): time.sleep(0.05)");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("time.sleep(0.05)");
    terminal.enter("time.sleep(3); x = input('? ')");
    terminal.type_in("print('typed', x)");
    terminal.wait_for_end("python> print('typed', x)");
    fs::write(terminal.folder().join("go"), "").unwrap();
    terminal.wait_for_end("?");
    terminal.enter("answer");
    terminal.wait_for_end("? answer\npython> print('typed', x)");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("typed answer\npython>");
}

#[test]
fn a_password_is_not_seen() {
    let Some(terminal) = console() else { return };
    terminal.enter("import getpass; secret = getpass.getpass('Secret: ')");
    terminal.wait_for_end("Secret:");
    terminal.enter("hush");
    terminal.enter("len(secret)");
    let screen = terminal.wait_for_end("Secret:\npython> len(secret)\n4\npython>");
    assert!(!screen.contains("hush"), "{screen}");
}

#[test]
fn a_picture_is_saved_and_told() {
    let Some(terminal) = Tmux::start(&[&CONSOLE[..], &["--pictures", "save", "--media", "shown"]].concat()) else {
        return;
    };
    terminal.wait_for_end("python>");
    terminal.enter("print('before', end=''); display('image/png', b'a picture')");
    terminal.wait_for_end("before\n[image/png, 9 bytes: shown/display-1.png]\npython>");
    assert_eq!(fs::read(terminal.folder().join("shown/display-1.png")).unwrap(), b"a picture");
}

#[test]
fn wide_characters_have_their_width() {
    let Some(terminal) = console() else { return };
    terminal.type_in("'漢字🙂é'");
    terminal.press(&["Left", "Left", "Left", "Left"]);
    terminal.type_in("ü");
    terminal.press(&["Delete", "Enter"]);
    terminal.wait_for_end("python> '漢ü🙂é'\n'漢ü🙂é'\npython>");
    let long = "漢".repeat(60);
    terminal.type_in(&format!("len('{long}x"));
    terminal.press(&["BSpace"]);
    terminal.enter("')");
    terminal.wait_for_end("60\npython>");
}

#[test]
fn pasted_lines_are_entered_together_and_keep_their_indentation() {
    let Some(terminal) = console() else { return };
    terminal.paste("def f(x):\n    y = x * 2\n\n    return y\n\nprint(f(4))\n");
    terminal.wait_for_end("......> print(f(4))");
    terminal.press(&["Enter"]);
    terminal.wait_for_end("......> print(f(4))\n8\npython>");
}

#[test]
fn a_line_survives_another_size_of_the_window() {
    let Some(terminal) = console() else { return };
    let line = format!("print('{}', 6 * 7)", "x".repeat(80));
    terminal.type_in(&line);
    terminal.wait_for_end(&format!("python> {line}"));
    terminal.resize(60, 20);
    terminal.press(&["BSpace"]);
    // What is drawn for one size is drawn before the next one comes.
    terminal.wait_for_end(&format!("python> {}", line.trim_end_matches(')')));
    terminal.type_in(")");
    terminal.wait_for_end(&format!("python> {line}"));
    terminal.resize(120, 20);
    terminal.press(&["Enter"]);
    let screen = terminal.wait_for_end(&format!("{} 42\npython>", "x".repeat(80)));
    assert_eq!(screen.matches("print(").count(), 1, "{screen}");
}

#[test]
fn code_has_colours_unless_they_are_not_wanted() {
    let Some(terminal) = console() else { return };
    terminal.type_in("for x in 'text'");
    terminal.wait_for_end("python> for x in 'text'");
    let screen = terminal.coloured_screen();
    assert!(screen.contains("\x1b[35m") && screen.contains("\x1b[32m'text'"), "{screen:?}");
}

#[test]
fn a_signal_ends_the_console_in_order_and_gives_the_terminal_back() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        let Some(terminal) = console() else { return };
        terminal.enter("print('up')");
        terminal.wait_for_end("up\npython>");
        kill(Pid::from_raw(child_of(terminal.pid())), signal).unwrap();
        terminal.wait_for_end("exit code 0");
        // A terminal that shows what is typed is one that was given back.
        terminal.type_in("seen");
        terminal.wait_for("seen");
    }
}

/// The process that the shell in the terminal runs.
fn child_of(shell: i32) -> i32 {
    let file = format!("/proc/{shell}/task/{shell}/children");
    fs::read_to_string(file).unwrap().split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_daemon_is_talked_to_as_well_and_its_end_is_told() {
    let daemon = Daemon::options(env!("CARGO_BIN_EXE_kernel-runner"), "python").arg("--python-engine=plain").start();
    let folder = daemon.folder().display();
    let endpoints = format!("ipc://{folder}/in,ipc://{folder}/out");
    let Some(terminal) = Tmux::start(&["console", "python", "--connect", &endpoints]) else { return };
    terminal.wait_for_end("python>");
    terminal.enter("def f(x):");
    terminal.wait_for_end("......>");
    terminal.enter("    return x * 2");
    terminal.press(&["Enter"]);
    terminal.enter("f(int(input('? ')))");
    terminal.wait_for_end("?");
    terminal.enter("4");
    terminal.wait_for_end("? 4\n8\npython>");
    terminal.enter("import time; time.sleep(600)");
    terminal.wait_for_end("time.sleep(600)");
    terminal.type_in("time.perf_counter_");
    terminal.press(&["Tab"]);
    terminal.wait_for("python> time.perf_counter_ns");
    terminal.press(&["C-u", "C-c"]);
    terminal.wait_for_end("KeyboardInterrupt\npython>");
    kill(Pid::from_raw(daemon.pid()), Signal::SIGTERM).unwrap();
    terminal.wait_for_end("exit code 74");
    assert!(terminal.screen().contains("is gone"), "{}", terminal.screen());
}

/// Runs the console without a terminal.
fn piped(arguments: &[&str], stdin: &str) -> (Option<i32>, String, String) {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let mut command = Command::new(env!("CARGO_BIN_EXE_kernel-runner"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut pipe, stdin) = (child.stdin.take().unwrap(), stdin.to_owned());
    let writer = thread::spawn(move || std::io::Write::write_all(&mut pipe, stdin.as_bytes()));
    let ended = wait_until(PATIENCE, || child.try_wait().unwrap());
    if ended.is_none() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert!(ended.is_some(), "it does not end");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn without_a_terminal_code_is_read_line_by_line_and_there_are_no_prompts() {
    let code = "x = (1 +\n 2)\nx\nname = input('? ')\nthe next line\nname\nimport sys; sys.exit(3)\nprint('end')\n";
    let (exit_code, stdout, stderr) = piped(&CONSOLE, code);
    assert_eq!((exit_code, stdout.as_str()), (Some(3), "3\n? 'the next line'\nend\n"), "{stderr}");
}

#[test]
fn nobody_at_the_other_end_is_told_with_what_may_be_wrong() {
    let (exit_code, _, stderr) = piped(&["console", "--connect", "ipc:///nonexistent"], "");
    assert_eq!(exit_code, Some(74));
    assert!(stderr.contains("no kernel answers at ipc:///nonexistent/replin"), "{stderr}");
    let (exit_code, _, stderr) = piped(&["console", "--connect", "host:1"], "");
    assert_eq!(exit_code, Some(64));
    assert!(stderr.contains("HOST:IN:OUT"), "{stderr}");
}
