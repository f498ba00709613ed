//! The way of every record to the client: two lanes into one reader.
//!
//! Output takes the *queue*: it is bounded in bytes, so a slow or absent reader makes the writer wait, and through its pipe
//! the child. Answers to what does not queue (`status`, completions, logs) go *beside* it and overtake; that lane never
//! makes anybody wait, so it is bounded in records and drops, with a warning, what nobody takes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::wire::Record;

/// How many bytes of output may wait for the reader.
const QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// How many answers may wait beside the queue.
const BESIDE_RECORDS: usize = 1024;
/// What a record weighs beyond its payload.
const RECORD_OVERHEAD: usize = 128;
/// Output is cut into records of at most this many bytes.
pub(crate) const CHUNK: usize = 256 * 1024;

pub(crate) fn outbox() -> (Outbox, Records) {
    let (queue, queued) = mpsc::unbounded_channel();
    let (beside, answers) = mpsc::channel(BESIDE_RECORDS);
    let room = Arc::new(Semaphore::new(QUEUE_BYTES));
    (Outbox { queue, room, beside: Beside(beside) }, Records { queued, answers })
}

#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    queue: mpsc::UnboundedSender<Outgoing>,
    room: Arc<Semaphore>,
    beside: Beside,
}

/// The lane of the answers alone. Who holds it does not keep the queue open.
#[derive(Clone, Debug)]
pub(crate) struct Beside(mpsc::Sender<Record>);

impl Outbox {
    /// Waits until there is room, then queues the record, output in chunks.
    pub(crate) async fn send(&self, record: Record) {
        match record {
            Record::Stdout(mut bytes) => {
                while !bytes.is_empty() {
                    let chunk = bytes.split_to(bytes.len().min(CHUNK));
                    self.reserve(chunk.len()).await.send(Record::Stdout(chunk));
                }
            }
            Record::Stderr(mut bytes) => {
                while !bytes.is_empty() {
                    let chunk = bytes.split_to(bytes.len().min(CHUNK));
                    self.reserve(chunk.len()).await.send(Record::Stderr(chunk));
                }
            }
            record => self.reserve(weight(&record)).await.send(record),
        }
    }

    /// Waits for room for `bytes` bytes. Cancelling the wait loses nothing: what is to be sent is named only afterwards.
    pub(crate) async fn reserve(&self, bytes: usize) -> Place<'_> {
        let weight = (bytes + RECORD_OVERHEAD).min(QUEUE_BYTES);
        let weight = u32::try_from(weight).expect("the queue's size fits");
        let room = self.room.clone().acquire_many_owned(weight).await.expect("the semaphore is never closed");
        Place { queue: &self.queue, room }
    }

    /// The lane of the answers.
    pub(crate) fn beside(&self) -> Beside {
        self.beside.clone()
    }

    /// Sends an answer that overtakes the output.
    pub(crate) fn answer(&self, record: Record) {
        self.beside.answer(record);
    }
}

impl Beside {
    /// Sends an answer that overtakes the output.
    pub(crate) fn answer(&self, record: Record) {
        if let Err(error) = self.0.try_send(record) {
            // Not a warning: warnings take this very lane.
            tracing::info!("an answer was dropped, nobody takes them: {error}");
        }
    }
}

/// Room for one record.
pub(crate) struct Place<'a> {
    queue: &'a mpsc::UnboundedSender<Outgoing>,
    room: OwnedSemaphorePermit,
}

impl Place<'_> {
    pub(crate) fn send(self, record: Record) {
        // A front end that is gone does not want its output any more.
        let _ = self.queue.send(Outgoing { record, room: Some(self.room) });
    }
}

/// The reading end: every record for the client, in order.
#[derive(Debug)]
pub struct Records {
    queued: mpsc::UnboundedReceiver<Outgoing>,
    answers: mpsc::Receiver<Record>,
}

impl Records {
    /// The next record, or `None` when the engine has ended and everything was taken. Cancel safe.
    pub async fn next(&mut self) -> Option<Outgoing> {
        tokio::select! {
            biased;
            Some(record) = self.answers.recv() => Some(Outgoing { record, room: None }),
            outgoing = self.queued.recv() => outgoing,
        }
    }
}

/// A record on its way out. It takes up room in the queue until it is dropped.
#[derive(Debug)]
pub struct Outgoing {
    /// The record.
    pub record: Record,
    #[expect(dead_code, reason = "held for its drop, which makes room")]
    room: Option<OwnedSemaphorePermit>,
}

fn weight(record: &Record) -> usize {
    match record {
        Record::Stdout(bytes) | Record::Stderr(bytes) => bytes.len(),
        Record::Display(display) => display.weight(),
        Record::Log(text) => text.len(),
        Record::Completion(suggestions) => suggestions.iter().map(|text| text.len() + 4).sum(),
        _ => 0,
    }
}
