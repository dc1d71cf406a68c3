//! Prices of one ticker as they are in the log, in bars of the width that is asked for.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use wire::{
    Bar, Body, Cursor, Millis, ndjson,
    time::{DAY, MINUTE},
};

use super::{AppState, error::Problem};
use crate::log::{Kinds, Read, Want};

/// Bars in one answer at most; the newest are kept.
const MAX_BARS: usize = 10_000;
/// Without a beginning so much of the past is answered.
const USUAL_REACH: Millis = DAY;
const USUAL_CURRENCY: &str = "USD";

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
pub(super) struct PricesQuery {
    currency: Option<String>,
    /// Bars that close after this …
    from: Option<Millis>,
    /// … and not after this.
    to: Option<Millis>,
    width: Option<Millis>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct Prices {
    ticker: String,
    currency: String,
    /// Of every bar, in milliseconds.
    width: Millis,
    /// Sources of the bars.
    sources: Vec<String>,
    /// `[open_at, open, high, low, close, volume, market_cap]`, the last two perhaps null, oldest first.
    bars: Vec<Row>,
}

type Row = (Millis, f64, f64, f64, f64, Option<f64>, Option<f64>);

/// `GET /api/v1/prices/{ticker}?currency=&from=&to=&width=`.
///
/// Minutes without a bar are absent. Bars are put together only from narrower ones that divide the width.
pub(super) async fn prices(
    State(state): State<Arc<AppState>>,
    Path(ticker): Path<String>,
    query: Result<Query<PricesQuery>, QueryRejection>,
) -> Result<Json<Prices>, Problem> {
    let Query(query) = query?;
    let width = query.width.unwrap_or(MINUTE);
    if !(1..=366 * DAY).contains(&width) {
        return Err(Problem::bad_request(format!(
            "width is {width}, but it has to be milliseconds, from 1 to a year"
        )));
    }
    let to = query.to.unwrap_or_else(|| state.clock.now());
    let from = beginning(query.from, to, width);
    let currency = query.currency.as_deref().unwrap_or(USUAL_CURRENCY);
    let mut collected = Collected {
        ticker: ticker.to_uppercase(),
        currency: currency.to_uppercase(),
        width,
        sources: Vec::new(),
        bars: BTreeMap::new(),
    };
    collected.read(&state, from, to).await?;
    Ok(Json(collected.answer()))
}

/// No further back than an answer can reach, so that nobody has the whole log read for nothing.
fn beginning(from: Option<Millis>, to: Millis, width: Millis) -> Millis {
    let longest = (MAX_BARS as Millis).saturating_mul(width);
    from.unwrap_or(to.saturating_sub(USUAL_REACH))
        .max(to.saturating_sub(longest))
}

/// Bars as they are put together.
struct Collected {
    ticker: String,
    currency: String,
    width: Millis,
    sources: Vec<String>,
    /// Narrower bars by width and beginning.
    bars: BTreeMap<(Millis, Millis), Bar>,
}

impl Collected {
    /// Reads every wanted bar of the log; they are not in the order of their times.
    async fn read(&mut self, state: &AppState, from: Millis, to: Millis) -> Result<(), Problem> {
        let want = Want {
            kinds: Kinds::BAR,
            from: from.saturating_add(1),
            to: to.saturating_add(1),
            max_bytes: 4 << 20,
            ..Want::default()
        };
        let log = state.log.head().log;
        let mut cursor = Cursor { log, seq: 0 };
        loop {
            match state.of_requests.read(&cursor, &want).await? {
                Read::Page(page) => {
                    cursor.seq = page.scanned;
                    for line in &page.lines {
                        if let Ok(event) = ndjson::decode_line(line.json())
                            && let Body::Bar(bar) = event.body
                        {
                            self.add(bar);
                        }
                    }
                    if cursor.seq >= page.tip {
                        return Ok(());
                    }
                }
                Read::Gap(gap) => cursor.seq = gap.to,
                Read::Reset { log } => cursor = Cursor { log, seq: 0 },
            }
        }
    }

    fn add(&mut self, bar: Bar) {
        let is_wanted = bar.ticker == self.ticker
            && bar.currency == self.currency
            && bar.width > 0
            && self.width % bar.width == 0
            && bar.open_at.rem_euclid(bar.width) == 0;
        if !is_wanted {
            return;
        }
        if !self.sources.contains(&bar.source) {
            self.sources.push(bar.source.clone());
        }
        self.bars.insert((bar.width, bar.open_at), bar);
    }

    /// Where there are narrower bars of several widths, those are taken that cover most of a stretch, and
    /// of equals the narrowest, which know the volume.
    fn answer(self) -> Prices {
        let mut of_width: BTreeMap<(Millis, Millis), (Millis, Bar)> = BTreeMap::new();
        for ((width, open_at), bar) in self.bars {
            let place = open_at - open_at.rem_euclid(self.width);
            match of_width.get_mut(&(place, width)) {
                Some((covered, whole)) => {
                    *covered += width;
                    extend(whole, &bar);
                }
                None => drop(of_width.insert((place, width), (width, bar))),
            }
        }
        let mut wide: BTreeMap<Millis, (Millis, Bar)> = BTreeMap::new();
        for ((place, _), found) in of_width {
            match wide.get(&place) {
                Some((covered, _)) if *covered >= found.0 => {}
                _ => drop(wide.insert(place, found)),
            }
        }
        let skip = wide.len().saturating_sub(MAX_BARS);
        let bars = wide.into_iter().skip(skip).map(|(open_at, (_, bar))| {
            let Bar {
                open,
                high,
                low,
                close,
                volume,
                market_cap,
                ..
            } = bar;
            (open_at, open, high, low, close, volume, market_cap)
        });
        Prices {
            ticker: self.ticker,
            currency: self.currency,
            width: self.width,
            sources: self.sources,
            bars: bars.collect(),
        }
    }
}

/// Adds the next narrower bar; they come in the order of their times.
fn extend(whole: &mut Bar, next: &Bar) {
    whole.high = whole.high.max(next.high);
    whole.low = whole.low.min(next.low);
    whole.close = next.close;
    whole.volume = whole
        .volume
        .zip(next.volume)
        .map(|(sum, volume)| sum + volume);
    whole.market_cap = next.market_cap.or(whole.market_cap);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(open_at: Millis, width: Millis, price: f64, volume: Option<f64>) -> Bar {
        Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "test".into(),
            open_at,
            width,
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
            market_cap: None,
        }
    }

    #[test]
    fn no_more_is_read_than_an_answer_can_hold() {
        let to = 1_000 * DAY;
        assert_eq!(beginning(None, to, MINUTE), to - DAY);
        assert_eq!(beginning(Some(to - 2 * DAY), to, MINUTE), to - 2 * DAY);
        assert_eq!(beginning(Some(0), to, MINUTE), to - 10_000 * MINUTE);
        assert_eq!(beginning(Some(Millis::MIN), Millis::MIN, DAY), Millis::MIN);
    }

    #[test]
    fn of_several_widths_the_one_that_covers_most_is_taken_and_of_equals_the_one_with_volume() {
        let mut collected = Collected {
            ticker: "BTC".into(),
            currency: "USD".into(),
            width: 4,
            sources: Vec::new(),
            bars: BTreeMap::new(),
        };
        for open_at in 0..4 {
            collected.add(bar(open_at, 1, 1.0, Some(2.0)));
        }
        collected.add(bar(4, 1, 1.0, Some(2.0)));
        for open_at in [0, 2, 4, 6] {
            collected.add(bar(open_at, 2, 3.0, None));
        }
        collected.add(bar(8, 3, 3.0, None));

        let bars = collected.answer().bars;

        assert_eq!(
            format!("{bars:?}"),
            "[(0, 1.0, 1.0, 1.0, 1.0, Some(8.0), None), (4, 3.0, 3.0, 3.0, 3.0, None, None)]"
        );
    }
}
