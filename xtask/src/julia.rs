//! Julia for the tests: the one of Debian 11, which newer releases of Debian do not have.
//!
//! It runs with Debian 11's own libraries: with those of Debian 12 it dies when a function catches an exception.

use anyhow::Result;

use crate::debian;

/// What the installation needs.
pub(crate) const PACKAGES: [&str; 1] = ["debootstrap"];
/// From the root of the repository.
const INSTALL: &str = "xtask/src/julia.sh";

/// Puts a Debian 11 with Julia into a folder of its own, and a `julia` on the `PATH`.
pub(crate) fn install(as_root: impl Fn(&[&str]) -> Result<()>) -> Result<()> {
    let mut command = vec!["sh", INSTALL];
    // On other systems `debootstrap` knows a mirror.
    let mirror = debian::mirror();
    command.extend(mirror.as_deref());
    as_root(&command)
}
