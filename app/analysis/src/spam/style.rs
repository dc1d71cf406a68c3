//! How much a text reads like a broadcast and how little like a person talking: for ranking only, never
//! the reason why a post is called spam.
//!
//! # Source
//! Logistic regression on the features below, fitted to the tuning half (by hash of the text) of the
//! public part of UtkML's Twitter spam set with `examples/spam_auc.rs --fit`. Features that only tell how
//! that set was collected (escaped quotes, cut-off links, which shortener) are left out on purpose.

/// Number of features.
pub const N_FEATURES: usize = 20;

/// What the features are called, in order.
pub const FEATURES: [&str; N_FEATURES] = [
    "begins with a hashtag",
    "ends with a hashtag",
    "hashtags without a link",
    "a link without hashtags",
    "neither link nor hashtag",
    "one link",
    "several links",
    "several hashtags",
    "begins with a name, no link, no hashtag",
    "names",
    "begins in lower case",
    "words of small talk, share",
    "words of grammar, share",
    "first person",
    "second person",
    "words in capitals, share",
    "capitalised words, share",
    "digits, share of characters",
    "words, in tens",
    "pictures",
];

/// Weight of each feature, and last the constant.
const WEIGHTS: [f32; N_FEATURES + 1] = [
    1.731, 1.303, 0.665, 0.444, -0.682, -0.216, 0.639, -0.786, 1.755, -0.121, -1.418, -1.883,
    -0.955, -0.351, -0.166, -1.308, 0.743, -1.106, 0.496, -2.806, -0.417,
];

const SMALL_TALK: &[&str] = &[
    "am", "back", "birthday", "can't", "cant", "cute", "day", "did", "do", "don't", "dont", "feel",
    "going", "gonna", "good", "got", "happy", "hey", "it", "it's", "just", "know", "like", "lol",
    "love", "miss", "much", "new", "no", "oh", "ok", "okay", "one", "please", "really", "see",
    "so", "still", "thank", "thanks", "that's", "think", "this", "today", "tonight", "wait",
    "wanna", "want", "was", "why", "yes",
];
const GRAMMAR: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "had", "has", "have", "he",
    "her", "his", "in", "is", "it", "not", "of", "on", "or", "she", "that", "the", "their", "they",
    "this", "to", "was", "were", "will", "with", "would",
];
const FIRST: &[&str] = &[
    "haha", "i", "i'd", "i'll", "i'm", "i've", "im", "lmao", "lol", "me", "mine", "my", "myself",
    "our", "us", "we",
];
const SECOND: &[&str] = &["u", "ur", "you", "your", "yours"];

/// What of a text the ranking looks at.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    n_words: u32,
    n_links: u32,
    n_hashtags: u32,
    n_names: u32,
    n_small_talk: u32,
    n_grammar: u32,
    n_first: u32,
    n_second: u32,
    n_capitals: u32,
    n_capitalised: u32,
    n_digits: u32,
    n_pictures: u32,
    n_chars: u32,
    ends_with_hashtag: bool,
}

/// 0 = talks like a person, 1 = reads like a broadcast.
///
/// ```
/// use analysis::spam::broadcast_style;
///
/// let headline = broadcast_style("#local Officials: Police Investigate Downtown Fire #news");
/// let talk = broadcast_style("so happy i got to see you today, love you lol");
/// assert!(headline > 0.7 && talk < 0.3);
/// ```
pub fn broadcast_style(text: &str) -> f32 {
    let features = features(text);
    let sum: f32 = features
        .iter()
        .zip(WEIGHTS)
        .map(|(x, weight)| x * weight)
        .sum();
    1.0 / (1.0 + (-(sum + WEIGHTS[N_FEATURES])).exp())
}

/// The features of a text, each between 0 and about 4, in the order of [`FEATURES`].
pub fn features(text: &str) -> [f32; N_FEATURES] {
    let text = text.trim_matches(['\'', '"']);
    let look = Look::at(text);
    let n_words = look.n_words.max(1) as f32;
    let share = |n: u32| n as f32 / n_words;
    let flag = |is: bool| f32::from(u8::from(is));
    let (has_link, has_hashtag) = (look.n_links > 0, look.n_hashtags > 0);
    [
        flag(text.starts_with('#')),
        flag(look.ends_with_hashtag),
        flag(has_hashtag && !has_link),
        flag(has_link && !has_hashtag),
        flag(!has_link && !has_hashtag),
        flag(look.n_links == 1),
        flag(look.n_links > 1),
        flag(look.n_hashtags > 1),
        flag(text.starts_with('@') && !has_link && !has_hashtag),
        look.n_names.min(4) as f32,
        flag(text.starts_with(char::is_lowercase)),
        share(look.n_small_talk),
        share(look.n_grammar),
        look.n_first.min(3) as f32,
        look.n_second.min(3) as f32,
        share(look.n_capitals),
        share(look.n_capitalised),
        (look.n_digits as f32 / look.n_chars.max(1) as f32).min(0.2) * 5.0,
        look.n_words.min(30) as f32 / 10.0,
        look.n_pictures.min(4) as f32,
    ]
}

impl Look {
    fn at(text: &str) -> Self {
        let mut look = Self::default();
        for chunk in text.split_whitespace() {
            let words = super::template::before_link(chunk);
            look.read_words(words);
            if words.len() < chunk.len() {
                look.n_links += 1;
            } else {
                look.ends_with_hashtag = words.starts_with('#') && words.len() > 1;
            }
        }
        look
    }

    fn read_words(&mut self, chunk: &str) {
        let is_word_char = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '’');
        let mut rest = chunk;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            if !is_word_char(c) {
                self.n_chars += 1;
                let is_picture = u32::from(c) > 0x2190 && !matches!(c, '\u{FE00}'..='\u{FE0F}');
                self.n_pictures += u32::from(is_picture);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                before = c;
                continue;
            }
            let end = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            match before {
                '#' => self.n_hashtags += 1,
                '@' => self.n_names += 1,
                _ => self.read_word(word),
            }
            (rest, before) = (after, ' ');
        }
    }

    fn read_word(&mut self, word: &str) {
        self.n_chars += word.chars().count() as u32;
        self.n_digits += word.bytes().filter(u8::is_ascii_digit).count() as u32;
        let Some(first) = word.chars().next().filter(|c| c.is_alphabetic()) else {
            return;
        };
        self.n_words += 1;
        let has_lower = word.chars().any(char::is_lowercase);
        self.n_capitals += u32::from(!has_lower && word.len() > 2);
        self.n_capitalised += u32::from(first.is_uppercase() && self.n_words > 1);
        // The lists hold nothing longer.
        let mut short = [0; 8];
        let lower = lowered(word, &mut short);
        let is_in = |list: &[&str]| u32::from(list.binary_search(&lower).is_ok());
        self.n_small_talk += is_in(SMALL_TALK);
        self.n_grammar += is_in(GRAMMAR);
        self.n_first += is_in(FIRST);
        self.n_second += is_in(SECOND);
    }
}

/// A short word in lower case, with a straight apostrophe; a longer one is nothing.
fn lowered<'b>(word: &str, buffer: &'b mut [u8; 8]) -> &'b str {
    let mut n = 0;
    for c in word.chars() {
        let c = if c == '’' {
            '\''
        } else {
            c.to_ascii_lowercase()
        };
        match buffer.get_mut(n) {
            Some(slot) if c.is_ascii() => *slot = c as u8,
            _ => return "",
        }
        n += 1;
    }
    buffer
        .get(..n)
        .and_then(|word| std::str::from_utf8(word).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_and_short_enough_to_be_found() {
        for list in [SMALL_TALK, GRAMMAR, FIRST, SECOND] {
            assert!(list.is_sorted() && list.iter().all(|word| word.len() <= 8));
        }
    }

    #[test]
    fn features_see_what_their_names_say() {
        let features = features("#Big NEWS for you: 12 https://t.co/a http://b.com 🚀 @ann #x");

        assert_eq!(features[..9], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!((features[9], features[14], features[19]), (1.0, 1.0, 1.0));
    }

    #[test]
    fn a_style_is_a_share_whatever_the_text() {
        for text in ["", "#", "@", "🚀", "https://t.co/a", "'''", "É’s"] {
            let style = broadcast_style(text);
            assert!((0.0..=1.0).contains(&style), "{text:?}: {style}");
        }
    }
}
