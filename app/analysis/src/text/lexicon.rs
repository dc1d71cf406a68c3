//! What VADER knows of single words and emoji, in one table: valences, boosters, negations, and the few words
//! that its rules call by name.
//!
//! `words.txt` and `emoji.txt` are derived from vaderSentiment 3.3.2 by `derive.py`, which says what is left
//! out and why. They are © 2016 C.J. Hutto under the MIT licence beside them.

use rustc_hash::FxHashMap;

/// What one token means to the rules. The default is a word of no meaning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    /// Ten times the strength in the lexicon, −4…+4; some lexicon words have 0.
    tenths: Option<i8>,
    /// What a degree adverb does to the valence that follows.
    pub(super) boost: Option<Boost>,
    /// Turns the valence that follows.
    pub(super) negates: bool,
    /// Which of the words that the rules call by name.
    pub(super) term: Term,
}

impl Word {
    pub(super) fn is_in_lexicon(self) -> bool {
        self.tenths.is_some()
    }

    /// Strength in the lexicon, −4…+4.
    pub(super) fn valence(self) -> Option<f64> {
        self.tenths.map(|tenths| f64::from(tenths) / 10.0)
    }
}

/// Whether a degree adverb strengthens or weakens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Boost {
    Up,
    Down,
}

/// A word that some rule calls by name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[rustfmt::skip]
pub(super) enum Term {
    #[default]
    Other,
    Ass, At, Bad, Beating, Bomb, Bus, But, Death, Die, Doubt, Enough, For, Heart, Just, Kind, Kiss, Least,
    Never, No, Nor, Of, Or, Right, Shit, So, Sort, Stop, The, This, To, Very, Without, Yeah,
}

/// A word in lower case, filled up with zeros: found without a look at where the text lies.
type Key = [u8; 20];

/// Words by their lower-case spelling, and descriptions of emoji.
pub(super) struct Lexicon {
    words: FxHashMap<Key, Word>,
    emoji: FxHashMap<char, &'static str>,
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut words: FxHashMap<Key, Word> = FxHashMap::default();
        let mut know = |text: &str, learn: &dyn Fn(&mut Word)| {
            learn(
                words
                    .entry(key(text).expect("the lists hold short words"))
                    .or_default(),
            );
        };
        for text in BOOSTERS.split_whitespace() {
            know(text, &|word| word.boost = Some(Boost::Up));
        }
        for text in DAMPERS.split_whitespace() {
            know(text, &|word| word.boost = Some(Boost::Down));
        }
        for text in NEGATIONS.split_whitespace() {
            know(text, &|word| word.negates = true);
        }
        for (text, term) in TERMS {
            know(text, &|word| word.term = *term);
        }
        for line in include_str!("lexicon/words.txt").lines() {
            let mut fields = line.split(' ');
            let tenths = fields.next().and_then(|field| field.parse().ok());
            for text in fields {
                know(text, &|word| word.tenths = tenths);
            }
        }
        let emoji = include_str!("lexicon/emoji.txt")
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(emoji, description)| Some((emoji.chars().next()?, description)))
            .collect();
        Self { words, emoji }
    }

    /// Looks a token up by its lower-case spelling.
    pub(super) fn word(&self, token: &str) -> Word {
        let known = key(token).and_then(|key| self.words.get(&key));
        let mut word = known.copied().unwrap_or_default();
        word.negates |= contains_nt(token.as_bytes());
        word
    }

    /// Describes an emoji of one code point.
    pub(super) fn description(&self, char: char) -> Option<&'static str> {
        if char.is_ascii() {
            None
        } else {
            self.emoji.get(&char).copied()
        }
    }
}

/// The lower-case spelling, if it is one that the table can hold.
fn key(token: &str) -> Option<Key> {
    let mut key = Key::default();
    for (at, byte) in token.bytes().enumerate() {
        if !byte.is_ascii() {
            return key_of_other(token);
        }
        *key.get_mut(at)? = byte.to_ascii_lowercase();
    }
    // A zero of the token's own is no filling.
    (!token.ends_with('\0')).then_some(key)
}

/// The same for a token that is not ASCII. One such letter has its lower case there: the Kelvin sign.
#[cold]
fn key_of_other(token: &str) -> Option<Key> {
    let lower = token.to_lowercase();
    if lower.is_ascii() { key(&lower) } else { None }
}

fn contains_nt(token: &[u8]) -> bool {
    token.contains(&b'\'')
        && token
            .windows(3)
            .any(|part| part.eq_ignore_ascii_case(b"n't"))
}

const BOOSTERS: &str = "
    absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous
    enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin
    frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella
    highly hugely incredible incredibly intensely major majorly more most particularly purely quite really
    remarkably so substantially thoroughly total totally tremendous tremendously uber unbelievably unusually
    utter utterly very";

/// The two-word ones are a rule of their own.
const DAMPERS: &str = "
    almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally partly
    scarce scarcely slight slightly somewhat sorta sortof sort-of";

/// Those with `n't` are found by it.
const NEGATIONS: &str = "
    aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neither
    neednt never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent uh-uh without
    wont wouldnt rarely seldom despite";

const TERMS: &[(&str, Term)] = &[
    ("ass", Term::Ass),
    ("at", Term::At),
    ("bad", Term::Bad),
    ("beating", Term::Beating),
    ("bomb", Term::Bomb),
    ("bus", Term::Bus),
    ("but", Term::But),
    ("death", Term::Death),
    ("die", Term::Die),
    ("doubt", Term::Doubt),
    ("enough", Term::Enough),
    ("for", Term::For),
    ("heart", Term::Heart),
    ("just", Term::Just),
    ("kind", Term::Kind),
    ("kiss", Term::Kiss),
    ("least", Term::Least),
    ("never", Term::Never),
    ("no", Term::No),
    ("nor", Term::Nor),
    ("of", Term::Of),
    ("or", Term::Or),
    ("right", Term::Right),
    ("shit", Term::Shit),
    ("so", Term::So),
    ("sort", Term::Sort),
    ("stop", Term::Stop),
    ("the", Term::The),
    ("this", Term::This),
    ("to", Term::To),
    ("very", Term::Very),
    ("without", Term::Without),
    ("yeah", Term::Yeah),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_derived_files_are_read_completely() {
        let lexicon = Lexicon::new();

        let n_words = lexicon
            .words
            .values()
            .filter(|word| word.is_in_lexicon())
            .count();
        assert_eq!((n_words, lexicon.emoji.len()), (7487, 1212));
    }

    #[test]
    fn no_booster_is_in_the_lexicon() {
        let lexicon = Lexicon::new();

        let boosters: Vec<_> = lexicon
            .words
            .values()
            .filter(|word| word.boost.is_some())
            .collect();
        assert!(boosters.len() > 80 && !boosters.iter().any(|word| word.is_in_lexicon()));
    }

    #[test]
    fn a_word_is_found_in_any_case() {
        let lexicon = Lexicon::new();

        assert_eq!(lexicon.word("GOOD").valence(), Some(1.9));
        assert_eq!(lexicon.word("li\u{212A}e").valence(), Some(1.5));
        assert_eq!(lexicon.word(":D").valence(), Some(2.3));
        assert_eq!(lexicon.word("goo").valence(), None);
        assert_eq!(lexicon.word("good\0").valence(), None);
    }

    #[test]
    fn nt_negates_anywhere_but_only_with_an_ascii_apostrophe() {
        let lexicon = Lexicon::new();

        assert!(lexicon.word("WouldN'T've").negates);
        assert!(!lexicon.word("isn’t").negates);
        assert!(lexicon.word("UH-UH").negates);
    }
}
