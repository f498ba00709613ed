//! What the user's code may use beside the library of Java itself.

use std::fs;
use std::io;
use std::path::Path;

/// The class `kernelrunner.Display`, which shows pictures and HTML.
pub(crate) const DISPLAY: Class =
    Class { package: "kernelrunner", file: "Display.java", source: include_str!("library/Display.java") };

/// A class as its source.
pub(crate) struct Class {
    package: &'static str,
    file: &'static str,
    source: &'static str,
}

impl Class {
    /// Writes it into its package below `folder`, where the compiler finds it by itself when a program uses it.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let package = folder.join(self.package);
        fs::create_dir_all(&package)?;
        fs::write(package.join(self.file), self.source)
    }
}
