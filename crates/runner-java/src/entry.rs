//! The class to run, found among the class files.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::class_file::Class;

/// The names that a program's class has most often, the best one first.
const USUAL: [&str; 3] = ["Main", "App", "Application"];

/// A class that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its full name, as `java` takes it.
    pub(crate) name: String,
    /// The file that it was compiled from, without a folder.
    source: String,
    /// The folder that its package's folders lie in.
    pub(crate) class_path: PathBuf,
    /// Whether its `main` is that of a superclass.
    inherits: bool,
}

impl Entry {
    /// All classes below `folder` with a `public static void main(String[])`, their own or a superclass', in order of
    /// their files' paths. Hidden folders do not count.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        let classes: Vec<_> = WalkDir::new(folder)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()))
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "class"))
            .filter_map(|entry| Some((Class::parse(&fs::read(entry.path()).ok()?)?, entry.into_path())))
            .collect();
        let by_name: HashMap<_, _> = classes.iter().map(|(class, _)| (class.name.as_str(), class)).collect();
        let runs = |class: &Class| {
            let parents = std::iter::successors(Some(class), |class| by_name.get(class.parent.as_str()).copied());
            // No class file of a compiler's has itself among its superclasses; others may.
            parents.take(classes.len()).any(|class| class.has_main)
        };
        classes.iter().filter(|(class, _)| runs(class)).filter_map(|(class, file)| Self::of(class, file)).collect()
    }

    fn of(class: &Class, file: &Path) -> Option<Self> {
        let depth = class.name.split('/').count();
        Some(Self {
            name: class.name.replace('/', "."),
            source: class.source.clone(),
            class_path: file.ancestors().nth(depth)?.to_owned(),
            inherits: !class.has_main,
        })
    }

    /// Its name without its package.
    fn simple_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// The class to run and why that one, or why there is none. `manifest` is the text of the project's, which may name
/// one; paths are told from `root` on.
pub(crate) fn choose(entries: &[Entry], manifest: &str, root: &Path) -> Result<(Entry, String), String> {
    let only = |is_wanted: &dyn Fn(&Entry) -> bool| {
        let mut wanted = entries.iter().filter(|entry| is_wanted(entry));
        wanted.next().filter(|_| wanted.next().is_none()).cloned()
    };
    if let [entry] = entries {
        return Ok((entry.clone(), "the only class with a main".to_owned()));
    }
    if let Some(entry) = only(&|entry| names(manifest, &entry.name)) {
        return Ok((entry, "the manifest names it".to_owned()));
    }
    for name in USUAL {
        if let Some(entry) = only(&|entry| entry.simple_name() == name) {
            return Ok((entry, format!("of the classes with a main, the one named {name}")));
        }
    }
    if let Some(entry) = only(&|entry| entry.source.eq_ignore_ascii_case("main.java")) {
        return Ok((entry, "of the classes with a main, the one in a file named main".to_owned()));
    }
    if let Some(entry) = only(&|entry| !entry.inherits) {
        return Ok((entry, "the only class with a main of its own".to_owned()));
    }
    let all: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let Some(first) = entries.first() else {
        return Err("looked for a built class with `public static void main(String[])`".to_owned());
    };
    let class_path = first.class_path.strip_prefix(root).unwrap_or(&first.class_path).join("");
    Err(format!(
        "several classes have a main, and none is named Main: {}; run one with `java -cp ./{} {}`",
        all.join(", "),
        class_path.display(),
        first.name,
    ))
}

/// Whether the text has that name, and not just a longer one.
fn names(text: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || "._$".contains(character);
    text.split(|character| !is_part(character)).any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(entries: &[(&str, &str)], manifest: &str) -> Result<String, String> {
        let entry = |(name, source): &(&str, &str)| Entry {
            name: (*name).into(),
            source: source.trim_start_matches('^').into(),
            class_path: PathBuf::from("classes"),
            inherits: source.starts_with('^'),
        };
        choose(&entries.iter().map(entry).collect::<Vec<_>>(), manifest, Path::new("")).map(|(entry, _)| entry.name)
    }

    #[test]
    fn main_is_preferred_to_others_and_one_is_enough() {
        assert_eq!(chosen(&[("a.Tool", "Tool.java")], "").as_deref(), Ok("a.Tool"));
        assert_eq!(chosen(&[("a.Tool", "Tool.java"), ("b.Main", "Main.java")], "").as_deref(), Ok("b.Main"));
        assert_eq!(chosen(&[("a.App", "App.java"), ("b.Tool", "Tool.java")], "").as_deref(), Ok("a.App"));
        assert_eq!(chosen(&[("Hello", "main.java"), ("Other", "other.java")], "").as_deref(), Ok("Hello"));
    }

    #[test]
    fn what_the_manifest_names_comes_first() {
        let entries = [("a.Tool", "Tool.java"), ("b.Main", "Main.java")];
        assert_eq!(chosen(&entries, "<mainClass>a.Tool</mainClass>").as_deref(), Ok("a.Tool"));
        assert_eq!(chosen(&entries, "<mainClass>aa.Tool2</mainClass>").as_deref(), Ok("b.Main"));
    }

    #[test]
    fn a_main_of_its_own_is_preferred_to_an_inherited_one() {
        assert_eq!(chosen(&[("Base", "Base.java"), ("Derived", "^Derived.java")], "").as_deref(), Ok("Base"));
        assert_eq!(chosen(&[("Base", "Base.java"), ("Main", "^Main.java")], "").as_deref(), Ok("Main"));
    }

    #[test]
    fn several_that_are_alike_are_all_named() {
        let reason = chosen(&[("a.Main", "Main.java"), ("b.Main", "Main.java")], "").unwrap_err();
        assert!(reason.contains("a.Main, b.Main; run one with `java -cp ./classes/ a.Main`"), "{reason}");
        assert!(chosen(&[], "").unwrap_err().contains("looked for"));
    }
}
