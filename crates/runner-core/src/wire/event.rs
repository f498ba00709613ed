use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that the agent noticed about the container: `oom`, for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Which event.
    #[serde(rename = "type")]
    pub kind: String,
    /// What there is to know about it.
    #[serde(default)]
    pub data: Value,
}
