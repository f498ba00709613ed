use bytes::{Buf as _, Bytes, BytesMut};
use thiserror::Error;

use crate::wire::Display;

/// A header is short: a kind and the lengths of some parts. Suggestions are the longest list.
const MAX_HEADER: usize = 64 * 1024;
/// More than any picture or piece of code; a length above it is a broken driver.
const MAX_FRAME: usize = 512 * 1024 * 1024;

/// One message on the link: a kind and its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: String,
    pub(super) parts: Vec<Bytes>,
}

/// What a driver must not send.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the driver broke the link's rules: {0}")]
pub(super) struct BrokenFrame(String);

impl Frame {
    pub(super) fn new<const N: usize>(kind: &str, parts: [&[u8]; N]) -> Self {
        Self { kind: kind.into(), parts: parts.into_iter().map(Bytes::copy_from_slice).collect() }
    }

    pub(super) fn encode(&self) -> Bytes {
        let mut header = vec![self.kind.clone()];
        header.extend(self.parts.iter().map(|part| part.len().to_string()));
        let mut bytes = BytesMut::from(header.join(" ").as_bytes());
        bytes.extend_from_slice(b"\n");
        self.parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes.freeze()
    }

    /// Takes the first frame out of `buffer`, once it is there as a whole.
    pub(super) fn decode(buffer: &mut BytesMut) -> Result<Option<Self>, BrokenFrame> {
        let Some(end) = buffer.iter().take(MAX_HEADER).position(|byte| *byte == b'\n') else {
            return if buffer.len() < MAX_HEADER { Ok(None) } else { Err(BrokenFrame("a header without end".into())) };
        };
        let header = std::str::from_utf8(&buffer[..end])
            .map_err(|_| BrokenFrame(format!("header {:?}", buffer[..end].escape_ascii().to_string())))?;
        let mut words = header.split(' ');
        let kind = words.next().unwrap_or_default().to_owned();
        let lengths: Vec<usize> =
            words.map(str::parse).collect::<Result<_, _>>().map_err(|_| BrokenFrame(format!("header {header:?}")))?;
        let size = lengths.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length)).unwrap_or(usize::MAX);
        if size > MAX_FRAME {
            return Err(BrokenFrame(format!("a `{kind}` of {size} bytes")));
        }
        if buffer.len() < end + 1 + size {
            return Ok(None);
        }
        buffer.advance(end + 1);
        let parts = lengths.into_iter().map(|length| buffer.split_to(length).freeze()).collect();
        Ok(Some(Self { kind, parts }))
    }

    /// The part at `index`.
    pub(super) fn part(&self, index: usize) -> Result<&[u8], BrokenFrame> {
        let part = self.parts.get(index).ok_or_else(|| BrokenFrame(format!("`{}` lacks part {index}", self.kind)))?;
        Ok(part)
    }

    /// The part at `index` as text.
    pub(super) fn text(&self, index: usize) -> Result<&str, BrokenFrame> {
        std::str::from_utf8(self.part(index)?)
            .map_err(|_| BrokenFrame(format!("part {index} of `{}` is not UTF-8", self.kind)))
    }

    /// The part at `index` as a number.
    pub(super) fn number<T: std::str::FromStr>(&self, index: usize) -> Result<T, BrokenFrame> {
        let text = self.text(index)?;
        text.parse().map_err(|_| BrokenFrame(format!("part {index} of `{}` is {text:?}, not a number", self.kind)))
    }

    /// What it shows: behind its number, pairs of a MIME type and data, and a name where one part is left over.
    pub(super) fn display(&self) -> Result<Display, BrokenFrame> {
        let data = |index| self.part(index).map(Bytes::copy_from_slice);
        let mut display = Display::new(self.text(1)?, data(2)?);
        for index in (3..self.parts.len() - 1).step_by(2) {
            display = display.or(self.text(index)?, data(index + 1)?);
        }
        if self.parts.len() % 2 == 1 {
            return Ok(display);
        }
        let id = self.text(self.parts.len() - 1)?;
        Ok(if self.kind == "update" { display.instead_of(id) } else { display.named(id) })
    }

    /// It is of a kind that the runner does not know.
    pub(super) fn unknown(&self) -> BrokenFrame {
        BrokenFrame(format!("a frame {:?}", self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_survive_the_link_however_it_cuts_them(
            frames in prop::collection::vec(("[a-z]{1,9}", prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..4)), 1..8),
            cut in 1_usize..20,
        ) {
            let frames: Vec<Frame> = frames
                .into_iter()
                .map(|(kind, parts)| Frame { kind, parts: parts.into_iter().map(Bytes::from).collect() })
                .collect();
            let bytes: Vec<u8> = frames.iter().flat_map(|frame| frame.encode().to_vec()).collect();
            let (mut buffer, mut decoded) = (BytesMut::new(), Vec::new());
            for piece in bytes.chunks(cut) {
                buffer.extend_from_slice(piece);
                while let Some(frame) = Frame::decode(&mut buffer).unwrap() {
                    decoded.push(frame);
                }
            }
            prop_assert_eq!(decoded, frames);
        }

        #[test]
        fn garbage_is_an_error_or_not_enough(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut buffer = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = Frame::decode(&mut buffer) {}
        }
    }
}
