//! Sentences about the crowd's talk.

use analysis::{
    protocol::talk::{
        ArticleRow, MomentView, NewsView, PlacesView, Stage, Standing, TopicsView, WordsView,
    },
    talk::AROUND,
    topics::{Method, Number},
    view::Range,
    words::{FoundWord, Weighing},
};

use crate::format;

pub(super) const CRASHED: &str = "<p class=\"empty\" role=\"alert\">These panels ran into a fault of their own. The others go on; reload to have these again.</p>";
pub(super) const NO_WORKER: &str =
    "The program that reads the stored posts could not be loaded. Everything else works.";
pub(super) const OTHER_RELEASE: &str =
    "The program that reads the stored posts is of another release. Reload the page.";
/// A name in the address is cut beyond this.
const MAX_NAME: usize = 58;

/// What a topic of these words is called; the words can be read from it.
pub(super) fn topic_name(words: &[&str]) -> String {
    let mut name = String::from("“");
    for word in words {
        if name.chars().count() + word.chars().count() + 3 > MAX_NAME {
            break;
        }
        if name.chars().count() > 1 {
            name.push_str(", ");
        }
        name.push_str(word);
    }
    name.push('”');
    name
}

pub(super) fn standing(standing: &Standing) -> String {
    match &standing.stage {
        Stage::Opening => "Opening what this browser has stored".to_owned(),
        Stage::Reading { done, total } => format!(
            "Reading what this browser has stored: {} of {} parts, {} posts so far",
            format::count(u64::from(*done)),
            format::count(u64::from(*total)),
            format::count(standing.n_posts),
        ),
        Stage::Counting { done, total } => format!(
            "Looking at {} of {} posts",
            format::count(*done),
            format::count(*total)
        ),
        Stage::Refused { .. } => String::new(),
        Stage::Ready => {
            let damaged = match standing.n_damaged {
                0 => String::new(),
                n => format!("; {} events could not be read", format::count(n)),
            };
            let until = standing.newest_at.map_or(String::new(), |at| {
                format!(", up to {}", format::date_time(at))
            });
            format!(
                "From the texts stored in this browser: {} of {} posts are selected{until}{damaged}",
                format::count(standing.n_selected),
                format::count(standing.n_posts),
            )
        }
    }
}

/// Why there is nothing to show.
pub(super) fn trouble(standing: &Standing) -> Option<String> {
    match &standing.stage {
        Stage::Refused { reason } => Some(format!(
            "This browser does not let the page read what is stored ({reason}), as in some private windows. \
             These panels need the texts; all others work."
        )),
        Stage::Ready if standing.n_posts == 0 => Some(
            "Nothing is stored in this browser yet. Posts appear here some seconds after they came; where the \
             browser keeps nothing there is nothing to read."
                .to_owned(),
        ),
        _ => None,
    }
}

/// As `3 Mar 2026, 10:00 to 12:00 UTC`.
pub(super) fn stretch(range: Range) -> String {
    match range.from < range.to {
        true => format!(
            "{} {}",
            format::stretch(range.from, range.to),
            format::zone_name()
        ),
        false => "no time at all".to_owned(),
    }
}

pub(super) fn word(word: &FoundWord, by: Weighing) -> String {
    let weight = match by {
        Weighing::LogOdds => format!("z = {}, ", format::signed(word.weight, 1)),
        Weighing::Count => String::new(),
    };
    format!(
        "{}: {weight}{} posts, {} in the background, mean compound {}",
        word.text,
        format::count(word.n.into()),
        format::count(word.n_background.into()),
        format::signed(word.mean_compound, 2),
    )
}

pub(super) fn words_method(view: &WordsView) -> String {
    let n = format::count(view.found.n_posts as u64);
    let colour = "Colour is the mean compound of the posts with the word (blue ≥ +0.05, orange ≤ −0.05); a word is shown from 5 posts on.";
    match view.found.by {
        Weighing::LogOdds => format!(
            "How much likelier a word is in the range than in the background, in standard deviations (log-odds with an \
             informative Dirichlet prior, Monroe et al. 2008); two words are a phrase where Dunning’s likelihood ratio says so. Words from z = 1 on are shown; of so many words some reach \
             z = 2 by chance. \
             n = {n} posts of {}, against {} of {}. {colour}",
            stretch(view.range),
            format::count(view.found.n_background as u64),
            stretch(view.background),
        ),
        Weighing::Count => {
            let why = match view.found.n_background {
                0 => {
                    " Nothing lies before the range, so there is no background to compare with: choose a shorter range."
                }
                _ => "",
            };
            format!(
                "Posts with the word. n = {n} posts of {}.{why} {colour}",
                stretch(view.range)
            )
        }
    }
}

pub(super) fn model(method: Method) -> &'static str {
    match method {
        Method::ShortText => {
            "Dirichlet-multinomial mixture for short texts, each post one topic (Yin & Wang 2014)"
        }
        Method::Lda => "latent Dirichlet allocation, collapsed Gibbs sampling",
    }
}

pub(super) fn topics_method(view: &TopicsView) -> String {
    let number = match view.wish.number {
        Number::Automatic => "k chosen automatically".to_owned(),
        Number::Exactly(k) => format!("k = {k}"),
    };
    let coherence = view
        .coherence
        .map_or("–".to_owned(), |npmi| format::signed(npmi, 2));
    let later = match (view.as_of, view.n_later) {
        (Some(at), n) => format!(
            " Known at {}: {} posts received later are left out.",
            format::date_time(at),
            format::count(n)
        ),
        (None, _) => " With hindsight: all posts of the range at once.".to_owned(),
    };
    format!(
        "{}, {number}, seed {}. Fitted on {} of n = {} posts of {}; {} without a word of four letters have no topic. \
         Mean coherence (NPMI of the first ten terms, −1…+1) {coherence}.{later} A topic is born with the first of five \
         posts within a day.",
        model(view.wish.method),
        view.wish.seed,
        format::count(view.n_sample),
        format::count(view.n_posts),
        stretch(view.range),
        format::count(view.n_without_terms),
    )
}

pub(super) fn news_method(view: &NewsView) -> String {
    let by = match view.words.is_empty() {
        true => "Articles that feeds brought".to_owned(),
        false => format!(
            "Articles that have one of: {}. Ranked by BM25 over title (twice) and summary",
            view.words.join(", ")
        ),
    };
    format!(
        "{by}. n = {} of {} first seen in {}. Placed by when they were first seen here, since what a feed says of \
         publication is another clock. That an article and talk lie close says nothing of causes.",
        format::count(view.n_matched),
        format::count(view.n_in_range),
        stretch(view.range),
    )
}

pub(super) fn places_method(view: &PlacesView) -> String {
    let n_placed = view.n_posts - view.n_without_place;
    let world = match view.lacks_world {
        true => {
            " The outlines of countries could not be fetched: countries are those that platforms say."
        }
        false => "",
    };
    format!(
        "{} of n = {} posts of {} ({}) carry a place; they are not a sample of the others. The country is the one \
         the platform says, else that of the coordinates; {} lie in none. Never finer than 0.1°, here in squares of {}°.{world} \
         Outlines: Natural Earth, 1:110 million.",
        format::count(n_placed),
        format::count(view.n_posts),
        stretch(view.range),
        format::share(n_placed, view.n_posts),
        format::count(view.n_without_country),
        tenths(view.square),
    )
}

fn tenths(square: u32) -> String {
    match square % 10 {
        0 => (square / 10).to_string(),
        rest => format!("{}.{rest}", square / 10),
    }
}

pub(super) fn moment_method(view: &MomentView) -> String {
    let judged = match view.n_judged < view.counts.posts {
        true => format!(" ({} are judged so far)", format::count(view.n_judged)),
        false => String::new(),
    };
    format!(
        "n = {} posts of {}, against a stretch as long before it; prices are those of the ticker that the chart shows. New voices are authors of whom this browser has stored \
         nothing from before; duplicates are posts that say nearly the same as others of the day before{judged}. All of it but later prices \
         and articles could be known at {} at the earliest. Nothing here says what caused what.",
        format::count(view.counts.posts),
        stretch(view.range),
        format::date_time(view.known_at),
    )
}

/// The card as text, for the clipboard and a file.
pub(super) fn moment(view: &MomentView) -> String {
    let mut text = format!("What happened: {}\n", stretch(view.range));
    let mut line = |name: &str, told: String| {
        if !told.is_empty() {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(&told);
            text.push('\n');
        }
    };
    for (name, told) in facts(view) {
        line(name, told);
    }
    for post in &view.first {
        line(
            &format!("First posts, {}", format::iso(post.at)),
            format!("[{}] {}", post.source, post.text.replace('\n', " ")),
        );
    }
    for row in &view.articles {
        let article = &row.article;
        let times = times(row, view.place_of(article));
        line(
            "Article",
            format!("{} ({times}) {}", article.title, article.url),
        );
    }
    line("Method", moment_method(view));
    text
}

/// What the card says, line by line.
pub(super) fn facts(view: &MomentView) -> Vec<(&'static str, String)> {
    let counts = &view.counts;
    let share = |n: u64, of: u64| format!("{} ({})", format::count(n), format::share(n, of));
    let change = format::change(view.n_before, counts.posts);
    let before = change.map_or("none in the stretch before".to_owned(), |change| {
        format!(
            "{change} against the stretch before, n = {}",
            format::count(view.n_before)
        )
    });
    let mean = counts
        .mean_compound
        .map_or("–".to_owned(), |mean| format::signed(mean, 2));
    let by = match view.weighing {
        Weighing::LogOdds => "z ",
        Weighing::Count => "n ",
    };
    let terms = view.terms.iter().map(|term| {
        let weight = match view.weighing {
            Weighing::LogOdds => format::signed(term.weight, 1),
            Weighing::Count => format::count(term.n.into()),
        };
        format!("{} ({by}{weight})", term.text)
    });
    let counted = |(name, n, before): &(String, u64, u64)| {
        format!(
            "{name} ({}, before {})",
            format::count(*n),
            format::count(*before)
        )
    };
    let hashtags = view.hashtags.iter().map(|row| format!("#{}", counted(row)));
    let topics = view.topics.iter().take(5).map(counted);
    vec![
        (
            "Posts",
            format!("{}, {before}", format::count(counts.posts)),
        ),
        (
            "Sentiment",
            format!(
                "▲ {} ● {} ▼ {}, mean compound {mean}",
                format::share(counts.positive, counts.posts),
                format::share(counts.neutral, counts.posts),
                format::share(counts.negative, counts.posts),
            ),
        ),
        (
            "New voices",
            format!(
                "{} of {} authors",
                share(view.n_new_authors, view.n_authors),
                format::count(view.n_authors)
            ),
        ),
        (
            "Duplicates",
            format!(
                "{} of {} posts",
                share(view.n_duplicates, view.n_judged),
                format::count(view.n_judged)
            ),
        ),
        ("Words", join(terms)),
        ("Hashtags", join(hashtags)),
        ("Topics", join(topics)),
        ("Prices after it", prices(view)),
        (
            "Earliest knowable",
            format!(
                "{} {}",
                format::date_time(view.known_at),
                format::zone_name()
            ),
        ),
    ]
}

fn prices(view: &MomentView) -> String {
    let Some(prices) = &view.prices else {
        return String::new();
    };
    let (at, before) = prices.before;
    let closes = prices.after.iter().map(|(at, close)| {
        let change = 100.0 * (close / before - 1.0);
        format!(
            "{} {} % ({})",
            format::price(*close),
            format::signed(change, 2),
            format::time_of_day(*at)
        )
    });
    let closes = match prices.after.is_empty() {
        true => "no bar closed since".to_owned(),
        false => join(closes),
    };
    format!(
        "{} {}, closes of {}: {} at {}, then {closes}",
        prices.ticker,
        prices.currency,
        format::span(prices.width),
        format::price(before),
        format::date_time(at),
    )
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

/// How many articles lie around a moment.
pub(super) fn n_articles(view: &MomentView) -> String {
    let around = format::span(AROUND);
    match view.n_articles {
        0 => format!(
            "No article first seen from {around} before it to {around} after it has one of these words."
        ),
        n => format!(
            "Articles with one of these words, first seen from {around} before it to {around} after it: {}",
            format::count(n)
        ),
    }
}

/// When it was seen, beside a moment whether before, during or after that, and when it says it was published.
pub(super) fn times(row: &ArticleRow, place: &str) -> String {
    let published = row
        .article
        .published_at
        .map_or("no time of publication stated".to_owned(), |at| {
            format!("says published {}", format::date_time(at))
        });
    let place = match place {
        "" => String::new(),
        place => format!("{place}: "),
    };
    format!(
        "{place}first seen {}, {published}",
        format::date_time(row.article.first_seen_at)
    )
}

#[cfg(test)]
mod tests {
    use analysis::{protocol::talk::PricesAfter, talk::words_of, view::Counts};
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn the_words_of_a_topic_can_be_read_from_its_name() {
        let words = ["halts withdrawals", "exchange", "terrible"];

        let name = topic_name(&words);

        assert_eq!(name, "“halts withdrawals, exchange, terrible”");
        assert_eq!(words_of(&name).unwrap().collect::<Vec<_>>(), words);
        assert!(words_of("Energy").is_none());
    }

    #[test]
    fn a_name_is_no_longer_than_an_address_keeps_it() {
        let long = "a".repeat(30);

        let name = topic_name(&[&long, &long, "b"]);

        assert_eq!(words_of(&name).unwrap().collect::<Vec<_>>(), [&long]);
        assert!(name.chars().count() <= 60);
    }

    #[test]
    fn a_moment_as_text_says_what_the_card_says() {
        let view = MomentView {
            range: Range { from: 0, to: HOUR },
            counts: Counts {
                posts: 10,
                negative: 10,
                mean_compound: Some(-0.5),
                ..Counts::default()
            },
            n_before: 5,
            n_authors: 4,
            n_new_authors: 1,
            n_judged: 10,
            prices: Some(PricesAfter {
                ticker: "BTC".into(),
                currency: "USD".into(),
                width: HOUR,
                before: (HOUR, 100.0),
                after: vec![(2 * HOUR, 101.0)],
            }),
            known_at: HOUR,
            ..MomentView::default()
        };

        let text = moment(&view);

        for part in [
            "What happened: 1 Jan 1970, 00:00 – 01:00 UTC\n",
            "New voices: 1 (25.0 %) of 4 authors\n",
            "closes of 1 h: 100.00 at 1 Jan 1970 01:00, then 101.00 +1.00 % (02:00)\n",
            "Earliest knowable: 1 Jan 1970 01:00 UTC\n",
            "Nothing here says what caused what.",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }
}
