//! The programs that a project has.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use runner_core::Project;
use walkdir::WalkDir;

use super::{FOLDER, PROGRAM};

/// So deep below the folder a `Makefile` may put its programs: `build/bin/NAME`.
const DEPTH: usize = 3;

/// The programs that may be meant: one, where it is clear which.
pub(super) fn find(project: Project<'_>) -> Vec<PathBuf> {
    let folder = project.build_dir();
    let named = [PROGRAM, "a.out"].iter().map(|name| folder.join(name)).find(|program| is_executable(program));
    if let Some(named) = named {
        return vec![named];
    }
    let built = below(&folder.join(FOLDER), usize::MAX);
    let found = [built, below(folder, 1), below(folder, DEPTH)].into_iter().find(|found| !found.is_empty());
    let found = found.unwrap_or_default();
    // Beside a program there often are its tests.
    let is_test = |path: &&PathBuf| name(path).to_lowercase().contains("test");
    let others: Vec<_> = found.iter().filter(|path| !is_test(path)).cloned().collect();
    let main = found.iter().find(|path| name(path) == PROGRAM);
    match (main, others.len()) {
        (Some(main), _) => vec![main.clone()],
        (None, 1) => others,
        _ => found,
    }
}

/// Whether it is a program in the machine's own format.
pub(super) fn is_program(path: &Path) -> bool {
    let mut header = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    path.is_file() && read.is_ok() && header == *b"\x7fELF"
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The programs below a folder. Scripts, libraries, and what `CMake` and Meson try out, are none.
fn below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let is_tools = |name: &str| name == "CMakeFiles" || name.starts_with("meson-") || name.starts_with('.');
    WalkDir::new(folder)
        .max_depth(depth)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_tools(&entry.file_name().to_string_lossy()))
        .flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_executable(path) && !name(path).contains(".so") && is_program(path))
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
