//! Sentences of the page that depend on data, as pure functions; fixed labels stand in the panels.
//!
//! Sentence case, no full stop on labels, and never a claim of cause: what is measured is association.

pub(crate) mod connection;
pub(crate) mod data;
pub(crate) mod filters;
pub(crate) mod import;
pub(crate) mod leaders;
pub(crate) mod method;
pub(crate) mod sampling;
pub(crate) mod statistics;
pub(crate) mod troubles;

use analysis::{
    protocol::{Detector, Explained, ExplainedChange, Measure, Method, StoreState, WordListState},
    spam::{Finding, Reason},
    text::sentiment::Rule,
    view::{
        AnomaliesView, AnomalyMark, HashtagRow, HashtagsView, KpiView, LagView, MarketView,
        PostsView, SampleView, Verdict,
    },
};
use wire::{
    PublicConfig, SourceState, SourceStatus,
    config::{Filters, LiveInfo},
};

use crate::{
    charts::{lag::lag_span, market},
    format,
};

/// The note above a recording; `None` when data is live.
pub(crate) fn replay_note(config: &PublicConfig) -> Option<String> {
    let replay = config.replay.as_ref()?;
    let what = if replay.synthetic {
        "a synthetic recording, made up by a program"
    } else {
        "a recording"
    };
    Some(format!(
        "You are watching {what} ({}). Nothing in it happens now.",
        replay.name
    ))
}

/// Where the numbers of a saved file come from.
pub(crate) fn provenance(config: Option<&PublicConfig>) -> String {
    match config.and_then(|config| config.replay.as_ref()) {
        Some(replay) if replay.synthetic => {
            format!("Synthetic recording {}, Moodtape", replay.name)
        }
        Some(replay) => format!("Recording {}, Moodtape", replay.name),
        None => "Live data, Moodtape".to_owned(),
    }
}

/// What "Go live" does.
pub(crate) fn live_sources(live: &LiveInfo) -> String {
    format!(
        "Leave the recording and listen to {}. Topics, tickers and a word list of your own stay with the recording",
        live.sources.join(", ")
    )
}

/// What a lag plot says, the usual outcome first.
pub(crate) fn verdict(view: &LagView) -> String {
    let n = format!("n = {}", format::count(u64::from(view.n)));
    match view.verdict {
        Verdict::None => format!("No evidence of a lead at any lag ({n})"),
        Verdict::TooShort { needed } => format!(
            "Too few pairs for a statement: {} of {} needed",
            format::count(u64::from(view.n)),
            format::count(u64::from(needed)),
        ),
        Verdict::Together => format!("Sentiment and price move together, neither is ahead ({n})"),
        Verdict::SentimentLeads { lag } => {
            format!(
                "Sentiment leads price by {} in this range ({n})",
                lag_span(view.width, lag)
            )
        }
        Verdict::PriceLeads { lag } => {
            format!(
                "Price leads sentiment by {} in this range ({n})",
                lag_span(view.width, lag)
            )
        }
    }
}

/// A method as it is listed.
pub(crate) fn method(method: Method) -> &'static str {
    match method {
        Method::Vader => "VADER",
        Method::Finance => "VADER with market words",
        Method::WordList => "your word list",
    }
}

/// What scored the posts, and how many voices stand behind them.
pub(crate) fn voices(kpi: &KpiView) -> String {
    let scored = method(kpi.scoring.method);
    match kpi.authors {
        0 => format!("Scored by {scored}"),
        authors => format!("Scored by {scored}. {}", voices_of(authors, kpi.voices)),
    }
}

/// How many people stand behind a count.
pub(crate) fn voices_of(authors: u64, voices: f64) -> String {
    format!(
        "{} authors, as many voices as {} equally busy ones",
        format::count(authors),
        format::count(voices.round() as u64)
    )
}

/// `12 authors · 4.1 voices`, beside a count; nothing where no author is known.
pub(crate) fn voices_beside(authors: u64, voices: f64) -> Option<String> {
    let plural = if authors == 1 { "" } else { "s" };
    (authors > 0).then(|| {
        format!(
            "{} author{plural} · {} voices",
            format::count(authors),
            format::rate(voices)
        )
    })
}

/// A reason for which a post is spam: in a word, and what it means.
pub(crate) fn reason(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Duplicate => (
            "Repeats",
            "more than 2 of a day say nearly the same; short ones 4 or 10",
        ),
        Reason::Rate => ("Floods", "more than 6 posts of one author in a minute"),
        Reason::Cashtags => ("Lists tickers", "more than 5 different cashtags"),
        Reason::Piggyback => (
            "Rides along",
            "more than 2 little-known tickers beside a popular one",
        ),
        Reason::Phrase => ("Baits", "give-aways, “DM me”, sure profits"),
        Reason::Links => ("Links", "more links than words"),
    }
}

/// Why a post is spam, with what was measured.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let told: Vec<String> = findings.iter().map(finding).collect();
    format!("Spam: {}", told.join(", "))
}

fn finding(one: &Finding) -> String {
    let n = one.value;
    match one.reason {
        Reason::Duplicate => format!("{n:.0} posts of the day said nearly the same by then"),
        Reason::Rate => format!("{n:.0} posts of its author in a minute"),
        Reason::Cashtags => format!("{n:.0} different cashtags"),
        Reason::Piggyback => format!("{n:.0} little-known tickers beside a popular one"),
        Reason::Phrase => "phrases that bait".to_owned(),
        Reason::Links => format!("{:.0} % links", 100.0 * n),
    }
}

/// How much spam there is, and what does not count.
pub(crate) fn sample(view: &SampleView) -> String {
    let SampleView { n_posts, spam, .. } = view;
    let mut told = match spam.posts {
        0 => format!("None of {} posts looks like spam", format::count(*n_posts)),
        n => format!(
            "{} of {} posts look like spam ({}), mean compound {}",
            format::count(n),
            format::count(*n_posts),
            format::share(n, *n_posts),
            spam.mean_compound
                .map_or("–".to_owned(), |mean| format::signed(mean, 3)),
        ),
    };
    let left_out = [
        (view.n_out_spam, "as spam"),
        (view.n_out_language, "for their language"),
        (
            view.n_out_author,
            "of authors who had posted enough in the hour",
        ),
        (view.n_out_repost, "as reposts"),
        (view.n_out_source, "for their source"),
        (view.n_out_loudest, "of the authors with most posts"),
    ];
    let left_out: Vec<String> = left_out
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, why)| format!("{} {why}", format::count(n)))
        .collect();
    if !left_out.is_empty() {
        told += &format!(". Left out of all numbers: {}", left_out.join(", "));
    } else if view.sampling.is_everything() {
        told += ". They count like all others";
    }
    if view.n_waiting > 0 {
        told += &format!(". {} are still to be judged", format::count(view.n_waiting));
    }
    told
}

/// Which languages the posts are in, as far as the lexicons go.
pub(crate) fn languages(view: &SampleView) -> String {
    let n_unknown = view.n_posts.saturating_sub(view.n_english + view.n_foreign);
    let unknown = match view.n_waiting {
        0 => "too short to tell",
        _ => "too short to tell or still to be judged",
    };
    format!(
        "{} in English, {} in other languages, {} {unknown}. VADER and its market words are English",
        format::count(view.n_english),
        format::count(view.n_foreign),
        format::count(n_unknown),
    )
}

/// How the reader's word list is.
pub(crate) fn word_list(state: &WordListState) -> String {
    match state {
        WordListState::None => "None yet, so VADER scores".to_owned(),
        WordListState::Loaded { n_words } => format!("{} words", format::count(*n_words)),
        WordListState::Refused { reason } => {
            format!("Not taken: {reason}. What was there before still counts")
        }
    }
}

/// What a rule did to a word.
pub(crate) fn change(change: &ExplainedChange) -> String {
    let by = &change.by;
    match change.rule {
        Rule::Capitals => "in capitals".to_owned(),
        Rule::Booster => format!("“{by}” strengthens it"),
        Rule::Damper => format!("“{by}” weakens it"),
        Rule::Negation | Rule::No | Rule::Least => format!("“{by}” turns it around"),
        Rule::NeverSo => format!("“{by}” raises it"),
        Rule::Idiom => "part of an idiom".to_owned(),
        Rule::But => format!("“{by}” shifts the weight to what follows it"),
    }
}

/// What became of the words of a post.
pub(crate) fn explanation(explained: &Explained) -> String {
    let by = method(explained.method);
    let compound = format::signed(explained.compound, 4);
    if explained.words.is_empty() {
        return format!("No word of it is in the lexicon of {by}: compound {compound}");
    }
    let sum: f64 = explained.words.iter().map(|word| word.valence).sum();
    let marks = match explained.emphasis > 0.0 {
        true => format!(", ! and ? {:.2} more", explained.emphasis),
        false => String::new(),
    };
    format!(
        "Sum {}{marks}: compound {compound} by {by}",
        format::signed(sum, 2)
    )
}

/// From this score on a count is called unusual.
const REMARKABLE: f64 = 3.0;

/// What is unusual about a hashtag's count, short and in full.
pub(crate) fn burst(row: &HashtagRow) -> Option<(String, String)> {
    let (baseline, score) = (row.baseline?, row.burst?);
    if score < REMARKABLE {
        return None;
    }
    let times = row.count as f64 / baseline.max(0.1);
    let usual = if baseline < 1.0 {
        "less than 1".to_owned()
    } else {
        format!("{baseline:.0}")
    };
    Some((
        format!("{:.0}×", times.min(99.0)),
        format!(
            "{} where {usual} would be usual after the day before, {score:.1} deviations above",
            row.count
        ),
    ))
}

pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < .001".to_owned()
    } else {
        format!("p = {p:.3}").replacen("0.", ".", 1)
    }
}

/// How the lag plot was made.
pub(crate) fn lag_method(view: &LagView) -> String {
    let p = view.p_family.map_or(String::new(), |p| {
        let confirmed = view.p_surrogate.map_or(String::new(), |p| {
            format!(", by surrogates with the same rhythm {}", p_value(p))
        });
        format!(" Over all lags {}{confirmed}.", p_value(p))
    });
    format!(
        "One lag = {}. Both series prewhitened, AR order {}. Effective n before that {}. Band: 95 % over all lags together.{p}",
        format::span(view.width),
        view.ar_order,
        format::count(view.n_effective.max(0.0).round() as u64),
    )
}

/// What the price × sentiment chart shows, for people who cannot see it.
pub(crate) fn market_summary(view: &MarketView) -> String {
    let range = format::stretch(view.range.from, view.range.to);
    // The view has one more close on either side of the range.
    let in_range = view.range.from..=view.range.to;
    let mut closes = view
        .closes
        .iter()
        .filter(|c| c.price.is_finite() && in_range.contains(&c.at));
    let price = match (closes.clone().next(), closes.next_back()) {
        (Some(first), Some(last)) => {
            let move_ = (last.price / first.price - 1.0) * 100.0;
            format!(
                "close {} to {} {}, {} %",
                format::price(first.price),
                format::price(last.price),
                view.currency,
                format::signed(move_, 1)
            )
        }
        _ => "no prices".to_owned(),
    };
    let gaps = match view.gaps.len() {
        0 => String::new(),
        1 => ", 1 gap without data".to_owned(),
        n => format!(", {n} gaps without data"),
    };
    let mean = mean_compound(view).map_or(String::new(), |mean| {
        format!(", mean compound {}", format::signed(mean, 2))
    });
    format!(
        "{}, {range}, {price}{mean}, {} posts by {} authors (as many voices as {}){gaps}",
        view.ticker,
        format::count(view.n),
        format::count(view.authors),
        format::count(view.voices.round() as u64),
    )
}

fn mean_compound(view: &MarketView) -> Option<f64> {
    let buckets = view.n_posts.iter().zip(&view.mean_compound);
    let (sum, n) =
        buckets
            .filter_map(|(n, mean)| n.zip(*mean))
            .fold((0.0, 0.0), |(sum, n), (posts, mean)| {
                (
                    sum + f64::from(posts) * f64::from(mean),
                    n + f64::from(posts),
                )
            });
    (n > 0.0).then(|| sum / n)
}

/// How far an unusual bucket is from what was expected.
pub(crate) fn deviation(mark: &AnomalyMark) -> String {
    match mark.expected {
        Some(_) => format!("{} σ", format::signed(mark.score, 1)),
        None => format!("score {:.2}", mark.score),
    }
}

/// A value of a series, in its unit.
pub(crate) fn measured(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Posts => format::count(value.max(0.0).round() as u64),
        Measure::Sentiment => format::signed(value, 2),
        Measure::Price => format!("{} %", format::signed(100.0 * value, 2)),
    }
}

/// How many buckets are unusual, of how many, by which method.
pub(crate) fn anomalies(view: &AnomaliesView) -> String {
    if let Some(reason) = &view.why_none {
        return format!("Nothing could be tested: {reason}");
    }
    let n_found = view.marks.len() as u64 + view.n_more;
    let method = match view.choice.detector {
        Detector::Hybrid => {
            "by Seasonal Hybrid ESD over the range and up to eight seasons before it, with hindsight"
        }
        Detector::Stream => "as each bucket closed, from what came before only",
        Detector::Classic => {
            "by classical decomposition and Rosner’s test over the same, with hindsight"
        }
    };
    let mut told = format!(
        "{} of {} closed buckets are unusual, {method}",
        format::count(n_found),
        format::count(view.n)
    );
    if view.n_gaps > 0 {
        told += &format!(
            ". {} without a value were left out",
            format::count(view.n_gaps)
        );
    }
    if view.hit_cap {
        told += ". The search ended at its largest number: there may be more";
    }
    if view.n_more > 0 {
        told += &format!(". The {} strongest are marked", view.marks.len());
    }
    told
}

/// Who stands behind an unusual bucket.
pub(crate) fn behind(mark: &AnomalyMark) -> String {
    let hashtags: Vec<String> = mark
        .hashtags
        .iter()
        .map(|(tag, n)| format!("#{tag} {}", format::count(*n)))
        .collect();
    let tags = match hashtags.is_empty() {
        true => String::new(),
        false => format!(" · {}", hashtags.join(", ")),
    };
    let known = mark.knowable_at.map_or(String::new(), |at| {
        format!(" · could be known at {}", format::date_time(at))
    });
    format!(
        "{} posts by {} authors, {} look like spam{tags}{known}",
        format::count(mark.n_posts),
        format::count(mark.n_authors),
        format::count(mark.n_spam)
    )
}

/// Why a chart is empty, and what helps.
pub(crate) fn market_empty(view: &MarketView) -> Option<String> {
    if market::n_points(view) > 0 {
        return None;
    }
    let ticker = if view.ticker.is_empty() {
        "any ticker".to_owned()
    } else {
        view.ticker.clone()
    };
    Some(format!(
        "No posts about {ticker} and no prices in this range. Choose All or another ticker."
    ))
}

/// Why the list of hashtags is empty, and what helps.
pub(crate) fn hashtags_empty(view: &HashtagsView) -> String {
    format!(
        "No hashtags among {} posts of the last {}. Choose a longer window.",
        format::count(view.n_posts),
        format::span(view.window)
    )
}

/// Why the list of posts is empty.
pub(crate) fn posts_empty(view: &PostsView, n_filters: usize) -> String {
    let n = format::count(view.n_in_range);
    match (view.n_in_range, n_filters) {
        (0, _) => "No posts in this range yet. They appear here as they arrive.".to_owned(),
        (_, 0 | 1) => format!("No posts match the filter, of {n} in this range."),
        (_, filters) => format!("No posts match {filters} filters, of {n} in this range."),
    }
}

/// `English, no reposts`: which posts the relay keeps.
pub(crate) fn filters(filters: &Filters) -> String {
    let mut rules = vec![match filters.languages.as_slice() {
        [] => "all languages".to_owned(),
        languages => languages
            .iter()
            .map(|code| language(code))
            .collect::<Vec<_>>()
            .join(" or "),
    }];
    if !filters.reposts {
        rules.push("no reposts".to_owned());
    }
    if !filters.sensitive {
        rules.push("nothing sensitive".to_owned());
    }
    rules.join(", ")
}

fn language(code: &str) -> String {
    let names = [
        ("en", "English"),
        ("de", "German"),
        ("fr", "French"),
        ("es", "Spanish"),
        ("it", "Italian"),
    ];
    let more = [("pt", "Portuguese"), ("nl", "Dutch"), ("ja", "Japanese")];
    let known = names
        .into_iter()
        .chain(more)
        .find(|(known, _)| *known == code);
    known.map_or(code.to_owned(), |(_, name)| name.to_owned())
}

/// The state of a source in a word.
pub(crate) fn source_state(state: SourceState) -> &'static str {
    match state {
        SourceState::Connecting => "connecting",
        SourceState::Connected => "connected",
        SourceState::Disconnected => "disconnected",
        SourceState::Ended => "ended",
        SourceState::Failed => "failed",
    }
}

/// What a source missed, what it costs, and how often it was tried in vain.
pub(crate) fn source_trouble(row: &SourceStatus) -> Option<String> {
    let mut told = Vec::new();
    match row.attempts {
        0 => {}
        1 => told.push("1 attempt failed".to_owned()),
        n => told.push(format!("{n} attempts in a row failed")),
    }
    if let Some(gap) = row.gap {
        told.push(format!("missed {}", format::stretch(gap.from, gap.to)));
    }
    if let Some(cost) = row.cost_usd {
        told.push(format!("cost about ${cost:.2} so far"));
    }
    (!told.is_empty()).then(|| told.join(" · "))
}

/// What this browser keeps, where it is not a number.
pub(crate) fn store(state: &StoreState) -> Option<String> {
    match state {
        StoreState::Opening => Some("opening".to_owned()),
        StoreState::NotKept { reason } => Some(format!("not kept: {reason}")),
        StoreState::Kept { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn the_verdict_begins_with_the_null() {
        let view = |verdict| LagView {
            n: 1_200,
            width: HOUR,
            verdict,
            ..LagView::default()
        };

        assert_eq!(
            verdict(&view(Verdict::None)),
            "No evidence of a lead at any lag (n = 1,200)"
        );
        assert!(
            verdict(&view(Verdict::TooShort { needed: 2_000 })).ends_with("1,200 of 2,000 needed")
        );
        assert!(
            verdict(&view(Verdict::SentimentLeads { lag: 3 }))
                .starts_with("Sentiment leads price by 3 h")
        );
    }

    #[test]
    fn filters_are_told_in_words() {
        assert_eq!(filters(&Filters::default()), "English, no reposts");
    }

    #[test]
    fn a_source_that_fails_says_what_that_costs() {
        let row = SourceStatus {
            attempts: 3,
            cost_usd: Some(1.255),
            ..SourceStatus::default()
        };

        assert_eq!(source_trouble(&SourceStatus::default()), None);
        assert_eq!(
            source_trouble(&row).as_deref(),
            Some("3 attempts in a row failed · cost about $1.25 so far")
        );
    }
}
