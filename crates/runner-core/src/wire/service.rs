use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// `start-service`: run the service definition `name`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StartService {
    /// The definition's name.
    pub name: String,
    /// `tcp`, `http`, `pty`, `preopen` and so on.
    #[serde(default)]
    pub protocol: String,
    /// The first port.
    #[serde(default)]
    pub port: Option<u16>,
    /// All ports; agents before 19.09 send only `port`.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// What the user asks for beyond the definition.
    #[serde(default, deserialize_with = "null_is_default")]
    pub options: ServiceOptions,
}

/// What the user adds to a service's command line and environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceOptions {
    /// Arguments: nothing, a text or a list for each.
    #[serde(default, deserialize_with = "null_is_default")]
    pub arguments: BTreeMap<String, Value>,
    /// Environment variables.
    #[serde(default, deserialize_with = "null_is_default")]
    pub envs: BTreeMap<String, Value>,
}

/// How a service start went: `service-result`, and `model-service-result` alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceResult {
    /// The outcome.
    pub status: ServiceState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ServiceResult {
    /// The service did not start, for the reason that `error` tells the user.
    #[must_use]
    pub fn failed(error: impl Into<String>) -> Self {
        Self { status: ServiceState::Failed, error: Some(error.into()) }
    }
}

/// The outcome of a service start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// It runs now.
    Started,
    /// It ran already.
    Running,
    /// It does not run.
    Failed,
}

/// The answer to `get-apps`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppsResult {
    /// `done`.
    pub status: String,
    /// One object per service definition.
    pub data: Vec<Value>,
}

/// Clients write `null` where they mean "none of them".
pub(super) fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
