use std::num::NonZeroU16;

use bytes::Bytes;
use futures::StreamExt as _;

use crate::daemon::zeromq::{KEEPALIVE_IDLE_S, patiently};
use crate::error::Result;
use crate::process::WindowSize;

/// The largest message that is taken, in bytes: no paste is longer.
const MAX_MESSAGE: i64 = 16 * 1024 * 1024;
/// The most rows and the most columns that a terminal may have. The screen is kept in memory.
pub(super) const MAX_LENGTH: u16 = 1000;

/// What comes in at the terminal's own socket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Keyed {
    /// For the program.
    Text(Bytes),
    /// Somebody's window has another size.
    Resize(WindowSize),
}

/// The socket of those who type.
pub(super) struct Keyboard(tmq::subscribe::Subscribe);

impl Keyboard {
    pub(super) async fn bind(context: &zmq::Context, endpoint: &str) -> Result<Self> {
        let socket = patiently(endpoint, || {
            let socket = tmq::subscribe(context)
                .set_linger(0)
                .set_maxmsgsize(MAX_MESSAGE)
                .set_tcp_keepalive(1)
                .set_tcp_keepalive_idle(KEEPALIVE_IDLE_S)
                .bind(endpoint)?;
            Ok(socket.subscribe(b"")?)
        });
        Ok(Self(socket.await?))
    }

    /// The next thing that comes. Cancel safe.
    pub(super) async fn next(&mut self) -> Keyed {
        loop {
            match self.0.next().await {
                Some(Ok(frames)) => {
                    let frames: Vec<&[u8]> = frames.iter().map(|frame| &frame[..]).collect();
                    match decode(&frames) {
                        Ok(keyed) => return keyed,
                        Err(reason) => tracing::warn!("a message to the terminal is dropped: {reason}"),
                    }
                }
                Some(Err(error)) => tracing::error!("failed to receive what was typed: {error}"),
                None => std::future::pending().await,
            }
        }
    }
}

fn decode(frames: &[&[u8]]) -> Result<Keyed, String> {
    match frames {
        [text] => Ok(Keyed::Text(Bytes::copy_from_slice(text))),
        [b"resize", size] => {
            let words = String::from_utf8_lossy(size);
            let words: Vec<&str> = words.split_whitespace().collect();
            let size = parse_size(&words).ok_or_else(|| format!("{:?} is no size", words.join(" ")))?;
            Ok(Keyed::Resize(size))
        }
        [kind, _] => Err(format!("it is none of a known type: {}", kind.escape_ascii())),
        frames => Err(format!("it has {} frames", frames.len())),
    }
}

/// Reads `ROWS COLS`.
pub(super) fn parse_size(words: &[impl AsRef<str>]) -> Option<WindowSize> {
    let [rows, cols] = words else { return None };
    let length = |word: &str| word.parse().ok().filter(|length: &NonZeroU16| length.get() <= MAX_LENGTH);
    Some(WindowSize { rows: length(rows.as_ref())?, cols: length(cols.as_ref())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_frame_is_typed_and_two_change_the_size() {
        assert_eq!(decode(&[b"resize"]), Ok(Keyed::Text("resize".into())));
        let Ok(Keyed::Resize(size)) = decode(&[b"resize", b"30 100"]) else { panic!("it is a size") };
        assert_eq!((size.rows.get(), size.cols.get()), (30, 100));
        for frames in [&[][..], &["resize", "30"], &["x", "30 100"], &["resize", "30", "100"]] {
            let bytes: Vec<_> = frames.iter().map(|frame| frame.as_bytes()).collect();
            assert!(decode(&bytes).is_err(), "{frames:?}");
        }
    }

    #[test]
    fn a_size_is_two_numbers_within_reason() {
        for words in [&["0", "80"][..], &["24", "1001"], &["-1", "80"], &["24"], &["24", "80", "1"], &["x", "80"]] {
            assert_eq!(parse_size(words), None, "{words:?}");
        }
        assert!(parse_size(&["1", "1000"]).is_some());
    }
}
