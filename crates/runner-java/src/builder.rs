//! Maven and Gradle, which build a whole project as its manifest says.

use std::fs;
use std::path::{Path, PathBuf};

use runner_core::{Command, ExitCode, Project, Result, Task};
use walkdir::WalkDir;

use crate::Jdk;

/// How far below the root a project's modules are looked for.
const MODULE_DEPTH: usize = 3;

/// A tool that builds a project.
#[derive(Debug)]
pub(crate) struct Builder {
    /// What it is called by.
    pub(crate) program: &'static str,
    /// The script that brings the project's own version of it.
    script: &'static str,
    manifests: &'static [&'static str],
    arguments: &'static [&'static str],
    /// The folders that it makes.
    made: &'static [&'static str],
    /// Where it puts jars.
    jars: &'static str,
    /// Where it puts classes, resources, and the jars that they need.
    class_path: &'static [&'static str],
    /// What a manifest says when the jar that it makes can be run.
    runnable: &'static [&'static str],
}

const BUILDERS: [Builder; 2] = [
    Builder {
        program: "mvn",
        script: "mvnw",
        manifests: &["pom.xml"],
        arguments: &["--batch-mode", "--quiet", "-Dstyle.color=never", "-DskipTests", "package"],
        made: &["target"],
        jars: "target",
        class_path: &["target/classes", "target/lib/*", "target/dependency/*"],
        runnable: &["<mainClass>", "spring-boot-maven-plugin"],
    },
    Builder {
        program: "gradle",
        script: "gradlew",
        manifests: &["build.gradle", "build.gradle.kts"],
        arguments: &["--console=plain", "--quiet", "assemble"],
        made: &["build", ".gradle"],
        jars: "build/libs",
        class_path: &["build/classes/java/main", "build/resources/main"],
        runnable: &["Main-Class", "org.springframework.boot"],
    },
];

/// A project with the manifest of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build<'a> {
    pub(crate) builder: &'static Builder,
    pub(crate) manifest: &'static str,
    project: Project<'a>,
}

impl<'a> Build<'a> {
    /// `None` where there is no manifest.
    pub(crate) fn of(project: Project<'a>) -> Option<Self> {
        BUILDERS.iter().find_map(|builder| {
            let manifest = builder.manifests.iter().find(|manifest| project.has(manifest))?;
            Some(Self { builder, manifest, project })
        })
    }

    /// The command that builds, if the tool is there.
    pub(crate) fn command(&self, jdk: &Jdk) -> Option<Command> {
        let Builder { program, script, arguments, .. } = self.builder;
        if self.project.has(script) {
            return Some(Command::new("sh").arg(script).args(*arguments));
        }
        jdk.has(program).then(|| Command::new(program).args(*arguments))
    }

    /// Builds, and marks the folders that were not there before.
    pub(crate) async fn run(&self, task: &Task, command: Command) -> Result<ExitCode> {
        let root = self.project.root();
        let folders = made_by(self.builder, root);
        let new: Vec<_> = folders.iter().filter(|folder| !root.join(folder).exists()).collect();
        let exit_code = task.run(command).await?;
        for folder in new.into_iter().filter(|folder| root.join(folder).is_dir()) {
            self.project.mark_made(folder)?;
        }
        Ok(exit_code)
    }

    /// Whether it has come as far as to make its folder.
    pub(crate) fn has_begun(&self) -> bool {
        self.builder.made.first().is_some_and(|folder| self.project.root().join(folder).is_dir())
    }

    /// The text of the manifest.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.project.root().join(self.manifest)).unwrap_or_default()
    }

    /// The jar to run, if the manifest makes one.
    pub(crate) fn jar(&self) -> Option<PathBuf> {
        let text = self.text();
        self.builder.runnable.iter().any(|sign| text.contains(sign)).then_some(())?;
        let is_program = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_beside =
                ["-sources.jar", "-javadoc.jar", "-tests.jar", "-plain.jar"].iter().any(|end| name.ends_with(end));
            name.ends_with(".jar") && !name.starts_with("original-") && !is_beside
        };
        let files = fs::read_dir(self.project.root().join(self.builder.jars)).ok()?.flatten().map(|entry| entry.path());
        // A jar with everything in it has a longer name than the one that it was made of.
        files.filter(is_program).max_by_key(|path| path.as_os_str().len())
    }

    /// Where the classes of the project and of its modules are, and what they need.
    pub(crate) fn class_path(&self) -> Vec<PathBuf> {
        let modules = modules(self.builder, self.project.root());
        let folders = modules.iter().flat_map(|module| self.builder.class_path.iter().map(|path| module.join(path)));
        folders.map(|folder| self.project.root().join(folder)).collect()
    }
}

/// The folders that any tool may have made, from the root on.
pub(crate) fn all_made(root: &Path) -> Vec<String> {
    BUILDERS.iter().flat_map(|builder| made_by(builder, root)).collect()
}

fn made_by(builder: &Builder, root: &Path) -> Vec<String> {
    let modules = modules(builder, root);
    let folders = modules.iter().flat_map(|module| builder.made.iter().map(|folder| module.join(folder)));
    folders.map(|folder| folder.to_string_lossy().into_owned()).collect()
}

/// The folders with a manifest, from the root on.
fn modules(builder: &Builder, root: &Path) -> Vec<PathBuf> {
    WalkDir::new(root)
        .max_depth(MODULE_DEPTH)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| builder.manifests.iter().any(|manifest| entry.file_name() == *manifest))
        .filter_map(|entry| Some(entry.path().parent()?.strip_prefix(root).ok()?.to_owned()))
        .collect()
}
