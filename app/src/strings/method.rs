//! The method cards: what they are about, and what of them depends on the reader's choice. The texts that say
//! what each number is, how it is computed and what it cannot say lie in `app/methods.json`.

use analysis::{
    obeys::Shown,
    protocol::{Method, Scoring},
    text::sentiment::Limits,
};

/// Which card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Card {
    Kpi,
    Market,
    Hashtags,
    Posts,
    Lag,
    Topics,
    Sample,
    Sources,
    Leaders,
    Trends,
    Hours,
    Live,
    Rolling,
    Events,
    Months,
    Quality,
}

/// Which program computed it.
pub(crate) const VERSION: &str = match option_env!("MOODTAPE_COMMIT") {
    Some(commit) => commit,
    None => concat!("Moodtape ", env!("CARGO_PKG_VERSION")),
};

/// Stands where the file with the texts did not come.
pub(crate) const MISSING: &str = "This text could not be loaded. Close the card and open it again";

/// What scored the posts, with the version of its words.
pub(crate) fn lexicon(scoring: Scoring) -> String {
    let words = match scoring.method {
        Method::Vader => "VADER, lexicon of vaderSentiment 3.3.2",
        Method::Finance => {
            "VADER, lexicon of vaderSentiment 3.3.2 with this program’s market words"
        }
        Method::WordList => "your own word list",
    };
    let limits = match scoring.limits {
        Limits::Customary => "±0.05",
        Limits::Strict => "0",
    };
    format!("{words}; classes by {limits}")
}

/// Which parts of what is selected a panel leaves out.
pub(crate) fn selection(card: Card) -> String {
    match card {
        Card::Market => format!(
            "{}. The answer to why a bucket is unusual: {}",
            told(Shown::Market),
            told(Shown::Why)
        ),
        Card::Kpi => told(Shown::Kpi),
        Card::Hashtags => told(Shown::Hashtags),
        Card::Posts => told(Shown::Posts),
        Card::Lag => told(Shown::Lag),
        Card::Topics => told(Shown::Topics),
        Card::Sample => told(Shown::Sample),
        Card::Sources => told(Shown::Sources),
        Card::Leaders => told(Shown::Leaders),
        Card::Trends => told(Shown::Trends),
        Card::Hours => told(Shown::Hours),
        Card::Live => format!(
            "{}; a topic of its own stands for those selected",
            told(Shown::Live)
        ),
        Card::Rolling => told(Shown::Rolling),
        Card::Events => told(Shown::Events),
        Card::Months => told(Shown::Months),
        Card::Quality => told(Shown::Quality),
    }
}

fn told(view: Shown) -> String {
    let (left_out, why) = view.leaves_out();
    let names: Vec<&str> = left_out.iter().map(|part| part.name()).collect();
    match names.as_slice() {
        [] => "all of it counts".to_owned(),
        [one] => format!("all of it counts but the {one}: {why}"),
        [first @ .., last] => {
            format!(
                "all of it counts but {} and {last}: {why}",
                first.join(", ")
            )
        }
    }
}

/// What a card is about; its texts stand under this name in `app/methods.json`.
pub(crate) fn name(card: Card) -> &'static str {
    match card {
        Card::Kpi => "the key figures",
        Card::Market => "price × sentiment",
        Card::Hashtags => "trending hashtags",
        Card::Posts => "the posts",
        Card::Lag => "lead or lag",
        Card::Topics => "topics",
        Card::Sample => "what counts",
        Card::Sources => "sources",
        Card::Leaders => "the leaderboard",
        Card::Trends => "ticker trends",
        Card::Hours => "posts over time",
        Card::Live => "posts every five seconds",
        Card::Rolling => "the rolling correlation",
        Card::Events => "the event study",
        Card::Months => "the months",
        Card::Quality => "the data’s quality",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const CARDS: [Card; 16] = [
        Card::Kpi,
        Card::Market,
        Card::Hashtags,
        Card::Posts,
        Card::Lag,
        Card::Topics,
        Card::Sample,
        Card::Sources,
        Card::Leaders,
        Card::Trends,
        Card::Hours,
        Card::Live,
        Card::Rolling,
        Card::Events,
        Card::Months,
        Card::Quality,
    ];

    #[test]
    fn every_card_says_what_it_shows_how_and_what_it_cannot_say() {
        let texts: Value = serde_json::from_str(include_str!("../../methods.json")).unwrap();

        for card in CARDS {
            for part in ["what", "formula", "limits"] {
                let text = texts[name(card)][part].as_str();
                assert!(text.is_some_and(|text| text.len() > 10), "{card:?}: {part}");
            }
        }
        assert_eq!(
            texts.as_object().unwrap().len(),
            CARDS.len(),
            "no text is left over"
        );
    }
}
