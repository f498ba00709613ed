//! What `warm` makes ahead of time, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder with a cache, a working directory, and a C compiler that writes down what it is called for.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: TempDir::new().unwrap() };
        fs::set_permissions(place.path(""), Permissions::from_mode(0o755)).unwrap();
        for name in ["work", "tmp"] {
            fs::create_dir(place.path(name)).unwrap();
            fs::set_permissions(place.path(name), Permissions::from_mode(0o777)).unwrap();
        }
        place.compiler("exec gcc \"$@\"");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a compiler of a line of shell. It writes to the working directory, which anybody may.
    fn compiler(&self, line: &str) {
        let log = self.path("work/log");
        let script = format!("#!/bin/sh\necho \"$@\" >>{}\n{line}\n", log.display());
        fs::write(self.path("gcc"), script).unwrap();
        fs::set_permissions(self.path("gcc"), Permissions::from_mode(0o755)).unwrap();
    }

    /// What the compiler has been called for since this was asked last.
    fn calls(&self) -> String {
        let log = fs::read_to_string(self.path("work/log")).unwrap_or_default();
        let _ = fs::remove_file(self.path("work/log"));
        log
    }

    fn command(&self, arguments: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_kernel-runner"));
        command.args(arguments).current_dir(self.path("work"));
        command.env("KERNEL_RUNNER_CACHE", self.path("cache")).env("TMPDIR", self.path("tmp"));
        command
    }

    fn warm_c(&self) -> Output {
        self.command(&["warm", "c"]).arg(self.path("gcc")).output().unwrap()
    }

    fn answer_c(&self) -> Command {
        let mut command = self.command(&["eval", "--runtime-path"]);
        command.arg(self.path("gcc")).args(["c", "6 * 7"]);
        command
    }

    /// Answers a snippet in C, and tells the calls of the compiler that it took.
    fn eval_c(&self) -> String {
        assert_prints("42\n", &self.answer_c().output().unwrap());
        self.calls()
    }

    /// Each file of the cache, and when it was last written.
    fn cache(&self) -> BTreeMap<PathBuf, (i64, i64)> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path("cache")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let about = fs::symlink_metadata(&path).unwrap();
                if about.is_dir() {
                    folders.push(path.clone());
                }
                found.insert(path, (about.mtime(), about.mtime_nsec()));
            }
        }
        found
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn assert_prints(expected: &str, output: &Output) {
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && stdout == expected && stderr.is_empty(), "{}{stdout}{stderr}", output.status);
}

#[test]
fn a_warm_start_compiles_the_users_code_and_nothing_else() {
    let place = Place::new();
    assert_prints("", &place.warm_c());
    let made = place.calls();
    assert!(made.contains("host.c") && made.contains("program.c"), "{made}");
    let calls = place.eval_c();
    assert!(calls.lines().count() == 1 && calls.contains("kr_cell_1"), "{calls}");
}

#[test]
fn what_was_made_for_another_compiler_is_not_used() {
    let place = Place::new();
    assert_prints("", &place.warm_c());
    place.compiler("exec gcc -pipe \"$@\"");
    place.calls();
    assert!(place.eval_c().contains("host.c"));
}

#[test]
fn what_is_not_complete_is_not_used_and_is_made_anew() {
    let place = Place::new();
    assert_prints("", &place.warm_c());
    fs::write(place.path("cache/c/made-for"), "").unwrap();
    fs::write(place.path("cache/c/host"), "half a program").unwrap();
    assert!(place.eval_c().contains("host.c"));
    assert_prints("", &place.warm_c());
    place.calls();
    assert!(!place.eval_c().contains("host.c"));
}

#[test]
fn what_another_toolchain_behind_the_same_path_has_made_is_not_used() {
    if !is_there("rustc") {
        return;
    }
    let place = Place::new();
    assert_prints("", &place.command(&["warm", "rust"]).output().unwrap());
    fs::write(place.path("cache/rust/version"), "rustc 1.0.0\n").unwrap();
    fs::write(place.path("cache/rust/libkernel_runner.rlib"), "of another version").unwrap();
    let output = place.command(&["eval", "rust", "6 * 7", "fn main() { println!(\"42\"); }"]).output().unwrap();
    assert_prints("42\n42\n", &output);
}

#[test]
fn a_cache_that_is_not_there_is_no_cache() {
    assert!(Place::new().eval_c().contains("host.c"));
}

#[test]
fn another_user_may_use_what_only_its_owner_may_write() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("SKIPPED: only root can be another user");
        return;
    }
    let place = Place::new();
    assert_prints("", &place.warm_c());
    place.calls();
    assert_prints("42\n", &place.answer_c().uid(65534).gid(65534).output().unwrap());
    assert!(!place.calls().contains("host.c"));
}

#[test]
fn what_the_compiler_says_is_told_and_its_failure_leaves_no_cache() {
    let place = Place::new();
    place.compiler("echo no space left >&2; exit 3");
    let output = place.warm_c();
    assert!(!output.status.success() && text(&output.stderr).contains("no space left"), "{output:?}");
    assert_eq!(fs::read_to_string(place.path("cache/c/made-for")).unwrap(), "");
    place.compiler("exec gcc \"$@\"");
    assert!(place.eval_c().contains("host.c"));

    let output = place.command(&["warm", "c", "/nowhere/gcc"]).output().unwrap();
    assert_eq!(output.status.code(), Some(127), "{output:?}");
    assert!(text(&output.stderr).contains("/nowhere/gcc: not found"), "{output:?}");
}

#[test]
fn each_language_answers_from_its_cache_and_writes_nothing_to_it() {
    let programs = [
        ("c", "gcc", "6 * 7", "#include <stdio.h>\nint main(void) { puts(\"42\"); }"),
        ("cpp", "g++", "6 * 7", "#include <iostream>\nint main() { std::cout << \"42\\n\"; }"),
        ("golang", "go", "6 * 7", "package main\nimport \"fmt\"\nfunc main() { fmt.Println(42) }"),
        ("haskell", "ghc", "6 * 7", "main = print 42"),
        (
            "java",
            "java",
            "System.out.println(6 * 7)",
            "class A { public static void main(String[] a) { System.out.println(42); } }",
        ),
        ("python", "python3", "6 * 7", "print(42)"),
        ("rust", "rustc", "6 * 7", "fn main() { println!(\"42\"); }"),
    ];
    for (language, tool, snippet, program) in programs {
        if !is_there(tool) {
            continue;
        }
        let place = Place::new();
        assert_prints("", &place.command(&["warm", language]).output().unwrap());
        let made = place.cache();
        assert!(made.contains_key(&place.path("cache").join(language).join("made-for")), "{language}: {made:?}");
        assert_prints("42\n42\n", &place.command(&["eval", language, snippet, program]).output().unwrap());
        assert_eq!(place.cache(), made, "{language}");
    }
}

fn is_there(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap();
    let is_there = std::env::split_paths(&path).any(|folder: PathBuf| Path::new(&folder).join(tool).is_file());
    if !is_there {
        let may_be_skipped = std::env::var("TESTKIT_REQUIRE").as_deref() != Ok("all");
        assert!(may_be_skipped, "{tool} is not installed, and TESTKIT_REQUIRE=all");
        eprintln!("SKIPPED: {tool} is not installed");
    }
    is_there
}

#[test]
fn a_folder_that_is_somebody_elses_stays_as_it_is() {
    let place = Place::new();
    fs::create_dir_all(place.path("cache/c/dear")).unwrap();
    let output = place.warm_c();
    assert_eq!(output.status.code(), Some(74), "{output:?}");
    assert!(text(&output.stderr).contains("no folder of a cache") && place.path("cache/c/dear").is_dir(), "{output:?}");
}

#[test]
fn without_a_folder_there_is_nowhere_to_keep_it() {
    for folder in [None, Some("")] {
        let place = Place::new();
        let mut command = place.command(&["warm", "lua"]);
        let output = match folder {
            None => command.env_remove("KERNEL_RUNNER_CACHE"),
            Some(folder) => command.env("KERNEL_RUNNER_CACHE", folder),
        };
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        assert!(text(&output.stderr).contains("--cache"), "{output:?}");
    }
    let place = Place::new();
    let output = place.command(&["warm", "c", "--cache", "/proc/nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(74), "{output:?}");
    assert!(text(&output.stderr).contains("failed to make /proc/nowhere/c anew"), "{output:?}");
}
