//! The `go` command, and the folder that it works in for queries.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Command, Context, Result};

use crate::cache;

/// The sources of the driver, which is built when it starts, and of the package that its programs are built with.
const SOURCES: [(&str, &str); 15] = [
    ("driver/go.mod", include_str!("driver/go.mod")),
    ("driver/main.go", include_str!("driver/main.go")),
    ("driver/link.go", include_str!("driver/link.go")),
    ("driver/cell.go", include_str!("driver/cell.go")),
    ("driver/session.go", include_str!("driver/session.go")),
    ("driver/program.go", include_str!("driver/program.go")),
    ("driver/check.go", include_str!("driver/check.go")),
    ("driver/packages.go", include_str!("driver/packages.go")),
    ("driver/build.go", include_str!("driver/build.go")),
    ("driver/complete.go", include_str!("driver/complete.go")),
    ("driver/completeness.go", include_str!("driver/completeness.go")),
    ("kernelrunner/kernelrunner.go", include_str!("driver/kernelrunner/kernelrunner.go")),
    ("kernelrunner/encode.go", include_str!("driver/kernelrunner/encode.go")),
    ("kernelrunner/decode.go", include_str!("driver/kernelrunner/decode.go")),
    ("kernelrunner/types.go", include_str!("driver/kernelrunner/types.go")),
];
/// The function that shows things, in the package for snippets.
const DISPLAY: &str = include_str!("driver/kernelrunner/display.go");

/// The driver, as it is built.
const DRIVER: &str = "session";
/// Builds the driver, unless it is there from an earlier start, and becomes it.
const START: &str = r#"
# Whoever runs a query without `go` says it.
[ -x "$0" ] || exit 127
[ -x "$1/session" ] ||
    (cd "$1/driver" && CGO_ENABLED=0 GOFLAGS= "$0" build -buildvcs=false -ldflags="-s -w" -o "$1/session" .) || exit
exec "$1/session" "$1" "$1/kernelrunner" "$0"
"#;

/// What a program is linked with: without symbols it is faster, and a panic still tells its lines.
const LINK: &str = "-ldflags=-s -w";

pub(crate) struct Toolchain {
    go: PathBuf,
    folder: PathBuf,
    /// Where compiled packages are kept.
    cache: PathBuf,
}

impl Toolchain {
    pub(crate) fn new(context: &Context) -> Result<Self> {
        let folder = context.temp_dir()?.to_owned();
        for name in ["driver", "kernelrunner", "program", "tmp"] {
            fs::create_dir(folder.join(name)).context("failed to make a folder for queries")?;
        }
        let display = [("kernelrunner/display.go", DISPLAY)];
        for (name, text) in SOURCES.into_iter().chain(display) {
            fs::write(folder.join(name), text).context("failed to write the driver")?;
        }
        // The same function, for programs.
        let display = DISPLAY.replace("package kernelrunner", "package main").replace("func Display(", "func display(");
        fs::write(folder.join("program/display.go"), display).context("failed to write the driver")?;
        context.use_cache(&[DRIVER, cache::OWN]);
        let cache = if context.is_warming() { folder.join(cache::OWN) } else { cache::usable(&folder) };
        Ok(Self { go: context.runtime(), folder, cache })
    }

    /// `go`, as every call needs it.
    pub(crate) fn go(&self) -> Command {
        self.settle(Command::new(&self.go))
    }

    /// The session's driver.
    pub(crate) fn driver(&self) -> Command {
        self.settle(Command::new("sh").args(["-c", START]).arg(&self.go).arg(&self.folder))
    }

    /// Builds `source` as [the program](Self::program).
    pub(crate) fn build(&self, source: &str) -> Result<Command> {
        let file = self.folder.join("program/main.go");
        fs::write(&file, source).context("failed to write the program")?;
        let build = self.go().args(["build", "-buildvcs=false", LINK, "-o"]).arg(self.binary()).arg(file);
        let build = if wants_display(source) { build.arg(self.display_source()) } else { build };
        Ok(unless_set(build, "GOPROXY", "off"))
    }

    /// The program that was built last.
    pub(crate) fn program(&self) -> Command {
        Command::new(self.binary())
    }

    /// The source file that gives a main package its function `display`.
    pub(crate) fn display_source(&self) -> PathBuf {
        self.folder.join("program/display.go")
    }

    fn binary(&self) -> PathBuf {
        self.folder.join("program/main")
    }

    fn settle(&self, command: Command) -> Command {
        let command = command.env("GOCACHE", &self.cache).env("GOTMPDIR", self.folder.join("tmp"));
        let command = unless_set(command, "GOTOOLCHAIN", "local");
        if env::var_os("HOME").is_some_and(|home| Path::new(&home).is_dir()) {
            return command;
        }
        unless_set(command, "GOPATH", self.folder.join("path"))
    }
}

/// Whether a main package calls the runner's `display`, and has none of its own.
pub(crate) fn wants_display(source: &str) -> bool {
    source.contains("display(") && !source.contains("func display(")
}

fn unless_set(command: Command, name: &str, value: impl Into<OsString>) -> Command {
    if env::var_os(name).is_some() { command } else { command.env(name, value) }
}
