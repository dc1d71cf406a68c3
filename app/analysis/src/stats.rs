//! Whether two series go together, and at which lag, with an honest limit for chance.

pub mod ccf;
pub mod correlation;
pub mod event_study;
pub mod fft;
pub mod hayashi_yoshida;
pub mod leadlag;
pub mod normal;
pub mod prewhiten;
pub mod quantile;
pub mod random;
pub mod student;
pub mod trials;

/// Whether a variance is more than what rounding leaves of a constant with this mean.
fn is_movement(variance: f64, mean: f64) -> bool {
    variance.is_finite() && variance > (mean * 1e-12).powi(2)
}
