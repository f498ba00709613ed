//! How an engine is: asked of the dispatcher itself, so that the answer is one.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::task::TaskKind;

/// Asks an engine how it is.
#[derive(Clone, Debug)]
pub struct Health(mpsc::Sender<oneshot::Sender<Snapshot>>);

/// What an engine does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// How long it has been up.
    pub uptime: Duration,
    /// The request that runs.
    pub running: Option<TaskKind>,
    /// How many requests wait behind it.
    pub waiting: usize,
}

/// The other end: who asks.
pub(super) type Askers = mpsc::Receiver<oneshot::Sender<Snapshot>>;

pub(super) fn health() -> (Health, Askers) {
    let (asker, askers) = mpsc::channel(1);
    (Health(asker), askers)
}

impl Health {
    /// What the engine does. `None`: it has ended. An engine that is stuck does not answer: who asks sets a limit.
    pub async fn snapshot(&self) -> Option<Snapshot> {
        let (answer, answered) = oneshot::channel();
        self.0.send(answer).await.ok()?;
        answered.await.ok()
    }
}
