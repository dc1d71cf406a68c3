//! Mastodon: the streaming interface with a user's token, or the time lines of hashtags without one.
//!
//! One instance sees what its users follow, not all of Mastodon; and a user's own filters and blocks
//! apply to what is streamed with that user's token.

pub(crate) mod decode;
pub(crate) mod sse;
