use serde::{Deserialize, Serialize};

/// The answer to `status`: a `MessagePack` map with text keys.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// When the runner started, in seconds of the system's monotonic clock.
    pub started_at: f64,
}
