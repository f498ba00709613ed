//! `cargo xtask demo`: a conversation with the real daemon, over the real protocol.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::client::{Daemon, Record, Transport, binary};
use crate::shell::cargo;

const ASKING_PROGRAM: &str = r#"#include <stdio.h>
int main(void) {
    int side;
    printf("Side of the square: ");
    scanf("%d", &side);
    printf("Its area is %d.\n", side * side);
    return 0;
}"#;

const PROJECT: [(&str, &str); 3] = [
    ("greet.h", "const char *greeting(void);\n"),
    ("greet.c", "#include \"greet.h\"\nconst char *greeting(void) { return \"Hello from two source files\"; }\n"),
    ("main.c", "#include <stdio.h>\n#include \"greet.h\"\nint main(void) { puts(greeting()); return 0; }\n"),
];

pub(crate) fn run() -> Result<()> {
    cargo(["build", "--package", "kernel-runner"]).run()?;
    python().context("Python")?;
    c().context("C")?;
    println!("\nAll went as expected.");
    Ok(())
}

fn python() -> Result<()> {
    let talk = Talk::start("python")?;
    say("Queries share a state.");
    talk.ask("code", "x = 6", None)?.expect(0, "")?;
    talk.ask("code", "x * 7", None)?.expect(0, "42")?;

    say("A program asks its user for a line.");
    let code = "name = input('Your name? ')\nprint(f'Hello, {name}!')";
    talk.ask("code", code, Some(On("waiting-input", "input", "Ada")))?.expect(0, "Hello, Ada!")?;

    say("An endless loop is interrupted; what was defined before is still there.");
    let code = "print('counting', flush=True)\nwhile True: x += 1";
    let answer = talk.ask("code", code, Some(On("stdout", "interrupt", "")))?;
    if answer.exit_code == 0 || !answer.stderr.contains("KeyboardInterrupt") {
        bail!("the loop was to end with a KeyboardInterrupt");
    }
    talk.ask("code", "x > 6", None)?.expect(0, "True")?;
    talk.end()
}

fn c() -> Result<()> {
    let talk = Talk::start("c")?;
    say("A program is compiled and run; its prompt comes before the question for input.");
    talk.ask("code", ASKING_PROGRAM, Some(On("waiting-input", "input", "12")))?.expect(0, "Its area is 144.")?;

    say("A project of two source files is built and run, as in batch mode.");
    for (name, text) in PROJECT {
        fs::write(talk.daemon.work_dir().join(name), text)?;
    }
    talk.ask("build", "*", None)?.expect(0, "")?;
    talk.ask("exec", "*", None)?.expect(0, "Hello from two source files")?;
    talk.end()
}

/// What to send when a record of that type comes for the first time: the record's type, the request's type and payload.
struct On<'a>(&'a str, &'a str, &'a str);

struct Talk {
    daemon: Daemon,
}

/// All that came for one request.
struct Answer {
    stdout: String,
    stderr: String,
    exit_code: i64,
}

impl Talk {
    fn start(language: &str) -> Result<Self> {
        println!("\n=== kernel-runner {language} ===");
        Ok(Self { daemon: Daemon::start(&binary("debug"), language, None, Transport::Tcp)? })
    }

    fn ask(&self, kind: &str, payload: &str, mut on: Option<On<'_>>) -> Result<Answer> {
        self.send(kind, payload)?;
        let mut answer = Answer { stdout: String::new(), stderr: String::new(), exit_code: 0 };
        loop {
            let record = self.daemon.receive()?;
            show('<', &record.kind, &record.text());
            answer.keep(&record);
            if let Some(On(_, kind, payload)) = on.take_if(|on| on.0 == record.kind) {
                self.send(kind, payload)?;
            }
            if let Some(exit_code) = record.exit_code() {
                if let Some(On(awaited, ..)) = on {
                    bail!("a `{awaited}` record was to come");
                }
                return Ok(Answer { exit_code, ..answer });
            }
        }
    }

    fn send(&self, kind: &str, payload: &str) -> Result<()> {
        show('>', kind, payload);
        self.daemon.send(kind, payload)
    }

    fn end(self) -> Result<()> {
        if !self.daemon.end()? {
            bail!("the daemon was to exit with 0 on SIGTERM");
        }
        Ok(())
    }
}

impl Answer {
    fn keep(&mut self, record: &Record) {
        match record.kind.as_str() {
            "stdout" => self.stdout.push_str(&record.text()),
            "stderr" => self.stderr.push_str(&record.text()),
            _ => {}
        }
    }

    fn expect(&self, exit_code: i64, stdout: &str) -> Result<()> {
        if self.exit_code != exit_code {
            bail!("the exit code was to be {exit_code}, and is {}", self.exit_code);
        }
        if !self.stdout.contains(stdout) {
            bail!("`{stdout}` was to be printed");
        }
        Ok(())
    }
}

fn say(remark: &str) {
    println!("\n# {remark}");
}

/// Shows one message: the first line beside its type, the others below it.
fn show(direction: char, kind: &str, payload: &str) {
    let mut lines = payload.lines();
    println!("{}", format!("{direction} {kind} {}", lines.next().unwrap_or_default()).trim_end());
    let indent = kind.len() + 3;
    lines.for_each(|line| println!("{:indent$}{line}", ""));
}
