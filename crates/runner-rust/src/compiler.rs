//! The compiler at work on queries, in a folder of the runner's own.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Result, Task};

use crate::diagnostics::DEFINITIONS;

/// The most memory that a compilation may take, in KiB: one that never ends must not take the session with it.
const MEMORY: &str = "8388608";
/// Makes what queries are linked with, and starts the host of a session.
const PREPARE: &str = include_str!("driver/prepare.sh");
/// The sources of both.
const SOURCES: [(&str, &str); 9] = [
    ("lib.rs", include_str!("driver/lib.rs")),
    ("common.rs", include_str!("driver/common.rs")),
    ("values.rs", include_str!("driver/values.rs")),
    ("variables.rs", include_str!("driver/variables.rs")),
    ("host.rs", include_str!("driver/host.rs")),
    ("interrupts.rs", include_str!("driver/interrupts.rs")),
    ("link.rs", include_str!("driver/link.rs")),
    ("system.rs", include_str!("driver/system.rs")),
    ("link.sh", include_str!("driver/link.sh")),
];

/// What it makes.
const MADE: [&str; 6] =
    ["version", "link.sh", "libkernel_runner.so", "libkernel_runner.rlib", "host", "libkernel_runner_common.so"];

/// What every compilation without Cargo is asked for.
const USUAL: [&str; 2] = ["--edition=2021", "--color=never"];

/// Compiles files of one folder.
#[derive(Debug)]
pub(crate) struct Compiler {
    context: Context,
    folder: PathBuf,
}

/// How a compilation ended.
pub(crate) struct Compiled {
    pub(crate) exit_code: ExitCode,
    /// What the compiler had to say.
    pub(crate) messages: String,
}

impl Compiler {
    pub(crate) fn new(context: Context) -> Result<Self> {
        let folder = context.temp_dir()?.to_owned();
        let compiler = Self { context, folder };
        for name in ["driver", DEFINITIONS] {
            fs::create_dir(compiler.path(name)).context("failed to make a folder for queries")?;
        }
        for (name, text) in SOURCES {
            compiler.write(Path::new("driver").join(name), text)?;
        }
        compiler.context.use_cache(&MADE);
        Ok(compiler)
    }

    /// The host of a session.
    pub(crate) fn host(&self) -> Command {
        self.prepare().arg("host")
    }

    /// Makes all that the host, snippets and programs need.
    pub(crate) async fn warm(&self, task: &Task) -> Result<ExitCode> {
        task.run(self.prepare().arg("warm")).await
    }

    /// Compiles, so that `args` find what every program is linked with. What the compiler prints is not shown.
    pub(crate) async fn run(
        &self,
        task: &Task,
        args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<Compiled> {
        if !self.context.runtime().is_file() {
            // This says what is missing.
            let exit_code = task.run(Command::new(self.context.runtime())).await?;
            return Ok(Compiled { exit_code, messages: String::new() });
        }
        self.be_prepared(task).await?;
        let messages = self.path("messages");
        let limited = format!("ulimit -v {MEMORY} 2>/dev/null; exec \"$@\" 2>\"$0\"");
        let command = Command::new("sh").args(["-c", &limited]).arg(&messages).arg(self.path("rustc"));
        let search = format!("-Clink-arg=-Wl,-rpath,{}", self.folder.display());
        let command = self.with_library(command).arg(search).args(USUAL).args(args);
        let command = command.env("TMPDIR", &self.folder).dir(&self.folder);
        let exit_code = task.run(command).await?;
        if task.is_interrupted() {
            return Ok(Compiled { exit_code: ExitCode::INTERRUPTED, messages: "interrupted\n".into() });
        }
        let text = fs::read(&messages).unwrap_or_default();
        let exit_code = if exit_code.is_success() { exit_code } else { ExitCode::FAILURE };
        Ok(Compiled { exit_code, messages: String::from_utf8_lossy(&text).into_owned() })
    }

    /// Whether the libraries of two queries can share a static: since Rust 1.82.
    pub(crate) fn has_shared_statics(&self) -> bool {
        let version = fs::read_to_string(self.path("version")).unwrap_or_default();
        let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
        minor.is_some_and(|minor| minor >= 82)
    }

    /// A compiler of programs in files, whose messages go to the user.
    pub(crate) async fn rustc(&self, task: &Task) -> Result<Command> {
        self.be_prepared(task).await?;
        let rustc = Some(self.path("rustc")).filter(|path| path.exists()).unwrap_or_else(|| self.context.runtime());
        let command = match self.wrapper() {
            Some(wrapper) => Command::new(wrapper).arg(rustc),
            None => self.with_library(Command::new(rustc)),
        };
        Ok(command.args(USUAL).args(["--crate-type", "bin"]).env("TMPDIR", &self.folder))
    }

    /// Cargo, which belongs to the compiler. Where rustup would not find its own, it is that of the toolchain itself;
    /// where Cargo cannot keep things, it has a home in the folder.
    pub(crate) async fn cargo(&self, task: &Task) -> Result<Command> {
        self.be_prepared(task).await?;
        let own = fs::read_link(self.path("rustc")).ok().filter(|_| !has_rustup());
        let compiler = own.unwrap_or_else(|| self.context.runtime());
        let beside = compiler.with_file_name("cargo");
        let cargo = if beside.is_file() { beside } else { "cargo".into() };
        let mut command = Command::new(cargo).env("CARGO_TERM_COLOR", "never").env("CARGO_NET_RETRY", "0");
        if let Some(wrapper) = self.wrapper() {
            command = command.env("RUSTC_WORKSPACE_WRAPPER", wrapper);
        }
        if !has_rustup() {
            command = command.env("RUSTC", compiler);
        }
        Ok(if can_keep() { command } else { command.env("CARGO_HOME", self.path("cargo")) })
    }

    /// What links programs with what every program is to be linked with, where the compiler can do that.
    fn wrapper(&self) -> Option<PathBuf> {
        Some(self.path("link.sh")).filter(|path| path.is_file())
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
    }

    fn with_library(&self, command: Command) -> Command {
        command.arg("--extern=kernel_runner").arg("-L").arg(&self.folder)
    }

    /// Whether what programs are linked with is there. Before `rustc` is, it may still turn out to be another compiler's.
    pub(crate) fn is_prepared(&self) -> bool {
        ["rustc", "libkernel_runner.rlib"].iter().all(|name| self.path(name).is_file())
    }

    /// Makes what programs are linked with, unless that is done.
    async fn be_prepared(&self, task: &Task) -> Result<()> {
        if !self.is_prepared() {
            // What is wrong, the compilation will tell as well.
            task.run(self.prepare()).await?;
        }
        Ok(())
    }

    fn prepare(&self) -> Command {
        Command::new("sh").args(["-c", PREPARE, "sh"]).arg(&self.folder).arg(self.context.runtime())
    }
}

/// A folder that a variable names, or one in the home.
fn folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let given = env::var_os(variable).map(PathBuf::from);
    given.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(usual)))
}

fn has_rustup() -> bool {
    folder("RUSTUP_HOME", ".rustup").is_some_and(|folder| folder.join("toolchains").is_dir())
}

/// Whether Cargo can write where it usually does, or make a folder there.
fn can_keep() -> bool {
    let home = folder("CARGO_HOME", ".cargo");
    let there = home.as_deref().and_then(|home| home.ancestors().take(2).find(|folder| folder.is_dir()));
    there.is_some_and(|folder| tempfile::tempfile_in(folder).is_ok())
}
