//! The scoring rules of the Numenta Anomaly Benchmark: early detection of labelled windows counts, and so
//! does every false alarm.

use std::ops::RangeInclusive;

/// What a missed window and a false alarm cost; a found window gives at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// As the benchmark calls it.
    pub name: &'static str,
    /// Cost of a window without detection.
    pub miss: f64,
    /// Cost of a detection far from any window.
    pub false_alarm: f64,
}

/// The benchmark's three profiles, the standard one first.
pub const PROFILES: [Profile; 3] = [
    Profile {
        name: "standard",
        miss: 1.0,
        false_alarm: 0.11,
    },
    Profile {
        name: "low FP",
        miss: 1.0,
        false_alarm: 0.22,
    },
    Profile {
        name: "low FN",
        miss: 2.0,
        false_alarm: 0.11,
    },
];

/// One labelled series with a detector's scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// One a point, higher = more unusual.
    pub scores: Vec<f64>,
    /// Places of the anomalies, disjoint, in order of time, from 0.
    pub windows: Vec<RangeInclusive<usize>>,
}

/// What a detection at one point is worth before weighting.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Worth {
    /// In the first 15 % (750 points at most), which are for learning.
    Ignored,
    /// In this window, from 1 at its start to 0 at its end.
    Hit(usize, f64),
    /// From near 0 just behind a window to −1.
    FalseAlarm(f64),
}

impl Labelled {
    /// The raw score at a threshold: every point with at least this score is a detection.
    pub fn raw(&self, threshold: f64, profile: &Profile) -> f64 {
        let mut best = vec![-profile.miss; self.windows.len()];
        let mut false_alarms = 0.0;
        for (idx, _) in self
            .scores
            .iter()
            .enumerate()
            .filter(|(_, s)| **s >= threshold)
        {
            match self.worth(idx) {
                Worth::Ignored => {}
                Worth::Hit(window, worth) => best[window] = worth.max(best[window]),
                Worth::FalseAlarm(worth) => false_alarms += profile.false_alarm * worth,
            }
        }
        best.iter().sum::<f64>() + false_alarms
    }

    fn worth(&self, idx: usize) -> Worth {
        let n_learning = (15 * self.scores.len() / 100).min(750);
        if idx < n_learning {
            return Worth::Ignored;
        }
        let begun = self
            .windows
            .partition_point(|window| *window.start() <= idx);
        let Some(window) = begun.checked_sub(1).map(|last| &self.windows[last]) else {
            return Worth::FalseAlarm(-1.0);
        };
        let (start, end) = (*window.start() as f64, *window.end() as f64);
        if window.contains(&idx) {
            let position = -(end - idx as f64 + 1.0) / (end - start + 1.0);
            return Worth::Hit(begun - 1, sigmoid(position) / sigmoid(-1.0));
        }
        Worth::FalseAlarm(sigmoid((idx as f64 - end) / (end - start).max(1.0)))
    }
}

/// From 1 far before a window's end to −1 behind it.
fn sigmoid(position: f64) -> f64 {
    if position > 3.0 {
        return -1.0;
    }
    2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

/// 100 for finding every window at its start without a false alarm, 0 for never detecting anything;
/// false alarms can make it negative.
///
/// # Source
/// Lavin & Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", *ICMLA* 2015.
pub fn normalised(raw: f64, n_windows: usize, profile: &Profile) -> f64 {
    let n = n_windows as f64;
    100.0 * (raw + profile.miss * n) / (n + profile.miss * n)
}

/// The score of several series together at one threshold.
pub fn score(series: &[Labelled], threshold: f64, profile: &Profile) -> f64 {
    let raw = series.iter().map(|one| one.raw(threshold, profile)).sum();
    normalised(raw, n_windows(series), profile)
}

/// The threshold that would have been best, and its score: what hindsight gives.
pub fn best(series: &[Labelled], profile: &Profile) -> (f64, f64) {
    let raws: Vec<Curve> = series.iter().map(|one| Curve::new(one, profile)).collect();
    let threshold = best_threshold(&raws.iter().collect::<Vec<_>>());
    (threshold, score(series, threshold, profile))
}

/// The score when each series gets the threshold that is best for all others together.
pub fn leave_one_out(series: &[Labelled], profile: &Profile) -> f64 {
    let curves: Vec<Curve> = series.iter().map(|one| Curve::new(one, profile)).collect();
    let raw = (0..series.len())
        .map(|left_out| {
            let others = curves
                .iter()
                .enumerate()
                .filter(|(idx, _)| *idx != left_out);
            let threshold = best_threshold(&others.map(|(_, curve)| curve).collect::<Vec<_>>());
            series[left_out].raw(threshold, profile)
        })
        .sum();
    normalised(raw, n_windows(series), profile)
}

fn n_windows(series: &[Labelled]) -> usize {
    series.iter().map(|one| one.windows.len()).sum()
}

/// How a series' raw score changes as the threshold falls: (score, change) in falling order.
struct Curve(Vec<(f64, f64)>);

impl Curve {
    fn new(series: &Labelled, profile: &Profile) -> Self {
        let mut order: Vec<usize> = (0..series.scores.len()).collect();
        order.sort_by(|a, b| series.scores[*b].total_cmp(&series.scores[*a]));
        let mut best = vec![-profile.miss; series.windows.len()];
        let mut change = |idx: usize| match series.worth(idx) {
            Worth::Ignored => 0.0,
            Worth::FalseAlarm(worth) => profile.false_alarm * worth,
            Worth::Hit(window, worth) => {
                let gain = (worth - best[window]).max(0.0);
                best[window] += gain;
                gain
            }
        };
        Self(
            order
                .into_iter()
                .map(|idx| (series.scores[idx], change(idx)))
                .collect(),
        )
    }
}

/// The highest of the best thresholds; above every score if no detection is best.
fn best_threshold(curves: &[&Curve]) -> f64 {
    let mut changes: Vec<(f64, f64)> = curves.iter().flat_map(|curve| &curve.0).copied().collect();
    changes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut raw, mut best, mut threshold) = (0.0, 0.0, f64::INFINITY);
    for equal in changes.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        raw += equal.iter().map(|(_, change)| change).sum::<f64>();
        if raw > best {
            (best, threshold) = (raw, equal[0].0);
        }
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 points, learning ends at 150, windows 400–499 and 700–799, detections where told.
    fn series(detections: &[usize]) -> Labelled {
        let mut scores = vec![0.0; 1_000];
        detections.iter().for_each(|idx| scores[*idx] = 1.0);
        Labelled {
            scores,
            windows: vec![400..=499, 700..=799],
        }
    }

    #[test]
    fn scores_are_those_of_the_rules() {
        let half = (2.0 / (1.0 + f64::exp(-2.55)) - 1.0) / (2.0 / (1.0 + f64::exp(-5.0)) - 1.0);
        for (detections, expected) in [
            (&[][..], -2.0),
            (&[400, 700][..], 2.0),
            (&[449, 700, 780][..], 1.0 + half),
            // Every false alarm counts, but not while learning.
            (&[100, 200, 201, 400, 700][..], 2.0 - 0.22),
            // Far behind a window as much as before all.
            (&[400, 700, 999][..], 2.0 - 0.11 * 0.999_909),
        ] {
            let raw = series(detections).raw(0.5, &PROFILES[0]);

            assert!(
                (raw - expected).abs() < 1e-5,
                "{detections:?}: {raw} not {expected}"
            );
        }
    }

    #[test]
    fn nothing_is_0_perfection_100_and_profiles_weigh_differently() {
        for profile in &PROFILES {
            let at = |detections: &[usize]| score(&[series(detections)], 0.5, profile);
            let null = normalised(-2.0 * profile.miss, 2, profile);

            assert!(
                at(&[]).abs() < 1e-12 && null.abs() < 1e-12,
                "{}",
                profile.name
            );
            assert!((at(&[400, 700]) - 100.0).abs() < 1e-12, "{}", profile.name);
        }
        let one_alarm = |profile| score(&[series(&[300, 400, 700])], 0.5, profile);
        assert!(one_alarm(&PROFILES[1]) < one_alarm(&PROFILES[0]));
    }

    #[test]
    fn the_best_threshold_is_that_of_trying_all() {
        let mut one = series(&[400, 700]);
        one.scores[300] = 2.0;
        one.scores[410] = 3.0;
        one.scores[900] = 0.2;
        let two = Labelled {
            scores: one.scores.iter().map(|s| s * 0.5).collect(),
            ..one.clone()
        };
        let both = [one, two];

        for profile in &PROFILES {
            let (threshold, found) = best(&both, profile);
            let tried = [0.1, 0.2, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0];
            let by_trying = tried
                .map(|t| score(&both, t, profile))
                .into_iter()
                .fold(0.0, f64::max);

            assert!(
                (found - by_trying).abs() < 1e-9,
                "{threshold}: {found} not {by_trying}"
            );
            assert!(leave_one_out(&both, profile) <= found);
        }
    }
}
