//! What a user sees in a terminal: pictures in place or saved, tables as text.

#![cfg(feature = "display")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use runner_testkit::PATIENCE;
use tempfile::TempDir;

/// A PNG of one red pixel.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

/// Shows something by the display socket, as any program can.
const SHOW: &str = "
import base64, os, socket, sys
def show(mime, data):
    sys.stdout.flush()
    with socket.socket(socket.AF_UNIX) as display:
        display.connect(os.environ['KERNEL_RUNNER_DISPLAY'])
        display.sendall(mime.encode() + b'\\n' + data)
        display.shutdown(socket.SHUT_WR)
        display.recv(1)
";

/// What the terminal says when it is asked for its attributes.
const QUESTION: &[u8] = b"\x1b[c";

/// A terminal with the program in it, in the foreground.
struct Screen {
    child: Child,
    pid: Pid,
    master: File,
    slave: File,
    seen: mpsc::Receiver<Vec<u8>>,
    text: Vec<u8>,
}

impl Screen {
    /// Starts the program in `folder`; the environment says nothing else about the terminal than `variables`.
    fn start(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 800, ws_ypixel: 480 };
        let pty = openpty(&size, None).unwrap();
        let (master, slave) = (File::from(pty.master), File::from(pty.slave));
        let end = || Stdio::from(slave.try_clone().unwrap());
        #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_kernel-runner")]).args(arguments).current_dir(folder);
        for name in
            ["TMUX", "STY", "ZELLIJ", "TERM_PROGRAM", "KITTY_WINDOW_ID", "LC_TERMINAL", "KERNEL_RUNNER_PICTURES"]
        {
            command.env_remove(name);
        }
        command.env("TERM", "dumb").env("TMPDIR", folder).envs(variables.iter().copied());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let (sender, seen) = mpsc::channel();
        let mut reader = master.try_clone().unwrap();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                let _ = sender.send(chunk[..count].to_vec());
            }
        });
        Self { child, pid, master, slave, seen, text: Vec::new() }
    }

    /// Waits until the program has written this.
    fn wait_for(&mut self, wanted: &[u8]) {
        while !self.text.windows(wanted.len()).any(|window| window == wanted) {
            let Ok(chunk) = self.seen.recv_timeout(PATIENCE) else {
                let _ = kill(self.pid, Signal::SIGKILL);
                panic!("only this came: {}", String::from_utf8_lossy(&self.text).escape_debug());
            };
            self.text.extend(chunk);
        }
    }

    fn type_in(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Everything that the program wrote, up to its end, as a terminal with plain line ends would get it.
    fn end(mut self) -> String {
        assert!(self.child.wait().unwrap().success());
        // What is written after it has ended is the last thing that comes.
        self.slave.write_all(b"\n<the end>").unwrap();
        self.wait_for(b"<the end>");
        let text = String::from_utf8(self.text).unwrap().replace("\r\n", "\n");
        text.strip_suffix("\n<the end>").unwrap().to_owned()
    }
}

/// What the user sees of a Python program that shows things.
fn seen(folder: &TempDir, variables: &[(&str, &str)], options: &[&str], program: &str) -> String {
    std::fs::write(folder.path().join("main.py"), format!("{SHOW}{program}")).unwrap();
    let arguments = [&["run", "main.py"], options].concat();
    Screen::start(folder.path(), variables, &arguments).end()
}

fn show_png() -> String {
    format!("print('before', end='')\nshow('image/png', base64.b64decode('{PNG}'))\nprint('after')\n")
}

fn png() -> Vec<u8> {
    STANDARD.decode(PNG).unwrap()
}

#[test]
fn kitty_and_iterm2_are_known_by_their_environment() {
    let folder = TempDir::new().unwrap();
    let text = seen(&folder, &[("TERM", "xterm-kitty")], &[], &show_png());
    assert!(text.ends_with(&format!("before\n\x1b_Ga=T,f=100,q=2,m=0;{PNG}\x1b\\\nafter\n")), "{text:?}");
    let text = seen(&folder, &[("TERM", "xterm"), ("TERM_PROGRAM", "WezTerm")], &[], &show_png());
    let expected = format!("before\n\x1b]1337;File=inline=1;size={}:{PNG}\x07\nafter\n", png().len());
    assert!(text.ends_with(&expected), "{text:?}");
}

#[test]
fn a_terminal_that_says_so_gets_sixels() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("main.py"), format!("{SHOW}{}", show_png())).unwrap();
    let mut screen = Screen::start(folder.path(), &[("TERM", "xterm")], &["run", "main.py"]);
    screen.wait_for(QUESTION);
    screen.type_in(b"\x1b[?62;4;22c");
    let text = screen.end();
    assert!(text.ends_with("before\n\x1bP0;1;0q\"1;1;1;1#0;2;100;0;0#0@\x1b\\\nafter\n"), "{text:?}");
}

#[test]
fn what_is_typed_while_the_terminal_is_asked_reaches_the_program() {
    for command in [&["run", "main.py"][..], &["eval", "python", "print(input() + '!')"]] {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("main.py"), "print(input() + '!')").unwrap();
        let mut screen = Screen::start(folder.path(), &[("TERM", "xterm")], command);
        screen.wait_for(QUESTION);
        screen.type_in(b"ea\x1b[?62cgle\n");
        screen.wait_for(b"eagle!\r\n");
        let settings = tcgetattr(&screen.slave).unwrap();
        assert!(settings.local_flags.contains(LocalFlags::ECHO | LocalFlags::ICANON));
        screen.end();
    }
}

#[test]
fn a_terminal_that_says_nothing_is_not_waited_for_long() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("main.py"), "print('hello')").unwrap();
    let mut screen = Screen::start(folder.path(), &[("TERM", "xterm")], &["run", "main.py"]);
    screen.wait_for(b"hello");
    assert!(screen.end().contains("hello"));
}

#[test]
fn another_terminal_is_told_where_the_picture_is() {
    let folder = TempDir::new().unwrap();
    let text = seen(&folder, &[], &[], &show_png());
    let (start, end) = ("before\n[image/png, 69 bytes: ", "/display-1.png]\nafter\n");
    let place = text.split_once(start).and_then(|(_, rest)| rest.strip_suffix(end)).unwrap_or_else(|| panic!("{text}"));
    assert!(Path::new(place).starts_with(folder.path()), "{place}");
    assert_eq!(std::fs::read(Path::new(place).join("display-1.png")).unwrap(), png());
}

#[test]
fn with_a_folder_pictures_are_saved_there_and_shown() {
    let folder = TempDir::new().unwrap();
    let options = ["--media", "plots/today", "--pictures", "kitty"];
    let text = seen(&folder, &[], &options, &show_png());
    assert!(text.contains("\x1b_G") && text.contains("bytes: plots/today/display-1.png]\n"), "{text:?}");
    assert_eq!(std::fs::read(folder.path().join("plots/today/display-1.png")).unwrap(), png());
}

#[test]
fn a_folder_that_cannot_be_made_ends_nothing() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let text = seen(&folder, &[], &["--media", "file/plots"], &show_png());
    assert!(text.contains("bytes: not saved: file/plots: ") && text.ends_with("after\n"), "{text}");
}

#[test]
fn broken_pictures_are_saved_with_the_reason() {
    let folder = TempDir::new().unwrap();
    let program = "show('image/png', b'\\x89PNG\\r\\n\\x1a\\nnonsense')\nshow('image/jpeg', b'')\nprint('after')\n";
    for how in ["kitty", "iterm2", "sixel"] {
        let text = seen(&folder, &[("KERNEL_RUNNER_PICTURES", how)], &["--media", "."], program);
        assert!(
            text.contains("[image/png, 16 bytes: not shown: ") && text.contains("[image/jpeg, 0 bytes: "),
            "{text}"
        );
        assert!(!text.contains('\x1b') && text.ends_with("after\n"), "{text:?}");
    }
}

#[test]
fn tables_are_text_and_as_wide_as_the_terminal_at_most() {
    let folder = TempDir::new().unwrap();
    let program = "show('text/html', b'<table><tr><th>a<th>b<tr><td>1<td>' + b'word ' * 40 + b'</table>')\n";
    let text = seen(&folder, &[], &[], program);
    let lines: Vec<_> = text.lines().skip_while(|line| !line.starts_with('┌')).collect();
    assert!(lines.len() == 5 && lines.iter().all(|line| line.chars().count() == 80), "{text}");
    assert!(lines[3].starts_with("│ 1 │ word word ") && lines[3].ends_with("… │"), "{text}");
}

#[test]
fn what_has_no_text_is_saved() {
    let folder = TempDir::new().unwrap();
    let program =
        "show('image/svg+xml', b'<svg/>')\nshow('text/html', b'<canvas></canvas>')\nshow('text/markdown', b'*m*')\n";
    let text = seen(&folder, &[("TERM", "xterm-kitty")], &["--media", "."], program);
    let expected = "[image/svg+xml, 6 bytes: ./display-1.svg]\n[text/html, 17 bytes: ./display-2.html]\n*m*\n";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_pipe_gets_no_escape_codes_and_nothing_is_saved_unasked() {
    let folder = TempDir::new().unwrap();
    let program = format!("{SHOW}{}show('text/html', b'<table><tr><td>1</table>')\n", show_png());
    std::fs::write(folder.path().join("main.py"), program).unwrap();
    let run = |options: &[&str]| {
        #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
        let mut command = Command::new(env!("CARGO_BIN_EXE_kernel-runner"));
        command.args(["run", "main.py"]).args(options).current_dir(folder.path()).env("TMPDIR", folder.path());
        let output = command.env("TERM", "xterm-kitty").stdin(Stdio::null()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (stdout, stderr) = run(&[]);
    assert_eq!(stdout, "beforeafter\n┌───┐\n│ 1 │\n└───┘\n");
    assert!(stderr.ends_with("[image/png, 69 bytes]\n"), "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let (stdout, stderr) = run(&["--media", "plots"]);
    assert!(!stdout.contains('\x1b') && stderr.ends_with("[image/png, 69 bytes: plots/display-1.png]\n"), "{stderr}");
    assert_eq!(std::fs::read(folder.path().join("plots/display-1.png")).unwrap(), png());
}
