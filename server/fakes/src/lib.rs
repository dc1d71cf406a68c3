//! Fake upstreams: each speaks a real protocol over any stream of bytes and commits the faults of a script.
//!
//! ```text
//!  script: at 20 s HalfThenClose ─┐
//!                                 ▼
//!  protocol: what a request gets ─► fake ─► bytes ─► loopback, or a pipe in memory
//!                                 ▲
//!  timeline: what is posted when ─┘
//! ```
//!
//! Time is tokio's, so that a test with a paused clock plays hours in milliseconds. What is posted is made
//! by a program: no real person's words. Bytes are written by hand here, since no library writes broken ones.

#![warn(missing_docs)]

pub mod alpaca;
pub mod binance;
pub mod coinbase;
pub mod coingecko;
pub mod cryptocompare;
pub mod fake;
pub mod feed;
pub mod finnhub;
pub mod jetstream;
mod market;
pub mod mastodon;
pub mod reddit;
pub mod request;
pub mod script;
mod websocket;
pub mod x;

pub use fake::{Fake, Item, Opening, Protocol, Transport, serve};
pub use request::{Reply, Request};
pub use script::{Fault, Script};

/// Milliseconds, since 1970 for an instant.
pub type Millis = i64;
