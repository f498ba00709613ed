//! Where something goes that the terminal cannot show.

use std::fs;
use std::ops::RangeFrom;
use std::path::PathBuf;

use anyhow::Context as _;
use runner_core::save_form;

/// Files that are numbered, in the user's folder or in a temporary one that stays.
pub(super) struct Files {
    folder: Option<PathBuf>,
    numbers: RangeFrom<usize>,
}

impl Files {
    /// Nothing is made before there is something to save.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, numbers: 1.. }
    }

    /// Puts it into a file with a name that is free.
    pub(super) fn save(&mut self, mime: &str, data: &[u8]) -> anyhow::Result<PathBuf> {
        let folder = self.folder()?;
        save_form(&folder, &mut self.numbers, mime, data).with_context(|| folder.display().to_string())
    }

    fn folder(&mut self) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.folder {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            return Ok(folder.clone());
        }
        let made = tempfile::Builder::new().prefix("kernel-runner-media-").tempdir().context("no temporary folder")?;
        Ok(self.folder.insert(made.keep()).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("display-1.png"), "mine").unwrap();
        let mut files = Files::new(Some(folder.path().to_owned()));
        let path = files.save("image/png", b"a picture").unwrap();
        assert_eq!(path, folder.path().join("display-2.png"));
        assert_eq!(fs::read(folder.path().join("display-1.png")).unwrap(), b"mine");
        assert_eq!(fs::read(path).unwrap(), b"a picture");
    }

    #[test]
    fn a_folder_that_is_missing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::new(Some(folder.path().join("a/b")));
        assert!(files.save("image/svg+xml", b"<svg/>").unwrap().ends_with("a/b/display-1.svg"));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Files::new(Some(file.path().join("below"))).save("image/png", b"").unwrap_err();
        assert!(error.to_string().contains("below"), "{error:#}");
    }
}
