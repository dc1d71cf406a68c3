//! The relay over HTTP: one file a promise, over real sockets and temporary recordings.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app_files;
mod connections;
mod counters;
mod crash;
mod description;
mod fanout;
mod helpers;
mod history;
mod live;
#[cfg(unix)]
mod manager;
mod metrics;
#[allow(dead_code, reason = "not every test kills the server")]
#[path = "../../src/log/shared/nats.rs"]
mod nats;
mod program;
mod replay;
mod routes;
mod security;
#[cfg(unix)]
mod shared_log;
mod shutdown;
mod stream;
mod tls;
