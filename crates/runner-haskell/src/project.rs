//! What lies in the folder of a batch request: which tool builds it, and which module is the main one.

use std::fs;
use std::path::{Path, PathBuf};

use runner_core::{Command, Context, Project};

use crate::program::main_module;

/// The folders that modules are looked for in, besides the root, that of the main module, and those that a `.cabal`
/// file names.
const SOURCES: [&str; 3] = ["src", "app", "lib"];
/// The folders whose programs are not what a project is for.
const SECONDARY: [&str; 7] = ["test", "tests", "spec", "bench", "benchmark", "benchmarks", "examples"];

/// A tool that builds projects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manifest {
    Stack,
    Cabal,
}

impl Manifest {
    /// How the project is to be built, where its tool is there, and why so.
    pub(crate) fn of(project: Project<'_>, context: &Context) -> Option<(Self, &'static str)> {
        let found = [
            (Self::Stack, project.has("stack.yaml"), "there is a stack.yaml"),
            (Self::Cabal, project.has("cabal.project"), "there is a cabal.project"),
            (Self::Cabal, cabal_file(project).is_some(), "there is a .cabal file"),
        ];
        let fits = |(tool, is_wanted, _): &(Self, bool, _)| *is_wanted && context.find(tool.name()).is_some();
        found.into_iter().find(fits).map(|(tool, _, reason)| (tool, reason))
    }

    /// What to say where [`Self::of`] has found no tool, but the project is made for one.
    pub(crate) fn lack(project: Project<'_>) -> &'static str {
        match (cabal_file(project), project.has("stack.yaml")) {
            (Some(_), _) => ", and cabal is not installed",
            (None, true) => ", and stack is not installed",
            (None, false) => "",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stack => "stack",
            Self::Cabal => "cabal",
        }
    }

    /// The folder that it makes.
    pub(crate) fn made(self) -> &'static str {
        match self {
            Self::Stack => ".stack-work",
            Self::Cabal => "dist-newstyle",
        }
    }

    pub(crate) fn command(self, step: &str) -> Command {
        match self {
            Self::Stack => Command::new("stack").args(["--silent", "--color", "never", step]),
            Self::Cabal => Command::new("cabal").args(["-v1", step]),
        }
    }
}

/// The module that a program begins with.
#[derive(Clone, Debug)]
pub(crate) struct Main {
    pub(crate) file: PathBuf,
    pub(crate) module: String,
    /// Why it is that one.
    pub(crate) reason: &'static str,
}

impl Main {
    /// The one main module; of several, the one whose file is called so.
    pub(crate) fn of(project: Project<'_>) -> Option<Self> {
        let mut found: Vec<(PathBuf, String)> = project
            .sources(&["hs", "lhs"])
            .into_iter()
            .filter_map(|file| {
                let code = fs::read(project.root().join(&file)).ok()?;
                let module = main_module(&String::from_utf8_lossy(&code))?;
                Some((file, module))
            })
            .collect();
        if found.iter().any(|(_, module)| module == "Main") {
            found.retain(|(_, module)| module == "Main");
        }
        if found.len() > 1 {
            found.retain(|(file, _)| !is_secondary(file));
        }
        let is_named = |file: &Path| file.file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("main"));
        let named = found.iter().filter(|(file, _)| is_named(file)).min_by_key(|(file, _)| file.components().count());
        let (chosen, reason) = match (&found[..], named) {
            ([only], _) => (only, "it is the only main module"),
            (_, Some(named)) => (named, "of the main modules it has that name"),
            _ => return None,
        };
        Some(Self { file: chosen.0.clone(), module: chosen.1.clone(), reason })
    }
}

/// Whether it is among the tests, for one.
fn is_secondary(file: &Path) -> bool {
    file.iter().any(|part| SECONDARY.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

/// The folders in which the modules are that `main` imports.
pub(crate) fn source_folders(project: Project<'_>, main: &Path) -> Vec<PathBuf> {
    let beside = main.parent().unwrap_or(Path::new("")).to_owned();
    let named = field(project, "hs-source-dirs").into_iter().map(PathBuf::from);
    let mut folders = vec![beside, PathBuf::new()];
    for folder in named.chain(SOURCES.map(PathBuf::from)) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders.into_iter().map(|folder| project.root().join(folder)).filter(|folder| folder.is_dir()).collect()
}

/// The extensions that a `.cabal` file sets.
pub(crate) fn extensions(project: Project<'_>) -> Vec<String> {
    field(project, "default-extensions").into_iter().map(|name| format!("-X{name}")).collect()
}

fn cabal_file(project: Project<'_>) -> Option<PathBuf> {
    project.sources(&["cabal"]).into_iter().find(|path| path.components().count() == 1)
}

/// The values of a field in all of the sections of the `.cabal` file: on its line, and on those further indented.
fn field(project: Project<'_>, name: &str) -> Vec<String> {
    let text = cabal_file(project).and_then(|file| fs::read_to_string(project.root().join(file)).ok());
    let text = text.unwrap_or_default();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut values = Vec::new();
    let mut inside = None;
    for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
        let value = match line.trim_start().split_once(':') {
            Some((key, value)) if key.trim_end().eq_ignore_ascii_case(name) => {
                inside = Some(indentation(line));
                value
            }
            _ if inside.is_some_and(|depth| indentation(line) > depth) => line,
            _ => {
                inside = None;
                continue;
            }
        };
        values.extend(
            value.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()).map(Into::into),
        );
    }
    values
}
