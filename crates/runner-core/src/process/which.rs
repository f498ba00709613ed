use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Finds a program as a shell would: a name with a slash is a path, any other is looked for in each folder of `path`.
#[must_use]
pub fn which(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let executable =
        |file: &Path| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(program)).filter(|file| executable(file));
    }
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| executable(file))
}
