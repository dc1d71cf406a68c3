//! The burst that is planted in the demo recording, found by its score while it lasts and not otherwise.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read files"
)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::OnceLock;

use analysis::protocol::CountBy;
use analysis::spam::{Limits, Memory, Spam};
use analysis::trending::Trending;
use flate2::read::GzDecoder;
use wire::time::{DAY, HOUR, MINUTE};
use wire::{Body, Millis, Post, ndjson};

/// Monday 2 March 2026, 00:00 UTC: the demo's first moment.
const MONDAY: Millis = 1_772_409_600_000;
/// Tuesday, 17:00: the end of the burst.
const BURST_END: Millis = MONDAY + DAY + 17 * HOUR;

fn posts() -> Vec<(Millis, Post)> {
    static POSTS: OnceLock<Vec<(Millis, Post)>> = OnceLock::new();
    POSTS.get_or_init(read_posts).clone()
}

fn read_posts() -> Vec<(Millis, Post)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo.ndjson.gz");
    let file = File::open(path).expect("the demo recording is in the repository");
    BufReader::new(GzDecoder::new(file))
        .lines()
        .map(|line| {
            let line = line.expect("the recording can be read");
            ndjson::decode_line(&line).expect("its lines are events")
        })
        .filter_map(|event| match event.body {
            Body::Post(post) => Some((event.at, *post)),
            _ => None,
        })
        .collect()
}

fn trending(posts: &[(Millis, Post)], window: Millis, by: CountBy) -> Trending {
    // The whole week stays, so that every moment can be asked for.
    let mut trending = Trending::new(window, by).keep_for(8 * DAY);
    for (at, post) in posts {
        let author = post
            .author
            .bytes()
            .fold(7_u32, |hash, b| hash.wrapping_mul(31) ^ u32::from(b));
        trending.observe(*at, author, post.hashtags.iter().map(String::as_str), 0);
    }
    trending
}

#[test]
fn the_planted_burst_is_the_top_burst_of_its_time() {
    let posts = posts();
    for by in [CountBy::Posts, CountBy::Authors] {
        for window in [15 * MINUTE, HOUR] {
            let bursts = trending(&posts, window, by).top_bursts(BURST_END, 10);

            assert_eq!(
                bursts[0].0.tag, "DogeDay",
                "{by:?}, {window} ms: {bursts:?}"
            );
            assert!(bursts[0].1.score > 5.0, "{bursts:?}");
        }
    }
}

#[test]
fn popular_tags_are_no_bursts_at_other_times() {
    let posts = posts();
    let mut trending = trending(&posts, HOUR, CountBy::Authors);
    let spam_hours = 4 * 24 + 8..4 * 24 + 11;
    // From Tuesday on, when there is a day to compare with.
    let hours = (24..168).filter(|hour| !spam_hours.contains(hour) && !(40..43).contains(hour));

    let alarms: Vec<_> = hours
        .filter_map(|hour| {
            let bursts = trending.top_bursts(MONDAY + hour * HOUR, 1);
            bursts
                .into_iter()
                .next()
                .filter(|(_, burst)| burst.score > 5.0)
                .map(|found| (hour, found))
        })
        .collect();

    assert!(alarms.len() <= 2, "{alarms:?}");
}

#[test]
fn bursts_are_the_same_whatever_the_order_of_arrival() {
    let mut posts = posts();
    posts.truncate(2_000);
    let forth = trending(&posts, HOUR, CountBy::Posts).top_bursts(BURST_END, 3);
    posts.reverse();

    let back = trending(&posts, HOUR, CountBy::Posts).top_bursts(BURST_END, 3);

    let read =
        |bursts: Vec<(analysis::trending::TrendingRow, analysis::trending::Burst)>| -> Vec<_> {
            bursts
                .into_iter()
                .map(|(row, burst)| (row.tag, row.count, burst.score.to_bits()))
                .collect()
        };
    assert_eq!(read(forth), read(back));
}

#[test]
fn the_planted_give_aways_are_spam_and_little_else_is() {
    let mut spam = Spam::new(Limits::default(), Memory::default());
    let planted = MONDAY + 4 * DAY + 8 * HOUR..MONDAY + 4 * DAY + 10 * HOUR;
    let (mut n_planted, mut n_found, mut n_others, mut n_wrong) = (0, 0, 0, 0);
    for (key, (at, post)) in posts().iter().enumerate() {
        let author = post
            .author
            .bytes()
            .fold(7_u32, |hash, b| hash.wrapping_mul(31) ^ u32::from(b));
        let is_spam = spam.observe(key as u64, *at, author.into(), post).is_spam();
        // An article about them is none of them.
        let is_planted = post.source == "demo-social"
            && planted.contains(at)
            && post.text.to_lowercase().contains("give");
        n_planted += u32::from(is_planted);
        n_found += u32::from(is_planted && is_spam);
        n_others += u32::from(!is_planted);
        n_wrong += u32::from(!is_planted && is_spam);
    }

    assert!(
        n_planted >= 100 && n_found == n_planted,
        "{n_found} of {n_planted}"
    );
    // The demo's authors speak in few phrases, some of which come up three times a day.
    assert!(
        20 * n_wrong <= n_others,
        "{n_wrong} of {n_others} other posts"
    );
}
