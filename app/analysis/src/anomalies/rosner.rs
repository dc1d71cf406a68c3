//! Rosner's generalised ESD test with mean and standard deviation, all steps shown.

use super::{
    AnomalyError, Direction, esd::critical_value, refuse_alpha, refuse_constant, refuse_value,
};

/// The steps of the test, in the order of removal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rosner {
    /// Place of the value removed in each step, from 0.
    pub idx: Vec<usize>,
    /// Its distance from the mean of what was left, in standard deviations of what was left; signed.
    pub deviation: Vec<f64>,
    /// What the absolute distance has to exceed.
    pub limit: Vec<f64>,
    /// How many of the removed are outliers: up to the **largest** step that passes its limit.
    pub n_outliers: usize,
}

/// Looks for up to `max_n` outliers on either side at level `alpha`.
///
/// # Errors
/// [`AnomalyError`] says what is wrong with the values or the level; `TooShort` for fewer than
/// `max_n + 3` values.
///
/// # Source
/// Rosner, *Technometrics* 25 (1983); NIST/SEMATECH e-Handbook 1.3.5.17.3.
pub fn rosner(x: &[f64], max_n: usize, alpha: f64) -> Result<Rosner, AnomalyError> {
    refuse_alpha(alpha)?;
    for (idx, value) in x.iter().enumerate() {
        refuse_value(idx, *value)?;
    }
    let needed = max_n.saturating_add(3);
    if x.len() < needed {
        return Err(AnomalyError::TooShort { n: x.len(), needed });
    }
    refuse_constant(x)?;
    Ok(steps(x, max_n, alpha))
}

fn steps(x: &[f64], max_n: usize, alpha: f64) -> Rosner {
    let mut left: Vec<(usize, f64)> = x.iter().copied().enumerate().collect();
    let mut test = Rosner::default();
    for i in 1..=max_n {
        let (mean, sd) = mean_and_sd(&left);
        let Some((position, deviation)) = farthest(&left, mean).filter(|_| sd > 0.0) else {
            break;
        };
        let (idx, _) = left.remove(position);
        test.idx.push(idx);
        test.deviation.push(deviation / sd);
        test.limit
            .push(critical_value(x.len(), i, alpha, Direction::Both));
        if deviation.abs() / sd > test.limit[i - 1] {
            test.n_outliers = i;
        }
    }
    test
}

fn mean_and_sd(values: &[(usize, f64)]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().map(|(_, v)| v).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|(_, v)| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// The first of the values farthest from the mean: its position, and the signed distance.
fn farthest(values: &[(usize, f64)], mean: f64) -> Option<(usize, f64)> {
    let distances = values.iter().map(|(_, value)| value - mean).enumerate();
    distances.reduce(|best, next| {
        if next.1.abs() > best.1.abs() {
            next
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosner's own example, as NIST's handbook prints it.
    const NIST: [f64; 54] = [
        -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58,
        1.65, 1.69, 1.70, 1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15,
        2.23, 2.24, 2.26, 2.35, 2.37, 2.40, 2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21,
        3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
    ];

    #[test]
    fn the_example_of_the_handbook_comes_out_to_all_its_digits() {
        let deviations = [
            3.1189, 2.9430, 3.1794, 2.8102, 2.8156, 2.8482, 2.2793, 2.3103, 2.1016, 2.0672,
        ];
        let limits = [
            3.1588, 3.1514, 3.1439, 3.1362, 3.1282, 3.1201, 3.1118, 3.1032, 3.0945, 3.0854,
        ];

        let test = rosner(&NIST, 10, 0.05).unwrap();

        assert_eq!(test.n_outliers, 3, "the first two pass only with the third");
        assert_eq!(test.idx[..3], [53, 52, 51]);
        for i in 0..10 {
            // The handbook cuts some digits off instead of rounding.
            assert!(
                (test.deviation[i].abs() - deviations[i]).abs() < 1e-4,
                "R{i}"
            );
            assert!((test.limit[i] - limits[i]).abs() < 1e-4, "limit {i}");
        }
    }

    #[test]
    fn values_that_allow_no_answer_are_refused_by_name() {
        let refused = |x: &[f64], max_n, alpha| rosner(x, max_n, alpha).unwrap_err();

        assert_eq!(refused(&[1.0; 9], 2, 0.05), AnomalyError::Constant(9));
        assert_eq!(
            refused(&[1.0, f64::NAN], 1, 0.05),
            AnomalyError::NotFinite(1)
        );
        assert_eq!(refused(&NIST, 3, 1.0), AnomalyError::Alpha);
        assert_eq!(
            refused(&[1.0, 2.0, 3.0], 1, 0.05),
            AnomalyError::TooShort { n: 3, needed: 4 }
        );
    }
}
