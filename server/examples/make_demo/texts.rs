//! What the posts say. Put together from parts, so that few texts are equal.

use crate::{dice::Dice, plan::Instrument};

/// How a post is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    Positive,
    Neutral,
    Negative,
}

const POSITIVE: [&str; 20] = [
    "is looking really strong",
    "just had a great move, so happy I held",
    "keeps winning and I love it",
    "has an amazing community",
    "gave me my best week in months, very happy",
    "is a beautiful chart, honestly excellent",
    "with another impressive gain",
    "made me smile this morning, fantastic close",
    "is the most exciting thing I own",
    "shows wonderful strength",
    "buyers are confident and it shows",
    "is doing awesome, congrats to the patient ones",
    "update is brilliant, super easy to use",
    "is holding up well, good sign",
    "bounce was perfect, thanks everyone",
    "feels safe and strong here",
    "news is good, finally some relief",
    "looks healthy, nice volume too",
    "is a great project with a great team",
    "rewards the brave, what a success",
];

const NEGATIVE: [&str; 20] = [
    "is looking really weak",
    "just had an awful drop, I hate this",
    "keeps losing and it hurts",
    "has a toxic community",
    "gave me my worst week in months, so sad",
    "is an ugly chart, honestly terrible",
    "with another disappointing loss",
    "ruined my morning, horrible close",
    "is the most annoying thing I own",
    "shows worrying weakness",
    "holders are afraid and it shows",
    "is doing badly, sorry for the late ones",
    "update is a disaster, broken for everyone",
    "is failing again, bad sign",
    "bounce was a trap, I am angry",
    "feels risky and wrong here",
    "news is bad, panic everywhere",
    "looks sick, nasty selling too",
    "is a mess, the team should be ashamed",
    "punishes everybody, what a failure",
];

const NEUTRAL: [&str; 20] = [
    "is moving sideways",
    "trades around the open",
    "volume is about average",
    "closed the hour where it began",
    "report comes out next Tuesday",
    "is at the level of last week",
    "moved two percent in an hour",
    "chart on the four hour view",
    "range is getting narrow",
    "opens the week near the old range",
    "order book from ten minutes ago",
    "daily numbers are in the thread",
    "is up and down, same as yesterday",
    "what are you watching here?",
    "half a percent since midnight",
    "needs a close above the range",
    "average size per trade went from 2 to 3",
    "I wrote down my levels",
    "is next on my list to read about",
    "updated the table with today's numbers",
];

const OPENINGS: [&str; 16] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "Morning all: ",
    "Quick note: ",
    "So ",
    "And ",
    "Looks to me that ",
    "Day 12: ",
    "Hm, ",
    "Again: ",
    "Seen today: ",
    "Between meetings: ",
];

const ENDINGS: [&str; 14] = [
    "",
    "",
    "",
    "",
    ".",
    ".",
    "!",
    "…",
    " today",
    " this week",
    " tbh",
    " right now",
    ", no question",
    " (my view)",
];

const POSITIVE_EMOJI: [&str; 8] = ["", "", "", " 🚀", " 😀", " 🎉", " 💪", " 😍"];
const NEGATIVE_EMOJI: [&str; 8] = ["", "", "", " 📉", " 😡", " 😢", " 😱", " 💀"];
const NEUTRAL_EMOJI: [&str; 6] = ["", "", "", " 📊", " 👀", " 🕐"];

const HASHTAGS: [&str; 18] = [
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    " #markets",
    " #trading",
    " #charts",
    " #crypto",
    " #crypto",
    " #HODL",
    " #DeFi",
    " #investing",
    " #TechnicalAnalysis",
];

const FOREIGN: [(&str, &str); 8] = [
    ("es", "hoy se mueve poco"),
    ("es", "va muy bien esta semana"),
    ("es", "otra caída, qué mal"),
    ("de", "bewegt sich heute kaum"),
    ("de", "läuft richtig gut diese Woche"),
    ("de", "fällt schon wieder"),
    ("fr", "ne bouge presque pas"),
    ("fr", "une très belle semaine"),
];

/// A text about an instrument. It names the instrument by cashtag, hashtag or both.
pub(crate) fn make(dice: &mut Dice, instrument: &Instrument, class: Class) -> String {
    let (says, emoji): (&[&str], &[&str]) = match class {
        Class::Positive => (&POSITIVE, &POSITIVE_EMOJI),
        Class::Neutral => (&NEUTRAL, &NEUTRAL_EMOJI),
        Class::Negative => (&NEGATIVE, &NEGATIVE_EMOJI),
    };
    let subject = subject(dice, instrument);
    let (opening, says) = (*dice.pick(&OPENINGS), *dice.pick(says));
    let (ending, emoji, hashtag) = (
        *dice.pick(&ENDINGS),
        *dice.pick(emoji),
        *dice.pick(&HASHTAGS),
    );
    format!("{opening}{subject} {says}{ending}{emoji}{hashtag}")
}

/// A text in another language, with its code.
pub(crate) fn foreign(dice: &mut Dice, instrument: &Instrument) -> (&'static str, String) {
    let (lang, says) = *dice.pick(&FOREIGN);
    (lang, format!("{} {says}", subject(dice, instrument)))
}

/// A give-away that differs from the next one in its numbers only. The address can lead nowhere.
pub(crate) fn spam(dice: &mut Dice) -> String {
    let (amount, page) = (dice.below(90) + 10, dice.below(40) + 1);
    format!(
        "🎁 Claim your free {amount}00 $DOGE now! First 500 people only: https://gift{page}.example/claim #giveaway #airdrop"
    )
}

fn subject(dice: &mut Dice, instrument: &Instrument) -> String {
    let (ticker, name) = (instrument.ticker, instrument.name);
    match dice.below(5) {
        0 | 1 => format!("${ticker}"),
        2 => format!("#{name}"),
        3 => format!("{name} ${ticker}"),
        _ => format!("#{name} ${ticker}"),
    }
}
