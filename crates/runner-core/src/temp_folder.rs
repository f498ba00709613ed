use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::error::Result;

/// How often, and how long, the end of those who still write is waited for.
const LAST_TRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(25);

/// A temporary directory that is made when it is first asked for, and goes with its owner.
#[derive(Debug, Default)]
pub(crate) struct TempFolder {
    made: OnceLock<TempDir>,
    /// A folder in its place, which stays.
    kept: Option<PathBuf>,
}

impl TempFolder {
    /// One that is there already, and stays.
    pub(crate) fn kept(folder: PathBuf) -> Self {
        Self { kept: Some(folder), ..Self::default() }
    }

    pub(crate) fn path(&self) -> Result<&Path> {
        if let Some(kept) = &self.kept {
            return Ok(kept);
        }
        if self.made.get().is_none() {
            let made = tempfile::Builder::new().prefix("kernel-runner-").tempdir();
            // Where two ask at once, the second's is dropped, and removed, here.
            let _ = self.made.set(made.context("failed to make a temporary directory")?);
        }
        Ok(self.made.get().expect("it was set just now").path())
    }

    /// Removes it now. A process that was just ended may write to it for a moment.
    pub(crate) async fn remove(&self) {
        let Some(folder) = self.made.get() else { return };
        for _ in 0..LAST_TRIES {
            if fs::remove_dir_all(folder).is_ok() || !folder.path().exists() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
