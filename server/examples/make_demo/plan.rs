//! When what happens in the made-up week.

use std::ops::Range;

use wire::{
    Body, Event, Millis, SourceState, SourceStatus,
    time::{DAY, HOUR, MINUTE},
};

pub(crate) const SOCIAL: &str = "demo-social";
pub(crate) const PRICES: &str = "demo-prices";
/// A feed, known by the end of its name. It gives no status: one that says it listens would hide the outage.
pub(crate) const NEWS: &str = "demo-news";

/// Monday 2 March 2026, 00:00 UTC.
pub(crate) const START: Millis = 1_772_409_600_000;
pub(crate) const N_HOURS: usize = 168;
pub(crate) const END: Millis = START + N_HOURS as Millis * HOUR;

/// DOGE is spoken of so many times as much as usual, and with this hashtag.
pub(crate) const BURST: Range<Millis> = at(1, 16, 20)..at(1, 17, 0);
pub(crate) const BURST_FACTOR: f64 = 8.0;
pub(crate) const BURST_HASHTAG: &str = "#DogeDay";
/// SOL is spoken of badly.
pub(crate) const SWING: Range<Millis> = at(2, 14, 0)..at(2, 20, 0);
/// `demo-social` cannot be heard.
pub(crate) const OUTAGE: Range<Millis> = at(3, 10, 0)..at(3, 13, 0);
/// Give-aways of DOGE are posted by authors who post nothing else.
pub(crate) const SPAM: Range<Millis> = at(4, 8, 0)..at(4, 10, 0);
pub(crate) const N_SPAM_AUTHORS: usize = 60;
pub(crate) const N_SPAM_POSTS: usize = 150;

/// The mood of BTC in an hour goes with its return so many hours later.
pub(crate) const LEAD_HOURS: usize = 3;

/// What is traded and talked about.
pub(crate) struct Instrument {
    pub(crate) ticker: &'static str,
    pub(crate) name: &'static str,
    /// Share of all posts.
    pub(crate) share: f64,
    pub(crate) first_price: f64,
    /// Usual return of an hour.
    pub(crate) volatility: f64,
    pub(crate) decimals: i32,
    pub(crate) volume: f64,
    /// Traded on working days from 14:00 to 21:00 only.
    pub(crate) is_stock: bool,
}

pub(crate) const BTC: usize = 0;
pub(crate) const ETH: usize = 1;
pub(crate) const SOL: usize = 2;
pub(crate) const DOGE: usize = 3;
pub(crate) const ACME: usize = 4;

pub(crate) const INSTRUMENTS: [Instrument; 5] = [
    coin("BTC", "Bitcoin", 0.36, 64_000.0, 0.0045, 0, 900.0),
    coin("ETH", "Ethereum", 0.22, 3_200.0, 0.0055, 2, 6_000.0),
    coin("SOL", "Solana", 0.14, 140.0, 0.007, 2, 90_000.0),
    coin("DOGE", "Dogecoin", 0.16, 0.12, 0.008, 5, 40_000_000.0),
    Instrument {
        is_stock: true,
        ..coin("ACME", "Acme", 0.12, 87.5, 0.004, 2, 150_000.0)
    },
];

const fn coin(
    ticker: &'static str,
    name: &'static str,
    share: f64,
    first_price: f64,
    volatility: f64,
    decimals: i32,
    volume: f64,
) -> Instrument {
    Instrument {
        ticker,
        name,
        share,
        first_price,
        volatility,
        decimals,
        volume,
        is_stock: false,
    }
}

/// Posts a minute by hour of the day, relative to the mean: quiet nights, busy afternoons.
const ACTIVITY: [f64; 24] = [
    0.55, 0.45, 0.40, 0.38, 0.40, 0.48, 0.62, 0.80, 0.95, 1.05, 1.10, 1.12, 1.18, 1.30, 1.50, 1.60,
    1.55, 1.45, 1.35, 1.25, 1.15, 1.00, 0.85, 0.70,
];

/// How busy an hour of the week is, relative to the mean of a working day.
pub(crate) fn activity(hour: usize) -> f64 {
    let weekend = if hour / 24 >= 5 { 0.75 } else { 1.0 };
    ACTIVITY[hour % 24] * weekend
}

/// The sources of posts and prices come up at the start; one of them is lost for some hours.
pub(crate) fn statuses() -> Vec<Event> {
    let status = |at, source: &str, state, detail: &str| {
        let detail = Some(detail.to_owned());
        let status = SourceStatus {
            source: source.to_owned(),
            state,
            detail,
            ..SourceStatus::default()
        };
        Event {
            seq: 0,
            seen_at: at,
            at,
            skewed: false,
            imported: false,
            body: Body::Status(status),
        }
    };
    let lost = "The connection was lost (made up, as everything here).";
    vec![
        status(START, SOCIAL, SourceState::Connected, "A made-up source."),
        status(START, PRICES, SourceState::Connected, "A made-up source."),
        status(OUTAGE.start, SOCIAL, SourceState::Disconnected, lost),
        status(
            OUTAGE.end,
            SOCIAL,
            SourceState::Connected,
            "Connected again.",
        ),
    ]
}

/// A time of the week.
pub(crate) const fn at(day: Millis, hour: Millis, minute: Millis) -> Millis {
    START + day * DAY + hour * HOUR + minute * MINUTE
}
