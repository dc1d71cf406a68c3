//! How much CPU time the sliding window takes: updates per second of this thread's own time, best of several
//! rounds, which a busy machine disturbs less than wall time. The window is moved on and read after every post,
//! and, as an engine does that draws four frames a second, after every 83 posts. Run by hand.
//!
//! ```text
//! trending_speed [ROUNDS [TEXTS]]
//! ```
//!
//! Tags are made up, and in `TEXTS`, a post a line, as people wrote them.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its arguments and the thread's clock, and prints"
)]

#[path = "common/cpu.rs"]
mod cpu;

use std::{collections::HashSet, hint::black_box};

use analysis::protocol::CountBy;
use analysis::trending::Trending;

const WINDOW: i64 = 300_000;
const N_POSTS: usize = 300_000;

fn main() {
    let rounds: u32 = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(5);
    let texts = std::env::args().nth(2);
    let texts = texts.map(|path| std::fs::read_to_string(path).expect("the file can be read"));
    for by in [CountBy::Posts, CountBy::Authors] {
        let real = texts.iter().map(|texts| posts_with(texts));
        for posts in real.chain([1_000, 10_000, 100_000].map(made_up_posts)) {
            let tags = posts.iter().flat_map(|(_, tags)| tags);
            let n_updates = tags.clone().count();
            let n_distinct = tags.collect::<HashSet<_>>().len();
            let rate = |every| {
                let secs = (0..rounds).map(|_| secs_of(&posts, by, every));
                n_updates as f64 / secs.fold(f64::INFINITY, f64::min) / 1e6
            };
            println!(
                "{by:?}, {n_distinct} tags: {:.2} M updates/s, by frames {:.2} M",
                rate(1),
                rate(83)
            );
        }
    }
}

fn secs_of(posts: &[(u32, Vec<String>)], by: CountBy, every: usize) -> f64 {
    let mut trending = Trending::new(WINDOW, by).keep_for(2 * WINDOW);
    let start = cpu::nanos();
    for (idx, (author, tags)) in posts.iter().enumerate() {
        let at = idx as i64 * 3;
        trending.observe(at, *author, tags.iter().map(String::as_str), 1_000);
        if every == 1 {
            black_box(trending.n_distinct(at));
        } else if idx % every == 0 {
            black_box(trending.top(at, 10));
        }
    }
    (cpu::nanos() - start) as f64 / 1e9
}

/// As many posts with the hashtags of these texts, again and again in the same order.
fn posts_with(texts: &str) -> Vec<(u32, Vec<String>)> {
    let tags = |(idx, text)| {
        let tags = wire::tag::hashtags(text).map(|tag| tag.text.to_owned());
        (idx as u32 % 20_000, tags.collect())
    };
    let texts = texts.lines().cycle().take(N_POSTS);
    texts.enumerate().map(tags).collect()
}

/// 300,000 posts in 15 minutes with one to five tags each, a few tags being much more frequent than the rest:
/// the same as in `benches/tags.rs`.
fn made_up_posts(n_distinct: u64) -> Vec<(u32, Vec<String>)> {
    let mut random = 7_u64;
    let mut below = |n: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % n
    };
    let mut post = |_| {
        let n_tags = 1 + below(5);
        let mut tag = |_| format!("Tag{}", below(n_distinct) * below(n_distinct) / n_distinct);
        let tags = (0..n_tags).map(&mut tag).collect();
        (below(20_000) as u32, tags)
    };
    (0..N_POSTS).map(&mut post).collect()
}
