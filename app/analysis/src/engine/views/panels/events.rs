//! What prices did around unusual numbers of posts, beyond what the market did.

use wire::{
    Millis,
    time::{DAY, HOUR},
};

use super::Context;
use crate::{
    anomalies::{
        Direction, fill_gaps,
        shesd::{self, ShEsd},
        usual_period,
    },
    engine::{Engine, views::lag::Input},
    series::{Series, returns::log_returns},
    stats::{
        event_study::{EventStudyError, MIN_EVENTS, Windows, event_study},
        leadlag::Surrogates,
    },
    view::EventsView,
};

/// So many other tickers make the market at most, the most mentioned.
const MAX_MARKET: usize = 20;

impl Engine {
    #[inline(never)]
    pub(super) fn events(&self, input: &Input, context: Context) -> EventsView {
        let windows = windows_of(input.width);
        let draws = Surrogates::default();
        let view = EventsView {
            ticker: input.ticker.clone(),
            range: input.range(),
            width: input.width,
            n_estimation: windows.estimation as u32,
            n_draws: draws.count,
            ..EventsView::default()
        };
        let none = |why: String, n_found: usize| EventsView {
            why_none: Some(why),
            n_found: n_found as u32,
            ..view.clone()
        };
        if input.aligned.ends.is_empty() {
            return none("there are no prices over the same hours".to_owned(), 0);
        }
        let peaks = match self.peaks(input, context) {
            Ok(peaks) => apart(&peaks, windows.after),
            Err(why) => return none(why, 0),
        };
        if peaks.len() < MIN_EVENTS {
            let error = EventStudyError::TooFew { n: peaks.len() };
            return none(error.to_string(), peaks.len());
        }
        let (market, of_market) = self.market_of(input, context);
        match event_study(&input.aligned.returns, &of_market, &peaks, windows, draws) {
            Ok(study) => EventsView {
                events: study
                    .used
                    .iter()
                    .filter_map(|idx| input.aligned.ends.get(*idx).copied())
                    .collect(),
                n_found: peaks.len() as u32,
                market,
                offsets: study.offsets,
                cumulative: study.cumulative,
                band: study.band,
                p_placebo: study.p_placebo,
                ..view
            },
            Err(error) => none(error.to_string(), peaks.len()),
        }
    }

    /// Cells with unusually many posts, ascending.
    fn peaks(&self, input: &Input, context: Context) -> Result<Vec<usize>, String> {
        let aligned = &input.aligned;
        let covered = self.sources.covered(context.now.saturating_add(1));
        let counts: Vec<Option<f64>> = aligned
            .ends
            .iter()
            .zip(&aligned.n_posts)
            .map(|(end, n)| {
                let is_listened = *n > 0 || covered.meets(end - input.width, *end);
                is_listened.then_some(f64::from(*n))
            })
            .collect();
        let period = usual_period(input.width).unwrap_or(1);
        let filled = fill_gaps(&counts, period)
            .ok_or("some place of the day or the week has no value at all")?;
        let options = ShEsd {
            direction: Direction::Positive,
            scale: shesd::Scale::Log1p,
            ..ShEsd::new(period)
        };
        let found = shesd::shesd(&filled, &options).map_err(|error| error.to_string())?;
        let told = found.anomalies.into_iter().map(|one| one.idx);
        let mut peaks: Vec<usize> = told
            .filter(|idx| counts.get(*idx).is_some_and(Option::is_some))
            .collect();
        peaks.sort_unstable();
        Ok(peaks)
    }

    /// The mean return of the other tickers that have prices at the same times, in the same currency.
    fn market_of(&self, input: &Input, context: Context) -> (Vec<String>, Series) {
        let ends = &input.aligned.ends;
        let mut others: Vec<(u32, &str, Vec<Option<f64>>)> = Vec::new();
        for ticker in self.tickers.all() {
            let prices = ticker.prices(context.range.from..context.range.to);
            let Some(prices) = prices.filter(|_| ticker.symbol != input.ticker) else {
                continue;
            };
            let closes: Vec<Option<f64>> = ends
                .iter()
                .map(|end| prices.closes.get(end).copied())
                .collect();
            if closes.iter().flatten().count() * 2 > ends.len() {
                others.push((ticker.total.n, &ticker.symbol, closes));
            }
        }
        others.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        others.truncate(MAX_MARKET);
        let returns: Vec<Series> = others
            .iter()
            .map(|(.., closes)| log_returns(closes))
            .collect();
        if returns.is_empty() {
            // A market that stands still: what is left is the return beyond its own past mean.
            return (Vec::new(), ends.iter().map(|_| 0.0).collect());
        }
        let mean = |idx: usize| {
            let values = returns
                .iter()
                .filter_map(|series| *series.values().get(idx)?);
            let (n, sum) = values.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
            (n > 0.0).then(|| sum / n)
        };
        let names = others.iter().map(|(_, symbol, _)| (*symbol).to_owned());
        (
            names.collect(),
            Series::with_gaps((0..ends.len()).map(mean)),
        )
    }
}

/// A quarter of a day before and half a day after on a grid of hours.
fn windows_of(width: Millis) -> Windows {
    let (before, after, estimation, period) = match width {
        width if width >= DAY => (5, 10, 60, 0),
        width if width >= HOUR => (6, 12, 48, 24),
        _ => (6, 24, 72, 0),
    };
    Windows {
        before,
        after,
        estimation,
        period,
    }
}

/// Peaks within the window of an earlier one belong to it.
fn apart(peaks: &[usize], window: usize) -> Vec<usize> {
    let mut apart: Vec<usize> = Vec::new();
    for peak in peaks {
        if apart.last().is_none_or(|last| peak - last > window) {
            apart.push(*peak);
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_close_together_are_one_event() {
        assert_eq!(apart(&[3, 4, 9, 20, 33], 12), [3, 20, 33]);
        assert_eq!(apart(&[], 12), [0_usize; 0]);
    }
}
