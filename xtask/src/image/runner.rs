//! Somebody else's runner: what its program says of itself.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::program::{Build, Source};
use super::progress::Progress;
use crate::shell::program;

/// Builds the program, and asks it for its language and the Debian packages that its tools are in.
pub(crate) fn ask(source: &Source, build: &Build) -> Result<(String, Vec<String>)> {
    if !build.target.is_native() {
        bail!("the program has to say what it needs, and one for {} does not run here", build.target.triple);
    }
    let mut listed = String::new();
    Progress::new("runner", 1).step("program", || {
        source.build(build).quiet()?;
        listed = program(source.binary(build)?).args(["list", "--json"]).read()?;
        Ok(String::new())
    })?;
    understand(&listed)
}

fn understand(listed: &str) -> Result<(String, Vec<String>)> {
    let languages: Vec<Value> = listed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [language] = &languages[..] else {
        let names: Vec<_> = languages.iter().filter_map(|language| language["name"].as_str()).collect();
        match names[..] {
            [] => bail!("the program has no language: does its main.rs say `use runner_... as _;`?"),
            _ => bail!(
                "an image has one language, and the program has {}: turn off the default features of kernel-runner",
                names.join(", ")
            ),
        }
    };
    let name = language["name"].as_str().context("the language has no name")?;
    let tools = language["tools"].as_array().map_or(&[][..], Vec::as_slice);
    let mut packages: Vec<String> = Vec::new();
    for package in tools.iter().filter_map(|tool| tool["package"].as_str()).flat_map(str::split_whitespace) {
        if !packages.iter().any(|known| known == package) {
            packages.push(package.to_owned());
        }
    }
    Ok((name.to_owned(), packages))
}

#[cfg(test)]
mod tests {
    use super::understand;

    #[test]
    fn a_program_of_one_language_tells_its_packages_once() {
        let zig = r#"{"name":"zig","tools":[{"package":"zig libc6-dev"},{"package":"zig"}]}"#;
        let packages = vec!["zig".to_owned(), "libc6-dev".to_owned()];
        assert_eq!(understand(zig).expect("it is understood"), ("zig".to_owned(), packages));
        let two = format!("{zig}\n{}", zig.replace("\"zig\"", "\"lua\""));
        assert!(understand(&two).expect_err("an image has one").to_string().contains("zig, lua"));
        assert!(understand("").expect_err("there is none").to_string().contains("no language"));
    }
}
