//! Tails of the normal distribution, and the largest of many.

/// `P(Z > z)` of a standard normal variable, for `z ≥ 1`.
///
/// Below 1 the value at 1 is given: no limit of a test lies there.
///
/// # Source
/// Laplace's continued fraction of Mills' ratio, Abramowitz & Stegun 26.2.14.
pub fn upper_tail(z: f64) -> f64 {
    let z = z.max(1.0);
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    // The further out, the fewer steps reach the last digit.
    let n_steps = 12 + (190.0 / (z * z)) as u32;
    let fraction = (1..=n_steps)
        .rev()
        .fold(z, |rest, k| z + f64::from(k) / rest);
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

/// `P(|Z| > |z|)` of a standard normal variable, for every z; 1 for NaN.
///
/// # Source
/// Below 1 the series Abramowitz & Stegun 26.2.11, above it [`upper_tail`].
pub fn two_sided(z: f64) -> f64 {
    let z = z.abs();
    if z.is_nan() {
        return 1.0;
    }
    if z >= 1.0 {
        return 2.0 * upper_tail(z);
    }
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let (mut term, mut sum) = (z, z);
    for k in 1..30 {
        term *= z * z / f64::from(2 * k + 1);
        sum += term;
    }
    1.0 - 2.0 * density * sum
}

/// The probability that the largest of independent normal |z| passes `limit`, each with a standard
/// deviation of its own.
///
/// # Source
/// Šidák, *JASA* 62 (1967) 626–633: for normal variables that depend on each other this is an upper
/// limit of the probability.
pub fn family_p(limit: f64, deviations: impl IntoIterator<Item = f64>) -> f64 {
    let ln_none: f64 = deviations
        .into_iter()
        .filter(|deviation| *deviation > 0.0)
        .map(|deviation| (-two_sided(limit / deviation)).ln_1p())
        .sum();
    -ln_none.exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tails_meet_where_the_formulae_do() {
        for (z, p) in [
            (0.0, 1.0),
            (0.5, 0.617_075_077_451_974),
            (-0.999_999_999, 0.317_310_508_346_995_8),
            (1.0, 0.317_310_507_862_914_1),
            (3.0, 0.002_699_796_063_260_19),
        ] {
            assert!((two_sided(z) - p).abs() < 1e-12, "{z}: {}", two_sided(z));
        }
    }

    #[test]
    fn the_largest_of_many_passes_more_often_than_one() {
        let p_one = two_sided(2.5);

        let p_ten = family_p(2.5, [1.0; 10]);

        assert!((p_ten - (1.0 - (1.0 - p_one).powi(10))).abs() < 1e-12);
        assert!(family_p(2.5, [0.9; 10]) < p_ten);
        assert!(family_p(2.5, []).abs() < 1e-12);
    }

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
}
