use std::fs;
use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};

use super::{Answer, Input};

/// The side channels of old images: a connection gets the next input as raw bytes, then is closed. The library that those
/// images preload into every program connects to them.
#[derive(Debug, Default)]
pub struct SideChannels {
    tcp: Vec<TcpListener>,
    unix: Vec<(UnixListener, SocketFile)>,
}

/// A socket's file, removed with its listener.
#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl SideChannels {
    /// Listens at `HOST:PORT`.
    pub async fn bind_tcp(&mut self, address: &str) -> io::Result<()> {
        self.tcp.push(TcpListener::bind(address).await?);
        Ok(())
    }

    /// Listens at a Unix socket. A file that a dead runner left is replaced, a living one's is not.
    pub fn bind_unix(&mut self, path: &Path) -> io::Result<()> {
        if path.exists() && StdUnixStream::connect(path).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused) {
            fs::remove_file(path)?;
        }
        self.unix.push((UnixListener::bind(path)?, SocketFile(path.to_owned())));
        Ok(())
    }

    /// Serves until the future is dropped.
    pub(crate) async fn serve(self, input: Arc<Input>) {
        let mut servers = tokio::task::JoinSet::new();
        for listener in self.tcp {
            let input = input.clone();
            servers.spawn(async move {
                while let Some(stream) = accepted(listener.accept().await) {
                    tokio::spawn(answer(stream, input.clone()));
                }
            });
        }
        for (listener, file) in self.unix {
            let input = input.clone();
            servers.spawn(async move {
                let _file = file;
                while let Some(stream) = accepted(listener.accept().await) {
                    tokio::spawn(answer(stream, input.clone()));
                }
            });
        }
        while servers.join_next().await.is_some() {}
    }
}

fn accepted<S, A>(result: io::Result<(S, A)>) -> Option<S> {
    result.map(|(stream, _)| stream).inspect_err(|error| tracing::warn!("a side channel has ended: {error}")).ok()
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, input: Arc<Input>) {
    let mut byte = [0];
    let answer = tokio::select! {
        answer = input.ask(false) => answer,
        // Whoever asked is gone, an interrupted program for one.
        _ = stream.read(&mut byte) => return,
    };
    if let Answer::Text(text) = answer {
        // A reader that is gone by now does not need it.
        let _ = stream.write_all(&text).await;
    }
}
