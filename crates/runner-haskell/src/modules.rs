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
    [("KernelRunnerDriver.hs", include_str!("driver.hs")), (PREPARE, include_str!("prepare.sh"))];
/// The script that compiles what every program gets.
pub(crate) const PREPARE: &str = "prepare.sh";
/// What lies in the cache: the modules with what `GHCi` loads in their place, and what programs are linked with. GHC goes
/// by the times of the files, so the sources come from there as well.
#[rustfmt::skip]
pub(crate) const MADE: [&str; 11] = [
    "KernelRunner.hs", "KernelRunner.hi", "KernelRunner.o",
    "KernelRunnerStreams.hs", "KernelRunnerStreams.hi", "KernelRunnerStreams.o",
    "KernelRunnerDriver.hs", "KernelRunnerDriver.hi", "KernelRunnerDriver.o",
    "KernelRunnerMain.hs", OBJECTS,
];
/// The folder of what programs are linked with.
pub(crate) const OBJECTS: &str = "objects";
/// How `GHCi` gets it, with names for the folder that it lies in and for the compiler. Afterwards the user sees nothing
/// of it.
const SCRIPT: &str = include_str!("session.ghci");

/// Writes what a program is compiled with.
pub(crate) fn write_for_programs(folder: &Path) -> io::Result<()> {
    write(folder, &FOR_PROGRAMS)
}

/// What is there already stays as it is, and need not be compiled again.
fn write(folder: &Path, modules: &[(&str, &str)]) -> io::Result<()> {
    for (name, text) in modules {
        let file = folder.join(name);
        if !fs::read(&file).is_ok_and(|present| present == text.as_bytes()) {
            fs::write(file, text)?;
        }
    }
    Ok(())
}

/// Makes the objects of the cache the folder's own: GHC writes to them when a program wants them otherwise.
fn own_objects(folder: &Path) -> io::Result<()> {
    let objects = folder.join(OBJECTS);
    let Ok(made) = fs::read_link(&objects) else { return Ok(()) };
    fs::remove_file(&objects)?;
    fs::create_dir(&objects)?;
    fs::read_dir(made)?.flatten().try_for_each(|made| fs::copy(made.path(), objects.join(made.file_name())).map(drop))
}

/// Writes what a session begins with.
pub(crate) fn write_for_session(folder: &Path, compiler: &Path) -> io::Result<()> {
    own_objects(folder)?;
    write_for_programs(folder)?;
    write(folder, &FOR_SESSIONS)?;
    let script = SCRIPT.replace("FOLDER", &folder.display().to_string());
    fs::write(folder.join("session.ghci"), script.replace("COMPILER", &compiler.display().to_string()))
}
