//! How fast a recording is played.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, de};

/// Data seconds per second, or what decides it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// The whole recording takes about three minutes.
    #[default]
    Auto,
    /// As fast as it can be read and stored.
    Unlimited,
    /// So many data seconds per second.
    Times(f64),
}

/// What is no speed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a speed is a number above 0 (data seconds per second), \"auto\" or \"unlimited\", not {0:?}"
)]
pub struct SpeedError(String);

impl Speed {
    fn times(speed: f64) -> Result<Self, SpeedError> {
        let is_usable = speed.is_finite() && speed >= 0.001;
        if is_usable {
            Ok(Self::Times(speed))
        } else {
            Err(SpeedError(speed.to_string()))
        }
    }
}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, SpeedError> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "unlimited" | "max" => Ok(Self::Unlimited),
            number => {
                let number = number.strip_prefix(['x', '×']).unwrap_or(number);
                number
                    .parse()
                    .map_err(|_| SpeedError(text.to_owned()))
                    .and_then(Self::times)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpeedVisitor)
    }
}

/// Takes a number as well as a word.
struct SpeedVisitor;

impl de::Visitor<'_> for SpeedVisitor {
    type Value = Speed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number above 0, \"auto\" or \"unlimited\"")
    }

    fn visit_i64<E: de::Error>(self, speed: i64) -> Result<Speed, E> {
        Speed::times(speed as f64).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, speed: f64) -> Result<Speed, E> {
        Speed::times(speed).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Speed, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_a_number_or_a_word() {
        assert_eq!("60".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("x0.5".parse(), Ok(Speed::Times(0.5)));
        assert_eq!("auto".parse(), Ok(Speed::Auto));
        assert_eq!("max".parse(), Ok(Speed::Unlimited));
    }

    #[test]
    fn what_cannot_be_played_is_refused() {
        for text in ["0", "-1", "inf", "NaN", "fast", ""] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }
}
