//! Unusual buckets as they close, from what came before only.
//!
//! On a logarithmic scale a bucket, and the mean of the last three, are compared with the tail of their
//! own past. A bucket scores only if it stands out of what the recent ones prepared us for: after a
//! peak the bar is a step above it and sinks by the day. There are no labels, no thresholds from
//! later buckets, and one set of constants for all series.

use wire::Millis;

use super::tail::Tail;

/// What is rarer than one bucket in two days of 5-minute buckets is flagged: `log10(576)`.
const LIMIT: f64 = 2.760_422_483_423_212;

/// Buckets that are learnt from before the first score: a day of 5-minute buckets.
pub const WARM_UP: usize = 288;

/// Buckets whose mean is looked at beside the last one: what lasts is more than a slip.
const N_RECENT: usize = 3;

/// What is larger counts as this much, so that sums of some stay finite.
const LARGEST: f64 = f64::MAX / 4.0;

/// After a peak the bar lies this many steps above it, a step being e times as rare …
const STEPS_UP: f64 = 1.0;

/// … and sinks by this many steps a day.
const STEPS_DOWN_A_DAY: f64 = 0.7;

/// Scores one series, bucket after bucket. Feeding a prefix gives the prefix of the scores.
#[derive(Clone, Debug)]
pub struct Stream {
    buckets_a_day: f64,
    n_seen: usize,
    tail: Tail,
    recent_tail: Tail,
    recent: [Option<f64>; N_RECENT],
    /// On the logarithmic scale.
    bar: f64,
}

/// What is said of a bucket as it closes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// 0…1; 0 while learning and for what is not unusual. With r powers of ten of rarity it is
    /// `r / (r + 2.76)`, so that 0.5 is the limit.
    pub score: f64,
    /// Whether the bucket is told as unusual: a score of 0.5 or more.
    pub is_flagged: bool,
}

/// When an anomaly in the bucket that opened at `open_at` could first be known: when the bucket had closed
/// and what came at most `lateness` late had arrived. All in milliseconds.
pub fn knowable_at(open_at: Millis, width: Millis, lateness: Millis) -> Millis {
    open_at.saturating_add(width).saturating_add(lateness)
}

impl Stream {
    /// For a series with this many buckets a day, at least 1.
    pub fn new(buckets_a_day: usize) -> Self {
        Self {
            buckets_a_day: buckets_a_day.max(1) as f64,
            n_seen: 0,
            tail: Tail::default(),
            recent_tail: Tail::default(),
            recent: [None; N_RECENT],
            bar: 0.0,
        }
    }

    /// Takes the next bucket's count. A gap (none, or what is not finite) has no score and teaches nothing,
    /// but time passes. Of negative numbers the size counts.
    pub fn push(&mut self, value: Option<f64>) -> Option<Score> {
        let value = value.filter(|v| v.is_finite());
        let value = value.map(|v| v.abs().min(LARGEST));
        self.recent.rotate_left(1);
        self.recent[N_RECENT - 1] = value;
        let value = value?.ln_1p();
        let recent = mean(&self.recent).ln_1p();
        let here = self.tail.rarity(value);
        let lately = self.recent_tail.rarity(recent);
        self.tail.add(value);
        self.recent_tail.add(recent);
        self.n_seen += 1;
        if self.n_seen <= WARM_UP {
            return Some(Score::default());
        }
        self.bar -= STEPS_DOWN_A_DAY * here.step / self.buckets_a_day;
        if value <= self.bar {
            return Some(Score::default());
        }
        self.bar = value + STEPS_UP * here.step;
        if here.nines <= 0.0 {
            return Some(Score::default());
        }
        let nines = 0.5 * (here.nines + lately.nines);
        Some(Score {
            score: nines / (nines + LIMIT),
            is_flagged: nines >= LIMIT,
        })
    }
}

fn mean(values: &[Option<f64>]) -> f64 {
    let n_present = values.iter().flatten().count();
    values.iter().flatten().sum::<f64>() / n_present.max(1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::random::Random;

    fn scores(series: &[Option<f64>]) -> Vec<Option<Score>> {
        let mut stream = Stream::new(288);
        series.iter().map(|value| stream.push(*value)).collect()
    }

    /// Two weeks of counts with a day's rhythm and noise.
    fn quiet(seed: u64) -> Vec<Option<f64>> {
        let mut random = Random::new(seed);
        let count = |t: usize| {
            let rhythm = (std::f64::consts::TAU * t as f64 / 288.0).sin();
            (20.0 * (rhythm + 0.4 * random.normal()).exp()).round()
        };
        (0..4_032).map(count).map(Some).collect()
    }

    #[test]
    fn a_planted_peak_is_flagged_once_and_quiet_days_hardly_ever() {
        let mut series = quiet(1);
        series[3_000] = Some(3_000.0);
        series[3_001] = Some(2_500.0);

        let flagged: Vec<usize> = scores(&series)
            .iter()
            .enumerate()
            .filter(|(_, score)| score.is_some_and(|s| s.is_flagged))
            .map(|(idx, _)| idx)
            .collect();

        assert!(flagged.contains(&3_000), "{flagged:?}");
        assert!(!flagged.contains(&3_001), "{flagged:?}");
        assert!(flagged.len() <= 3, "{flagged:?}");
    }

    #[test]
    fn a_constant_series_and_one_of_gaps_have_nothing_unusual() {
        assert!(
            scores(&[Some(5.0); 1_000])
                .iter()
                .flatten()
                .all(|s| !s.is_flagged)
        );
        assert!(
            scores(&[None, Some(f64::NAN), Some(f64::INFINITY)])
                .iter()
                .all(Option::is_none)
        );
    }

    #[test]
    fn an_anomaly_is_known_when_its_bucket_has_closed_and_the_late_have_come() {
        assert_eq!(knowable_at(600_000, 300_000, 60_000), 960_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 16))]
        #[test]
        fn a_prefix_has_the_prefix_of_the_scores(seed in 0u64..1_000, cut in 1usize..900, peak in 0.0f64..1e9) {
            let mut series = quiet(seed);
            series.truncate(900);
            let whole = scores(&series);
            // Whatever comes later must not matter.
            series.truncate(cut);
            series.push(Some(peak));

            prop_assert_eq!(&scores(&series)[..cut], &whole[..cut]);
        }

        #[test]
        fn no_input_panics_or_leaves_the_scale(values in prop::collection::vec(any::<f64>(), 1..600)) {
            let series: Vec<Option<f64>> = values.into_iter().map(Some).collect();
            for score in scores(&series).into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&score.score), "{}", score.score);
            }
        }
    }
}
