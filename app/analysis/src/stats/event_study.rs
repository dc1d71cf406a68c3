//! What returns did around chosen instants, beyond what the market did, against instants chosen by lot.

use crate::{
    order,
    series::Series,
    stats::{is_movement, leadlag::Surrogates, quantile::middle_95, random::Random},
};

/// Pairs of returns that the market model needs.
const MIN_ESTIMATION: usize = 30;

/// Events that a band needs: of fewer there is nothing to draw from.
pub const MIN_EVENTS: usize = 3;

/// How often a placebo instant is looked for before it is given up.
const MAX_TRIES: u32 = 200;

/// Which places around an event are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Windows {
    /// Places before the event that the cumulation begins at.
    pub before: usize,
    /// Places after it that the cumulation ends at, inclusive.
    pub after: usize,
    /// Places that alpha and beta are estimated on, before the event window.
    pub estimation: usize,
    /// Placebo instants lie at the same place in a period of this length (24 hours, 7 days) as the
    /// event they stand for; 0 and 1 match anything.
    pub period: usize,
}

/// What the events did on average.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventStudy {
    /// Places relative to the event, `−before…after`.
    pub offsets: Vec<i32>,
    /// Mean abnormal return by offset; dimensionless log returns.
    pub abnormal: Vec<f64>,
    /// Its sum from the first offset on.
    pub cumulative: Vec<f64>,
    /// 95 % band of `cumulative` by drawing events with replacement.
    pub band: Vec<(f64, f64)>,
    /// Indices of the events that were used, in the order given.
    pub used: Vec<usize>,
    /// Events left out: too near to an end, or with gaps in their windows.
    pub n_skipped: usize,
    /// The share of placebo studies whose final |cumulative| is at least as large as that of the
    /// events. `None` where too few matching instants exist.
    pub p_placebo: Option<f64>,
}

/// alpha and beta of `return = alpha + beta · market`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MarketModel {
    /// Return of a market that stands still, per place.
    pub alpha: f64,
    /// Return for each unit of the market's return.
    pub beta: f64,
}

/// Why there is no study.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EventStudyError {
    /// The series lie on different grids. A mistake of the caller.
    #[error(
        "the returns have {returns} places and the market has {market}; both must lie on one grid"
    )]
    Lengths {
        /// Places of the returns.
        returns: usize,
        /// Places of the market.
        market: usize,
    },
    /// Returns that never move are beyond nothing.
    #[error("the returns never move")]
    Flat,
    /// Values whose squares cannot be added up.
    #[error("the returns or the market hold values too large to calculate with")]
    TooLarge,
    /// An event lies outside of the grid.
    #[error("the event {0} lies outside of the series")]
    Outside(usize),
    /// The events are not ascending, or one is named twice.
    #[error("the events must ascend, each named once; the one at index {0} does not")]
    Unsorted(usize),
    /// Fewer than [`MIN_EVENTS`] events have complete windows.
    #[error("{n} events have complete windows, and {MIN_EVENTS} are needed")]
    TooFew {
        /// How many have.
        n: usize,
    },
    /// The estimation window is too short for two coefficients.
    #[error("the estimation window has {0} places, and {MIN_ESTIMATION} are needed")]
    Estimation(usize),
}

/// Mean abnormal returns around events, against the market model of each event's own past.
///
/// Causal up to the end of each event window: alpha and beta come from before it.
///
/// # Errors
/// [`EventStudyError`].
///
/// # Source
/// MacKinlay, *Journal of Economic Literature* 35 (1997) 13–39; placebo instants as in Brown & Warner,
/// *Journal of Financial Economics* 14 (1985).
pub fn event_study(
    returns: &Series,
    market: &Series,
    events: &[usize],
    windows: Windows,
    draws: Surrogates,
) -> Result<EventStudy, EventStudyError> {
    check(returns, market, events, windows)?;
    let path = |event: usize| abnormal(returns, market, event, windows);
    let found: Vec<(usize, Vec<f64>)> = events
        .iter()
        .filter_map(|event| Some((*event, path(*event)?)))
        .collect();
    if found.len() < MIN_EVENTS {
        return Err(EventStudyError::TooFew { n: found.len() });
    }
    let (used, paths): (Vec<usize>, Vec<Vec<f64>>) = found.into_iter().unzip();
    let mut random = Random::new(draws.seed);
    let abnormal = mean(&paths.iter().collect::<Vec<_>>());
    let cumulative = cumulated(&abnormal);
    let band = band(&paths, draws.count, &mut random);
    let last = cumulative.last().copied().unwrap_or_default();
    let p_placebo = placebo(
        returns.len(),
        &used,
        events,
        windows,
        draws.count,
        &mut random,
        path,
    )
    .map(|finals| {
        let n_larger = finals.iter().filter(|v| v.abs() >= last.abs()).count();
        (n_larger + 1) as f64 / (finals.len() + 1) as f64
    });
    Ok(EventStudy {
        offsets: (0..abnormal.len())
            .map(|idx| idx as i32 - windows.before as i32)
            .collect(),
        n_skipped: events.len() - used.len(),
        abnormal,
        cumulative,
        band,
        used,
        p_placebo,
    })
}

fn check(
    returns: &Series,
    market: &Series,
    events: &[usize],
    windows: Windows,
) -> Result<(), EventStudyError> {
    if returns.len() != market.len() {
        return Err(EventStudyError::Lengths {
            returns: returns.len(),
            market: market.len(),
        });
    }
    if windows.estimation < MIN_ESTIMATION {
        return Err(EventStudyError::Estimation(windows.estimation));
    }
    if let Some(event) = events.iter().find(|event| **event >= returns.len()) {
        return Err(EventStudyError::Outside(*event));
    }
    let squares = |series: &Series| series.deviations().iter().map(|d| d * d).sum::<f64>();
    if !(squares(returns) + squares(market)).is_finite() {
        return Err(EventStudyError::TooLarge);
    }
    if returns.n_present() > 1
        && !is_movement(
            squares(returns) / returns.n_present() as f64,
            returns.mean(),
        )
    {
        return Err(EventStudyError::Flat);
    }
    match events.windows(2).position(|pair| pair[0] >= pair[1]) {
        Some(idx) => Err(EventStudyError::Unsorted(idx + 1)),
        None => Ok(()),
    }
}

/// Ordinary least squares over the pairs without a gap; `None` for fewer than 30, and for values too large to
/// calculate with. A market that never moves has a beta of 0.
pub fn market_model(returns: &[Option<f64>], market: &[Option<f64>]) -> Option<MarketModel> {
    let pairs: Vec<(f64, f64)> = returns
        .iter()
        .zip(market)
        .filter_map(|(r, m)| r.zip(*m))
        .collect();
    let n = pairs.len() as f64;
    if pairs.len() < MIN_ESTIMATION {
        return None;
    }
    let mean_r = pairs.iter().map(|pair| pair.0).sum::<f64>() / n;
    let mean_m = pairs.iter().map(|pair| pair.1).sum::<f64>() / n;
    let (mut rm, mut mm) = (0.0, 0.0);
    for (r, m) in pairs {
        rm += (r - mean_r) * (m - mean_m);
        mm += (m - mean_m) * (m - mean_m);
    }
    let moves = is_movement(mm / n, mean_m);
    let beta = if moves { rm / mm } else { 0.0 };
    let alpha = mean_r - beta * mean_m;
    (mm.is_finite() && alpha.is_finite() && beta.is_finite()).then_some(MarketModel { alpha, beta })
}

/// Abnormal returns over the event window; `None` where it is not complete.
fn abnormal(returns: &Series, market: &Series, event: usize, windows: Windows) -> Option<Vec<f64>> {
    let from = event.checked_sub(windows.before)?;
    let first = from.checked_sub(windows.estimation)?;
    let to = event.checked_add(windows.after)?.checked_add(1)?;
    let part = |series: &'_ Series, from: usize, to: usize| -> Option<Vec<Option<f64>>> {
        series.values().get(from..to).map(<[_]>::to_vec)
    };
    let model = market_model(&part(returns, first, from)?, &part(market, first, from)?)?;
    let inside = part(returns, from, to)?
        .into_iter()
        .zip(part(market, from, to)?);
    inside
        .map(|(r, m)| Some(r? - model.alpha - model.beta * m?))
        .collect()
}

fn mean(paths: &[&Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; paths.first().map_or(0, |path| path.len())];
    for path in paths {
        for (sum, value) in mean.iter_mut().zip(*path) {
            *sum += value / paths.len() as f64;
        }
    }
    mean
}

fn cumulated(path: &[f64]) -> Vec<f64> {
    let add = |sum: &mut f64, value: &f64| {
        *sum += value;
        Some(*sum)
    };
    path.iter().scan(0.0, add).collect()
}

fn band(paths: &[Vec<f64>], count: u32, random: &mut Random) -> Vec<(f64, f64)> {
    let mut one_of = || &paths[(random.uniform() * paths.len() as f64) as usize];
    let drawn: Vec<Vec<f64>> = (0..count.max(39))
        .map(|_| cumulated(&mean(&paths.iter().map(|_| one_of()).collect::<Vec<_>>())))
        .collect();
    let n_places = paths.first().map_or(0, Vec::len);
    let limits = |place: usize| {
        let mut values: Vec<f64> = drawn.iter().map(|path| path[place]).collect();
        order::sort_by(&mut values, f64::total_cmp);
        middle_95(&values).unwrap_or_default()
    };
    (0..n_places).map(limits).collect()
}

/// The final cumulative abnormal return of studies with as many instants by lot, each at the same place in
/// the period as the event it stands for and none within the window of an event.
fn placebo(
    n_places: usize,
    used: &[usize],
    events: &[usize],
    windows: Windows,
    count: u32,
    random: &mut Random,
    path: impl Fn(usize) -> Option<Vec<f64>>,
) -> Option<Vec<f64>> {
    let period = windows.period.max(1);
    let n_periods = n_places / period;
    let is_free = |instant: usize| {
        let near = events.partition_point(|event| {
            event + windows.after < instant.saturating_sub(windows.before)
        });
        events
            .get(near)
            .is_none_or(|event| event.saturating_sub(windows.before) > instant + windows.after)
    };
    let mut like = |event: usize| {
        (0..MAX_TRIES).find_map(|_| {
            let instant = event % period + period * (random.uniform() * n_periods as f64) as usize;
            path(instant).filter(|_| is_free(instant))
        })
    };
    (0..count)
        .map(|_| {
            let paths: Option<Vec<Vec<f64>>> = used.iter().map(|event| like(*event)).collect();
            Some(mean(&paths?.iter().collect::<Vec<_>>()).iter().sum())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Windows = Windows {
        before: 3,
        after: 5,
        estimation: 100,
        period: 24,
    };
    const DRAWS: Surrogates = Surrogates {
        count: 199,
        seed: 1,
    };

    /// Returns with alpha 0.001 and beta 1.5 that jump by `jump` at each event.
    fn market_and_returns(events: &[usize], jump: f64, seed: u64) -> (Series, Series) {
        let mut random = Random::new(seed);
        let market: Vec<f64> = (0..2_000).map(|_| 0.01 * random.normal()).collect();
        let returns = market
            .iter()
            .enumerate()
            .map(|(t, m)| {
                let shock = if events.contains(&t) { jump } else { 0.0 };
                0.001 + 1.5 * m + 0.005 * random.normal() + shock
            })
            .collect();
        (returns, market.into_iter().collect())
    }

    fn events() -> Vec<usize> {
        (0..20).map(|k| 200 + 83 * k).collect()
    }

    #[test]
    fn a_jump_at_the_events_is_found_where_it_is() {
        let (returns, market) = market_and_returns(&events(), 0.02, 1);

        let found = event_study(&returns, &market, &events(), WINDOWS, DRAWS).unwrap();

        assert_eq!(found.offsets, (-3..=5).collect::<Vec<i32>>());
        assert!(
            (found.abnormal[3] - 0.02).abs() < 0.004,
            "{:?}",
            found.abnormal
        );
        assert!(found.cumulative[1].abs() < 0.006 && (found.cumulative[8] - 0.02).abs() < 0.008);
        assert!(found.band[8].0 > 0.0 && found.band[8].0 < found.cumulative[8]);
        assert!(found.p_placebo.unwrap() < 0.02, "{:?}", found.p_placebo);
        assert_eq!((found.used.len(), found.n_skipped), (20, 0));
    }

    #[test]
    fn events_at_which_nothing_happened_are_like_any_instant() {
        let draws = Surrogates { count: 99, seed: 1 };
        let n_alarms = (0..20)
            .filter(|seed| {
                let (returns, market) = market_and_returns(&[], 0.0, 100 + seed);
                let found = event_study(&returns, &market, &events(), WINDOWS, draws).unwrap();
                found.p_placebo.unwrap() < 0.05
            })
            .count();

        assert!(n_alarms <= 4, "{n_alarms} of 20");
    }

    #[test]
    fn the_market_model_is_the_least_squares_line() {
        let market: Vec<Option<f64>> = (0..40).map(|t| (t != 7).then_some(f64::from(t))).collect();
        let returns: Vec<Option<f64>> = market.iter().map(|m| m.map(|m| 2.0 + 0.5 * m)).collect();

        let model = market_model(&returns, &market).unwrap();

        assert!((model.alpha - 2.0).abs() < 1e-12 && (model.beta - 0.5).abs() < 1e-12);
        assert_eq!(market_model(&returns[..20], &market[..20]), None);
    }

    #[test]
    fn events_without_complete_windows_are_left_out_and_wrong_ones_named() {
        let (returns, market) = market_and_returns(&[], 0.0, 5);
        let study = |events: &[usize]| event_study(&returns, &market, events, WINDOWS, DRAWS);

        assert_eq!(study(&[50, 200, 300, 400, 1_998]).unwrap().n_skipped, 2);
        assert_eq!(study(&[200, 300]), Err(EventStudyError::TooFew { n: 2 }));
        assert_eq!(study(&[200, 200]), Err(EventStudyError::Unsorted(1)));
        assert_eq!(study(&[5_000]), Err(EventStudyError::Outside(5_000)));
        let short = Series::default();
        assert_eq!(
            event_study(&short, &market, &[], WINDOWS, DRAWS),
            Err(EventStudyError::Lengths {
                returns: 0,
                market: 2_000
            })
        );
    }
}
