//! Unusual buckets of the chart's ticker, and who stands behind each.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};
use wire::{
    Millis,
    time::{DAY, LATE_AFTER},
};

use crate::{
    anomalies::{
        Anomaly, AnomalyError, Found, classic, fill_gaps,
        shesd::{self, ShEsd},
        streaming::{self, Stream},
        usual_period,
    },
    engine::{Engine, posts::Record},
    protocol::{AnomalyChoice, Detector, Measure},
    view::{AnomaliesView, AnomalyMark, Range},
};

/// More marks than these cannot be told apart on a chart.
const MAX_MARKS: usize = 50;
const N_HASHTAGS: usize = 3;

/// A series with the stretch of time that each place stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Buckets {
    pub(super) ranges: Vec<Range>,
    pub(super) values: Vec<Option<f64>>,
    /// Places before this are only learnt from.
    pub(super) first_shown: usize,
    /// Places in a season; 1 without one.
    pub(super) period: usize,
}

/// What was found last, and in what: most frames do not change a closed bucket.
#[derive(Debug, Default)]
pub(super) struct Memory(Option<(AnomalyChoice, Buckets, Detected)>);

#[derive(Clone, Debug, Default)]
struct Detected {
    n: u64,
    n_gaps: u64,
    hit_cap: bool,
    /// Place, value, expected value, score.
    found: Vec<(usize, f64, Option<f64>, f64)>,
    why_none: Option<String>,
}

impl Engine {
    #[inline(never)]
    pub(super) fn anomalies(
        &self,
        choice: AnomalyChoice,
        buckets: Buckets,
        ticker: Option<u32>,
        memory: &mut Memory,
    ) -> AnomaliesView {
        let is_same = |(before, seen, _): &(AnomalyChoice, Buckets, Detected)| {
            *before == choice && *seen == buckets
        };
        if !memory.0.as_ref().is_some_and(is_same) {
            let detected = detect(choice, &buckets);
            memory.0 = Some((choice, buckets, detected));
        }
        let Some((_, buckets, detected)) = &memory.0 else {
            return AnomaliesView::default();
        };
        let mut found = detected.found.clone();
        found.sort_by(|a, b| b.3.abs().total_cmp(&a.3.abs()));
        let n_more = found.len().saturating_sub(MAX_MARKS) as u64;
        found.truncate(MAX_MARKS);
        found.sort_unstable_by_key(|(idx, ..)| *idx);
        let mark = |(idx, value, expected, score): &(usize, f64, Option<f64>, f64)| {
            let bucket = *buckets.ranges.get(*idx)?;
            let is_causal = choice.detector == Detector::Stream;
            let width = bucket.to - bucket.from;
            Some(AnomalyMark {
                value: *value,
                expected: *expected,
                score: *score,
                knowable_at: is_causal
                    .then(|| streaming::knowable_at(bucket.from, width, LATE_AFTER)),
                ..self.behind(bucket, ticker)
            })
        };
        AnomaliesView {
            choice,
            n: detected.n,
            n_gaps: detected.n_gaps,
            hit_cap: detected.hit_cap,
            marks: found.iter().filter_map(mark).collect(),
            n_more,
            why_none: detected.why_none.clone(),
        }
    }

    /// The posts of a bucket.
    fn behind(&self, bucket: Range, ticker: Option<u32>) -> AnomalyMark {
        let is_wanted = |record: &&Record| {
            record.is_counted() && ticker.is_none_or(|id| self.posts.tickers(record).contains(&id))
        };
        let mut mark = AnomalyMark {
            bucket,
            ..AnomalyMark::default()
        };
        let mut authors = FxHashSet::default();
        let mut hashtags: FxHashMap<u32, u64> = FxHashMap::default();
        for record in self
            .posts
            .within(bucket.from..bucket.to)
            .iter()
            .filter(is_wanted)
        {
            mark.n_posts += 1;
            mark.n_spam += u64::from(record.reasons != 0);
            authors.insert(record.author);
            for id in self.posts.hashtags(record) {
                *hashtags.entry(*id).or_default() += 1;
            }
        }
        authors.remove(&0);
        mark.n_authors = authors.len() as u64;
        let mut hashtags: Vec<(&str, u64)> = hashtags
            .iter()
            .map(|(id, n)| (self.hashtags.name(*id), *n))
            .collect();
        hashtags.sort_unstable_by_key(|(name, n)| (Reverse(*n), *name));
        let top = hashtags.into_iter().take(N_HASHTAGS);
        mark.hashtags = top.map(|(name, n)| (name.to_owned(), n)).collect();
        mark
    }
}

fn detect(choice: AnomalyChoice, buckets: &Buckets) -> Detected {
    let shown = buckets
        .values
        .get(buckets.first_shown..)
        .unwrap_or_default();
    let n = shown.iter().flatten().count() as u64;
    let mut detected = Detected {
        n,
        n_gaps: shown.len() as u64 - n,
        ..Detected::default()
    };
    let result = match choice.detector {
        Detector::Stream => stream(choice, buckets).map(|found| (found, false)),
        Detector::Hybrid | Detector::Classic => batch(choice, buckets),
    };
    match result {
        Ok((found, hit_cap)) => (detected.found, detected.hit_cap) = (found, hit_cap),
        Err(reason) => detected.why_none = Some(reason),
    }
    detected
}

type Finding = (usize, f64, Option<f64>, f64);

fn stream(choice: AnomalyChoice, buckets: &Buckets) -> Result<Vec<Finding>, String> {
    if choice.of != Measure::Posts {
        return Err("The causal detector is made for counts of posts".to_owned());
    }
    if buckets.values.len() <= streaming::WARM_UP {
        return Err(format!(
            "The causal detector learns from {} buckets first, and there are {}",
            streaming::WARM_UP,
            buckets.values.len()
        ));
    }
    let width = buckets
        .ranges
        .first()
        .map_or(DAY, |range| range.to - range.from);
    let mut detector = Stream::new(usize::try_from(DAY / width.max(1)).unwrap_or(1));
    let mut found = Vec::new();
    for (idx, value) in buckets.values.iter().enumerate() {
        let score = detector.push(*value).filter(|score| score.is_flagged);
        if let (Some(score), Some(value)) = (score, value)
            && idx >= buckets.first_shown
        {
            found.push((idx, *value, None, score.score));
        }
    }
    Ok(found)
}

fn batch(choice: AnomalyChoice, buckets: &Buckets) -> Result<(Vec<Finding>, bool), String> {
    let series = buckets
        .values
        .get(buckets.first_shown..)
        .unwrap_or_default();
    let filled = fill_gaps(series, buckets.period).ok_or_else(|| {
        "An hour of the day, or a day of the week, has no value at all".to_owned()
    })?;
    let result: Result<Found, AnomalyError> = match choice.detector {
        Detector::Classic => {
            let options = classic::Classic {
                period: buckets.period,
                ..classic::Classic::default()
            };
            classic::classic(&filled, &options)
        }
        _ => {
            // Counts have heavy tails; on a logarithmic scale a peak has to be many times what is usual.
            let scale = match choice.of {
                Measure::Posts => shesd::Scale::Log1p,
                Measure::Sentiment | Measure::Price => shesd::Scale::Plain,
            };
            let options = ShEsd {
                direction: choice.direction,
                scale,
                ..ShEsd::new(buckets.period)
            };
            shesd::shesd(&filled, &options)
        }
    };
    let found = result.map_err(|error| error.to_string())?;
    let is_value = |idx: usize| buckets.values.get(idx).is_some_and(Option::is_some);
    let is_told = |one: &Anomaly| one.idx >= buckets.first_shown && is_value(one.idx);
    let finding = |one: Anomaly| (one.idx, one.value, Some(one.expected), one.score);
    let told = found.anomalies.into_iter().filter(is_told);
    Ok((told.map(finding).collect(), found.hit_cap))
}

/// The season of buckets of this width, 1 if there is none.
pub(super) fn period_of(width: Millis) -> usize {
    usual_period(width).unwrap_or(1)
}
