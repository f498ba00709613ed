//! `IPython` for the tests: in a virtual environment of its own, because a Python that has it runs other sessions.

use std::path::Path;

use anyhow::Result;

/// What the installation needs.
pub(crate) const PACKAGES: [&str; 1] = ["python3-venv"];
/// The environment, which has Debian's packages as well.
const FOLDER: &str = "/opt/kernel-runner-ipython";
/// The version whose messages the tests know.
const VERSION: &str = "ipython==8.5.0";

pub(crate) fn is_there() -> bool {
    Path::new(FOLDER).join("bin/ipython").exists()
}

/// Makes the virtual environment.
pub(crate) fn install(as_root: impl Fn(&[&str]) -> Result<()>) -> Result<()> {
    as_root(&["/usr/bin/python3", "-m", "venv", "--system-site-packages", FOLDER])?;
    let python = format!("{FOLDER}/bin/python3");
    as_root(&[&python, "-m", "pip", "install", "--quiet", "--ignore-installed", VERSION])
}
