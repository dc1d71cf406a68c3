//! Local straight lines through evenly spaced values, fitted at every tenth of a window.

/// A smoother for series of one length; all weights that depend on distances are made once.
pub(super) struct Loess {
    n: usize,
    places: Vec<Place>,
    /// Tricube weights, and the coefficients of a fit without other weights, of all kinds of places.
    tricube: Vec<f64>,
    coefficients: Vec<f64>,
}

/// Where a line is fitted: `at`, from the values `left..left + len`, weights beginning at `weights`.
struct Place {
    at: usize,
    left: usize,
    len: usize,
    weights: usize,
}

/// Whether each value has a weight of its own beside that of its distance.
#[derive(Clone, Copy)]
pub(super) enum Fit<'a> {
    Unweighted,
    Weighted(&'a [f64]),
}

/// Tricube weight of a distance, exactly 1 very near and 0 at the end of the reach.
pub(super) fn tricube(distance: f64, reach: f64) -> f64 {
    if distance <= 0.001 * reach {
        1.0
    } else if distance <= 0.999 * reach {
        (1.0 - (distance / reach).powi(3)).powi(3)
    } else {
        0.0
    }
}

impl Loess {
    /// For `n ≥ 2` values and an odd `window`, which may be longer than the series.
    pub(super) fn new(n: usize, window: usize) -> Self {
        let mut loess = Self {
            n,
            places: Vec::new(),
            tricube: Vec::new(),
            coefficients: Vec::new(),
        };
        let jump = window.div_ceil(10).min(n - 1);
        let half = window / 2;
        let len = window.min(n);
        let mut middle = None;
        let ats = (0..n).step_by(jump);
        let end = (!(n - 1).is_multiple_of(jump)).then_some(n - 1);
        for at in ats.chain(end) {
            let left = at.saturating_sub(half).min(n - len);
            let is_middle = window < n && left + half == at;
            let weights = match middle {
                Some(weights) if is_middle => weights,
                _ => loess.add_weights(at, left, len, window),
            };
            if is_middle {
                middle = Some(weights);
            }
            loess.places.push(Place {
                at,
                left,
                len,
                weights,
            });
        }
        loess
    }

    fn add_weights(&mut self, at: usize, left: usize, len: usize, window: usize) -> usize {
        let start = self.tricube.len();
        let reach = (at - left).max(left + len - 1 - at) + (window - len) / 2;
        let distance = |j: usize| (left + j) as f64 - at as f64;
        self.tricube
            .extend((0..len).map(|j| tricube(distance(j).abs(), reach as f64)));
        let weights = &self.tricube[start..];
        let moment = |power| {
            let terms = weights.iter().enumerate();
            terms.map(|(j, w)| w * distance(j).powi(power)).sum::<f64>()
        };
        let total = moment(0);
        let centre = moment(1) / total;
        let spread = moment(2) / total - centre * centre;
        let tilt = self.tilt(centre, spread);
        let coefficients = weights
            .iter()
            .enumerate()
            .map(|(j, w)| w / total * (1.0 + tilt * (distance(j) - centre)));
        self.coefficients.extend(coefficients);
        start
    }

    /// How much a line's slope counts at the fitted place, seen from the centre of the weights.
    fn tilt(&self, centre: f64, spread: f64) -> f64 {
        if spread.max(0.0).sqrt() > 0.001 * (self.n - 1) as f64 {
            -centre / spread
        } else {
            0.0
        }
    }

    /// Smooths `y` into `out`, both of the length that the smoother is for.
    pub(super) fn smooth(&self, y: &[f64], fit: Fit<'_>, out: &mut [f64]) {
        let mut before = 0;
        for place in &self.places {
            let range = place.left..place.left + place.len;
            let weights = place.weights..place.weights + place.len;
            let fitted = match fit {
                Fit::Unweighted => dot(&self.coefficients[weights], &y[range]),
                Fit::Weighted(robustness) => self
                    .weighted(
                        place,
                        &self.tricube[weights],
                        &robustness[range.clone()],
                        &y[range],
                    )
                    .unwrap_or(y[place.at]),
            };
            out[place.at] = fitted;
            let steps = place.at - before;
            if steps > 1 {
                let (from, slope) = (out[before], (fitted - out[before]) / steps as f64);
                for step in 1..steps {
                    out[before + step] = from + slope * step as f64;
                }
            }
            before = place.at;
        }
    }

    /// `None` where all weights are 0.
    fn weighted(
        &self,
        place: &Place,
        tricube: &[f64],
        robustness: &[f64],
        y: &[f64],
    ) -> Option<f64> {
        let first = place.left as f64 - place.at as f64;
        let [total, sum_d, sum_dd, sum_y, sum_dy] = moments(first, tricube, robustness, y);
        if total <= 0.0 {
            return None;
        }
        let (centre, mean) = (sum_d / total, sum_y / total);
        let spread = sum_dd / total - centre * centre;
        let tilt = self.tilt(centre, spread);
        Some(mean + tilt * (sum_dy / total - centre * mean))
    }
}

/// Numbers that are worked on side by side.
const LANES: usize = 4;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Sums of w, w·d, w·d², w·y and w·d·y, with w = tricube · robustness and d from `first` on.
fn moments(first: f64, tricube: &[f64], robustness: &[f64], y: &[f64]) -> [f64; 5] {
    let mut sums = [[0.0; LANES]; 5];
    let mut d: [f64; LANES] = std::array::from_fn(|lane| first + lane as f64);
    let chunks = tricube
        .chunks_exact(LANES)
        .zip(robustness.chunks_exact(LANES))
        .zip(y.chunks_exact(LANES));
    for ((tricube, robustness), y) in chunks {
        for lane in 0..LANES {
            let w = tricube[lane] * robustness[lane];
            let (wd, wy) = (w * d[lane], w * y[lane]);
            sums[0][lane] += w;
            sums[1][lane] += wd;
            sums[2][lane] += wd * d[lane];
            sums[3][lane] += wy;
            sums[4][lane] += wy * d[lane];
            d[lane] += LANES as f64;
        }
    }
    let mut totals = sums.map(|lanes| lanes.iter().sum::<f64>());
    for j in y.len() / LANES * LANES..y.len() {
        let (d, w) = (first + j as f64, tricube[j] * robustness[j]);
        let terms = [w, w * d, w * d * d, w * y[j], w * d * y[j]];
        for (total, term) in totals.iter_mut().zip(terms) {
            *total += term;
        }
    }
    totals
}
