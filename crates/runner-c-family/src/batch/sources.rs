//! Projects without a build system: all sources become one program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use runner_core::{Command, Context, ExitCode, Project, Result, Task};
use tokio::task::JoinSet;

use super::programs::is_program;
use super::{FOLDER, PROGRAM, own, tools};
use crate::compiler::Compiler;
use crate::language::{C_COMPILERS, C_SOURCES, CPP_COMPILERS, CPP_SOURCES, HEADERS, Language};
use crate::lexer;
use crate::pieces::has_main;

/// In the build's folder, what tells our program from somebody else's.
const STAMP: &str = "stamp";
/// The options of every compilation.
const OPTIONS: [&str; 4] = ["-fdiagnostics-color=never", "-Wall", "-O2", "-g"];

/// Builds the program, compiling only what has changed.
pub(super) async fn build(task: &Task, context: &Context, compiler: &Compiler, language: Language) -> Result<ExitCode> {
    let project = task.project();
    let chosen = match choose(task).await {
        Ok(chosen) => chosen,
        Err(exit_code) => return Ok(exit_code),
    };
    let folder = project.build_dir().join(FOLDER);
    let beside = project.build_dir().join(PROGRAM);
    // Nobody keeps the only copy of something in a program of that name; in any other file or folder one might.
    let is_free = !beside.exists() || is_ours(&beside, &folder) || is_program(&beside);
    let program = if is_free { beside } else { folder.join(PROGRAM) };
    own(task, &folder)?;
    let build = Build { task, compilers: Compilers::new(context, language), flags: flags(project, compiler), folder };
    let exit_code = build.run(&chosen, &program).await?;
    if exit_code.is_success() {
        let stamp = build.folder.join(STAMP);
        fs::write(&stamp, fingerprint(&program)).with_context(|| format!("failed to write {}", stamp.display()))?;
    }
    Ok(exit_code)
}

/// Whether `program` is what the last build has left there.
pub(super) fn is_ours(program: &Path, folder: &Path) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| !stamp.is_empty() && stamp == fingerprint(program))
}

/// The sources of one program, which is told to the user, or the exit code where there are none. Where several files have a
/// `main`, that of the main file counts.
async fn choose(task: &Task) -> Result<Vec<PathBuf>, ExitCode> {
    let project = task.project();
    let sources = project.sources(&[&C_SOURCES[..], &CPP_SOURCES].concat());
    if sources.is_empty() {
        let looked_for = "a Makefile, CMakeLists.txt, meson.build, and for .c, .cpp, .cc and .cxx files";
        task.stderr(format!("nothing to build: looked for {looked_for}\n")).await;
        return Err(ExitCode::NOT_RUN);
    }
    let (mains, parts): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| is_main(&project.root().join(source)));
    let entry = match &mains[..] {
        [] => None,
        [only] => Some(only),
        several => {
            let found = entry(several);
            if found.is_none() {
                let names: Vec<_> = several.iter().map(|path| path.display().to_string()).collect();
                let text = format!("not built: several files have a main, {}; call one of them main", names.join(", "));
                task.stderr(text + "\n").await;
                return Err(ExitCode::FAILURE);
            }
            found
        }
    };
    let left_out = mains.len() - usize::from(entry.is_some());
    let chosen: Vec<_> = entry.cloned().into_iter().chain(parts).collect();
    let kind = match (chosen.iter().any(|source| is_cpp(source)), chosen.iter().all(|source| is_cpp(source))) {
        (false, _) => "C",
        (true, true) => "C++",
        (true, false) => "C and C++",
    };
    let files = if chosen.len() == 1 { "file" } else { "files" };
    let reason = match (tools::missing(project), left_out) {
        (Some((manifest, tool)), _) => format!("there is a {manifest}, but no {tool}"),
        (None, 0) => "there is no Makefile, CMakeLists.txt or meson.build".into(),
        (None, 1) => "another file with a main is left out".into(),
        (None, several) => format!("{several} other files with a main are left out"),
    };
    task.chose(format!("building {PROGRAM} from {} {kind} {files}: {reason}", chosen.len())).await;
    Ok(chosen)
}

/// The one of `mains` that is called so, or else the only one that lies highest.
fn entry(mains: &[PathBuf]) -> Option<&PathBuf> {
    let depth = |path: &Path| path.components().count();
    let top = mains.iter().map(|path| depth(path)).min()?;
    let named = mains.iter().filter(|path| path.file_stem().is_some_and(|stem| stem == PROGRAM));
    named.min_by_key(|path| depth(path)).or_else(|| {
        let mut highest = mains.iter().filter(|path| depth(path) == top);
        highest.next().filter(|_| highest.next().is_none())
    })
}

fn is_main(source: &Path) -> bool {
    let text = fs::read(source).unwrap_or_default();
    lexer::tokens(&String::from_utf8_lossy(&text)).is_ok_and(|tokens| has_main(&tokens))
}

fn is_cpp(source: &Path) -> bool {
    source.extension().and_then(|found| found.to_str()).is_some_and(|found| CPP_SOURCES.contains(&found))
}

/// Every folder with headers is searched for them.
fn flags(project: Project<'_>, compiler: &Compiler) -> Vec<String> {
    let headers = project.sources(&HEADERS);
    let parent = |header: &PathBuf| project.root().join(header).parent().map(|folder| folder.display().to_string());
    let folders: BTreeSet<String> = headers.iter().filter_map(parent).collect();
    let include = compiler.include().display().to_string();
    let own = OPTIONS.iter().map(|option| (*option).to_owned()).chain(["-isystem".into(), include]);
    own.chain(folders.into_iter().map(|folder| format!("-I{folder}"))).collect()
}

/// The compilers of both languages.
struct Compilers {
    c: PathBuf,
    cpp: PathBuf,
}

impl Compilers {
    fn new(context: &Context, language: Language) -> Self {
        let first = |names: [&str; 3]| {
            names.iter().find_map(|name| context.find(name)).unwrap_or_else(|| PathBuf::from(names[0]))
        };
        match language {
            Language::C => Self { c: context.runtime(), cpp: first(CPP_COMPILERS) },
            Language::Cpp => Self { c: first(C_COMPILERS), cpp: context.runtime() },
        }
    }
}

/// One run of the compilers.
struct Build<'a> {
    task: &'a Task,
    compilers: Compilers,
    flags: Vec<String>,
    folder: PathBuf,
}

impl Build<'_> {
    /// Compiles `sources` side by side and links them. The first failure is the result.
    async fn run(&self, sources: &[PathBuf], program: &Path) -> Result<ExitCode> {
        let objects: Vec<PathBuf> = sources.iter().map(|source| object(source, &self.folder)).collect();
        let root = self.task.work_dir();
        let mut waiting = sources.iter().zip(&objects).filter(|(source, object)| is_stale(root, source, object));
        let (mut running, mut failure) = (JoinSet::new(), None);
        loop {
            while running.len() < width() && failure.is_none() {
                let Some((source, object)) = waiting.next() else { break };
                let command = self.compiler(is_cpp(source), &object.with_extension("messages"));
                let command = command.args(["-MMD", "-c"]).arg(source).arg("-o").arg(object);
                running.spawn(compile(self.task.clone(), command, object.with_extension("messages")));
            }
            match running.join_next().await {
                Some(ended) => failure = failure.or(Some(ended??).filter(|code| !code.is_success())),
                None => break,
            }
        }
        if let Some(failure) = failure {
            return Ok(failure);
        }
        let messages = self.folder.join("messages");
        let linker = self.compiler(sources.iter().any(|source| is_cpp(source)), &messages);
        let command = linker.args(objects).arg("-o").arg(program).args(["-lm", "-lpthread"]);
        compile(self.task.clone(), command, messages).await
    }

    /// A compiler whose messages go to a file, so that those of several do not mix.
    fn compiler(&self, is_cpp: bool, messages: &Path) -> Command {
        let compiler = if is_cpp { &self.compilers.cpp } else { &self.compilers.c };
        if !compiler.is_absolute() {
            // It is not there, and this says so.
            return Command::new(compiler);
        }
        Command::new("sh").args(["-c", "exec \"$@\" 2>\"$0\""]).arg(messages).arg(compiler).args(&self.flags)
    }
}

/// Runs a compiler and tells its messages.
async fn compile(task: Task, command: Command, messages: PathBuf) -> Result<ExitCode> {
    let exit_code = task.run(command).await?;
    let text = fs::read(&messages).unwrap_or_default();
    if !text.is_empty() {
        task.stderr(text).await;
    }
    let _ = fs::remove_file(&messages);
    Ok(exit_code)
}

fn width() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Where the object of a source file belongs: in its name, no two paths are the same.
fn object(source: &Path, folder: &Path) -> PathBuf {
    let name = source.to_string_lossy().replace('%', "%25").replace('/', "%2F");
    folder.join(format!("{name}.o"))
}

/// Whether the object is older than its source, or than a header that the compiler has noted.
fn is_stale(root: &Path, source: &Path, object: &Path) -> bool {
    let Ok(made) = object.metadata().map(|meta| nanoseconds(&meta)) else { return true };
    let Ok(notes) = fs::read_to_string(object.with_extension("d")) else { return true };
    let notes = notes.replace("\\\n", " ").replace("\\ ", "\0");
    let needed = notes.split_once(": ").map_or("", |(_, needed)| needed);
    let unescaped = |name: &str| name.replace('\0', " ").replace("\\#", "#").replace("$$", "$");
    let files = needed.split_ascii_whitespace().map(|name| PathBuf::from(unescaped(name)));
    files
        .chain([source.to_owned()])
        .any(|file| root.join(file).metadata().map_or(true, |meta| nanoseconds(&meta) >= made))
}

/// What changes when a file does.
fn fingerprint(file: &Path) -> String {
    let Ok(meta) = file.metadata() else { return String::new() };
    format!("{} {}", meta.len(), nanoseconds(&meta))
}

fn nanoseconds(meta: &fs::Metadata) -> u128 {
    let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    modified.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos())
}
