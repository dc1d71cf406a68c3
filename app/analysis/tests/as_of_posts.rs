//! What is made of posts as of an instant is that of what had been seen by then, and verdicts never look ahead.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use analysis::{
    places::{PlacedPost, Places, WORLD, World},
    protocol::CountBy,
    series::as_of::{Seen, as_of},
    spam::{Limits, Memory, Spam},
    stats::random::Random,
    topics::{Cleaning, Number, Options, Settings, StudiedPost, Study},
    trending::{Burst, Trending, TrendingRow},
    view::Class,
    voices::Voices,
    words::{FoundWords, Question, Weighing, WordIndex, WordPost},
};
use proptest::prelude::*;
use wire::{Millis, Post, tag, time::MINUTE};

const WORDS: [&str; 12] = [
    "rally",
    "crash",
    "bank",
    "rates",
    "#moon",
    "#Moon",
    "$BTC",
    "$XQZA",
    "$AAPL",
    "airdrop",
    "http://a.co/b",
    "whale",
];
const WINDOW: Millis = 30 * MINUTE;

/// What tests make up of one post.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Made {
    key: u64,
    author: u32,
    compound: i16,
    words: [usize; 6],
}

impl Made {
    fn text(&self) -> String {
        self.words.map(|word| WORDS[word]).join(" ")
    }
}

/// Some hours of posts, some of which come up to ten minutes late, in the order in which they come.
fn stream(n: u64, seed: u64) -> Vec<Seen<Made>> {
    let mut random = Random::new(seed);
    let mut below = |n: f64| (random.uniform() * n) as u64;
    let mut all: Vec<Seen<Made>> = (0..n)
        .map(|key| {
            let at = below(n as f64 * MINUTE as f64 / 2.0) as Millis;
            let delay = below(2.0) * below(10.0 * MINUTE as f64);
            Seen {
                at,
                seen_at: at + delay as Millis,
                what: Made {
                    key,
                    author: below(9.0) as u32,
                    compound: below(20_001.0) as i16 - 10_000,
                    words: [(); 6].map(|()| below(WORDS.len() as f64) as usize),
                },
            }
        })
        .collect();
    all.sort_by_key(|seen| (seen.seen_at, seen.what.key));
    all
}

type Rows = Vec<(TrendingRow, Option<Burst>)>;

fn trending_of(
    posts: &[Seen<Made>],
    until: Millis,
    by: CountBy,
    mut on_each: impl FnMut(&mut Trending, Millis),
) -> (Rows, u64, u64) {
    let mut trending = Trending::new(WINDOW, by);
    for post in posts {
        let text = post.what.text();
        let hashtags = tag::hashtags(&text).map(|tag| tag.text);
        trending.observe(post.at, post.what.author, hashtags, post.what.compound);
        on_each(&mut trending, post.at);
    }
    (
        trending.top_with_bursts(until, 20),
        trending.n_distinct(until),
        trending.n_posts(until),
    )
}

fn words_of(posts: &[Seen<Made>], until: Millis) -> FoundWords {
    let mut index = WordIndex::default();
    for post in posts {
        index.add(WordPost {
            at: post.at,
            compound: post.what.compound,
            text: &post.what.text(),
        });
    }
    index.weigh(&Question {
        window: (until - WINDOW, until),
        background: (0, until - WINDOW),
        by: Weighing::LogOdds,
        n_words: 20,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 16))]

    #[test]
    fn counts_of_posts_are_those_of_what_was_seen(seed in 0u64..1_000, share in 0.2f64..1.1) {
        let all = stream(150, seed);
        let until = (share * 75.0 * MINUTE as f64) as Millis;
        let live: Vec<Seen<Made>> = all.iter().take_while(|post| post.seen_at <= until).copied().collect();
        for by in [CountBy::Posts, CountBy::Authors] {
            let read = |trending: &mut Trending, at: Millis| { trending.top(at, 3); };
            let at_the_time = trending_of(&live, until, by, read);
            // Of equal ones that which came first is told, so that the order seen is part of the data.
            let seen: Vec<Seen<Made>> = all.iter().filter(|post| post.seen_at <= until).copied().collect();

            prop_assert_eq!(&at_the_time, &trending_of(&seen, until, by, |_, _| ()));
        }
        let voices = |posts: &[Seen<Made>]| {
            let mut voices = Voices::default();
            posts.iter().for_each(|post| voices.add(post.what.author.into()));
            (voices.n_posts(), voices.n_authors(), voices.effective().to_bits())
        };
        prop_assert_eq!(voices(&live), as_of(&all, until, voices));
        prop_assert_eq!(words_of(&live, until), as_of(&all, until, |posts| words_of(posts, until)));
        let world = World::read(WORLD).unwrap();
        let places = |posts: &[Seen<Made>]| {
            let mut places = Places::new(Some(&world));
            for post in posts {
                let at = post.what.words.map(|word| word as f64);
                places.add(&PlacedPost {
                    country: None,
                    lat_lon: Some((at[0] * 5.0, at[1] * 15.0)),
                    class: Class::Neutral,
                    compound: post.what.compound,
                });
            }
            format!("{:?} {:?} {}", places.countries(), places.clusters(20), places.n_without_country())
        };
        prop_assert_eq!(places(&live), as_of(&all, until, places));
    }

    #[test]
    fn topics_know_nothing_of_later_posts(seed in 0u64..1_000, share in 0.2f64..1.1) {
        let all = stream(80, seed);
        let until = (share * 40.0 * MINUTE as f64) as Millis;
        let study = |posts: &[Seen<Made>], as_of: Option<Millis>| {
            let settings = Settings { number: Number::Exactly(5), seed: 1, sweeps: Some(5), ..Settings::default() };
            let mut study = Study::new(Options { settings, n_sample: 40, as_of }, Cleaning::default());
            for post in posts {
                let text = post.what.text();
                study.add(StudiedPost { key: post.what.key, at: post.at, seen_at: post.seen_at, text: &text });
            }
            while !study.step(50).is_done() {}
            study.findings(5).topics
        };
        let live: Vec<Seen<Made>> = all.iter().take_while(|post| post.seen_at <= until).copied().collect();

        prop_assert_eq!(study(&live, None), study(&all, Some(until)));
    }

    #[test]
    fn a_verdict_on_a_post_owes_nothing_to_later_ones(seed in 0u64..1_000, cut in 1usize..120) {
        let all = stream(120, seed);
        let verdicts = |posts: &[Seen<Made>]| -> Vec<String> {
            let mut spam = Spam::new(Limits::default(), Memory::default());
            let judge = |post: &Seen<Made>| {
                let text = post.what.text();
                let cashtags = tag::cashtags(&text).map(|tag| tag.text.to_uppercase()).collect();
                let post_of = Post { text, cashtags, ..Post::default() };
                format!("{:?}", spam.observe(post.what.key, post.at, u64::from(post.what.author) + 1, &post_of))
            };
            posts.iter().map(judge).collect()
        };
        let whole = verdicts(&all);

        prop_assert_eq!(&verdicts(&all[..cut]), &whole[..cut]);
        prop_assert!(whole.iter().any(|verdict| verdict.contains("Finding")), "nothing to tell apart");
    }
}
