//! Projects with a build system of their own.

use runner_core::{Command, Context, ExitCode, Project, Result, Task};

use super::{FOLDER, own};
use crate::compiler::Compiler;

/// A build system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    program: &'static str,
    /// The file that says what to build.
    manifest: &'static str,
    /// The file that says, in the build's folder, that the tool knows it already.
    known_by: &'static str,
    configure: &'static [&'static str],
    /// How the tool is told that it knows the folder.
    again: &'static [&'static str],
    build: &'static [&'static str],
}

/// `SOURCE` and `BUILD` stand for the two folders.
const TOOLS: [Tool; 2] = [
    Tool {
        program: "cmake",
        manifest: "CMakeLists.txt",
        known_by: "CMakeCache.txt",
        configure: &["-S", "SOURCE", "-B", "BUILD"],
        again: &[],
        build: &["--build", "BUILD", "--parallel"],
    },
    Tool {
        program: "meson",
        manifest: "meson.build",
        known_by: "build.ninja",
        configure: &["setup", "BUILD", "SOURCE"],
        again: &["--reconfigure"],
        build: &["compile", "-C", "BUILD"],
    },
];

/// The tool of the project, if it has one that is there.
pub(super) fn of(project: Project<'_>, context: &Context) -> Option<Tool> {
    TOOLS.into_iter().find(|tool| project.has(tool.manifest) && context.find(tool.program).is_some())
}

/// The manifest of a tool that is not there.
pub(super) fn missing(project: Project<'_>) -> Option<(&'static str, &'static str)> {
    TOOLS.iter().find(|tool| project.has(tool.manifest)).map(|tool| (tool.manifest, tool.program))
}

impl Tool {
    pub(super) async fn build(self, task: &Task, compiler: &Compiler) -> Result<ExitCode> {
        let project = task.project();
        let folder = project.build_dir().join(FOLDER);
        task.chose(format!("building with {}: there is a {}", self.program, self.manifest)).await;
        own(task, &folder)?;
        let command = |words: &[&str]| {
            words.iter().fold(Command::new(self.program), |command, word| match *word {
                "SOURCE" => command.arg(project.root()),
                "BUILD" => command.arg(&folder),
                other => command.arg(other),
            })
        };
        let again = if folder.join(self.known_by).is_file() { self.again } else { &[] };
        let configured = task.run(command(&[self.configure, again].concat())).await?;
        if !configured.is_success() {
            return Ok(configured);
        }
        let build = command(self.build);
        let include = compiler.include();
        task.run(build.env("C_INCLUDE_PATH", &include).env("CPLUS_INCLUDE_PATH", &include)).await
    }
}
