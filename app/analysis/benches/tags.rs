//! How fast tags are found in texts, and counted over a sliding window.
//!
//! The texts are tweets of `$MOODTAPE_DATA` (default: the data beside the repository) that hold a hashtag
//! or cashtag, and made-up posts rich in tags, the same everywhere.

#[path = "../examples/common/tweets.rs"]
#[allow(dead_code, reason = "all of them are wanted, with tags")]
mod shared;

use std::hint::black_box;

use analysis::protocol::CountBy;
use analysis::trending::Trending;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wire::Millis;
use wire::tag;

const N_POSTS: usize = 20_000;
const WINDOW: Millis = 300_000;

criterion_group!(benches, scanning, counting, reading);
criterion_main!(benches);

fn scanning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tags");
    group.sample_size(20);
    for (kind, texts) in [("made_up", made_up_texts()), ("tweets", tweets())] {
        if texts.is_empty() {
            eprintln!("SKIPPED tags/*/{kind}: the tweets are missing; set MOODTAPE_DATA");
            continue;
        }
        group.throughput(Throughput::Elements(texts.len() as u64));
        let n_found: usize = texts.iter().map(|text| tag::hashtags(text).count()).sum();
        assert!(n_found > texts.len() / 10, "{n_found} hashtags only");
        group.bench_function(format!("hashtags_and_cashtags/{kind}"), |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    tag::hashtags(text).for_each(|tag| _ = black_box(tag));
                    tag::cashtags(text).for_each(|tag| _ = black_box(tag));
                }
            });
        });
        group.bench_function(format!("all_four/{kind}"), |bencher| {
            bencher.iter(|| {
                texts
                    .iter()
                    .for_each(|text| tag::scan(text).for_each(|tag| _ = black_box(tag)))
            });
        });
    }
}

fn counting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trending");
    group.sample_size(10);
    for n_distinct in [1_000, 10_000, 100_000] {
        let posts = made_up_posts(n_distinct);
        let n_updates: usize = posts.iter().map(|post| post.tags.len()).sum();
        group.throughput(Throughput::Elements(n_updates as u64));
        for by in [CountBy::Posts, CountBy::Authors] {
            group.bench_function(
                format!("updates/{by:?}/{n_distinct}_tags").to_lowercase(),
                |bencher| {
                    bencher.iter_batched(
                        || Trending::new(WINDOW, by).keep_for(2 * WINDOW),
                        |mut trending| {
                            // The window moves on with every post, and is full after a third of them.
                            for post in &posts {
                                observe(&mut trending, post);
                                black_box(trending.n_distinct(post.at));
                            }
                            trending
                        },
                        BatchSize::LargeInput,
                    );
                },
            );
        }
    }
}

fn reading(criterion: &mut Criterion) {
    let posts = made_up_posts(10_000);
    let mut trending = Trending::new(WINDOW, CountBy::Posts);
    posts.iter().for_each(|post| observe(&mut trending, post));
    let until = posts.last().map_or(0, |post| post.at);
    assert!(trending.n_distinct(until) > 5_000 && trending.top(until, 10).len() == 10);

    criterion.bench_function("trending/top_10/10000_tags", |bencher| {
        bencher.iter(|| black_box(trending.top(until, 10)));
    });
}

struct Post {
    at: Millis,
    author: u32,
    tags: Vec<String>,
}

fn observe(trending: &mut Trending, post: &Post) {
    trending.observe(
        post.at,
        post.author,
        post.tags.iter().map(String::as_str),
        1_000,
    );
}

/// 300,000 posts in 15 minutes with one to five tags each, a few tags being much more frequent than the rest.
fn made_up_posts(n_distinct: u64) -> Vec<Post> {
    let mut random = XorShift(7);
    let spellings: Vec<String> = (0..n_distinct).map(|idx| format!("Tag{idx}")).collect();
    let mut post = |idx: i64| {
        let n_tags = 1 + random.below(5);
        let tags = (0..n_tags).map(|_| {
            // The product of two draws favours small numbers.
            let idx = random.below(n_distinct) * random.below(n_distinct) / n_distinct;
            spellings[idx as usize].clone()
        });
        let tags = tags.collect();
        Post {
            at: idx * 3,
            author: random.below(20_000) as u32,
            tags,
        }
    };
    (0..300_000).map(&mut post).collect()
}

/// Two hashtags, a cashtag, a mention and a link in each, among words.
fn made_up_texts() -> Vec<String> {
    const WORDS: [&str; 8] = [
        "moon",
        "dip",
        "chart",
        "so good",
        "won't",
        "📈🚀",
        "überkauft",
        "12%",
    ];
    let mut random = XorShift(7);
    let mut text = || {
        let mut word = || WORDS[random.below(8) as usize];
        let (a, b, c, d) = (word(), word(), word(), word());
        let n = random.below(1_000);
        format!("RT @user{n}: {a} #Bitcoin {b}, {c} $BTC #crypto{n} {d} https://t.co/Ab3{n}")
    };
    (0..N_POSTS).map(|_| text()).collect()
}

fn tweets() -> Vec<String> {
    shared::with_language()
        .map(|(text, _)| text)
        .filter(|text| text.contains(['#', '$']))
        .take(N_POSTS)
        .collect()
}

struct XorShift(u64);

impl XorShift {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}
