//! `cargo xtask test-images`: builds images, and runs each as an operator would who trusts nobody.

use std::env;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::container::Container;
use super::dockerd::Dockerd;
use super::zombies::Watch;
use crate::shell::{cargo, program};

/// The languages that are tested unless others are named: an interpreter, a compiler, a small and two large ones.
const LANGUAGES: [&str; 5] = ["c", "golang", "julia", "lua", "python"];
/// A network that leads nowhere.
const NETWORK: &str = "kernel-runner-test";
/// What a container is given, and nothing more.
const OPTIONS: &[&str] = &[
    "--read-only",
    "--tmpfs=/tmp:exec,mode=1777",
    "--tmpfs=/home/work:exec,uid=1000,gid=1000",
    "--network=kernel-runner-test",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=512m",
    "--pids-limit=128",
    "--health-interval=1s",
];
/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// Tests the images of these languages, or of some where none is named, with programs that are compiled in `profile`.
pub(crate) fn run(languages: &[String], profile: &str) -> Result<()> {
    let named = languages.iter().map(String::as_str);
    let wanted: Vec<&str> = if languages.is_empty() { LANGUAGES.to_vec() } else { named.collect() };
    eprintln!("starting a Docker daemon, and making the images that ours are built on");
    let daemon = Dockerd::start()?;
    daemon.import_bases()?;
    daemon.docker(["network", "create", "--internal", NETWORK]).quiet()?;
    let xtask = env::current_exe()?;
    // These commands have no network of their own here: the daemon forwards nothing.
    let image = daemon.uses(program(xtask)).args(["image", "--network", "host", "--profile", profile]);
    let image = image.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_PROFILE_DEV_STRIP", "symbols");
    image.args(&wanted).run()?;
    for language in &wanted {
        let image = format!("kernel-runner-{language}:latest");
        let zombies = Watch::start();
        harden(&daemon, &image)?;
        // A language's programs are those of its conformance suite.
        let suite = cargo(["test", "--quiet", "--test", "conformance", "--package"]);
        daemon.uses(suite).args([format!("runner-{language}")]).env("TESTKIT_IMAGE", &image).run()?;
        zombies.end()?;
        eprintln!("{image} has passed");
    }
    Ok(())
}

/// One container, from its start to its end.
fn harden(daemon: &Dockerd, image: &str) -> Result<()> {
    let docker = |arguments: &[&str]| daemon.docker([]).args(arguments);
    let container = Container::start(&docker, image, OPTIONS)?;
    container.wait_for("{{.State.Health.Status}}", "healthy")?;

    let who = container.ask("exec", "id -u; grep CapEff /proc/self/status")?;
    ensure!(who.stdout == "1000\nCapEff:\t0000000000000000\n", "code runs with more than nothing: {who:?}");
    let write = container.ask("exec", "touch /usr/local/bin/mine")?;
    ensure!(write.exit_code != 0, "the root can be written to: {write:?}");
    let routes = container.ask("exec", "grep -c 00000000.00000000 /proc/net/route")?;
    ensure!(routes.exit_code != 0, "there is a way out of the network: {routes:?}");

    // More than the container may have. Who has it all is killed, and nobody else.
    let eater = container.ask("exec", r#"exec perl -e '$x = "x" x 2**31'"#)?;
    ensure!(eater.exit_code == -9 && eater.stderr.contains("memory"), "the user is not told why: {eater:?}");

    // More processes than there may be. The shell ends where it cannot start another one, and takes all of them along.
    container.send("exec", "trap 'kill -KILL 0' EXIT INT; echo started; while :; do sleep 1000 & done")?;
    while container.receive()?.kind != "stdout" {}
    container.send("status", "")?;
    let (mut has_answered, mut is_over) = (false, false);
    while !(has_answered && is_over) {
        let record = container.receive()?;
        is_over |= record.exit_code().is_some();
        if record.kind == "status" {
            has_answered = true;
            container.send("interrupt", "")?;
        }
    }
    // What was killed is gone a moment later.
    let since = Instant::now();
    loop {
        let after = container.ask("exec", "echo alive")?;
        if (after.exit_code, after.stdout.as_str()) == (0, "alive\n") {
            break;
        }
        ensure!(since.elapsed() < GRACE, "it does not serve any more: {after:?}");
    }

    let (exit_code, time) = container.stop(GRACE)?;
    ensure!(exit_code == "0" && time < GRACE, "it ended with {exit_code} after {time:?}");
    Ok(())
}
