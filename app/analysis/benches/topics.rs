//! How fast topics are found and given to posts, words weighed and laid out, news searched and places looked up.

#![allow(clippy::unwrap_used, reason = "a wrong answer must not be a fast one")]

use std::hint::black_box;

use analysis::{
    news::{Article, News, NewsQuestion},
    places::{PlacedPost, Places, WORLD, World},
    stats::random::Random,
    topics::{Cleaning, Corpus, Fit, Method, Number, Options, Settings, StudiedPost, Study},
    view::Class,
    words::{Cloud, N_NEVER_DROPPED, Question, Weighing, WordBox, WordIndex, WordPost},
};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

#[path = "../examples/common/made_up_texts.rs"]
mod made_up_texts;

use made_up_texts::documents;

criterion_group!(benches, topics, words, news, places);
criterion_main!(benches);

/// Posts of a large study, as many as somebody imported once.
const N_STUDIED: u64 = 868_928;
/// Posts whose words are weighed.
const N_WEIGHED: u64 = 1_500_000;
/// Milliseconds between two of them.
const APART: i64 = 20_000;

fn topics(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("topics");
    group.sample_size(10);
    let mut corpus = Corpus::default();
    for (_, text) in documents(11_000, 6, 150, 7) {
        corpus.push(text.split_whitespace());
    }
    for (name, method, k) in [
        ("short_30_sweeps_300_topics", Method::ShortText, 300),
        ("lda_200_sweeps_10_topics", Method::Lda, 10),
    ] {
        let settings = Settings {
            method,
            number: Number::Exactly(k),
            seed: 1,
            sweeps: None,
        };
        group.bench_function(format!("{name}/11000x6"), |bencher| {
            bencher.iter_batched(
                || Fit::new(corpus.clone(), settings),
                |mut fit| {
                    while !fit.step(5_000).is_done() {}
                    assert!(fit.n_topics() >= 10);
                    fit
                },
                BatchSize::LargeInput,
            );
        });
    }
    let posts = documents(100_000, 9, 60, 3);
    group.throughput(Throughput::Elements(N_STUDIED));
    for (name, method) in [("short", Method::ShortText), ("lda", Method::Lda)] {
        group.bench_function(
            format!("{name}_10_topics_of_50000_given_to/868928"),
            |bencher| {
                bencher.iter(|| study(&posts, method));
            },
        );
    }
}

fn study(posts: &[(usize, String)], method: Method) {
    let options = Options {
        settings: Settings {
            method,
            number: Number::Exactly(10),
            seed: 1,
            sweeps: None,
        },
        n_sample: 50_000,
        as_of: None,
    };
    let mut study = Study::new(options, Cleaning::default());
    for (key, (_, text)) in (0..N_STUDIED).zip(posts.iter().cycle()) {
        let at = key as i64 * 1_000;
        study.add(StudiedPost {
            key,
            at,
            seen_at: at,
            text,
        });
    }
    while !study.step(2_000).is_done() {}
    let given = study.topics_of_posts().filter(|(_, topic)| topic.is_some());
    assert_eq!(given.count() as u64, N_STUDIED);
}

fn words(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("words");
    group.sample_size(10);
    let texts = documents(100_000, 10, 150, 3);
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("index/100000", |bencher| {
        bencher.iter(|| assert_eq!(indexed(&texts, 100_000).n_posts(), 100_000));
    });
    group.throughput(Throughput::Elements(N_WEIGHED));
    let mut index = indexed(&texts, N_WEIGHED);
    let end = N_WEIGHED as i64 * APART;
    group.bench_function("first_answer_half_against_half/1500000", |bencher| {
        bencher.iter_batched(
            || index.clone(),
            |mut index| {
                assert_eq!(
                    index.weigh(&question(end / 2, end)).n_posts as u64,
                    N_WEIGHED / 2
                );
                index
            },
            BatchSize::PerIteration,
        );
    });
    let mut shift = 0;
    group.bench_function("next_answer_ten_minutes_on/1500000", |bencher| {
        bencher.iter(|| {
            shift = (shift + 600_000) % (end / 4);
            let found = index.weigh(&question(end / 2 + shift, end));
            assert!(found.n_posts > 0 && found.n_background > 0);
        });
    });
    drop(index);
    group.throughput(Throughput::Elements(200));
    let names: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
    let boxes = boxes(&names);
    for (width, height) in [(1_200, 600), (390, 500)] {
        group.bench_function(format!("cloud_of_200/{width}x{height}"), |bencher| {
            bencher.iter(|| {
                let cloud = Cloud::default().next(black_box(&boxes), width, height);
                assert!(cloud.words().len() >= N_NEVER_DROPPED);
                cloud
            });
        });
    }
}

fn indexed(texts: &[(usize, String)], n: u64) -> WordIndex {
    let mut index = WordIndex::default();
    for (idx, (topic, text)) in (0..n as i64).zip(texts.iter().cycle()) {
        index.add(WordPost {
            at: idx * APART,
            compound: *topic as i16 * 10 - 700,
            text,
        });
    }
    index
}

fn question(from: i64, until: i64) -> Question {
    Question {
        window: (from, until),
        background: (0, from),
        by: Weighing::LogOdds,
        n_words: 200,
    }
}

/// From 48 pixels tall down to 14.
fn boxes(names: &[String]) -> Vec<WordBox<'_>> {
    let mut random = Random::new(1);
    let mut sized = Vec::new();
    for (idx, text) in (0..).zip(names) {
        let height = 48 - 34 * idx / 200;
        let width = height * (3 + random.next_bits() as u32 % 8) / 2;
        sized.push(WordBox {
            text,
            width,
            height,
        });
    }
    sized
}

fn news(criterion: &mut Criterion) {
    let mut news = News::default();
    let texts = documents(10_000, 40, 100, 5);
    for (id, (_, text)) in (0..).zip(&texts) {
        let (title, summary) = text.split_at(8 * 9);
        news.add(Article {
            id: format!("{id}"),
            title: title.into(),
            summary: summary.into(),
            first_seen_at: id,
            ..Article::default()
        });
    }
    let words: Vec<&str> = texts[0].1.split_whitespace().take(20).collect();
    criterion.bench_function("news/20_words_in/10000", |bencher| {
        bencher.iter(|| {
            let found = news.find(&NewsQuestion {
                window: (0, 10_000),
                around: 5_000,
                words: words.clone(),
                n_articles: 10,
            });
            assert_eq!(found.articles.len(), 10);
        });
    });
}

fn places(criterion: &mut Criterion) {
    let world = World::read(WORLD).unwrap();
    let mut group = criterion.benchmark_group("places");
    group.sample_size(10);
    group.bench_function("read_world", |bencher| {
        bencher.iter(|| {
            assert_eq!(
                World::read(black_box(WORLD)).unwrap().countries().len(),
                177
            )
        });
    });
    let mut random = Random::new(2);
    let posts: Vec<(f64, f64)> = (0..30_000)
        .map(|_| {
            (
                random.uniform() * 130.0 - 60.0,
                random.uniform() * 360.0 - 180.0,
            )
        })
        .collect();
    group.throughput(Throughput::Elements(30_000));
    group.bench_function("countries_and_clusters/30000", |bencher| {
        bencher.iter(|| {
            let mut places = Places::new(Some(&world));
            for lat_lon in &posts {
                places.add(&PlacedPost {
                    country: None,
                    lat_lon: Some(*lat_lon),
                    class: Class::Neutral,
                    compound: 0,
                });
            }
            assert!(places.countries().len() > 100 && places.clusters(50).len() > 1_000);
        });
    });
}
