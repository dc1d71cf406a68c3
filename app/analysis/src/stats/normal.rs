//! The upper tail of the normal distribution.

/// `P(Z > z)` of a standard normal variable, for `z ≥ 1`.
///
/// Below 1 the value at 1 is given: no limit of a test lies there.
///
/// # Source
/// Laplace's continued fraction of Mills' ratio, Abramowitz & Stegun 26.2.14.
pub fn upper_tail(z: f64) -> f64 {
    let z = z.max(1.0);
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let fraction = (1..=200).rev().fold(z, |rest, k| z + f64::from(k) / rest);
    density / fraction
}

/// The `z ≥ 1` with `P(Z > z) = p`, for `p` from 1e-300 to 0.158; outside of that the nearest end.
pub fn upper_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (1.0, 38.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if upper_tail(middle) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The limit that the largest of `n_tests` standard normal |z| passes by chance with probability
/// `alpha` at most, however the tests depend on each other.
///
/// # Source
/// Bonferroni's inequality.
pub fn family_limit(alpha: f64, n_tests: usize) -> f64 {
    upper_quantile(alpha / (2.0 * n_tests.max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.025, 1.959_963_984_540),
            (0.005, 2.575_829_303_549),
            (1e-9, 5.997_807_014_998),
        ] {
            assert!(
                (upper_quantile(p) - z).abs() < 1e-9,
                "{p}: {}",
                upper_quantile(p)
            );
            assert!((upper_tail(z) / p - 1.0).abs() < 1e-8);
        }
    }

    #[test]
    fn more_tests_move_the_limit_out() {
        assert!((family_limit(0.05, 1) - 1.959_964).abs() < 1e-5);
        // 49 lags: P(|Z| > z) = 0.05 / 49.
        assert!((family_limit(0.05, 49) - 3.284_6).abs() < 1e-3);
    }
}
