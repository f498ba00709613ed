//! Lua for kernel-runner: sessions that keep their state, and batch mode for scripts and rocks.

use std::path::PathBuf;

use runner_core::{
    Command, Completeness, CompletionRequest, Context, ExitCode, Project, Result, Runner, Session, Syntax, Task, Tool,
    async_trait, register_runner,
};

/// The program that the session's interpreter runs.
const DRIVER: &str = include_str!("driver.lua");
/// What the interpreter runs before a script of batch mode.
const BATCH: &str = include_str!("batch.lua");
/// Goes on with the driver. The interpreter handles one SIGINT in each chunk of its command line, so each interrupt
/// takes one of these.
const NEXT_CHUNK: &str = "-ekernel_runner()";
/// After so many interrupts a session ends.
const CHUNKS: usize = 1000;
/// Where a build installs a rock, in the project.
const TREE: &str = "lua_modules";
/// Installs the rock of rockspec `$3` into the tree `$2`, for the version of the interpreter `$1`.
const INSTALL: &str = r#"
command -v luarocks > /dev/null || {
    echo "luarocks: not found; install it (Debian and Ubuntu: apt-get install luarocks)" >&2
    exit 127
}
exec luarocks --lua-version "$("$1" -e 'print((_VERSION:match("%d.%d")))')" --tree "$2" make "$3""#;

register_runner! {
    name: "lua",
    aliases: [],
    extensions: ["lua"],
    tools: [Tool { programs: &["lua", "lua5.4", "lua5.3", "luajit"], version: &["-v"], package: "lua5.4" }],
    syntax: Syntax {
        keywords: "and break do else elseif end false for function goto if in local nil not or repeat return then true until \
            while",
        line_comments: &["--"],
        block_comments: &[("--[[", "]]")],
        strings: &["\"", "'"],
        long_strings: &[("[[", "]]")],
    },
    runner: Lua::new,
}

struct Lua {
    context: Context,
    session: Session,
}

impl Lua {
    fn new(context: Context) -> Self {
        let driver = Command::new(context.runtime()).arg(format!("-e{DRIVER}")).args([NEXT_CHUNK; CHUNKS]);
        Self { session: Session::start(&context, driver), context }
    }
}

#[async_trait]
impl Runner for Lua {
    /// A rock is installed into the project, with what it depends on; a script needs no build.
    async fn build_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        let Some(rockspec) = top(project, "rockspec") else {
            task.chose("nothing to build: no .rockspec file").await;
            return Ok(ExitCode::SUCCESS);
        };
        let tree = project.build_dir().join(TREE);
        let is_new = !tree.exists();
        task.stderr(format!("installing into {TREE} with luarocks: there is {}\n", rockspec.display())).await;
        let install = Command::new("sh").args(["-c", INSTALL, "sh"]).arg(self.context.runtime());
        let exit_code = task.run(install.arg(tree).arg(rockspec)).await?;
        if exit_code == ExitCode::SUCCESS && is_new {
            project.mark_made(TREE)?;
        }
        Ok(exit_code)
    }

    async fn execute_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        let Some((main, reason)) = main_file(project) else {
            task.stderr("nothing to run: looked for main.lua, init.lua, or one single .lua file\n").await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: {reason}", main.display())).await;
        let tree = project.build_dir().join(TREE);
        let before = format!("-elocal tree = [==[{}]==]\n{BATCH}", tree.display());
        task.run(Command::new(self.context.runtime()).arg(before).arg(main)).await
    }

    async fn clean_heuristic(&self, task: &Task) -> Result<ExitCode> {
        let line = if task.project().remove_made(TREE)? {
            format!("removed {TREE}, which a build has made\n")
        } else {
            "nothing to clean\n".into()
        };
        task.stderr(line).await;
        Ok(ExitCode::SUCCESS)
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

/// The first file in the root with that extension.
fn top(project: Project, extension: &str) -> Option<PathBuf> {
    project.sources(&[extension]).into_iter().find(|path| path.components().count() == 1)
}

/// The script to run, and why.
fn main_file(project: Project) -> Option<(PathBuf, &'static str)> {
    if !project.has("main.lua") && project.has("init.lua") {
        return Some(("init.lua".into(), "there is no main.lua"));
    }
    project.main(&["lua"])
}
