//! What one image is to be, as decided from the command line.

use std::path::{Path, PathBuf};

use super::Image;
use super::program::{Build, Source};
use super::recipe::{BASE, Recipe};
use crate::shell::root;

/// Everything about one image.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) language: String,
    pub(crate) source: Source,
    pub(crate) build: Build,
    pub(crate) start: Start,
    pub(crate) recipe: Recipe,
    /// The Debian packages.
    pub(crate) packages: Vec<String>,
    /// The names that the image gets.
    pub(crate) tags: Vec<String>,
    /// Whom the container starts as.
    pub(crate) user: String,
    /// The platform that it is for, where that was said.
    pub(crate) platform: Option<String>,
    /// The options that are not the usual ones, for the header of the Dockerfile.
    options: Vec<String>,
}

/// What the image starts from.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// A system that gets the language's packages.
    Base(String),
    /// An image that has the language.
    Image(String),
}

/// What a name may have in place of the language.
pub(crate) const PLACEHOLDER: &str = "{lang}";

impl Plan {
    /// A plan for a language; `needs` are the packages that its tools are in, where the language is not ours.
    pub(crate) fn new(image: &Image, source: Source, language: &str, needs: Vec<String>, build: Build) -> Self {
        let mut recipe = Recipe::of(language);
        // What somebody else's start makes is not known here: one that makes nothing is warm at once.
        recipe.is_warm |= matches!(source, Source::Package(_));
        let mut packages: Vec<String> = recipe.packages.iter().map(|name| (*name).to_owned()).collect();
        packages.extend(needs.into_iter().chain(image.packages.iter().cloned()));
        let start = match (&image.from, &image.base) {
            (Some(from), _) => Start::Image(from.clone()),
            (None, Some(base)) => Start::Base(base.clone()),
            (None, None) => Start::Base(recipe.base.unwrap_or(BASE).to_owned()),
        };
        let tags = match &image.tag {
            Some(tag) => vec![tag.replace(PLACEHOLDER, language)],
            None => [env!("CARGO_PKG_VERSION"), "latest"].map(|tag| format!("kernel-runner-{language}:{tag}")).into(),
        };
        let (language, user) = (language.to_owned(), image.user.clone());
        let (platform, options) = (image.platform.clone(), image.options());
        Self { language, source, build, start, recipe, packages, tags, user, platform, options }
    }

    /// The folder of the Dockerfile and the program.
    pub(crate) fn folder(&self) -> PathBuf {
        root().join(self.folder_name())
    }

    /// The same, from the root of the repository.
    pub(crate) fn folder_name(&self) -> String {
        format!("target/image/{}", self.language)
    }

    /// The command that makes this image.
    pub(crate) fn command_line(&self) -> String {
        let what = match &self.source {
            Source::Language(language) => language.clone(),
            Source::Package(folder) => format!("--runner {}", in_the_repository(folder)),
        };
        [vec!["cargo xtask image".to_owned(), what], self.options.clone()].concat().join(" ")
    }
}

fn in_the_repository(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let short = whole.strip_prefix(root()).map(Path::to_owned);
    short.unwrap_or_else(|_| PathBuf::from(folder.file_name().unwrap_or_default())).display().to_string()
}
