//! What prices did around unusual numbers of posts, beyond what the market did.

use wire::time::{DAY, HOUR};

use super::basis::{Basis, Other};
use crate::{
    anomalies::{
        Direction, fill_gaps,
        shesd::{self, ShEsd},
        usual_period,
    },
    engine::views::lag::Input,
    order,
    series::Series,
    stats::{
        event_study::{MIN_EVENTS, Windows, event_study},
        leadlag::Surrogates,
    },
    view::EventsView,
};

#[inline(never)]
pub(super) fn events(basis: &Basis) -> EventsView {
    let input = &*basis.input;
    let windows = windows_of(input);
    let draws = Surrogates::default();
    let view = EventsView {
        ticker: input.ticker.clone(),
        range: input.range(),
        width: input.width,
        on_closes: input.is_on_closes,
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
    let peaks = match peaks(basis) {
        Ok(peaks) => apart(&peaks, windows.before + windows.after),
        Err(why) => return none(why, 0),
    };
    let n = peaks.len();
    if n < MIN_EVENTS {
        let why = format!(
            "{n} cells with unusually many posts lie far enough apart, and {MIN_EVENTS} are needed"
        );
        return none(why, n);
    }
    let of_market = market_of(&basis.others, input.aligned.ends.len());
    match event_study(&input.aligned.returns, &of_market, &peaks, windows, draws) {
        Ok(study) => EventsView {
            events: study
                .used
                .iter()
                .filter_map(|idx| input.aligned.ends.get(*idx).copied())
                .collect(),
            n_found: n as u32,
            market: { &basis.others }
                .iter()
                .map(|other| other.symbol.clone())
                .collect(),
            offsets: study.offsets,
            cumulative: study.cumulative,
            band: study.band,
            p_placebo: study.p_placebo,
            ..view
        },
        Err(error) => none(error.to_string(), n),
    }
}

/// Cells with unusually many posts, ascending.
fn peaks(basis: &Basis) -> Result<Vec<usize>, String> {
    let rates = basis.rates.values();
    // From close to close no two weeks need have the same number of cells: there is no season to go by.
    let period = match basis.input.is_on_closes {
        true => 1,
        false => usual_period(basis.input.width).unwrap_or(1),
    };
    let filled =
        fill_gaps(rates, period).ok_or("some place of the day or the week has no value at all")?;
    let options = ShEsd {
        direction: Direction::Positive,
        scale: shesd::Scale::Log1p,
        ..ShEsd::new(period)
    };
    let found = shesd::shesd(&filled, &options).map_err(|error| error.to_string())?;
    let told = found.anomalies.into_iter().map(|one| one.idx);
    let mut peaks: Vec<usize> = told
        .filter(|idx| rates.get(*idx).is_some_and(Option::is_some))
        .collect();
    order::sort_by(&mut peaks, Ord::cmp);
    Ok(peaks)
}

/// The mean return of the other tickers. Without any, a market that stands still: what is left is the return
/// beyond its own past mean.
fn market_of(others: &[Other], n_cells: usize) -> Series {
    let mean = |idx: usize| {
        let returns = others
            .iter()
            .filter_map(|other| *other.returns.values().get(idx)?);
        let (n, sum) = returns.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
        (n > 0.0).then(|| sum / n)
    };
    match others.is_empty() {
        true => (0..n_cells).map(|_| 0.0).collect(),
        false => Series::with_gaps((0..n_cells).map(mean)),
    }
}

/// A quarter of a day before and half a day after on a grid of hours.
fn windows_of(input: &Input) -> Windows {
    let (before, after, estimation, period) = match input.width {
        width if width >= DAY => (5, 10, 60, 0),
        // Hours of an exchange: most of a day before and two after, at any time of day.
        _ if input.is_on_closes => (6, 12, 48, 0),
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

/// Peaks whose window would overlap that of an earlier one belong to it.
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
