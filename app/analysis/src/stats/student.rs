//! The upper tail of Student's t distribution, accurate far out and for many degrees of freedom.

use std::f64::consts::PI;

/// `P(T > t)` for `t ≥ 0` and `df > 0` degrees of freedom, with a relative error of about 1e-13.
///
/// # Source
/// Half the regularised incomplete beta function at `df / (df + t²)`, DLMF 8.17(v).
pub fn upper_tail(t: f64, df: f64) -> f64 {
    let (a, b) = (0.5 * df, 0.5);
    let (x, rest) = (df / (df + t * t), t * t / (df + t * t));
    // x^a (1 − x)^b / B(a, b)
    let front = (-a * (t * t / df).ln_1p()).exp() * rest.sqrt() * gamma_ratio(a) / PI.sqrt();
    if x < (a + 1.0) / (a + b + 2.0) {
        0.5 * front * beta_fraction(a, b, x) / a
    } else {
        0.5 - 0.5 * front * beta_fraction(b, a, rest) / b
    }
}

/// `P(|T| > |t|)` for `df > 0` degrees of freedom, which need not be whole.
///
/// 1 without any freedom and for NaN, because nothing can be concluded then.
pub fn two_sided(t: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return 1.0;
    }
    if (t * t).is_infinite() {
        return 0.0;
    }
    2.0 * upper_tail(t.abs(), df)
}

/// The `t > 0` with `P(T > t) = p`, for `p` in (0, 0.5) and `df ≥ 1`; NaN for any other `p`.
///
/// The tail probability itself is taken, not `1 − p`, so that small ones keep all their digits.
pub fn upper_quantile(p: f64, df: f64) -> f64 {
    if !(p > 0.0 && p < 0.5) {
        return f64::NAN;
    }
    let mut t = first_guess(p, df);
    // The logarithm of the tail is concave in the logarithm of t: Newton's steps cannot run away.
    for _ in 0..60 {
        let tail = upper_tail(t, df);
        let step = (tail / p).ln() * tail / (t * density(t, df));
        t *= step.clamp(-3.0, 3.0).exp();
        if step.abs() < 1e-14 {
            break;
        }
    }
    t
}

fn density(t: f64, df: f64) -> f64 {
    gamma_ratio(0.5 * df) / (df * PI).sqrt() * (-0.5 * (df + 1.0) * (t * t / df).ln_1p()).exp()
}

/// A normal quantile (Abramowitz & Stegun 26.2.23), widened for few degrees of freedom (26.7.5).
fn first_guess(p: f64, df: f64) -> f64 {
    let s = (-2.0 * p.ln()).sqrt();
    let z = s
        - (2.515_517 + s * (0.802_853 + s * 0.010_328))
            / (1.0 + s * (1.432_788 + s * (0.189_269 + s * 0.001_308)));
    let z = z.max(1e-3);
    z + (z.powi(3) + z) / (4.0 * df)
}

/// `Γ(a + ½) / Γ(a)`.
fn gamma_ratio(a: f64) -> f64 {
    let (mut a, mut factor) = (a, 1.0);
    while a < 16.0 {
        factor *= a / (a + 0.5);
        a += 1.0;
    }
    let inverse = 1.0 / a;
    let square = inverse * inverse;
    let series = inverse
        * (-1.0 / 8.0
            + square
                * (1.0 / 192.0
                    + square
                        * (-1.0 / 640.0 + square * (17.0 / 14_336.0 - square * 31.0 / 18_432.0))));
    factor * a.sqrt() * series.exp()
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.t.isf(p, df)`, SciPy 1.17.1.
    const QUANTILES: &[(f64, f64, f64)] = &[
        (0.025, 1.0, 12.706204736174705),
        (0.05, 2.0, 2.9199855803537256),
        (0.4, 3.0, 0.2766706623326898),
        (0.025, 10.0, 2.2281388519862753),
        (0.000462962962962963, 52.0, 3.51308638116695),
        (1e-06, 1.0, 318309.8861827435),
        (1e-06, 5.0, 24.771029720515948),
        (1.7363522711487707e-06, 14396.0, 4.6424932584855325),
        (3.4727045422975415e-06, 14396.0, 4.497010819235281),
        (0.3, 500.0, 0.5247349868132483),
        (1e-12, 30.0, 11.397217523311413),
        (0.0005681818181818182, 130.0, 3.328425214103131),
    ];

    #[test]
    fn quantiles_are_those_of_scipy() {
        for (p, df, t) in QUANTILES {
            let ours = upper_quantile(*p, *df);

            assert!((ours / t - 1.0).abs() < 1e-11, "{p} {df}: {ours} not {t}");
            assert!((upper_tail(ours, *df) / p - 1.0).abs() < 1e-12, "{p} {df}");
        }
    }

    #[test]
    fn both_tails_are_those_of_closed_forms_and_of_scipy() {
        let check = |found: f64, expected: f64| {
            assert!(
                (found / expected - 1.0).abs() < 1e-12,
                "{found} not {expected}"
            );
        };
        // One degree of freedom is Cauchy's distribution, two have a closed form too.
        for t in [0.1f64, 0.7, 1.0, 3.0, 40.0] {
            check(two_sided(t, 1.0), 2.0 * (1.0 / t).atan() / PI);
            check(two_sided(-t, 2.0), 1.0 - t / (2.0 + t * t).sqrt());
        }
        // SciPy 1.17.1: 2 * t.sf(2.0, 298), 2 * t.sf(1.5, 12.3)
        check(two_sided(2.0, 298.0), 0.04640757908343644);
        check(two_sided(1.5, 12.3), 0.1588388467655109);
    }

    #[test]
    fn without_freedom_nothing_is_concluded() {
        assert!(two_sided(5.0, 0.0) >= 1.0 && two_sided(f64::NAN, 5.0) >= 1.0);
        assert!(two_sided(0.0, 0.3) >= 1.0);
        assert!(two_sided(f64::INFINITY, 5.0) <= 0.0);
    }

    #[test]
    fn a_probability_that_has_no_positive_quantile_gives_no_number() {
        for p in [0.0, 0.5, 1.0, -0.1, f64::NAN] {
            assert!(upper_quantile(p, 10.0).is_nan(), "{p}");
        }
    }
}
