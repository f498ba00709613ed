//! `cargo xtask bench`: how fast and how small a release build is, beside what the machine does without it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use zmq::SocketType;

use crate::client::{Daemon, Transport, binary, connect, endpoints};
use crate::measure::{Measure, Target, children, median, ms, percentile, print_table, pss_mib};
use crate::shell::{cargo, root, which};
use crate::{compilers, interpreters};

const STARTS: usize = 10;
const WARM_UPS: usize = 100;
const ROUND_TRIPS: usize = 1000;
const STREAM_BYTES: usize = 1 << 30;
const REPETITIONS: usize = 3;
const PRINTS: &str = "for i in range(200000): print(i)\n";

pub(crate) fn run(json: &Path) -> Result<()> {
    cargo(["build", "--release", "--package", "kernel-runner"]).run()?;
    let binary = binary("release");
    let python = python()?;
    eprintln!("measuring: this takes about five minutes, and wants a quiet machine");
    let mut measures = vec![start(&binary, &python)?];
    let bare_start = measures[0].beside.unwrap_or_default();
    measures.extend(memory(&binary, &python)?);
    measures.extend(round_trip(&binary, &python)?);
    measures.push(throughput(&binary)?);
    measures.push(prints(&binary, &python, bare_start)?);
    print_table(&measures);

    let file = root().join(json);
    let mut values: Vec<Value> = measures.iter().map(Measure::to_json).collect();
    values.push(json!({ "interpreters": interpreters::run()?, "compilers": compilers::run()? }));
    let values = Value::from(values);
    fs::write(&file, format!("{values:#}\n")).with_context(|| format!("failed to write {}", file.display()))?;
    println!("\nThe same as JSON: {}", json.display());
    Ok(())
}

/// The interpreter itself. Where the `PATH` has a version manager's script instead, the system's is taken, and the daemon is
/// told so: neither side is to be charged for that script.
fn python() -> Result<PathBuf> {
    let found = which("python3").context("python3 is not on the PATH")?;
    let system = Path::new("/usr/bin/python3");
    let is_script = fs::read(&found).is_ok_and(|bytes| bytes.starts_with(b"#!"));
    if is_script && system.is_file() {
        return Ok(system.to_owned());
    }
    Ok(found)
}

fn start_python(binary: &Path, python: &Path, transport: Transport) -> Result<Daemon> {
    Daemon::start(binary, "python", Some(python), transport)
}

/// From the start of the process to the end of its first query.
fn start(binary: &Path, python: &Path) -> Result<Measure> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let begin = Instant::now();
        let daemon = start_python(binary, python, Transport::Ipc)?;
        expect_success(daemon.finish("code", "print(1)")?)?;
        ours.push(begin.elapsed());
        daemon.end()?;

        let begin = Instant::now();
        let status = Command::new(python).args(["-c", "pass"]).status()?;
        bare.push(begin.elapsed());
        expect_success(status.code().unwrap_or(1).into())?;
    }
    let bare = ms(median(&mut bare));
    Ok(Measure {
        name: "start to the first Python answer (beside: python3 -c pass)",
        unit: "ms",
        value: ms(median(&mut ours)),
        beside: Some(bare),
        target: Target::AtMost(1.5 * bare + 15.0),
    })
}

/// What an idle runner takes up, each page divided among those who share it.
fn memory(binary: &Path, python: &Path) -> Result<[Measure; 2]> {
    let daemon = start_python(binary, python, Transport::Ipc)?;
    expect_success(daemon.finish("code", "1")?)?;
    thread::sleep(Duration::from_millis(300));
    let init = daemon.process();
    let served = children(init);
    let own = std::iter::once(init).chain(served.iter().copied()).map(pss_mib).sum::<Result<f64>>()?;
    let interpreters = served.iter().flat_map(|process| children(*process)).map(pss_mib).sum::<Result<f64>>()?;
    let measure = |name, value, target| Measure { name, unit: "MiB", value, beside: None, target };
    Ok([
        // The target is in megabytes of a million bytes.
        measure("idle memory (PSS) of the runner's own two processes", own, Target::AtMost(5e6 / 1_048_576.0)),
        measure("the same with the Python interpreter", own + interpreters, Target::None),
    ])
}

fn round_trip(binary: &Path, python: &Path) -> Result<[Measure; 2]> {
    let daemon = start_python(binary, python, Transport::Tcp)?;
    let mut times = Vec::new();
    for _ in 0..WARM_UPS + ROUND_TRIPS {
        let begin = Instant::now();
        expect_success(daemon.finish("code", "1")?)?;
        times.push(begin.elapsed());
    }
    let times = &mut times[WARM_UPS..];
    let measure =
        |name, time, limit| Measure { name, unit: "ms", value: ms(time), beside: None, target: Target::AtMost(limit) };
    Ok([
        measure("round trip of a trivial query, p50", percentile(times, 50), 0.5),
        measure("round trip of a trivial query, p99", percentile(times, 99), 2.0),
    ])
}

/// How fast a command's output reaches the client, beside two bare sockets with messages of the same size.
fn throughput(binary: &Path) -> Result<Measure> {
    let daemon = Daemon::start(binary, "c", None, Transport::Tcp)?;
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        daemon.send("exec", &format!("head -c {STREAM_BYTES} /dev/zero"))?;
        let (mut bytes, mut records) = (0, 0);
        loop {
            let record = daemon.receive()?;
            if record.kind == "stdout" {
                bytes += record.payload.len();
                records += 1;
            }
            if let Some(exit_code) = record.exit_code() {
                expect_success(exit_code)?;
                break;
            }
        }
        ours.push(begin.elapsed());
        if bytes != STREAM_BYTES {
            bail!("{STREAM_BYTES} bytes were written and {bytes} arrived");
        }
        raw.push(raw_stream(bytes / records, records)?);
    }
    let mib = f64::from(u32::try_from(STREAM_BYTES / 1024 / 1024)?);
    let raw = mib / median(&mut raw).as_secs_f64();
    Ok(Measure {
        name: "output of head -c 1G /dev/zero (beside: bare PUSH and PULL)",
        unit: "MiB/s",
        value: mib / median(&mut ours).as_secs_f64(),
        beside: Some(raw),
        target: Target::AtLeast(0.7 * raw),
    })
}

/// From the first message to the last: the start of the sender is not counted.
fn raw_stream(message_bytes: usize, messages: usize) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let [endpoint, _] = endpoints(Transport::Tcp, folder.path())?;
    let socket = connect(&zmq::Context::new(), SocketType::PULL, &endpoint)?;
    // This very program, also when a build has replaced its file meanwhile.
    let mut sender = Command::new("/proc/self/exe")
        .args(["raw-push", &endpoint, &message_bytes.to_string(), &messages.to_string()])
        .spawn()?;
    socket.recv_multipart(0)?;
    let begin = Instant::now();
    for _ in 1..messages {
        socket.recv_multipart(0)?;
    }
    let elapsed = begin.elapsed();
    expect_success(sender.wait()?.code().unwrap_or(1).into())?;
    Ok(elapsed)
}

/// Many small prints in a query, beside the same script with its output in a file, less the interpreter's start.
fn prints(binary: &Path, python: &Path, bare_start_ms: f64) -> Result<Measure> {
    let daemon = start_python(binary, python, Transport::Tcp)?;
    expect_success(daemon.finish("code", "1")?)?;
    let script = daemon.work_dir().join("prints.py");
    fs::write(&script, PRINTS)?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        expect_success(daemon.finish("code", PRINTS)?)?;
        ours.push(begin.elapsed());

        let output = fs::File::create(daemon.work_dir().join("prints.txt"))?;
        let begin = Instant::now();
        let status =
            Command::new(python).arg(&script).env_remove("PYTHONUNBUFFERED").stdout(Stdio::from(output)).status()?;
        bare.push(begin.elapsed());
        expect_success(status.code().unwrap_or(1).into())?;
    }
    let bare = ms(median(&mut bare)) - bare_start_ms;
    Ok(Measure {
        name: "200,000 times print(i) (beside: into a file)",
        unit: "ms",
        value: ms(median(&mut ours)),
        beside: Some(bare),
        target: Target::AtMost(1.5 * bare),
    })
}

fn expect_success(exit_code: i64) -> Result<()> {
    if exit_code != 0 {
        bail!("what was measured failed, with exit code {exit_code}");
    }
    Ok(())
}
