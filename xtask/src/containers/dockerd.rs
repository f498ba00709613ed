//! A Docker daemon of our own, in a folder of its own: the machine's, if it has one, is left alone.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::debian;
use crate::shell::{Run, program, root, which};

/// How long the daemon may take to come up, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);
/// The base images, as the releases of Debian that they are made of.
const RELEASES: [&str; 2] = ["bookworm", "bullseye"];

/// It ends with this value, and what it holds goes with it.
pub(crate) struct Dockerd {
    child: Child,
    folder: TempDir,
}

impl Dockerd {
    /// Starts it. It forwards nothing to other networks, and changes no rule of the machine's firewall.
    pub(crate) fn start() -> Result<Self> {
        if let Some(missing) = ["dockerd", "docker", "debootstrap"].into_iter().find(|name| which(name).is_none()) {
            bail!("{missing} is missing: `cargo xtask setup` installs it");
        }
        let folder = tempfile::Builder::new().prefix("kernel-runner-dockerd-").tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new("dockerd");
        command.args(["--storage-driver", "overlay2", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]);
        for (option, name) in [("--data-root", "data"), ("--exec-root", "exec"), ("--pidfile", "pid")] {
            command.arg(option).arg(folder.path().join(name));
        }
        command.arg("--host").arg(host(folder.path())).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("failed to start dockerd")?;
        let mut daemon = Self { child, folder };
        let since = Instant::now();
        while daemon.docker(["version"]).quiet().is_err() {
            let has_ended = daemon.child.try_wait()?.is_some();
            if has_ended || since.elapsed() > PATIENCE {
                let log = fs::read_to_string(daemon.folder.path().join("log")).unwrap_or_default();
                bail!("dockerd does not come up (it has to be started as root); it says:\n{log}");
            }
            thread::sleep(PAUSE);
        }
        Ok(daemon)
    }

    /// A command of its client.
    pub(crate) fn docker<const N: usize>(&self, arguments: [&str; N]) -> Run {
        self.uses(program("docker")).args(arguments)
    }

    /// Lets a program use this daemon.
    pub(crate) fn uses(&self, run: Run) -> Run {
        run.env("DOCKER_HOST", &host(self.folder.path()))
    }

    /// Makes the images that ours are built on, from Debian's own packages. A second time, they are taken from `target`.
    pub(crate) fn import_bases(&self) -> Result<()> {
        for release in RELEASES {
            let archive = root().join(format!("target/base-{release}.tar"));
            if !archive.exists() {
                self.bootstrap(release, &archive)?;
            }
            let archive = archive.display().to_string();
            self.docker(["import", &archive, &format!("debian:{release}-slim")]).quiet()?;
        }
        Ok(())
    }

    fn bootstrap(&self, release: &str, archive: &Path) -> Result<()> {
        let folder = self.folder.path().join(release);
        let folder = folder.display().to_string();
        let mirror = debian::mirror();
        program("debootstrap").args(["--variant=minbase", release, &folder]).args(mirror).quiet()?;
        // Whole or not at all: an archive that was cut short would be taken the next time.
        let part = archive.with_extension("part").display().to_string();
        program("tar")
            .args(["--create", "--file", &part, "--exclude=./var/cache/apt/*.bin"])
            .args(["--exclude=./var/cache/apt/archives/*.deb", "--directory", &folder, "."])
            .quiet()?;
        fs::rename(&part, archive).with_context(|| format!("failed to make {}", archive.display()))
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        // The machine would keep the bridges of its networks.
        let _ = self.docker(["network", "prune", "--force"]).quiet();
        if let Ok(process) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
        }
        let since = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if since.elapsed() > PATIENCE {
                let _ = self.child.kill();
            }
            thread::sleep(PAUSE);
        }
    }
}

fn host(folder: &Path) -> String {
    format!("unix://{}", folder.join("docker.sock").display())
}
