use std::io;
use std::path::Path;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use tempfile::NamedTempFile;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};

use crate::wire::{Display, Record};

/// The most that is read of one thing to show, in bytes: far beyond what any client takes.
const MAX_SHOWN: u64 = 128 * 1024 * 1024;

/// Where a child shows what is no text: a Unix socket whose path it finds in its environment. A connection is a MIME type,
/// a line feed and the data up to the end. It is closed when that is on its way to the client.
pub(crate) struct DisplaySocket {
    listener: NamedTempFile<UnixListener>,
    /// The connections whose data is on its way.
    reading: FuturesUnordered<BoxFuture<'static, Shown>>,
}

/// What came over one connection, which stays open as long as this is kept.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) record: Record,
    #[expect(dead_code, reason = "held for its drop, which tells the child to carry on")]
    connection: UnixStream,
}

impl DisplaySocket {
    /// The variable that has its path.
    pub(crate) const VARIABLE: &'static str = "KERNEL_RUNNER_DISPLAY";

    /// Makes one among the temporary files. It is removed with this.
    pub(crate) fn bind() -> io::Result<Self> {
        let listener =
            tempfile::Builder::new().prefix("kernel-runner-display-").make(|path| UnixListener::bind(path))?;
        Ok(Self { listener, reading: FuturesUnordered::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        self.listener.path()
    }

    /// Whether no connection is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.reading.is_empty()
    }

    /// The next thing to show. Cancel safe.
    pub(crate) async fn next(&mut self) -> Shown {
        let mut can_accept = true;
        loop {
            tokio::select! {
                Some(shown) = self.reading.next() => return shown,
                connection = self.listener.as_file().accept(), if can_accept => match connection {
                    Ok((connection, _)) => self.read(connection),
                    Err(error) => {
                        // The next call tries again; this one would get the same error at once.
                        tracing::info!("failed to accept what a program shows: {error}");
                        can_accept = false;
                    }
                },
                else => std::future::pending().await,
            }
        }
    }

    /// Takes those who have connected by now.
    pub(crate) fn accept(&mut self) {
        while let Some(Ok((connection, _))) = self.listener.as_file().accept().now_or_never() {
            self.read(connection);
        }
    }

    fn read(&self, connection: UnixStream) {
        self.reading.push(read(connection).boxed());
    }
}

async fn read(mut connection: UnixStream) -> Shown {
    let mut bytes = Vec::new();
    let result = (&mut connection).take(MAX_SHOWN + 1).read_to_end(&mut bytes).await;
    let record = match result {
        Ok(count) if count as u64 > MAX_SHOWN => refused("there is more than 128 MiB of it"),
        Ok(_) => parse(&bytes.into()),
        Err(error) => refused(&error.to_string()),
    };
    Shown { record, connection }
}

fn parse(bytes: &Bytes) -> Record {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return refused("a MIME type and a line feed must come first");
    };
    match std::str::from_utf8(&bytes[..end]).map(str::trim_end) {
        Ok(mime) if mime.contains('/') && !mime.contains(char::is_control) => {
            Record::Display(Display::new(mime, bytes.slice(end + 1..)))
        }
        _ => refused("its first line is no MIME type"),
    }
}

fn refused(reason: &str) -> Record {
    Record::Stderr(format!("what the program showed was not sent: {reason}\n").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_type() {
        let shown = Record::Display(Display::new("text/html", "<b>\n"));
        assert_eq!(parse(&"text/html\n<b>\n".into()), shown);
        for bytes in [&b""[..], b"image/png", b"\nPNG", b"\x89PNG\r\n\x1a\n"] {
            assert!(matches!(parse(&bytes.into()), Record::Stderr(_)), "{bytes:?}");
        }
    }
}
