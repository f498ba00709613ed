//! The source files of a batch request.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use walkdir::WalkDir;

use crate::context::Settings;
use crate::error::Result;

/// Folders that hold other people's code, or what tools have made.
const NOT_SOURCES: [&str; 5] = ["node_modules", "__pycache__", "target", "build", "dist"];

/// What makes a folder or file known as a build's own: a file of that name in the folder, or `.NAME` and this beside the file.
const MARK: &str = ".made-by-kernel-runner";

/// What lies in the working directory, as heuristics look at it. Hidden files and folders do not count.
#[derive(Clone, Copy, Debug)]
pub struct Project<'a>(&'a Settings);

impl<'a> Project<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self(settings)
    }

    /// The folder that it lies in.
    #[must_use]
    pub fn root(&self) -> &'a Path {
        &self.0.work_dir
    }

    /// Where a build belongs: the root, unless the user keeps it apart.
    #[must_use]
    pub fn build_dir(&self) -> &'a Path {
        self.0.build_dir.as_deref().unwrap_or(&self.0.work_dir)
    }

    /// Whether a file of that name lies in the root.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.sources.is_none() && self.root().join(name).is_file()
    }

    /// The source files with one of `extensions`: those that were named, else all below the root, in order of their paths.
    #[must_use]
    pub fn sources(&self, extensions: &[&str]) -> Vec<PathBuf> {
        let wanted = |path: &Path| {
            path.extension().and_then(|found| found.to_str()).is_some_and(|found| extensions.contains(&found))
        };
        if let Some(named) = &self.0.sources {
            return named.iter().filter(|path| wanted(path)).cloned().collect();
        }
        WalkDir::new(self.root())
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| {
                let name = entry.file_name().to_string_lossy();
                let skipped = name.starts_with('.') || (entry.file_type().is_dir() && NOT_SOURCES.contains(&&*name));
                entry.depth() == 0 || !skipped
            })
            .flatten()
            .filter(|entry| entry.file_type().is_file() && wanted(entry.path()))
            .map(|entry| entry.path().strip_prefix(self.root()).unwrap_or(entry.path()).to_owned())
            .collect()
    }

    /// The file to run, and why it is the one: `main` with the first extension that fits, else the only source file in the
    /// root.
    #[must_use]
    pub fn main(&self, extensions: &[&str]) -> Option<(PathBuf, &'static str)> {
        let sources = self.sources(extensions);
        let top: Vec<_> =
            sources.iter().filter(|path| self.0.sources.is_some() || path.components().count() == 1).collect();
        let main = top.iter().find(|path| path.file_stem().is_some_and(|stem| stem == "main"));
        match (main, &top[..]) {
            (Some(main), _) => Some(((*main).clone(), "it is the main file")),
            (None, [only]) => Some(((*only).clone(), "it is the only source file")),
            _ => None,
        }
    }

    /// Says that a build has made the folder or file `name`, so that [`remove_made`](Self::remove_made) may remove it. What
    /// was there before the build is the user's: leave it unmarked.
    pub fn mark_made(&self, name: &str) -> Result<()> {
        let mark = self.mark(name);
        fs::write(&mark, "").with_context(|| format!("failed to write {}", mark.display()))
    }

    /// Removes the folder or file `name` if a build has made it, and says whether it did.
    pub fn remove_made(&self, name: &str) -> Result<bool> {
        let (made, mark) = (self.build_dir().join(name), self.mark(name));
        if !mark.is_file() {
            return Ok(false);
        }
        let removed = if made.is_dir() {
            fs::remove_dir_all(&made)
        } else {
            fs::remove_file(&mark).and_then(|()| if made.exists() { fs::remove_file(&made) } else { Ok(()) })
        };
        removed.with_context(|| format!("failed to remove {}", made.display()))?;
        Ok(true)
    }

    fn mark(self, name: &str) -> PathBuf {
        let made = self.build_dir().join(name);
        if made.is_dir() { made.join(MARK) } else { self.build_dir().join(format!(".{name}{MARK}")) }
    }
}
