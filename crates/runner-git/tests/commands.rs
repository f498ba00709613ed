//! Queries that are git commands, batch mode, and completion.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::fs;

use runner_core::{CompletionRequest, Record, Request, RequestKind, Step};
use runner_git as _;
use runner_testkit::{Client, Daemon, PATIENCE, wait_until};

runner_testkit::suite! {
    tools: ["bash", "git"],
    git_commands_run_where_the_shell_is,
    the_exit_code_is_gits,
    what_is_no_git_command_is_invalid,
    aliases_are_commands,
    nobody_is_asked_at_a_terminal_that_is_not_there,
    lines_run_one_after_another_up_to_a_failure,
    a_command_can_be_interrupted,
    there_is_no_batch_mode_but_for_commands,
    commands_branches_and_files_are_completed,
}

fn start() -> (Daemon, Client) {
    let options = Daemon::options(std::env::current_exe().unwrap(), "git");
    let home = options.folder().join("tmp");
    let daemon = options.env("HOME", home).env("GIT_CONFIG_NOSYSTEM", "1").start();
    let mut client = Client::connect(&daemon);
    let outcome = client.query("init --quiet --initial-branch=main\nconfig user.name A\nconfig user.email a@b");
    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    (daemon, client)
}

fn git_commands_run_where_the_shell_is() {
    let (daemon, mut client) = start();
    fs::write(daemon.work_dir().join("file"), "text\n").unwrap();
    assert_eq!(client.query("status --short").stdout_text(), "?? file\n");
    assert_eq!(client.query("git add file").exit_code, Some(0));
    assert_eq!(client.query("commit --quiet -m \"the first one's\nbody\"").exit_code, Some(0));
    assert_eq!(client.query("log --format=%B%d").stdout_text(), "the first one's\nbody\n (HEAD -> main)\n");
    assert!(client.query("git -c color.ui=always log --oneline").stdout_text().contains("\x1b["));
    let outcome = client.query("rev-parse --show-toplevel");
    assert_eq!(outcome.stdout_text().trim_end(), daemon.work_dir().canonicalize().unwrap().display().to_string());
}

fn the_exit_code_is_gits() {
    let (_daemon, mut client) = start();
    let outcome = client.query("rev-parse nothing-there");
    assert_eq!(outcome.exit_code, Some(128));
    assert!(outcome.stderr_text().contains("unknown revision"), "{outcome:?}");
    let outcome = client.query("git frobnicate");
    assert_eq!(outcome.exit_code, Some(1));
    assert!(outcome.stderr_text().contains("'frobnicate' is not a git command"), "{outcome:?}");
}

fn what_is_no_git_command_is_invalid() {
    let (_daemon, mut client) = start();
    for code in ["ls", "print(1)", "", "# nothing", "status\nls", "commit -m 'open", "./status", "-v", "../../bin/ls"] {
        let outcome = client.query(code);
        assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), ("Invalid command.", Some(127)), "{code:?}");
        assert!(outcome.stdout.is_empty(), "{code:?}: {outcome:?}");
    }
}

fn aliases_are_commands() {
    let (_daemon, mut client) = start();
    assert_eq!(client.query("config alias.top 'rev-parse --is-inside-work-tree'").exit_code, Some(0));
    assert_eq!(client.query("top").stdout_text(), "true\n");
}

fn nobody_is_asked_at_a_terminal_that_is_not_there() {
    let (_daemon, mut client) = start();
    client.query("commit --quiet --allow-empty -m one");
    client.query("config core.pager false");
    client.query("config core.editor false");
    assert_eq!(client.query("git -p log --format=%s").stdout_text(), "one\n");
    let outcome = client.query("commit --allow-empty");
    assert!(outcome.stderr_text().contains("empty commit message") && outcome.exit_code == Some(1), "{outcome:?}");
    let outcome = client.query("commit --amend --quiet --allow-empty");
    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_eq!(client.query("log --format=%s").stdout_text(), "one\n");
}

fn lines_run_one_after_another_up_to_a_failure() {
    let (_daemon, mut client) = start();
    let outcome =
        client.query("rev-parse --is-bare-repository\nrev-parse nothing-there\nrev-parse --is-inside-work-tree\n");
    assert_eq!(
        (outcome.stdout_text().as_str(), outcome.exit_code),
        ("false\nnothing-there\n", Some(128)),
        "{outcome:?}"
    );
}

fn a_command_can_be_interrupted() {
    let (daemon, mut client) = start();
    client.query("config alias.slow '!touch started; sleep 1000'");
    client.send(Request::Query("slow".into()));
    let started = || daemon.work_dir().join("started").exists().then_some(());
    assert!(wait_until(PATIENCE, started).is_some());
    client.send(Request::Interrupt);
    let outcome = client.finish(RequestKind::Query);
    assert_ne!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_eq!(client.query("%ping").stdout_text(), "pong!");
}

fn there_is_no_batch_mode_but_for_commands() {
    let (_daemon, mut client) = start();
    for request in [Request::Build(Step::Heuristic), Request::Execute(Step::Heuristic)] {
        let outcome = client.run(request);
        assert_eq!(outcome.exit_code, Some(127), "{outcome:?}");
        assert_eq!(outcome.records.len(), 2, "{outcome:?}");
    }
    let outcome = client.run(Request::Build(Step::Skip));
    assert_eq!(outcome.exit_code, Some(0));
    let outcome = client.run(Request::Execute(Step::Command("git rev-parse --is-inside-work-tree".into())));
    assert_eq!((outcome.stdout_text().as_str(), outcome.exit_code), ("true\n", Some(0)));
}

fn commands_branches_and_files_are_completed() {
    let (daemon, mut client) = start();
    client.query("commit --quiet --allow-empty -m one");
    client.query("branch feature");
    client.query("tag first");
    fs::create_dir(daemon.work_dir().join("fold")).unwrap();
    fs::write(daemon.work_dir().join("fold/file"), "").unwrap();
    let mut complete = |code: &str| {
        let outcome = client.run(Request::Complete(CompletionRequest::at_end(code)));
        let Some(Record::Completion(suggestions)) = outcome.records.last() else { panic!("{outcome:?}") };
        suggestions.clone()
    };
    assert_eq!(complete("%p"), ["%ping"]);
    assert_eq!(complete("%show "), ["graph"]);
    assert_eq!(complete("%show graph f"), ["fold/"]);
    assert_eq!(complete("chec"), ["checkout"]);
    assert_eq!(complete("git statu"), ["status"]);
    assert_eq!(complete("checkout f"), ["feature", "first", "fold/"]);
    assert_eq!(complete("status\nadd fold/f"), ["fold/file"]);
    assert_eq!(complete("checkout --f"), Vec::<String>::new());
}
