//! The articles are there at their times, and nothing else knows of them.

use std::{collections::BTreeSet, ops::Range};

use wire::{
    Body, Event, Millis, Post, tag,
    time::{HOUR, MINUTE},
};

use super::{articles, bars};
use crate::{
    events, headlines, market,
    plan::{self, BURST, DOGE, END, INSTRUMENTS, NEWS, OUTAGE, SOL, SPAM, START, SWING},
    posts,
};

fn names(post: &Post, instrument_idx: usize) -> bool {
    post.text.contains(INSTRUMENTS[instrument_idx].name)
}

/// When articles that name an instrument were first seen, of those of a stretch.
fn seen_in(range: &Range<Millis>, instrument_idx: usize) -> Vec<Millis> {
    articles()
        .into_iter()
        .filter(|(at, post)| range.contains(at) && names(post, instrument_idx))
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn articles_are_first_seen_some_minutes_to_an_hour_after_they_were_published() {
    let articles = articles();
    let text = |post: &Post| {
        let (title, summary) = post.text.split_once('\n').unwrap();
        (title.to_owned(), summary.to_owned())
    };
    let (titles, summaries): (BTreeSet<String>, BTreeSet<String>) =
        articles.iter().map(|(_, post)| text(post)).unzip();

    assert_eq!((titles.len(), summaries.len()), (40, 40));
    for (at, post) in &articles {
        let delay = at - post.posted_at.unwrap();
        assert!((4 * MINUTE..HOUR).contains(&delay), "{delay} ms: {post:?}");
        assert!((START..END).contains(at), "{post:?}");
        assert!(
            (0..INSTRUMENTS.len()).any(|idx| names(post, idx)),
            "{post:?}"
        );
        // Tags count as talk about an instrument, and everything here is written out.
        let n_tags = tag::hashtags(&post.text).count() + tag::cashtags(&post.text).count();
        assert!(n_tags == 0 && !post.text.contains("PRICE"), "{post:?}");
    }
}

#[test]
fn articles_tell_no_price_that_is_not_known_yet() {
    let market = market::Market::make();
    let price = |hours: f64| market.price(plan::BTC, START + (hours * HOUR as f64) as Millis);
    let closes: Vec<f64> = bars()
        .iter()
        .filter(|bar| bar.ticker == "BTC")
        .map(|bar| bar.close)
        .collect();
    let is = |price: f64, expected: f64| (price - expected).abs() < 1e-9;

    assert!(is(price(0.99), INSTRUMENTS[plan::BTC].first_price));
    assert!(is(price(1.0), closes[0]) && is(price(1.99), closes[0]));
    assert!(is(price(50.5), closes[49]));
}

#[test]
fn an_article_on_doge_is_first_seen_after_the_burst_has_begun() {
    let around = BURST.start - 4 * HOUR..BURST.end + 3 * HOUR;

    let seen = seen_in(&around, DOGE);

    assert_eq!(seen, [headlines::BURST.first_seen]);
    assert!(BURST.contains(&seen[0]) && BURST.contains(&headlines::BURST.published));
}

#[test]
fn an_article_on_sol_is_first_seen_before_the_swing_begins_and_none_during_it() {
    let around = SWING.start - 4 * HOUR..SWING.end + 3 * HOUR;

    let seen = seen_in(&around, SOL);

    assert_eq!(seen, [headlines::SWING.first_seen]);
    assert!((SWING.start - HOUR..SWING.start).contains(&seen[0]));
}

#[test]
fn an_article_on_give_aways_is_first_seen_during_the_spam_wave() {
    let of_give_aways: Vec<_> = articles()
        .into_iter()
        .filter(|(_, post)| post.text.contains("giveaway"))
        .map(|(at, _)| at)
        .collect();

    assert_eq!(of_give_aways, [headlines::GIVE_AWAY.first_seen]);
    assert!(SPAM.contains(&of_give_aways[0]));
    let around = SPAM.start - 4 * HOUR..SPAM.end + 3 * HOUR;
    assert_eq!(seen_in(&around, DOGE), of_give_aways);
}

#[test]
fn no_article_is_published_or_first_seen_near_the_outage() {
    let around = OUTAGE.start - HOUR..OUTAGE.end + HOUR;
    let articles = articles();
    let n_near = articles.iter().filter(|(at, post)| {
        around.contains(at) || post.posted_at.is_some_and(|at| around.contains(&at))
    });

    assert_eq!(n_near.count(), 0);
}

#[test]
fn everything_else_is_as_if_there_were_no_articles() {
    let market = market::Market::make();
    let mut without = market.bars();
    without.extend(plan::statuses());
    without.extend(posts::make(&market).into_iter().map(|made| made.event));
    without.sort_by_key(|event| event.seen_at);
    let is_article = |event: &Event| matches!(&event.body, Body::Post(post) if post.source == NEWS);
    let unnumbered = |event: Event| Event { seq: 0, ..event };

    let with = events().into_iter().filter(|event| !is_article(event));

    assert!(with.map(unnumbered).eq(without.into_iter().map(unnumbered)));
}
