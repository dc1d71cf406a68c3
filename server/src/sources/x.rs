//! X (Twitter) API v2: the filtered stream and the counts of posts, with the user's own bearer token.

pub(crate) mod cost;
pub(crate) mod counts;
pub(crate) mod decode;
pub(crate) mod problem;
pub(crate) mod rules;
