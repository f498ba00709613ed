//! `cargo xtask setup`: installs what is missing.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;

use crate::shell::{self, cargo, program, which};

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
    Header(&'static str),
}

const NEEDS: [Need; 5] = [
    Need { what: What::Program("g++"), package: "g++", purpose: "compiles libzmq" },
    Need { what: What::Program("gcc"), package: "gcc", purpose: "the language C" },
    Need { what: What::Header("/usr/include/stdio.h"), package: "libc6-dev", purpose: "the language C" },
    Need { what: What::Program("make"), package: "make", purpose: "projects with a Makefile" },
    Need { what: What::Program("python3"), package: "python3", purpose: "the language Python" },
];

impl Setup {
    pub(crate) fn new() -> Self {
        Self { dry_run: false }
    }

    pub(crate) fn run(&self) -> Result<()> {
        let missing = missing();
        for need in &missing {
            eprintln!("missing: {} ({})", need.package, need.purpose);
        }
        if missing.is_empty() {
            eprintln!("every toolchain is there");
        } else {
            self.install(&missing.iter().map(|need| need.package).collect::<Vec<_>>())?;
        }
        self.install_nextest();
        Ok(())
    }

    fn install(&self, packages: &[&str]) -> Result<()> {
        if which("apt-get").is_none() {
            bail!("there is no apt-get here; install these with your system's own tool: {}", packages.join(" "));
        }
        self.apt_get(&["update"])?;
        self.apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
    }

    fn apt_get(&self, arguments: &[&str]) -> Result<()> {
        let prefix: &[&str] = match (is_root(), which("sudo")) {
            (true, _) => &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
            (false, Some(_)) => &["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
            (false, None) => bail!("to install packages, run this as root (there is no sudo here)"),
        };
        if self.dry_run {
            println!("would run: {} {}", prefix.join(" "), arguments.join(" "));
            return Ok(());
        }
        program(prefix[0]).args(&prefix[1..]).args(arguments).run()
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

/// Fails with what to do about it unless every toolchain is there.
#[cfg_attr(feature = "live", expect(dead_code, reason = "asked before this program is built with libzmq"))]
pub(crate) fn require_all() -> Result<()> {
    let missing: Vec<_> = missing().iter().map(|need| need.package).collect();
    if !missing.is_empty() {
        bail!("missing: {}; `cargo xtask setup` installs them", missing.join(", "));
    }
    Ok(())
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !need.is_met()).collect()
}

impl Need {
    fn is_met(&self) -> bool {
        match self.what {
            What::Program(name) => which(name).is_some(),
            What::Header(path) => Path::new(path).exists(),
        }
    }
}

/// The owner of our own entry in `/proc` is the effective user.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
