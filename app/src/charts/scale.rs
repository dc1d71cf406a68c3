//! Straight maps between the axis and the screen, ranges that can always be drawn, and where ticks go.

use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE},
};

use crate::format;

/// A rectangle on the screen in CSS pixels; y grows downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x0: f64,
    /// Upper edge.
    pub y0: f64,
    /// Right edge.
    pub x1: f64,
    /// Lower edge.
    pub y1: f64,
}

impl Rect {
    /// Never negative.
    pub fn width(&self) -> f64 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Never negative.
    pub fn height(&self) -> f64 {
        (self.y1 - self.y0).max(0.0)
    }
}

/// A straight map from a stretch of an axis to a stretch of the screen in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Axis value at `px_lo`.
    pub lo: f64,
    /// Axis value at `px_hi`; larger than `lo`.
    pub hi: f64,
    /// Pixel of `lo`.
    pub px_lo: f64,
    /// Pixel of `hi`; smaller than `px_lo` on an axis that grows upwards.
    pub px_hi: f64,
}

impl Scale {
    /// Where an axis value lies on the screen, also outside the stretch.
    pub fn px_from_value(&self, value: f64) -> f64 {
        self.px_lo + (value - self.lo) / (self.hi - self.lo) * (self.px_hi - self.px_lo)
    }

    /// The axis value at a pixel, kept inside the stretch.
    pub fn value_from_px(&self, px: f64) -> f64 {
        let part = (px - self.px_lo) / (self.px_hi - self.px_lo);
        let part = if part.is_finite() {
            part.clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.lo + part * (self.hi - self.lo)
    }
}

/// A mark on a time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeTick {
    /// Where.
    pub at: Millis,
    /// Its label.
    pub label: String,
    /// What the label leaves out, where that begins: the day under hours, the year under days and months.
    pub below: Option<String>,
}

/// A range that holds all finite `values` with a little air, and is never empty, NaN or infinite.
pub fn nice_range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    // Beyond this a difference of two bounds would overflow.
    const LIMIT: f64 = 1e150;
    let (lo, hi) = values
        .into_iter()
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
            (if v < lo { v } else { lo }, if v > hi { v } else { hi })
        });
    if lo > hi {
        return (0.0, 1.0);
    }
    let (lo, hi) = (lo.clamp(-LIMIT, LIMIT), hi.clamp(-LIMIT, LIMIT));
    let middle = lo / 2.0 + hi / 2.0;
    // A flat line gets a range of 2 % around it.
    let half = ((hi - lo) * 0.54).max(middle.abs() * 0.01).max(1e-9);
    (middle - half, middle + half)
}

/// Round values (1, 2 or 5 times a power of ten) inside `lo..=hi`, about `n` of them, at most twice as many.
pub fn nice_ticks(lo: f64, hi: f64, n: usize) -> Vec<f64> {
    let raw = (hi - lo) / n.max(1) as f64;
    if !raw.is_finite() || raw <= 0.0 {
        return Vec::new();
    }
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= raw * 0.7)
        .unwrap_or(raw);
    let first = (lo / step).ceil();
    (0..=2 * n + 2)
        .map(|idx| (first + idx as f64) * step)
        .take_while(|v| *v <= hi)
        .collect()
}

/// Round times inside `from..to`, at most `max`.
pub fn time_ticks(from: Millis, to: Millis, max: usize) -> Vec<TimeTick> {
    let Some(step) = TimeStep::for_range(to - from, max.max(1)) else {
        return Vec::new();
    };
    let mut ticks: Vec<TimeTick> = Vec::new();
    // Steps are taken on the wall clock, so that a day begins at the reader's midnight.
    let mut wall = step.first_at_or_after(format::to_wall(from));
    let mut previous = None;
    while ticks.len() < max.max(1) {
        let at = format::from_wall(wall);
        if at >= to {
            break;
        }
        // Where the clock jumps, two readings may fall on one moment, or one before the range.
        if at >= from && ticks.last().is_none_or(|tick| tick.at < at) {
            ticks.push(TimeTick {
                at,
                label: step.label(wall),
                below: step.below(wall, previous),
            });
            previous = Some(wall);
        }
        wall = step.after(wall);
    }
    ticks
}

/// How far ticks lie apart. Its moments are readings of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TimeStep {
    /// A fixed length, aligned to the epoch.
    Length(Millis),
    /// Whole months; 12 and its multiples are years.
    Months(i64),
}

impl TimeStep {
    const LENGTHS: [Millis; 13] = [
        MINUTE,
        5 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        2 * DAY,
        7 * DAY,
        14 * DAY,
    ];
    const MONTHS: [i64; 8] = [1, 3, 6, 12, 24, 60, 120, 600];

    fn for_range(length: Millis, max: usize) -> Option<Self> {
        if length <= 0 {
            return None;
        }
        let fits = |step: Millis| length / step < max as i64;
        let lengths = Self::LENGTHS
            .into_iter()
            .find(|step| fits(*step))
            .map(Self::Length);
        lengths.or_else(|| {
            Self::MONTHS
                .into_iter()
                .find(|n| fits(n * 31 * DAY))
                .map(Self::Months)
        })
    }

    fn first_at_or_after(self, from: Millis) -> Millis {
        match self {
            Self::Length(step) => {
                from.div_euclid(step) * step + if from.rem_euclid(step) == 0 { 0 } else { step }
            }
            Self::Months(n) => {
                let civil = format::civil_of(from);
                let month = (civil.year * 12 + civil.month - 1).div_euclid(n) * n;
                let start = format::start_of_month(0, month + 1);
                if start >= from {
                    start
                } else {
                    format::start_of_month(0, month + n + 1)
                }
            }
        }
    }

    fn after(self, at: Millis) -> Millis {
        match self {
            Self::Length(step) => at + step,
            Self::Months(n) => {
                let civil = format::civil_of(at);
                format::start_of_month(civil.year, civil.month + n)
            }
        }
    }

    fn label(self, at: Millis) -> String {
        match self {
            Self::Length(step) if step < DAY => format::civil_of(at).time_of_day(),
            Self::Length(_) => format::civil_of(at).day_and_month(),
            Self::Months(n) if n < 12 => format::civil_of(at).month_name().to_owned(),
            Self::Months(_) => format::civil_of(at).year.to_string(),
        }
    }

    fn below(self, at: Millis, previous: Option<Millis>) -> Option<String> {
        match self {
            Self::Length(step) if step < DAY => {
                let is_new = previous.is_none_or(|p| p.div_euclid(DAY) != at.div_euclid(DAY));
                is_new.then(|| format::civil_of(at).day_and_month())
            }
            Self::Months(n) if n >= 12 => None,
            _ => {
                let year = |at: Millis| format::civil_of(at).year;
                let is_new = previous.is_none_or(|p| year(p) != year(at));
                is_new.then(|| year(at).to_string())
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_name_their_day_once() {
        let ticks = time_ticks(20 * HOUR, 30 * HOUR, 6);
        let labels: Vec<_> = ticks
            .iter()
            .map(|t| (t.label.as_str(), t.below.as_deref()))
            .collect();

        assert_eq!(
            labels,
            [
                ("20:00", Some("1 Jan")),
                ("22:00", None),
                ("00:00", Some("2 Jan")),
                ("02:00", None),
                ("04:00", None),
            ]
        );
    }

    #[test]
    fn a_day_begins_at_the_readers_midnight() {
        format::set(format::Zone::fixed(90 * MINUTE), format::Numbers::default());
        let ticks = time_ticks(20 * HOUR, 26 * HOUR, 6);
        format::set(format::Zone::default(), format::Numbers::default());

        let first = &ticks[0];
        assert_eq!(
            (first.at, first.label.as_str()),
            (20 * HOUR + 30 * MINUTE, "22:00")
        );
        let midnight = ticks.iter().find(|tick| tick.label == "00:00");
        assert_eq!(
            midnight.map(|t| (t.at, t.below.clone())),
            Some((22 * HOUR + 30 * MINUTE, Some("2 Jan".into())))
        );
    }

    #[test]
    fn months_and_years_begin_on_their_first_day() {
        let months = time_ticks(15 * DAY, 200 * DAY, 8);
        let years = time_ticks(0, 4_000 * DAY, 6);

        assert_eq!(months.first().map(|t| t.at), Some(31 * DAY));
        assert_eq!(
            years.iter().map(|t| t.label.as_str()).collect::<Vec<_>>(),
            ["1970", "1972", "1974", "1976", "1978", "1980"]
        );
    }

    #[test]
    fn value_ticks_are_round() {
        assert_eq!(
            nice_ticks(0.0, 1.0, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert!(nice_ticks(f64::NAN, 1.0, 5).is_empty());
    }

    proptest! {
        #[test]
        fn a_range_can_always_be_drawn(values in prop::collection::vec(any::<f64>(), 0..8)) {
            let (lo, hi) = nice_range(values.iter().copied());

            prop_assert!(lo.is_finite() && hi.is_finite() && lo < hi, "{lo}..{hi}");
        }

        #[test]
        fn a_range_holds_its_values(values in prop::collection::vec(-1e9f64..1e9, 1..8)) {
            let (lo, hi) = nice_range(values.iter().copied());

            prop_assert!(values.iter().all(|v| lo <= *v && *v <= hi));
        }

        #[test]
        fn a_pixel_leads_back_to_its_value(value in -10.0f64..20.0) {
            let scale = Scale { lo: -10.0, hi: 20.0, px_lo: 300.0, px_hi: 12.0 };

            prop_assert!((scale.value_from_px(scale.px_from_value(value)) - value).abs() < 1e-9);
        }

        #[test]
        fn time_ticks_rise_inside_the_range_and_are_not_too_many(
            from in -4_000_000_000_000i64..4_000_000_000_000, length in 1i64..2_000_000_000_000, max in 1usize..14,
        ) {
            let ticks = time_ticks(from, from + length, max);

            prop_assert!(ticks.len() <= max);
            prop_assert!(ticks.iter().all(|t| t.at >= from && t.at < from + length));
            prop_assert!(ticks.windows(2).all(|w| w[0].at < w[1].at));
        }
    }
}
