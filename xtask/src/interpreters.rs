//! The figures of each interpreted language, beside its bare tool.

use std::io::{copy, sink};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::client::{Daemon, Transport, binary};
use crate::measure::{family_pss_mib, median, ms, percentile};

const STARTS: usize = 3;
const WARM_UPS: usize = 20;
const QUERIES: usize = 200;
const REPETITIONS: usize = 3;
/// What the programs below print.
const OUTPUT_BYTES: usize = 100_000_000;

struct Language {
    name: &'static str,
    /// The tool, up to the argument that is a program.
    tool: &'static [&'static str],
    trivial: &'static str,
    /// What a second trivial query may take, in milliseconds.
    limit: f64,
    /// Prints 100,000 lines of 1,000 bytes.
    output: &'static str,
}

const LANGUAGES: [Language; 7] = [
    Language {
        name: "julia",
        tool: &["julia", "-e"],
        trivial: "1;",
        limit: 1.0,
        output: "let s = \"x\"^999; for i in 1:100000 println(s) end end",
    },
    Language {
        name: "lua",
        tool: &["lua", "-e"],
        trivial: "x = 1",
        limit: 1.0,
        output: "local s = string.rep('x', 999) for i = 1, 100000 do print(s) end",
    },
    Language {
        name: "nodejs",
        tool: &["node", "-e"],
        trivial: "1",
        limit: 1.0,
        output: "for (let i = 0, s = 'x'.repeat(999); i < 100000; i++) console.log(s)",
    },
    Language {
        name: "octave",
        tool: &["octave-cli", "--quiet", "--eval"],
        trivial: "1;",
        limit: 10.0,
        output: "s = repmat('x', 1, 999); for i = 1:100000 printf('%s\\n', s); end",
    },
    Language {
        name: "php",
        tool: &["php", "-r"],
        trivial: "$x = 1;",
        limit: 6.0,
        output: "for ($i = 0, $s = str_repeat('x', 999) . \"\\n\"; $i < 100000; $i++) echo $s;",
    },
    Language {
        name: "python",
        tool: &["python3", "-c"],
        trivial: "x = 1",
        limit: 1.0,
        output: "for i in range(100000): print('x' * 999)",
    },
    Language {
        name: "r",
        tool: &["Rscript", "-e"],
        trivial: "invisible(1)",
        limit: 1.0,
        output: "s <- paste0(strrep('x', 999), '\\n'); for (i in 1:100000) cat(s)",
    },
];

struct Figures {
    name: &'static str,
    /// A run of the tool that does nothing, in milliseconds.
    cold: f64,
    /// The first query, when the runner has been up for longer than a start takes.
    first: f64,
    second: f64,
    limit: f64,
    /// MiB/s through the socket, and of the tool into a pipe, less its start.
    output: f64,
    piped: f64,
    /// What the runner and its interpreter take up, in MiB.
    memory: f64,
}

/// Measures every language, prints a table and returns it.
pub(crate) fn run() -> Result<Value> {
    println!(
        "\n| language | cold tool | first query | second, p50 | 100 MB of output | of the tool into a pipe | memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
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
        let mut cold = (0..STARTS).map(|_| self.bare(self.trivial)).collect::<Result<Vec<_>>>()?;
        let cold = median(&mut cold);
        let mut firsts = Vec::new();
        for _ in 0..STARTS {
            let daemon = self.start_and_wait(cold)?;
            firsts.push(daemon.time(self.trivial)?);
            daemon.end()?;
        }
        let daemon = self.start_and_wait(cold)?;
        let mut times = (0..WARM_UPS + QUERIES).map(|_| daemon.time(self.trivial)).collect::<Result<Vec<_>>>()?;
        let second = percentile(&mut times[WARM_UPS..], 50);
        let memory = family_pss_mib(daemon.process());
        let mut ours = (0..REPETITIONS).map(|_| daemon.time(self.output)).collect::<Result<Vec<_>>>()?;
        let mut piped = (0..REPETITIONS).map(|_| self.bare(self.output)).collect::<Result<Vec<_>>>()?;
        Ok(Figures {
            name: self.name,
            cold: ms(cold),
            first: ms(median(&mut firsts)),
            second: ms(second),
            limit: self.limit,
            output: mib_per_second(median(&mut ours)),
            piped: mib_per_second(median(&mut piped).saturating_sub(cold)),
            memory,
        })
    }

    fn start_and_wait(&self, cold: Duration) -> Result<Daemon> {
        let daemon = Daemon::start(&binary("release"), self.name, None, Transport::Tcp)?;
        thread::sleep(3 * cold + Duration::from_millis(500));
        Ok(daemon)
    }

    /// Runs the tool itself, its output into a pipe.
    fn bare(&self, program: &str) -> Result<Duration> {
        let begin = Instant::now();
        let mut tool = Command::new(self.tool[0]).args(&self.tool[1..]).arg(program).stdout(Stdio::piped()).spawn()?;
        let mut output = tool.stdout.take().context("its output is a pipe")?;
        copy(&mut output, &mut sink())?;
        if !tool.wait()?.success() {
            bail!("`{}` failed", self.tool.join(" "));
        }
        Ok(begin.elapsed())
    }
}

impl Figures {
    fn row(&self) -> String {
        let met = |is_met: bool| if is_met { "" } else { " (NOT MET)" };
        format!(
            "| {} | {:.0} ms | {:.1} ms | {:.2} ms of {}{} | {:.0} MiB/s{} | {:.0} MiB/s | {:.0} MiB |",
            self.name,
            self.cold,
            self.first,
            self.second,
            self.limit,
            met(self.second <= self.limit),
            self.output,
            met(self.output >= 0.7 * self.piped),
            self.piped,
            self.memory,
        )
    }

    fn to_json(&self) -> Value {
        json!({
            "language": self.name, "cold_ms": self.cold, "first_ms": self.first, "second_p50_ms": self.second,
            "second_p50_at_most_ms": self.limit, "output_mib_per_s": self.output, "piped_mib_per_s": self.piped,
            "memory_mib": self.memory,
        })
    }
}

fn mib_per_second(time: Duration) -> f64 {
    f64::from(u32::try_from(OUTPUT_BYTES).unwrap_or(u32::MAX)) / 1_048_576.0 / time.as_secs_f64()
}
