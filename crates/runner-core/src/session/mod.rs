//! A long-lived interpreter that keeps the state between queries, and the link to the driver that runs in it.
//!
//! The contract with the driver is `docs/src/session-link.md`.

mod beside;
mod files;
mod frame;
mod interpreter;
mod keeper;
mod link;
mod names;

pub use keeper::Session;
