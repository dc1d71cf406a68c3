//! How much CPU time the sliding window takes: updates per second of this thread's own time, best of several
//! rounds, which a busy machine disturbs less than wall time. Linux only; run by hand.
//!
//! ```text
//! trending_speed [ROUNDS]
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program reads its arguments and the thread's clock, and prints"
)]

use std::hint::black_box;

use analysis::protocol::CountBy;
use analysis::trending::Trending;

const WINDOW: i64 = 300_000;

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(5);
    for by in [CountBy::Posts, CountBy::Authors] {
        for n_distinct in [1_000, 10_000, 100_000] {
            let posts = made_up_posts(n_distinct);
            let n_updates: usize = posts.iter().map(|(_, tags)| tags.len()).sum();
            let mut best = f64::INFINITY;
            for _ in 0..rounds {
                let mut trending = Trending::new(WINDOW, by).keep_for(2 * WINDOW);
                let start = cpu_secs();
                for (idx, (author, tags)) in posts.iter().enumerate() {
                    let at = idx as i64 * 3;
                    trending.observe(at, *author, tags.iter().map(String::as_str), 1_000);
                    black_box(trending.n_distinct(at));
                }
                best = best.min(cpu_secs() - start);
            }
            println!(
                "{by:?}, {n_distinct} tags: {:.2} M updates/s",
                n_updates as f64 / best / 1e6
            );
        }
    }
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

/// CPU time of this thread, in seconds.
fn cpu_secs() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanos.unwrap_or(f64::NAN) / 1e9
}
