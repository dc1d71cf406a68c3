//! The archive's program as a black box: a relay on one side, a folder or a bucket on the other.

#![allow(
    clippy::unwrap_used,
    reason = "what a test cannot do without ends the test"
)]

mod bucket;
mod helpers;
mod kill;
mod read_back;
