//! A real terminal with the program in it: tmux, of which nobody sees the window.

use std::env;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use runner_testkit::{PATIENCE, wait_until};
use tempfile::TempDir;

/// A terminal of 100 columns and 30 rows. Dropping it ends it.
pub struct Tmux {
    folder: TempDir,
}

impl Tmux {
    /// Starts the program in a terminal; none where there is no tmux, which must not be where nothing may be skipped.
    ///
    /// When the program has ended, the terminal shows `exit code` and its exit code.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        Self::start_in(TempDir::new().unwrap(), arguments)
    }

    /// Starts the program in a folder that is its user's home as well.
    pub fn start_in(folder: TempDir, arguments: &[&str]) -> Option<Self> {
        let terminal = Self::new(folder)?;
        terminal.run(arguments);
        Some(terminal)
    }

    fn new(folder: TempDir) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
        let is_there = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
        if !is_there {
            let is_required = env::var("TESTKIT_REQUIRE").is_ok_and(|required| required == "all");
            assert!(!is_required, "there is no tmux, and TESTKIT_REQUIRE=all");
            eprintln!("\n*** SKIPPED: there is no tmux ***\n");
            return None;
        }
        Some(Self { folder })
    }

    /// Runs the program in a new window, which is the only one then.
    pub fn run(&self, arguments: &[&str]) {
        let script = "\"$@\"; echo \"exit code $?\"; exec sleep 600";
        let program = [&["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_kernel-runner")], arguments].concat();
        if self.is_running() {
            self.tmux(&[&["respawn-pane", "-k", "-t", "it"], &program[..]].concat());
        } else {
            self.tmux(&[&["new-session", "-d", "-s", "it", "-x", "100", "-y", "30"], &program[..]].concat());
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Types text, as it is.
    pub fn type_in(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "it", "-l", "--", text]);
    }

    /// Presses keys, by the names that tmux has for them.
    pub fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "it"], keys].concat());
    }

    /// Types a line.
    pub fn enter(&self, line: &str) {
        self.type_in(line);
        self.press(&["Enter"]);
    }

    /// Pastes text, of which the program is told that it is pasted.
    pub fn paste(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p", "-t", "it"]);
    }

    /// Gives the window another size. tmux tells its programs of that a while later.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-t", "it", "-x", &columns.to_string(), "-y", &rows.to_string()]);
        let terminal = File::open(self.tell("#{pane_tty}")).unwrap();
        let has_size = || {
            let size = rustix::termios::tcgetwinsize(&terminal).unwrap();
            (size.ws_col == columns && size.ws_row == rows).then_some(())
        };
        wait_until(PATIENCE, has_size).expect("the window does not get its size");
    }

    /// The id of the process that was started first in the terminal.
    pub fn pid(&self) -> i32 {
        self.tell("#{pane_pid}").parse().unwrap()
    }

    /// What can be seen, with what has gone out of sight above, without the empty lines at its end.
    pub fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p", "-J", "-S", "-", "-t", "it"]);
        let screen = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }

    /// As [`screen`](Self::screen), with the codes for colours.
    pub fn coloured_screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p", "-e", "-t", "it"]).stdout).unwrap()
    }

    /// Waits until the screen is as it is wanted.
    pub fn wait_until(&self, wish: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let screen = wait_until(PATIENCE, || Some(self.screen()).filter(|screen| is_wanted(screen)));
        screen.unwrap_or_else(|| panic!("waited for {wish}, and there is only this:\n{}", self.screen()))
    }

    /// Waits until the screen shows a text somewhere.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen ends with a text.
    pub fn wait_for_end(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} at the end"), |screen| screen.ends_with(text))
    }

    fn tell(&self, what: &str) -> String {
        let output = self.tmux(&["display-message", "-p", "-t", "it", what]);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn is_running(&self) -> bool {
        self.command(&["has-session", "-t", "it"]).status.success()
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments);
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn command(&self, arguments: &[&str]) -> Output {
        #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(self.folder.path().join("tmux")).args(["-f", "/dev/null"]).args(arguments);
        for name in ["TMUX", "TERM_PROGRAM", "KITTY_WINDOW_ID", "LC_TERMINAL", "NO_COLOR", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).current_dir(self.folder.path()).output().unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.command(&["kill-server"]);
    }
}
