//! What Backend.AI's manager and agents read off an image. The book's page on images says which of them reads what.

use super::plan::{Plan, Start};

/// The labels of the image, by name.
pub(crate) fn labels(plan: &Plan) -> Vec<(&'static str, String)> {
    let recipe = &plan.recipe;
    let mut features = vec!["batch", "query", "uid-match", "user-input"];
    if recipe.has_terminal {
        features.push("tty");
    }
    let mut labels = vec![
        ("org.opencontainers.image.title", format!("{} for kernel-runner", plan.language)),
        ("org.opencontainers.image.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("ai.backend.kernelspec", "1".to_owned()),
        ("ai.backend.role", "COMPUTE".to_owned()),
        ("ai.backend.features", features.join(" ")),
        ("ai.backend.runtime-type", plan.language.clone()),
    ];
    if let Start::Base(base) = &plan.start {
        if !recipe.runtime.is_empty() {
            labels.push(("ai.backend.runtime-path", recipe.runtime.to_owned()));
        }
        labels.extend(distro(base).map(|distro| ("ai.backend.base-distro", distro.to_owned())));
    }
    labels.extend([
        ("ai.backend.resource.min.cpu", "1".to_owned()),
        ("ai.backend.resource.min.mem", recipe.memory.to_owned()),
        ("ai.backend.envs.corecount", recipe.cores.join(",")),
        ("ai.backend.service-ports", String::new()),
    ]);
    labels
}

/// The agent's name for a system whose C library is as old as the base's. Where there is none here, the agent asks the image.
fn distro(base: &str) -> Option<&'static str> {
    let distros = [
        ("debian:bullseye", "ubuntu20.04"),
        ("debian:11", "ubuntu20.04"),
        ("debian:bookworm", "ubuntu22.04"),
        ("debian:12", "ubuntu22.04"),
        ("debian:trixie", "ubuntu24.04"),
        ("debian:13", "ubuntu24.04"),
        ("ubuntu:20.04", "ubuntu20.04"),
        ("ubuntu:22.04", "ubuntu22.04"),
        ("ubuntu:24.04", "ubuntu24.04"),
    ];
    let name = base.rsplit('/').next().unwrap_or(base);
    distros.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, distro)| distro)
}

#[cfg(test)]
mod tests {
    use super::distro;

    #[test]
    fn a_known_base_has_the_agents_name_for_it() {
        assert_eq!(distro("debian:bookworm-slim"), Some("ubuntu22.04"));
        assert_eq!(distro("registry:5000/library/debian:11-slim"), Some("ubuntu20.04"));
        assert_eq!(distro("my/image:latest"), None);
    }
}
