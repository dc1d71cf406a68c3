//! Sentences of the statistics: the null first, n beside every number, and no word of cause.

use analysis::{
    protocol::{Pair, Rank},
    stats::trials::Trials,
    view::{EventsView, LagPeak, LagView, PlaceboView, RollingView},
};
use wire::time::LATE_AFTER;

use super::p_value;
use crate::{charts::lag::lag_span, format};

/// A p by itself, and with everything considered that was looked at.
fn p_over(p: f64, looks: &Trials) -> String {
    match looks.n() {
        0 | 1 => p_value(p),
        n => format!(
            "{}; over {n} looks {}",
            p_value(p),
            p_value(looks.adjusted(p))
        ),
    }
}

/// What a rolling correlation says.
pub(crate) fn rolling(view: &RollingView, looks: &Trials) -> String {
    let Some(whole) = view.whole else {
        let why = view
            .why_none
            .as_deref()
            .unwrap_or("no prices and posts over the same hours");
        return format!("No correlation: {why}");
    };
    let name = match view.choice.rank {
        Rank::Values => "r",
        Rank::Ranks => "ρ",
    };
    let interval = whole.interval.map_or(String::new(), |(lo, hi)| {
        format!(
            ", 95 % interval {} … {}",
            format::signed(lo, 2),
            format::signed(hi, 2)
        )
    });
    let verdict = if looks.adjusted(whole.p) < 0.05 {
        "Related over the whole range"
    } else {
        "No evidence of a relation over the whole range"
    };
    format!(
        "{verdict}: {name} = {}{interval}, {} (n = {}, n_eff = {})",
        format::signed(whole.value, 2),
        p_over(whole.p, looks),
        format::count(whole.n),
        format::count(whole.n_effective.round() as u64),
    )
}

/// How many of the places lie outside of the band, beside what chance lets expect.
pub(crate) fn rolling_band(view: &RollingView) -> String {
    let known = view.values.iter().zip(&view.limits);
    let known: Vec<(f32, f32)> = known
        .filter_map(|(value, limit)| Some((value.as_ref()?.abs(), (*limit)?)))
        .collect();
    let pair = match view.choice.pair {
        Pair::SentimentReturn => "Mean compound against log return",
        Pair::PostsMove => "Change of ln(1 + posts) against |log return|",
    };
    let stretch = lag_span(view.width, i32::from(view.choice.places));
    if known.is_empty() {
        return format!(
            "{pair}, {}. No stretch of {stretch} has enough pairs of both",
            view.ticker
        );
    }
    let n_outside = known.iter().filter(|(size, limit)| size > limit).count();
    let limits = known.iter().map(|(_, limit)| f64::from(*limit));
    let (least, most) = limits.fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), limit| {
        (lo.min(limit), hi.max(limit))
    });
    let limit = match most - least < 0.005 {
        true => format!("±{most:.2}"),
        false => format!("±{least:.2} … ±{most:.2}, by the pairs of each"),
    };
    format!(
        "{pair}, {}. {n_outside} of {} stretches of {stretch} lie outside of {limit}; between series without memory chance alone puts about 5 % there",
        view.ticker,
        known.len(),
    )
}

/// What an event study says, the placebo first.
pub(crate) fn events(view: &EventsView, looks: &Trials) -> String {
    if let Some(why) = &view.why_none {
        return format!("No event study: {why}");
    }
    let last = view.cumulative.last().copied().unwrap_or(0.0);
    let change = format!("{} %", format::signed(100.0 * last, 2));
    let n = format!("n = {} events", view.events.len());
    match view.p_placebo {
        Some(p) if looks.adjusted(p) < 0.05 => format!(
            "Returns around unusual numbers of posts differ from those at instants chosen by lot: {change}, {} ({n})",
            p_over(p, looks)
        ),
        Some(p) => format!(
            "No evidence that returns around unusual numbers of posts differ from any others: {change}, {} ({n})",
            p_over(p, looks)
        ),
        None => format!("{change} around {n}; too few other instants to compare with"),
    }
}

/// What the study was made of.
pub(crate) fn events_method(view: &EventsView) -> String {
    let n_left = u64::from(view.n_found).saturating_sub(view.events.len() as u64);
    let left = match n_left {
        0 => String::new(),
        n => format!(", {n} more too near to an end or a gap"),
    };
    let market = match view.market.is_empty() {
        true => "the ticker’s own past mean, as no other has prices".to_owned(),
        false => format!(
            "the mean of {}, in the same currency",
            view.market.join(", ")
        ),
    };
    let cells = match view.on_closes {
        true => ". Cells run from close to close: spans count the hours of trading",
        false => "",
    };
    format!(
        "{} events of {}{left}. Market: {market}. Intercept and slope from {} before each. {} placebo studies{cells}",
        view.events.len(),
        view.ticker,
        lag_span(view.width, i32::try_from(view.n_estimation).unwrap_or(0)),
        view.n_draws,
    )
}

/// The best lag of each direction.
pub(crate) fn directions(view: &LagView) -> [(String, String); 2] {
    let told = |peak: Option<LagPeak>| {
        peak.map_or("–".to_owned(), |peak| {
            format!(
                "r = {} at {}, {}",
                format::signed(peak.correlation, 3),
                lag_span(view.width, peak.lag.abs()),
                p_value(peak.p_family)
            )
        })
    };
    [
        ("Sentiment first".to_owned(), told(view.sentiment_leads)),
        ("Price first".to_owned(), told(view.price_leads)),
    ]
}

/// Best lag with the lags that hold 95 % of the probability.
pub(crate) fn best_lag(view: &LagView) -> String {
    let Some(lag) = view.best_lag else {
        return "–".to_owned();
    };
    let text = |lag: i32| match lag {
        0 => "0".to_owned(),
        lag if lag < 0 => format!("−{}", lag_span(view.width, -lag)),
        lag => format!("+{}", lag_span(view.width, lag)),
    };
    let interval = view.best_lag_interval.map_or(String::new(), |(lo, hi)| {
        format!(" (95 %: {} … {})", text(lo), text(hi))
    });
    format!("{}{interval}", text(lag))
}

/// p by itself, over all lags, and with everything considered that was looked at.
pub(crate) fn p_values(view: &LagView, trials: &Trials) -> String {
    let Some(p) = view.p_family else {
        return "–".to_owned();
    };
    let raw = view.p_raw.map_or(String::new(), |p| {
        format!("this lag alone {}; ", p_value(p))
    });
    format!("{raw}all lags {}", p_over(p, trials))
}

/// How often somebody has looked.
pub(crate) fn trials(n: usize) -> String {
    let tests = match n {
        1 => "1 test".to_owned(),
        n => format!("{n} tests"),
    };
    let by_chance = n as f64 * 0.05;
    format!(
        "{tests} (lead or lag, rolling correlation, event study; by ticker, range, filters, scoring and sample) looked at since this page was opened; {by_chance:.1} of them pass 5 % by chance"
    )
}

/// Where the largest correlation stands among those of shifted series.
pub(crate) fn placebo(view: &PlaceboView) -> String {
    let shifted = match view.p {
        Some(p) => format!(
            "{} of {} series shifted in time have as large a correlation somewhere ({})",
            view.n_as_large,
            view.n,
            p_value(p),
        ),
        None if view.n_needed == 0 => "nothing to shift".to_owned(),
        None => format!(
            "no p by shifting in time: {} cells, and {} are needed for shifts that share no lag",
            view.n_cells, view.n_needed
        ),
    };
    let others = { &view.others }
        .iter()
        .map(|(symbol, n, p)| format!("{symbol} {} (n = {n})", p.map_or("–".to_owned(), p_value)));
    let others: Vec<String> = others.collect();
    match others.is_empty() {
        true => shifted,
        false => format!(
            "{shifted}. The same sentiment against what other prices did beyond this one: {}",
            others.join(", ")
        ),
    }
}

/// The shortest lead that the delays of sources and bars allow to see.
pub(crate) fn latency_floor(view: &LagView) -> String {
    format!(
        "Posts may be {} late and prices are known at the end of their bar: no lead shorter than one bucket, {}, can be told. {} of {} posts came later and are left out",
        format::span(LATE_AFTER),
        format::span(view.width),
        format::count(view.n_late),
        format::count(view.n_late + view.n_posts),
    )
}

#[cfg(test)]
mod tests {
    use analysis::{stats::trials::Trial, view::Whole};
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn the_null_comes_first_and_n_is_never_missing() {
        let whole = Whole {
            value: 0.04,
            n: 160,
            n_effective: 131.2,
            p: 0.61,
            interval: Some((-0.13, 0.21)),
        };
        let view = RollingView {
            width: HOUR,
            whole: Some(whole),
            ..RollingView::default()
        };

        assert_eq!(
            rolling(&view, &Trials::default()),
            "No evidence of a relation over the whole range: r = +0.04, 95 % interval −0.13 … +0.21, p = .610 (n = 160, n_eff = 131)"
        );
        assert!(rolling(&RollingView::default(), &Trials::default()).starts_with("No correlation"));
    }

    #[test]
    fn looking_often_makes_a_small_p_larger() {
        let view = LagView {
            p_family: Some(0.01),
            ..LagView::default()
        };

        let mut trials = Trials::default();
        let mut looked_at = |test: &str| {
            trials.look(Trial {
                test: test.to_owned(),
                ..Trial::default()
            });
            p_values(&view, &trials)
        };

        assert_eq!(looked_at("lag"), "all lags p = .010");
        assert_eq!(
            looked_at("rolling"),
            "all lags p = .010; over 2 looks p = .020"
        );
    }

    #[test]
    fn what_is_found_by_looking_often_is_no_finding() {
        let whole = Whole {
            value: 0.2,
            n: 160,
            n_effective: 150.0,
            p: 0.03,
            interval: None,
        };
        let correlation = RollingView {
            width: HOUR,
            whole: Some(whole),
            ..RollingView::default()
        };
        let study = EventsView {
            p_placebo: Some(0.03),
            events: vec![HOUR],
            ..EventsView::default()
        };
        let mut looks = Trials::default();
        let mut told = |test: &str| {
            looks.look(Trial {
                test: test.to_owned(),
                ..Trial::default()
            });
            [rolling(&correlation, &looks), events(&study, &looks)]
        };

        let [once, once_studied] = told("lag");
        let [often, often_studied] = told("rolling");

        assert!(
            once.starts_with("Related") && once.contains("p = .030 (n"),
            "{once}"
        );
        assert!(once_studied.starts_with("Returns around"), "{once_studied}");
        assert!(often.starts_with("No evidence"), "{often}");
        assert!(often.contains("p = .030; over 2 looks p = .060"), "{often}");
        assert!(often_studied.starts_with("No evidence"), "{often_studied}");
    }

    #[test]
    fn a_placebo_without_room_says_what_it_needs() {
        let view = PlaceboView {
            n: 2,
            n_cells: 168,
            n_needed: 980,
            ..PlaceboView::default()
        };

        assert_eq!(
            placebo(&view),
            "no p by shifting in time: 168 cells, and 980 are needed for shifts that share no lag"
        );
    }
}
