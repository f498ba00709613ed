//! The modules of Haskell that the runner brings along.

use std::fs;
use std::io;
use std::path::Path;

/// What shows pictures, and what every program gets.
const FOR_PROGRAMS: [(&str, &str); 3] = [
    ("KernelRunner.hs", include_str!("display.hs")),
    ("KernelRunnerStreams.hs", include_str!("streams.hs")),
    ("KernelRunnerMain.hs", include_str!("entry.hs")),
];
/// What tells `GHCi` what to run, and what prepares for programs.
const FOR_SESSIONS: [(&str, &str); 2] =
    [("KernelRunnerDriver.hs", include_str!("driver.hs")), ("prepare.sh", include_str!("prepare.sh"))];
/// How `GHCi` gets it, with names for the folder that it lies in and for the compiler. Afterwards the user sees nothing
/// of it.
const SCRIPT: &str = include_str!("session.ghci");

/// Writes what a program is compiled with. What is there already stays as it is, and need not be compiled again.
pub(crate) fn write_for_programs(folder: &Path) -> io::Result<()> {
    for (name, text) in FOR_PROGRAMS {
        let file = folder.join(name);
        if !fs::read(&file).is_ok_and(|present| present == text.as_bytes()) {
            fs::write(file, text)?;
        }
    }
    Ok(())
}

/// Writes what a session begins with.
pub(crate) fn write_for_session(folder: &Path, compiler: &Path) -> io::Result<()> {
    write_for_programs(folder)?;
    FOR_SESSIONS.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))?;
    let script = SCRIPT.replace("FOLDER", &folder.display().to_string());
    fs::write(folder.join("session.ghci"), script.replace("COMPILER", &compiler.display().to_string()))
}
