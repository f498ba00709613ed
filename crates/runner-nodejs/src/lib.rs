//! Node.js for kernel-runner: sessions that keep their state, and batch mode for scripts and npm packages.

mod package;

use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

use package::Package;

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.js");
/// The driver's second thread.
const LINK: &str = include_str!("link.js");
/// Where npm puts what a package depends on, and what it notes about that.
const MADE: [&str; 2] = ["node_modules", "package-lock.json"];
/// What Node runs; TypeScript where it is new enough.
const EXTENSIONS: [&str; 4] = ["js", "mjs", "cjs", "ts"];

register_runner! {
    name: "nodejs",
    aliases: ["node", "js", "javascript"],
    extensions: ["js", "mjs", "cjs", "ts"],
    tools: [Tool { programs: &["node"], version: &["--version"], package: "nodejs" }],
    syntax: Syntax {
        keywords: "async await break case catch class const continue debugger default delete do else export extends false \
            finally for from function if import in instanceof let new null of return static super switch this throw \
            true try typeof undefined var void while with yield",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        long_strings: &[("`", "`")],
    },
    runner: Node::new,
}

struct Node {
    context: Context,
    session: Session,
}

impl Node {
    fn new(context: Context) -> Self {
        let driver = Command::new(context.runtime()).arg("-e").arg(DRIVER).env("KERNEL_RUNNER_NODEJS_LINK", LINK);
        Self { session: Session::start(&context, driver), context }
    }

    fn npm(arguments: &[&str]) -> Command {
        let quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline", "--silent"];
        Command::new("npm").args(quiet).args(arguments)
    }

    /// Installs what the package depends on, where that is anything.
    async fn install(&self, task: &Task, package: &Package) -> Result<ExitCode> {
        let project = task.project();
        if !package.has_dependencies() {
            return Ok(ExitCode::SUCCESS);
        }
        let is_locked = project.has("package-lock.json") || project.has("npm-shrinkwrap.json");
        let (step, why) =
            if is_locked { ("ci", "there is a lock file") } else { ("install", "package.json has dependencies") };
        if self.context.find("npm").is_none() {
            task.stderr("npm is not installed (package npm): going on with the modules that are there\n").await;
            return Ok(ExitCode::SUCCESS);
        }
        task.stderr(format!("installing with npm {step}: {why}\n")).await;
        let is_there = |name: &&str| project.root().join(name).exists();
        let new: Vec<_> = MADE.into_iter().filter(|name| !is_there(name)).collect();
        let exit_code = task.run(Self::npm(&[step])).await?;
        if exit_code.is_success() {
            new.into_iter().filter(is_there).try_for_each(|name| project.mark_made(name))?;
        }
        Ok(exit_code)
    }
}

#[async_trait]
impl Runner for Node {
    /// Removes the modules that a build has installed.
    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        for name in MADE {
            task.project().remove_made(name)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A package is installed and built as npm does it; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let Some(package) = Package::read(task)? else {
            task.chose("nothing to build: no package.json").await;
            return Ok(ExitCode::SUCCESS);
        };
        let installed = self.install(task, &package).await?;
        if !installed.is_success() {
            return Ok(installed);
        }
        if !package.has_script("build") {
            return Ok(ExitCode::SUCCESS);
        }
        task.stderr("building with npm run build: package.json has that script\n").await;
        task.run(Self::npm(&["run", "build"])).await
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let package = Package::read(task)?.unwrap_or_default();
        if package.has_script("start") {
            task.stderr("running npm start: package.json has that script\n").await;
            return task.run(Self::npm(&["run", "start"])).await;
        }
        let Some((file, why)) = main_file(task, &package) else {
            let looked_for = "package.json with a start script or main, index.js, main.js, or one single .js file";
            task.stderr(format!("nothing to run: looked for {looked_for} (or .mjs, .cjs, .ts)\n")).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {why}", file.display())).await;
        task.run(Command::new(self.context.runtime()).arg(file)).await
    }

    async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        self.session.query(task, code).await
    }

    async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.session.completeness(code).await
    }

    async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

/// The file to run, and why that one.
fn main_file(task: &Task, package: &Package) -> Option<(PathBuf, &'static str)> {
    let project = task.project();
    if let Some(main) = package.main() {
        return Some((main.into(), "package.json names it"));
    }
    let main = project.main(&EXTENSIONS);
    let is_main = main.as_ref().is_some_and(|(file, _)| file.file_stem().is_some_and(|stem| stem == "main"));
    let index = EXTENSIONS.iter().map(|extension| format!("index.{extension}")).find(|name| project.has(name));
    match index {
        Some(index) if !is_main => Some((index.into(), "it is the index")),
        _ => main,
    }
}
