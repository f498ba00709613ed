//! The sources in C that a runner brings along, and the folder of its own where it compiles them.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use runner_core::Result;

/// Compiles what queries need, and starts the host of the snippets.
pub(crate) const START: &str = include_str!("native/start.sh");

/// The files of the folder.
const FILES: [(&str, &str); 6] = [
    ("host.c", include_str!("native/host.c")),
    ("program.c", include_str!("native/program.c")),
    ("streams.c", include_str!("native/streams.c")),
    ("streams.h", include_str!("native/streams.h")),
    ("crash.c", include_str!("native/crash.c")),
    ("include/kernel_runner.h", include_str!("native/kernel_runner.h")),
];

/// Where the headers are that users may include.
pub(crate) const INCLUDE: &str = "include";

/// Puts the files into `folder`.
pub(crate) fn write(folder: &Path) -> Result<()> {
    fs::create_dir(folder.join(INCLUDE)).context("failed to make a temporary directory")?;
    FILES.iter().try_for_each(|(name, text)| {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
    })
}
