//! Completion of file names in a string.

use std::fs;
use std::path::Path;

/// How many suggestions a client gets at most.
const MOST: usize = 1000;

/// The paths that the open string left of the cursor may become. Relative ones start at `dir`, and `~` is `home`.
pub(super) fn complete(before: &str, dir: &Path, home: &Path) -> Vec<String> {
    let Some(text) = open_string(before.rsplit('\n').next().unwrap_or_default()) else { return Vec::new() };
    let (folder, start) = text.rfind('/').map_or(("", text), |slash| text.split_at(slash + 1));
    let path = match folder.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => dir.join(folder),
    };
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| name.starts_with(start))?;
            let is_hidden = name.starts_with('.') && !start.starts_with('.');
            let slash = if entry.path().is_dir() { "/" } else { "" };
            (!is_hidden).then(|| format!("{folder}{name}{slash}"))
        })
        .collect();
    found.sort();
    found.truncate(MOST);
    found
}

/// What stands between the quote that is open at the end of a line and that end.
fn open_string(line: &str) -> Option<&str> {
    let mut open = None;
    let mut last = ' ';
    let mut characters = line.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, open) {
            ('\\', Some(_)) => drop(characters.next()),
            ('"' | '\'', None) => {
                // After a name, an apostrophe is a transposition, or an apostrophe.
                let is_apostrophe = c == '\'' && (last.is_alphanumeric() || ")]}'_.".contains(last));
                if !is_apostrophe {
                    open = Some((at, c));
                }
            }
            (_, Some((_, quote))) if c == quote => open = None,
            _ => {}
        }
        last = c;
    }
    open.map(|(at, _)| &line[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_open_until_its_own_quote() {
        assert_eq!(open_string("open(\"da"), Some("da"));
        assert_eq!(open_string("open('a\\'b"), Some("a\\'b"));
        assert_eq!(open_string("open(\"it's"), Some("it's"));
        for line in ["open(\"data\")", "A = B' * C", "# don't", "print(1"] {
            assert_eq!(open_string(line), None, "{line}");
        }
    }

    #[test]
    fn folders_end_with_a_slash_and_keep_what_was_typed_before_them() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/day.csv"), "").unwrap();
        fs::write(folder.path().join("data/.hidden"), "").unwrap();
        let complete = |before: &str| complete(before, folder.path(), folder.path());
        assert_eq!(complete("read('da"), ["data/"]);
        assert_eq!(complete("read('data/"), ["data/day.csv"]);
        assert_eq!(complete("read('~/data/.h"), ["~/data/.hidden"]);
        assert_eq!(complete("data"), Vec::<String>::new());
    }
}
