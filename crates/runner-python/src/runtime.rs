//! Which Python runs.

use std::ffi::OsStr;
use std::path::PathBuf;

use runner_core::{Context, which};

/// The folders in which people make the virtual environment of a project.
const ENVIRONMENTS: [&str; 3] = [".venv", "venv", "env"];
/// The variables that name the folder of an environment that is in use: a virtual one, or one of conda's.
const VARIABLES: [&str; 2] = ["VIRTUAL_ENV", "CONDA_PREFIX"];

/// The interpreter that the user has named; else that of an environment, the working folder's before others; else
/// `python3` or `python` on the `PATH`.
pub(crate) fn find(context: &Context) -> PathBuf {
    let named = context.chosen_runtime().map(PathBuf::from);
    named.or_else(|| of_environment(context)).unwrap_or_else(|| context.runtime())
}

fn of_environment(context: &Context) -> Option<PathBuf> {
    let folders = ENVIRONMENTS.iter().map(|name| context.work_dir().join(name));
    let others = VARIABLES.iter().filter_map(|name| variable(context, name)).map(PathBuf::from);
    folders.chain(others).find_map(|folder| which(folder.join("bin/python").as_os_str(), None))
}

/// A variable that is set to something.
pub(crate) fn variable<'a>(context: &'a Context, name: &str) -> Option<&'a OsStr> {
    context.variable(name).filter(|value| !value.is_empty())
}
