//! What a user sees who attaches to a terminal kernel: here, to sockets that play one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

#[expect(dead_code, reason = "who attaches types no code")]
mod tmux;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runner_testkit::PATIENCE;
use tmux::Tmux;

/// The kernel's two sockets.
struct Kernel {
    input: zmq::Socket,
    output: zmq::Socket,
}

impl Kernel {
    fn bind(terminal: &Tmux) -> Self {
        let context = zmq::Context::new();
        let socket = |kind, name: &str| {
            let socket = context.socket(kind).unwrap();
            socket.set_rcvtimeo(i32::try_from(PATIENCE.as_millis()).unwrap()).unwrap();
            socket.set_linger(0).unwrap();
            socket.bind(&format!("ipc://{}/{name}", terminal.folder().display())).unwrap();
            socket
        };
        let (input, output) = (socket(zmq::SUB, "in"), socket(zmq::XPUB, "out"));
        input.set_subscribe(b"").unwrap();
        Self { input, output }
    }

    /// Waits for somebody who attaches, and returns the first message, which tells the window's size.
    fn meet(&self) -> Vec<Vec<u8>> {
        assert_eq!(self.output.recv_bytes(0).unwrap(), b"\x01");
        self.input.recv_multipart(0).unwrap()
    }

    fn show(&self, bytes: &str) {
        self.output.send(bytes, 0).unwrap();
    }

    /// All that is typed, up to this.
    fn hear(&self, wanted: &[u8]) {
        let mut heard = Vec::new();
        while heard.len() < wanted.len() {
            heard.extend(self.input.recv_multipart(0).unwrap().concat());
        }
        assert_eq!(heard, wanted, "{}", String::from_utf8_lossy(&heard));
    }
}

/// A terminal that is attached to a kernel of 30 rows and 100 columns.
fn attached() -> Option<(Tmux, Kernel)> {
    let terminal = Tmux::start(&["attach", "ipc://in,ipc://out"])?;
    let kernel = Kernel::bind(&terminal);
    assert_eq!(kernel.meet(), [&b"resize"[..], b"30 100"]);
    terminal.wait_for("attached to ipc://in. Ctrl-] detaches.");
    Some((terminal, kernel))
}

#[test]
fn bytes_go_both_ways_as_they_are() {
    let Some((terminal, kernel)) = attached() else { return };
    kernel.show("$ ");
    terminal.wait_for_end("$");
    terminal.type_in("ls é");
    terminal.press(&["Enter", "C-c", "C-d", "C-z", "Up", "Escape"]);
    kernel.hear("ls é\r\x03\x04\x1a\x1b[A\x1b".as_bytes());
    kernel.show("one\r\ntwo");
    terminal.wait_for_end("$ one\ntwo");
}

#[test]
fn the_kernel_is_told_how_large_the_window_is() {
    let Some((terminal, kernel)) = attached() else { return };
    terminal.resize(80, 20);
    assert_eq!(kernel.input.recv_multipart(0).unwrap(), [&b"resize"[..], b"20 80"]);
}

#[test]
fn who_detaches_has_a_terminal_as_it_was() {
    let Some((terminal, kernel)) = attached() else { return };
    kernel.show("\x1b[?1049h\x1b[2J\x1b[?25l\x1b[31mfull screen");
    terminal.wait_for("full screen");
    terminal.press(&["C-]"]);
    let screen = terminal.wait_for_end("detached.\nexit code 0");
    assert!(!screen.contains("full screen"), "{screen}");
    terminal.type_in("seen");
    terminal.wait_for("seen");
}

#[test]
fn the_end_of_the_kernel_and_a_signal_end_it_as_well() {
    let Some((terminal, kernel)) = attached() else { return };
    drop(kernel);
    terminal.wait_for_end("exit code 74");
    assert!(terminal.screen().contains("the kernel at ipc://in is gone"), "{}", terminal.screen());

    let Some((terminal, _kernel)) = attached() else { return };
    let shell = terminal.pid();
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    kill(Pid::from_raw(children.trim().parse().unwrap()), Signal::SIGTERM).unwrap();
    terminal.wait_for_end("exit code 0");
}

#[test]
fn nobody_at_the_other_end_is_told() {
    let Some(terminal) = Tmux::start(&["attach", "ipc://in,ipc://out"]) else { return };
    terminal.wait_for_end("exit code 74");
    assert!(terminal.screen().contains("no terminal answers at ipc://in"), "{}", terminal.screen());
}
