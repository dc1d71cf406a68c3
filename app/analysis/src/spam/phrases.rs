//! Phrases that bait: give-aways, secret signals, sure profits.

use super::template::Template;

/// Phrases in the form that [`Template`] gives a text (without double letters, digits as 0), with what
/// each adds; a post that reaches 1 baits.
const PHRASES: &[(&str, f32)] = &[
    ("0x", 0.5),
    ("act now", 0.5),
    ("airdrop", 1.0),
    ("airdrops", 1.0),
    ("bonus", 0.5),
    ("claim", 0.34),
    ("click here", 1.0),
    ("click the link", 1.0),
    ("contact me", 0.5),
    ("discord", 0.5),
    ("dm for", 1.0),
    ("dm me", 1.0),
    ("dm us", 1.0),
    ("double your", 1.0),
    ("earn", 0.34),
    ("folow", 0.34),
    ("fre", 0.34),
    ("fre money", 1.0),
    ("giftcard", 0.5),
    ("give away", 1.0),
    ("giveaway", 1.0),
    ("giveaways", 1.0),
    ("giving away", 1.0),
    ("guaranted", 1.0),
    ("hury", 0.5),
    ("inbox me", 1.0),
    ("join", 0.34),
    ("limited spots", 1.0),
    ("limited time", 0.5),
    ("link in bio", 0.5),
    ("lucky winer", 1.0),
    ("lucky winers", 1.0),
    ("mesage me", 0.5),
    ("mining ap", 0.5),
    ("no risk", 0.5),
    ("pasive income", 1.0),
    ("profit daily", 1.0),
    ("promo code", 1.0),
    ("pump group", 1.0),
    ("referal", 0.5),
    ("retwet", 0.5),
    ("risk fre", 1.0),
    ("send me", 0.5),
    ("sign up", 0.5),
    ("signals", 0.34),
    ("tag 0 friends", 1.0),
    ("telegram", 0.7),
    ("vip", 0.5),
    ("whatsap", 0.34),
    ("win", 0.34),
    ("winer", 0.5),
    ("winers", 0.5),
];

/// By its first byte, where phrases begin that begin with it; they end where those of the next byte begin.
const BEGIN: [u8; 257] = {
    let mut begin = [0; 257];
    let mut idx = 0;
    while idx < PHRASES.len() {
        let mut byte = PHRASES[idx].0.as_bytes()[0] as usize + 1;
        while byte < begin.len() {
            begin[byte] += 1;
            byte += 1;
        }
        idx += 1;
    }
    begin
};

/// Words before a phrase that turn it round.
const NEGATIONS: &[&str] = &[
    "no", "not", "isnt", "arent", "never", "nor", "without", "hardly",
];

/// How much bait a text holds: the phrases' sum, at most 4. A phrase right behind a "not" counts nothing,
/// one that was counted before neither.
pub(super) fn bait(template: &Template) -> f32 {
    let mut seen = 0_u64;
    let mut sum = 0.0;
    let mut rest = template.text();
    let mut before = "";
    while !rest.is_empty() {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let byte = usize::from(word.bytes().next().unwrap_or_default());
        let (from, to) = (usize::from(BEGIN[byte]), usize::from(BEGIN[byte + 1]));
        for (idx, (phrase, weight)) in PHRASES.iter().enumerate().take(to).skip(from) {
            let is_new = seen >> idx & 1 == 0 && begins_with(rest, phrase);
            if is_new && !NEGATIONS.contains(&before) {
                seen |= 1 << idx;
                sum += weight;
            }
        }
        (before, rest) = (word, after);
    }
    sum.min(4.0)
}

fn begins_with(text: &str, phrase: &str) -> bool {
    text.strip_prefix(phrase)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: f32) {
        let found = bait(&Template::of(text));

        assert!((found - expected).abs() < 1e-6, "{text:?}: {found}");
    }

    #[test]
    fn phrases_are_folded_sorted_and_fit_the_set() {
        assert!(PHRASES.is_sorted_by(|a, b| a.0 < b.0) && PHRASES.len() <= 64);
        for (phrase, _) in PHRASES {
            assert_eq!(Template::of(phrase).text(), *phrase);
        }
    }

    #[test]
    fn bait_is_found_whatever_its_dress() {
        check("Huge AIRDROP!!! soon", 1.0);
        check("Give-away: 𝗚𝗶𝘃𝗲𝗮𝘄𝗮𝘆, giveaway", 2.0);
        check("Join my Telegram for free signals", 1.72);
        check("dm me. DM ME", 1.0);
    }

    #[test]
    fn common_words_and_denials_are_no_bait() {
        check("it is not guaranteed, and there is no airdrop", 0.0);
        check("winning is fun, the window is open, freedom", 0.0);
        check("free to choose", 0.34);
        check("", 0.0);
    }
}
