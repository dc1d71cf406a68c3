//! How much CPU time the sliding window takes: updates per second of this thread's own time, best of several
//! rounds, which a busy machine disturbs less than wall time. The window is moved on and read after every post,
//! and, as an engine does that draws four frames a second, after every 83 posts. Run by hand.
//!
//! ```text
//! trending_speed [ROUNDS]
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its arguments and the thread's clock, and prints"
)]

#[path = "common/cpu.rs"]
mod cpu;

use std::hint::black_box;

use analysis::protocol::CountBy;
use analysis::trending::Trending;

const WINDOW: i64 = 300_000;

fn main() {
    let rounds: u32 = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(5);
    for by in [CountBy::Posts, CountBy::Authors] {
        for n_distinct in [1_000, 10_000, 100_000] {
            let posts = made_up_posts(n_distinct);
            let n_updates: usize = posts.iter().map(|(_, tags)| tags.len()).sum();
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

fn secs_of(posts: &[(u64, Vec<String>)], by: CountBy, every: usize) -> f64 {
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

/// 300,000 posts in 15 minutes with one to five tags each, a few tags being much more frequent than the rest:
/// the same as in `benches/tags.rs`.
fn made_up_posts(n_distinct: u64) -> Vec<(u64, Vec<String>)> {
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
        (below(20_000), tags)
    };
    (0..300_000).map(&mut post).collect()
}
