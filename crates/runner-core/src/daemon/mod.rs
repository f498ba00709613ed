//! The engine: requests in, records out, one task at a time.
//!
//! ```text
//! front end ─Request─▶ dispatcher ─Order─▶ worker ─▶ Runner ─▶ Task
//!                          │                                    │ output
//!     complete, interrupt, │ status, input: beside the queue    ▼
//! front end ◀─Record───────┴────────────────────────────────  outbox
//! ```
//!
//! The [`dispatcher`] decides, in a function without I/O. The [`engine`] carries its decisions out, and the [`worker`] runs what
//! queues. [`zeromq`] is one front end; the command line's is in `kernel-runner`.

mod dispatcher;
mod engine;
mod fitting;
mod health;
mod worker;
pub(crate) mod zeromq;

pub use engine::{ClientLog, Engine, EngineConfig};
pub use health::{Health, Snapshot};
