//! The other end of the wire: what a client of a running kernel needs.

mod endpoints;
mod socket;

pub(crate) use endpoints::Endpoints;
pub(crate) use socket::Socket;

use std::time::Duration;

/// How long a kernel may take to answer when a client connects.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
