//! A client on real sockets, as an agent is one.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use runner_core::{CompletionFormat, Display, Record, Request, RequestKind};

use crate::daemon::{Daemon, DaemonLog};
use crate::patience::PATIENCE;

const RECONNECT_MS: i32 = 5;
/// How long a client that goes away looks for output that nobody has read, in milliseconds.
const LEFTOVER_MS: i64 = 20;
/// How many of the last records a failure shows.
const SHOWN_RECORDS: usize = 20;

/// A client. Output that it has not read when it is dropped fails the test; `log` records excepted.
pub struct Client {
    context: zmq::Context,
    requests: zmq::Socket,
    records: Option<zmq::Socket>,
    records_endpoint: String,
    answers: VecDeque<String>,
    read: Vec<String>,
    log: DaemonLog,
    patience: Duration,
}

/// What came of one request, or of a part of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// All of `stdout`.
    pub stdout: Vec<u8>,
    /// All of `stderr`.
    pub stderr: Vec<u8>,
    /// All that was shown.
    pub displays: Vec<Display>,
    /// All `log` lines.
    pub log: Vec<String>,
    /// The exit code of its `finished`, once that has come.
    pub exit_code: Option<i32>,
    /// Every record, in order.
    pub records: Vec<Record>,
}

impl Client {
    /// Connects to both sockets.
    #[must_use]
    pub fn connect(daemon: &Daemon) -> Self {
        let mut client = Self::connect_without_reading(daemon);
        client.start_reading();
        client
    }

    /// Connects to the socket that takes requests, but not to the one that gives records.
    #[must_use]
    pub fn connect_without_reading(daemon: &Daemon) -> Self {
        Self::at(&daemon.endpoint("in"), &daemon.endpoint("out"), daemon)
    }

    /// As [`connect_without_reading`](Self::connect_without_reading), to endpoints of the caller's choice.
    ///
    /// # Panics
    /// When the endpoint is none.
    #[must_use]
    pub fn at(repl_in: &str, repl_out: &str, daemon: &Daemon) -> Self {
        let context = zmq::Context::new();
        let requests = socket(&context, zmq::PUSH, repl_in);
        requests
            .set_linger(i32::try_from(PATIENCE.as_millis()).expect("it is half a minute"))
            .expect("a linger in range");
        Self {
            context,
            requests,
            records: None,
            records_endpoint: repl_out.to_owned(),
            answers: VecDeque::new(),
            read: Vec::new(),
            log: daemon.log(),
            patience: PATIENCE,
        }
    }

    /// Connects to the socket that gives records.
    pub fn start_reading(&mut self) {
        self.records.get_or_insert_with(|| socket(&self.context, zmq::PULL, &self.records_endpoint));
    }

    /// Waits this long for each record, instead of ten seconds.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Prepares an answer to the next `waiting-input` that nobody answers before.
    pub fn answer(&mut self, text: &str) {
        self.answers.push_back(text.to_owned());
    }

    /// Sends a request.
    #[expect(clippy::needless_pass_by_value, reason = "tests write the request where they send it")]
    pub fn send(&self, request: Request) {
        let (kind, payload) = request.encode();
        self.send_raw(&[kind.as_bytes(), &payload]);
    }

    /// Sends a message of any frames.
    ///
    /// # Panics
    /// When libzmq refuses it.
    pub fn send_raw(&self, frames: &[&[u8]]) {
        self.requests.send_multipart(frames, 0).expect("failed to send a request");
    }

    /// The next record.
    ///
    /// # Panics
    /// When none comes.
    #[expect(clippy::should_implement_trait, reason = "an iterator ends, and this one fails the test instead")]
    pub fn next(&mut self) -> Record {
        match self.next_within(self.patience) {
            Some(record) => record,
            None => panic!(
                "no record within {:?}; read so far:\n{}\nthe daemon said:\n{}",
                self.patience,
                self.read_so_far(),
                self.log.text()
            ),
        }
    }

    /// The next record, if one comes in time.
    ///
    /// # Panics
    /// When what comes is no record.
    pub fn next_within(&mut self, patience: Duration) -> Option<Record> {
        let frames = self.next_raw_within(patience)?;
        let record =
            Record::decode(&frames).unwrap_or_else(|error| panic!("a record that is none: {error:#}: {frames:?}"));
        self.read.push(in_short(&record));
        Some(record)
    }

    /// The frames of the next message, if one comes in time.
    ///
    /// # Panics
    /// When the client does not read.
    pub fn next_raw_within(&mut self, patience: Duration) -> Option<Vec<Vec<u8>>> {
        let records = self.records.as_ref().expect("this client does not read yet");
        let millis = i64::try_from(patience.as_millis()).expect("a patience in range");
        let is_there = records.poll(zmq::POLLIN, millis).expect("failed to wait for a record") > 0;
        is_there.then(|| records.recv_multipart(0).expect("failed to receive a record"))
    }

    /// Sends a request and reads its records up to the one that ends it.
    pub fn run(&mut self, request: Request) -> Outcome {
        let kind = request.kind();
        self.send(request);
        self.finish(kind)
    }

    /// Runs code in query mode.
    pub fn query(&mut self, code: &str) -> Outcome {
        self.run(Request::Query(code.to_owned()))
    }

    /// Reads records up to the one that ends a request of kind `kind`.
    pub fn finish(&mut self, kind: RequestKind) -> Outcome {
        self.collect(|outcome| outcome.records.last().is_some_and(|record| ends(kind, record)))
    }

    /// Reads records until `text` has come on `stdout`.
    ///
    /// # Panics
    /// When the request ends before.
    pub fn read_until_stdout(&mut self, text: &str) -> Outcome {
        let outcome = self.collect(|outcome| {
            outcome.exit_code.is_some() || outcome.stdout.windows(text.len()).any(|window| window == text.as_bytes())
        });
        assert_eq!(outcome.exit_code, None, "it ended before it printed {text:?}: {outcome:?}");
        outcome
    }

    /// Reads records, and answers those that wait for input, until `is_enough` says so.
    pub fn collect(&mut self, is_enough: impl Fn(&Outcome) -> bool) -> Outcome {
        let mut outcome = Outcome::default();
        while !is_enough(&outcome) {
            let record = self.next();
            if matches!(record, Record::WaitingInput { .. })
                && let Some(text) = self.answers.pop_front()
            {
                self.send(Request::Input(text.into()));
            }
            outcome.add(record);
        }
        outcome
    }

    fn read_so_far(&self) -> String {
        let skipped = self.read.len().saturating_sub(SHOWN_RECORDS);
        self.read[skipped..].join("\n")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if thread::panicking() || self.records.is_none() {
            return;
        }
        while let Some(record) = self.next_within(Duration::from_millis(LEFTOVER_MS.unsigned_abs())) {
            if !matches!(record, Record::Log(_)) {
                let record = in_short(&record);
                panic!("nobody has read {record}; read before:\n{}", self.read_so_far());
            }
        }
    }
}

impl Outcome {
    /// `stdout` as text.
    #[must_use]
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// `stderr` as text.
    #[must_use]
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    fn add(&mut self, record: Record) {
        match &record {
            Record::Stdout(bytes) => self.stdout.extend_from_slice(bytes),
            Record::Stderr(bytes) => self.stderr.extend_from_slice(bytes),
            Record::Display(display) => self.displays.push(display.clone()),
            Record::Log(line) => self.log.push(line.clone()),
            Record::CleanFinished(code) | Record::BuildFinished(code) | Record::Finished(code) => {
                self.exit_code = Some(code.value());
            }
            _ => {}
        }
        self.records.push(record);
    }
}

/// Whether `record` is the last one of a request of kind `kind`.
pub(crate) fn ends(kind: RequestKind, record: &Record) -> bool {
    match kind {
        RequestKind::Clean => matches!(record, Record::CleanFinished(_)),
        RequestKind::Build => matches!(record, Record::BuildFinished(_)),
        RequestKind::Complete => matches!(record, Record::Completion(_)),
        RequestKind::Status => matches!(record, Record::Status(_)),
        RequestKind::StartService => matches!(record, Record::ServiceResult(_)),
        RequestKind::GetApps => matches!(record, Record::AppsResult(_)),
        RequestKind::StartModelService => matches!(record, Record::ModelServiceResult(_)),
        _ => matches!(record, Record::Finished(_)),
    }
}

pub(crate) fn socket(context: &zmq::Context, kind: zmq::SocketType, endpoint: &str) -> zmq::Socket {
    let socket = context.socket(kind).expect("failed to make a socket");
    socket.set_reconnect_ivl(RECONNECT_MS).expect("failed to set the pause between two tries to connect");
    socket.set_linger(0).expect("failed to set the linger");
    socket.connect(endpoint).unwrap_or_else(|error| panic!("failed to connect to {endpoint}: {error}"));
    socket
}

/// A record in one line.
fn in_short(record: &Record) -> String {
    const LENGTH: usize = 200;
    let (name, payload) = record.encode(CompletionFormat::Object);
    let more = if payload.len() > LENGTH { "..." } else { "" };
    format!("{name} {}{more} ({} bytes)", payload[..payload.len().min(LENGTH)].escape_ascii(), payload.len())
}
