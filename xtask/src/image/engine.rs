//! The program that builds images.

use clap::ValueEnum;

use crate::shell::which;

/// What builds images here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Docker,
    Podman,
    Buildah,
}

impl Engine {
    /// The first one that there is.
    pub(crate) fn find() -> Option<Self> {
        Self::value_variants().iter().copied().find(|engine| engine.is_there())
    }

    pub(crate) fn is_there(self) -> bool {
        which(self.name()).is_some()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// The arguments of a build: stages that are there already are not built again, and a health check is kept.
    pub(crate) fn build(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &["build"],
            Self::Podman => &["build", "--format", "docker"],
            Self::Buildah => &["build", "--format", "docker", "--layers"],
        }
    }

    /// The arguments of a command that fails where the engine cannot work, because its daemon does not run for one.
    pub(crate) fn probe(self) -> &'static [&'static str] {
        match self {
            Self::Docker => &["version"],
            Self::Podman | Self::Buildah => &["info"],
        }
    }
}
