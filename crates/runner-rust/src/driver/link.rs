//! The session link: frames of a header line `KIND LENGTH ...` and the parts as they are.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::sync::Mutex;

use crate::interrupts;
use crate::system::_exit;

pub struct Link {
    reader: ManuallyDrop<File>,
    writer: ManuallyDrop<File>,
    unread: Vec<u8>,
    sequence: u64,
}

pub struct Frame {
    pub kind: String,
    pub parts: Vec<Vec<u8>>,
}

static LINK: Mutex<Option<Link>> = Mutex::new(None);

/// Lends the link. What happens there is not cut short by an interrupt.
pub fn link<T>(work: impl FnOnce(&mut Link) -> T) -> T {
    let mut link = LINK.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let link = link.get_or_insert_with(|| Link {
        reader: kernel_runner::borrowed(3),
        writer: kernel_runner::borrowed(4),
        unread: Vec::new(),
        sequence: 0,
    });
    interrupts::hold(|| work(link))
}

impl Link {
    pub fn send(&mut self, kind: &str, parts: &[&[u8]]) {
        let mut frame = kind.as_bytes().to_vec();
        parts.iter().for_each(|part| frame.extend(format!(" {}", part.len()).bytes()));
        frame.push(b'\n');
        parts.iter().for_each(|part| frame.extend(*part));
        if self.writer.write_all(&frame).is_err() {
            unsafe { _exit(0) };
        }
    }

    /// Waits until everything that was written so far is delivered.
    pub fn sync(&mut self) {
        self.sequence += 1;
        let sequence = self.sequence.to_string();
        self.send("sync", &[sequence.as_bytes()]);
        while self.receive().parts.first().map(Vec::as_slice) != Some(sequence.as_bytes()) {}
    }

    /// The next frame. This process ends when the runner is gone.
    pub fn receive(&mut self) -> Frame {
        let end = loop {
            match self.unread.iter().position(|byte| *byte == b'\n') {
                Some(end) => break end,
                None => self.read(),
            }
        };
        let header = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..=end);
        let mut words = header.split(' ');
        let kind = words.next().unwrap_or_default().to_owned();
        let lengths: Vec<usize> = words.filter_map(|length| length.parse().ok()).collect();
        while self.unread.len() < lengths.iter().sum() {
            self.read();
        }
        Frame { kind, parts: lengths.into_iter().map(|length| self.unread.drain(..length).collect()).collect() }
    }

    fn read(&mut self) {
        let mut piece = [0; 4096];
        match self.reader.read(&mut piece) {
            Ok(0) => unsafe { _exit(0) },
            Ok(count) => self.unread.extend(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => unsafe { _exit(1) },
        }
    }
}
