//! Query mode: a session for snippets, and a virtual machine of its own for each whole program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use runner_core::{Completeness, CompletionRequest, ExitCode, Result, Session, Task};

use crate::{DISPLAY, Jdk};

/// The program that the session's virtual machine runs first.
const LAUNCH: &str = "Launch.java";

/// The folder of what it compiles: the driver, what the user's code may use, and itself.
const CLASSES: &str = "classes";

macro_rules! driver {
    ($($name:literal)*) => { [$(($name, include_str!(concat!("driver/", $name)))),*] };
}

/// The driver's sources, which it compiles.
const DRIVER: [(&str, &str); 11] = driver![
    "Completer.java" "Driver.java" "Engine.java" "Frame.java" "Input.java" "Interrupts.java" "Link.java" "Output.java"
    "Programs.java" "Snippets.java" "Source.java"
];

pub(crate) struct Queries {
    jdk: Jdk,
    session: Session,
    /// The driver, and what it compiles for us to run.
    folder: PathBuf,
}

impl Queries {
    pub(crate) fn start(jdk: &Jdk) -> Result<Self> {
        let folder = jdk.0.temp_dir()?.to_owned();
        write_driver(&folder).context("failed to write the driver")?;
        jdk.0.use_cache(&[CLASSES]);
        // A quick start and quick compilation of snippets matter more here than the last bit of speed.
        let java = jdk.java().args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
        let compiled = folder.join(CLASSES).join("launch");
        let launch = if compiled.is_dir() {
            // Not on the class path, which is the user's.
            java.arg(format!("-Xbootclasspath/a:{}", compiled.display())).arg("Launch")
        } else {
            java.arg(folder.join(LAUNCH))
        };
        Ok(Self { jdk: jdk.clone(), session: Session::start(&jdk.0, launch.arg(&folder)), folder })
    }

    /// Compiles the driver.
    pub(crate) async fn warm(&self, task: &Task) -> Result<ExitCode> {
        task.run(self.jdk.java().arg(self.folder.join(LAUNCH)).arg(&self.folder).arg("warm")).await
    }

    /// Lets the driver run a snippet, or compile a whole program, which is then run here.
    pub(crate) async fn query(&self, task: &Task, code: &str) -> Result<ExitCode> {
        let exit_code = self.session.query(task, code).await?;
        let arguments = self.folder.join("arguments");
        if !arguments.is_file() {
            return Ok(exit_code);
        }
        let program = Handover(&arguments);
        task.run(self.jdk.java().arg(program.as_argument())).await
    }

    pub(crate) async fn complete(&self, request: &CompletionRequest) -> Result<Vec<String>> {
        self.session.complete(request).await
    }

    pub(crate) async fn completeness(&self, code: &str) -> Result<Completeness> {
        self.session.completeness(code).await
    }

    pub(crate) async fn shutdown(&self) {
        self.session.shutdown().await;
    }
}

fn write_driver(folder: &Path) -> std::io::Result<()> {
    fs::write(folder.join(LAUNCH), include_str!("driver/Launch.java"))?;
    DISPLAY.write(&folder.join("library"))?;
    fs::create_dir(folder.join("driver"))?;
    DRIVER.iter().try_for_each(|(name, text)| fs::write(folder.join("driver").join(name), text))
}

/// The arguments that the driver has written for one run of a program. They go with the run.
struct Handover<'a>(&'a Path);

impl Handover<'_> {
    fn as_argument(&self) -> String {
        format!("@{}", self.0.display())
    }
}

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0);
    }
}
