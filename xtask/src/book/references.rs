//! What pages refer to by links and includes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::page::{Found, Page};

/// The book's own pages.
const BOOK: &str = "docs/src";
/// The page that lists them.
const SUMMARY: &str = "docs/src/SUMMARY.md";

/// A line for each reference that leads nowhere, and for each page that nobody is led to.
pub(super) fn problems(root: &Path, pages: &BTreeMap<PathBuf, Page>) -> Vec<String> {
    let project = Project { root, pages };
    let mut problems = Vec::new();
    for (path, page) in pages {
        let mut report = |found: &Found, problem: String| {
            problems.push(format!("{}:{}: {problem}", path.display(), found.line));
        };
        for link in &page.links {
            if let Err(problem) = project.check_link(path, &link.text) {
                report(link, format!("{}: {problem}", link.text));
            }
        }
        // Where it is not there, mdBook leaves it out without a word.
        for include in &page.includes {
            if let Err(problem) = project.check_include(path, &include.text) {
                report(include, format!("{}: {problem}", include.text));
            }
        }
        for html in page.html.iter().filter(|html| html.text.contains("href=") || html.text.contains("src=")) {
            report(html, "a link in HTML is not checked: write it in Markdown".to_owned());
        }
    }
    problems.extend(project.orphans().map(|page| format!("{}: {SUMMARY} does not list it", page.display())));
    problems
}

struct Project<'a> {
    root: &'a Path,
    pages: &'a BTreeMap<PathBuf, Page>,
}

impl Project<'_> {
    fn check_link(&self, page: &Path, link: &str) -> Result<(), String> {
        if let Some((scheme, rest)) = link.split_once("://") {
            return check_form(scheme, rest);
        }
        let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
        let target = if file.is_empty() { page.to_owned() } else { self.find(page, file)? };
        if page.starts_with(BOOK) && !target.starts_with(BOOK) {
            return Err("it is not in the book: name the file without a link".to_owned());
        }
        let Some(anchor) = anchor else { return Ok(()) };
        match self.pages.get(&target) {
            Some(page) if page.anchors.contains(anchor) => Ok(()),
            Some(_) => Err("there is no such heading".to_owned()),
            None => Err("only a page has headings".to_owned()),
        }
    }

    /// A file, or what is between two marks of it, or a range of its lines.
    fn check_include(&self, page: &Path, place: &str) -> Result<(), String> {
        let (file, part) = place.split_once(':').unwrap_or((place, ""));
        let file = self.root.join(self.find(page, file)?);
        let is_mark = part.starts_with(char::is_alphabetic);
        let has_mark = || fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("ANCHOR: {part}")));
        if is_mark && !has_mark() { Err("there is no such mark in the file".to_owned()) } else { Ok(()) }
    }

    /// The file that a page means, by its path from the root.
    fn find(&self, page: &Path, file: &str) -> Result<PathBuf, String> {
        let mut target = page.parent().unwrap_or(Path::new("")).to_owned();
        for component in Path::new(file).components() {
            match component {
                Component::Normal(name) => target.push(name),
                Component::CurDir => {}
                Component::ParentDir if target.pop() => {}
                _ => return Err("it is not in the repository".to_owned()),
            }
        }
        if self.root.join(&target).exists() { Ok(target) } else { Err("there is no such file".to_owned()) }
    }

    /// The pages of the book that a reader does not find.
    fn orphans(&self) -> impl Iterator<Item = &PathBuf> {
        let summary = self.pages.get(Path::new(SUMMARY)).map(|page| &page.links[..]).unwrap_or_default();
        let listed: Vec<_> = summary.iter().map(|link| Path::new(BOOK).join(&link.text)).collect();
        let is_orphan = move |page: &&PathBuf| page.starts_with(BOOK) && !listed.contains(page);
        self.pages.keys().filter(|page| *page != Path::new(SUMMARY)).filter(is_orphan)
    }
}

/// Whether an external link looks like one. Nobody is asked whether it leads anywhere.
fn check_form(scheme: &str, rest: &str) -> Result<(), String> {
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !matches!(scheme, "http" | "https") {
        Err("it is neither http nor https".to_owned())
    } else if !host.contains('.') || !host.split('.').all(is_name) || rest.contains(char::is_whitespace) {
        Err("it is no address".to_owned())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of a project with these files.
    fn problems_of(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        problems(folder.path(), &Page::all(folder.path()).unwrap())
    }

    #[test]
    fn what_is_there_may_be_referred_to() {
        let problems = problems_of(&[
            ("README.md", "[a](docs/src/a.md#the-end), [itself](#start), [licence](LICENSE)\n\n# Start\n"),
            ("LICENSE", ""),
            ("docs/src/SUMMARY.md", "- [A](a.md)\n- [B](sub/b.md)\n"),
            ("docs/src/a.md", "# The end\n\n```sh\n{{#include ../../LICENSE:2:4}}\n```\n\n<https://example.org/x#y>\n"),
            ("docs/src/sub/b.md", "[a](../a.md#the-end)\n"),
            ("target/x.md", "[nowhere](nowhere)\n"),
        ]);
        assert!(problems.is_empty(), "{problems:#?}");
    }

    #[test]
    fn what_is_not_there_is_named_with_its_line() {
        let problems = problems_of(&[
            ("README.md", "# One\n\n[x](docs/src/none.md) [y](#two)\n[z](/etc/passwd) [u](../up.md)\n"),
            ("docs/src/SUMMARY.md", "- [A](a.md)\n"),
            (
                "docs/src/a.md",
                "[out](../../README.md) [x](a.md#b)\n\n```\n{{#include none.rs}}\n{{#include SUMMARY.md:mark}}\n```\n",
            ),
            ("docs/src/orphan.md", "<https://nowhere> [x](ftp://a.b)\n\n<a href=\"a.md\">a</a>\n"),
        ]);
        assert_eq!(
            problems,
            [
                "README.md:3: docs/src/none.md: there is no such file",
                "README.md:3: #two: there is no such heading",
                "README.md:4: /etc/passwd: it is not in the repository",
                "README.md:4: ../up.md: it is not in the repository",
                "docs/src/a.md:1: ../../README.md: it is not in the book: name the file without a link",
                "docs/src/a.md:1: a.md#b: there is no such heading",
                "docs/src/a.md:4: none.rs: there is no such file",
                "docs/src/a.md:5: SUMMARY.md:mark: there is no such mark in the file",
                "docs/src/orphan.md:1: https://nowhere: it is no address",
                "docs/src/orphan.md:1: ftp://a.b: it is neither http nor https",
                "docs/src/orphan.md:3: a link in HTML is not checked: write it in Markdown",
                "docs/src/orphan.md: docs/src/SUMMARY.md does not list it",
            ]
        );
    }
}
