use std::io;
use std::os::fd::AsFd as _;

use bytes::{Buf as _, Bytes, BytesMut};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::net::unix::pipe;

use super::frame::{BrokenFrame, Frame};

/// The runner's ends of a pair of link descriptors. All progress lives here, so that every wait is cancel safe.
#[derive(Debug)]
pub(super) struct Link {
    /// `None` once it was closed.
    writer: Option<pipe::Sender>,
    reader: pipe::Receiver,
    unwritten: Bytes,
    unread: BytesMut,
}

impl Link {
    pub(super) fn new(writer: io::PipeWriter, reader: io::PipeReader) -> io::Result<Self> {
        Ok(Self {
            writer: Some(pipe::Sender::from_owned_fd(writer.into())?),
            reader: pipe::Receiver::from_owned_fd(reader.into())?,
            unwritten: Bytes::new(),
            unread: BytesMut::new(),
        })
    }

    /// Puts a frame on its way. [`Self::next`] writes what does not fit the pipe at once.
    pub(super) fn send(&mut self, frame: &Frame) {
        let bytes = frame.encode();
        self.unwritten = if self.unwritten.is_empty() {
            bytes
        } else {
            let mut both = BytesMut::from(&self.unwritten[..]);
            both.extend_from_slice(&bytes);
            both.freeze()
        };
        self.write();
    }

    /// The driver's next frame; `None` when it has closed the link.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>, BrokenFrame> {
        loop {
            if let Some(frame) = Frame::decode(&mut self.unread)? {
                return Ok(Some(frame));
            }
            tokio::select! {
                () = writable(self.writer.as_ref()), if !self.unwritten.is_empty() => self.write(),
                _ = self.reader.readable() => {
                    self.unread.reserve(4096);
                    match self.reader.try_read_buf(&mut self.unread) {
                        Ok(0) => return Ok(None),
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Ok(None),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Whether the driver has said something that was not read yet.
    pub(super) fn is_waiting(&self) -> bool {
        let mut ends = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        poll(&mut ends, PollTimeout::ZERO).is_ok_and(|count| count > 0)
    }

    /// Tells the driver that the runner has nothing more to say.
    pub(super) fn close(&mut self) {
        self.writer = None;
    }

    fn write(&mut self) {
        let Some(writer) = &self.writer else { return };
        match writer.try_write(&self.unwritten) {
            Ok(count) => self.unwritten.advance(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The driver is gone; its end is noticed where the process is waited for.
            Err(_) => self.unwritten = Bytes::new(),
        }
    }
}

async fn writable(writer: Option<&pipe::Sender>) {
    match writer {
        // An error is met again by the write.
        Some(writer) => drop(writer.writable().await),
        None => std::future::pending().await,
    }
}
