//! Whether the data can be trusted: what is missing, doubled, orphaned, late or left out, and how much.

use serde::{Deserialize, Serialize};
use wire::Millis;

use crate::{series::Spans, view::Range};

/// What was counted while data came in. All counts are records.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Intake {
    /// Records that came in, whatever became of them.
    pub received: u64,
    /// Refused because they could not be read.
    pub dropped: u64,
    /// Left out on purpose: language, reposts.
    pub filtered: u64,
    /// Ignored because they were there already.
    pub duplicates: u64,
    /// Kept.
    pub kept: u64,
    /// Events held here, which is what the following are parts of: a relay counts since its start, and a store
    /// may hold less, or more.
    pub held: u64,
    /// Posts among them.
    pub held_posts: u64,
    /// Bars among them.
    pub held_bars: u64,
    /// Posts held without an author.
    pub null_keys: u64,
    /// Bars held that name a ticker which is not listed.
    pub orphans: u64,
    /// Posts held that came late.
    pub late: u64,
    /// Events held with a time stamp that was refused.
    pub skewed: u64,
}

impl Intake {
    /// Adds another count.
    pub fn merge(&mut self, other: &Self) {
        self.received += other.received;
        self.dropped += other.dropped;
        self.filtered += other.filtered;
        self.duplicates += other.duplicates;
        self.kept += other.kept;
        self.held += other.held;
        self.held_posts += other.held_posts;
        self.held_bars += other.held_bars;
        self.null_keys += other.null_keys;
        self.orphans += other.orphans;
        self.late += other.late;
        self.skewed += other.skewed;
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// There are records at all. An empty table fails.
    Presence,
    /// Every record that came in was kept, dropped, filtered or a duplicate.
    Balance,
    /// Records kept without a key.
    NullKeys,
    /// Records kept that name something which is not there.
    Orphans,
    /// Records received twice.
    Duplicates,
    /// Time without a source listening.
    Gaps,
    /// Records with a time stamp that was refused.
    Skew,
    /// Late records.
    Late,
    /// Records that could not be read.
    Dropped,
    /// Records left out on purpose.
    Filtered,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Within the limit.
    Pass,
    /// Past the limit: numbers should be read with care.
    Warn,
    /// Numbers cannot be trusted.
    Fail,
}

/// One line of the report.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Line {
    /// What was looked at.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// Records, or for gaps milliseconds.
    pub count: u64,
    /// `count` as a share of what it is a part of, 0…1.
    pub share: f64,
    /// Largest share that passes.
    pub limit: f64,
}

/// The report, the worst outcome first to see.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Quality {
    /// The worst outcome of all checks.
    pub outcome: Outcome,
    /// One line for each check, always all of them, in the order of [`Check`].
    pub lines: Vec<Line>,
    /// Stretches in which no source was listening.
    pub gaps: Vec<Range>,
}

/// Checks what came in over `range`, in which sources listened during `listening`.
pub fn assess(intake: &Intake, listening: &Spans, range: Range) -> Quality {
    let gaps = listening.gaps(range);
    let length = range.to.max(range.from).abs_diff(range.from);
    let missing: u64 = gaps.iter().map(|gap| gap.to.abs_diff(gap.from)).sum();
    let accounted = intake.kept + intake.dropped + intake.filtered + intake.duplicates;
    let (kept, received) = (intake.kept, intake.received);
    let is_empty = u64::from(kept == 0);
    let lines: Vec<Line> = [
        (Check::Presence, is_empty, 1, 0.0, Outcome::Fail),
        (
            Check::Balance,
            received.abs_diff(accounted),
            received,
            0.0,
            Outcome::Fail,
        ),
        (
            Check::NullKeys,
            intake.null_keys,
            intake.held_posts,
            0.0,
            Outcome::Fail,
        ),
        (
            Check::Orphans,
            intake.orphans,
            intake.held_bars,
            0.0,
            Outcome::Fail,
        ),
        (
            Check::Duplicates,
            intake.duplicates,
            received,
            0.05,
            Outcome::Warn,
        ),
        (Check::Gaps, missing, length, 0.01, Outcome::Warn),
        (Check::Skew, intake.skewed, intake.held, 0.01, Outcome::Warn),
        (
            Check::Late,
            intake.late,
            intake.held_posts,
            0.05,
            Outcome::Warn,
        ),
        (
            Check::Dropped,
            intake.dropped,
            received,
            0.01,
            Outcome::Warn,
        ),
        // What was left out on purpose is told and never a fault.
        (
            Check::Filtered,
            intake.filtered,
            received,
            1.0,
            Outcome::Pass,
        ),
    ]
    .map(|(check, count, of, limit, worst)| line(check, count, of, limit, worst))
    .to_vec();
    let has = |outcome| lines.iter().any(|line| line.outcome == outcome);
    Quality {
        outcome: if has(Outcome::Fail) {
            Outcome::Fail
        } else if has(Outcome::Warn) {
            Outcome::Warn
        } else {
            Outcome::Pass
        },
        lines,
        gaps,
    }
}

/// A share of nothing is 0 if nothing was counted, and all of it otherwise.
fn line(check: Check, count: u64, of: u64, limit: f64, worst: Outcome) -> Line {
    let share = match (count, of) {
        (0, _) => 0.0,
        (_, 0) => 1.0,
        _ => (count as f64 / of as f64).min(1.0),
    };
    Line {
        check,
        outcome: if share > limit { worst } else { Outcome::Pass },
        count,
        share,
        limit,
    }
}

/// Stretches longer than `longest` between two neighbours of ascending times: holes in a series of bars or
/// posts. From the earlier time to the later one.
pub fn holes(times: &[Millis], longest: Millis) -> Vec<Range> {
    times
        .windows(2)
        .filter(|pair| pair[1].saturating_sub(pair[0]) > longest)
        .map(|pair| Range {
            from: pair[0],
            to: pair[1],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Range = Range { from: 0, to: 1_000 };

    fn outcome_of(quality: &Quality, check: Check) -> Outcome {
        quality
            .lines
            .iter()
            .find(|line| line.check == check)
            .unwrap()
            .outcome
    }

    #[test]
    fn an_empty_table_fails() {
        let quality = assess(&Intake::default(), &Spans::new([RANGE]), RANGE);

        assert_eq!(quality.outcome, Outcome::Fail);
        assert_eq!(outcome_of(&quality, Check::Presence), Outcome::Fail);
        assert_eq!(outcome_of(&quality, Check::Gaps), Outcome::Pass);
    }

    #[test]
    fn each_fault_is_seen_by_its_own_check() {
        let good = Intake {
            received: 100,
            dropped: 1,
            filtered: 40,
            duplicates: 5,
            kept: 54,
            held: 54,
            held_posts: 50,
            held_bars: 4,
            ..Intake::default()
        };
        let all_day = Spans::new([RANGE]);
        assert_eq!(assess(&good, &all_day, RANGE).outcome, Outcome::Pass);

        for (bad, check, expected) in [
            (Intake { kept: 53, ..good }, Check::Balance, Outcome::Fail),
            (
                Intake {
                    null_keys: 1,
                    ..good
                },
                Check::NullKeys,
                Outcome::Fail,
            ),
            (Intake { orphans: 1, ..good }, Check::Orphans, Outcome::Fail),
            (
                Intake {
                    duplicates: 6,
                    kept: 53,
                    ..good
                },
                Check::Duplicates,
                Outcome::Warn,
            ),
            (
                Intake {
                    dropped: 2,
                    kept: 53,
                    ..good
                },
                Check::Dropped,
                Outcome::Warn,
            ),
            (Intake { late: 3, ..good }, Check::Late, Outcome::Warn),
            (Intake { skewed: 1, ..good }, Check::Skew, Outcome::Warn),
        ] {
            let quality = assess(&bad, &all_day, RANGE);
            assert_eq!(
                (outcome_of(&quality, check), quality.outcome),
                (expected, expected)
            );
        }
    }

    #[test]
    fn time_without_a_listening_source_is_named() {
        let gap = Range { from: 200, to: 300 };
        let listening = Spans::new([
            Range { from: 0, to: 200 },
            Range {
                from: 300,
                to: 1_000,
            },
        ]);

        let quality = assess(&Intake::default(), &listening, RANGE);

        assert_eq!(quality.gaps, [gap]);
        assert_eq!(outcome_of(&quality, Check::Gaps), Outcome::Warn);
        assert_eq!(holes(&[1, 2, 9, 10], 5), [Range { from: 2, to: 9 }]);
    }
}
