//! Posts summed by five minutes, and posts that stand in for such sums, so that everything above them can be
//! computed without a single true post.

use analysis::{
    Engine, Standing,
    protocol::Scoring,
    series::{
        Bucket, Grids,
        bucket::{FIVE_MINUTES, mean_compound},
    },
    view::Range,
};
use serde::{Deserialize, Serialize};
use wire::{Body, Event, Millis, Post, PublicConfig, time::LATE_AFTER};

use crate::table::{Cell, Column, Kind, Table, column};

/// What posts were summed over.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// All posts.
    All,
    /// Those of a topic.
    Topic(String),
    /// Those that mention a ticker.
    Ticker(String),
}

/// The posts of five minutes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sum {
    /// Which posts.
    pub of: Subject,
    /// Start of the five minutes.
    pub at: Millis,
    /// Posts.
    pub n: u32,
    /// Positive ones.
    pub positive: u32,
    /// Negative ones.
    pub negative: u32,
    /// Those that came more than a minute after they were posted.
    pub late: u32,
    /// Sum of compounds, in ten-thousandths.
    pub sum: i64,
    /// The part of it that came late.
    pub sum_late: i64,
}

const COLUMNS: &[Column] = &[
    OF,
    NAME,
    column("start", Kind::Time, "UTC", "start of the five minutes"),
    POSTS,
    POSITIVE,
    NEUTRAL,
    NEGATIVE,
    LATE,
    column(
        "compound_sum",
        Kind::Integer,
        "1/10000",
        "sum of compounds, exact",
    ),
    MEAN,
];

/// Sums of a range: of all posts, of each topic, of each of these tickers. Five minutes without posts are left out.
pub fn sums(engine: &Engine, config: &PublicConfig, tickers: &[String], range: Range) -> Vec<Sum> {
    let topics = config.topics.iter();
    let topics = topics.filter_map(|topic| {
        Some((
            Subject::Topic(topic.name.clone()),
            engine.topic(&topic.name)?,
        ))
    });
    let tickers = tickers.iter();
    let tickers = tickers
        .filter_map(|symbol| Some((Subject::Ticker(symbol.clone()), engine.ticker(symbol)?)));
    let all = [(Subject::All, engine.grids())].into_iter();
    let series = all.chain(topics).chain(tickers);
    series
        .flat_map(|(of, grids)| sums_of(of, grids, range))
        .collect()
}

fn sums_of(of: Subject, grids: &Grids, range: Range) -> Vec<Sum> {
    let first = range.from.div_euclid(FIVE_MINUTES);
    let last = range.to.div_euclid(FIVE_MINUTES);
    let cells = grids.grid(FIVE_MINUTES).cells(first, last);
    cells
        .map(|(idx, bucket)| Sum {
            of: of.clone(),
            at: idx * FIVE_MINUTES,
            n: bucket.n,
            positive: bucket.n_positive,
            negative: bucket.n_negative,
            late: bucket.n_late,
            sum: bucket.sum,
            sum_late: bucket.sum_late,
        })
        .collect()
}

/// The sums as a table.
pub fn table(sums: &[Sum]) -> Table {
    let row = |sum: &Sum| {
        let (of, name) = sum.of.names();
        vec![
            of.into(),
            name.into(),
            sum.at.into(),
            sum.n.into(),
            sum.positive.into(),
            sum.neutral().into(),
            sum.negative.into(),
            sum.late.into(),
            sum.sum.into(),
            mean_compound(sum.sum, sum.n.into()).into(),
        ]
    };
    Table {
        rows: sums.iter().map(row).collect(),
        ..Table::new("aggregates", COLUMNS)
    }
}

impl Subject {
    /// What it is, and which one.
    pub(crate) fn names(&self) -> (&'static str, &str) {
        match self {
            Self::All => ("all", ""),
            Self::Topic(name) => ("topic", name),
            Self::Ticker(symbol) => ("ticker", symbol),
        }
    }
}

impl Sum {
    /// Posts that are neither positive nor negative. A damaged file may say more of those than there are.
    pub(crate) fn neutral(&self) -> u32 {
        self.n
            .saturating_sub(self.positive)
            .saturating_sub(self.negative)
    }

    /// Whether there can be such posts.
    pub(crate) fn is_possible(&self) -> bool {
        let within = |sum: i64, n: u32| sum.unsigned_abs() <= u64::from(n) * 10_000;
        let n_classed = u64::from(self.positive) + u64::from(self.negative);
        self.n <= MOST_POSTS
            && self.late <= self.n
            && n_classed <= u64::from(self.n)
            && within(self.sum, self.n)
            && within(self.sum_late, self.late)
    }

    /// As a bucket.
    pub(crate) fn bucket(&self) -> Bucket {
        Bucket {
            n: self.n,
            n_positive: self.positive,
            n_negative: self.negative,
            n_late: self.late,
            sum: self.sum,
            sum_late: self.sum_late,
            ..Bucket::default()
        }
    }

    /// As many posts with these sums: what is computed of counts and means of whole five minutes is the same.
    pub(crate) fn stand_in(&self, engine: &mut Engine) {
        let tickers = match &self.of {
            Subject::Ticker(symbol) => vec![symbol.clone()],
            _ => Vec::new(),
        };
        let late = self.late.min(self.n);
        let groups = [
            (self.n - late, self.sum.saturating_sub(self.sum_late), 0),
            (late, self.sum_late, LATE_AFTER + 1),
        ];
        let mut id = 0u32;
        for (n, sum, delay) in groups {
            for place in 0..i64::from(n) {
                let standing = Standing {
                    compound: share(sum, n.into(), place),
                    tickers: tickers.clone(),
                    ..Standing::default()
                };
                let post = Post {
                    id: format!("{}-{id}", self.at),
                    source: SOURCE.to_owned(),
                    // A ticker that nothing has named yet is known by its cashtag.
                    cashtags: tickers.clone(),
                    ..Post::default()
                };
                id += 1;
                let event = Event {
                    seq: 0,
                    seen_at: self.at.saturating_add(delay),
                    at: self.at,
                    skewed: false,
                    imported: false,
                    body: Body::Post(Box::new(post)),
                };
                engine.apply_withdrawn(&event, &standing);
            }
        }
    }
}

/// No five minutes of any stream have more.
const MOST_POSTS: u32 = 1 << 24;

/// The source of posts that stand in for others.
pub(crate) const SOURCE: &str = "aggregates";

/// One of `n` numbers that are nearly equal and add up to `sum`.
fn share(sum: i64, n: i64, place: i64) -> i16 {
    let one = sum.div_euclid(n) + i64::from(place < sum.rem_euclid(n));
    i16::try_from(one).unwrap_or(if one < 0 { i16::MIN } else { i16::MAX })
}

/// Sums over the whole range, by subject.
pub(crate) fn totals(sums: &[Sum], scoring: &Scoring) -> Table {
    let mut table = Table::new("totals", TOTALS);
    let mut at = 0;
    while let Some(first) = sums.get(at) {
        let of_same = sums.iter().skip(at).take_while(|sum| sum.of == first.of);
        let mut total = Bucket::default();
        for sum in of_same {
            total.merge(&sum.bucket());
            at += 1;
        }
        let (of, name) = first.of.names();
        let counts = total.counts();
        table.rows.push(vec![
            of.into(),
            name.into(),
            counts.posts.into(),
            counts.positive.into(),
            counts.neutral.into(),
            counts.negative.into(),
            total.n_late.into(),
            counts.mean_compound.into(),
            Cell::from(method(scoring)),
        ]);
    }
    table
}

fn method(scoring: &Scoring) -> &'static str {
    use analysis::protocol::Method;
    match scoring.method {
        Method::Vader => "vader",
        Method::Finance => "finance",
        Method::WordList => "word list",
    }
}

const TOTALS: &[Column] = &[
    OF,
    NAME,
    POSTS,
    POSITIVE,
    NEUTRAL,
    NEGATIVE,
    LATE,
    MEAN,
    column("method", Kind::Text, "", "what scored the posts"),
];

const OF: Column = column("of", Kind::Text, "", "all, topic or ticker");
const NAME: Column = column("name", Kind::Text, "", "of the topic or ticker");
const POSTS: Column = column("posts", Kind::Integer, "posts", "that count");
const POSITIVE: Column = column(
    "positive",
    Kind::Integer,
    "posts",
    "compound at or above the upper limit",
);
const NEUTRAL: Column = column("neutral", Kind::Integer, "posts", "between the limits");
const NEGATIVE: Column = column(
    "negative",
    Kind::Integer,
    "posts",
    "compound at or below the lower limit",
);
const LATE: Column = column(
    "late",
    Kind::Integer,
    "posts",
    "that came more than 60 s after they were posted",
);
const MEAN: Column = column(
    "mean_compound",
    Kind::Number,
    "-1 to +1",
    "mean of compounds",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_that_stand_in_have_the_sums_they_stand_for() {
        let sum = Sum {
            of: Subject::Ticker("BTC".into()),
            at: 7 * FIVE_MINUTES,
            n: 7,
            positive: 3,
            negative: 2,
            late: 2,
            sum: -1_234,
            sum_late: 777,
        };
        let mut engine = Engine::new(&PublicConfig::default());

        sum.stand_in(&mut engine);

        let range = Range {
            from: 0,
            to: 100 * FIVE_MINUTES,
        };
        let found = sums(
            &engine,
            &PublicConfig::default(),
            &["BTC".to_owned()],
            range,
        );
        assert_eq!(found.len(), 2, "all posts, and those of the ticker");
        for one in found {
            let figures = (one.at, one.n, one.late, one.sum, one.sum_late);
            assert_eq!(figures, (sum.at, sum.n, sum.late, sum.sum, sum.sum_late));
        }
    }

    #[test]
    fn shares_add_up_and_differ_by_one_at_most() {
        for (sum, n) in [(0, 3), (10, 3), (-10, 3), (-30_000, 3)] {
            let shares: Vec<i64> = (0..n).map(|place| share(sum, n, place).into()).collect();

            assert_eq!(shares.iter().sum::<i64>(), sum);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
