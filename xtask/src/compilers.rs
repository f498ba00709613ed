//! The figures of each compiled language: whole programs beside the bare compiler, and snippets, which keep their state.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::client::{Daemon, Transport, binary};
use crate::measure::{family_pss_mib, median, ms};

const REPETITIONS: usize = 5;
const SNIPPETS: usize = 20;
/// How long a runner is left alone with what it prepares.
const PREPARATION: Duration = Duration::from_secs(4);

struct Language {
    name: &'static str,
    file: &'static str,
    program: &'static str,
    /// Compiles and runs the file, in `sh`.
    bare: &'static str,
    /// What a program may take, of the bare tools' time.
    limit: f64,
    /// A declaration, and what is done with it again and again; `{}` stands for a number.
    snippets: [&'static str; 2],
    /// What a second snippet may take, in milliseconds.
    snippet_limit: f64,
}

const LANGUAGES: [Language; 6] = [
    Language {
        name: "c",
        file: "main.c",
        program: "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n",
        bare: "gcc -o main main.c && ./main",
        limit: 1.1,
        snippets: ["int x = 1;", "x += {};"],
        snippet_limit: 100.0,
    },
    Language {
        name: "cpp",
        file: "main.cpp",
        program: "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }\n",
        bare: "g++ -o main main.cpp && ./main",
        limit: 0.5,
        snippets: ["int x = 1;", "x += {};"],
        snippet_limit: 300.0,
    },
    Language {
        name: "golang",
        file: "main.go",
        program: "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n",
        bare: "go build -o main main.go && ./main",
        limit: 1.1,
        snippets: ["x := 1", "x += {}"],
        snippet_limit: 250.0,
    },
    Language {
        name: "haskell",
        file: "Main.hs",
        program: "main :: IO ()\nmain = putStrLn \"hello\"\n",
        bare: "ghc -v0 Main.hs && ./Main",
        limit: 1.1,
        snippets: ["x = 1", "y = x + {}"],
        snippet_limit: 10.0,
    },
    Language {
        name: "java",
        file: "Main.java",
        program: "class Main { public static void main(String[] args) { System.out.println(\"hello\"); } }\n",
        bare: "javac Main.java && java Main",
        limit: 1.1,
        snippets: ["int x = 1;", "x += {};"],
        snippet_limit: 60.0,
    },
    Language {
        name: "rust",
        file: "main.rs",
        program: "fn main() { println!(\"hello\"); }\n",
        bare: "rustc main.rs && ./main",
        limit: 1.1,
        snippets: ["let mut x = 1;", "x += {};"],
        snippet_limit: 150.0,
    },
];

struct Figures {
    name: &'static str,
    /// The bare tools compile and run a program, in milliseconds.
    bare: f64,
    /// The first program of a runner, and those after it.
    first: f64,
    second: f64,
    limit: f64,
    snippet: f64,
    snippet_limit: f64,
    /// What the runner and its session take up, in MiB.
    memory: f64,
}

/// Measures every language, prints a table and returns it.
pub(crate) fn run() -> Result<Value> {
    println!("\n| language | cold tools | first program | second, p50 | second snippet, p50 | memory |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut all = Vec::new();
    for language in &LANGUAGES {
        let figures = language.measure().with_context(|| format!("failed to measure {}", language.name))?;
        println!("{}", figures.row());
        all.push(figures.to_json());
    }
    Ok(all.into())
}

impl Language {
    fn measure(&self) -> Result<Figures> {
        let mut bare = (0..REPETITIONS).map(|_| self.bare()).collect::<Result<Vec<_>>>()?;
        let daemon = Daemon::start(&binary("release"), self.name, None, Transport::Tcp)?;
        thread::sleep(PREPARATION);
        let first = daemon.time(self.program)?;
        // A comment makes another program of it: the same one is not compiled again.
        let comment = if self.name == "haskell" { "--" } else { "//" };
        let other = |number| format!("{}{comment} {number}\n", self.program);
        let mut seconds = (0..REPETITIONS).map(|i| daemon.time(&other(i))).collect::<Result<Vec<_>>>()?;
        let [declaration, use_] = self.snippets;
        daemon.time(declaration)?;
        let snippet = |i: usize| daemon.time(&use_.replace("{}", &i.to_string()));
        let mut snippets = (0..SNIPPETS).map(snippet).collect::<Result<Vec<_>>>()?;
        Ok(Figures {
            name: self.name,
            bare: ms(median(&mut bare)),
            first: ms(first),
            second: ms(median(&mut seconds)),
            limit: self.limit,
            snippet: ms(median(&mut snippets)),
            snippet_limit: self.snippet_limit,
            memory: family_pss_mib(daemon.process()),
        })
    }

    fn bare(&self) -> Result<Duration> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(self.file), self.program)?;
        let begin = Instant::now();
        let mut shell = Command::new("sh");
        let status = shell.args(["-c", self.bare]).current_dir(&folder).stdout(Stdio::null()).status()?;
        if !status.success() {
            bail!("`{}` failed", self.bare);
        }
        Ok(begin.elapsed())
    }
}

impl Figures {
    fn row(&self) -> String {
        let met = |is_met: bool| if is_met { "" } else { " (NOT MET)" };
        format!(
            "| {} | {:.0} ms | {:.0} ms | {:.0} ms, {:.2} of {}{} | {:.1} ms of {}{} | {:.0} MiB |",
            self.name,
            self.bare,
            self.first,
            self.second,
            self.second / self.bare,
            self.limit,
            met(self.second <= self.limit * self.bare),
            self.snippet,
            self.snippet_limit,
            met(self.snippet <= self.snippet_limit),
            self.memory,
        )
    }

    fn to_json(&self) -> Value {
        json!({
            "language": self.name, "cold_ms": self.bare, "first_ms": self.first, "second_p50_ms": self.second,
            "second_at_most_of_cold": self.limit, "snippet_p50_ms": self.snippet,
            "snippet_p50_at_most_ms": self.snippet_limit, "memory_mib": self.memory,
        })
    }
}
