//! What is known of single words and emoji, in one table: valences, boosters, negations, and the few words
//! that VADER's rules call by name.
//!
//! `words.txt` and `emoji.txt` are derived from vaderSentiment 3.3.2 by `derive.py`, which says what is left
//! out and why. They are © 2016 C.J. Hutto under the MIT licence beside them. `finance.tsv` is our own and
//! says where each entry comes from. The build script packs all three.

mod table;

use table::{Table, key};

/// What one token means to the rules, in few bytes. The default is a word of no meaning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    /// Ten times the strength in the lexicon, −4…+4; some lexicon words have 0.
    tenths: i8,
    /// The same in a text that does not speak of markets.
    tenths_elsewhere: i8,
    marks: u8,
    /// Which of the words that the rules call by name.
    pub(super) term: Term,
}

/// The marks of a word.
const IN_LEXICON: u8 = 1;
const BOOSTS: u8 = 2;
const DAMPS: u8 = 4;
const NEGATES: u8 = 8;
const BEGINS_PHRASE: u8 = 16;
/// Says that a text speaks of markets.
const OF_MARKETS: u8 = 32;
/// Has another strength where a text does not speak of markets, if any.
const AMBIGUOUS: u8 = 64;
const IN_LEXICON_ELSEWHERE: u8 = 128;

impl Word {
    const UNKNOWN: Self = Self {
        tenths: 0,
        tenths_elsewhere: 0,
        marks: 0,
        term: Term::Other,
    };

    /// A word that is nothing but its strength.
    pub(super) fn of_tenths(tenths: i8) -> Self {
        Self {
            tenths,
            marks: IN_LEXICON,
            ..Self::UNKNOWN
        }
    }

    /// A word that only the rules know.
    pub(super) fn of_term(term: Term) -> Self {
        Self {
            term,
            ..Self::UNKNOWN
        }
    }

    fn learn(&mut self, tenths: i8) {
        self.tenths = tenths;
        self.marks |= IN_LEXICON;
    }

    fn is(self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    pub(super) fn is_in_lexicon(self) -> bool {
        self.is(IN_LEXICON)
    }

    /// Strength in the lexicon, −4…+4.
    pub(super) fn valence(self) -> Option<f64> {
        self.is(IN_LEXICON).then(|| f64::from(self.tenths) / 10.0)
    }

    /// What a degree adverb does to the valence that follows.
    pub(super) fn boost(self) -> Option<Boost> {
        if self.is(BOOSTS) {
            Some(Boost::Up)
        } else {
            self.is(DAMPS).then_some(Boost::Down)
        }
    }

    /// Turns the valence that follows.
    pub(super) fn negates(self) -> bool {
        self.is(NEGATES)
    }

    pub(super) fn negating(mut self) -> Self {
        self.marks |= NEGATES;
        self
    }

    /// Says that a text speaks of markets.
    pub(super) fn of_markets(mut self) -> Self {
        self.marks |= OF_MARKETS;
        self
    }

    pub(super) fn is_of_markets(self) -> bool {
        self.is(OF_MARKETS)
    }

    /// What it means in a text that does not speak of markets.
    pub(super) fn elsewhere(mut self) -> Self {
        if self.is(AMBIGUOUS) {
            self.tenths = self.tenths_elsewhere;
            self.marks &= !IN_LEXICON;
            if self.is(IN_LEXICON_ELSEWHERE) {
                self.marks |= IN_LEXICON;
            }
        }
        self
    }

    /// Entries of several words begin with it.
    pub(super) fn begins_phrase(self) -> bool {
        self.is(BEGINS_PHRASE)
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
    Ass, At, Bad, Beating, Bomb, Bus, But, Death, Die, Doubt, Down, Enough, For, Heart, Just, Kind, Kiss,
    Least, Never, No, Nor, Of, Or, Percent, Right, Shit, So, Sort, Stop, The, This, To, Up, Very, Without, Yeah,
}

/// Whose words and rules are used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dialect {
    /// vaderSentiment's, exactly.
    Vader,
    /// The same and those of markets, with some of its oddities put right.
    Finance,
}

const KELVIN: char = '\u{212A}';

/// Words by their lower-case spelling, and descriptions of emoji.
pub(super) struct Lexicon {
    pub(super) dialect: Dialect,
    words: Table,
    /// By [`emoji_place`], one more than where in [`EMOJI_TEXTS`] the description begins; 0 for no emoji.
    emoji: Vec<u16>,
}

impl Lexicon {
    pub(super) fn new(dialect: Dialect) -> Self {
        let n_own = MEANINGS
            .iter()
            .map(|(words, _)| words.len() / 3)
            .sum::<usize>()
            + TERMS.len();
        let n_finance = match dialect {
            Dialect::Vader => 0,
            Dialect::Finance => FINANCE.iter().map(|(list, _)| 2 * list.tenths.len()).sum(),
        };
        let mut lexicon = Self {
            dialect,
            words: Table::with_capacity(VADER.tenths.len() + n_own + n_finance),
            emoji: emoji_by_place(),
        };
        for (words, mark) in MEANINGS {
            for text in words.split_whitespace() {
                lexicon.entry(text).marks |= mark;
            }
        }
        for (text, term) in TERMS {
            lexicon.entry(text).term = *term;
        }
        VADER.for_each(|text, tenths| lexicon.entry(text).learn(tenths));
        if dialect == Dialect::Finance {
            for (list, marks) in &FINANCE {
                list.for_each(|text, tenths| lexicon.learn_finance(text, tenths, *marks));
            }
        }
        lexicon
    }

    /// An entry of 0 takes a word out of the lexicon, unless it only says that a text speaks of markets.
    fn learn_finance(&mut self, text: &str, tenths: i8, marks: u8) {
        if let Some((first, _)) = text.split_once(' ') {
            self.entry(first).marks |= BEGINS_PHRASE;
        }
        let word = self.entry(text);
        if marks & AMBIGUOUS != 0 && word.is_in_lexicon() {
            word.tenths_elsewhere = word.tenths;
            word.marks |= IN_LEXICON_ELSEWHERE;
        }
        word.marks |= marks;
        if tenths != 0 {
            word.learn(tenths);
        } else if marks & OF_MARKETS == 0 {
            word.marks &= !IN_LEXICON;
        }
    }

    fn entry(&mut self, text: &str) -> &mut Word {
        let key = key(text.as_bytes());
        self.words.entry(key.expect("the lists hold short words"))
    }

    /// Looks an ASCII token up by its lower-case spelling.
    #[inline]
    pub(super) fn word(&self, token: &[u8]) -> &Word {
        self.find(token).unwrap_or(&Word::UNKNOWN)
    }

    /// The same for several tokens with a space between them.
    #[inline]
    pub(super) fn find(&self, spelling: &[u8]) -> Option<&Word> {
        self.words.get(&key(spelling)?)
    }

    /// The same for any other token. Of the letters that are not ASCII one has its lower case there, the Kelvin
    /// sign; and emoji have entries in finance.
    pub(super) fn word_of_other(&self, token: &str) -> Word {
        if self.dialect == Dialect::Finance || token.contains(KELVIN) {
            self.word_in_lower_case(token)
        } else {
            Word::UNKNOWN
        }
    }

    #[cold]
    fn word_in_lower_case(&self, token: &str) -> Word {
        let lower = token.to_lowercase();
        if lower.is_ascii() || self.dialect == Dialect::Finance {
            *self.word(lower.as_bytes())
        } else {
            Word::UNKNOWN
        }
    }

    /// Describes an emoji of one code point.
    pub(super) fn description(&self, char: char) -> Option<&'static str> {
        let found = *self.emoji.get(emoji_place(char))?;
        let text = EMOJI_TEXTS.get(usize::from(found.checked_sub(1)?)..)?;
        Some(text.split('\n').next().unwrap_or(text))
    }
}

/// Words as the build script packs them.
struct Packed {
    shared: &'static [u8],
    rest: &'static str,
    tenths: &'static [u8],
}

macro_rules! packed {
    ($name:literal) => {
        Packed {
            shared: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".shared")),
            rest: include_str!(concat!(env!("OUT_DIR"), "/", $name, ".rest")),
            tenths: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".tenths")),
        }
    };
}

const VADER: Packed = packed!("words");

/// Each list with the marks of its entries.
const FINANCE: [(Packed, u8); 4] = [
    (packed!("jargon"), OF_MARKETS),
    (packed!("ambiguous"), AMBIGUOUS),
    (packed!("emoji"), 0),
    (packed!("context"), OF_MARKETS),
];

const EMOJI_STEPS: &str = include_str!(concat!(env!("OUT_DIR"), "/emoji.steps"));
const EMOJI_TEXTS: &str = include_str!(concat!(env!("OUT_DIR"), "/emoji.texts"));

/// A number that changes with every change of any list: FNV-1a over all of them as they are packed.
pub fn version() -> u64 {
    let lists = FINANCE.iter().map(|(list, _)| list).chain([&VADER]);
    let lists = lists.flat_map(|list| [list.shared, list.rest.as_bytes(), list.tenths]);
    let bytes = lists.chain([EMOJI_STEPS.as_bytes(), EMOJI_TEXTS.as_bytes()]);
    bytes.flatten().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

impl Packed {
    fn for_each(&self, mut on_word: impl FnMut(&str, i8)) {
        let mut text = String::new();
        let parts = self.shared.iter().zip(self.rest.lines());
        for ((n_shared, rest), tenths) in parts.zip(self.tenths) {
            text.truncate(usize::from(*n_shared));
            text.push_str(rest);
            on_word(&text, i8::from_le_bytes([*tenths]));
        }
    }
}

fn emoji_by_place() -> Vec<u16> {
    let mut by_place = vec![0; emoji_place('\u{1FB00}')];
    let (mut char, mut text_at) = (0, 0);
    for (step, text) in EMOJI_STEPS.chars().zip(EMOJI_TEXTS.split_inclusive('\n')) {
        char += u32::from(step);
        let place = char::from_u32(char).map_or(0, emoji_place);
        by_place[place] = text_at + 1;
        text_at += text.len() as u16;
    }
    by_place
}

/// Emoji lie in two stretches of Unicode, which are put together here. No emoji has place 0.
fn emoji_place(char: char) -> usize {
    match u32::from(char) {
        code @ ..0x3300 => code as usize,
        code @ 0x1F000.. => (code - 0x1F000 + 0x3300) as usize,
        _ => 0,
    }
}

/// Words that change what stands beside them. Of the negations, those with `n't` are found by it.
const MEANINGS: &[(&str, u8)] = &[(BOOSTERS, BOOSTS), (DAMPERS, DAMPS), (NEGATIONS, NEGATES)];

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
    ("down", Term::Down),
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
    ("up", Term::Up),
    ("very", Term::Very),
    ("without", Term::Without),
    ("yeah", Term::Yeah),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn vader() -> Lexicon {
        Lexicon::new(Dialect::Vader)
    }

    #[test]
    fn the_lists_are_packed_and_unpacked_without_loss() {
        let lexicon = vader();

        let mut n_words = 0;
        for line in include_str!("lexicon/words.txt").lines() {
            let (tenths, words) = line.split_once(' ').unwrap();
            for word in words.split(' ') {
                let known = lexicon.word(word.as_bytes());
                assert!(known.is_in_lexicon(), "{word}");
                assert_eq!(known.tenths, tenths.parse::<i8>().unwrap(), "{word}");
                n_words += 1;
            }
        }
        let mut n_emoji = 0;
        for line in include_str!("lexicon/emoji.txt").lines() {
            let (emoji, text) = line.split_once(' ').unwrap();
            assert_eq!(lexicon.description(emoji.parse().unwrap()), Some(text));
            n_emoji += 1;
        }
        let in_lexicon = lexicon.words.words().filter(|word| word.is_in_lexicon());
        let described = ('\0'..=char::MAX).filter(|char| lexicon.description(*char).is_some());
        assert_eq!((n_words, in_lexicon.count()), (7487, 7487));
        assert_eq!((n_emoji, described.count()), (1212, 1212));
    }

    #[test]
    fn no_booster_is_in_the_lexicon() {
        let lexicon = vader();

        let boosters: Vec<_> = lexicon
            .words
            .words()
            .filter(|word| word.boost().is_some())
            .collect();
        assert!(boosters.len() > 80 && !boosters.iter().any(|word| word.is_in_lexicon()));
    }

    #[test]
    fn of_other_letters_only_the_kelvin_sign_has_its_lower_case_in_ascii() {
        let others =
            ('\u{80}'..=char::MAX).filter(|char| char.to_lowercase().all(|c| c.is_ascii()));

        assert!(others.eq([KELVIN]));
    }

    #[test]
    fn a_word_is_found_in_any_case() {
        let lexicon = vader();

        assert_eq!(lexicon.word(b"GOOD").valence(), Some(1.9));
        assert_eq!(lexicon.word_of_other("li\u{212A}e").valence(), Some(1.5));
        assert_eq!(lexicon.word(b":D").valence(), Some(2.3));
        assert_eq!(lexicon.word(b"goo").valence(), None);
        assert_eq!(lexicon.word(b"good\0").valence(), None);
        assert!(lexicon.word(b"UH-UH").negates());
    }
}
