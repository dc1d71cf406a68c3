//! Sentences of the data's quality, of months, and of what stands behind one bucket.

use analysis::{
    series::quality::{Check, Line, Outcome},
    view::{MonthRow, QualityView, WhyView},
};

use crate::format;

/// What a check looks at.
pub(crate) fn check(check: Check) -> &'static str {
    match check {
        Check::Presence => "There are records",
        Check::Balance => "Received, but neither kept nor refused",
        Check::NullKeys => "Posts held without an author",
        Check::Orphans => "Prices of tickers that are not listed",
        Check::Duplicates => "Received twice",
        Check::Gaps => "Time without a listening source",
        Check::Skew => "Time stamp refused",
        Check::Late => "Came more than 60 s late",
        Check::Dropped => "Could not be read or used",
        Check::Filtered => "Left out on purpose (language, reposts, off topic …)",
    }
}

/// How it came out, by a word and not by colour alone.
pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "ok",
        Outcome::Warn => "look",
        Outcome::Fail => "fails",
    }
}

/// How many, in the check's unit.
pub(crate) fn amount(line: &Line) -> String {
    match line.check {
        Check::Gaps => format::span(i64::try_from(line.count).unwrap_or(i64::MAX)),
        Check::Presence if line.count == 0 => "yes".to_owned(),
        Check::Presence => "none".to_owned(),
        _ => format::count(line.count),
    }
}

/// The worst outcome first.
pub(crate) fn quality(view: &QualityView) -> String {
    let n = |wanted: Outcome| {
        view.lines
            .iter()
            .filter(|line| line.outcome == wanted)
            .count()
    };
    let holes = match (view.n_holes, view.bar_width) {
        (_, 0) => "no prices to check".to_owned(),
        (0, width) => format!("no hole in the {} bars", format::span(width)),
        (1, width) => format!("1 hole in the {} bars", format::span(width)),
        (n, width) => format!("{n} holes in the {} bars", format::span(width)),
    };
    format!(
        "{} checks fail, {} need a look, {} pass; {:.1} % of the range without a listening source, {holes}",
        n(Outcome::Fail),
        n(Outcome::Warn),
        n(Outcome::Pass),
        100.0 * view.gap_share,
    )
}

/// A month's name.
pub(crate) fn month(row: &MonthRow) -> String {
    let civil = format::civil(row.start);
    format!("{} {}", civil.month_name(), civil.year)
}

/// Least and greatest.
pub(crate) fn range(pair: Option<(f64, f64)>) -> String {
    match pair {
        Some((lo, hi)) => format!("{} … {}", format::price(lo), format::price(hi)),
        None => "–".to_owned(),
    }
}

/// Who and how many stand behind a bucket.
pub(crate) fn why(view: &WhyView) -> String {
    let of = |n: u64| format!("{} ({})", format::count(n), format::share(n, view.n_posts));
    format!(
        "{} posts by {} authors, as many voices as {}; the loudest wrote {}. {} repeat earlier ones nearly word for word, {} look like spam. What came in time was there at {} UTC",
        format::count(view.n_posts),
        format::count(view.n_authors),
        format::count(view.voices.round() as u64),
        of(view.n_loudest),
        of(view.n_alike),
        of(view.n_spam),
        format::date_time(view.knowable_at),
    )
}

/// What the words were compared with.
pub(crate) fn terms(view: &WhyView) -> String {
    if view.n_compared < u64::from(view.least_compared) {
        return format!(
            "Only {} texts before it to compare words with, and {} are needed",
            view.n_compared, view.least_compared
        );
    }
    match view.terms.is_empty() {
        true => format!(
            "No word stands out among {} texts against {} before them",
            format::count(view.n_read),
            format::count(view.n_compared)
        ),
        false => format!(
            "Words that are in more of {} texts than their share of the {} before lets expect",
            format::count(view.n_read),
            format::count(view.n_compared)
        ),
    }
}
