//! Times in classes of a fiftieth more each.

/// How often which time was taken.
#[derive(Clone)]
pub(crate) struct Latency {
    classes: Vec<u64>,
    n: u64,
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self {
            classes: vec![0; 1_200],
            n: 0,
        }
    }

    pub(crate) fn note(&mut self, micros: f64) {
        let class = (micros.max(1.0).ln() / 1.02_f64.ln()) as usize;
        let widest = self.classes.len() - 1;
        self.classes[class.min(widest)] += 1;
        self.n += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.n += other.n;
        for (class, n) in self.classes.iter_mut().zip(&other.classes) {
            *class += n;
        }
    }

    /// What so great a share did not exceed, in milliseconds.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = ((self.n as f64 * share) as u64).max(1);
        let mut n = 0;
        let class = self.classes.iter().position(|class| {
            n += class;
            n >= wanted
        });
        class.map_or(f64::NAN, |class| 1.02_f64.powi(class as i32 + 1) / 1e3)
    }
}
