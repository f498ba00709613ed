//! Somebody at a terminal: types at one socket, and watches the other through a terminal emulator.

use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use vt100::Parser;

use crate::client::socket;
use crate::daemon::{Daemon, DaemonLog};
use crate::patience::PATIENCE;

/// The most lines above the screen that are looked through as well.
const SCROLLBACK: usize = 10_000;

/// A client of a terminal's two sockets.
pub struct TerminalClient {
    keyboard: zmq::Socket,
    display: zmq::Socket,
    parser: Parser,
    bytes: Vec<u8>,
    log: DaemonLog,
}

/// A client that types and does not watch.
pub struct Keyboard(zmq::Socket);

impl Keyboard {
    /// Types.
    ///
    /// # Panics
    /// When libzmq refuses it.
    pub fn type_text(&self, text: impl AsRef<[u8]>) {
        self.0.send(text.as_ref(), 0).expect("failed to type");
    }
}

impl TerminalClient {
    /// Connects to both sockets, with a screen of 24 rows and 80 columns. What is typed from now on arrives.
    ///
    /// # Panics
    /// When nobody listens.
    #[must_use]
    pub fn connect(daemon: &Daemon) -> Self {
        let context = zmq::Context::new();
        // One that learns when the daemon listens. What is typed before that is lost.
        let keyboard = socket(&context, zmq::XPUB, &daemon.endpoint("termin"));
        let display = socket(&context, zmq::SUB, &daemon.endpoint("termout"));
        display.set_subscribe(b"").expect("failed to subscribe");
        let log = daemon.log();
        let patience = i64::try_from(PATIENCE.as_millis()).expect("it is half a minute");
        let listens = keyboard.poll(zmq::POLLIN, patience).expect("failed to wait for the daemon") > 0;
        assert!(listens, "nobody listens to what is typed; the daemon said:\n{}", log.text());
        let parser = Parser::new(Parser::DEFAULT_ROWS, Parser::DEFAULT_COLS, SCROLLBACK);
        Self { keyboard, display, parser, bytes: Vec::new(), log }
    }

    /// Types.
    pub fn type_text(&self, text: impl AsRef<[u8]>) {
        self.send_raw(&[text.as_ref()]);
    }

    /// Stops watching, and goes on typing.
    #[must_use]
    pub fn into_keyboard(self) -> Keyboard {
        Keyboard(self.keyboard)
    }

    /// Sends a message of any frames to the keyboard's socket.
    ///
    /// # Panics
    /// When libzmq refuses it.
    pub fn send_raw(&self, frames: &[&[u8]]) {
        self.keyboard.send_multipart(frames, 0).expect("failed to type");
    }

    /// Changes the size of this client's screen alone.
    ///
    /// # Panics
    /// When one of both is 0.
    pub fn resize_screen(&mut self, rows: u16, cols: u16) {
        let length = |length| NonZeroU16::new(length).expect("a screen has a size");
        self.parser.set_size(length(rows), length(cols));
    }

    /// The screen as it is by now.
    #[must_use]
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Every byte that has come by now.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes what comes within `patience`, a message; nothing when none comes.
    ///
    /// # Panics
    /// When what comes is not one frame.
    pub fn next_within(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let millis = i64::try_from(patience.as_millis()).expect("a patience in range");
        if self.display.poll(zmq::POLLIN, millis).expect("failed to wait for output") == 0 {
            return None;
        }
        let mut frames = self.display.recv_multipart(0).expect("failed to receive output");
        assert_eq!(frames.len(), 1, "a message of the terminal is one frame");
        let output = frames.remove(0);
        self.parser.process(&output);
        self.bytes.extend_from_slice(&output);
        Some(output)
    }

    /// Watches until the screen is as `is_it` wants it.
    ///
    /// # Panics
    /// When it does not become so.
    pub fn wait_for(&mut self, is_it: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_it(self.parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                self.next_within(left).is_some(),
                "it is not on the screen:\n{}\nthe daemon said:\n{}",
                self.parser.screen().contents(),
                self.log.text()
            );
        }
    }

    /// Watches until `text` is on the screen.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_for(|screen| screen.contents().contains(text));
    }

    /// Watches until `bytes` have come, on the screen or not.
    ///
    /// # Panics
    /// When they do not come.
    pub fn wait_for_bytes(&mut self, bytes: &[u8]) {
        let deadline = Instant::now() + PATIENCE;
        while !self.bytes.windows(bytes.len()).any(|window| window == bytes) {
            let left = deadline.saturating_duration_since(Instant::now());
            let came = self.next_within(left).is_some();
            assert!(came, "{:?} has not come: {}", bytes.escape_ascii(), self.bytes.escape_ascii());
        }
    }
}
