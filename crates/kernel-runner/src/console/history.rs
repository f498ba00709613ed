//! What was entered before, in this console and in earlier ones of the language.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How many entries are kept.
const ENTRIES: usize = 10_000;
/// How many more the file may have before the oldest ones are dropped from it.
const SURPLUS: usize = 2_000;
/// What is larger was no more typed than it will be looked for.
const LARGEST_ENTRY: usize = 64 * 1024;

/// The entries, the oldest one first, and the file that keeps them.
pub(super) struct History {
    entries: Vec<String>,
    file: Option<File>,
}

impl History {
    /// Reads the file, which is made where it is missing. Where it cannot be had, there is a history without it, and an error
    /// that says why.
    pub(super) fn open(path: Option<&Path>) -> (Self, Option<anyhow::Error>) {
        let Some(path) = path else { return (Self { entries: Vec::new(), file: None }, None) };
        match read(path) {
            Ok((entries, file)) => (Self { entries, file: Some(file) }, None),
            Err(error) => {
                let error = error.context(format!("no history is kept: {}", path.display()));
                (Self { entries: Vec::new(), file: None }, Some(error))
            }
        }
    }

    /// Where the history of a language is, unless the user says otherwise: with the state of the user's other programs.
    pub(super) fn usual_path(language: &str) -> Option<PathBuf> {
        let folder = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
        Some(state.join("kernel-runner").join(format!("history-{language}")))
    }

    /// Adds an entry, unless it is the last one already.
    pub(super) fn add(&mut self, entry: &str) {
        let entry = entry.trim_end();
        if entry.is_empty() || entry.len() > LARGEST_ENTRY || self.entries.last().is_some_and(|last| last == entry) {
            return;
        }
        self.entries.push(entry.to_owned());
        // In one piece, so that two consoles may write into one file.
        let line = format!("{}\n", to_line(entry));
        if let Some(file) = &mut self.file
            && file.write_all(line.as_bytes()).is_err()
        {
            // A full disk, for one: what was entered is still here.
            self.file = None;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        self.entries.get(number).map(String::as_str)
    }

    /// The last entry before the one with the number `before` that contains a text.
    pub(super) fn search(&self, text: &str, before: usize) -> Option<usize> {
        self.entries[..before.min(self.len())].iter().rposition(|entry| entry.contains(text))
    }
}

fn read(path: &Path) -> anyhow::Result<(Vec<String>, File)> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        anyhow::bail!("it is no file");
    }
    let mut entries = Vec::new();
    for line in BufReader::new(&file).split(b'\n') {
        let line = line?;
        if !line.is_empty() {
            entries.push(from_line(&String::from_utf8_lossy(&line)));
        }
    }
    if entries.len() > ENTRIES + SURPLUS {
        entries.drain(..entries.len() - ENTRIES);
        file = rewrite(path, &entries, &options).context("failed to shorten it")?;
    }
    Ok((entries, file))
}

/// Writes another file and puts it in the place of this one, so that there is one at every moment.
fn rewrite(path: &Path, entries: &[String], options: &OpenOptions) -> io::Result<File> {
    let lines: String = entries.iter().flat_map(|entry| [to_line(entry), "\n".into()]).collect();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(lines.as_bytes())?;
    fs::rename(new.into_temp_path().keep()?, path)?;
    options.open(path)
}

/// An entry takes up one line in the file.
fn to_line(entry: &str) -> String {
    entry.replace('\\', "\\\\").replace('\n', "\\n")
}

fn from_line(line: &str) -> String {
    let mut entry = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('n') => entry.push('\n'),
                other => entry.extend(other),
            },
            (character, false) => entry.push(character),
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn entries_of_several_lines_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below/history-lua");
        let (mut history, error) = History::open(Some(&path));
        assert!(error.is_none(), "{error:?}");
        let entries = ["print(1)", "for i = 1, 2 do\n  print(i)\nend", "'\\n\\\\'", "ä\\"];
        for entry in entries {
            history.add(entry);
            history.add(entry);
            history.add(" \n");
        }
        let (history, _) = History::open(Some(&path));
        assert_eq!(history.entries, entries);
        assert_eq!(history.search("print", 4), Some(1));
        assert_eq!(history.search("print", 1), Some(0));
        assert_eq!(history.search("print", 0), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_grew_too_long_is_shortened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let numbers: Vec<_> = (0..=ENTRIES + SURPLUS).map(|number| number.to_string()).collect();
        fs::write(&path, numbers.join("\n") + "\n").unwrap();
        let (mut history, _) = History::open(Some(&path));
        history.add("the last one");
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), ENTRIES + 1);
        assert!(text.ends_with("\n12000\nthe last one\n"), "{}", &text[text.len() - 40..]);
    }

    #[test]
    fn without_a_file_there_is_a_history_still() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (mut history, error) = History::open(Some(&file.path().join("below")));
        assert!(error.unwrap().to_string().contains("no history is kept"));
        history.add("x");
        assert_eq!(history.get(0), Some("x"));
        let (_, error) = History::open(Some(Path::new("/dev/null")));
        assert!(error.is_some());
    }
}
