//! A made-up market: the same minute has the same prices, whoever asks for them and when.

use crate::Millis;

/// One minute.
pub(crate) const MINUTE: Millis = 60_000;

/// Prices and volume of one minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candle {
    pub(crate) open_at: Millis,
    pub(crate) open: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) close: f64,
    pub(crate) volume: f64,
}

/// The candle that begins with this minute.
pub(crate) fn candle(symbol: &str, open_at: Millis) -> Candle {
    let open = price(symbol, open_at);
    let close = price(symbol, open_at + MINUTE);
    Candle {
        open_at,
        open,
        high: cents(open.max(close) * 1.001),
        low: cents(open.min(close) * 0.999),
        close,
        volume: cents(1.0 + noise(symbol, open_at) * 20.0),
    }
}

/// A slow wave with noise around a level that the symbol decides.
fn price(symbol: &str, at: Millis) -> f64 {
    let level = 100.0 + 900.0 * noise(symbol, 0);
    let wave = (at as f64 / 3_600_000.0).sin();
    cents(level * (1.0 + 0.01 * wave + 0.002 * noise(symbol, at)))
}

/// From 0 to 1, the same for the same arguments (SplitMix64).
fn noise(symbol: &str, at: Millis) -> f64 {
    let seed = symbol.bytes().fold(at as u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

fn cents(price: f64) -> f64 {
    (price * 100.0).round() / 100.0
}
