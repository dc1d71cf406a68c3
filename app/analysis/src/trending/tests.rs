//! Small cases by hand, and random ones against counting everything anew.

use proptest::prelude::*;
use wire::tag::fold;

use super::*;
use crate::voices::Voices;

#[derive(Clone, Debug)]
struct Seen {
    at: Millis,
    author: u32,
    tags: Vec<String>,
    compound: i16,
}

fn post(at: Millis, author: u32, tags: &[&str]) -> Seen {
    Seen {
        at,
        author,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        compound: 0,
    }
}

fn observe(trending: &mut Trending, post: &Seen) {
    trending.observe(
        post.at,
        post.author,
        post.tags.iter().map(String::as_str),
        post.compound,
    );
}

fn trending_of(window: Millis, by: CountBy, posts: &[Seen]) -> Trending {
    let mut trending = Trending::new(window, by);
    posts.iter().for_each(|post| observe(&mut trending, post));
    trending
}

#[track_caller]
fn check_top(trending: &mut Trending, until: Millis, expected: &[(&str, u64)]) {
    let rows = trending.top(until, 10);
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.tag.as_str(), row.count))
        .collect();

    assert_eq!(found, expected, "until {until}");
}

/// Everything counted anew, the slow and plain way.
fn brute_force(
    posts: &[Seen],
    by: CountBy,
    window: Millis,
    until: Millis,
    k: usize,
) -> Vec<TrendingRow> {
    let mut sorted: Vec<&Seen> = posts.iter().collect();
    sorted.sort_by_key(|post| post.at);
    let in_window = |post: &&&Seen, end: Millis| end - window < post.at && post.at <= end;
    let mut rows: Vec<(String, TrendingRow)> = Vec::new();
    for post in sorted.iter().filter(|post| in_window(post, until)) {
        for tag in &post.tags {
            let folded = fold(tag).into_owned();
            if !rows.iter().any(|(other, _)| *other == folded) {
                rows.push((folded, TrendingRow::default()));
            }
        }
    }
    let spelling_in =
        |post: &Seen, folded: &str| post.tags.iter().find(|tag| fold(tag) == folded).cloned();
    for (folded, row) in &mut rows {
        let count = |end: Millis| {
            let with = sorted
                .iter()
                .filter(|post| in_window(post, end) && spelling_in(post, folded).is_some());
            let mut authors: Vec<u32> = with.map(|post| post.author).collect();
            if by == CountBy::Authors {
                authors.sort_unstable();
                authors.dedup();
            }
            authors.len() as u64
        };
        let mut spellings: Vec<(String, u64)> = Vec::new();
        let mut voices = Voices::default();
        for post in sorted.iter().filter(|post| in_window(post, until)) {
            let Some(spelling) = spelling_in(post, folded) else {
                continue;
            };
            match spellings.iter_mut().find(|(other, _)| *other == spelling) {
                Some((_, n)) => *n += 1,
                None => spellings.push((spelling, 1)),
            }
            row.positive += u64::from(post.compound >= 500);
            row.negative += u64::from(post.compound <= -500);
            row.neutral += u64::from((-499..500).contains(&post.compound));
            row.compound_sum += i64::from(post.compound);
            if post.author > 0 {
                voices.add(post.author.into());
            }
        }
        (row.authors, row.voices) = (voices.n_authors(), voices.effective());
        let most = spellings.iter().map(|(_, n)| *n).max().unwrap();
        row.tag = spellings
            .iter()
            .find(|(_, n)| *n == most)
            .unwrap()
            .0
            .clone();
        row.count = count(until);
        row.previous = count(until - window);
    }
    // Rows were made in order of first sight, and the sort is stable.
    rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.count));
    rows.into_iter().map(|(_, row)| row).take(k).collect()
}

/// Bursts of the top rows against counting the background anew.
fn check_bursts(trending: &mut Trending, posts: &[Seen], window: Millis, until: Millis) {
    let start = until - window;
    let uses = |from: Millis, to: Millis| {
        let within = posts
            .iter()
            .filter(move |post| from < post.at && post.at <= to);
        within.flat_map(|post| {
            let mut tags: Vec<String> =
                post.tags.iter().map(|tag| fold(tag).into_owned()).collect();
            tags.sort_unstable();
            tags.dedup();
            tags
        })
    };
    let n_window = uses(start, until).count() as u64;
    let n_background = uses(start - BACKGROUND, start).count() as u64;
    for (row, found) in trending.top_with_bursts(until, 20) {
        let tag = fold(&row.tag).into_owned();
        let background = uses(start - BACKGROUND, start)
            .filter(|other| *other == tag)
            .count() as u64;

        assert_eq!(
            found,
            burst(row.count, background, n_window, n_background),
            "{row:?}"
        );
    }
}

#[test]
fn a_burst_is_what_is_unusual_and_not_what_is_popular() {
    let mut posts: Vec<Seen> = (0..2_000)
        .map(|n| post(n * 43_000, n as u32, &["popular"]))
        .collect();
    let end = 2_000 * 43_000;
    posts.extend((0..40).map(|n| post(end + n * 10, n as u32, &["popular"])));
    posts.extend((0..12).map(|n| post(end + 400 + n, n as u32, &["new"])));
    posts.extend((0..4).map(|n| post(end + 500 + n, n as u32, &["rare"])));
    let mut trending = trending_of(1_000, CountBy::Posts, &posts);

    assert_eq!(trending.top(end + 900, 1)[0].tag, "popular");
    let bursts = trending.top_bursts(end + 900, 10);
    assert_eq!(
        bursts
            .iter()
            .map(|(row, _)| row.tag.as_str())
            .collect::<Vec<_>>(),
        ["new"]
    );
    assert!(bursts[0].1.score > 5.0, "{bursts:?}");
    assert!(trending.top_bursts(end + 10_000, 10).is_empty());
}

#[test]
fn the_window_is_open_at_its_start_and_closed_at_its_end() {
    let mut trending = trending_of(
        10,
        CountBy::Posts,
        &[post(0, 1, &["a"]), post(10, 1, &["b"])],
    );

    check_top(&mut trending, -1, &[]);
    check_top(&mut trending, 0, &[("a", 1)]);
    check_top(&mut trending, 9, &[("a", 1)]);
    check_top(&mut trending, 10, &[("b", 1)]);
}

#[test]
fn quiet_time_empties_the_list() {
    let mut trending = trending_of(10, CountBy::Posts, &[post(0, 1, &["a"])]);

    check_top(&mut trending, 5, &[("a", 1)]);
    check_top(&mut trending, 1_000, &[]);
    assert_eq!(
        (trending.n_posts(1_000), trending.n_distinct(1_000)),
        (0, 0)
    );
}

#[test]
fn a_tag_counts_once_per_post_whatever_its_case() {
    let mut trending = trending_of(
        10,
        CountBy::Posts,
        &[post(1, 1, &["BTC", "btc", "Btc", "BTC"])],
    );

    check_top(&mut trending, 1, &[("BTC", 1)]);
    assert_eq!(trending.counted.names.n_kept(), (1, 1));
}

#[test]
fn the_most_frequent_spelling_in_the_window_is_shown() {
    let posts = [
        post(1, 1, &["btc"]),
        post(2, 1, &["btc"]),
        post(3, 1, &["BTC"]),
        post(4, 1, &["Btc"]),
    ];
    let mut trending = trending_of(10, CountBy::Posts, &posts);

    check_top(&mut trending, 4, &[("btc", 4)]);
    check_top(&mut trending, 11, &[("btc", 3)]);
    check_top(&mut trending, 12, &[("BTC", 2)]);
}

#[test]
fn equal_counts_are_ordered_by_first_sight_in_the_window() {
    let posts = [
        post(1, 1, &["z"]),
        post(2, 1, &["b", "a"]),
        post(3, 1, &["c"]),
        post(20, 1, &["a", "z"]),
    ];
    let mut trending = trending_of(10, CountBy::Posts, &posts);

    check_top(&mut trending, 3, &[("z", 1), ("b", 1), ("a", 1), ("c", 1)]);
    assert_eq!(
        trending
            .top(3, 2)
            .iter()
            .map(|row| row.tag.as_str())
            .collect::<Vec<_>>(),
        ["z", "b"]
    );
    check_top(&mut trending, 20, &[("a", 1), ("z", 1)]);
}

#[test]
fn authors_are_counted_once() {
    let posts = [
        post(1, 7, &["a"]),
        post(2, 7, &["a"]),
        post(3, 8, &["a"]),
        post(4, 7, &["b"]),
    ];
    let mut trending = trending_of(10, CountBy::Authors, &posts);

    check_top(&mut trending, 4, &[("a", 2), ("b", 1)]);
    check_top(&mut trending, 11, &[("a", 2), ("b", 1)]);
    check_top(&mut trending, 12, &[("a", 1), ("b", 1)]);
    trending.set_by(CountBy::Posts);
    check_top(&mut trending, 4, &[("a", 3), ("b", 1)]);
}

#[test]
fn one_busy_author_is_one_voice_and_nobody_is_none() {
    let posts = [
        post(1, 7, &["loud", "both"]),
        post(2, 7, &["loud", "both"]),
        post(3, 7, &["loud", "both"]),
        post(4, 8, &["both", "last"]),
        post(5, 0, &["last", "none"]),
    ];
    let mut trending = trending_of(10, CountBy::Posts, &posts);
    let mut voices = |until| -> Vec<(String, u64, i64)> {
        let rows = trending.top(until, 10).into_iter();
        let rounded = |voices: f64| (voices * 1e4).round() as i64;
        rows.map(|row| (row.tag, row.authors, rounded(row.voices)))
            .collect()
    };
    let row = |tag: &str, n, voices| (tag.to_owned(), n, voices);

    // exp(−¾ ln ¾ − ¼ ln ¼) = 1.7548
    assert_eq!(
        voices(5),
        [
            row("both", 2, 17_548),
            row("loud", 1, 10_000),
            row("last", 1, 10_000),
            row("none", 0, 0)
        ]
    );
    assert_eq!(
        voices(12),
        [
            row("both", 2, 20_000),
            row("last", 1, 10_000),
            row("loud", 1, 10_000),
            row("none", 0, 0)
        ]
    );
}

#[test]
fn authors_are_known_of_more_tags_than_are_counted_along() {
    let tag = |n: i64| format!("tag{n}");
    let posts: Vec<Seen> = (0..3_000)
        .map(|at| post(at, 1 + at as u32 % 7, &[&tag(at % 300)]))
        .collect();
    let mut trending = trending_of(1_000, CountBy::Posts, &posts);

    for until in [900, 1_500, 1_501, 2_999, 700] {
        let found = trending.top(until, 300);

        assert_eq!(
            found,
            brute_force(&posts, CountBy::Posts, 1_000, until, 300)
        );
    }
}

#[test]
fn a_late_post_counts_where_it_belongs() {
    let mut trending = trending_of(
        10,
        CountBy::Posts,
        &[post(1, 1, &["a"]), post(30, 1, &["b"])],
    );
    check_top(&mut trending, 30, &[("b", 1)]);

    observe(&mut trending, &post(25, 1, &["a"]));
    observe(&mut trending, &post(2, 1, &["b"]));

    check_top(&mut trending, 30, &[("a", 1), ("b", 1)]);
    check_top(&mut trending, 5, &[("a", 1), ("b", 1)]);
    assert_eq!(trending.n_posts(30), 2);
}

#[test]
fn the_window_before_is_counted_too() {
    let posts = [
        post(1, 1, &["a"]),
        post(2, 1, &["a"]),
        post(3, 1, &["a"]),
        post(12, 1, &["a"]),
    ];
    let mut trending = trending_of(10, CountBy::Posts, &posts);

    let row = trending.top(12, 1).remove(0);

    assert_eq!((row.count, row.previous), (2, 2));
}

#[test]
fn posts_without_hashtags_are_posts_too() {
    let mut trending = trending_of(
        10,
        CountBy::Posts,
        &[post(1, 1, &[]), post(2, 1, &["a"]), post(2, 2, &[])],
    );

    assert_eq!((trending.n_posts(2), trending.n_distinct(2)), (3, 1));
}

#[test]
fn what_is_too_old_is_forgotten_and_its_memory_used_again() {
    let mut trending = Trending::new(10, CountBy::Authors).keep_for(20);
    for at in 0..1_000 {
        let tag = format!("tag{at}");
        trending.observe(at, at as u32, ["Same", tag.as_str()], 0);
        assert_eq!(trending.top(at, 1)[0].tag, "Same");
    }
    trending.observe(500, 1, ["tooold"], 0);

    assert!(trending.log.len() <= 40 && trending.posts.len() <= 20 && trending.late.is_empty());
    assert_eq!(trending.counted.names.n_kept(), (21, 21));
    assert!(
        trending.counted.ranks.n_places() <= 22,
        "{}",
        trending.counted.ranks.n_places()
    );
    assert!(trending.counted.authors.len() <= 40);
    check_top(&mut trending, 500, &[]);
}

fn posts(ordered: bool) -> impl Strategy<Value = Vec<Seen>> {
    let tag = prop::sample::select(vec!["a", "A", "b", "B", "c", "d", "e", "É", "é", "ß"])
        .prop_map(str::to_owned);
    let compound = prop::sample::select(vec![-10_000_i16, -500, -499, 0, 499, 500, 9_999]);
    let post = (
        0..60_i64,
        0..4_u32,
        prop::collection::vec(tag, 0..4),
        compound,
    )
        .prop_map(|(at, author, tags, compound)| Seen {
            at,
            author,
            tags,
            compound,
        });
    prop::collection::vec(post, 0..50).prop_map(move |mut posts| {
        if ordered {
            posts.sort_by_key(|post| post.at);
        }
        posts
    })
}

fn by() -> impl Strategy<Value = CountBy> {
    prop::sample::select(vec![CountBy::Posts, CountBy::Authors])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_window_equals_counting_anew(posts in posts(false), by in by(), window in 1..40_i64,
        reads in prop::collection::vec((0..50_usize, -5..80_i64, 0..8_usize), 1..12)) {
        let mut trending = Trending::new(window, by);
        let mut n_seen = 0;
        let mut reads = reads;
        reads.sort_by_key(|(after, ..)| *after);
        for (after, until, k) in reads {
            for post in posts.iter().take(after).skip(n_seen) {
                observe(&mut trending, post);
            }
            n_seen = n_seen.max(after.min(posts.len()));
            let seen = &posts[..n_seen];

            prop_assert_eq!(trending.top(until, k), brute_force(seen, by, window, until, k));
            let all = brute_force(seen, by, window, until, usize::MAX);
            prop_assert_eq!(trending.n_distinct(until), all.len() as u64);
            check_bursts(&mut trending, seen, window, until);
            let n_posts = seen.iter().filter(|post| until - window < post.at && post.at <= until).count();
            prop_assert_eq!(trending.n_posts(until), n_posts as u64);
        }
    }

    #[test]
    fn changing_the_window_or_what_is_counted_equals_starting_with_it(posts in posts(true),
        changes in prop::collection::vec((by(), 1..40_i64, -5..80_i64), 1..8)) {
        let mut trending = trending_of(5, CountBy::Posts, &posts);
        for (by, window, until) in changes {
            trending.set_by(by);
            trending.set_window(window);

            prop_assert_eq!(trending.top(until, 5), brute_force(&posts, by, window, until, 5));
        }
    }

    #[test]
    fn forgetting_equals_never_having_seen(posts in posts(false), by in by(), window in 1..15_i64,
        untils in prop::collection::vec(-5..80_i64, 1..40)) {
        let keep = 2 * window;
        let mut trending = Trending::new(window, by).keep_for(0);
        let mut newest = Millis::MIN;
        let mut kept: Vec<Seen> = Vec::new();
        for (post, until) in posts.iter().zip(untils.iter().cycle()) {
            observe(&mut trending, post);
            if post.at > newest.saturating_sub(keep) {
                kept.push(post.clone());
            }
            newest = newest.max(post.at);
            kept.retain(|post| post.at > newest.saturating_sub(keep));

            prop_assert_eq!(trending.top(*until, 5), brute_force(&kept, by, window, *until, 5));
        }
    }
}

#[test]
fn tags_of_any_length_are_told_apart() {
    let long = "x".repeat(40);
    let mut trending = trending_of(
        10,
        CountBy::Posts,
        &[post(1, 1, &[&long, "", &long[..31], &long[..32]])],
    );

    assert_eq!(trending.n_distinct(1), 4);
    assert_eq!(trending.top(1, 4)[0].tag, long);
}
