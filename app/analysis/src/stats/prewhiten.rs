//! Taking a series' own memory out of it, so that correlations by lag can be judged.
//!
//! Two series that have nothing to do with each other but each a memory of their own correlate by
//! chance far more often than white noise does. An autoregression is fitted to each, and what it does
//! not explain goes on to the test.

use crate::series::Series;

/// An autoregression `x_t = c + Σ a_i x_{t−i} + e_t`, `i = 1…p`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Autoregression {
    /// `c`.
    pub intercept: f64,
    /// `a_1…a_p`; empty for p = 0.
    pub coefficients: Vec<f64>,
}

/// How many rows of data there must be for each coefficient.
const ROWS_PER_COEFFICIENT: usize = 5;

/// What share of a series' values must still have a residual under the largest order that is tried.
const MIN_SHARE: f64 = 0.8;

impl Autoregression {
    /// Fits by least squares; the order up to `max_order` is the one with the least BIC, compared on
    /// the same rows.
    ///
    /// A row needs `p + 1` values without a gap between them. Orders that would lose more than a fifth
    /// of the values to gaps are not tried, except order 1.
    ///
    /// # Source
    /// Schwarz, *Annals of Statistics* 6 (1978); Box, Jenkins & Reinsel, *Time Series Analysis*, ch. 7.
    pub fn fit(series: &Series, max_order: usize) -> Self {
        let values = series.values();
        let order = order_by_bic(values, feasible_order(values, max_order));
        let rows = normal_equations(values, order);
        let coefficients = rows
            .cholesky()
            .map(|factor| factor.solve(order))
            .filter(|solved| solved.iter().all(|coefficient| coefficient.is_finite()))
            .unwrap_or_default();
        match coefficients.split_first() {
            Some((intercept, rest)) => Self {
                intercept: *intercept,
                coefficients: rest.to_vec(),
            },
            None => Self::default(),
        }
    }

    /// p.
    pub fn order(&self) -> usize {
        self.coefficients.len()
    }

    /// What is left of each value; a gap where the value or one of the p before it is a gap.
    pub fn residuals(&self, series: &Series) -> Series {
        let values = series.values();
        let residual = |t: usize| {
            let mut rest = values[t]? - self.intercept;
            for (i, coefficient) in self.coefficients.iter().enumerate() {
                rest -= coefficient * values.get(t.checked_sub(i + 1)?).copied().flatten()?;
            }
            Some(rest)
        };
        Series::with_gaps((0..values.len()).map(residual))
    }
}

/// The usual largest order: `10 log₁₀ n`, as R's `ar` has it.
pub fn usual_max_order(n: usize) -> usize {
    (10.0 * (n.max(1) as f64).log10()) as usize
}

/// How many places have a value and the `order` places before it too.
fn n_rows(values: &[Option<f64>], order: usize) -> usize {
    values
        .split(Option::is_none)
        .map(|run| run.len().saturating_sub(order))
        .sum()
}

fn feasible_order(values: &[Option<f64>], max_order: usize) -> usize {
    let n = n_rows(values, 0);
    let keeps_enough =
        |order: usize| order <= 1 || n_rows(values, order) as f64 >= MIN_SHARE * n as f64;
    let has_rows = |order: usize| n_rows(values, order) > ROWS_PER_COEFFICIENT * (order + 1);
    (1..=max_order.min(n))
        .rev()
        .find(|order| keeps_enough(*order) && has_rows(*order))
        .unwrap_or(0)
}

fn order_by_bic(values: &[Option<f64>], max_order: usize) -> usize {
    let rows = normal_equations(values, max_order);
    let n = rows.n as f64;
    let Some(factor) = rows.cholesky() else {
        return 0;
    };
    let bic = |order: usize| {
        n * (factor.residual_sum(order) / n).max(f64::MIN_POSITIVE).ln() + order as f64 * n.ln()
    };
    (0..=max_order)
        .min_by(|a, b| bic(*a).total_cmp(&bic(*b)))
        .unwrap_or(0)
}

/// `XᵀX`, `Xᵀy` and `yᵀy` of the regression on a constant and the `order` values before.
struct NormalEquations {
    /// Lower triangle, row by row, of `XᵀX`.
    gram: Vec<Vec<f64>>,
    moments: Vec<f64>,
    total: f64,
    n: usize,
}

/// The Cholesky factor of `XᵀX` and `L⁻¹Xᵀy`: the leading parts solve every smaller order as well.
struct Factor {
    lower: Vec<Vec<f64>>,
    z: Vec<f64>,
    total: f64,
}

/// Products of lagged values follow from those one lag earlier by what enters and leaves at the ends of
/// each run, so that the work grows with `n · order`, not with `n · order²`.
fn normal_equations(values: &[Option<f64>], order: usize) -> NormalEquations {
    let size = order + 1;
    // `products[i][j]` is Σ x_{t−i} x_{t−j} for j ≤ i, `sums[i]` is Σ x_{t−i}, over the rows t.
    let mut products: Vec<Vec<f64>> = (0..size).map(|i| vec![0.0; i + 1]).collect();
    let mut sums = vec![0.0; size];
    let mut n = 0;
    for run in values
        .split(Option::is_none)
        .filter(|run| run.len() > order)
    {
        let run: Vec<f64> = run.iter().flatten().copied().collect();
        let end = run.len();
        n += end - order;
        for i in 0..size {
            let lagged = &run[order - i..end - i];
            sums[i] += lagged.iter().sum::<f64>();
            products[i][0] += lagged
                .iter()
                .zip(&run[order..])
                .map(|(a, b)| a * b)
                .sum::<f64>();
            for j in 1..=i {
                products[i][j] += run[order - i] * run[order - j] - run[end - i] * run[end - j];
            }
        }
    }
    for i in 1..size {
        for j in 1..=i {
            products[i][j] += products[i - 1][j - 1];
        }
    }
    let gram_row = |(i, row): (usize, &Vec<f64>)| {
        if i == 0 {
            vec![n as f64]
        } else {
            with_first(sums[i], &row[1..])
        }
    };
    NormalEquations {
        gram: products.iter().enumerate().map(gram_row).collect(),
        moments: (0..size)
            .map(|i| if i == 0 { sums[0] } else { products[i][0] })
            .collect(),
        total: products[0][0],
        n,
    }
}

fn with_first(first: f64, rest: &[f64]) -> Vec<f64> {
    std::iter::once(first).chain(rest.iter().copied()).collect()
}

impl NormalEquations {
    /// `None` where a column depends on the others, as in a series that never moves.
    fn cholesky(&self) -> Option<Factor> {
        let size = self.gram.len();
        let mut lower: Vec<Vec<f64>> = Vec::with_capacity(size);
        let mut z: Vec<f64> = Vec::with_capacity(size);
        for i in 0..size {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (j, above) in lower.iter().enumerate() {
                let done: f64 = row.iter().zip(above).map(|(a, b)| a * b).sum();
                row.push((self.gram[i][j] - done) / above[j]);
            }
            let pivot = self.gram[i][i] - row.iter().map(|v| v * v).sum::<f64>();
            if pivot <= 1e-10 * self.gram[i][i] {
                return None;
            }
            let done: f64 = row.iter().zip(&z).map(|(a, b)| a * b).sum();
            row.push(pivot.sqrt());
            z.push((self.moments[i] - done) / pivot.sqrt());
            lower.push(row);
        }
        Some(Factor {
            lower,
            z,
            total: self.total,
        })
    }
}

impl Factor {
    /// Sum of squared residuals of the regression with this order.
    fn residual_sum(&self, order: usize) -> f64 {
        self.total - self.z.iter().take(order + 1).map(|z| z * z).sum::<f64>()
    }

    /// Intercept and coefficients of the regression with this order.
    fn solve(&self, order: usize) -> Vec<f64> {
        let size = order + 1;
        let mut solution = vec![0.0; size];
        for i in (0..size).rev() {
            let done: f64 = (i + 1..size).map(|j| self.lower[j][i] * solution[j]).sum();
            solution[i] = (self.z[i] - done) / self.lower[i][i];
        }
        solution
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    fn simulate(coefficients: &[f64], n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let mut values: Vec<f64> = Vec::new();
        for t in 0..n + 200 {
            let own: f64 = coefficients
                .iter()
                .enumerate()
                .filter_map(|(i, a)| Some(a * values.get(t.checked_sub(i + 1)?)?))
                .sum();
            values.push(1.0 + own + random.normal());
        }
        values.split_off(200)
    }

    #[test]
    fn the_order_and_the_coefficients_of_a_known_process_are_found() {
        let series: Series = simulate(&[0.5, 0.3], 4_000, 3).into_iter().collect();

        let fitted = Autoregression::fit(&series, usual_max_order(4_000));

        assert_eq!(fitted.order(), 2);
        assert!(
            (fitted.coefficients[0] - 0.5).abs() < 0.05
                && (fitted.coefficients[1] - 0.3).abs() < 0.05
        );
        assert!((fitted.intercept - 1.0).abs() < 0.3);
    }

    #[test]
    fn white_noise_and_a_constant_have_no_memory_to_take_out() {
        let noise: Series = simulate(&[], 2_000, 4).into_iter().collect();
        let flat: Series = [0.25; 300].into_iter().collect();

        assert_eq!(Autoregression::fit(&noise, 20).order(), 0);
        assert_eq!(Autoregression::fit(&flat, 20).order(), 0);
        assert_eq!(
            Autoregression::fit(&Series::default(), 20),
            Autoregression::default()
        );
    }

    #[test]
    fn the_sum_of_squares_that_ranks_orders_is_that_of_the_residuals() {
        let series: Series = simulate(&[0.7], 200, 5).into_iter().collect();
        let rows = normal_equations(series.values(), 3);
        let factor = rows.cholesky().unwrap();
        let solution = factor.solve(3);
        let fitted = Autoregression {
            intercept: solution[0],
            coefficients: solution[1..].to_vec(),
        };

        let sum: f64 = fitted
            .residuals(&series)
            .values()
            .iter()
            .flatten()
            .map(|e| e * e)
            .sum();

        assert!((factor.residual_sum(3) / sum - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_residual_needs_every_value_that_it_is_made_of() {
        let series = Series::with_gaps([
            Some(1.0),
            Some(2.0),
            Some(3.0),
            None,
            Some(5.0),
            Some(6.0),
            Some(7.0),
        ]);
        let model = Autoregression {
            intercept: 0.0,
            coefficients: vec![1.0, 0.0],
        };

        let residuals = model.residuals(&series);

        assert_eq!(
            residuals.values(),
            [None, None, Some(1.0), None, None, None, Some(1.0)]
        );
    }

    #[test]
    fn orders_that_gaps_would_starve_are_not_tried() {
        let sparse: Vec<Option<f64>> = (0..600)
            .map(|t| (t % 3 != 0).then(|| f64::from(t * 7 % 11)))
            .collect();

        assert_eq!(feasible_order(&sparse, 20), 1);
        assert_eq!(n_rows(&sparse, 1), 200);
    }
}
