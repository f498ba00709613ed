//! The pages, and the code on them.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the book, or of the root of the repository.
pub struct Page {
    /// Its path from the root.
    pub path: String,
    pub text: String,
}

/// A fenced block.
pub struct Block<'a> {
    /// What stands behind the fence.
    pub language: &'a str,
    pub code: &'a str,
    /// Whether nothing but empty lines is between this block and the one before it.
    pub follows: bool,
}

impl Page {
    /// Every page that users read.
    pub fn all() -> Vec<Self> {
        let mut pages: Vec<_> = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(Self::read).into();
        for folder in ["docs/src", "docs/src/languages"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "md") {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    pages.push(Self::read(&format!("{folder}/{name}")));
                }
            }
        }
        pages
    }

    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    pub fn blocks(&self) -> Vec<Block<'_>> {
        self.parts().0
    }

    /// The code in sentences and tables.
    pub fn words(&self) -> Vec<&str> {
        self.parts().1.into_iter().flat_map(code_spans).collect()
    }

    /// The blocks, and the paragraphs before, between and behind them.
    fn parts(&self) -> (Vec<Block<'_>>, Vec<&str>) {
        let (mut blocks, mut prose) = (Vec::new(), Vec::new());
        let mut rest = self.text.as_str();
        while let Some(start) = line_with(rest, |line| line.starts_with("```")) {
            let (before, block) = rest.split_at(start);
            let (first, body) = block.split_once('\n').unwrap();
            let language = first.trim().trim_start_matches('`');
            let fence = &first.trim()[..first.trim().len() - language.len()];
            let end = line_with(body, |line| line == fence).unwrap_or_else(|| panic!("{}: an open block", self.path));
            let follows = !blocks.is_empty() && before.trim().is_empty();
            blocks.push(Block { language, code: &body[..end], follows });
            prose.push(before);
            rest = body[end..].split_once('\n').map_or("", |(_, rest)| rest);
        }
        prose.push(rest);
        (blocks, prose)
    }
}

/// Where the first such line begins; spaces around a line do not count.
fn line_with(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_wanted(line.trim()) {
            return Some(start);
        }
        start += line.len();
    }
    None
}

/// What stands between two equal runs of backticks.
fn code_spans(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let behind = rest[start..].trim_start_matches('`');
        let ticks = &rest[start..rest.len() - behind.len()];
        let Some(length) = behind.find(ticks) else { break };
        spans.push(behind[..length].trim());
        rest = &behind[length + ticks.len()..];
    }
    spans
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn a_longer_fence_holds_shorter_ones() {
    let text = "`a` ``b`c``\n\n````markdown\n```sh\nls `x`\n```\n````\n\n```text\nd\n```\n`e`\n";
    let page = Page { path: String::new(), text: text.to_owned() };
    let blocks: Vec<_> = page.blocks().iter().map(|block| (block.language, block.code, block.follows)).collect();
    assert_eq!(blocks, [("markdown", "```sh\nls `x`\n```\n", false), ("text", "d\n", true)]);
    assert_eq!(page.words(), ["a", "b`c", "e"]);
}
