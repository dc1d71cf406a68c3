//! How sources reach their upstreams: connections, requests, web sockets, lines, and what goes wrong with them.
//!
//! Every connection is made by a [`Dial`], so that tests put fakes in memory where the internet would be
//! and a paused clock decides every time-out.

pub(crate) mod dial;
pub(crate) mod error;
pub(crate) mod http;
pub(crate) mod lines;
pub(crate) mod secret;
pub(crate) mod wait;
pub(crate) mod ws;

pub(crate) use dial::{Internet, Network, Reach};
pub(crate) use error::SourceError;
pub(crate) use secret::Secret;

/// How this program names itself to upstreams.
pub(crate) const USER_AGENT: &str = concat!("moodtape-relay/", env!("CARGO_PKG_VERSION"));
