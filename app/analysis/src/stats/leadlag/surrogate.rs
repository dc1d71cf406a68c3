//! How large the largest correlation by lag becomes by chance: found with surrogates of equal spectrum.
//!
//! A surrogate of x keeps the strength of each of its frequencies and takes each one's phase at random,
//! so that it has the memory of x and knows nothing of y. Unlike a limit from a formula this holds for
//! whatever memory the autoregressions have left.

use crate::{
    series::Series,
    stats::{
        ccf::Ccf,
        fft::{Complex, Fft},
        is_movement,
        random::Random,
    },
};

/// How the confirmation draws.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Surrogates {
    /// How many are drawn. Their largest correlations rank the one found: with 199 the smallest p is
    /// 0.005.
    pub count: u32,
    /// Equal seeds give equal draws on every machine.
    pub seed: u64,
}

impl Default for Surrogates {
    fn default() -> Self {
        Self {
            count: 199,
            seed: 1,
        }
    }
}

impl Surrogates {
    /// The share of surrogates (the series found among them) whose largest |correlation| over the lags
    /// with at least `min_pairs` pairs is at least `largest`: a p-value over all lags together.
    ///
    /// `found` are the correlations of `x` and `y`. The correlations of a surrogate of x with y have the
    /// product of both amplitudes at each frequency and a phase that is uniform, so that one transform
    /// gives the correlations of two surrogates at all lags.
    ///
    /// # Source
    /// Theiler et al., *Physica D* 58 (1992) 77–94; Ebisuzaki, *Journal of Climate* 10 (1997) 2147–2153.
    pub fn p_of_largest(
        self,
        x: &Series,
        y: &Series,
        found: &Ccf,
        min_pairs: usize,
        largest: f64,
    ) -> f64 {
        let reach = found
            .lags
            .last()
            .map_or(0, |lag| lag.unsigned_abs() as usize);
        let fft = Fft::at_least(x.len() + reach);
        let Some((amplitudes, scale)) = amplitudes(x, y, &fft) else {
            return 1.0;
        };
        // Lags with fewer pairs vary less in the series found, and so they must here.
        let weights: Vec<(usize, f64)> = found
            .lags
            .iter()
            .zip(&found.n_pairs)
            .filter(|(_, n)| **n >= min_pairs)
            .map(|(lag, n)| {
                let place = lag.rem_euclid(fft.len() as i32) as usize;
                (place, scale * (*n as f64).sqrt() / found.divisor as f64)
            })
            .collect();
        let mut random = Random::new(self.seed);
        let mut n_larger = 0;
        let mut n_drawn = 0;
        let mut z = Complex::zeros(fft.len());
        while n_drawn < self.count {
            draw(&amplitudes, &mut random, &mut z);
            fft.forward(&mut z);
            for row in [&z.re, &z.im]
                .into_iter()
                .take((self.count - n_drawn) as usize)
            {
                let is_larger = weights
                    .iter()
                    .any(|(place, weight)| (row[*place] * weight).abs() >= largest);
                n_larger += u32::from(is_larger);
                n_drawn += 1;
            }
        }
        f64::from(n_larger + 1) / (f64::from(self.count) + 1.0)
    }
}

/// `|X_f| |Y_f|` for `f = 0…n/2`, and the factor that gives the correlations of a surrogate variance
/// 1 at each lag. `None` where one of the series never moves.
fn amplitudes(x: &Series, y: &Series, fft: &Fft) -> Option<(Vec<f64>, f64)> {
    let mut z = Complex {
        re: deviations(x)?,
        im: deviations(y)?,
    };
    fft.forward(&mut z);
    let n = fft.len();
    let amplitudes: Vec<f64> = (0..=n / 2)
        .map(|f| {
            let (of_x, of_y) = z.powers(f);
            (of_x * of_y).sqrt() / 4.0
        })
        .collect();
    // The power of independent white series; what shared memory adds to it stays in.
    let expected = n as f64 * (x.n_present() * y.n_present()) as f64;
    (expected > 0.0).then(|| (amplitudes, 1.0 / expected.sqrt()))
}

/// Around the mean, in standard deviations; 0 in a gap. `None` for a series that never moves.
fn deviations(series: &Series) -> Option<Vec<f64>> {
    let mut row = series.deviations();
    let variance = row.iter().map(|d| d * d).sum::<f64>() / series.n_present() as f64;
    if !is_movement(variance, series.mean()) {
        return None;
    }
    let deviation = variance.sqrt();
    row.iter_mut().for_each(|d| *d /= deviation);
    Some(row)
}

/// Two spectra with these amplitudes and phases of their own, as one: the transform of each is real.
fn draw(amplitudes: &[f64], random: &mut Random, z: &mut Complex) {
    let n = z.re.len();
    for (f, amplitude) in amplitudes.iter().enumerate() {
        let mirror = (n - f) % n;
        let ((a, b), (c, d)) = (phase(random), phase(random));
        if f == mirror {
            // These two frequencies are real: of the phase only the sign is left.
            z.re[f] = amplitude * a.signum();
            z.im[f] = amplitude * c.signum();
        } else {
            z.re[f] = amplitude * (a - d);
            z.im[f] = amplitude * (b + c);
            z.re[mirror] = amplitude * (a + d);
            z.im[mirror] = amplitude * (c - b);
        }
    }
}

/// A uniform point on the unit circle, by arithmetic that is the same on every machine.
///
/// # Source
/// von Neumann's rejection: twice the angle of a uniform point in the unit disc.
fn phase(random: &mut Random) -> (f64, f64) {
    loop {
        let (a, b) = (2.0 * random.uniform() - 1.0, 2.0 * random.uniform() - 1.0);
        let square = a * a + b * b;
        if square <= 1.0 && square > 0.0 {
            return ((a * a - b * b) / square, 2.0 * a * b / square);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::ccf::ccf;

    fn noise(n: usize, seed: u64) -> Series {
        let mut random = Random::new(seed);
        (0..n).map(|_| random.normal()).collect()
    }

    fn p(x: &Series, y: &Series, largest: f64, seed: u64) -> f64 {
        let found = ccf(x, y, 24).unwrap();
        let count = 599;
        Surrogates { count, seed }.p_of_largest(x, y, &found, 30, largest)
    }

    #[test]
    fn for_white_series_the_share_is_that_of_the_normal_limit() {
        let (x, y) = (noise(700, 1), noise(700, 2));
        let limit = 3.28 / f64::sqrt(700.0);

        let p = p(&x, &y, limit, 5);

        assert!((0.025..0.075).contains(&p), "{p}");
    }

    #[test]
    fn shared_memory_makes_large_correlations_common() {
        let remembering = |seed| {
            let mut level = 0.0;
            let shocks = noise(700, seed);
            let values = shocks.values().iter().flatten().map(|shock| {
                level = 0.9 * level + shock;
                level
            });
            values.collect::<Series>()
        };
        let limit = 3.28 / f64::sqrt(700.0);

        assert!(p(&remembering(3), &remembering(4), limit, 5) > 0.8);
    }

    #[test]
    fn a_seed_repeats_the_draws_to_the_bit_on_every_machine() {
        let mut random = Random::new(9);
        let mut z = Complex::zeros(8);
        let fft = Fft::at_least(8);

        draw(&[0.0, 1.0, 2.0, 1.0, 0.5], &mut random, &mut z);
        fft.forward(&mut z);

        let bits: Vec<u64> = z.re.iter().chain(&z.im).map(|v| v.to_bits()).collect();
        assert_eq!(bits, BITS);
    }

    /// As found on x86-64; Wasm and ARM must agree.
    const BITS: [u64; 16] = [
        0xc01a_015d_cb14_3690,
        0xbfdd_3c96_f8f4_0890,
        0x4015_8ee8_3672_4964,
        0x4006_8ba4_4a3e_540a,
        0xbff0_ebd8_f1a5_849e,
        0xc008_fd37_06a8_70e6,
        0x3fc5_ad7a_2169_ca70,
        0x4006_1925_9b88_9dee,
        0xc007_d97b_31eb_3b52,
        0x4012_a46c_db0a_3ae1,
        0xc006_2e4e_8cbf_6bca,
        0xc00f_d3c0_460a_3764,
        0xbff0_553e_04c2_45b3,
        0x400e_09dd_2ae4_2966,
        0x4013_1934_6085_e4fb,
        0xc003_7ef6_9aee_67c6,
    ];
}
