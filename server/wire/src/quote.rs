//! The newest price of an instrument, between two bars.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// What was last paid. It travels with tips, is not stored, and no statistic is made of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Quote {
    /// Base symbol, in upper case.
    pub ticker: String,
    /// Currency of the price, in upper case.
    pub currency: String,
    /// Which upstream said so.
    pub source: String,
    /// Price of one unit; finite and above zero.
    pub price: f64,
    /// When the relay heard it.
    pub at: Millis,
}

impl Quote {
    /// Whether the price is one.
    pub fn is_sound(&self) -> bool {
        self.price.is_finite() && self.price > 0.0
    }
}
