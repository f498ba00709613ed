//! The terminal, as those who type into it and watch it over its sockets see it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use runner_core::{
    AtEnd, Command, Context, ExitCode, Request, Result, Runner, Task, Terminal, TerminalQuery, async_trait,
    register_runner,
};
use runner_git as _;
use runner_testkit::{Client, Daemon, PATIENCE, TerminalClient, wait_until, with_mark};

runner_testkit::suite! {
    tools: ["bash", "git", "less", "stty", "top", "tput"],
    what_is_typed_is_run_and_seen,
    bytes_go_through_as_they_are,
    an_echo_is_prompt,
    ctrl_c_ends_the_program_and_not_the_shell,
    the_program_leads_a_session_on_the_terminal,
    a_new_size_is_what_programs_see,
    a_message_of_two_frames_changes_the_size,
    garbage_at_the_keyboard_is_dropped,
    less_pages_in_the_alternate_screen,
    top_fills_the_screen_and_follows_its_size,
    who_comes_late_sees_the_screen,
    who_comes_late_sees_the_screen_under_a_full_screen_program,
    two_who_watch_see_the_same,
    two_who_type_reach_one_program,
    much_output_comes_whole,
    a_flood_with_nobody_watching_blocks_nothing,
    a_flood_with_somebody_who_does_not_read_costs_bounded_memory,
    a_large_paste_arrives_whole,
    a_shell_that_exits_is_started_again,
    a_shell_that_exits_again_and_again_is_started_each_time,
    a_shell_that_is_killed_leaves_a_usable_screen,
    a_program_that_dies_at_once_does_not_spin,
    without_restart_the_end_is_the_end,
    a_program_that_is_missing_is_told,
    commands_are_answered_once,
    bad_commands_get_their_usage,
    a_terminal_without_sockets_has_its_commands,
    the_end_of_the_runner_ends_everything,
    the_kill_of_the_runner_ends_everything,
    a_taken_port_exits_with_74,
    a_language_without_a_terminal_binds_nothing,
}

/// A terminal with another program than a shell, chosen by the language's name.
struct Toy(Terminal);

impl Toy {
    fn new(context: &Context, program: &str, at_end: AtEnd) -> Self {
        Self(Terminal::new(context, Command::new("sh").args(["-c", program]), at_end))
    }
}

#[async_trait]
impl Runner for Toy {
    async fn init(&self) -> Result<()> {
        self.0.open().await
    }

    async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        match self.0.query(task, code, &[]).await? {
            TerminalQuery::Answered(exit_code) => Ok(exit_code),
            _ => Ok(self.0.invalid(task).await),
        }
    }

    async fn shutdown(&self) {
        self.0.shutdown().await;
    }
}

register_runner! {
    name: "once",
    aliases: [],
    extensions: [],
    tools: [],
    runner: |context: Context| Toy::new(&context, "echo hello; read line; echo \"bye $line\"", AtEnd::Stop),
}

register_runner! {
    name: "mayfly",
    aliases: [],
    extensions: [],
    tools: [],
    runner: |context: Context| Toy::new(&context, "echo x >> lives", AtEnd::Restart),
}

register_runner! {
    name: "stubborn",
    aliases: [],
    extensions: [],
    tools: [],
    runner: |context: Context| {
        let program = "trap '' HUP TERM INT; echo ready; while :; do sleep 0.1; done";
        Toy::new(&context, program, AtEnd::Restart)
    },
}

register_runner! {
    name: "absent",
    aliases: [],
    extensions: [],
    tools: [],
    runner: |context: Context| Toy(Terminal::new(&context, Command::new("no-such-program"), AtEnd::Restart)),
}

register_runner! {
    name: "plain",
    aliases: [],
    extensions: [],
    tools: [],
    runner: |_: Context| Plain,
}

struct Plain;

#[async_trait]
impl Runner for Plain {
    async fn build_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn execute_heuristic(&self, _task: &Task) -> Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }
}

/// A daemon whose shell has no configuration of anybody's: its prompt is `$ `.
fn daemon(language: &str) -> Daemon {
    let daemon = Daemon::options(std::env::current_exe().unwrap(), language);
    let home = daemon.folder().join("work");
    daemon.file("work/.bashrc", "PS1='$ '\n").env("HOME", home).env("LANG", "C.UTF-8").start()
}

fn shell() -> (Daemon, TerminalClient) {
    let daemon = daemon("git");
    let mut terminal = TerminalClient::connect(&daemon);
    terminal.wait_for_text("$ ");
    (daemon, terminal)
}

fn run(terminal: &mut TerminalClient, line: &str, expected: &str) {
    terminal.type_text(format!("{line}\r"));
    terminal.wait_for_text(expected);
}

fn assert_ends(daemon: &Daemon, patience: Duration) {
    let gone = wait_until(patience, || with_mark(&daemon.mark()).is_empty().then_some(()));
    assert!(gone.is_some(), "left behind: {:?}", with_mark(&daemon.mark()));
}

fn what_is_typed_is_run_and_seen() {
    let (_daemon, mut terminal) = shell();
    run(&mut terminal, "echo $((6 * 7)) é", "42 é");
    assert!(
        terminal.screen().contents().starts_with("$ echo $((6 * 7)) é\n42 é\n$"),
        "{}",
        terminal.screen().contents()
    );
}

fn bytes_go_through_as_they_are() {
    let (_daemon, mut terminal) = shell();
    terminal.type_text("printf '\\377\\376<\\033[1;31mred\\033[m>'\r");
    terminal.wait_for_bytes(b"\xff\xfe<\x1b[1;31mred\x1b[m>");
}

fn an_echo_is_prompt() {
    let (_daemon, mut terminal) = shell();
    let mut times: Vec<_> = "abcdefghijklmnopqrstuvwxyz"
        .chars()
        .map(|letter| {
            let start = Instant::now();
            terminal.type_text(letter.to_string());
            terminal.wait_for(|screen| screen.contents().trim_end().ends_with(letter));
            start.elapsed()
        })
        .collect();
    times.sort();
    assert!(times[times.len() / 2] < Duration::from_millis(100), "{times:?}");
}

fn ctrl_c_ends_the_program_and_not_the_shell() {
    let (_daemon, mut terminal) = shell();
    // Said by who is in the foreground: to a shell that is about to start something, Ctrl-C may mean nothing.
    run(&mut terminal, "sh -c 'echo started; exec sleep 1000'", "\nstarted");
    terminal.type_text("\x03");
    terminal.wait_for_text("^C");
    run(&mut terminal, "echo the code is $?", "the code is 130");
}

fn the_program_leads_a_session_on_the_terminal() {
    let (daemon, mut terminal) = shell();
    run(
        &mut terminal,
        "ps -o sid=,pgid=,tpgid=,pid= -p $$ | tr -s ' ' '\\n' | sort -u | grep -c .; tty; echo $TERM",
        "xterm",
    );
    let contents = terminal.screen().contents();
    // All but the foreground group, which is that of `ps`, are the shell's own id.
    assert!(contents.contains("\n2\n/dev/pts/"), "{contents}");
    run(&mut terminal, "echo in $PWD", &format!("in {}", daemon.work_dir().canonicalize().unwrap().display()));
}

fn a_new_size_is_what_programs_see() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "stty size", "24 80");
    run(&mut terminal, "trap 'echo changed to $(stty size)' WINCH; echo se''t", "\nset");
    let mut client = Client::connect(&daemon);
    let outcome = client.query("%resize 30 100");
    assert_eq!(outcome.stdout_text(), "OK; terminal resized to 30 rows and 100 cols");
    assert_eq!((outcome.exit_code, outcome.records.len()), (Some(0), 2));
    run(&mut terminal, "", "changed to 30 100");
    run(&mut terminal, "echo $(tput lines)x$(tput cols)", "30x100");
}

fn a_message_of_two_frames_changes_the_size() {
    let (_daemon, mut terminal) = shell();
    terminal.send_raw(&[b"resize", b"40 132"]);
    run(&mut terminal, "stty size", "40 132");
}

fn garbage_at_the_keyboard_is_dropped() {
    let (_daemon, mut terminal) = shell();
    terminal.send_raw(&[b"resize", b"0 0"]);
    terminal.send_raw(&[b"resize", b"99999 1"]);
    terminal.send_raw(&[b"resize", b"\xff"]);
    terminal.send_raw(&[b"rename", b"24 80"]);
    terminal.send_raw(&[b"echo", b"no", b"no\r"]);
    terminal.send_raw(&[b""]);
    run(&mut terminal, "stty size", "24 80");
    assert!(!terminal.screen().contents().contains("no"), "{}", terminal.screen().contents());
}

fn less_pages_in_the_alternate_screen() {
    let (daemon, mut terminal) = shell();
    let lines: Vec<String> = (1..=200).map(|number| format!("line {number}\n")).collect();
    fs::write(daemon.work_dir().join("lines"), lines.concat()).unwrap();
    run(&mut terminal, "less lines", "line 23");
    assert!(terminal.screen().alternate_screen());
    assert!(terminal.screen().contents().starts_with("line 1\n"), "{}", terminal.screen().contents());
    terminal.type_text(" ");
    terminal.wait_for_text("line 46");
    assert!(terminal.screen().contents().starts_with("line 24\n"), "{}", terminal.screen().contents());
    terminal.type_text("q");
    terminal.wait_for(|screen| !screen.alternate_screen() && screen.contents().contains("$ less lines"));
}

fn top_fills_the_screen_and_follows_its_size() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "top -d 0.2", "COMMAND");
    terminal.wait_for_text("load average");
    let mut client = Client::connect(&daemon);
    assert_eq!(client.query("%resize 10 60").exit_code, Some(0));
    terminal.resize_screen(10, 60);
    terminal.wait_for(|screen| {
        let contents = screen.contents();
        contents.lines().count() <= 10 && contents.starts_with("top - ") && contents.contains("PID")
    });
    terminal.type_text("q");
    // What is typed before that, top takes with it.
    terminal.wait_for(|screen| screen.contents().trim_end().ends_with("\n$"));
    run(&mut terminal, "echo back", "\nback\n");
}

fn who_comes_late_sees_the_screen() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "printf '\\033]2;a title\\007'; PS1='\\[\\033[1;32m\\]late> \\[\\033[m\\]'", "late> ");
    run(&mut terminal, "echo one; echo two", "\ntwo\n");
    terminal.wait_for(|screen| screen.contents().trim_end().ends_with("late>"));
    terminal.type_text("half a li");
    terminal.wait_for_text("half a li");

    let mut late = TerminalClient::connect(&daemon);
    late.wait_for_text("half a li");
    late.wait_for_bytes(b"\x1b]2;a title\x07");
    assert_eq!(late.screen().contents(), terminal.screen().contents());
    assert_eq!(late.screen().cursor_position(), terminal.screen().cursor_position());
    assert_eq!(late.screen().contents_formatted(), terminal.screen().contents_formatted());
    late.type_text("\x15echo from the late\r");
    terminal.wait_for_text("\nfrom the late\n");
}

fn who_comes_late_sees_the_screen_under_a_full_screen_program() {
    let (daemon, mut terminal) = shell();
    fs::write(daemon.work_dir().join("text"), "the text\n").unwrap();
    run(&mut terminal, "echo before", "\nbefore\n");
    run(&mut terminal, "less text", "the text");
    terminal.wait_for_text("(END)");
    let mut late = TerminalClient::connect(&daemon);
    late.wait_for(|screen| screen.alternate_screen() && screen.contents().contains("(END)"));
    assert_eq!(late.screen().contents(), terminal.screen().contents());
    late.type_text("q");
    for client in [&mut late, &mut terminal] {
        client.wait_for(|screen| !screen.alternate_screen() && screen.contents().contains("before\n$ less text\n$"));
    }
}

fn two_who_watch_see_the_same() {
    let (daemon, mut terminal) = shell();
    let mut other = TerminalClient::connect(&daemon);
    other.wait_for_text("$ ");
    run(&mut terminal, "seq 1 500; echo the end", "\nthe end\n");
    other.wait_for_text("\nthe end\n");
    for client in [&mut terminal, &mut other] {
        client.wait_for(|screen| screen.contents().trim_end().ends_with("the end\n$"));
    }
    assert_eq!(terminal.screen().state_formatted(), other.screen().state_formatted());
}

fn two_who_type_reach_one_program() {
    let (daemon, mut terminal) = shell();
    let other = TerminalClient::connect(&daemon);
    terminal.type_text("a=from-one\r");
    terminal
        .wait_for(|screen| screen.contents().matches("$ ").count() >= 1 && screen.contents().contains("from-one\n"));
    other.type_text("echo $a-and-two\r");
    terminal.wait_for_text("from-one-and-two");
}

fn much_output_comes_whole() {
    let (_daemon, mut terminal) = shell();
    run(&mut terminal, "stty -onlcr; seq 1 300000; echo the-e''nd", "the-end");
    let expected: String = (1..=300_000).map(|number| format!("{number}\n")).collect::<Vec<_>>().concat();
    terminal.wait_for_bytes(expected.as_bytes());
}

fn a_flood_with_nobody_watching_blocks_nothing() {
    let daemon = daemon("git");
    let keyboard = TerminalClient::connect(&daemon).into_keyboard();
    keyboard.type_text("head -c 20000000 /dev/zero | tr '\\0' x; touch flooded\r");
    let flooded = wait_until(PATIENCE, || daemon.work_dir().join("flooded").exists().then_some(()));
    assert!(flooded.is_some(), "the program waits for somebody who reads");
}

fn a_flood_with_somebody_who_does_not_read_costs_bounded_memory() {
    let (daemon, terminal) = shell();
    terminal.type_text("head -c 20000000 /dev/zero | tr '\\0' x; touch flooded\r");
    let flooded = wait_until(PATIENCE, || daemon.work_dir().join("flooded").exists().then_some(()));
    assert!(flooded.is_some(), "the program waits for somebody who does not read");
    let resident = runner_testkit::resident_bytes(daemon.serving_pid());
    assert!(resident < 64 * 1024 * 1024, "{} MiB", resident / 1024 / 1024);
}

fn a_large_paste_arrives_whole() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "stty -echo raw; head -c 300000 | sha256sum > sum; stty sane; echo do''ne", "$ stty");
    let reading = || fs::read_dir("/proc").ok().map(|_| daemon.work_dir().join("sum").exists());
    assert!(wait_until(PATIENCE, || reading().filter(|is| *is)).is_some());
    let paste: Vec<u8> = (0..300_000_u32).map(|number| b'a' + u8::try_from(number % 26).unwrap()).collect();
    terminal.type_text(&paste);
    terminal.wait_for_text("done");
    fs::write(daemon.work_dir().join("paste"), &paste).unwrap();
    run(&mut terminal, "sha256sum < paste | cmp - sum && echo wh''ole", "whole");
}

fn a_shell_that_exits_is_started_again() {
    let (_daemon, mut terminal) = shell();
    terminal.type_text("x=kept; echo first; exit\r");
    terminal.wait_for_bytes(b"Restarting...\r\n");
    terminal.wait_for(|screen| screen.contents().trim_end().ends_with("Restarting...\n$"));
    run(&mut terminal, "echo \"<$x>\"", "\n<>\n");
}

fn a_shell_that_exits_again_and_again_is_started_each_time() {
    let (daemon, mut terminal) = shell();
    let mut client = Client::connect(&daemon);
    assert_eq!(client.query("%resize 20 70").exit_code, Some(0));
    for life in 1..=3 {
        run(&mut terminal, &format!("echo life $(({life} * 7)); exit"), &format!("life {}", life * 7));
        let end = format!("life {}\nexit\nRestarting...\n$", life * 7);
        terminal.wait_for(|screen| screen.contents().trim_end().ends_with(&end));
    }
    run(&mut terminal, "stty size", "20 70");
    let reaped = wait_until(PATIENCE, || (daemon.zombies() == 0).then_some(()));
    assert!(reaped.is_some(), "a shell that has ended is not waited for");
}

fn a_shell_that_is_killed_leaves_a_usable_screen() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "echo $$ > pid; less .bashrc", "(END)");
    let shell = fs::read_to_string(daemon.work_dir().join("pid")).unwrap().trim().parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(shell), nix::sys::signal::Signal::SIGKILL).unwrap();
    terminal
        .wait_for(|screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with("Restarting...\n$"));
    run(&mut terminal, "echo us''able", "usable");
}

fn a_program_that_dies_at_once_does_not_spin() {
    let daemon = daemon("mayfly");
    let mut terminal = TerminalClient::connect(&daemon);
    terminal.wait_for(|screen| screen.contents().matches("Restarting...").count() >= 3);
    let mut client = Client::connect(&daemon);
    let started = Instant::now();
    let lives = || fs::read_to_string(daemon.work_dir().join("lives")).unwrap().lines().count();
    let before = lives();
    assert!(wait_until(PATIENCE, || (lives() > before + 1).then_some(())).is_some());
    // Each rest is at least as long as the one before, and the third is 200 ms.
    assert!(started.elapsed() > Duration::from_millis(200), "{:?}", started.elapsed());
    assert_eq!(client.query("%ping").stdout_text(), "pong!");
}

fn without_restart_the_end_is_the_end() {
    let daemon = daemon("once");
    let mut terminal = TerminalClient::connect(&daemon);
    terminal.wait_for_text("hello");
    run(&mut terminal, "then", "bye then");
    terminal.wait_for_bytes(b"bye then\r\nTerminated.\r\n");
    terminal.type_text("anybody?\r");
    let mut client = Client::connect(&daemon);
    assert_eq!(client.query("%ping").stdout_text(), "pong!");
    assert_eq!(client.query("%resize 10 40").stdout_text(), "OK; terminal resized to 10 rows and 40 cols");
    let mut late = TerminalClient::connect(&daemon);
    late.wait_for_text("Terminated.");
    assert!(!late.screen().contents().contains("anybody"), "{}", late.screen().contents());
}

fn a_program_that_is_missing_is_told() {
    let daemon = daemon("absent");
    TerminalClient::connect(&daemon).wait_for_text("no-such-program: not found");
    assert_eq!(Client::connect(&daemon).query("%ping").stdout_text(), "pong!");
}

fn commands_are_answered_once() {
    let daemon = daemon("git");
    let mut client = Client::connect(&daemon);
    for code in ["%ping", "%ping\n", " % ping", "%'ping'", "%ping # a comment"] {
        let outcome = client.query(code);
        assert_eq!((outcome.stdout_text().as_str(), outcome.exit_code), ("pong!", Some(0)), "{code:?}: {outcome:?}");
        assert_eq!(outcome.records.len(), 2, "{outcome:?}");
    }
    let outcome = client.query("%help");
    assert!(outcome.stdout_text().contains("%show graph PATH") && outcome.exit_code == Some(0), "{outcome:?}");
    for number in 0..50 {
        client.send(Request::Query(format!("%resize {} 80", 20 + number)));
    }
    for number in 0..50 {
        let outcome = client.finish(runner_core::RequestKind::Query);
        assert_eq!(outcome.stdout_text(), format!("OK; terminal resized to {} rows and 80 cols", 20 + number));
    }
}

fn bad_commands_get_their_usage() {
    let daemon = daemon("git");
    let mut client = Client::connect(&daemon);
    for (code, expected) in [
        ("%resize", "usage: %resize ROWS COLS\n"),
        ("%resize 24", "usage: %resize ROWS COLS\n"),
        ("%resize 24 80 1", "usage: %resize ROWS COLS\n"),
        ("%resize x y", "usage: %resize ROWS COLS\n"),
        ("%resize 0 80", "usage: %resize ROWS COLS\n"),
        ("%resize -24 80", "usage: %resize ROWS COLS\n"),
        ("%resize 24 70000", "usage: %resize ROWS COLS\n"),
        ("%ping pong", "usage: %ping\n"),
        ("%show", "usage: %show graph PATH\n"),
        ("%show graph", "usage: %show graph PATH\n"),
        ("%show picture .", "usage: %show graph PATH\n"),
        ("%nonsense", "Invalid command.\n"),
        ("%", "Invalid command.\n"),
        ("%ping 'open", "a quote is open"),
    ] {
        let outcome = client.query(code);
        assert!(outcome.stderr_text().starts_with(expected), "{code:?}: {outcome:?}");
        assert_eq!((outcome.exit_code, outcome.stdout.len()), (Some(127), 0), "{code:?}: {outcome:?}");
        let finished = outcome.records.iter().filter(|record| record.name() == "finished").count();
        assert_eq!(finished, 1, "{outcome:?}");
    }
    assert!(client.query("%nonsense").stderr_text().contains("%ping, %resize ROWS COLS, %show graph PATH"));
    let outcome = client.query("frobnicate");
    assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), ("Invalid command.", Some(127)));
}

fn a_terminal_without_sockets_has_its_commands() {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output =
        command.args(["eval", "git", "%ping", "%resize 30 90"]).env("TESTKIT_DAEMON", "eval").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "pong!OK; terminal resized to 30 rows and 90 cols");
    assert_eq!(output.status.code(), Some(0));
}

fn the_end_of_the_runner_ends_everything() {
    for language in ["git", "stubborn"] {
        let mut daemon = daemon(language);
        let mut terminal = TerminalClient::connect(&daemon);
        if language == "git" {
            terminal.type_text("sleep 1000 & nohup sleep 1000 & setsid sleep 1000 & echo rea''dy; less /etc/passwd\r");
        }
        terminal.wait_for(|screen| screen.alternate_screen() || screen.contents().contains("ready"));
        daemon.terminate();
    }
}

fn the_kill_of_the_runner_ends_everything() {
    let (daemon, mut terminal) = shell();
    run(&mut terminal, "sleep 1000 & echo rea''dy", "ready");
    let daemon_itself = daemon.serving_pid();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(daemon_itself), nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_ends(&daemon, PATIENCE);
}

fn a_taken_port_exits_with_74() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", taken.local_addr().unwrap());
    for option in ["--term-in", "--term-out"] {
        let options = Daemon::options(std::env::current_exe().unwrap(), "git");
        let other = if option == "--term-in" { "--term-out" } else { "--term-in" };
        let socket = |name: &str| format!("ipc://{}", options.folder().join(name).display());
        let (repl_in, repl_out, free) = (socket("in"), socket("out"), socket("free"));
        let options = options.own_endpoints().arg("--repl-in").arg(repl_in).arg("--repl-out").arg(repl_out);
        let mut daemon = options.arg(option).arg(&endpoint).arg(other).arg(free).start();
        assert_eq!(daemon.wait(PATIENCE), Some(74), "{}", daemon.stderr());
        let expected = format!("failed to bind {endpoint}: Address already in use");
        let told = wait_until(PATIENCE, || daemon.stderr().contains(&expected).then_some(()));
        assert!(told.is_some(), "{}", daemon.stderr());
    }
}

fn a_language_without_a_terminal_binds_nothing() {
    let daemon = daemon("plain");
    let mut client = Client::connect(&daemon);
    client.run(Request::Status);
    assert!(!daemon.folder().join("termin").exists() && !daemon.folder().join("termout").exists());
}
