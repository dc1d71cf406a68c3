//! How many people stand behind the rows of hashtags and tickers: their authors, and the voices these amount to.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::collections::BTreeMap;

use analysis::{
    Counting, Engine,
    protocol::{LeaderChoice, PanelChoices, RangeChoice, Sampling, Wanted, Watch},
    series::calendar::Level,
    view::{Class, Frame},
};
use proptest::prelude::*;
use wire::{
    Event, Millis, Post, PublicConfig,
    time::{HOUR, MINUTE},
};

#[path = "fixtures/made.rs"]
mod made;

use made::{NEW_YEAR, post_event};

fn post(id: usize, at: Millis, author: u64, text: &str) -> Event {
    let post = Post {
        id: id.to_string(),
        source: "social".into(),
        author: format!("{author:016x}"),
        text: text.into(),
        ..Post::default()
    };
    post_event(at, post)
}

/// Posts of these texts, each by one author after the other, a minute apart.
fn posts(of: &[(&str, &[u64])]) -> Vec<Event> {
    let all = of
        .iter()
        .flat_map(|(text, authors)| authors.iter().map(move |author| (*text, *author)));
    let at = |id: usize| NEW_YEAR + id as Millis * MINUTE;
    all.enumerate()
        .map(|(id, (text, author))| post(id, at(id), author, text))
        .collect()
}

fn engine(events: &[Event], sampling: Sampling) -> Engine {
    let counting = Counting {
        sampling,
        ..Counting::default()
    };
    let mut engine = Engine::counting(&PublicConfig::default(), counting);
    for event in events {
        engine.apply(event);
    }
    engine.judge(usize::MAX);
    engine
}

fn watch() -> Watch {
    Watch {
        hashtag_window: 24 * HOUR,
        wanted: Wanted::ALL,
        ..Watch::default()
    }
}

/// What stands beside a row: its posts, their authors, and voices in thousandths.
type Beside = (u64, u64, i64);

fn rows(frame: &Frame) -> (BTreeMap<String, Beside>, BTreeMap<String, Beside>) {
    let thousandths = |voices: f64| (voices * 1_000.0).round() as i64;
    let tags = frame.hashtags.as_ref().unwrap().rows.iter();
    let tickers = frame.panels.leaders.as_ref().unwrap().rows.iter();
    (
        tags.map(|row| {
            let beside = (row.counts.posts, row.authors, thousandths(row.voices));
            (row.tag.clone(), beside)
        })
        .collect(),
        tickers
            .map(|row| {
                let beside = (row.counts.posts, row.authors, thousandths(row.voices));
                (row.symbol.clone(), beside)
            })
            .collect(),
    )
}

/// Of a hashtag and of a ticker what is told of them; they are in the same posts.
#[track_caller]
fn check(engine: &mut Engine, watch: Watch, tag: &str, symbol: &str, expected: [Beside; 2]) {
    engine.watch(watch);
    engine.refresh();
    let (tags, tickers) = rows(&engine.frame(engine.now().unwrap()));

    assert_eq!([tags[tag], tickers[symbol]], expected, "{tag}, {symbol}");
}

const EACH: [u64; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

#[test]
fn ten_posts_of_one_author_are_one_voice_and_of_ten_authors_ten() {
    let events = posts(&[
        ("a table of $ONE #one", &[7; 10]),
        ("a table of $TEN #ten", &EACH),
        ("a table of $TWO #two", &[1, 1, 1, 2]),
    ]);
    let mut engine = engine(&events, Sampling::default());

    check(&mut engine, watch(), "one", "ONE", [(10, 1, 1_000); 2]);
    check(&mut engine, watch(), "ten", "TEN", [(10, 10, 10_000); 2]);
    // exp(−¾ ln ¾ − ¼ ln ¼)
    check(&mut engine, watch(), "two", "TWO", [(4, 2, 1_755); 2]);
}

#[test]
fn voices_are_those_of_the_selected_posts() {
    let events = posts(&[
        ("love great happy $TEN #ten", &EACH),
        ("awful terrible $TEN #ten #sad", &[1; 10]),
    ]);
    let mut engine = engine(&events, Sampling::default());
    // exp of the entropy of one author with 11 of 20 posts and nine with one each.
    let all = (20, 10, 5_349);
    let (happy, sad) = ((10, 10, 10_000), (10, 1, 1_000));

    check(&mut engine, watch(), "ten", "TEN", [all; 2]);
    // The leaderboard shows all classes.
    let positive = Watch {
        class: Some(Class::Positive),
        ..watch()
    };
    check(&mut engine, positive, "ten", "TEN", [happy, all]);
    // The list of hashtags shows all of them.
    let only_sad = Watch {
        hashtag: Some("sad".into()),
        ..watch()
    };
    check(&mut engine, only_sad, "ten", "TEN", [all, sad]);
    let nobody_else = Watch {
        tickers: vec!["TEN".into()],
        ..watch()
    };
    check(&mut engine, nobody_else, "ten", "TEN", [all; 2]);
    let first_half = Watch {
        range: RangeChoice::Fixed {
            from: NEW_YEAR,
            to: NEW_YEAR + 10 * MINUTE,
        },
        ..watch()
    };
    check(&mut engine, first_half, "ten", "TEN", [happy; 2]);
}

#[test]
fn voices_are_those_of_the_posts_that_count() {
    let events = posts(&[("a table of $TEN #ten", &[1, 1, 1, 1, 1, 2])]);
    let first_of_each = Sampling {
        per_author: Some(1),
        ..Sampling::default()
    };
    let mut engine = engine(&events, first_of_each);

    check(&mut engine, watch(), "ten", "TEN", [(2, 2, 2_000); 2]);
}

#[test]
fn of_an_hour_the_leaderboard_counts_the_voices_of_that_hour() {
    let events = posts(&[
        ("a table of $TEN #ten", &[1; 60]),
        ("a table of $TEN #ten", &EACH),
    ]);
    let mut engine = engine(&events, Sampling::default());
    let of_hour = Watch {
        panels: PanelChoices {
            leaders: LeaderChoice {
                level: Some(Level::Hour),
                ..LeaderChoice::default()
            },
            ..PanelChoices::default()
        },
        hashtag_window: 10 * MINUTE,
        ..watch()
    };

    check(&mut engine, of_hour, "ten", "TEN", [(10, 10, 10_000); 2]);
}

/// The same by going through the posts: of those that `is_in`, posts, authors and voices.
fn counted_anew<'a>(posts: impl Iterator<Item = &'a Made>) -> Beside {
    let mut authors: BTreeMap<u64, f64> = BTreeMap::new();
    for post in posts {
        *authors.entry(post.author).or_default() += 1.0;
    }
    let n: f64 = authors.values().sum();
    let share_ln: f64 = authors.values().map(|k| k / n * (k / n).ln()).sum();
    let voices = ((-share_ln).exp() * 1_000.0).round() as i64;
    (n as u64, authors.len() as u64, voices)
}

#[derive(Clone, Debug)]
struct Made {
    at: Millis,
    author: u64,
    is_happy: bool,
    name: &'static str,
}

fn any_posts() -> impl Strategy<Value = Vec<Made>> {
    let name = prop::sample::select(vec!["aa", "bb", "cc"]);
    let post = (0..6 * HOUR, 1..6_u64, any::<bool>(), name);
    let post = post.prop_map(|(at, author, is_happy, name)| Made {
        at: NEW_YEAR + at,
        author,
        is_happy,
        name,
    });
    prop::collection::vec(post, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn frames_on_the_way_leave_the_voices_of_the_posts_shown(
        posts in any_posts(),
        choices in prop::collection::vec((any::<bool>(), prop::option::of(Just(Level::Hour)), 1..7i64), 1..8),
        every in 1usize..9,
    ) {
        let mut engine = engine(&[], Sampling::default());
        for (idx, made) in posts.iter().enumerate() {
            let mood = if made.is_happy { "love great happy" } else { "awful terrible sad" };
            let text = format!("{mood} #{} ${}", made.name, made.name.to_uppercase());
            engine.apply(&post(idx, made.at, made.author, &text));
            if idx % every != 0 {
                continue;
            }
            let (is_happy, level, hours) = choices[idx / every % choices.len()];
            let class = is_happy.then_some(Class::Positive);
            let leaders = LeaderChoice { level, ..LeaderChoice::default() };
            let panels = PanelChoices { leaders, ..PanelChoices::default() };
            let range = RangeChoice::Last(hours * HOUR);
            engine.watch(Watch { class, panels, range, hashtag_window: hours * HOUR, ..watch() });
            engine.refresh();

            let frame = engine.frame(engine.now().unwrap());

            let until = frame.hashtags.as_ref().unwrap().until;
            let period = frame.panels.leaders.as_ref().unwrap().period;
            let (tags, tickers) = rows(&frame);
            for (tag, beside) in tags {
                let of_tag = posts[..=idx].iter().filter(|post| post.name == tag && (post.is_happy || !is_happy));
                let in_window = |post: &&Made| until - hours * HOUR < post.at && post.at <= until;
                prop_assert_eq!(beside, counted_anew(of_tag.filter(in_window)), "{}", tag);
            }
            for (symbol, beside) in tickers {
                let of_ticker = posts[..=idx].iter().filter(|post| post.name.to_uppercase() == symbol);
                let in_period = |post: &&Made| (period.from..period.to).contains(&post.at);
                prop_assert_eq!(beside, counted_anew(of_ticker.filter(in_period)), "{}", symbol);
            }
        }
    }
}
