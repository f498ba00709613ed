//! `kernel-runner ping`: asks a daemon how it is.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use crate::Failure;
use crate::cli::Ping;
use crate::health;

/// No daemon is as long-winded.
const LONGEST_ANSWER: u64 = 4096;

pub(crate) fn ping(options: &Ping) -> Result<ExitCode, Failure> {
    let endpoint = options.address.repl_in().map_err(Failure::usage)?;
    let address = health::address(&endpoint).map_err(Failure::software)?;
    let (answer, answered) = mpsc::channel();
    // To connect waits as well, where too many others do, and cannot be given a limit.
    thread::spawn(move || answer.send(ask(&address)));
    let reason = match answered.recv_timeout(options.timeout) {
        Ok(Ok(line)) if line.ends_with('\n') => {
            io::stdout().write_all(line.as_bytes()).map_err(Failure::io)?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(Ok(_)) => "it is there, and does not answer".to_owned(),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => "there is none".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(RecvTimeoutError::Timeout) => format!("no answer within {:?}", options.timeout),
        Err(RecvTimeoutError::Disconnected) => "failed to ask".to_owned(),
    };
    eprintln!("kernel-runner: ping: the daemon at {endpoint}: {reason}");
    Ok(ExitCode::FAILURE)
}

fn ask(address: &SocketAddr) -> io::Result<String> {
    let mut line = String::new();
    UnixStream::connect_addr(address)?.take(LONGEST_ANSWER).read_to_string(&mut line)?;
    Ok(line)
}
