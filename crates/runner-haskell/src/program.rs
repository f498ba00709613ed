//! Whole programs: how they are recognised, compiled and run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Result, Task};

use crate::modules;
use crate::project::{self, Main, Manifest};

/// The folder in the build directory for what a build makes. It is a hidden one: nothing of the user's is overwritten.
const OBJECTS: &str = ".kernel-runner-haskell";
/// What a build leaves in it.
const PROGRAM: &str = "main";
/// What else may be there to run: what a `Makefile` or the compiler by itself has made.
const PROGRAMS: [&str; 2] = ["main", "Main"];
/// Puts the runner's `main` in the place of the program's.
const ENTRY: &str =
    "-optl-Wl,--wrap=ZCMain_main_closure,--defsym=__wrap_ZCMain_main_closure=KernelRunnerMain_main_closure";

/// Compiles and runs programs.
pub(crate) struct Programs {
    context: Context,
    /// Where the program of a query is kept, as long as the runner lives.
    folder: PathBuf,
    /// The query whose program lies there.
    compiled: Mutex<Option<String>>,
}

impl Programs {
    pub(crate) fn new(context: Context, folder: PathBuf) -> Self {
        Self { context, folder, compiled: Mutex::default() }
    }

    /// Compiles `code`, unless that was done just before, and runs it.
    pub(crate) async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let program = self.folder.join(PROGRAM);
        // Modules in the working directory may have changed.
        let is_alone = task.project().sources(&["hs", "lhs"]).is_empty();
        if self.compiled().as_deref() != Some(code) || !is_alone {
            *self.compiled() = None;
            let objects = self.folder.join(modules::OBJECTS);
            fs::create_dir_all(&objects).with_context(|| format!("failed to make {}", objects.display()))?;
            let file = if is_literate(code) { "Main.lhs" } else { "Main.hs" };
            let _ = fs::remove_file(self.folder.join("Main.lhs"));
            let _ = fs::remove_file(self.folder.join("Main.hs"));
            let code = code.trim_start_matches('\u{feff}');
            fs::write(self.folder.join(file), code).with_context(|| format!("failed to write {file}"))?;
            let imports = search_path([&self.folder, task.work_dir()]);
            let module = main_module(code).unwrap_or_default();
            let compile = self.compile(&objects, &self.folder, &program, &module).arg(imports).arg(file);
            let exit_code = task.run(compile.dir(&self.folder)).await?;
            if !exit_code.is_success() {
                return Ok(exit_code);
            }
            *self.compiled() = Some(code.to_owned());
        }
        task.run(Command::new(program)).await
    }

    /// Compiles what every program gets, and the driver of sessions.
    pub(crate) async fn warm(&self, task: &Task) -> Result<ExitCode> {
        let prepare = Command::new("sh").arg(self.folder.join(modules::PREPARE)).arg(self.context.runtime());
        task.run(prepare.arg(&self.folder).arg("warm")).await
    }

    /// Builds with the tool that the project is made for, or compiles its main module with all that it imports.
    pub(crate) async fn build(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        if let Some((manifest, reason)) = Manifest::of(project, &self.context) {
            task.chose(format!("building with {}: {reason}", manifest.name())).await;
            let is_new = !project.build_dir().join(manifest.made()).exists();
            let exit_code = task.run(manifest.command("build")).await?;
            if is_new && project.build_dir().join(manifest.made()).is_dir() {
                project.mark_made(manifest.made())?;
            }
            return Ok(exit_code);
        }
        let Some(Main { file, module, reason }) = Main::of(project) else {
            let looked_for = "a Makefile, a stack.yaml or a .cabal file with its tool, and one main module";
            task.stderr(format!("nothing to build: looked for {looked_for}\n")).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("compiling {}: {reason}{}", file.display(), Manifest::lack(project))).await;
        let objects = project.build_dir().join(OBJECTS);
        if !objects.is_dir() {
            fs::create_dir_all(&objects).with_context(|| format!("failed to make {}", objects.display()))?;
            project.mark_made(OBJECTS)?;
        }
        modules::write_for_programs(&objects).with_context(|| format!("failed to write to {}", objects.display()))?;
        let imports = search_path(project::source_folders(project, &file).iter().chain([&objects]));
        let compile = self.compile(&objects, &objects, &objects.join(PROGRAM), &module).arg("-O").arg(imports);
        task.run(compile.args(project::extensions(project)).arg(file)).await
    }

    /// Runs what [`Self::build`] has built.
    pub(crate) async fn execute(&self, task: &Task) -> Result<ExitCode> {
        let project = task.project();
        if let Some((manifest, reason)) = Manifest::of(project, &self.context) {
            task.chose(format!("running with {}: {reason}", manifest.name())).await;
            return task.run(manifest.command("run")).await;
        }
        let built = Path::new(OBJECTS).join(PROGRAM);
        let mut programs = [built].into_iter().chain(PROGRAMS.map(PathBuf::from));
        let Some(program) = programs.find(|program| project.build_dir().join(program).is_file()) else {
            let looked_for = PROGRAMS.join(" and ");
            task.stderr(format!("nothing to run: looked for what a build has made, for {looked_for}\n")).await;
            return Ok(ExitCode::NOT_RUN);
        };
        task.chose(format!("running {}: it has been built", program.display())).await;
        task.run(Command::new(project.build_dir().join(program))).await
    }

    /// Removes what [`Self::build`] has made.
    pub(crate) async fn clean(task: &Task) -> Result<ExitCode> {
        let mut removed = Vec::new();
        for made in [OBJECTS, Manifest::Cabal.made(), Manifest::Stack.made()] {
            if task.project().remove_made(made)? {
                removed.push(made);
            }
        }
        let line = match &removed[..] {
            [] => "nothing to clean\n".to_owned(),
            names => format!("removed {}, which a build has made\n", names.join(" and ")),
        };
        task.stderr(line).await;
        Ok(ExitCode::SUCCESS)
    }

    /// A compiler that keeps what it makes in `objects`, and finds the runner's own modules in `own`. GHC itself finds
    /// out what has changed.
    fn compile(&self, objects: &Path, own: &Path, program: &Path, main_module: &str) -> Command {
        let compile = Command::new(self.context.runtime()).args(["--make", "-v0", ENTRY, "-main-is", main_module]);
        let compile = compile.arg("-tmpdir").arg(&self.folder).arg("-outputdir").arg(objects).arg("-o").arg(program);
        compile.arg(own.join("KernelRunnerMain.hs"))
    }

    fn compiled(&self) -> MutexGuard<'_, Option<String>> {
        // It is replaced as a whole: whatever panicked beside it left it so.
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the main module, where it is a program: a module `Main`, or a text that defines `main`.
pub(crate) fn main_module(code: &str) -> Option<String> {
    let code = without_comments(code.trim_start_matches('\u{feff}'));
    let lines = || code.lines().map(|line| line.trim_start_matches("> "));
    let named = lines().find_map(|line| {
        let rest = line.strip_prefix("module ")?.trim_start();
        rest.split(|c: char| !c.is_alphanumeric() && !"._'".contains(c)).next()
    });
    let name = named.unwrap_or("Main");
    (named == Some("Main") || lines().any(defines_main)).then(|| name.to_owned())
}

fn defines_main(line: &str) -> bool {
    let rest = line.strip_prefix("main").map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with("::") || (rest.starts_with('=') && !rest.starts_with("==")))
}

/// Whether its code is what follows `>`.
fn is_literate(code: &str) -> bool {
    code.lines().any(|line| line.starts_with("> ")) && !code.lines().any(defines_main)
}

/// The code without its block comments. Whatever looks like the beginning of one counts as such, also in a string.
fn without_comments(code: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0_usize;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("{-") {
            depth += 1;
            2
        } else if depth > 0 && rest.starts_with("-}") {
            depth -= 1;
            2
        } else {
            if depth == 0 || first == '\n' {
                kept.push(first);
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    kept
}

/// The option that says where modules are looked for.
fn search_path<P: AsRef<Path>>(folders: impl IntoIterator<Item = P>) -> OsString {
    let mut option = OsString::from("-i");
    for (number, folder) in folders.into_iter().enumerate() {
        option.push(if number == 0 { "" } else { ":" });
        option.push(folder.as_ref());
    }
    option
}
