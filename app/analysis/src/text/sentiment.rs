//! VADER: how positive or negative a text reads, exactly as vaderSentiment 3.3.2 says it; and the same rules
//! for the language of markets.
//!
//! In the exact mode its oddities are kept, for a score that can be compared with everybody else's is worth
//! more than a better one: `"I ❤️ you"` is neutral, and a curly apostrophe does not negate.

mod explain;
mod finance;
mod rewrite;
mod tokens;
mod valence;

pub use explain::{Change, Counted, Explanation, Rule};

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::lexicon::{Dialect, Lexicon, Term};
use crate::view::Class;
use explain::Observer;
use rewrite::Rewritten;
use tokens::Tokens;

/// Scores texts by lexicon and rules. Making one takes about a millisecond; scoring changes nothing.
///
/// ```
/// use analysis::text::sentiment::Vader;
///
/// let vader = Vader::new();
///
/// assert_eq!(vader.compound("She is SO happy!!!").value(), 0.8193);
/// assert_eq!(vader.compound("").value(), 0.0);
/// assert!(Vader::finance().compound("$BTC to the moon 🚀").value() > 0.5);
/// ```
///
/// # Source
/// Hutto & Gilbert, *VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text*,
/// ICWSM 2014, in the version of the Python package vaderSentiment 3.3.2.
pub struct Vader {
    lexicon: Lexicon,
}

/// Memory that scoring uses again for the next text.
#[derive(Default)]
pub struct Scratch {
    rewritten: Rewritten,
    tokens: Tokens,
    /// Of each token that is in the lexicon, which it is and what it is worth where it stands.
    valences: Vec<(usize, f64)>,
}

/// How a text reads. The shares of the words are rounded to 3 decimals, and so add up to 1 only roughly; all
/// four are 0 for a text without words.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sentiment {
    /// Share of the text that is negative, 0…1.
    pub neg: f64,
    /// Share that is neither, 0…1.
    pub neu: f64,
    /// Share that is positive, 0…1.
    pub pos: f64,
    /// The text as a whole.
    pub compound: Compound,
}

/// A text's valences in one number, `s / √(s² + 15)`, −1…+1 to 4 decimals.
///
/// It is kept in ten-thousandths: sums of whole numbers do not depend on their order.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Compound(i16);

impl Compound {
    fn from_sum(sum: f64) -> Self {
        let compound = sum / (sum * sum + 15.0).sqrt();
        Self::from_share(compound)
    }

    /// A number of −1…+1 as it is.
    pub(super) fn from_share(share: f64) -> Self {
        Self(rounded::<4>(share.clamp(-1.0, 1.0)) as i16)
    }

    /// A score as it was kept; what lies outside is moved to the limit.
    #[must_use]
    pub fn from_ten_thousandths(score: i16) -> Self {
        Self(score.clamp(-10_000, 10_000))
    }

    /// −1…+1.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1e4
    }

    /// The same ×10,000, exactly.
    #[must_use]
    pub fn ten_thousandths(self) -> i16 {
        self.0
    }

    /// How the text reads by the customary limits.
    #[must_use]
    pub fn class(self) -> Class {
        self.class_by(Limits::Customary)
    }

    /// How the text reads by the given limits.
    #[must_use]
    pub fn class_by(self, limits: Limits) -> Class {
        let nearest = match limits {
            Limits::Customary => 500,
            Limits::Strict => 1,
        };
        if self.0 >= nearest {
            Class::Positive
        } else if self.0 <= -nearest {
            Class::Negative
        } else {
            Class::Neutral
        }
    }
}

/// From where on a compound is positive or negative.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Limits {
    /// Positive from +0.05 on, negative from −0.05 on: the advice of VADER's authors.
    #[default]
    Customary,
    /// Positive above 0, negative below: only a compound of 0 is neutral.
    Strict,
}

impl Default for Vader {
    fn default() -> Self {
        Self::new()
    }
}

impl Vader {
    /// Scores as vaderSentiment does. Reads the lexicon, which is part of the program.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lexicon: Lexicon::new(Dialect::Vader),
        }
    }

    /// Scores by the same rules, with the words and emoji of markets, and with moves in percent. Cashtags,
    /// mentions and links have no mood; typographic apostrophes and variants of emoji count as plain ones.
    #[must_use]
    pub fn finance() -> Self {
        Self {
            lexicon: Lexicon::new(Dialect::Finance),
        }
    }

    /// All four scores of a text.
    #[must_use]
    pub fn score(&self, text: &str) -> Sentiment {
        self.score_with(&mut Scratch::default(), text)
    }

    /// The same, with memory that is used again.
    #[must_use]
    pub fn score_with(&self, scratch: &mut Scratch, text: &str) -> Sentiment {
        scratch.read(text, &self.lexicon, &mut ());
        scratch.sentiment()
    }

    /// Only the compound of a text.
    #[must_use]
    pub fn compound(&self, text: &str) -> Compound {
        self.compound_with(&mut Scratch::default(), text)
    }

    /// The same, with memory that is used again.
    #[must_use]
    pub fn compound_with(&self, scratch: &mut Scratch, text: &str) -> Compound {
        scratch.read(text, &self.lexicon, &mut ());
        scratch.compound()
    }

    /// The scores of a text, with the words that they come from.
    #[must_use]
    pub fn explain(&self, text: &str) -> Explanation {
        let mut scratch = Scratch::default();
        let mut notes = explain::Notes::default();
        scratch.read(text, &self.lexicon, &mut notes);
        notes.explanation(&scratch)
    }
}

impl Scratch {
    /// Finds what each word of a text is worth. Everything else follows from that.
    fn read(&mut self, text: &str, lexicon: &Lexicon, observer: &mut impl Observer) {
        let text = self.rewritten.read(text, lexicon);
        self.tokens.read(text, lexicon);
        self.valences.clear();
        let mut but_idx = None;
        for (at, token) in self.tokens.iter().enumerate() {
            if let Some(strength) = token.word.valence() {
                observer.counts(at, strength);
                let valence = valence::valence(&self.tokens, at, strength, observer);
                self.valences.push((at, valence));
            } else if token.word.term == Term::But {
                but_idx = but_idx.or(Some(at));
            }
        }
        if let Some(but_idx) = but_idx {
            weigh_around_but(&mut self.valences, but_idx, observer);
        }
    }

    fn sentiment(&self) -> Sentiment {
        if self.tokens.len() == 0 {
            return Sentiment::default();
        }
        // A neutral word counts 1, so the others count 1 more than their valence.
        let (mut pos, mut neg, mut n_other) = (0.0, 0.0, self.tokens.len());
        for (_, valence) in &self.valences {
            if *valence > 0.0 {
                pos += valence + 1.0;
                n_other -= 1;
            } else if *valence < 0.0 {
                neg += 1.0 - valence;
                n_other -= 1;
            }
        }
        let emphasis = self.emphasis();
        if pos > neg {
            pos += emphasis;
        } else if pos < neg {
            neg += emphasis;
        }
        let neu = n_other as f64;
        let share = |part: f64| rounded::<3>(part / (pos + neg + neu)) / 1e3;
        Sentiment {
            neg: share(neg),
            neu: share(neu),
            pos: share(pos),
            compound: self.compound(),
        }
    }

    fn compound(&self) -> Compound {
        let sum = self.valences.iter().map(|(_, valence)| valence).sum();
        Compound::from_sum(emphasised(sum, self.emphasis()))
    }

    /// What exclamation and question marks add to the strength of a text.
    fn emphasis(&self) -> f64 {
        let exclaimed = self.tokens.n_exclaimed.min(4) as f64 * 0.292;
        let asked = match self.tokens.n_asked {
            0 | 1 => 0.0,
            n @ (2 | 3) => n as f64 * 0.18,
            _ => 0.96,
        };
        exclaimed + asked
    }

    /// Where a token lies in the text as it was given.
    fn span(&self, token_idx: usize) -> Range<usize> {
        let token = self.tokens.get(Some(token_idx));
        self.rewritten.original(token.span())
    }
}

/// Marks strengthen the sum of the valences whichever way it points.
fn emphasised(sum: f64, emphasis: f64) -> f64 {
    if sum > 0.0 {
        sum + emphasis
    } else if sum < 0.0 {
        sum - emphasis
    } else {
        sum
    }
}

/// What comes after the first "but" counts more than what comes before.
///
/// For each valence in turn vaderSentiment scales the *first equal* one, be it the same or not, and decides by
/// that one's place.
fn weigh_around_but(valences: &mut [(usize, f64)], but_idx: usize, observer: &mut impl Observer) {
    for nth in 0..valences.len() {
        let valence = valences[nth].1;
        #[allow(
            clippy::float_cmp,
            reason = "the reference looks for the very same number"
        )]
        let first = valences
            .iter()
            .position(|(_, other)| *other == valence)
            .unwrap_or(nth);
        let factor = if valences[first].0 < but_idx {
            0.5
        } else {
            1.5
        };
        observer.reweighed(first, but_idx, valence, valence * factor);
        valences[first].1 *= factor;
    }
}

/// `x` rounded to `DECIMALS`, in units of the last one, by the exact value of `x`; a tie goes to the even digit.
fn rounded<const DECIMALS: usize>(x: f64) -> f64 {
    let unit = 10_f64.powi(DECIMALS as i32);
    let scaled = x * unit;
    let from_tie = (scaled.fract().abs() - 0.5).abs();
    if from_tie > 1e-9 {
        return scaled.round_ties_even();
    }
    // So near a tie the product's own rounding would decide. This difference is rounded only once, so it has
    // the right sign.
    let below = scaled.floor();
    let above_tie = x.mul_add(unit, -(below + 0.5));
    if above_tie > 0.0 {
        below + 1.0
    } else if above_tie < 0.0 {
        below
    } else {
        scaled.round_ties_even()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static VADER: LazyLock<Vader> = LazyLock::new(Vader::new);

    #[track_caller]
    fn check(text: &str, compound: f64) {
        let sentiment = VADER.score(text);

        assert!(
            (sentiment.compound.value() - compound).abs() < 1e-9,
            "{text:?}: {sentiment:?}"
        );
    }

    #[test]
    fn texts_score_as_in_the_reference() {
        check("", 0.0);
        check("good", 0.4404);
        check("Hello!!!", 0.0);
        check("good??", 0.504);
        check("good????", 0.594);
        check("at least good", 0.4404);
        check("least good", -0.3412);
        check("great but good and good", 0.882);
        check("the shit", -0.5574);
        check("she is the shit", 0.6124);
        check("I ❤ you", 0.6369);
        check("I ❤\u{FE0F} you", 0.0);
        check("isn’t good", 0.4404);
        check("isn't good", -0.3412);
        check("5G GOOD", 0.4404);
    }

    #[test]
    fn shares_are_rounded_by_the_exact_value() {
        // 1/16 lies exactly between 0.062 and 0.063, 15/16 between 0.937 and 0.938.
        assert_eq!((rounded::<3>(0.0625), rounded::<3>(0.9375)), (62.0, 938.0));
        // The nearest double to 0.0025 lies above it, the one to 0.0055 below; both products are exact ties.
        assert_eq!((rounded::<3>(0.0025), rounded::<3>(0.0055)), (3.0, 5.0));
        assert_eq!(rounded::<4>(-0.00005).to_string(), "-1");
    }

    #[test]
    fn a_compound_reads_by_a_twentieth() {
        let class = |ten_thousandths| Compound(ten_thousandths).class();

        assert_eq!([class(500), class(10_000)], [Class::Positive; 2]);
        assert_eq!([class(499), class(0), class(-499)], [Class::Neutral; 3]);
        assert_eq!([class(-500), class(-10_000)], [Class::Negative; 2]);
    }

    #[test]
    fn by_strict_limits_only_zero_is_neutral() {
        let class = |ten_thousandths| Compound(ten_thousandths).class_by(Limits::Strict);

        let expected = [Class::Negative, Class::Neutral, Class::Positive];
        assert_eq!([-1, 0, 1].map(class), expected);
    }

    #[test]
    fn a_long_text_stays_within_one() {
        let compound = |word: &str| VADER.compound(&word.repeat(10_000)).ten_thousandths();

        assert_eq!((compound("love "), compound("hate ")), (10_000, -10_000));
    }

    proptest! {
        #[test]
        fn any_text_has_a_score_in_range(text in "\\PC*|[a-z !?'❤]*|(?s).*") {
            let sentiment = VADER.score(&text);

            prop_assert!(sentiment.compound.ten_thousandths().abs() <= 10_000);
            prop_assert_eq!(sentiment.compound, VADER.compound(&text));
            for share in [sentiment.neg, sentiment.neu, sentiment.pos] {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }
}
