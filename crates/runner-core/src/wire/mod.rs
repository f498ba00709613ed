//! The wire protocol as types and bytes, without any I/O.
//!
//! A message is two frames, `[kind, payload]`. A [`Request`] comes from the client, a [`Record`] goes to it; each message
//! that has a structure of its own has a module of its own. Both directions have both halves of the codec, so that
//! clients and tests speak through the same types.

mod completion;
mod display;
mod event;
mod exit_code;
mod model_service;
mod record;
mod request;
mod service;
mod status;

pub use completion::{CompletionFormat, CompletionRequest};
pub use display::Display;
pub use event::Event;
pub use exit_code::ExitCode;
pub use model_service::{HealthCheck, ModelService, ModelServiceStatus, StartModelService};
pub use record::{MAX_PAYLOAD, Record};
pub use request::{DecodeError, Request, RequestKind, Step};
pub use service::{AppsResult, ServiceOptions, ServiceResult, ServiceState, StartService};
pub use status::Status;

/// The two frames of a message: its kind in ASCII, and its payload.
pub type Frames = (&'static str, bytes::Bytes);
