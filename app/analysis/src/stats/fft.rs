//! Fast Fourier transform of a power of two of complex numbers, to the bit the same on every machine.
//!
//! The factors come from additions, multiplications, divisions and square roots only, which IEEE 754
//! rounds in one way; sines of a system's library differ in the last digit from machine to machine.

use std::ops::{Add, Mul, Sub};

use wide::f64x2;

/// Complex numbers as two rows, as vector instructions want them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Complex {
    /// Real parts.
    pub re: Vec<f64>,
    /// Imaginary parts; as long as the real parts.
    pub im: Vec<f64>,
}

impl Complex {
    /// `n` zeros.
    pub fn zeros(n: usize) -> Self {
        Self {
            re: vec![0.0; n],
            im: vec![0.0; n],
        }
    }

    /// `4 |X_f|²` and `4 |Y_f|²` where these numbers are the transform of `x + i y`, x and y real.
    pub fn powers(&self, f: usize) -> (f64, f64) {
        let mirror = (self.re.len() - f) % self.re.len();
        let (a, b) = (self.re[f], self.im[f]);
        let (c, d) = (self.re[mirror], -self.im[mirror]);
        (
            (a + c).powi(2) + (b + d).powi(2),
            (a - c).powi(2) + (b - d).powi(2),
        )
    }
}

/// The plan for one length.
#[derive(Clone, Debug)]
pub struct Fft {
    log_n: u32,
    /// `exp(−2πi k / 2^s)`, `k < 2^(s−1)`, for the stages `s = 1…log_n` one after the other.
    factors: Complex,
}

impl Fft {
    /// For the least power of two that is at least `n`, and at least 2.
    pub fn at_least(n: usize) -> Self {
        let log_n = n.max(2).next_power_of_two().trailing_zeros();
        let mut factors = Complex::default();
        // exp(−πi) and from there by half of the angle each.
        let (mut re, mut im) = (-1.0f64, 0.0f64);
        let mut before: (Vec<f64>, Vec<f64>) = (vec![1.0], vec![0.0]);
        for stage in 1..=log_n {
            factors.re.extend(&before.0);
            factors.im.extend(&before.1);
            if stage == 1 {
                (re, im) = (0.0, -1.0);
            } else {
                let half = ((1.0 + re) / 2.0).sqrt();
                (re, im) = (half, im / (2.0 * half));
            }
            // The next stage has these angles and those half a step further.
            let (mut next_re, mut next_im) = (Vec::new(), Vec::new());
            for (a, b) in before.0.iter().zip(&before.1) {
                next_re.extend([*a, a * re - b * im]);
                next_im.extend([*b, a * im + b * re]);
            }
            before = (next_re, next_im);
        }
        Self { log_n, factors }
    }

    /// The length.
    pub fn len(&self) -> usize {
        1 << self.log_n
    }

    /// Never: the length is 2 at least.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// `exp(−2πi k / n)` as real and imaginary part.
    pub fn factor(&self, k: usize) -> (f64, f64) {
        let half = self.len() / 2;
        let k = k % self.len();
        let place = self.factors.re.len() - half + k % half;
        let (re, im) = (self.factors.re[place], self.factors.im[place]);
        if k < half { (re, im) } else { (-re, -im) }
    }

    /// `Z_f = Σ_t z_t exp(−2πi f t / n)` in place, without a factor. Numbers beyond the length are
    /// dropped, missing ones are zero.
    pub fn forward(&self, z: &mut Complex) {
        let n = self.len();
        z.re.resize(n, 0.0);
        z.im.resize(n, 0.0);
        for i in 0..n {
            let j = i.reverse_bits() >> (usize::BITS - self.log_n);
            if i < j {
                z.re.swap(i, j);
                z.im.swap(i, j);
            }
        }
        let (mut rest_re, mut rest_im) = (&self.factors.re[..], &self.factors.im[..]);
        for stage in 1..=self.log_n {
            let half = 1usize << (stage - 1);
            let (w_re, w_im);
            (w_re, rest_re) = rest_re.split_at(half);
            (w_im, rest_im) = rest_im.split_at(half);
            let blocks = z.re.chunks_exact_mut(2 * half);
            for (re, im) in blocks.zip(z.im.chunks_exact_mut(2 * half)) {
                let (re_low, re_high) = re.split_at_mut(half);
                let (im_low, im_high) = im.split_at_mut(half);
                butterflies(w_re, w_im, (re_low, im_low), (re_high, im_high));
            }
        }
    }
}

/// Two of them at a time; the first stage has one only.
fn butterflies(
    w_re: &[f64],
    w_im: &[f64],
    (low_re, low_im): (&mut [f64], &mut [f64]),
    (high_re, high_im): (&mut [f64], &mut [f64]),
) {
    if let ([w_re], [w_im], [a], [b], [c], [d]) = (
        w_re,
        w_im,
        &mut *low_re,
        &mut *low_im,
        &mut *high_re,
        &mut *high_im,
    ) {
        ((*a, *b), (*c, *d)) = butterfly((*w_re, *w_im), (*a, *b), (*c, *d));
        return;
    }
    let (w_re, w_im) = (w_re.as_chunks::<2>().0, w_im.as_chunks::<2>().0);
    let lows = pairs_of(low_re).zip(pairs_of(low_im));
    let highs = pairs_of(high_re).zip(pairs_of(high_im));
    for ((w, low), high) in w_re.iter().zip(w_im).zip(lows).zip(highs) {
        let pair = |(re, im): (&[f64; 2], &[f64; 2])| (f64x2::new(*re), f64x2::new(*im));
        let (sum, difference) = butterfly(pair(w), pair((low.0, low.1)), pair((high.0, high.1)));
        (*low.0, *low.1) = (sum.0.to_array(), sum.1.to_array());
        (*high.0, *high.1) = (difference.0.to_array(), difference.1.to_array());
    }
}

fn pairs_of(row: &mut [f64]) -> std::slice::IterMut<'_, [f64; 2]> {
    row.as_chunks_mut::<2>().0.iter_mut()
}

/// `low + w high` and `low − w high`.
#[inline]
fn butterfly<T>(w: (T, T), low: (T, T), high: (T, T)) -> ((T, T), (T, T))
where
    T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>,
{
    let re = high.0 * w.0 - high.1 * w.1;
    let im = high.0 * w.1 + high.1 * w.0;
    ((low.0 + re, low.1 + im), (low.0 - re, low.1 - im))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn the_transform_is_the_sum_that_defines_it() {
        for n in [2usize, 8, 64] {
            let mut random = Random::new(n as u64);
            let z = Complex {
                re: (0..n).map(|_| random.normal()).collect(),
                im: (0..n).map(|_| random.normal()).collect(),
            };

            let mut found = z.clone();
            Fft::at_least(n).forward(&mut found);

            for f in 0..n {
                let (mut re, mut im) = (0.0, 0.0);
                for t in 0..n {
                    let (sin, cos) = (-std::f64::consts::TAU * (f * t) as f64 / n as f64).sin_cos();
                    re += z.re[t] * cos - z.im[t] * sin;
                    im += z.re[t] * sin + z.im[t] * cos;
                }
                assert!((found.re[f] - re).abs() < 1e-11 && (found.im[f] - im).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn a_factor_turns_once_around_the_circle() {
        let fft = Fft::at_least(8);

        let turned: Vec<(i32, i32)> = (0..9)
            .map(|k| fft.factor(k))
            .map(|(re, im)| ((re * 10.0) as i32, (im * 10.0) as i32))
            .collect();

        assert_eq!(
            turned,
            [
                (10, 0),
                (7, -7),
                (0, -10),
                (-7, -7),
                (-10, 0),
                (-7, 7),
                (0, 10),
                (7, 7),
                (10, 0)
            ]
        );
    }

    #[test]
    fn factors_stay_on_the_circle_at_great_length() {
        let fft = Fft::at_least(1 << 17);

        for k in 0..1 << 16 {
            let at = fft.factors.re.len() - (1 << 16) + k;
            let (sin, cos) = (-std::f64::consts::TAU * k as f64 / f64::from(1 << 17)).sin_cos();
            assert!((fft.factors.re[at] - cos).abs() < 1e-14);
            assert!((fft.factors.im[at] - sin).abs() < 1e-14);
        }
    }
}
