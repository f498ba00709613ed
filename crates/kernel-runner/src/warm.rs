//! `kernel-runner warm`: what a start of a language makes is made now, and kept.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use runner_core::{
    Cache, Engine, EngineConfig, Environment, InputMode, QueryMode, Record, Registration, Settings, SideChannels,
};

use crate::cli::{Cached, Choices, Warm};
use crate::local::process_exit_code;
use crate::logging::Logging;
use crate::{Failure, runtime};

pub(crate) fn warm(options: Warm, choices: Choices, logging: &Logging) -> Result<ExitCode, Failure> {
    let registration = Registration::find(&options.language).map_err(Failure::usage)?;
    let folder = options.cached.folder().ok_or_else(|| {
        Failure::usage(anyhow!("no folder to keep it in: name one with --cache, or in KERNEL_RUNNER_CACHE"))
    })?;
    logging.start();
    // Wherever this is called, nothing of that place is used.
    let mut environment = Environment::inherited();
    environment.complete(Path::new("/"));
    let settings = Settings {
        work_dir: "/".into(),
        build_dir: None,
        sources: None,
        environment,
        runtime_path: options.runtime_path,
        query_mode: QueryMode::Keep,
        choices,
        terminal: None,
        cache: Cache::Filled(folder.clone()),
    };
    // With a stream for input, no session is started that nobody asks for.
    let (input, side_channels) = (InputMode::Stream, SideChannels::default());
    let exit_code = runtime()?.block_on(fill(EngineConfig { registration, settings, input, side_channels }));
    exit_code.with_context(|| format!("failed to fill the cache {}", folder.display())).map_err(Failure::io)
}

/// Lets the runner fill the cache, and shows what it prints meanwhile.
async fn fill(config: EngineConfig) -> anyhow::Result<ExitCode> {
    let (engine, mut records) = Engine::start(config).await?;
    let work = async {
        let exit_code = engine.warm().await;
        engine.shut_down().await;
        exit_code
    };
    let show = async {
        while let Some(outgoing) = records.next().await {
            if let Record::Stdout(text) | Record::Stderr(text) = outgoing.record {
                // Where nobody looks, it is made all the same.
                let _ = stderr().write_all(&text);
            }
        }
    };
    let (exit_code, ()) = tokio::join!(work, show);
    Ok(process_exit_code(exit_code?))
}

impl Cached {
    /// What a runner does with the cache, if there is one.
    pub(crate) fn used(&self) -> Cache {
        self.folder().map_or(Cache::None, Cache::Used)
    }

    /// The links into it, and the paths in what is compiled, are whole ones.
    fn folder(&self) -> Option<PathBuf> {
        absolute(self.cache.as_ref().filter(|path| !path.is_empty())?).ok()
    }
}
