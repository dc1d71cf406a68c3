//! Whether two series go together, and at which lag, with an honest limit for chance.

pub mod beta;
pub mod ccf;
pub mod correlation;
pub mod event_study;
pub mod fft;
pub mod hayashi_yoshida;
pub mod leadlag;
pub mod normal;
pub mod prewhiten;
pub mod random;
pub mod student;
pub mod trials;
