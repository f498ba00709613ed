//! The compiler at work on queries, in a folder of the runner's own.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Result, Task};

use crate::native;

/// The most memory that a compilation may take, in KiB: a template that never ends must not take the session with it.
const MEMORY: &str = "4194304";

/// What tells the line of a crash. A precompiled header needs the same as what includes it.
pub(crate) const DEBUG: [&str; 2] = ["-gdwarf-4", "-g1"];

/// Compiles files of one folder.
#[derive(Debug)]
pub(crate) struct Compiler {
    context: Context,
    pub(crate) folder: PathBuf,
}

/// How a compilation ended.
pub(crate) struct Compiled {
    pub(crate) exit_code: ExitCode,
    /// What the compiler had to say.
    pub(crate) messages: String,
}

impl Compiler {
    pub(crate) fn new(context: Context, folder: PathBuf) -> Self {
        Self { context, folder }
    }

    /// The program itself.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.context.runtime()
    }

    /// Whether there is a compiler.
    pub(crate) fn is_there(&self) -> bool {
        self.context.find(&self.runtime().to_string_lossy()).is_some()
    }

    /// The option for a linker that is faster than the usual one, where it is there.
    pub(crate) fn quick_linker(&self) -> Option<&'static str> {
        self.context.find("ld.gold").map(|_| "-fuse-ld=gold")
    }

    /// Runs the compiler in the folder. Headers in the working directory are found.
    pub(crate) async fn run(
        &self,
        task: &Task,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Compiled> {
        let compiler = self.context.runtime();
        if !self.is_there() {
            // This says what is missing.
            return Ok(Compiled { exit_code: task.run(Command::new(compiler)).await?, messages: String::new() });
        }
        let messages = self.path("messages");
        let limited = format!("ulimit -v {MEMORY} 2>/dev/null; exec \"$@\" 2>\"$0\"");
        let command = Command::new("sh")
            .arg("-c")
            .arg(limited)
            .arg(&messages)
            .arg(compiler)
            .args(["-fdiagnostics-color=never", "-pipe"])
            .arg(format!("-I{}", task.work_dir().display()))
            .args(["-isystem", native::INCLUDE])
            .args(args)
            .env("TMPDIR", &self.folder)
            .dir(&self.folder);
        let exit_code = task.run(command).await?;
        if task.is_interrupted() {
            return Ok(Compiled { exit_code: ExitCode::INTERRUPTED, messages: "interrupted\n".into() });
        }
        let exit_code = if exit_code.is_success() { exit_code } else { ExitCode::FAILURE };
        let text = fs::read(&messages).unwrap_or_default();
        Ok(Compiled { exit_code, messages: readable(&String::from_utf8_lossy(&text), &self.folder) })
    }

    /// The folder of the headers that users may include.
    pub(crate) fn include(&self) -> PathBuf {
        self.path(native::INCLUDE)
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
    }
}

/// The compiler's messages without what the user has not written, each once.
fn readable(text: &str, folder: &Path) -> String {
    let is_own = |line: &&str| {
        let is_scope =
            [" In lambda function:", " At global scope:", " At top level:"].iter().any(|end| line.ends_with(end));
        !(is_scope || (line.contains(" In function ") && line.contains("kr_")))
    };
    let prefix = format!("{}/", folder.display());
    let mut messages: Vec<String> = Vec::new();
    for line in text.replace(&prefix, "").lines().filter(is_own) {
        let is_start = !line.starts_with(' ');
        match messages.last_mut() {
            Some(last) if !is_start => {
                last.push_str(line);
                last.push('\n');
            }
            _ => messages.push(format!("{line}\n")),
        }
    }
    let mut seen = HashSet::new();
    messages.retain(|message| seen.insert(message.clone()));
    // What is wrong with our own lines, or in our own words, is a consequence of what is wrong with the user's.
    let is_users = |message: &String| {
        !message.starts_with("kr_")
            && !message.starts_with("In file included from <command-line>")
            && !message.contains("__builtin_choose_expr")
    };
    if messages.iter().any(is_users) {
        messages.retain(is_users);
    }
    without_queries(&messages.concat())
}

/// A name of C++ without the namespace of the query that defined it.
fn without_queries(text: &str) -> String {
    let mut pieces = text.split("query_");
    let mut cleaned = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        match rest.strip_prefix("::") {
            Some(rest) if rest.len() + 2 < piece.len() => cleaned.push_str(rest),
            _ => {
                cleaned.push_str("query_");
                cleaned.push_str(piece);
            }
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_users_code() {
        let text = "<query 1>: In function ‘int kr_entry()’:\n<query 1>:1:2: error: ‘struct query_1::P’ has no x\n    1 | y\n\
                    <query 1>:1:2: error: ‘struct query_1::P’ has no x\n    1 | y\n";
        assert_eq!(readable(text, Path::new("/tmp")), "<query 1>:1:2: error: ‘struct P’ has no x\n    1 | y\n");
        assert_eq!(without_queries("my_query_x query_7"), "my_query_x query_7");
    }
}
