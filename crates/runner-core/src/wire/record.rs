use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::display::{Display, HTML};
use super::request::to_json;
use super::{AppsResult, CompletionFormat, ExitCode, Frames, ModelServiceStatus, ServiceResult, Status};

/// Agents of 2017 and 2018 cut every payload to this many bytes, and those of today `stdout` and `stderr`.
pub const MAX_PAYLOAD: usize = 10 * 1024 * 1024;

/// What the runner tells a client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record {
    /// `stdout`: bytes that need not end where a character ends.
    Stdout(Bytes),
    /// `stderr`: likewise.
    Stderr(Bytes),
    /// `html` or `media`.
    Display(Display),
    /// `log`: a line that the client shows as such.
    Log(String),
    /// `completion`: the suggestions.
    Completion(Vec<String>),
    /// `waiting-input`: a program waits for a line.
    WaitingInput {
        /// Whether what the user types is to be hidden.
        is_password: bool,
    },
    /// `clean-finished`.
    CleanFinished(ExitCode),
    /// `build-finished`.
    BuildFinished(ExitCode),
    /// `finished`: the end of `exec` and of `code`.
    Finished(ExitCode),
    /// `status`.
    Status(Status),
    /// `service-result`.
    ServiceResult(ServiceResult),
    /// `apps-result`.
    AppsResult(AppsResult),
    /// `model-service-result`.
    ModelServiceResult(ServiceResult),
    /// `model-service-status`.
    ModelServiceStatus(ModelServiceStatus),
}

#[derive(Serialize, Deserialize)]
struct WaitingInput {
    is_password: bool,
}

/// The seed sent an empty payload, which means success.
#[derive(Serialize, Deserialize)]
struct Finished {
    #[serde(rename = "exitCode")]
    exit_code: ExitCode,
}

impl Record {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stdout(_) => "stdout",
            Self::Stderr(_) => "stderr",
            Self::Display(display) => display.kind(),
            Self::Log(_) => "log",
            Self::Completion(_) => "completion",
            Self::WaitingInput { .. } => "waiting-input",
            Self::CleanFinished(_) => "clean-finished",
            Self::BuildFinished(_) => "build-finished",
            Self::Finished(_) => "finished",
            Self::Status(_) => "status",
            Self::ServiceResult(_) => "service-result",
            Self::AppsResult(_) => "apps-result",
            Self::ModelServiceResult(_) => "model-service-result",
            Self::ModelServiceStatus(_) => "model-service-status",
        }
    }

    /// Writes it for the client.
    ///
    /// # Panics
    ///
    /// Never: every record has a form.
    #[must_use]
    pub fn encode(&self, format: CompletionFormat) -> Frames {
        let payload = match self {
            Self::Stdout(bytes) | Self::Stderr(bytes) => bytes.clone(),
            Self::Display(display) => return display.frames().next().expect("there is a form at least"),
            Self::Log(text) => text.clone().into(),
            Self::Completion(suggestions) => format.encode(suggestions).into(),
            Self::WaitingInput { is_password } => to_json(&WaitingInput { is_password: *is_password }),
            Self::CleanFinished(code) | Self::BuildFinished(code) | Self::Finished(code) => {
                to_json(&Finished { exit_code: *code })
            }
            Self::Status(status) => {
                rmp_serde::to_vec_named(status).expect("a map of one number has a MessagePack form").into()
            }
            Self::ServiceResult(result) | Self::ModelServiceResult(result) => to_json(result),
            Self::AppsResult(result) => to_json(result),
            Self::ModelServiceStatus(status) => to_json(status),
        };
        (self.name(), payload)
    }

    /// Reads a message as a client does.
    pub fn decode<F: AsRef<[u8]>>(frames: &[F]) -> anyhow::Result<Self> {
        let [name, payload] = frames else { anyhow::bail!("a message has two frames, this one has {}", frames.len()) };
        let (name, payload) = (std::str::from_utf8(name.as_ref())?, payload.as_ref());
        let bytes = || Bytes::copy_from_slice(payload);
        let text = || std::str::from_utf8(payload).map(str::to_owned);
        let exit_code = || match payload {
            b"" => Ok(ExitCode::SUCCESS),
            json => serde_json::from_slice::<Finished>(json).map(|finished| finished.exit_code),
        };
        Ok(match name {
            "stdout" => Self::Stdout(bytes()),
            "stderr" => Self::Stderr(bytes()),
            "media" => Self::Display(Display::decode_media(payload)?),
            "html" => Self::Display(Display::new(HTML, text()?)),
            "log" => Self::Log(text()?),
            "completion" => Self::Completion(CompletionFormat::decode(payload)?),
            "waiting-input" if payload.is_empty() => Self::WaitingInput { is_password: false },
            "waiting-input" => {
                Self::WaitingInput { is_password: serde_json::from_slice::<WaitingInput>(payload)?.is_password }
            }
            "clean-finished" => Self::CleanFinished(exit_code()?),
            "build-finished" => Self::BuildFinished(exit_code()?),
            "finished" => Self::Finished(exit_code()?),
            "status" => Self::Status(rmp_serde::from_slice(payload)?),
            "service-result" => Self::ServiceResult(serde_json::from_slice(payload)?),
            "apps-result" => Self::AppsResult(serde_json::from_slice(payload)?),
            "model-service-result" => Self::ModelServiceResult(serde_json::from_slice(payload)?),
            "model-service-status" => Self::ModelServiceStatus(serde_json::from_slice(payload)?),
            other => anyhow::bail!("unknown record {other:?}"),
        })
    }
}
