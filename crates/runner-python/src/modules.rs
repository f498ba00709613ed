//! The Python modules that come with the runner, in a folder of their own.

use std::io;
use std::path::Path;

use tempfile::TempDir;

/// Their paths in the folder, and their sources.
///
/// The folder stands on `PYTHONPATH`, in a session, in batch mode and for the children of both: behind the script's own
/// folder, so that a user's module of the same name is found first, and before the standard library. `ai` and
/// `ai/backend` have no `__init__.py`: they are namespaces, which share their names with what else is installed there.
const MODULES: &[(&str, &str)] = &[
    ("kernel_runner/__init__.py", include_str!("kernel_runner/__init__.py")),
    ("kernel_runner/commands.py", include_str!("kernel_runner/commands.py")),
    ("kernel_runner/completer.py", include_str!("kernel_runner/completer.py")),
    ("kernel_runner/forms.py", include_str!("kernel_runner/forms.py")),
    ("kernel_runner/ipython.py", include_str!("kernel_runner/ipython.py")),
    ("kernel_runner/link.py", include_str!("kernel_runner/link.py")),
    ("kernel_runner/magics.py", include_str!("kernel_runner/magics.py")),
    ("kernel_runner/matplotlib.py", include_str!("kernel_runner/matplotlib.py")),
    ("kernel_runner/plain.py", include_str!("kernel_runner/plain.py")),
];

/// Writes the modules to a temporary folder, which goes when what is returned is dropped.
pub(crate) fn write() -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("kernel-runner-python-").tempdir()?;
    for (path, source) in MODULES {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        std::fs::write(path, source)?;
    }
    Ok(folder)
}
