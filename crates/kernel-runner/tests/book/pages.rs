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
        let mut blocks = Vec::new();
        let mut rest = self.text.as_str();
        while let Some((between, block)) = rest.split_once("```") {
            let (language, block) = block.split_once('\n').unwrap();
            let (code, after) = block.split_once("```").unwrap_or_else(|| panic!("{}: an open block", self.path));
            blocks.push(Block { language, code, follows: !blocks.is_empty() && between.trim().is_empty() });
            rest = after;
        }
        blocks
    }

    /// The code in sentences and tables.
    pub fn words(&self) -> Vec<&str> {
        // What is outside of the blocks is every other part of the text, from the first on.
        let prose = self.text.split("```").step_by(2);
        prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
