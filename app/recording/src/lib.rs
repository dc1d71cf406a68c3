//! What was seen, as tables to take away and as a file that anybody can recompute.
//!
//! ```text
//!  records ──► Session ──► Engine ──► outputs: tables ──► export: CSV, NDJSON, Parquet
//!                 │                       │
//!                 ▼                       ▼
//!              Writer: head, lines of events or of aggregates, results, seal ──► file ──► Verifier ──► lines
//! ```
//!
//! A [`Session`] is a stretch of time with everything that decides how it counts. A recording is that session
//! as lines of JSON, packed by gzip, with the results that it gave and a hash over all of it; [`verify`]
//! computes what it can anew. A [`moment`] of it can be explained as on the page. [`look_ahead`] takes the future away and computes again. Nothing here does
//! I/O or reads a clock, and nothing in a file makes it panic.

#![warn(missing_docs)]

pub mod aggregates;
pub mod export;
pub mod file;
pub mod look_ahead;
pub mod moment;
pub mod outputs;
mod redact;
mod session;
pub mod table;
pub mod terms;
pub mod verify;

pub use session::{Basis, Session};
