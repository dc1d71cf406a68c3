//! Finnhub: trades of US stocks, with the user's own token, put together to bars of a minute.

pub(crate) mod decode;
