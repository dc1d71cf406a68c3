//! What a word is worth where it stands: VADER's rules for capitals, boosters, negations and idioms.

use super::super::lexicon::{Boost, Term, Term::*};
use super::explain::{Observer, Rule};
use super::tokens::{Token, Tokens};

/// What a booster adds; a damper takes it away.
const BOOST: f64 = 0.293;

/// What capitals add to a word when the rest is not in capitals.
const CAPITALS: f64 = 0.733;

/// What a negation makes of a valence.
const NEGATION: f64 = -0.74;

/// The valence of one word as the rules change it, one after the other.
struct Changing<'a, O> {
    valence: f64,
    at: usize,
    observer: &'a mut O,
}

impl<O: Observer> Changing<'_, O> {
    /// `rule` makes it another, because of the word so far before.
    fn set(&mut self, rule: Rule, distance: usize, valence: f64) {
        let by = self.at.saturating_sub(distance);
        self.observer.changed(rule, by, self.valence, valence);
        self.valence = valence;
    }
}

/// Valence of the token at `at`, whose strength in the lexicon is `strength`, in view of the three before and
/// the two after it.
pub(super) fn valence(
    tokens: &Tokens,
    at: usize,
    strength: f64,
    observer: &mut impl Observer,
) -> f64 {
    let token = tokens.get(Some(at));
    let next = tokens.get(Some(at + 1));
    let mut changing = Changing {
        valence: strength,
        at,
        observer,
    };
    if [token.word.term, next.word.term] == [Kind, Of] {
        changing.set(Rule::Idiom, 0, 0.0);
        return 0.0;
    }
    let before = [1, 2, 3].map(|distance| tokens.get(at.checked_sub(distance)));
    let terms = before.map(|token| token.word.term);

    weigh_no(&mut changing, token, next, terms);
    let is_upper_meant = tokens.is_upper_meant();
    if token.is_upper && is_upper_meant {
        let valence = changing.valence;
        let capitals = if valence > 0.0 { CAPITALS } else { -CAPITALS };
        changing.set(Rule::Capitals, 0, valence + capitals);
    }
    for (modifier, (distance, damping)) in before.iter().zip([(1, 1.0), (2, 0.95), (3, 0.9)]) {
        if distance > at || modifier.word.is_in_lexicon() {
            continue;
        }
        weigh_boost(&mut changing, modifier, is_upper_meant, distance, damping);
        weigh_negation(&mut changing, modifier, distance, terms);
        if distance == 3 {
            let after = tokens.get(Some(at + 2));
            let words = [token, next, after].map(|token| token.word.term);
            weigh_idiom(&mut changing, terms, words);
        }
    }
    match terms {
        [Least, At | Very, _] => {}
        [Least, ..] => changing.set(Rule::Least, 1, changing.valence * NEGATION),
        _ => {}
    }
    changing.valence
}

/// "no" turns what follows it, and counts for nothing itself where that is in the lexicon.
fn weigh_no<O: Observer>(changing: &mut Changing<O>, token: Token, next: Token, terms: [Term; 3]) {
    let distance = match terms {
        [No, ..] => 1,
        [_, No, _] => 2,
        [Or | Nor, _, No] => 3,
        _ if token.word.term == No && next.word.is_in_lexicon() => 0,
        _ => return,
    };
    let valence = match distance {
        0 => 0.0,
        _ => changing.valence * NEGATION,
    };
    changing.set(Rule::No, distance, valence);
}

/// What a booster adds to a valence.
fn weigh_boost<O: Observer>(
    changing: &mut Changing<O>,
    modifier: &Token,
    is_upper_meant: bool,
    distance: usize,
    damping: f64,
) {
    let Some(boost) = modifier.word.boost() else {
        return;
    };
    let valence = changing.valence;
    let is_raised = (boost == Boost::Up) == (valence >= 0.0);
    let signed = if is_raised { BOOST } else { -BOOST };
    let added = match modifier.is_upper && is_upper_meant {
        true if valence > 0.0 => signed + CAPITALS,
        true => signed - CAPITALS,
        false => signed,
    };
    let rule = match boost {
        Boost::Up => Rule::Booster,
        Boost::Down => Rule::Damper,
    };
    changing.set(rule, distance, valence + added * damping);
}

/// What a word that may negate does, `distance` before; `terms` counts backwards.
fn weigh_negation<O: Observer>(
    changing: &mut Changing<O>,
    modifier: &Token,
    distance: usize,
    terms: [Term; 3],
) {
    let (rule, factor) = match (distance, terms) {
        (2, [So | This, Never, _]) => (Rule::NeverSo, 1.25),
        (2, [Doubt, Without, _]) => return,
        // "so" or "this" is enough at this distance, with or without "never".
        (3, [So | This, ..] | [_, So | This, Never]) => (Rule::NeverSo, 1.25),
        (3, [Doubt, _, Without] | [_, Doubt, Without]) => return,
        _ if modifier.word.negates() => (Rule::Negation, NEGATION),
        _ => return,
    };
    changing.set(rule, distance, changing.valence * factor);
}

/// Replaces the valence where the word is part of an idiom or follows one, then takes off what "kind of" and
/// its like take.
fn weigh_idiom<O: Observer>(
    changing: &mut Changing<O>,
    [one, two, three]: [Term; 3],
    [word, next, after]: [Term; 3],
) {
    let before: [(&[Term], usize); 5] = [
        (&[one, word], 1),
        (&[two, one, word], 2),
        (&[two, one], 2),
        (&[three, two, one], 3),
        (&[three, two], 3),
    ];
    let found = before
        .into_iter()
        .find_map(|(terms, distance)| Some((idiom_valence(terms)?, distance)));
    if let Some((valence, distance)) = found {
        changing.set(Rule::Idiom, distance, valence);
    }
    for terms in [&[word, next][..], &[word, next, after]] {
        if let Some(valence) = idiom_valence(terms) {
            changing.set(Rule::Idiom, 0, valence);
        }
    }
    for (pair, distance) in [([three, two], 3), ([two, one], 2)] {
        if let [Kind | Sort, Of] | [Just, Enough] = pair {
            changing.set(Rule::Damper, distance, changing.valence - BOOST);
        }
    }
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
