//! The Python modules that come with the runner, in a folder of their own.

use std::io;
use std::path::Path;

/// Their paths in the folder, and their sources.
///
/// The folder stands on `PYTHONPATH`, in a session, in batch mode and for the children of both: behind the script's own
/// folder, so that a user's module of the same name is found first, and before the standard library. `ai` and
/// `ai/backend` have no `__init__.py`: they are namespaces, which share their names with what else is installed there.
const MODULES: &[(&str, &str)] = &[
    ("kernel_runner/__init__.py", include_str!("kernel_runner/__init__.py")),
    ("kernel_runner/commands.py", include_str!("kernel_runner/commands.py")),
    ("kernel_runner/completer.py", include_str!("kernel_runner/completer.py")),
    ("kernel_runner/completeness.py", include_str!("kernel_runner/completeness.py")),
    ("kernel_runner/forms.py", include_str!("kernel_runner/forms.py")),
    ("kernel_runner/ipython.py", include_str!("kernel_runner/ipython.py")),
    ("kernel_runner/link.py", include_str!("kernel_runner/link.py")),
    ("kernel_runner/magics.py", include_str!("kernel_runner/magics.py")),
    ("kernel_runner/matplotlib.py", include_str!("kernel_runner/matplotlib.py")),
    ("kernel_runner/plain.py", include_str!("kernel_runner/plain.py")),
    ("ai/backend/helpers/__init__.py", include_str!("compat/ai/backend/helpers/__init__.py")),
    ("ai/backend/helpers/display.py", include_str!("compat/ai/backend/helpers/display.py")),
    ("ai/backend/helpers/package.py", include_str!("compat/ai/backend/helpers/package.py")),
    ("ai/backend/kernel/__init__.py", include_str!("compat/ai/backend/kernel/__init__.py")),
    ("ai/backend/kernel/python/__init__.py", include_str!("compat/ai/backend/kernel/python/__init__.py")),
    ("ai/backend/kernel/python/display.py", include_str!("compat/ai/backend/kernel/python/display.py")),
    (
        "ai/backend/kernel/python/drawing/__init__.py",
        include_str!("compat/ai/backend/kernel/python/drawing/__init__.py"),
    ),
    ("ai/backend/kernel/python/drawing/canvas.py", include_str!("compat/ai/backend/kernel/python/drawing/canvas.py")),
    ("ai/backend/kernel/python/drawing/color.py", include_str!("compat/ai/backend/kernel/python/drawing/color.py")),
    ("ai/backend/kernel/python/drawing/turtle.py", include_str!("compat/ai/backend/kernel/python/drawing/turtle.py")),
    ("ai/backend/kernel/python/types.py", include_str!("compat/ai/backend/kernel/python/types.py")),
    ("kernel_runner/drawing.py", include_str!("compat/kernel_runner/drawing.py")),
    ("kernel_runner/lettering.py", include_str!("compat/kernel_runner/lettering.py")),
    ("kernel_runner/picture.py", include_str!("compat/kernel_runner/picture.py")),
    ("kernel_runner/records.py", include_str!("compat/kernel_runner/records.py")),
    ("kernel_runner/window.py", include_str!("compat/kernel_runner/window.py")),
    ("kernel_runner/x11colors.py", include_str!("compat/kernel_runner/x11colors.py")),
    ("turtle.py", include_str!("compat/turtle.py")),
];

/// Writes the modules into a folder.
pub(crate) fn write(folder: &Path) -> io::Result<()> {
    for (path, source) in MODULES {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, source)?;
    }
    Ok(())
}
