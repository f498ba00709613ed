use std::io;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use super::{Child, Pipes};
use crate::error::Result;
use crate::wire::ExitCode;

/// How much a program may print to be captured, in bytes.
const MAX_CAPTURED: u64 = 256 * 1024 * 1024;

/// What a program has printed for the runner, not for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// All of its standard output.
    pub stdout: Bytes,
    /// All of its standard error.
    pub stderr: Bytes,
    /// How it ended.
    pub exit_code: ExitCode,
}

/// Reads a child's output up to its end. There is no input for it.
pub(crate) async fn capture(mut child: Child, pipes: Pipes) -> Result<Captured> {
    drop(pipes.stdin);
    let (stdout, stderr) = tokio::join!(read(pipes.output.stdout), read(pipes.output.stderr));
    let outcome = child.wait().await;
    let (stdout, stderr) = (stdout.context("failed to read what was printed")?, stderr?);
    if [&stdout, &stderr].iter().any(|bytes| bytes.len() as u64 > MAX_CAPTURED) {
        bail!("more than {} MiB were printed", MAX_CAPTURED / 1024 / 1024);
    }
    Ok(Captured { stdout: stdout.into(), stderr: stderr.into(), exit_code: outcome.exit_code() })
}

/// Reads no more than can be captured: whoever prints more meets a closed pipe.
async fn read(pipe: pipe::Receiver) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(MAX_CAPTURED + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
