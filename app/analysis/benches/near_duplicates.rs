//! How fast posts are compared with all before them, and judged.
//!
//! The texts are made up, the same everywhere: three in four are new, one is a copy with another number,
//! link and ticker. `examples/near_duplicates.rs` measures on real posts.

use std::hint::black_box;

use analysis::spam::{Duplicates, Limits, Memory, Spam, Template, broadcast_style};
use analysis::text::language::of_text;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use wire::{Post, tag};

const N_POSTS: u64 = 20_000;

criterion_group!(benches, judging);
criterion_main!(benches);

fn judging(criterion: &mut Criterion) {
    let posts = made_up_posts();
    let mut group = criterion.benchmark_group("spam");
    group.sample_size(10);
    group.throughput(Throughput::Elements(N_POSTS));
    group.bench_function("template", |bencher| {
        let mut template = Template::default();
        bencher.iter(|| {
            for post in &posts {
                template.read(black_box(&post.text));
            }
        });
    });
    group.bench_function("near_duplicates", |bencher| {
        bencher.iter_batched(
            || Duplicates::new(Memory::default()),
            |mut duplicates| {
                for (key, post) in posts.iter().enumerate() {
                    black_box(duplicates.observe(key as u64, key as i64, &post.text));
                }
                duplicates
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("verdict", |bencher| {
        bencher.iter_batched(
            || Spam::new(Limits::default(), Memory::default()),
            |mut spam| {
                for (key, post) in posts.iter().enumerate() {
                    black_box(spam.observe(key as u64, key as i64, key as u64 % 5_000, post));
                }
                spam
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("style", |bencher| {
        bencher.iter(|| {
            posts
                .iter()
                .for_each(|post| _ = black_box(broadcast_style(&post.text)))
        });
    });
    group.bench_function("language", |bencher| {
        bencher.iter(|| {
            posts
                .iter()
                .for_each(|post| _ = black_box(of_text(&post.text)))
        });
    });
    group.bench_function("instruments", |bencher| {
        bencher.iter(|| {
            for post in &posts {
                tag::instruments(&post.text).for_each(|one| _ = black_box(one));
            }
        });
    });
}

fn made_up_posts() -> Vec<Post> {
    const WORDS: [&str; 16] = [
        "market", "signal", "moon", "earnings", "today", "price", "support", "volume", "holding",
        "never", "breakout", "weekend", "chart", "people", "waiting", "bottom",
    ];
    let mut random = 7_u64;
    let mut below = |n: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % n
    };
    let mut bodies: Vec<String> = Vec::new();
    let mut post = |n: u64| {
        let is_copy = n > 0 && n.is_multiple_of(4);
        let body = if is_copy {
            bodies[below(bodies.len() as u64) as usize].clone()
        } else {
            let words: Vec<&str> = (0..10).map(|_| WORDS[below(16) as usize]).collect();
            bodies.push(words.join(" "));
            words.join(" ")
        };
        let cashtag = ["AAPL", "BTC", "ETH", "TSLA"][below(4) as usize];
        Post {
            text: format!("${cashtag} {body} {n} https://t.co/Ab{n}"),
            cashtags: vec![cashtag.to_owned()],
            ..Post::default()
        }
    };
    (0..N_POSTS).map(&mut post).collect()
}
