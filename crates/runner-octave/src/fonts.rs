//! A font for Octave's plots.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use runner_core::Context;

/// Where Octave looks for the one font that it knows, and what its faces are called.
const OCTAVE_FONTS: &str = "/usr/share/fonts/opentype/freefont";
const FACES: [&str; 4] = ["FreeSans.otf", "FreeSansBold.otf", "FreeSansOblique.otf", "FreeSansBoldOblique.otf"];
/// Where a system keeps its fonts.
const SYSTEM_FONTS: &str = "/usr/share/fonts";

/// A folder in which another font stands in for Octave's own; nothing where Octave finds its own, or there is none at all.
/// Without a font, nothing is drawn.
pub(crate) fn substitute(context: &Context) -> Option<&Path> {
    if Path::new(OCTAVE_FONTS).join(FACES[0]).is_file() {
        return None;
    }
    let font = find(Path::new(SYSTEM_FONTS))?;
    let folder = context.temp_dir().ok()?;
    FACES.iter().try_for_each(|face| symlink(&font, folder.join(face))).ok()?;
    Some(folder)
}

/// The plainest font without serifs: the one with the shortest name.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    let mut fonts = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ttf" || extension == "otf") {
                fonts.push(path);
            }
        }
    }
    fonts.into_iter().min_by_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (!name.contains("Sans"), name.len(), name)
    })
}
