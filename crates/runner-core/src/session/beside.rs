//! What is asked of a driver beside the code that runs: completions, and whether code is complete.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::frame::Frame;
use super::link::Link;
use crate::completeness::Completeness;
use crate::wire::CompletionRequest;

/// How long a driver may think about an answer before the user gets none.
const PATIENCE: Duration = Duration::from_secs(4);

/// What somebody wants to know, and where the answer goes.
#[derive(Debug)]
pub(super) enum Inquiry {
    Completion(CompletionRequest, oneshot::Sender<Vec<String>>),
    Check(String, oneshot::Sender<Completeness>),
}

impl Inquiry {
    /// The frame that asks a driver.
    pub(super) fn frame(&self) -> Frame {
        match self {
            Self::Completion(request, _) => {
                Frame::new("complete", [request.before().as_bytes(), request.after().as_bytes()])
            }
            Self::Check(code, _) => Frame::new("check", [code.as_bytes()]),
        }
    }

    /// Passes the driver's answer on. What is none leaves whoever asked without one.
    pub(super) fn answer(self, answer: &Frame) {
        // Whoever asked may have gone.
        match (self, answer.kind.as_str()) {
            (Self::Completion(_, reply), "completion") => drop(reply.send(texts(answer))),
            (Self::Check(_, reply), "checked") => {
                if let Some(completeness) = completeness(answer) {
                    let _ = reply.send(completeness);
                }
            }
            _ => tracing::warn!("the driver answers with `{}` what was not asked", answer.kind),
        }
    }

    /// Whether nobody waits for the answer any more.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Completion(_, reply) => reply.is_closed(),
            Self::Check(_, reply) => reply.is_closed(),
        }
    }
}

/// The parts of a frame, each as text.
pub(super) fn texts(frame: &Frame) -> Vec<String> {
    frame.parts.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn completeness(answer: &Frame) -> Option<Completeness> {
    match answer.text(0).ok()? {
        "complete" => Some(Completeness::Complete),
        "incomplete" => Some(Completeness::Incomplete),
        "invalid" => Some(Completeness::Invalid),
        _ => None,
    }
}

/// Carries inquiries to the driver and back, one after another, beside the code that runs.
pub(super) async fn serve(mut link: Link, mut inquiries: mpsc::Receiver<Inquiry>) {
    // Answers that came, or will come, too late for their question.
    let mut late = 0;
    while let Some(inquiry) = inquiries.recv().await {
        if inquiry.is_over() {
            continue;
        }
        link.send(&inquiry.frame());
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
            Ok(Some(frame)) => inquiry.answer(&frame),
            // Without a driver there is nobody to ask: what waits gets nothing, as its reply is dropped.
            Ok(None) => return,
            Err(_) => late += 1,
        }
    }
}
