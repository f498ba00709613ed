use std::fs::File;
use std::io::{self, Write as _};
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};

use crate::wire::Display;

/// Puts one form of a [`Display`] into a file of `folder` with a name that is free, `display-1.png` or the like, and returns
/// its path. Nothing is overwritten. The numbers are taken from `numbers`, which goes on where it was.
pub fn save_form(folder: &Path, numbers: &mut RangeFrom<usize>, mime: &str, data: &[u8]) -> io::Result<PathBuf> {
    for number in numbers {
        let path = folder.join(format!("display-{number}.{}", Display::extension(mime)));
        match File::create_new(&path) {
            Ok(mut file) => return file.write_all(data).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
