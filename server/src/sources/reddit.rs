//! Reddit: the feeds of subreddits, as Reddit offers them to a person's own feed token.

pub(crate) mod decode;
