//! The one static binary of an image.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::shell::{Run, cargo, program, which};

/// The most that a binary of ours with one language may take up.
const MOST_BYTES: u64 = 5_000_000;
/// Without this, the program would need the C library of the machine that it was built on.
const STATIC: &str = "-C target-feature=+crt-static";
/// Addresses that are adjusted at the start take up a tenth of the room, where the C library can do that.
const PACK: &str = "-C link-arg=-Wl,-z,pack-relative-relocs";
/// The version of glibc (2.N) that can.
const RELR: u32 = 36;

/// The profile of programs for use.
pub(crate) const RELEASE: &str = "release";
/// Functions of the same code are there once, which only some linkers can do.
const FOLD: &str = "-Clink-arg=-Wl,--icf=all";
/// The version of Rust (1.N) whose linker for `x86_64` is LLVM's.
const LLD: u32 = 90;

/// What is built, and from what.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// This repository's program, with one language.
    Language(String),
    /// The program of somebody else's package, which is in this folder.
    Package(PathBuf),
}

/// What the image's processor is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// By Rust.
    pub(crate) triple: &'static str,
    /// By the tools that build for it elsewhere.
    tools: &'static str,
    /// By Rust, without the rest of the triple.
    arch: &'static str,
}

/// For which machine a program is built, and how.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) target: Target,
    /// Cargo's profile.
    pub(crate) profile: String,
}

const TARGETS: [(&str, Target); 2] = [
    ("linux/amd64", Target { triple: "x86_64-unknown-linux-gnu", tools: "x86-64-linux-gnu", arch: "x86_64" }),
    ("linux/arm64", Target { triple: "aarch64-unknown-linux-gnu", tools: "aarch64-linux-gnu", arch: "aarch64" }),
];

impl Target {
    /// The target of a platform, or of this machine.
    pub(crate) fn of(platform: Option<&str>) -> Result<Self> {
        let Some(platform) = platform else {
            let own = TARGETS.into_iter().find(|(_, target)| target.is_native());
            return own.map(|(_, target)| target).context("images are built on x86_64 and aarch64 machines only");
        };
        let known = TARGETS.into_iter().find(|(name, _)| *name == platform);
        let Some((_, target)) = known else {
            bail!("unknown platform {platform:?}: there are {}", TARGETS.map(|(name, _)| name).join(", "));
        };
        Ok(target)
    }

    pub(crate) fn is_native(self) -> bool {
        self.arch == std::env::consts::ARCH
    }

    /// The C++ compiler of the target is called like its linker, but for the end.
    fn linker(self) -> String {
        format!("{}-gcc", self.tools.replace("x86-64", "x86_64"))
    }

    /// Fails with what to do about it unless this machine can build for it.
    pub(crate) fn require(self) -> Result<()> {
        let libraries = rustc_target_libdir(self.triple)?;
        if !Path::new(libraries.trim()).is_dir() {
            bail!("this Rust cannot build for {0}: `rustup target add {0}` adds what is missing", self.triple);
        }
        if !self.is_native() && which(&self.linker()).is_none() {
            bail!("{} is missing: apt-get install g++-{}", self.linker(), self.tools);
        }
        Ok(())
    }
}

fn links_with_lld(target: Target) -> bool {
    let version = program("rustc").args(["--version"]).read().unwrap_or_default();
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    target.arch == "x86_64" && minor.is_some_and(|minor| minor >= LLD)
}

/// What every program is compiled with.
fn flags() -> String {
    let version = program("getconf").args(["GNU_LIBC_VERSION"]).read().unwrap_or_default();
    let minor = version.trim().rsplit('.').next().and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_some_and(|minor| minor >= RELR) { format!("{STATIC} {PACK}") } else { STATIC.to_owned() }
}

fn rustc_target_libdir(triple: &str) -> Result<String> {
    program("rustc").args(["--print", "target-libdir", "--target", triple]).read()
}

impl Source {
    /// The command that builds it.
    pub(crate) fn build(&self, Build { target, profile }: &Build) -> Run {
        let linker = format!("CARGO_TARGET_{}_LINKER", target.triple.to_uppercase().replace('-', "_"));
        let build = match self {
            Self::Language(language) => {
                let build = cargo(["rustc", "--profile", profile, "--target", target.triple]);
                let build = build.args(["--package", "kernel-runner", "--bin", "kernel-runner"]);
                let build = build.args(["--no-default-features", "--features", language]);
                if links_with_lld(*target) { build.args(["--", FOLD]) } else { build }
            }
            Self::Package(_) => {
                let build = cargo(["build", "--profile", profile, "--target", target.triple]).args(self.manifest());
                build.env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            }
        };
        let build = build.env("RUSTFLAGS", &flags());
        if target.is_native() { build } else { build.env(&linker, &target.linker()) }
    }

    /// Where the command puts the program.
    pub(crate) fn binary(&self, Build { target, profile }: &Build) -> Result<PathBuf> {
        let text = cargo(["metadata", "--no-deps", "--format-version", "1"]).args(self.manifest()).read()?;
        let metadata: Value = serde_json::from_str(&text).context("failed to understand `cargo metadata`")?;
        let folder = metadata["target_directory"].as_str().context("`cargo metadata` names no target directory")?;
        let name = match self {
            Self::Language(_) => "kernel-runner",
            Self::Package(folder) => only_binary(&metadata, folder)?,
        };
        let profile = if profile == "dev" { "debug" } else { profile };
        Ok(Path::new(folder).join(target.triple).join(profile).join(name))
    }

    fn manifest(&self) -> Vec<String> {
        match self {
            Self::Language(_) => Vec::new(),
            Self::Package(folder) => vec!["--manifest-path".into(), manifest(folder).display().to_string()],
        }
    }

    /// Puts the program into the image's folder, and says how large it is.
    pub(crate) fn install(&self, build: &Build, folder: &Path) -> Result<String> {
        let binary = self.binary(build)?;
        let to = folder.join("kernel-runner");
        fs::copy(&binary, &to).with_context(|| format!("failed to copy {} to {}", binary.display(), to.display()))?;
        if let Self::Language(language) = self
            && build.target.is_native()
            && !program(&to).args(["list", "--json"]).read()?.contains(&format!("\"name\":\"{language}\""))
        {
            bail!(
                "the program has not the language {language}: another build took its place meanwhile; run this again"
            );
        }
        self.size(&to, build)
    }

    /// How large the program is. One of ours that is for use must not be too large.
    pub(crate) fn size(&self, program: &Path, build: &Build) -> Result<String> {
        let bytes = fs::metadata(program)?.len();
        if matches!(self, Self::Language(_)) && build.profile == RELEASE && bytes > MOST_BYTES {
            bail!(
                "the program has {bytes} bytes, which is more than the {MOST_BYTES} that one with one language may have"
            );
        }
        #[expect(clippy::cast_precision_loss, reason = "a size for people")]
        let megabytes = bytes as f64 / 1e6;
        Ok(format!("{megabytes:.2} MB"))
    }
}

/// The manifest of a package, of which the user may have named the folder or the file.
fn manifest(package: &Path) -> PathBuf {
    if package.ends_with("Cargo.toml") { package.to_owned() } else { package.join("Cargo.toml") }
}

/// The name of the package's only program.
fn only_binary<'a>(metadata: &'a Value, package: &Path) -> Result<&'a str> {
    let manifest = manifest(package);
    let manifest = manifest.canonicalize().with_context(|| format!("there is no {}", manifest.display()))?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let found = packages.iter().find(|package| package["manifest_path"].as_str().map(Path::new) == Some(&manifest));
    let targets = found.and_then(|package| package["targets"].as_array()).map_or(&[][..], Vec::as_slice);
    let is_binary = |target: &&Value| target["kind"].as_array().is_some_and(|kinds| kinds.contains(&"bin".into()));
    let names: Vec<_> = targets.iter().filter(is_binary).filter_map(|target| target["name"].as_str()).collect();
    match names[..] {
        [name] => Ok(name),
        [] => bail!("{} has no program: it needs a src/main.rs that calls kernel_runner::main()", manifest.display()),
        _ => bail!("{} has several programs ({}): an image has one", manifest.display(), names.join(", ")),
    }
}
