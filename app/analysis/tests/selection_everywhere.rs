//! One selection for all views: what each of them obeys is what `obeys` states, which method cards tell.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use analysis::{
    Counting, Engine,
    obeys::{Part, Shown},
    protocol::{PanelChoices, RangeChoice, Sampling, Wanted, Watch, WhyChoice},
    view::{Class, Frame, Range},
};
use wire::{
    Event, Millis, Post, PublicConfig,
    config::Topic,
    time::{HOUR, MINUTE, SECOND},
};

#[path = "fixtures/made.rs"]
mod made;

use made::{NEW_YEAR, bar_event, post_event};

const N_HOURS: i64 = 520;

/// From one crowd to the next.
const APART: i64 = 45;

/// The hour of the first crowd.
const FIRST: i64 = 35;

/// Numbers that only look random, the same each time.
struct Lots(u64);

impl Lots {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % n
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// What all posts of a crowd have in common, so that leaving them out leaves no crowd.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Crowd {
    Mixed,
    Sad,
    WithoutMoon,
    OfNoTopic,
    Foreign,
    OfOneAuthor,
    Reposted,
    OfForum,
}

const CROWDS: [Crowd; 11] = [
    Crowd::Mixed,
    Crowd::Sad,
    Crowd::WithoutMoon,
    Crowd::OfNoTopic,
    Crowd::Foreign,
    Crowd::OfOneAuthor,
    Crowd::Reposted,
    Crowd::OfForum,
    Crowd::Mixed,
    Crowd::Mixed,
    Crowd::Mixed,
];

fn post(id: usize, at: Millis, crowd: Crowd, lots: &mut Lots) -> Event {
    let mut pick = |only: Crowd, one: &'static str, of: &[&'static str]| {
        let any = lots.pick(of);
        if crowd == only { one } else { any }
    };
    let sad = "awful terrible sad";
    let mood = pick(
        Crowd::Sad,
        sad,
        &["love great happy", "a table stood here", sad],
    );
    let ticker = ["$BTC", "$BTC $ETH", "$ETH", "$BTC"][id % 4];
    let tag = pick(
        Crowd::WithoutMoon,
        "#news",
        &["#moon", "#moon", "#bank", "#news"],
    );
    let topic = pick(
        Crowd::OfNoTopic,
        "about my house",
        &["about the bank", "about my house"],
    );
    let tag = if crowd == Crowd::OfNoTopic && tag == "#bank" {
        "#news"
    } else {
        tag
    };
    let german = "und das ist nicht der Anfang, sondern nur das Ende von allem";
    let foreign = pick(Crowd::Foreign, german, &["", "", german]);
    let source = pick(Crowd::OfForum, "forum", &["social", "social", "forum"]);
    let spam = "Guaranteed profit, dm me to join telegram t.me/pump now!!!";
    let rest = lots.pick(&["", "", spam]);
    let author = 1 + lots.below(6) * lots.below(6);
    let author = if crowd == Crowd::OfOneAuthor {
        1
    } else {
        author
    };
    let is_repost = lots.below(4) == 0;
    let text = format!("{mood} {ticker} {tag} {topic} {foreign} {rest} {id}");
    let post = Post {
        id: id.to_string(),
        source: source.into(),
        author: format!("{author:016x}"),
        repost: is_repost || crowd == Crowd::Reposted,
        text,
        ..Post::default()
    };
    post_event(at, post)
}

fn bar(ticker: &str, open_at: Millis, close: f64) -> Event {
    bar_event(made::bar(ticker, open_at, close))
}

/// Three weeks of posts and prices, with a crowd every second day, and a last minute that is lively.
fn events() -> Vec<Event> {
    let mut lots = Lots(88_172_645_463_325_252);
    let mut events = Vec::new();
    let mut prices = [100.0, 50.0];
    for hour in 0..N_HOURS {
        let start = NEW_YEAR + hour * HOUR;
        let crowd = CROWDS.get((hour / APART) as usize);
        let crowd = crowd.filter(|_| hour % APART == FIRST);
        let n = crowd.map_or(4 + lots.below(4), |_| 90);
        for k in 0..n {
            let at = start + k as Millis * 30 * SECOND;
            let crowd = crowd.copied().unwrap_or(Crowd::Mixed);
            events.push(post(events.len(), at, crowd, &mut lots));
        }
        for (price, ticker) in prices.iter_mut().zip(["BTC", "ETH"]) {
            *price *= 1.0 + (lots.below(200) as f64 - 99.5) / 10_000.0;
            events.push(bar(ticker, start, *price));
        }
    }
    for second in 0..60 {
        let at = NEW_YEAR + N_HOURS * HOUR + 4 * MINUTE + second * SECOND;
        events.push(post(events.len(), at, Crowd::Mixed, &mut lots));
    }
    events
}

fn frame(events: &[Event], sampling: Sampling, change: impl FnOnce(&mut Watch)) -> Frame {
    let topic = Topic {
        name: "Banks".into(),
        keywords: vec!["bank".into()],
        ..Topic::default()
    };
    let config = PublicConfig {
        topics: vec![topic],
        ..PublicConfig::default()
    };
    let counting = Counting {
        sampling,
        ..Counting::default()
    };
    let mut engine = Engine::counting(&config, counting);
    for event in events {
        engine.apply(event);
    }
    engine.judge(usize::MAX);
    let crowd = NEW_YEAR + FIRST * HOUR;
    let mut watch = Watch {
        ticker: Some("BTC".into()),
        wanted: Wanted::ALL,
        panels: PanelChoices {
            why: Some(WhyChoice {
                bucket: Range {
                    from: crowd,
                    to: crowd + HOUR,
                },
                ticker: "BTC".into(),
            }),
            ..PanelChoices::default()
        },
        ..Watch::default()
    };
    change(&mut watch);
    engine.watch(watch);
    engine.frame(engine.now().unwrap())
}

/// What a view says of posts, without what only repeats the choice.
fn numbers(frame: &Frame, of: Shown) -> String {
    let panels = &frame.panels;
    match of {
        Shown::Kpi => {
            let view = frame.kpi.as_ref().unwrap();
            format!(
                "{:?} {} {}",
                view.counts, view.authors, view.posts_per_minute
            )
        }
        Shown::Market => {
            let view = frame.market.as_ref().unwrap();
            format!("{:?} {} {}", view.mean_compound, view.n, view.authors)
        }
        Shown::Hashtags => {
            let view = frame.hashtags.as_ref().unwrap();
            format!("{:?} {}", view.rows, view.n_posts)
        }
        Shown::Posts => {
            let view = frame.posts.as_ref().unwrap();
            let keys: Vec<u64> = view.rows.iter().map(|row| row.key).collect();
            format!("{keys:?} {}", view.n_matching)
        }
        Shown::Lag => format!("{:?}", frame.lag.as_ref().unwrap().correlation),
        Shown::Placebo => {
            let view = panels.placebo.as_ref().unwrap();
            format!("{:?} {:?}", view.limit, view.others)
        }
        Shown::Topics => {
            let view = frame.topics.as_ref().unwrap();
            let rows: Vec<_> = view
                .rows
                .iter()
                .map(|row| (row.counts, row.authors))
                .collect();
            format!("{rows:?} {:?}", view.other)
        }
        Shown::Sample => {
            let view = frame.sample.as_ref().unwrap();
            let out = [view.n_out_spam, view.n_out_language, view.n_out_author];
            let more = [view.n_out_repost, view.n_out_source, view.n_out_loudest];
            format!("{} {:?} {out:?} {more:?}", view.n_posts, view.spam)
        }
        Shown::Sources => format!("{:?}", frame.sources.as_ref().unwrap()),
        Shown::Leaders => format!("{:?}", panels.leaders.as_ref().unwrap().rows),
        Shown::Trends => {
            let view = &panels.trends.as_ref().unwrap().first;
            format!("{:?} {}", view.cells, view.n)
        }
        Shown::Hours => {
            let view = panels.hours.as_ref().unwrap();
            format!("{:?} {}", view.cells, view.n)
        }
        Shown::Live => {
            let view = panels.live.as_ref().unwrap();
            format!("{:?} {}", view.cells, view.n)
        }
        Shown::Rolling => format!("{:?}", panels.rolling.as_ref().unwrap().whole),
        Shown::Events => {
            let view = panels.events.as_ref().unwrap();
            format!("{:?} {:?}", view.events, view.cumulative)
        }
        Shown::Months => {
            let rows = &panels.months.as_ref().unwrap().rows;
            format!(
                "{:?}",
                rows.iter().map(|row| row.counts).collect::<Vec<_>>()
            )
        }
        Shown::Quality => {
            let view = panels.quality.as_ref().unwrap();
            format!("{:?} {:?}", view.lines, view.of_sources)
        }
        Shown::Why => {
            let view = panels.why.as_ref().unwrap();
            format!("{} {} {:?}", view.n_posts, view.n_authors, view.terms)
        }
    }
}

/// Frames with one part of the selection each; the sample in each of its ways.
fn narrowed(events: &[Event], part: Part) -> Vec<Frame> {
    let watched = |change: fn(&mut Watch)| vec![frame(events, Sampling::default(), change)];
    match part {
        Part::Range => watched(|watch| {
            watch.range = RangeChoice::Fixed {
                from: NEW_YEAR + 10 * HOUR,
                to: NEW_YEAR + 400 * HOUR + 17 * MINUTE,
            };
        }),
        Part::Class => watched(|watch| watch.class = Some(Class::Positive)),
        Part::Hashtag => watched(|watch| watch.hashtag = Some("moon".into())),
        Part::Tickers => watched(|watch| watch.tickers = vec!["ETH".into()]),
        Part::Topics => watched(|watch| watch.topics = vec!["Banks".into()]),
        Part::Sampling => samplings()
            .map(|sampling| frame(events, sampling, |_| {}))
            .into(),
    }
}

fn samplings() -> [Sampling; 6] {
    let all = Sampling::default;
    [
        Sampling {
            without_spam: true,
            ..all()
        },
        Sampling {
            only_english: true,
            ..all()
        },
        Sampling {
            per_author: Some(2),
            ..all()
        },
        Sampling {
            without_reposts: true,
            ..all()
        },
        Sampling {
            without_source: Some("forum".into()),
            ..all()
        },
        Sampling {
            without_loudest: Some(1),
            ..all()
        },
    ]
}

#[test]
fn each_view_obeys_every_part_of_a_selection_but_those_that_its_card_tells() {
    let events = events();
    let all = frame(&events, Sampling::default(), |_| {});

    let mut wrong = Vec::new();
    for part in Part::ALL {
        let ways = narrowed(&events, part);
        for view in Shown::ALL {
            let (left_out, why) = view.leaves_out();
            let is_left_out = left_out.contains(&part);
            let moves = |way: &Frame| numbers(way, view) != numbers(&all, view);
            let n_moving = ways.iter().filter(|way| moves(way)).count();
            // An event study marks at most 2 % of the hours, and may not mark the one crowd that a way leaves out.
            let is_right = match (is_left_out, view) {
                (true, _) => n_moving == 0 && !why.is_empty(),
                (false, Shown::Events) => n_moving > 0,
                (false, _) => n_moving == ways.len(),
            };
            if !is_right {
                let n = ways.len();
                wrong.push(format!("{view:?} by {part:?}: {n_moving} of {n} ways move"));
            }
        }
    }

    assert_eq!(wrong, [""; 0]);
}

#[test]
fn what_is_told_of_selected_posts_adds_up_in_all_views() {
    let events = events();
    let selected = frame(&events, Sampling::default(), |watch| {
        watch.class = Some(Class::Positive);
        watch.hashtag = Some("moon".into());
        watch.topics = vec!["Banks".into()];
    });
    let (panels, market) = (&selected.panels, selected.market.as_ref().unwrap());
    let sum = |cells: &[Option<[u32; 3]>], class: usize| -> u64 {
        let known = cells.iter().flatten();
        known.map(|cell| u64::from(cell[class])).sum()
    };
    let trend = &panels.trends.as_ref().unwrap().first;
    let leaders = panels.leaders.as_ref().unwrap();
    let of_btc = leaders.rows.iter().find(|row| row.symbol == "BTC").unwrap();
    let hours = panels.hours.as_ref().unwrap();
    let months = panels.months.as_ref().unwrap();

    // The chart of a ticker shows the class that was chosen; what compares classes shows all of them.
    assert_eq!(sum(&trend.cells, 0), market.n);
    assert_eq!(of_btc.counts.positive, market.n);
    assert_eq!(trend.n, of_btc.counts.posts);
    assert!(trend.n > market.n);
    assert_eq!(hours.n, selected.kpi.as_ref().unwrap().counts.posts);
    let of_months = months.rows.iter().filter_map(|row| row.counts);
    assert_eq!(of_months.map(|counts| counts.posts).sum::<u64>(), market.n);
}
