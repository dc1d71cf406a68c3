//! Results as tables: what the panels show, in numbers.

use analysis::{
    Engine,
    protocol::{AnomalyChoice, Detector, Measure, Method, RangeChoice, Scoring, Wanted, Watch},
    text::sentiment::{Compound, Limits},
    view::{Class, Frame, LagView, MarketView, Range, Verdict},
};
use wire::{Millis, PublicConfig};

use crate::{
    aggregates,
    table::{Cell, Column, Kind, Needs, Table, column},
};

/// What is asked of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Scoring, and further choices.
    pub watch: &'a Watch,
    /// Tickers to give results for; of all posts where there are none.
    pub tickers: &'a [String],
    /// The stretch, in whole five minutes.
    pub range: Range,
    /// The clock of the data.
    pub now: Millis,
}

/// What is looked for in the buckets of each ticker.
const SEARCHES: [(Measure, Detector); 3] = [
    (Measure::Posts, Detector::Hybrid),
    (Measure::Sentiment, Detector::Hybrid),
    (Measure::Posts, Detector::Stream),
];

const PEOPLE: &[Column] = &[
    column(
        "authors",
        Kind::Integer,
        "authors",
        "distinct, of posts that were not withdrawn",
    )
    .needing(Needs::People),
    column(
        "voices",
        Kind::Number,
        "authors",
        "effective number: exp of the entropy of shares",
    )
    .needing(Needs::People),
    column(
        "posts",
        Kind::Integer,
        "posts",
        "of the range, withdrawn ones included",
    )
    .needing(Needs::Posts),
];

const BUCKETS: &[Column] = &[
    column("ticker", Kind::Text, "", "empty for all posts"),
    column("start", Kind::Time, "UTC", "start of the bucket"),
    column("width", Kind::Integer, "ms", "length of the bucket"),
    column(
        "posts",
        Kind::Integer,
        "posts",
        "none where no source was listening",
    ),
    column(
        "mean_compound",
        Kind::Number,
        "-1 to +1",
        "none without posts",
    ),
];

const ANOMALIES: &[Column] = &[
    column("ticker", Kind::Text, "", "empty for all posts"),
    column("of", Kind::Text, "", "posts or sentiment"),
    column(
        "detector",
        Kind::Text,
        "",
        "hybrid with hindsight, stream without",
    ),
    column("from", Kind::Time, "UTC", "start of the bucket"),
    column("to", Kind::Time, "UTC", "end of the bucket"),
    column(
        "value",
        Kind::Number,
        "posts, or -1 to +1",
        "what was there",
    ),
    column("expected", Kind::Number, "as value", "by season and level"),
    column(
        "score",
        Kind::Number,
        "robust standard deviations; 0 to 1 of stream",
        "how unusual",
    ),
    column(
        "knowable_at",
        Kind::Time,
        "UTC",
        "none where it was found with hindsight",
    ),
    column("posts", Kind::Integer, "posts", "of the bucket"),
    column(
        "authors",
        Kind::Integer,
        "authors",
        "distinct ones of the bucket",
    )
    .needing(Needs::People),
    column("spam", Kind::Integer, "posts", "that look like spam").needing(Needs::People),
];

const LEAD_LAG: &[Column] = &[
    column("ticker", Kind::Text, "", ""),
    column(
        "lag",
        Kind::Integer,
        "buckets",
        "positive: sentiment leads price",
    ),
    column(
        "width",
        Kind::Integer,
        "ms",
        "length of a bucket; of daily bars a trading day",
    ),
    column(
        "correlation",
        Kind::Number,
        "-1 to +1",
        "of the prewhitened series",
    ),
    column(
        "bound",
        Kind::Number,
        "-1 to +1",
        "family-wise 95 % limit over all lags",
    ),
];

const TESTS: &[Column] = &[
    column("ticker", Kind::Text, "", ""),
    column(
        "pairs",
        Kind::Integer,
        "buckets",
        "with a return and a mean compound",
    ),
    column(
        "effective_pairs",
        Kind::Number,
        "pairs",
        "as many independent ones",
    ),
    column(
        "order",
        Kind::Integer,
        "buckets",
        "of the larger autoregression removed",
    ),
    column(
        "p_family",
        Kind::Number,
        "probability",
        "of the largest correlation over all lags",
    ),
    column(
        "p_surrogate",
        Kind::Number,
        "probability",
        "the same by surrogates, where drawn",
    ),
    column(
        "best_lag",
        Kind::Integer,
        "buckets",
        "of the largest correlation",
    ),
    column("posts", Kind::Integer, "posts", "in the buckets used"),
    column("late", Kind::Integer, "posts", "of these left out as late"),
    column("verdict", Kind::Text, "", "what follows"),
];

/// All results, as known at `now`.
pub fn all(engine: &mut Engine, config: &PublicConfig, question: &Question<'_>) -> Vec<Table> {
    let sums = aggregates::sums(engine, config, question.tickers, question.range);
    let mut tables = vec![aggregates::totals(&sums, &question.watch.scoring)];
    tables.extend(above(engine, question));
    tables.insert(1, people(engine, question));
    tables
}

/// The results above the buckets: of a ticker each, or of all posts.
pub(crate) fn above(engine: &mut Engine, question: &Question<'_>) -> Vec<Table> {
    let mut tables = Above::default();
    if question.tickers.is_empty() {
        tables.take(engine, question, None);
    }
    for ticker in question.tickers {
        tables.take(engine, question, Some(ticker));
    }
    tables.into()
}

/// The results above the buckets as they grow, ticker by ticker.
pub(crate) struct Above {
    buckets: Table,
    anomalies: Table,
    lead_lag: Table,
    tests: Table,
}

impl Default for Above {
    fn default() -> Self {
        Self {
            buckets: Table::new("buckets", BUCKETS),
            anomalies: Table::new("anomalies", ANOMALIES),
            lead_lag: Table::new("lead_lag", LEAD_LAG),
            tests: Table::new("lead_lag_tests", TESTS),
        }
    }
}

impl From<Above> for Vec<Table> {
    fn from(above: Above) -> Self {
        vec![above.buckets, above.anomalies, above.lead_lag, above.tests]
    }
}

impl Above {
    /// Adds the results of one ticker, or of all posts.
    pub(crate) fn take(
        &mut self,
        engine: &mut Engine,
        question: &Question<'_>,
        ticker: Option<&String>,
    ) {
        for (idx, (of, detector)) in SEARCHES.into_iter().enumerate() {
            let anomalies = AnomalyChoice {
                of,
                detector,
                ..AnomalyChoice::default()
            };
            let frame = frame(engine, question, ticker, Some(anomalies));
            let Some(market) = &frame.market else {
                continue;
            };
            if idx == 0 {
                self.take_buckets(market, question.range);
                frame.lag.iter().for_each(|lag| self.take_lag(lag));
            }
            self.take_anomalies(market, anomalies);
        }
    }

    fn take_buckets(&mut self, market: &MarketView, range: Range) {
        let values = market.n_posts.iter().zip(&market.mean_compound);
        for (idx, (n_posts, mean)) in (0..).zip(values) {
            let start: Millis = market.start + idx * market.width;
            if start >= range.to {
                break;
            }
            self.buckets.rows.push(vec![
                market.ticker.as_str().into(),
                start.into(),
                market.width.into(),
                (*n_posts).into(),
                (*mean).into(),
            ]);
        }
    }

    fn take_anomalies(&mut self, market: &MarketView, choice: AnomalyChoice) {
        let of = match choice.of {
            Measure::Posts => "posts",
            Measure::Sentiment => "sentiment",
            Measure::Price => "price",
        };
        let detector = match choice.detector {
            Detector::Hybrid => "hybrid",
            Detector::Stream => "stream",
            Detector::Classic => "classic",
        };
        let marks = market.anomalies.iter().flat_map(|found| &found.marks);
        for mark in marks {
            self.anomalies.rows.push(vec![
                market.ticker.as_str().into(),
                of.into(),
                detector.into(),
                mark.bucket.from.into(),
                mark.bucket.to.into(),
                mark.value.into(),
                mark.expected.into(),
                mark.score.into(),
                mark.knowable_at.into(),
                mark.n_posts.into(),
                mark.n_authors.into(),
                mark.n_spam.into(),
            ]);
        }
    }

    fn take_lag(&mut self, lag: &LagView) {
        for (place, correlation) in lag.lags.iter().zip(&lag.correlation) {
            self.lead_lag.rows.push(vec![
                lag.ticker.as_str().into(),
                (*place).into(),
                lag.width.into(),
                (*correlation).into(),
                lag.bound.into(),
            ]);
        }
        self.tests.rows.push(vec![
            lag.ticker.as_str().into(),
            lag.n.into(),
            lag.n_effective.into(),
            lag.ar_order.into(),
            lag.p_family.into(),
            lag.p_surrogate.into(),
            lag.best_lag.into(),
            lag.n_posts.into(),
            lag.n_late.into(),
            verdict(lag.verdict).into(),
        ]);
    }
}

fn people(engine: &mut Engine, question: &Question<'_>) -> Table {
    let frame = frame(engine, question, None, None);
    let kpi = frame.kpi.unwrap_or_default();
    Table {
        rows: vec![vec![
            kpi.authors.into(),
            kpi.voices.into(),
            kpi.counts.posts.into(),
        ]],
        ..Table::new("people", PEOPLE)
    }
}

/// Every view of a ticker without any filter.
fn frame(
    engine: &mut Engine,
    question: &Question<'_>,
    ticker: Option<&String>,
    anomalies: Option<AnomalyChoice>,
) -> Frame {
    let Question {
        watch, range, now, ..
    } = question;
    engine.watch(Watch {
        ticker: ticker.cloned(),
        range: RangeChoice::Fixed {
            from: range.from,
            to: range.to,
        },
        class: None,
        hashtag: None,
        tickers: Vec::new(),
        topics: Vec::new(),
        only_spam: false,
        wanted: Wanted::default(),
        anomalies,
        ..(*watch).clone()
    });
    engine.refresh();
    engine.frame(*now)
}

/// How a compound in ten-thousandths reads.
pub(crate) fn class(scoring: &Scoring, compound: i16) -> Class {
    let limits = match scoring.method {
        Method::WordList => Limits::Strict,
        _ => scoring.limits,
    };
    Compound::from_ten_thousandths(compound).class_by(limits)
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TooShort { .. } => "too short",
        Verdict::None => "no evidence of a lead",
        Verdict::SentimentLeads { .. } => "sentiment leads",
        Verdict::PriceLeads { .. } => "price leads",
        Verdict::Together => "together",
    }
}

impl From<Class> for Cell {
    fn from(class: Class) -> Self {
        Self::from(match class {
            Class::Positive => "positive",
            Class::Neutral => "neutral",
            Class::Negative => "negative",
        })
    }
}

/// Stretches of the range in which no source was listening.
pub(crate) fn gaps(engine: &mut Engine, question: &Question<'_>) -> Vec<Range> {
    let frame = frame(engine, question, None, None);
    frame.market.unwrap_or_default().gaps
}
