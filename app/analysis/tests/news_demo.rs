//! The articles that are planted in the demo recording, found beside the moments that they tell of.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read files"
)]

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use analysis::{
    Engine,
    protocol::{
        RangeChoice, Watch,
        talk::{ArticleRow, Found, Wish},
    },
    talk::Talk,
    view::Range,
};
use flate2::read::GzDecoder;
use wire::{
    Event, Millis, PublicConfig,
    config::Ticker,
    ndjson,
    time::{DAY, HOUR, MINUTE},
};

/// Monday 2 March 2026, 00:00 UTC: the demo's first moment.
const MONDAY: Millis = 1_772_409_600_000;
const TUESDAY: Millis = MONDAY + DAY;
const WEDNESDAY: Millis = MONDAY + 2 * DAY;
const FRIDAY: Millis = MONDAY + 4 * DAY;

fn demo() -> Vec<Event> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo.ndjson.gz");
    let file = File::open(path).expect("the demo recording is in the repository");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| ndjson::decode_line(&line.expect("UTF-8")).expect("an event"))
        .collect()
}

fn config() -> PublicConfig {
    let ticker = |(symbol, name): (&str, &str)| Ticker {
        symbol: symbol.into(),
        name: None,
        aliases: vec![name.into()],
    };
    PublicConfig {
        tickers: [("SOL", "solana"), ("DOGE", "dogecoin")].map(ticker).into(),
        ..PublicConfig::default()
    }
}

/// What is found between two times, in posts that mention a ticker, or in all.
fn found(range: Range, ticker: Option<&str>) -> Found {
    let wish = Wish {
        watch: Watch {
            range: RangeChoice::Fixed {
                from: range.from,
                to: range.to,
            },
            tickers: ticker.map(Into::into).into_iter().collect(),
            ..Watch::default()
        },
        // Those that stand out.
        news_words: vec![String::new()],
        ..Wish::default()
    };
    let mut talk = Talk::new(config(), wish);
    for event in demo() {
        talk.apply(&event, None);
    }
    while talk.step(2_000) {}
    talk.found().expect("nothing was told before")
}

fn titles(articles: &[ArticleRow]) -> Vec<&str> {
    articles
        .iter()
        .map(|row| row.article.title.as_str())
        .collect()
}

#[test]
fn over_the_burst_the_article_about_it_is_the_best_match() {
    let range = Range {
        from: TUESDAY + 16 * HOUR,
        to: TUESDAY + 17 * HOUR,
    };

    let news = found(range, None).news.expect("it is in the first views");

    assert_eq!((news.n_articles, news.n_in_range), (40, 2));
    let best = &news.articles[0];
    assert_eq!(
        best.article.title,
        "DogeDay: Dogecoin holders post under one hashtag"
    );
    assert!(best.matched.contains(&"dogeday".to_owned()), "{best:?}");
    // Twenty-four minutes after the burst has begun.
    assert_eq!(best.article.first_seen_at, range.from + 44 * MINUTE);
    assert_eq!(best.article.published_at, Some(range.from + 31 * MINUTE));
    assert!(best.article.url.starts_with("https://demo.example/"));
}

#[test]
fn the_moment_of_the_swing_lists_the_article_that_was_first_seen_before_it() {
    // With the hour before: an article lies at the time at which it was first seen.
    let swing = WEDNESDAY + 14 * HOUR;
    let range = Range {
        from: swing - HOUR,
        to: swing + 6 * HOUR,
    };

    let [of_sol, of_all] = [Some("SOL"), None].map(|ticker| {
        let moment = found(range, ticker).moment;
        moment.expect("it is in the first views")
    });

    for moment in [&of_sol, &of_all] {
        let best = moment.articles.first().expect("one matches");
        assert_eq!(
            best.article.title,
            "News of the Solana update: it begins at 14:00"
        );
        assert_eq!(best.article.first_seen_at, swing - 22 * MINUTE);
    }
    assert!(of_sol.counts.negative > 4 * of_sol.counts.positive);
}

#[test]
fn over_the_wave_of_spam_the_article_about_give_aways_is_the_best_match() {
    let range = Range {
        from: FRIDAY + 8 * HOUR,
        to: FRIDAY + 10 * HOUR,
    };

    let news = found(range, None).news.expect("it is in the first views");

    assert_eq!(news.n_in_range, 2);
    assert_eq!(
        titles(&news.articles)[0],
        "Dogecoin giveaway posts differ in one figure, university writes"
    );
}

#[test]
fn articles_are_neutral_and_a_feed_without_a_state_closes_no_gap() {
    let events = demo();
    let is_article = |event: &&Event| matches!(&event.body, wire::Body::Post(post) if post.source == "demo-news");
    let count = |events: &mut dyn Iterator<Item = &Event>| {
        let mut engine = Engine::new(&PublicConfig::default());
        events.for_each(|event| {
            engine.apply(event);
        });
        let frame = engine.frame(MONDAY + 7 * DAY);
        (frame.kpi.unwrap().counts, frame.market.unwrap().gaps)
    };

    let (all, all_gaps) = count(&mut events.iter());
    let (crowd, crowd_gaps) = count(&mut events.iter().filter(|event| !is_article(event)));

    assert_eq!(all.posts, crowd.posts + 40);
    assert_eq!(all.neutral, crowd.neutral + 40);
    assert_eq!(all_gaps, crowd_gaps);
}
