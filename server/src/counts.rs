//! Counters and histograms that many tasks add to; each addition is a few atomic ones.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Into how many classes a histogram sorts, apart from that of whatever is more.
const N_ENDS: usize = 8;

/// Upper ends of a histogram's classes, in its own small unit, and how many of these are one of the unit
/// that it is told in.
#[derive(Debug, PartialEq)]
pub(crate) struct Scale {
    ends: [u64; N_ENDS],
    per_unit: f64,
}

/// From the publication to the write.
pub(crate) static DELIVERY: Scale = Scale {
    ends: [
        5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    ],
    per_unit: 1e6,
};
/// What a disk takes, or a database.
pub(crate) static STORAGE: Scale = Scale {
    ends: [100, 250, 1_000, 5_000, 25_000, 100_000, 500_000, 2_500_000],
    per_unit: 1e6,
};
/// A number of events.
pub(crate) static EVENTS: Scale = Scale {
    ends: [1, 3, 10, 30, 100, 1_000, 10_000, 100_000],
    per_unit: 1.0,
};

/// Values by class, for whoever has many of them at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tally {
    scale: &'static Scale,
    classes: [u64; N_ENDS + 1],
    sum: u64,
}

/// The same, shared.
#[derive(Debug)]
pub(crate) struct Histogram {
    scale: &'static Scale,
    classes: [AtomicU64; N_ENDS + 1],
    sum: AtomicU64,
}

impl Scale {
    fn class(&self, value: u64) -> usize {
        self.ends.partition_point(|end| *end < value)
    }
}

impl Tally {
    pub(crate) fn new(scale: &'static Scale) -> Self {
        Self {
            scale,
            classes: [0; N_ENDS + 1],
            sum: 0,
        }
    }

    pub(crate) fn add(&mut self, value: u64) {
        self.classes[self.scale.class(value)] += 1;
        self.sum = self.sum.saturating_add(value);
    }

    pub(crate) fn add_time(&mut self, took: Duration) {
        self.add(micros(took));
    }
}

impl Histogram {
    pub(crate) fn new(scale: &'static Scale) -> Self {
        Self {
            scale,
            classes: Default::default(),
            sum: AtomicU64::new(0),
        }
    }

    pub(crate) fn add_all(&self, tally: &Tally) {
        for (class, n) in self.classes.iter().zip(tally.classes) {
            add(class, n);
        }
        add(&self.sum, tally.sum);
    }

    pub(crate) fn add_time(&self, took: Duration) {
        let value = micros(took);
        add(&self.classes[self.scale.class(value)], 1);
        add(&self.sum, value);
    }

    /// How many values did not exceed each class's end; the last end is infinite.
    pub(crate) fn up_to_each(&self) -> Vec<(f64, u64)> {
        let ends = self.scale.ends.iter();
        let ends = ends.map(|end| *end as f64 / self.scale.per_unit);
        let mut n = 0;
        let classes = ends.chain([f64::INFINITY]).zip(&self.classes);
        classes
            .map(|(end, class)| {
                n += get(class);
                (end, n)
            })
            .collect()
    }

    pub(crate) fn sum(&self) -> f64 {
        get(&self.sum) as f64 / self.scale.per_unit
    }
}

pub(crate) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

pub(crate) fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_counted_in_its_class_and_in_all_wider_ones() {
        let (histogram, mut tally) = (Histogram::new(&DELIVERY), Tally::new(&DELIVERY));
        for millis in [7, 10, 10] {
            tally.add_time(Duration::from_millis(millis));
        }

        histogram.add_all(&tally);
        histogram.add_time(Duration::from_secs(2));

        let found = histogram.up_to_each();
        assert_eq!(found[..2], [(0.005, 0), (0.01, 3)]);
        assert_eq!(found[7..], [(1.0, 3), (f64::INFINITY, 4)]);
        assert!((histogram.sum() - 2.027).abs() < 1e-9);
    }
}
