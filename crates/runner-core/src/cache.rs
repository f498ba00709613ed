//! What a runner makes when it starts, kept for the starts to come.
//!
//! Each language has a folder of its own in the cache, and in it a note that says for whom it was made. What was made for
//! another compiler, or by another version of this program, is not used, and neither is what is not complete: its note is
//! empty.

use std::env;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::context::Context;
use crate::error::Result;
use crate::temp_folder::TempFolder;

/// The note, in which nothing stands before all is there.
const NOTE: &str = "made-for";

/// Whether something is kept of what a runner makes when it starts.
#[derive(Clone, Debug, Default)]
pub enum Cache {
    /// All of it goes with the runner.
    #[default]
    None,
    /// The same, but what is complete in that folder is used and need not be made.
    Used(PathBuf),
    /// It is made in that folder, and stays there: for [`Engine::warm`](crate::Engine::warm).
    Filled(PathBuf),
}

impl Cache {
    /// The folder that the runner of a language works in. What is left in it from before goes.
    pub(crate) fn temp_folder(&self, language: &str) -> Result<TempFolder> {
        let Self::Filled(cache) = self else { return Ok(TempFolder::default()) };
        let folder = cache.join(language);
        make_anew(&folder).with_context(|| format!("failed to make {} anew", folder.display()))?;
        Ok(TempFolder::kept(folder))
    }
}

impl Context {
    /// Uses what [`Runner::warm`](crate::Runner::warm) has made. Each of `names`, a path in the [`temp_dir`](Self::temp_dir),
    /// becomes a link to what lies there in the cache. Without a cache, or where it was made for another
    /// [`runtime`](Self::runtime), nothing happens: whoever needs a file makes it, if it is not there.
    ///
    /// ```
    /// use runner_core::{Command, Context, ExitCode, Result, Runner, Task, async_trait};
    ///
    /// struct Zig {
    ///     context: Context,
    /// }
    ///
    /// impl Zig {
    ///     fn new(context: Context) -> Self {
    ///         // Each becomes a link, so write to none of them.
    ///         context.use_cache(&["driver.so"]);
    ///         Self { context }
    ///     }
    ///
    ///     fn compile_driver(&self) -> Command {
    ///         Command::new(self.context.runtime()).args(["build-lib", "driver.zig"])
    ///     }
    /// }
    ///
    /// #[async_trait]
    /// impl Runner for Zig {
    ///     async fn warm(&self, task: &Task) -> Result<ExitCode> {
    ///         task.run(self.compile_driver().dir(self.context.temp_dir()?)).await
    ///     }
    /// #   async fn build_heuristic(&self, _: &Task) -> Result<ExitCode> { Ok(ExitCode::SUCCESS) }
    /// #   async fn execute_heuristic(&self, _: &Task) -> Result<ExitCode> { Ok(ExitCode::SUCCESS) }
    /// }
    /// ```
    pub fn use_cache(&self, names: &[&str]) {
        let Cache::Used(cache) = &self.0.settings.cache else { return };
        let from = cache.join(self.0.registration.name);
        let note = fs::read_to_string(from.join(NOTE)).ok();
        if note.is_none() || note != self.note() {
            return;
        }
        let Ok(to) = self.temp_dir() else { return };
        for name in names.iter().filter(|name| from.join(name).exists()) {
            if let Err(error) = link(&from.join(name), &to.join(name)) {
                tracing::warn!("failed to use {} of the cache: {error}", from.join(name).display());
            }
        }
    }

    /// Whether the runner is here for [`Runner::warm`](crate::Runner::warm).
    #[must_use]
    pub fn is_warming(&self) -> bool {
        matches!(self.0.settings.cache, Cache::Filled(_))
    }

    /// All that is to be made for this program and this runtime is there.
    pub(crate) fn complete_cache(&self) -> Result<()> {
        let file = self.temp_dir()?.join(NOTE);
        let note = self.note().context("failed to find out which program this is")?;
        fs::write(&file, note).with_context(|| format!("failed to write {}", file.display()))
    }

    fn note(&self) -> Option<String> {
        let (program, runtime) = (env::current_exe().ok()?, self.runtime());
        let (ours, theirs) = (stamp(&fs::metadata(program).ok()?), fs::metadata(&runtime).ok());
        let theirs = theirs.as_ref().map_or_else(String::new, stamp);
        Some(format!("kernel-runner {} {ours}\n{} {theirs}\n", env!("CARGO_PKG_VERSION"), runtime.display()))
    }
}

fn make_anew(folder: &Path) -> Result<()> {
    if folder.exists() {
        ensure!(folder.join(NOTE).is_file(), "it is there, and no folder of a cache");
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join(NOTE), "")?)
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    symlink(from, to)
}

/// A file's size and time: in seconds, because that is what the layers of an image keep of it.
fn stamp(file: &Metadata) -> String {
    format!("{} {}", file.size(), file.mtime())
}
