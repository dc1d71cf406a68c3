//! What crosses the network and lies on disk: events, cursors, one line format, the only tag scanner.
//!
//! ```text
//!  upstream frame ──decode──► Body ──► Event { seq, seen_at, at, body } ──encode_line──► NDJSON line
//!                                        ▲                                                  │
//!                                        └───────────────── decode_line ◄───────────────────┘
//! ```
//!
//! The same line is the log's record, the data of a server-sent event, a line of a recording and a
//! line of an export. This crate does no I/O and never reads a clock: time is always an argument.

#![warn(missing_docs)]

pub mod attention;
pub mod author;
pub mod bar;
pub mod config;
pub mod cursor;
pub mod drops;
pub mod event;
pub mod formats;
pub mod identity;
pub mod ndjson;
pub mod post;
pub mod quote;
pub mod source;
pub mod sse;
pub mod tag;
pub mod time;

pub use attention::Attention;
pub use bar::Bar;
pub use config::PublicConfig;
pub use cursor::{Cursor, LogId};
pub use event::{Body, Delete, Event, Gap, Reset, Tip};
pub use identity::Identity;
pub use post::{Place, Post};
pub use quote::Quote;
pub use source::{Missed, SourceState, SourceStatus};
pub use time::Millis;
