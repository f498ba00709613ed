//! `cargo xtask bench-images`: the table of the book's page on images.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::container::Container;
use crate::features::languages;
use crate::measure::family_pss_mib;
use crate::shell::program;

/// A query in every language.
const QUERY: &str = "1";
/// What a terminal's language is asked instead.
const GIT_QUERY: &str = "%ping";
/// The memory of a container at rest is what it is when it has not changed by more than this, in MiB, for a while.
const UNREST: f64 = 0.5;
const PAUSE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures the images of these languages, or of all where none is named.
pub(crate) fn run(named: &[String]) -> Result<()> {
    let languages = if named.is_empty() { languages()? } else { named.to_vec() };
    println!("| language | program | image | start to first answer | memory at rest |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for language in languages {
        println!("{}", measure(&language).with_context(|| format!("failed to measure the image of {language}"))?);
    }
    Ok(())
}

fn measure(language: &str) -> Result<String> {
    let docker = |arguments: &[&str]| program("docker").args(arguments);
    let image = format!("kernel-runner-{language}:{}", env!("CARGO_PKG_VERSION"));
    let bytes: u64 = docker(&["image", "inspect", "--format", "{{.Size}}", &image]).read()?.trim().parse()?;
    let since = Instant::now();
    let container = Container::start(&docker, &image, &[])?;
    let answer = container.ask("code", if language == "git" { GIT_QUERY } else { QUERY })?;
    let time = since.elapsed();
    ensure!(answer.exit_code == 0, "the first query fails: {answer:?}");
    let memory = at_rest(container.process()?);
    let program = docker(&["exec", container.id(), "stat", "-c", "%s", "/usr/local/bin/kernel-runner"]).read()?;
    Ok(format!(
        "| {language} | {:.2} MB | {} MB | {:.1} s | {memory:.0} MiB |",
        megabytes(program.trim().parse()?),
        bytes / 1_000_000,
        time.as_secs_f64(),
    ))
}

/// What compiles in the background has its time to end.
fn at_rest(process: u32) -> f64 {
    let since = Instant::now();
    let mut before = family_pss_mib(process);
    loop {
        thread::sleep(PAUSE);
        let now = family_pss_mib(process);
        if (now - before).abs() < UNREST || since.elapsed() > PATIENCE {
            return now;
        }
        before = now;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
