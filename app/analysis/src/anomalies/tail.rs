//! How rare a value is among the past ones: a tail above a high quantile, learnt value by value.

/// The share of values that the tail holds.
const TAIL_SHARE: f64 = 0.01;

/// After this many values an old one counts half: two weeks of 5-minute buckets.
const HALF_LIFE: f64 = 4_032.0;

/// What is believed before anything was seen, as if this many values in the tail had this mean excess (in
/// units of `ln(1 + count)`: each 1.5-fold count is about a third as frequent). It weighs as much as what
/// a tail with this half-life remembers.
const PRIOR_N: f64 = 50.0;
const PRIOR_EXCESS: f64 = 0.4;

/// Cells of the histogram, each 0.02 wide: up to `ln(1 + 500,000,000)`.
const N_CELLS: usize = 1_024;
const CELL: f64 = 20.0 / N_CELLS as f64;

/// Tail of the values so far, older ones counting less.
///
/// Above the threshold (the 99th percentile) excesses are taken as exponential on the logarithmic scale,
/// which is a power law of the counts: peaks over threshold with shape 0.
///
/// # Source
/// Siffer, Fouque, Termier & Largouët, "Anomaly Detection in Streams with Extreme Value Theory", *KDD* 2017.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// Weights by cell. Newer values weigh more instead of older ones less, so that nothing is rescaled.
    cells: Vec<f64>,
    /// What the next value weighs.
    weight: f64,
    total: f64,
    /// The tail is cells `lowest..`; `highest` is the last one that holds anything.
    lowest: usize,
    highest: usize,
    /// Weights in the tail, and weights times cell.
    tail: f64,
    tail_moment: f64,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rarity {
    /// `−log10 P(value or more)` in the tail; 0 below it.
    pub(super) nines: f64,
    /// Mean excess of the tail: the step on the logarithmic scale that is e times as rare.
    pub(super) step: f64,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            cells: vec![0.0; N_CELLS],
            weight: 1.0,
            total: 0.0,
            lowest: 0,
            highest: 0,
            tail: 0.0,
            tail_moment: 0.0,
        }
    }
}

impl Tail {
    /// How rare `y ≥ 0` is among the values added so far.
    pub(super) fn rarity(&self, y: f64) -> Rarity {
        let threshold = self.lowest as f64 * CELL;
        let excess_sum = (self.tail_moment + 0.5 * self.tail) * CELL - self.tail * threshold;
        let step = (excess_sum / self.weight + PRIOR_N * PRIOR_EXCESS)
            / (self.tail / self.weight + PRIOR_N);
        let excess = y - threshold;
        let nines = if excess > 0.0 && self.total > 0.0 {
            (self.total / self.tail).log10() + excess / step * std::f64::consts::LOG10_E
        } else {
            0.0
        };
        Rarity { nines, step }
    }

    /// Adds `y ≥ 0`.
    pub(super) fn add(&mut self, y: f64) {
        let cell = ((y / CELL) as usize).min(N_CELLS - 1);
        self.cells[cell] += self.weight;
        self.total += self.weight;
        self.highest = self.highest.max(cell);
        if cell >= self.lowest {
            self.count(cell, self.weight);
        }
        self.weight *= (std::f64::consts::LN_2 / HALF_LIFE).exp();
        self.move_threshold();
        if self.weight > 1e100 {
            self.rescale();
        }
    }

    fn count(&mut self, cell: usize, weight: f64) {
        self.tail += weight;
        self.tail_moment += weight * cell as f64;
    }

    /// The tail holds as many cells from the top as fit into its share, one that is not empty at least.
    fn move_threshold(&mut self) {
        let most = TAIL_SHARE * self.total;
        while self.tail > most && self.lowest < self.highest {
            self.count(self.lowest, -self.cells[self.lowest]);
            self.lowest += 1;
        }
        while self.lowest > 0 && self.tail + self.cells[self.lowest - 1] <= most {
            self.lowest -= 1;
            self.count(self.lowest, self.cells[self.lowest]);
        }
    }

    fn rescale(&mut self) {
        for sum in
            self.cells
                .iter_mut()
                .chain([&mut self.total, &mut self.tail, &mut self.tail_moment])
        {
            *sum /= self.weight;
        }
        self.weight = 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn of_a_power_law_the_rarity_is_its_logarithm() {
        let mut random = Random::new(3);
        let mut tail = Tail::default();
        for _ in 0..40_000 {
            tail.add(-0.4 * random.uniform().ln());
        }

        for nines in [2.5, 3.0, 4.0, 5.0] {
            let found = tail.rarity(0.4 * nines / std::f64::consts::LOG10_E);

            assert!((found.nines - nines).abs() < 0.3, "{nines}: {found:?}");
        }
    }

    #[test]
    fn sums_kept_on_the_way_are_those_of_the_cells_and_old_values_fade() {
        let mut random = Random::new(4);
        let mut tail = Tail::default();
        for i in 0..60_000 {
            let level = if i < 10_000 { 4.0 } else { 1.0 };
            tail.add(level + 0.3 * random.uniform());
        }
        let sum: f64 = tail.cells[tail.lowest..].iter().sum();

        assert!((sum / tail.tail - 1.0).abs() < 1e-9);
        assert!(tail.rarity(2.0).nines > 1.5, "{:?}", tail.rarity(2.0));
        assert!(tail.tail <= TAIL_SHARE * tail.total);
    }
}
