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
    engine::{Engine, Versions, names::Hashtags, posts::Record, selection::Own},
    order,
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
pub(super) struct Memory {
    detected: Option<(AnomalyChoice, Buckets, Detected)>,
    /// What was told of it, of which ticker, and when posts had changed last.
    told: Option<(AnomaliesView, Option<u32>, Versions)>,
}

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
        if !memory.detected.as_ref().is_some_and(is_same) {
            let detected = detect(choice, &buckets);
            memory.detected = Some((choice, buckets, detected));
            memory.told = None;
        }
        if let Some((view, of, versions)) = &memory.told
            && (*of, *versions) == (ticker, self.versions)
        {
            return view.clone();
        }
        let Some((_, buckets, detected)) = &memory.detected else {
            return AnomaliesView::default();
        };
        let mut found = detected.found.clone();
        order::sort_by(&mut found, |a, b| b.3.abs().total_cmp(&a.3.abs()));
        let n_more = found.len().saturating_sub(MAX_MARKS) as u64;
        found.truncate(MAX_MARKS);
        order::sort_by_key(&mut found, |(idx, ..)| *idx);
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
        let view = AnomaliesView {
            choice,
            n: detected.n,
            n_gaps: detected.n_gaps,
            hit_cap: detected.hit_cap,
            marks: found.iter().filter_map(mark).collect(),
            n_more,
            why_none: detected.why_none.clone(),
        };
        memory.told = Some((view.clone(), ticker, self.versions));
        view
    }

    /// The posts of a bucket.
    fn behind(&self, bucket: Range, ticker: Option<u32>) -> AnomalyMark {
        let selection = self.selection();
        let is_wanted = |record: &&Record| {
            record.is_counted()
                && ticker.is_none_or(|id| self.posts.tickers(record).contains(&id))
                && selection.accepts_but(Own::TICKERS, record, &self.posts)
        };
        let mut mark = AnomalyMark {
            bucket,
            ..AnomalyMark::default()
        };
        let mut authors = FxHashSet::default();
        let mut hashtags = Uses::default();
        for record in self
            .posts
            .within(bucket.from..bucket.to)
            .iter()
            .filter(is_wanted)
        {
            mark.n_posts += 1;
            mark.n_spam += u64::from(record.reasons != 0);
            authors.insert(record.author);
            hashtags.add(self.posts.hashtags(record), &self.hashtags);
        }
        authors.remove(&0);
        mark.n_authors = authors.len() as u64;
        mark.hashtags = hashtags.top(&self.hashtags);
        mark
    }
}

/// Posts by hashtag, of whatever case, and by spelling.
#[derive(Debug, Default)]
struct Uses {
    of_tags: FxHashMap<u32, u64>,
    of_spellings: FxHashMap<u32, u64>,
    of_post: Vec<u32>,
}

impl Uses {
    /// A post counts once for a hashtag, however often it repeats it.
    fn add(&mut self, written: &[u32], names: &Hashtags) {
        self.of_post.clear();
        for id in written {
            let tag = names.first_spelling(*id);
            if !self.of_post.contains(&tag) {
                self.of_post.push(tag);
                *self.of_tags.entry(tag).or_default() += 1;
                *self.of_spellings.entry(*id).or_default() += 1;
            }
        }
    }

    /// The most frequent, each in its most frequent spelling.
    fn top(&self, names: &Hashtags) -> Vec<(String, u64)> {
        let n_spelled = |id: &u32| self.of_spellings.get(id).copied().unwrap_or(0);
        let spelled = |tag: u32| {
            let spellings = names.spellings(names.name(tag)).iter();
            let best = spellings.max_by_key(|id| (n_spelled(id), Reverse(names.name(**id))));
            names.name(best.copied().unwrap_or(tag))
        };
        let mut top: Vec<(&str, u64)> = self
            .of_tags
            .iter()
            .map(|(tag, n)| (spelled(*tag), *n))
            .collect();
        order::sort_by_key(&mut top, |(name, n)| (Reverse(*n), *name));
        let top = top.into_iter().take(N_HASHTAGS);
        top.map(|(name, n)| (name.to_owned(), n)).collect()
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
        Detector::Stream => stream(choice, buckets).map(|(found, n_scored)| {
            detected.n = n_scored;
            (found, false)
        }),
        Detector::Hybrid | Detector::Classic => batch(choice, buckets),
    };
    match result {
        Ok((found, hit_cap)) => (detected.found, detected.hit_cap) = (found, hit_cap),
        Err(reason) => detected.why_none = Some(reason),
    }
    detected
}

type Finding = (usize, f64, Option<f64>, f64);

/// What was found, and how many buckets had learnt enough to be judged.
fn stream(choice: AnomalyChoice, buckets: &Buckets) -> Result<(Vec<Finding>, u64), String> {
    if choice.of != Measure::Posts {
        return Err("The causal detector is made for counts of posts".to_owned());
    }
    let n_values = buckets.values.iter().flatten().count();
    if n_values <= streaming::WARM_UP {
        return Err(format!(
            "The causal detector learns from {} buckets first, and there are {n_values}",
            streaming::WARM_UP,
        ));
    }
    let width = buckets
        .ranges
        .first()
        .map_or(DAY, |range| range.to - range.from);
    let mut detector = Stream::new(usize::try_from(DAY / width.max(1)).unwrap_or(1));
    let mut found = Vec::new();
    let (mut n_seen, mut n_scored) = (0, 0);
    for (idx, value) in buckets.values.iter().enumerate() {
        n_seen += usize::from(value.is_some());
        let is_scored = value.is_some() && n_seen > streaming::WARM_UP;
        n_scored += u64::from(is_scored && idx >= buckets.first_shown);
        let score = detector.push(*value).filter(|score| score.is_flagged);
        if let (Some(score), Some(value)) = (score, value)
            && idx >= buckets.first_shown
        {
            found.push((idx, *value, None, score.score));
        }
    }
    Ok((found, n_scored))
}

fn batch(choice: AnomalyChoice, buckets: &Buckets) -> Result<(Vec<Finding>, bool), String> {
    if buckets.values.iter().flatten().next().is_none() {
        return Err("No closed bucket has a value".to_owned());
    }
    if choice.detector == Detector::Classic && buckets.period < 2 {
        return Err("The classic method needs a rhythm of the day or the week".to_owned());
    }
    let filled = fill_gaps(&buckets.values, buckets.period)
        .ok_or_else(|| "Some place of the day or the week has no value at all".to_owned())?;
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
