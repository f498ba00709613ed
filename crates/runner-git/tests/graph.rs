//! `%show graph` of real repositories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use runner_core::{Request, RequestKind};
use runner_git as _;
use runner_testkit::{Client, Daemon, Outcome, PATIENCE, TerminalClient, wait_until};
use serde_json::{Value, json};

runner_testkit::suite! {
    tools: ["bash", "git"],
    commits_come_oldest_first_with_their_branches,
    a_merge_has_all_of_its_parents,
    messages_and_authors_may_hold_anything,
    tags_are_told,
    the_path_is_the_shells_own_folder,
    an_empty_repository_has_an_empty_graph,
    where_there_is_no_repository_git_says_so,
    a_path_that_is_no_folder_is_refused,
    a_detached_head_is_walked_and_told,
    a_shallow_clone_is_told,
    a_bare_repository_is_a_repository,
    a_path_may_begin_with_a_hyphen_and_hold_spaces,
    the_users_configuration_and_variables_change_nothing,
    branches_of_other_repositories_are_walked,
    notes_and_stashes_are_no_history,
    ten_thousand_commits_take_less_than_a_second,
    what_no_client_takes_loses_its_oldest_commits,
    the_graph_can_be_interrupted,
    a_missing_git_is_told,
}

struct Repository {
    daemon: Daemon,
    client: Client,
}

impl Repository {
    fn new() -> Self {
        let repository = Self::none(&[]);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn none(environment: &[(&str, &str)]) -> Self {
        let options = Daemon::options(std::env::current_exe().unwrap(), "git");
        let home = options.folder().join("tmp");
        let options =
            environment.iter().fold(options.env("HOME", home), |options, (name, value)| options.env(*name, *value));
        let daemon = options.start();
        let client = Client::connect(&daemon);
        Self { daemon, client }
    }

    fn dir(&self) -> PathBuf {
        self.daemon.work_dir()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.dir(), arguments, "")
    }

    fn commit(&self, message: &str) {
        self.git(&["commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", message]);
    }

    fn show(&mut self, path: &str) -> Outcome {
        self.client.query(&format!("%show graph {path}"))
    }

    fn graph(&mut self) -> Vec<Value> {
        let outcome = self.show(".");
        assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), ("", Some(0)), "{outcome:?}");
        commits(&outcome)
    }
}

fn git_in(dir: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = command(dir, arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the repository is made beside the runner")]
    let mut git = Command::new("git");
    git.args(["-c", "user.name=A U Thor", "-c", "user.email=author@example.com"]).args(arguments).current_dir(dir);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git
}

/// The commits of the one record that shows them.
fn commits(outcome: &Outcome) -> Vec<Value> {
    let [display] = &outcome.displays[..] else { panic!("one record was expected: {outcome:?}") };
    let forms = display.forms();
    assert_eq!(forms.len(), 1);
    assert_eq!(forms[0].0, "application/vnd.sorna.gitgraph");
    serde_json::from_slice(forms[0].1).unwrap()
}

fn column<'a>(commits: &'a [Value], name: &str) -> Vec<&'a Value> {
    commits.iter().map(|commit| &commit[name]).collect()
}

fn commits_come_oldest_first_with_their_branches() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.commit("two");
    repository.git(&["checkout", "--quiet", "-b", "feature/a"]);
    repository.commit("three");
    let commits = repository.graph();
    let ids = repository.git(&["log", "--reverse", "--format=%h"]);
    let ids: Vec<_> = ids.lines().collect();
    assert_eq!(
        commits[0],
        json!({
            "oid": ids[0], "parent_ids": [""], "author": "A U Thor", "message": "one", "branch": "main",
            "parent_branches": [null], "tags": [],
        })
    );
    assert_eq!(
        commits[2],
        json!({
            "oid": ids[2], "parent_ids": [ids[1]], "author": "A U Thor", "message": "three", "branch": "feature/a",
            "parent_branches": ["main"], "tags": [],
        })
    );
}

fn a_merge_has_all_of_its_parents() {
    let mut repository = Repository::new();
    repository.commit("root");
    for branch in ["a", "b", "c"] {
        repository.git(&["checkout", "--quiet", "-b", branch, "main"]);
        fs::write(repository.dir().join(branch), branch).unwrap();
        repository.git(&["add", branch]);
        repository.commit(branch);
    }
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("goes on");
    repository.git(&["merge", "--quiet", "-m", "octopus", "a", "b", "c"]);
    let commits = repository.graph();
    let merge = commits.last().unwrap();
    assert_eq!(merge["message"], "octopus");
    assert_eq!(merge["parent_branches"].as_array().unwrap().len(), merge["parent_ids"].as_array().unwrap().len());
    let branches = merge["parent_branches"].as_array().unwrap();
    assert!(["a", "b", "c"].iter().all(|branch| branches.contains(&json!(branch))), "{merge}");
    // Each parent comes before its child.
    let ids = column(&commits, "oid");
    for (place, commit) in commits.iter().enumerate().skip(1) {
        let parents = commit["parent_ids"].as_array().unwrap();
        assert!(parents.iter().all(|parent| ids[..place].contains(&parent)), "{commit}");
    }
}

fn messages_and_authors_may_hold_anything() {
    let mut repository = Repository::new();
    let odd = [
        "\"quoted\" 'single' \\ back\\slash",
        "a || b||c \u{1} %x00 %s {json: [1]}",
        "a title\n\nand a body\nof two lines",
        "한글 é 😀 \t tab",
        "-n --version",
        "",
    ];
    for message in odd {
        repository.commit(message);
    }
    // Not UTF-8, which git takes for Latin 1, and another encoding that says so.
    fs::write(repository.dir().join("bytes"), b"bad \xff byte").unwrap();
    repository.git(&["commit", "--quiet", "--allow-empty", "-F", "bytes", "--author=Q || \\ \"O'Neil <q@x>"]);
    fs::write(repository.dir().join("latin"), b"caf\xe9").unwrap();
    repository.git(&["-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--quiet", "--allow-empty", "-F", "latin"]);
    let commits = repository.graph();
    let messages = column(&commits, "message");
    assert_eq!(
        messages[..odd.len()],
        odd.iter().map(|text| json!(text)).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    assert_eq!(messages[odd.len()..], [&json!("bad ÿ byte"), &json!("café")]);
    assert_eq!(commits[odd.len()]["author"], "Q || \\ \"O'Neil");
}

fn tags_are_told() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.git(&["tag", "light"]);
    repository.git(&["tag", "-a", "v1", "-m", "annotated"]);
    repository.git(&["tag", "-a", "of-a-tag", "-m", "nested", "v1"]);
    fs::write(repository.dir().join("blob"), "text").unwrap();
    let blob = repository.git(&["hash-object", "-w", "blob"]);
    repository.git(&["tag", "no-commit", &blob]);
    repository.commit("two");
    let commits = repository.graph();
    assert_eq!(column(&commits, "tags"), [&json!(["light", "of-a-tag", "v1"]), &json!([])]);
}

fn the_path_is_the_shells_own_folder() {
    let mut repository = Repository::none(&[]);
    let inner = repository.dir().join("some where/inner");
    fs::create_dir_all(&inner).unwrap();
    git_in(&inner, &["init", "--quiet"], "");
    git_in(&inner, &["commit", "--quiet", "--allow-empty", "-m", "inner"], "");
    assert_eq!(repository.show(".").exit_code, Some(128));
    assert_eq!(commits(&repository.show("'some where/inner'"))[0]["message"], "inner");
    assert_eq!(commits(&repository.show(&format!("'{}'", inner.display())))[0]["message"], "inner");
    let mut terminal = TerminalClient::connect(&repository.daemon);
    terminal.type_text("cd 'some where/inner' && echo in''side\r");
    terminal.wait_for_text("inside");
    assert_eq!(commits(&repository.show("."))[0]["message"], "inner");
    assert_eq!(repository.client.query("log --format=%s").stdout_text(), "inner\n");
    terminal.type_text("cd .. && rmdir no 2>/dev/null; mkdir no && cd no && rmdir ../no && echo go''ne\r");
    terminal.wait_for_text("gone");
    let outcome = repository.show(".");
    assert!(outcome.stderr_text().contains("no such directory") && outcome.exit_code == Some(1), "{outcome:?}");
    let outcome = repository.client.query("status");
    assert!(outcome.stderr_text().contains("is gone") && outcome.exit_code == Some(1), "{outcome:?}");
}

fn an_empty_repository_has_an_empty_graph() {
    let mut repository = Repository::new();
    let outcome = repository.show(".");
    assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), ("there are no commits yet\n", Some(0)));
    assert_eq!(commits(&outcome), Vec::<Value>::new());
}

fn where_there_is_no_repository_git_says_so() {
    let mut repository = Repository::none(&[]);
    let outcome = repository.show(".");
    assert!(outcome.stderr_text().contains("not a git repository"), "{outcome:?}");
    assert_eq!((outcome.exit_code, outcome.displays.len()), (Some(128), 0));
}

fn a_path_that_is_no_folder_is_refused() {
    let mut repository = Repository::new();
    fs::write(repository.dir().join("file"), "").unwrap();
    for (path, reason) in [("nowhere", "nowhere: no such directory"), ("file", "file: it is no directory")] {
        let outcome = repository.show(path);
        assert!(outcome.stderr_text().trim_end().ends_with(reason), "{outcome:?}");
        assert_eq!(outcome.exit_code, Some(1));
    }
}

fn a_detached_head_is_walked_and_told() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.git(&["checkout", "--quiet", "--detach"]);
    repository.commit("of no branch");
    let outcome = repository.show(".");
    let id = repository.git(&["log", "-1", "--format=%h"]);
    assert_eq!((outcome.stderr_text(), outcome.exit_code), (format!("HEAD is detached, at {id}\n"), Some(0)));
    let commits = commits(&outcome);
    assert_eq!(column(&commits, "branch"), [&json!("main"), &Value::Null]);
    assert_eq!(commits[1]["parent_branches"], json!(["main"]));
}

fn a_shallow_clone_is_told() {
    let mut repository = Repository::new();
    for message in ["one", "two", "three"] {
        repository.commit(message);
    }
    let url = format!("file://{}", repository.dir().display());
    repository.git(&["clone", "--quiet", "--depth=2", &url, "clone"]);
    let outcome = repository.show("clone");
    let expected = "a shallow clone: the oldest commits here have parents elsewhere\n";
    assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), (expected, Some(0)));
    let commits = commits(&outcome);
    assert_eq!(column(&commits, "message"), ["two", "three"]);
    assert_eq!((&commits[0]["parent_ids"], &commits[0]["parent_branches"]), (&json!([""]), &json!([null])));
}

fn a_bare_repository_is_a_repository() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.git(&["clone", "--quiet", "--bare", ".", "bare.git"]);
    assert_eq!(commits(&repository.show("bare.git"))[0]["branch"], "main");
    assert_eq!(commits(&repository.show(".git"))[0]["branch"], "main");
}

fn a_path_may_begin_with_a_hyphen_and_hold_spaces() {
    let mut repository = Repository::new();
    for name in ["--help", "a 'b' \"c\""] {
        let inner = repository.dir().join(name);
        fs::create_dir(&inner).unwrap();
        git_in(&inner, &["init", "--quiet"], "");
        git_in(&inner, &["commit", "--quiet", "--allow-empty", "-m", name], "");
    }
    assert_eq!(commits(&repository.show("--help"))[0]["message"], "--help");
    assert_eq!(commits(&repository.show(r#""a 'b' \"c\"""#))[0]["message"], "a 'b' \"c\"");
}

fn the_users_configuration_and_variables_change_nothing() {
    let elsewhere =
        [("GIT_DIR", "/nowhere"), ("GIT_WORK_TREE", "/nowhere"), ("GIT_PAGER", "false"), ("GIT_TRACE", "1")];
    let mut repository = Repository::none(&elsewhere);
    repository.git(&["init", "--quiet", "--initial-branch=main"]);
    repository.commit("one");
    for (name, value) in [
        ("log.showSignature", "true"),
        ("log.decorate", "full"),
        ("log.follow", "true"),
        ("color.ui", "always"),
        ("color.log", "always"),
        ("core.pager", "false"),
        ("pager.log", "true"),
        ("format.pretty", "oneline"),
        ("i18n.logOutputEncoding", "ISO-8859-1"),
        ("core.abbrev", "no"),
        ("alias.log", "!false"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository.commit("zwei ü");
    let commits = repository.graph();
    assert_eq!(column(&commits, "message"), ["one", "zwei ü"]);
    assert_eq!(commits[1]["parent_ids"], json!([commits[0]["oid"]]));
}

fn branches_of_other_repositories_are_walked() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.git(&["branch", "theirs"]);
    repository.git(&["clone", "--quiet", ".", "clone"]);
    repository.git(&["checkout", "--quiet", "theirs"]);
    repository.commit("two");
    let clone = repository.dir().join("clone");
    git_in(&clone, &["fetch", "--quiet"], "");
    let commits = commits(&repository.show("clone"));
    assert_eq!(column(&commits, "branch"), ["main", "origin/theirs"]);
}

fn notes_and_stashes_are_no_history() {
    let mut repository = Repository::new();
    repository.commit("one");
    fs::write(repository.dir().join("file"), "").unwrap();
    repository.git(&["add", "file"]);
    repository.git(&["stash", "--quiet"]);
    repository.git(&["notes", "add", "-m", "a note"]);
    assert_eq!(column(&repository.graph(), "message"), ["one"]);
}

/// Makes a history of `count` commits, with their numbers and `message`, a side branch merged now and then.
fn fast_import(dir: &Path, count: usize, message: &str) {
    let mut stream = String::new();
    for number in 1..=count {
        let text = format!("commit {number}{message}");
        write!(stream, "commit refs/heads/main\nmark :{number}\ncommitter A <a@b> {} +0000\n", 1_500_000_000 + number)
            .unwrap();
        write!(stream, "data {}\n{text}\n", text.len()).unwrap();
        if number > 1 {
            writeln!(stream, "from :{}", number - 1).unwrap();
        }
        if number % 50 == 0 {
            writeln!(stream, "merge :{}", number - 20).unwrap();
        }
        stream.push('\n');
    }
    git_in(dir, &["fast-import", "--quiet"], &stream);
}

fn ten_thousand_commits_take_less_than_a_second() {
    let mut repository = Repository::new();
    fast_import(&repository.dir(), 10_000, "");
    let before = processor_time(&repository.daemon);
    let commits = repository.graph();
    let spent = processor_time(&repository.daemon).saturating_sub(before);
    assert_eq!(commits.len(), 10_000);
    assert_eq!((&commits[0]["message"], &commits[9_999]["message"]), (&json!("commit 1"), &json!("commit 10000")));
    assert!(spent < Duration::from_secs(1), "{spent:?}");
}

/// What the daemon, and the programs that it has waited for, have spent. How busy others keep the machine changes little in it.
fn processor_time(daemon: &Daemon) -> Duration {
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{}/stat", daemon.serving_pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11..15].iter().map(|ticks| TICK * ticks.parse::<u32>().unwrap()).sum()
}

fn what_no_client_takes_loses_its_oldest_commits() {
    let mut repository = Repository::new();
    fast_import(&repository.dir(), 6_000, &format!("\n{}", "x".repeat(2000)));
    let outcome = repository.show(".");
    let commits = commits(&outcome);
    assert_eq!((commits.len(), &commits[0]["message"], outcome.exit_code), (6_000, &json!("commit 1"), Some(0)));
    let inner = repository.dir().join("inner");
    fs::create_dir(&inner).unwrap();
    git_in(&inner, &["init", "--quiet", "--initial-branch=main"], "");
    fast_import(&inner, 15_000, &"x".repeat(1000));
    let outcome = repository.show("inner");
    let commits = self::commits(&outcome);
    assert!(commits.len() > 5_000 && commits.len() < 15_000, "{}", commits.len());
    assert!(commits.last().unwrap()["message"].as_str().unwrap().starts_with("commit 15000x"));
    let expected = format!("the newest {} of 15000 commits: a client takes at most 10 MiB\n", commits.len());
    assert_eq!((outcome.stderr_text(), outcome.exit_code), (expected, Some(0)));
}

fn the_graph_can_be_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let slow = folder.path().join("git");
    fs::write(&slow, "#!/bin/sh\ntouch started\nexec sleep 1000\n").unwrap();
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).unwrap();
    let daemon = Daemon::options(std::env::current_exe().unwrap(), "git").arg(&slow).start();
    let mut client = Client::connect(&daemon);
    client.send(Request::Query("%show graph .".into()));
    let started = || daemon.work_dir().join("started").exists().then_some(());
    assert!(wait_until(PATIENCE, started).is_some());
    client.send(Request::Interrupt);
    let outcome = client.finish(RequestKind::Query);
    assert_eq!(outcome.exit_code, Some(-2), "{outcome:?}");
    assert_eq!(client.query("%ping").stdout_text(), "pong!");
}

fn a_missing_git_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/sh", folder.path().join("sh")).unwrap();
    let mut repository = Repository::none(&[("PATH", folder.path().to_str().unwrap())]);
    for code in ["%show graph .", "status", "git status"] {
        let outcome = repository.client.query(code);
        let expected = "git: git: not found; install it (Debian and Ubuntu: apt-get install git)\n";
        assert_eq!((outcome.stderr_text().as_str(), outcome.exit_code), (expected, Some(127)), "{code}");
    }
}
