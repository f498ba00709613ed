//! The only place that spawns: commands, their process groups and pipes, and how they end.

mod capture;
mod child;
mod command;
mod display;
mod environment;
mod group;
mod latecomers;
mod memory;
mod outcome;
mod pty;
mod pump;
mod which;

pub use capture::Captured;
pub use command::Command;
pub use environment::Environment;
pub use which::which;

pub(crate) use capture::capture;
pub(crate) use child::{Child, Pipes, spawn};
pub(crate) use group::Group;
pub(crate) use latecomers::Latecomers;
pub(crate) use memory::OomWatch;
pub(crate) use outcome::Outcome;
pub(crate) use pty::{PtyEvent, PtyProgram, WindowSize, spawn_on_pty};
pub(crate) use pump::Pump;
