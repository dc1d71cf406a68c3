//! Events as Parquet files, and an archive of them that follows a relay.
//!
//! ```text
//!  relay ──server-sent events──► follow ──► Archive::append ──► kind=post/source=bluesky/date=…/hour=…/*.parquet
//!                                              │  ▲                daily=mentions/date=…/*.parquet
//!                                              ▼  │                manifest.json      (last of all)
//!                                            encode, decode
//! ```
//!
//! A file holds one kind of event of one source in typed columns. [`encode`] and [`decode`] do no I/O and build
//! for the browser (without the feature `tool`). The manifest says which files count and up to which seq;
//! it is written last, so that after a crash every event is there once.

#![warn(missing_docs)]

#[cfg(feature = "tool")]
pub mod archive;
mod columns;
#[cfg(feature = "tool")]
pub mod daily;
#[cfg(feature = "tool")]
pub mod follow;
mod format;
#[cfg(feature = "tool")]
pub mod manifest;
mod pages;
#[cfg(feature = "tool")]
pub mod place;

pub use columns::{Codec, Columns, FormatError, write as write_table};
pub use format::{Groups, Kind, decode, encode, source_of, withdraw};
pub use pages::Sound;
