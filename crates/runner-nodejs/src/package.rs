//! What `package.json` says.

use std::fs;

use anyhow::Context as _;
use runner_core::{Result, Task};
use serde_json::Value;

/// A package's manifest; an empty one where there is none.
#[derive(Debug, Default)]
pub(crate) struct Package(Value);

impl Package {
    /// The manifest in the project's root, if there is one.
    pub(crate) fn read(task: &Task) -> Result<Option<Self>> {
        let project = task.project();
        if !project.has("package.json") {
            return Ok(None);
        }
        let text = fs::read_to_string(project.root().join("package.json")).context("failed to read package.json")?;
        Ok(Some(Self(serde_json::from_str(&text).context("failed to understand package.json")?)))
    }

    /// The file that it names as its program.
    pub(crate) fn main(&self) -> Option<&str> {
        self.0["main"].as_str()
    }

    pub(crate) fn has_script(&self, name: &str) -> bool {
        self.0["scripts"][name].is_string()
    }

    pub(crate) fn has_dependencies(&self) -> bool {
        let lists = ["dependencies", "devDependencies", "optionalDependencies"];
        lists.iter().any(|list| self.0[*list].as_object().is_some_and(|list| !list.is_empty()))
    }
}
