//! Programs that the commands run, in the root of the repository.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A program to run, shown to the user before it starts.
pub(crate) struct Run(Command);

pub(crate) fn program(name: impl AsRef<OsStr>) -> Run {
    let mut command = Command::new(name);
    command.current_dir(root());
    Run(command)
}

pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Run {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    program(cargo).args(arguments)
}

impl Run {
    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Runs it in another folder than the root of the repository.
    pub(crate) fn dir(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Shows the command line, runs it, and fails when it fails.
    pub(crate) fn run(mut self) -> Result<()> {
        let line = self.line();
        eprintln!("+ {line}");
        let status = self.0.status().with_context(|| format!("failed to run `{line}`"))?;
        if !status.success() {
            bail!("`{line}` failed: {status}");
        }
        Ok(())
    }

    /// What it prints. Nothing is shown unless it fails.
    pub(crate) fn read(mut self) -> Result<String> {
        let line = self.line();
        let output = self.0.stderr(Stdio::inherit()).output().with_context(|| format!("failed to run `{line}`"))?;
        if !output.status.success() {
            eprint!("{}", String::from_utf8_lossy(&output.stdout));
            bail!("`{line}` failed: {}", output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What it prints to both of its streams, whether it fails or not.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "only those who run images ask for it"))]
    pub(crate) fn read_all(mut self) -> Result<String> {
        let output = self.0.output().with_context(|| format!("failed to run `{}`", self.line()))?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// What it prints goes nowhere, unless it fails: then the error has it.
    pub(crate) fn quiet(mut self) -> Result<()> {
        let line = self.line();
        let output = self.0.stdin(Stdio::null()).output().with_context(|| format!("failed to run `{line}`"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        let reason = format!("`{line}` failed: {}", output.status);
        Err(Failed { reason, output: String::from_utf8_lossy(&text).into_owned() }.into())
    }

    /// The command line, with the variables that are set for it.
    pub(crate) fn whole_line(&self) -> String {
        let set = self.0.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let set = set.map(|(name, value)| format!("{}='{}' ", name.to_string_lossy(), value.to_string_lossy()));
        set.collect::<String>() + &self.line()
    }

    fn line(&self) -> String {
        let name = Path::new(self.0.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let arguments = self.0.get_args().map(|argument| argument.to_string_lossy().into_owned());
        let line = std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ");
        match self.0.get_current_dir().and_then(|folder| folder.strip_prefix(root()).ok()) {
            Some(folder) if folder != Path::new("") => format!("cd {} && {line}", folder.display()),
            _ => line,
        }
    }
}

/// A program that ran quietly, and failed.
#[derive(Debug)]
pub(crate) struct Failed {
    reason: String,
    /// What it printed.
    pub(crate) output: String,
}

impl std::error::Error for Failed {}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Where a program is on the `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether cargo has this subcommand.
pub(crate) fn has_nextest() -> bool {
    cargo(["nextest", "--version"])
        .0
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
