use std::ffi::OsString;
use std::path::PathBuf;

use super::Environment;

/// A program to run: what [`Task::run`](crate::Task::run) takes.
///
/// It says only what is to run. Where the output goes, the process group, the pipes and the environment are the task's
/// business. The working directory is the task's, unless [`dir`](Self::dir) names another.
///
/// ```
/// use runner_core::Command;
/// let compile = Command::new("gcc").args(["-o", "main", "main.c"]).env("LANG", "C");
/// assert_eq!(compile.to_string(), "gcc -o main main.c");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Command {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) without: Vec<OsString>,
    pub(crate) dir: Option<PathBuf>,
}

impl Command {
    /// A program, by path or by its name on the `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: Vec::new(), without: Vec::new(), dir: None }
    }

    /// A command line for `sh`. One that only names a program by its path takes the shell's place, so that its end, by a
    /// signal for one, is seen as it is.
    pub fn shell(line: impl Into<String>) -> Self {
        let line = line.into();
        let line = if is_plain(&line) { format!("exec {line}") } else { line };
        Self::new("sh").arg("-c").arg(line)
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable on top of the runner's environment for children.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Keeps variables of the runner's environment for children from it.
    pub fn without_env(mut self, names: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.without.extend(names.into_iter().map(Into::into));
        self
    }

    /// The variables that it is started with.
    pub(super) fn environment<'a>(
        &'a self,
        inherited: &'a Environment,
    ) -> impl Iterator<Item = (&'a OsString, &'a OsString)> {
        let kept = inherited.iter().filter(|(name, _)| !self.without.contains(name));
        kept.chain(self.env.iter().map(|(name, value)| (name, value)))
    }

    /// Runs it in another directory than the task's.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }
}

/// Whether a shell would do nothing with the line but split it into words and start the program at a path.
fn is_plain(line: &str) -> bool {
    let program = line.split(' ').next().unwrap_or_default();
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || " -_./=,:@%+".contains(c);
    program.contains('/') && !program.contains('=') && line.chars().all(is_harmless)
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.program.display())?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", arg.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_path_takes_the_place_of_the_shell() {
        assert_eq!(Command::shell("./main --size=3").to_string(), "sh -c exec ./main --size=3");
        for line in ["exit 3", "./a && ./b", "A=./x make", "./main > out", "cd src", "./a; ./b", "./a $HOME"] {
            assert_eq!(Command::shell(line).to_string(), format!("sh -c {line}"));
        }
    }
}
