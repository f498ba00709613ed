use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{CompletionRequest, Event, Frames, StartModelService, StartService};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `clean`: batch step 0.
    Clean(Step),
    /// `build`: batch step 1.
    Build(Step),
    /// `exec`: batch step 2.
    Execute(Step),
    /// `code`: query mode.
    Query(String),
    /// `input`: the answer to `waiting-input`.
    Input(Bytes),
    /// `complete`.
    Complete(CompletionRequest),
    /// `interrupt`.
    Interrupt,
    /// `status`.
    Status,
    /// `start-service`.
    StartService(StartService),
    /// `shutdown-service`: the service's name.
    ShutdownService(String),
    /// `get-apps`: one service's name, or all.
    GetApps(Option<String>),
    /// `start-model-service`.
    StartModelService(StartModelService),
    /// `event`.
    Event(Event),
}

/// What a batch step is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An empty payload: nothing; it succeeds.
    Skip,
    /// `*`: what the language's runner thinks best.
    Heuristic,
    /// A shell command.
    Command(String),
}

/// A message that is not a request.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// A message has exactly two frames.
    #[error("a message has two frames, this one has {0}: dropped")]
    FrameCount(usize),
    /// Nobody knows such a request.
    #[error("unknown request {0:?}: ignored")]
    UnknownKind(String),
    /// The kind is known, but the payload is not what it takes.
    #[error("bad payload of `{kind}`: {problem}")]
    Payload {
        /// The kind of the request.
        kind: RequestKind,
        /// What is wrong with its payload.
        problem: String,
    },
}

/// The first frame of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the variants of `Request`")]
pub enum RequestKind {
    Clean,
    Build,
    Execute,
    Query,
    Input,
    Complete,
    Interrupt,
    Status,
    StartService,
    ShutdownService,
    GetApps,
    StartModelService,
    Event,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Clean,
        Self::Build,
        Self::Execute,
        Self::Query,
        Self::Input,
        Self::Complete,
        Self::Interrupt,
        Self::Status,
        Self::StartService,
        Self::ShutdownService,
        Self::GetApps,
        Self::StartModelService,
        Self::Event,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Build => "build",
            Self::Execute => "exec",
            Self::Query => "code",
            Self::Input => "input",
            Self::Complete => "complete",
            Self::Interrupt => "interrupt",
            Self::Status => "status",
            Self::StartService => "start-service",
            Self::ShutdownService => "shutdown-service",
            Self::GetApps => "get-apps",
            Self::StartModelService => "start-model-service",
            Self::Event => "event",
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Request {
    /// Reads a message off the wire.
    ///
    /// ```
    /// use runner_core::{Request, Step};
    /// let request = Request::decode(&[b"build".as_slice(), b"*"]).expect("a well-formed message");
    /// assert_eq!(request, Request::Build(Step::Heuristic));
    /// ```
    pub fn decode<F: AsRef<[u8]>>(frames: &[F]) -> Result<Self, DecodeError> {
        let [kind, payload] = frames else { return Err(DecodeError::FrameCount(frames.len())) };
        let (name, payload) = (kind.as_ref(), payload.as_ref());
        let kind = RequestKind::ALL
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
            .ok_or_else(|| DecodeError::UnknownKind(name.escape_ascii().to_string()))?;
        Self::decode_payload(kind, payload).map_err(|problem| DecodeError::Payload { kind, problem })
    }

    fn decode_payload(kind: RequestKind, payload: &[u8]) -> Result<Self, String> {
        Ok(match kind {
            RequestKind::Clean => Self::Clean(step(payload)?),
            RequestKind::Build => Self::Build(step(payload)?),
            RequestKind::Execute => Self::Execute(step(payload)?),
            RequestKind::Query => Self::Query(text(payload)?),
            RequestKind::Input => Self::Input(Bytes::copy_from_slice(payload)),
            RequestKind::Complete => Self::Complete(json(payload)?),
            RequestKind::Interrupt => Self::Interrupt,
            RequestKind::Status => Self::Status,
            RequestKind::StartService => Self::StartService(json(payload)?),
            RequestKind::ShutdownService => Self::ShutdownService(json(payload)?),
            RequestKind::GetApps => Self::GetApps(Some(text(payload)?).filter(|name| !name.is_empty())),
            RequestKind::StartModelService => Self::StartModelService(json(payload)?),
            RequestKind::Event => Self::Event(json(payload)?),
        })
    }

    /// The kind of this request.
    #[must_use]
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Clean(_) => RequestKind::Clean,
            Self::Build(_) => RequestKind::Build,
            Self::Execute(_) => RequestKind::Execute,
            Self::Query(_) => RequestKind::Query,
            Self::Input(_) => RequestKind::Input,
            Self::Complete(_) => RequestKind::Complete,
            Self::Interrupt => RequestKind::Interrupt,
            Self::Status => RequestKind::Status,
            Self::StartService(_) => RequestKind::StartService,
            Self::ShutdownService(_) => RequestKind::ShutdownService,
            Self::GetApps(_) => RequestKind::GetApps,
            Self::StartModelService(_) => RequestKind::StartModelService,
            Self::Event(_) => RequestKind::Event,
        }
    }

    /// Writes it as a client would.
    #[must_use]
    pub fn encode(&self) -> Frames {
        let payload = match self {
            Self::Clean(step) | Self::Build(step) | Self::Execute(step) => match step {
                Step::Skip => Bytes::new(),
                Step::Heuristic => Bytes::from_static(b"*"),
                Step::Command(command) => command.clone().into(),
            },
            Self::Query(code) => code.clone().into(),
            Self::Input(text) => text.clone(),
            Self::Complete(request) => to_json(request),
            Self::Interrupt | Self::Status | Self::GetApps(None) => Bytes::new(),
            Self::StartService(service) => to_json(service),
            Self::ShutdownService(name) => to_json(name),
            Self::GetApps(Some(name)) => name.clone().into(),
            Self::StartModelService(service) => to_json(service),
            Self::Event(event) => to_json(event),
        };
        (self.kind().name(), payload)
    }
}

fn text(payload: &[u8]) -> Result<String, String> {
    match std::str::from_utf8(payload) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(format!("not UTF-8 from byte {} on", error.valid_up_to())),
    }
}

fn step(payload: &[u8]) -> Result<Step, String> {
    Ok(match text(payload)? {
        command if command.is_empty() => Step::Skip,
        command if command == "*" => Step::Heuristic,
        command => Step::Command(command),
    })
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    serde_json::from_slice(payload).map_err(|error| error.to_string())
}

pub(super) fn to_json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("the wire's types have text keys and no failing serializer").into()
}
