//! Alpaca: bars of US stocks by the minute, with the user's own key pair (the free feed is one exchange).

pub(crate) mod decode;
