//! Whether two series go together, and at which lag, with an honest limit for chance.

pub mod ccf;
pub mod leadlag;
pub mod normal;
pub mod prewhiten;
pub mod random;
pub mod student;
