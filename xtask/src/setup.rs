//! `cargo xtask setup`: installs what is missing.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

use crate::debian::Backports;
use crate::shell::{self, cargo, program, which};
use crate::{ipython, julia};

#[derive(Args)]
pub(crate) struct Setup {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Something that must be there, the Debian package that has it, and what it is for.
struct Need {
    what: What,
    package: &'static str,
    purpose: &'static str,
}

enum What {
    Program(&'static str),
    File(&'static str),
}

/// What building and the demo need.
const BASICS: [Need; 5] = [
    Need { what: What::Program("g++"), package: "g++", purpose: "compiles libzmq, and the language C++" },
    Need { what: What::Program("gcc"), package: "gcc", purpose: "the language C" },
    Need { what: What::File("/usr/include/stdio.h"), package: "libc6-dev", purpose: "the language C" },
    Need { what: What::Program("make"), package: "make", purpose: "projects with a Makefile" },
    Need { what: What::Program("python3"), package: "python3", purpose: "the language Python" },
];

/// What the tests of images need.
const CONTAINERS: [Need; 2] = [
    Need { what: What::Program("dockerd"), package: "docker.io", purpose: "images" },
    Need { what: What::Program("debootstrap"), package: "debootstrap", purpose: "the images that ours are built on" },
];

/// What the other languages' tests need, and the console's; the packages for Python are for Debian's own one. Julia, which
/// newer releases of Debian lack, is a [`julia`] of its own.
const LANGUAGES: [Need; 19] = [
    Need { what: What::Program("git"), package: "git", purpose: "the language Git" },
    Need { what: What::Program("bash"), package: "bash", purpose: "the terminal" },
    Need { what: What::Program("less"), package: "less", purpose: "tests of the terminal" },
    Need { what: What::Program("top"), package: "procps", purpose: "tests of the terminal" },
    Need { what: What::Program("tput"), package: "ncurses-bin", purpose: "tests of the terminal" },
    Need { what: What::Program("go"), package: "golang-go", purpose: "the language Go" },
    Need { what: What::Program("ghc"), package: "ghc", purpose: "the language Haskell" },
    Need { what: What::Program("javac"), package: "default-jdk-headless", purpose: "the language Java" },
    Need { what: What::Program("node"), package: "nodejs", purpose: "the language Node.js" },
    Need { what: What::Program("Rscript"), package: "r-base-core", purpose: "the language R" },
    Need { what: What::Program("octave-cli"), package: "octave", purpose: "the language Octave" },
    Need { what: What::Program("gnuplot"), package: "gnuplot-nox", purpose: "plots in Octave" },
    Need { what: What::Program("php"), package: "php-cli", purpose: "the language PHP" },
    Need { what: What::Program("tmux"), package: "tmux", purpose: "the console's tests" },
    Need { what: What::Program("lua"), package: "lua5.4", purpose: "the language Lua" },
    Need {
        what: What::File("/usr/lib/python3/dist-packages/matplotlib"),
        package: "python3-matplotlib",
        purpose: "plots in Python",
    },
    Need {
        what: What::File("/usr/lib/python3/dist-packages/pandas"),
        package: "python3-pandas",
        purpose: "tables in Python",
    },
    Need {
        what: What::File("/usr/lib/python3/dist-packages/PIL"),
        package: "python3-pil",
        purpose: "pictures in Python",
    },
    Need {
        what: What::File("/usr/lib/python3/dist-packages/zmq"),
        package: "python3-zmq",
        purpose: "the book's clients in Python",
    },
];

impl Setup {
    pub(crate) fn new() -> Self {
        Self { dry_run: false }
    }

    pub(crate) fn run(&self) -> Result<()> {
        let mut packages: Vec<_> = missing(BASICS.iter().chain(&LANGUAGES).chain(&CONTAINERS));
        let needs_julia = which("julia").is_none();
        if needs_julia {
            eprintln!("missing: julia (the language Julia)");
            packages.extend(julia::PACKAGES.into_iter().filter(|package| which(package).is_none()));
        }
        let needs_ipython = !ipython::is_there();
        if needs_ipython {
            eprintln!("missing: ipython (sessions of IPython)");
            packages.extend(ipython::PACKAGES);
        }
        if !packages.is_empty() {
            self.install(&packages)?;
        }
        if needs_julia {
            julia::install(|command| self.as_root(command))?;
        }
        if needs_ipython {
            ipython::install(|command| self.as_root(command))?;
        }
        if packages.is_empty() && !needs_julia && !needs_ipython {
            eprintln!("every toolchain is there");
        }
        self.fill_go_cache()?;
        self.install_nextest();
        Ok(())
    }

    fn install(&self, packages: &[&str]) -> Result<()> {
        if which("apt-get").is_none() {
            bail!("there is no apt-get here; install these with your system's own tool: {}", packages.join(" "));
        }
        let backports = Backports::of(packages);
        if let Some(backports) = &backports {
            self.as_root(&["sh", "-c", &backports.enable()])?;
        }
        self.apt_get(&["update"])?;
        if let Some(backports) = &backports {
            self.apt_get_install(&[&["--target-release", backports.suite], &backports.packages[..]].concat())?;
        }
        self.apt_get_install(packages)
    }

    fn apt_get_install(&self, arguments: &[&str]) -> Result<()> {
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], arguments].concat())
    }

    fn apt_get(&self, arguments: &[&str]) -> Result<()> {
        self.as_root(&[&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat())
    }

    fn as_root(&self, command: &[&str]) -> Result<()> {
        let command = match (is_root(), which("sudo")) {
            (true, _) => command.to_vec(),
            (false, Some(_)) => [&["sudo"], command].concat(),
            (false, None) => bail!("to install packages, run this as root (there is no sudo here)"),
        };
        if self.dry_run {
            println!("would run: {}", command.join(" "));
            return Ok(());
        }
        program(command[0]).args(&command[1..]).run()
    }

    /// With an empty build cache, a session of Go takes longer to start than a test waits.
    fn fill_go_cache(&self) -> Result<()> {
        if self.dry_run {
            println!("would run: CGO_ENABLED=0 go build std");
            return Ok(());
        }
        program("go").args(["build", "std"]).env("CGO_ENABLED", "0").run()
    }

    /// Nextest is a convenience: without it the tests run all the same.
    fn install_nextest(&self) {
        if shell::has_nextest() {
            eprintln!("cargo-nextest is there");
        } else if self.dry_run {
            println!("would run: cargo install cargo-nextest --locked");
        } else if let Err(error) = cargo(["install", "cargo-nextest", "--locked"]).run() {
            eprintln!("{error:#}: `cargo xtask test` uses `cargo test` instead");
        }
    }
}

/// Fails with what to do about it unless there is what building and the demo need.
#[cfg_attr(feature = "live", expect(dead_code, reason = "asked before this program is built with libzmq"))]
pub(crate) fn require_basics() -> Result<()> {
    let missing = missing(&BASICS);
    if !missing.is_empty() {
        bail!("missing: {}; `cargo xtask setup` installs them", missing.join(", "));
    }
    Ok(())
}

/// The packages of what is not there.
fn missing<'a>(needs: impl IntoIterator<Item = &'a Need>) -> Vec<&'static str> {
    let missing = needs.into_iter().filter(|need| !need.is_met());
    missing.inspect(|need| eprintln!("missing: {} ({})", need.package, need.purpose)).map(|need| need.package).collect()
}

impl Need {
    fn is_met(&self) -> bool {
        match self.what {
            What::Program(name) => which(name).is_some(),
            What::File(path) => Path::new(path).exists(),
        }
    }
}

/// The owner of our own entry in `/proc` is the effective user.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
