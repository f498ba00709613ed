use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `start-model-service`: run a model's server and watch its health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartModelService {
    /// The model's name.
    pub name: String,
    /// Where the model lies.
    #[serde(default)]
    pub model_path: String,
    /// How it is served.
    #[serde(default)]
    pub service: ModelService,
}

/// The server of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelService {
    /// A command line, as a text or a list.
    #[serde(default)]
    pub start_command: Value,
    /// The shell that a text is given to.
    #[serde(default)]
    pub shell: Option<String>,
    /// Where it listens.
    #[serde(default)]
    pub port: Option<u16>,
    /// What to do before the start.
    #[serde(default)]
    pub pre_start_actions: Vec<Value>,
    /// How to tell whether it is well; none: it is not watched.
    #[serde(default)]
    pub health_check: Option<HealthCheck>,
}

/// How a model server's health is watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Whether to watch it at all; agents before 25 do not say.
    #[serde(default)]
    pub enable: Option<bool>,
    /// The HTTP path to ask.
    pub path: String,
    /// Seconds between two checks.
    #[serde(default)]
    pub interval: Option<f64>,
    /// Seconds that an answer may take.
    #[serde(default)]
    pub max_wait_time: Option<f64>,
    /// The HTTP status of a healthy server.
    #[serde(default)]
    pub expected_status_code: Option<u16>,
    /// Failures in a row before it counts as unhealthy.
    #[serde(default)]
    pub max_retries: Option<u32>,
}

/// `model-service-status`: sent on every change. Readers of 2023 need both fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelServiceStatus {
    /// The model's name.
    pub model_name: String,
    /// Whether its last checks succeeded.
    pub is_healthy: bool,
}
