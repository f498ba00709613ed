//! `cargo xtask new-runner`: a crate for a language that is not here, with the files that the book's page shows.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::shell::root;

/// The page whose files are copied.
const PAGE: &str = include_str!("../../docs/src/first-runner.md");
/// The language's name there.
const PLACEHOLDER: &str = "zig";
/// The crates that the files name, all of this repository.
const OURS: [&str; 3] = ["kernel-runner", "runner-core", "runner-testkit"];
/// What `kernel-runner NAME` means already.
const COMMANDS: [&str; 10] =
    ["attach", "completions", "console", "eval", "help", "list", "make-home", "ping", "run", "warm"];
/// A crate's name has 64 characters at most, and the first seven are `runner-`.
const MOST_CHARACTERS: usize = 57;

#[derive(Args)]
pub(crate) struct NewRunner {
    /// The language's name, as users will write it: `kernel-runner NAME`.
    name: String,

    /// The folder to make [default: runner-NAME beside this repository]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

impl NewRunner {
    pub(crate) fn run(&self) -> Result<()> {
        let name = &self.name;
        check_name(name, &names_taken()?)?;
        let folder = match &self.path {
            Some(path) => path.clone(),
            None => root().parent().unwrap_or(root()).join(format!("runner-{name}")),
        };
        write_crate(name, &folder)?;
        println!("made {}: a runner called {name}, which runs `sh` until you teach it better\n", folder.display());
        println!("    cd {}\n    cargo test\n    cargo run -- eval {name} 'echo hello'\n", folder.display());
        println!(
            "Its Cargo.toml has the paths of this checkout beside the versions: remove them before you publish it."
        );
        Ok(())
    }
}

/// Writes the crate of the language `name` to `folder`, which must not be there, or be empty.
pub(crate) fn write_crate(name: &str, folder: &Path) -> Result<()> {
    if folder.exists() && !fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) {
        bail!("{} is there already, and not empty: name another folder with --path", folder.display());
    }
    for (path, text) in files(name) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder))
            .and_then(|()| fs::File::create_new(&file)?.write_all(text.as_bytes()))
            .with_context(|| format!("failed to write {}", file.display()))?;
    }
    Ok(())
}

/// The crate's files for the language `name`: paths in its folder, and texts.
fn files(name: &str) -> Vec<(&'static str, String)> {
    let crate_name = format!("runner_{}", name.replace('-', "_"));
    // The name may hold the placeholder itself.
    let placeholder = format!("runner_{PLACEHOLDER}");
    let named = |text: &str| {
        let parts = text.split(&placeholder).map(|part| part.replace(PLACEHOLDER, name));
        parts.collect::<Vec<_>>().join(&crate_name)
    };
    blocks(PAGE).into_iter().map(|(path, text)| (path, with_paths(&named(&text)))).collect()
}

/// The blocks of a page that are files: each below a line that ends with its path and a colon.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut path = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let fence = &line[..line.len() - line.trim_start_matches('`').len()];
        if fence.len() >= 3 {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != fence).collect();
            found.extend(path.take().map(|path| (path, text.join("\n") + "\n")));
        } else if !line.is_empty() {
            path = line.strip_suffix("`:").and_then(|line| line.rsplit('`').next());
        }
    }
    found
}

/// The manifest with the paths of this checkout beside the versions: it builds before anything is published.
fn with_paths(text: &str) -> String {
    let with_path = |line: &str| {
        let ours = OURS.iter().find(|name| line.starts_with(&format!("{name} = {{ version")));
        let Some(name) = ours else { return format!("{line}\n") };
        let path = root().join("crates").join(name).display().to_string();
        line.replacen("{ version", &format!("{{ path = {path:?}, version"), 1) + "\n"
    };
    text.lines().map(with_path).collect()
}

/// The names that languages here have: of their crates, and what they register.
fn names_taken() -> Result<Vec<String>> {
    let mut taken = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        taken.extend(name.strip_prefix("runner-").map(str::to_owned));
        let source = fs::read_to_string(folder.join("src/lib.rs")).unwrap_or_default();
        let registered = source.split_once("register_runner! {\n").map_or("", |(_, rest)| rest);
        let names = registered.lines().take(2).flat_map(|line| line.split('"').skip(1).step_by(2));
        taken.extend(names.map(str::to_owned));
    }
    Ok(taken)
}

fn check_name(name: &str, taken: &[String]) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if let Some(language) = name.strip_prefix("runner-") {
        bail!("{name:?}: give the name of the language alone, {language:?}; the crate is then called {name}");
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(is_plain)
        || !name.ends_with(|c: char| c.is_ascii_alphanumeric())
    {
        bail!("{name:?} is no name for a language: it takes small letters, then also digits, and - and _ between them");
    }
    if name.len() > MOST_CHARACTERS {
        bail!("the name has {} characters, and {MOST_CHARACTERS} is the most", name.len());
    }
    if COMMANDS.contains(&name) {
        bail!("`kernel-runner {name}` is a command: no language can have that name");
    }
    if taken.iter().any(|other| other == name) {
        bail!("{name:?} is taken in this repository: choose another name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_file_of_a_crate_and_the_name_goes_everywhere() {
        let files = files("b-lang");
        let paths: Vec<_> = files.iter().map(|(path, _)| *path).collect();
        let expected = [
            "Cargo.toml",
            ".gitignore",
            "src/lib.rs",
            "src/main.rs",
            "tests/conformance.rs",
            "tests/first.transcript",
            "README.md",
        ];
        assert_eq!(paths, expected);
        for (path, text) in &files {
            assert!(!text.contains(PLACEHOLDER), "{path} still has the page's language:\n{text}");
        }
        assert!(files[3].1.starts_with("use runner_b_lang as _;\n"), "{}", files[3].1);
        assert!(super::files("ziglang")[3].1.starts_with("use runner_ziglang as _;\n"));
        assert!(files[6].1.contains("```sh\ncargo test\n"), "{}", files[6].1);
        for name in OURS {
            let (path, version) = (root().join("crates").join(name), env!("CARGO_PKG_VERSION"));
            let start = format!("\n{name} = {{ path = \"{}\", version = {version:?}", path.display());
            assert!(files[0].1.contains(&start), "not {start}:\n{}", files[0].1);
        }
    }

    #[test]
    fn a_name_that_cannot_be_a_languages_is_refused_with_the_reason() {
        let taken = names_taken().unwrap();
        for (name, reason) in [
            ("", "no name for a language"),
            ("Zig", "no name for a language"),
            ("4th", "no name for a language"),
            ("a/b", "no name for a language"),
            ("zig-", "no name for a language"),
            ("zürich", "no name for a language"),
            ("runner-zig", "\"zig\""),
            ("list", "is a command"),
            ("python", "is taken"),
            ("js", "is taken"),
            ("testkit", "is taken"),
            (&"z".repeat(58), "57 is the most"),
        ] {
            let error = check_name(name, &taken).unwrap_err().to_string();
            assert!(error.contains(reason), "{name:?}: {error}");
        }
        for name in ["zig", "fn", "c3", "objective-c", &"z".repeat(57)] {
            check_name(name, &taken).unwrap();
        }
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let error = write_crate("zig", &root().join("docs")).unwrap_err().to_string();
        assert!(error.contains("is there already"), "{error}");
    }
}
