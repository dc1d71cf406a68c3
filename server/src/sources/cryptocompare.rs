//! CryptoCompare (CoinDesk Data), with the user's own key: prices by polling, bars of the past, coins.

pub(crate) mod decode;
