//! Pure algorithms and the [`Engine`]: events in, views out.
//!
//! ```text
//!             ┌──────────── analysis ─────────────┐
//!  Event ────►│ Engine::apply      Engine::frame  │────► Frame (views, ready to draw)
//!             │   text · series · stats · tags    │
//!             └───────────────▲───────────────────┘
//!                             │ Watch (what the person chose), now
//! ```
//!
//! Nothing here reads a clock, does I/O or logs: time is an argument, and the same events give the
//! same frame, whatever their order, the speed or the split.

#![warn(missing_docs)]

pub mod anomalies;
pub mod engine;
mod fnv;
mod hash_index;
pub mod news;
pub mod obeys;
pub mod order;
pub mod places;
pub mod protocol;
pub mod series;
mod slots;
pub mod spam;
pub mod stats;
pub mod terms;
pub mod text;
pub mod topics;
pub mod trending;
pub mod view;
pub mod voices;
pub mod words;

pub use engine::{Applied, Configured, Counting, Engine, Standing, digest, readings, talk};
