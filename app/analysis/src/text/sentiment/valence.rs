//! What a word is worth where it stands: VADER's rules for capitals, boosters, negations and idioms.

use super::super::lexicon::{Boost, Term, Term::*};
use super::tokens::{Token, Tokens};

/// What a booster adds; a damper takes it away.
const BOOST: f64 = 0.293;

/// What capitals add to a word when the rest is not in capitals.
const CAPITALS: f64 = 0.733;

/// What a negation makes of a valence.
const NEGATION: f64 = -0.74;

/// Valence of the token at `at`, in view of the three before and the two after it.
pub(super) fn valence(tokens: &Tokens, at: usize) -> f64 {
    let token = tokens.get(Some(at));
    let Some(lexicon_valence) = token.word.valence() else {
        return 0.0;
    };
    let next = tokens.get(Some(at + 1));
    if [token.word.term, next.word.term] == [Kind, Of] {
        return 0.0;
    }
    let before = [1, 2, 3].map(|distance| tokens.get(at.checked_sub(distance)));
    let terms = before.map(|token| token.word.term);

    let mut valence = match terms {
        [No, ..] | [_, No, _] | [Or | Nor, _, No] => lexicon_valence * NEGATION,
        _ if token.word.term == No && next.word.is_in_lexicon() => 0.0,
        _ => lexicon_valence,
    };
    if token.is_upper && tokens.is_upper_meant {
        valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    for (modifier, (distance, damping)) in before.iter().zip([(1, 1.0), (2, 0.95), (3, 0.9)]) {
        if distance > at || modifier.word.is_in_lexicon() {
            continue;
        }
        valence += boost(modifier, valence, tokens) * damping;
        valence *= negation(modifier, distance, terms);
        if distance == 3 {
            let after = tokens.get(Some(at + 2));
            valence = idiom(
                valence,
                terms,
                [token, next, after].map(|token| token.word.term),
            );
        }
    }
    match terms {
        [Least, At | Very, _] => valence,
        [Least, ..] => valence * NEGATION,
        _ => valence,
    }
}

/// What a booster adds to a valence before its distance counts; 0 for any other word.
fn boost(modifier: &Token, valence: f64, tokens: &Tokens) -> f64 {
    let Some(boost) = modifier.word.boost else {
        return 0.0;
    };
    let is_raised = (boost == Boost::Up) == (valence >= 0.0);
    let signed = if is_raised { BOOST } else { -BOOST };
    match modifier.is_upper && tokens.is_upper_meant {
        true if valence > 0.0 => signed + CAPITALS,
        true => signed - CAPITALS,
        false => signed,
    }
}

/// The factor of a word that may negate, `distance` before; `terms` counts backwards.
fn negation(modifier: &Token, distance: usize, terms: [Term; 3]) -> f64 {
    match (distance, terms) {
        (2, [So | This, Never, _]) => 1.25,
        (2, [Doubt, Without, _]) => 1.0,
        // "so" or "this" is enough at this distance, with or without "never".
        (3, [So | This, ..] | [_, So | This, Never]) => 1.25,
        (3, [Doubt, _, Without] | [_, Doubt, Without]) => 1.0,
        _ if modifier.word.negates => NEGATION,
        _ => 1.0,
    }
}

/// Replaces the valence where the word is part of an idiom or follows one, then takes off what "kind of" and
/// its like take.
fn idiom(valence: f64, [one, two, three]: [Term; 3], [word, next, after]: [Term; 3]) -> f64 {
    let before: [&[Term]; 5] = [
        &[one, word],
        &[two, one, word],
        &[two, one],
        &[three, two, one],
        &[three, two],
    ];
    let mut valence = before
        .into_iter()
        .find_map(idiom_valence)
        .unwrap_or(valence);
    valence = idiom_valence(&[word, next]).unwrap_or(valence);
    valence = idiom_valence(&[word, next, after]).unwrap_or(valence);
    for pair in [[three, two], [two, one]] {
        if let [Kind | Sort, Of] | [Just, Enough] = pair {
            valence -= BOOST;
        }
    }
    valence
}

fn idiom_valence(terms: &[Term]) -> Option<f64> {
    match terms {
        [The, Shit | Bomb] | [To, Die, For] => Some(3.0),
        [Bad, Ass] => Some(1.5),
        [Bus, Stop] => Some(0.0),
        [Yeah, Right] => Some(-2.0),
        [Kiss, Of, Death] => Some(-1.5),
        [Beating, Heart] => Some(3.5),
        _ => None,
    }
}
