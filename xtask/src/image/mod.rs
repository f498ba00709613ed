//! `cargo xtask image`: container images, of one language each.

mod dockerfile;
mod engine;
mod labels;
mod plan;
mod program;
mod progress;
mod recipe;
mod runner;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::features::languages;
use crate::shell::{Run, program};
use engine::Engine;
use plan::{PLACEHOLDER, Plan, Start};
use program::{Build, RELEASE, Source, Target};
use progress::Progress;

/// The user that the program makes. A number is what Kubernetes needs in order to see that it is not root.
const USER: &str = "1000:1000";

#[derive(Args)]
#[command(after_help = "Examples:\n  cargo xtask image lua python\n  cargo xtask image --all --dry-run\n  \
                        cargo xtask image python --packages python3-matplotlib,python3-pandas\n  \
                        cargo xtask image python --from my/image:tag --tag my/kernel:tag\n  \
                        cargo xtask image --runner ../runner-zig --packages zig\n  \
                        cargo xtask image golang --print-dockerfile")]
pub(crate) struct Image {
    /// The languages.
    #[arg(value_name = "LANG", required_unless_present_any = ["all", "runner"], conflicts_with_all = ["all", "runner"])]
    languages: Vec<String>,

    /// Every language that there is.
    #[arg(long, conflicts_with = "runner")]
    all: bool,

    /// Somebody else's language: the folder of a package whose program calls `kernel_runner::main()`.
    #[arg(long, value_name = "PATH")]
    runner: Option<PathBuf>,

    /// The image to install the language in: one of Debian or Ubuntu [default: debian:bookworm-slim,
    /// debian:bullseye-slim for Julia and debian:trixie-slim for Rust]
    #[arg(long, value_name = "IMAGE", conflicts_with = "from")]
    base: Option<String>,

    /// An image that has the language already, of any system: the program, the user and the labels are added, and
    /// nothing else.
    #[arg(long, value_name = "IMAGE", conflicts_with = "packages")]
    from: Option<String>,

    /// More packages to install, separated by commas.
    #[arg(long, value_name = "PACKAGES", value_delimiter = ',')]
    packages: Vec<String>,

    /// The image's name, in which {lang} stands for the language [default: kernel-runner-{lang}, with the version and
    /// with `latest`]
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,

    /// Whom the container starts as. Agents that bring their own program along need 0:0.
    #[arg(long, value_name = "USER", default_value = USER)]
    user: String,

    /// The platform: linux/amd64 or linux/arm64 [default: this machine's]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,

    /// The network of the build's commands, as the engine knows it: `host` for one.
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,

    /// What builds the image [default: the first one that there is]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<Engine>,

    /// How the program is compiled.
    #[arg(long, value_name = "PROFILE", default_value = RELEASE, hide = true)]
    profile: String,

    /// Print the Dockerfile, and build no image (with --runner, the program is built, and asked what it needs).
    #[arg(long)]
    print_dockerfile: bool,

    /// Say what would be done, and do nothing.
    #[arg(long, conflicts_with = "print_dockerfile")]
    dry_run: bool,
}

impl Image {
    pub(crate) fn run(&self) -> Result<()> {
        let sources = self.sources()?;
        self.check_base()?;
        if let Some(tag) = &self.tag
            && sources.len() > 1
            && !tag.contains(PLACEHOLDER)
        {
            bail!("{} images cannot all be called {tag}: write {PLACEHOLDER} for the language", sources.len());
        }
        let build = Build { target: Target::of(self.platform.as_deref())?, profile: self.profile.clone() };
        if self.print_dockerfile {
            let [source] = &sources[..] else {
                bail!("a Dockerfile is of one language, and {} are named", sources.len())
            };
            print!("{}", dockerfile::dockerfile(&self.plan(source.clone(), &build)?));
            return Ok(());
        }
        let engine = self.engine()?;
        if !self.dry_run {
            build.target.require()?;
            program(engine.name()).args(engine.probe()).quiet().map_err(|error| {
                let output = error.downcast_ref::<crate::shell::Failed>().map_or("", |failed| failed.output.trim());
                anyhow::anyhow!("{error}\n{output}")
            })?;
        }
        for source in sources {
            if self.dry_run {
                self.say(engine, source, &build)?;
            } else {
                self.build(engine, &self.plan(source, &build)?)?;
            }
        }
        Ok(())
    }

    fn sources(&self) -> Result<Vec<Source>> {
        if let Some(runner) = &self.runner {
            let folder = runner.canonicalize().with_context(|| format!("there is no {}", runner.display()))?;
            return Ok(vec![Source::Package(folder)]);
        }
        let known = languages()?;
        if let Some(unknown) = self.languages.iter().find(|language| !known.contains(language)) {
            bail!("no language {unknown:?} here, but {}", known.join(", "));
        }
        let wanted = if self.all { known } else { self.languages.clone() };
        Ok(wanted.into_iter().map(Source::Language).collect())
    }

    /// Packages come from Debian's package manager; whatever has none, or has the language already, is for `--from`.
    fn check_base(&self) -> Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        let name = base.rsplit('/').next().unwrap_or(base);
        if let Some(other) =
            ["alpine", "busybox", "scratch", "fedora", "centos"].iter().find(|os| name.starts_with(*os))
        {
            bail!("{other} has no apt-get: name an image with the language in it, with --from");
        }
        Ok(())
    }

    fn engine(&self) -> Result<Engine> {
        match self.engine {
            Some(engine) if engine.is_there() || self.dry_run => Ok(engine),
            Some(engine) => bail!("there is no {} on the PATH", engine.name()),
            None => Engine::find().or(self.dry_run.then_some(Engine::Docker)).context(
                "there is no docker, podman or buildah on the PATH: install one of them (apt-get install docker.io), \
                 or let --print-dockerfile print what is to be built",
            ),
        }
    }

    /// The options that change the Dockerfile.
    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        options.extend(self.base.iter().map(|base| format!("--base {base}")));
        options.extend(self.from.iter().map(|from| format!("--from {from}")));
        if !self.packages.is_empty() {
            options.push(format!("--packages {}", self.packages.join(",")));
        }
        if self.user != USER {
            options.push(format!("--user {}", self.user));
        }
        options.extend(self.platform.iter().map(|platform| format!("--platform {platform}")));
        options.extend(self.tag.iter().map(|tag| format!("--tag '{tag}'")));
        options
    }

    fn plan(&self, source: Source, build: &Build) -> Result<Plan> {
        if let Source::Language(language) = &source {
            let language = language.clone();
            return Ok(Plan::new(self, source, &language, Vec::new(), build.clone()));
        }
        let (language, packages) = runner::ask(&source, build)?;
        Ok(Plan::new(self, source, &language, packages, build.clone()))
    }

    fn build(&self, engine: Engine, plan: &Plan) -> Result<()> {
        let stages = stages(plan);
        let mut progress = Progress::new(&plan.language, stages.len() + 2);
        let folder = plan.folder();
        progress.step("program", || {
            plan.source.build(&plan.build).quiet()?;
            fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
            let file = folder.join("Dockerfile");
            fs::write(&file, dockerfile::dockerfile(plan))
                .with_context(|| format!("failed to write {}", file.display()))?;
            plan.source.install(&plan.build, &folder)
        })?;
        for stage in stages {
            progress.step(stage, || self.engine_build(engine, plan, Some(stage)).quiet().map(|()| String::new()))?;
        }
        progress.step("image", || self.engine_build(engine, plan, None).quiet().map(|()| String::new()))?;
        progress.done(&plan.tags.join(" and "));
        Ok(())
    }

    /// Says what [`build`](Self::build) would do.
    fn say(&self, engine: Engine, source: Source, build: &Build) -> Result<()> {
        println!("would run: {}", source.build(build).whole_line());
        if matches!(source, Source::Package(_)) {
            println!(
                "would ask the program for its language and the packages that it needs, and make an image of them"
            );
            return Ok(());
        }
        let plan = self.plan(source, build)?;
        println!("would write: {0}/Dockerfile and {0}/kernel-runner", plan.folder_name());
        for stage in stages(&plan).into_iter().map(Some).chain([None]) {
            println!("would run: {}", self.engine_build(engine, &plan, stage).whole_line());
        }
        Ok(())
    }

    /// The command that builds the image up to a stage, or all of it.
    fn engine_build(&self, engine: Engine, plan: &Plan, stage: Option<&str>) -> Run {
        let mut arguments: Vec<&str> = engine.build().to_vec();
        if let Some(platform) = &self.platform {
            arguments.extend(["--platform", platform]);
        }
        if let Some(network) = &self.network {
            arguments.extend(["--network", network]);
        }
        match stage {
            Some(stage) => arguments.extend(["--target", stage]),
            None => arguments.extend(plan.tags.iter().flat_map(|tag| ["--tag", tag])),
        }
        program(engine.name()).args(arguments).args([plan.folder_name()])
    }
}

/// Builds a language's program for use, and tells its size. One that is too large is an error.
pub(crate) fn program_size(language: &str) -> Result<String> {
    let build = Build { target: Target::of(None)?, profile: RELEASE.to_owned() };
    let source = Source::Language(language.to_owned());
    source.build(&build).quiet()?;
    source.size(&source.binary(&build)?, &build)
}

/// The stages before the last one. Each is built by itself, so that its time and its output are told apart.
fn stages(plan: &Plan) -> Vec<&'static str> {
    let mut stages = Vec::new();
    if let Start::Base(_) = plan.start {
        if !plan.packages.is_empty() {
            stages.push(dockerfile::PACKAGES);
        }
        if plan.recipe.is_warm {
            stages.push(dockerfile::CACHES);
        }
    }
    stages
}
