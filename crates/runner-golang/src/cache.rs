//! Where `go` keeps what it has compiled.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The cache in a folder of the runner's own.
pub(crate) const OWN: &str = "cache";

/// The user's own cache, where it can be written to; else one in `folder`, which has what can be read in the user's. What
/// was made ahead of time, to which [`OWN`] is a link then, is better than a cache that nobody has named.
pub(crate) fn usable(folder: &Path) -> PathBuf {
    let (own, given) = (folder.join(OWN), given());
    let made = fs::read_link(&own).ok().filter(|_| fs::remove_file(&own).is_ok());
    let users = given.clone().or_else(usual);
    if let Some(cache) = if made.is_some() { &given } else { &users }.as_ref().filter(|cache| is_writable(cache)) {
        return cache.clone();
    }
    if let Some(cache) = made.or(users).filter(|cache| cache.is_dir()) {
        // What cannot be borrowed is compiled again.
        let _ = borrow(&cache, &own);
    }
    own
}

fn given() -> Option<PathBuf> {
    env::var_os("GOCACHE").map(PathBuf::from).filter(|cache| cache.is_absolute())
}

fn usual() -> Option<PathBuf> {
    let usual = env::var_os("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("go-build"));
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cache/go-build"));
    usual.or(home).filter(|cache| cache.is_absolute())
}

fn is_writable(cache: &Path) -> bool {
    fs::create_dir_all(cache).is_ok() && tempfile::tempfile_in(cache).is_ok()
}

/// Makes a cache whose entries are links to another's: an image's, on a root that cannot be written to.
fn borrow(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for folder in fs::read_dir(from)?.flatten().filter(|entry| entry.path().is_dir()) {
        let into = to.join(folder.file_name());
        fs::create_dir_all(&into)?;
        for entry in fs::read_dir(folder.path())?.flatten() {
            symlink(entry.path(), into.join(entry.file_name()))?;
        }
    }
    // Without this note, `go` would take old entries for unused ones, and drop them.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    fs::write(to.join("trim.txt"), now.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_only_be_read_is_borrowed_and_new_entries_are_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let (images, own) = (folder.path().join("image"), folder.path().join("own"));
        fs::create_dir_all(images.join("a0")).unwrap();
        fs::write(images.join("a0/a0-d"), "compiled").unwrap();
        borrow(&images, &own).unwrap();
        assert_eq!(fs::read_to_string(own.join("a0/a0-d")).unwrap(), "compiled");
        fs::write(own.join("a0/a1-d"), "new").unwrap();
        assert!(!images.join("a0/a1-d").exists());
        assert!(own.join("trim.txt").exists());
    }
}
