//! Completions beside the code that runs.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::frame::Frame;
use super::link::Link;
use crate::wire::CompletionRequest;

/// How long a driver may think about a completion before the user gets none.
const PATIENCE: Duration = Duration::from_secs(4);

/// A completion that somebody waits for.
pub(super) type Completion = (CompletionRequest, oneshot::Sender<Vec<String>>);

/// The frame that asks a driver for it.
pub(super) fn question(request: &CompletionRequest) -> Frame {
    Frame::new("complete", [request.before().as_bytes(), request.after().as_bytes()])
}

/// The driver's answer.
pub(super) fn suggestions(answer: &Frame) -> Vec<String> {
    answer.parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

/// Carries completions to the driver and back, one after another, beside the code that runs.
pub(super) async fn serve(mut link: Link, mut requests: mpsc::Receiver<Completion>) {
    // Answers that came, or will come, too late for their question.
    let mut late = 0;
    while let Some((request, reply)) = requests.recv().await {
        link.send(&question(&request));
        let answer = async {
            loop {
                match link.next().await {
                    Ok(Some(_)) if late > 0 => late -= 1,
                    Ok(Some(frame)) => return Some(frame),
                    Ok(None) => return None,
                    Err(error) => {
                        tracing::warn!("{error}");
                        return None;
                    }
                }
            }
        };
        match timeout(PATIENCE, answer).await {
            Ok(Some(frame)) => {
                // Whoever asked may have gone.
                let _ = reply.send(suggestions(&frame));
            }
            // Without a driver there is nobody to ask: what waits gets nothing, as its reply is dropped.
            Ok(None) => return,
            Err(_) => late += 1,
        }
    }
}
