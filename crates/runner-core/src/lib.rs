//! The core of kernel-runner: the wire protocol, the FIFO queue, processes and their output, sessions, and the [`Runner`]
//! trait that every language implements.
//!
//! # Writing a runner
//!
//! A language is a crate that implements [`Runner`] and names it in [`register_runner!`]. A binary that links the crate has
//! the language. The methods are those of the original's manual; what they print, run and read goes through the [`Task`].
//!
//! # Writing a front end
//!
//! An [`Engine`] takes [`Request`]s and yields [`Records`]. [`Sockets`] put it on the Backend.AI wire.

mod cache;
mod completeness;
mod context;
mod daemon;
mod error;
mod init;
mod input;
mod interrupt;
mod outbox;
mod process;
mod project;
mod registry;
mod runner;
mod saving;
mod session;
mod syntax;
mod task;
mod temp_folder;
mod terminal;
mod wire;

pub use async_trait::async_trait;
pub use bytes::Bytes;

pub use cache::Cache;
pub use completeness::Completeness;
pub use context::{Context, QueryMode, Settings, TerminalEndpoints};
pub use daemon::zeromq::Sockets;
pub use daemon::{ClientLog, Engine, EngineConfig, Health, Snapshot};
pub use error::{BindError, MissingProgram, Result, Unsupported};
pub use init::{Init, under_init};
pub use input::{InputMode, InputSender, SideChannels};
pub use outbox::{Outgoing, Records};
pub use process::{Captured, Command, Environment, which};
pub use project::Project;
pub use registry::{Choice, LookupError, Registration, Tool};
pub use runner::Runner;
pub use saving::save_form;
pub use session::Session;
pub use syntax::Syntax;
pub use task::{Task, TaskKind};
pub use terminal::{AtEnd, Terminal, TerminalCommand, TerminalQuery};
pub use wire::{
    AppsResult, CompletionFormat, CompletionRequest, DecodeError, Display, Event, ExitCode, Frames, HealthCheck,
    MAX_PAYLOAD, ModelService, ModelServiceStatus, Record, Request, RequestKind, ServiceOptions, ServiceResult,
    ServiceState, StartModelService, StartService, Status, Step,
};

/// What [`register_runner!`] expands to. Not for anybody else.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
}
