//! What the further panels show: counts that agree with the posts, and statistics that find what was put there.

use analysis::{
    Engine,
    protocol::{
        LeaderChoice, LeaderSort, LiveWindow, Pair, Panel, PanelChoices, RangeChoice, Rank,
        RollingChoice, Wanted, Watch,
    },
    series::{
        calendar::Level,
        quality::{Check, Outcome},
    },
    view::{PanelViews, Range},
};
use wire::{
    Bar, Body, Delete, Event, Millis, Post, PublicConfig, SourceState, SourceStatus, Tip, tag,
    time::{DAY, HOUR, MINUTE, SECOND},
};

/// 1 January 2014, 00:00 UTC.
const NEW_YEAR: Millis = 1_388_534_400_000;

fn post(id: u32, at: Millis, text: &str) -> Event {
    let post = Post {
        id: id.to_string(),
        source: "social".into(),
        author: format!("{:016x}", id % 7 + 1),
        text: text.into(),
        hashtags: tag::hashtags(text).map(|tag| tag.text.to_owned()).collect(),
        cashtags: tag::cashtags(text)
            .map(|tag| tag.text.to_uppercase())
            .collect(),
        ..Post::default()
    };
    Event::live(at, at + 500, Body::Post(Box::new(post)))
}

fn bar(ticker: &str, open_at: Millis, close: f64) -> Event {
    let bar = Bar {
        ticker: ticker.into(),
        currency: "USD".into(),
        source: "prices".into(),
        open_at,
        width: HOUR,
        open: close,
        high: close * 1.01,
        low: close * 0.99,
        close,
        volume: Some(10.0),
        market_cap: None,
    };
    Event::live(bar.close_at(), bar.close_at(), Body::Bar(bar))
}

/// The views of every further panel.
fn views(events: &[Event], panels: PanelChoices, range: RangeChoice) -> PanelViews {
    let mut engine = Engine::new(&PublicConfig::default());
    for event in events {
        engine.apply(event);
    }
    engine.judge(usize::MAX);
    engine.watch(Watch {
        ticker: Some("BTC".into()),
        range,
        panels,
        wanted: Wanted::ALL,
        ..Watch::default()
    });
    engine.frame(engine.now().unwrap_or_default()).panels
}

/// `n` of a list that goes on for ever in the same way.
fn noise(n: usize) -> impl Iterator<Item = f64> {
    let mut state: u64 = 88_172_645_463_325_252;
    (0..n).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    })
}

#[test]
fn tickers_are_sorted_by_mentions_or_by_a_share_that_enough_posts_stand_behind() {
    let texts = [
        ("love great happy $ETH", 6),
        ("awful terrible $ETH", 1),
        ("love great happy $ONE", 1),
        ("a table of $BTC", 9),
    ];
    let all = texts
        .iter()
        .flat_map(|(text, n)| (0..*n).map(move |_| *text));
    let events: Vec<Event> = (0..)
        .zip(all)
        .map(|(id, text)| post(id, NEW_YEAR + Millis::from(id) * MINUTE, text))
        .collect();
    let of = |sort| {
        let leaders = LeaderChoice {
            level: None,
            sort,
            n: 15,
        };
        let panels = PanelChoices {
            leaders,
            ..PanelChoices::default()
        };
        let view = views(&events, panels, RangeChoice::All).leaders.unwrap();
        let symbols: Vec<String> = view.rows.iter().map(|row| row.symbol.clone()).collect();
        (symbols, view.n_tickers, view.n_unranked)
    };

    assert_eq!(
        of(LeaderSort::Mentions),
        (vec!["BTC".into(), "ETH".into(), "ONE".into()], 3, 0)
    );
    assert_eq!(
        of(LeaderSort::Positive),
        (vec!["ETH".into(), "BTC".into()], 3, 1)
    );
    assert_eq!(
        of(LeaderSort::Neutral),
        (vec!["BTC".into(), "ETH".into()], 3, 1)
    );
}

#[test]
fn a_january_leads_against_december_with_the_ranks_of_both() {
    let mut events: Vec<Event> = (0..4).map(|id| post(id, NEW_YEAR - DAY, "$ETH")).collect();
    events.push(post(10, NEW_YEAR - DAY, "$BTC"));
    events.extend((20..23).map(|id| post(id, NEW_YEAR + DAY, "$BTC")));
    events.push(post(30, NEW_YEAR + DAY, "$ETH"));
    let leaders = LeaderChoice {
        level: Some(Level::Month),
        ..LeaderChoice::default()
    };

    let panels = PanelChoices {
        leaders,
        ..PanelChoices::default()
    };
    let view = views(&events, panels, RangeChoice::All).leaders.unwrap();

    assert_eq!(view.period.from, NEW_YEAR);
    assert_eq!(view.before.map(|before| before.to), Some(NEW_YEAR));
    let rows: Vec<_> = view
        .rows
        .iter()
        .map(|row| {
            (
                row.symbol.as_str(),
                row.counts.posts,
                row.n_before,
                row.rank_before,
            )
        })
        .collect();
    assert_eq!(rows, [("BTC", 3, 1, Some(2)), ("ETH", 1, 4, Some(1))]);
}

#[test]
fn cells_add_up_to_the_posts_and_silence_is_a_zero_only_where_somebody_listened() {
    let status = |at, state| {
        let status = SourceStatus {
            source: "social".into(),
            state,
            ..SourceStatus::default()
        };
        Event::live(at, at, Body::Status(status))
    };
    let at = |hours: Millis| NEW_YEAR + hours * HOUR + MINUTE;
    let events = [
        status(NEW_YEAR, SourceState::Connected),
        post(1, at(0), "love $BTC"),
        post(2, at(0), "awful $BTC"),
        post(3, at(2), "a table $ETH"),
        status(NEW_YEAR + 3 * HOUR, SourceState::Disconnected),
        status(NEW_YEAR + 5 * HOUR, SourceState::Connected),
        post(4, at(5), "love $ETH"),
    ];
    let panels = PanelChoices {
        second: Some("ETH".into()),
        ..PanelChoices::default()
    };

    let views = views(&events, panels, RangeChoice::All);

    let hours = views.hours.unwrap();
    assert_eq!(hours.n, 4);
    assert_eq!(
        hours.cells,
        [
            Some([1, 0, 1]),
            Some([0; 3]),
            Some([0, 1, 0]),
            None,
            None,
            Some([1, 0, 0])
        ]
    );
    assert_eq!(hours.edges.len(), 7);
    let trends = views.trends.unwrap();
    let second = trends.second.unwrap();
    assert_eq!(
        (trends.first.n, second.n, second.subject.as_str()),
        (2, 2, "ETH")
    );
    assert_eq!(trends.first.edges, second.edges);
}

#[test]
fn the_live_chart_has_every_cell_of_its_window() {
    let events: Vec<Event> = (0..20)
        .map(|id| post(id, NEW_YEAR + Millis::from(id) * 7 * SECOND, "love"))
        .collect();
    let panels = PanelChoices {
        live_window: LiveWindow(MINUTE),
        ..PanelChoices::default()
    };

    let view = views(&events, panels, RangeChoice::All).live.unwrap();

    assert_eq!((view.cells.len(), view.edges.len()), (12, 13));
    let n: u32 = view.cells.iter().flatten().flatten().sum();
    let is_in = |event: &&Event| (view.range.from..view.range.to).contains(&event.at);
    assert_eq!(
        (u64::from(n), events.iter().filter(is_in).count()),
        (view.n, 9)
    );
}

/// Ten days of hourly bars and posts; moods say the next hour's return, and posts come in bursts before it falls.
fn telling_days() -> Vec<Event> {
    let n = 240;
    let returns: Vec<f64> = noise(n).map(|r| 0.02 * r).collect();
    let mut events = Vec::new();
    let (mut price, mut other, mut id) = (100.0, 50.0, 0);
    for (hour, own) in (0..).zip(&returns) {
        let open_at = NEW_YEAR + hour * HOUR;
        let is_burst = [100, 140, 180, 220].contains(&hour);
        let after_burst = [101, 141, 181, 221].contains(&hour);
        price *= 1.0 + own - if after_burst { 0.05 } else { 0.0 };
        other *= 1.0 + 0.001 * own;
        events.push(bar("BTC", open_at, price));
        events.push(bar("ETH", open_at, other));
        let says = match returns.get(hour as usize + 1) {
            Some(next) if *next > 0.0 => "love great happy $BTC",
            _ => "awful terrible sad $BTC",
        };
        let n_posts = 4 + (hour * 7 % 3) + if is_burst { 60 } else { 0 };
        for k in 0..n_posts {
            id += 1;
            let text = if is_burst {
                format!(
                    "{says} panic in every street and every bank of the country today, number {id}"
                )
            } else {
                format!("{says} {id}")
            };
            events.push(post(id, open_at + k * MINUTE / 2, &text));
        }
    }
    events
}

#[test]
fn returns_after_bursts_of_posts_are_found_and_told_from_placebos() {
    let view = views(&telling_days(), PanelChoices::default(), RangeChoice::All)
        .events
        .unwrap();

    assert_eq!(view.why_none, None);
    let hours: Vec<i64> = view
        .events
        .iter()
        .map(|end| (end - NEW_YEAR) / HOUR - 1)
        .collect();
    assert_eq!(hours, [100, 140, 180, 220]);
    assert_eq!(view.market, ["ETH"]);
    let at_event = view.offsets.iter().position(|offset| *offset == 0).unwrap();
    let fall = view.cumulative[at_event + 1] - view.cumulative[at_event];
    assert!((-0.07..-0.03).contains(&fall), "{fall}");
    assert_eq!(view.band.len(), view.offsets.len());
    assert!(
        view.p_placebo.is_some_and(|p| p < 0.2),
        "{:?}",
        view.p_placebo
    );
}

#[test]
fn a_rolling_correlation_has_its_n_and_no_value_before_its_first_window() {
    let of = |pair, rank| {
        let rolling = RollingChoice {
            pair,
            rank,
            places: 48,
        };
        let panels = PanelChoices {
            rolling,
            ..PanelChoices::default()
        };
        views(&telling_days(), panels, RangeChoice::All)
            .rolling
            .unwrap()
    };

    let view = of(Pair::SentimentReturn, Rank::Values);
    let ranks = of(Pair::PostsMove, Rank::Ranks);

    let whole = view.whole.unwrap();
    assert_eq!(
        (whole.n, view.ends.len(), view.values.len()),
        (239, 240, 240)
    );
    assert!(
        whole.value.abs() < 0.2 && whole.n_effective <= 239.0,
        "{whole:?}"
    );
    assert!(view.values[..24].iter().all(Option::is_none) && view.values[60].is_some());
    assert!((0.25..0.30).contains(&view.limit), "{}", view.limit);
    // Posts jump an hour before prices do, not with them.
    assert!(ranks.whole.is_some_and(|whole| whole.value.abs() < 0.3));
    assert_eq!(
        views(&[], PanelChoices::default(), RangeChoice::All)
            .rolling
            .unwrap()
            .whole,
        None
    );
}

#[test]
fn a_lead_stands_out_of_shifted_series_and_other_prices_do_not_matter() {
    let view = views(&telling_days(), PanelChoices::default(), RangeChoice::All)
        .placebo
        .unwrap();

    assert_eq!((view.n, view.n_as_large), (99, 0));
    assert!(view.limit.is_some_and(|limit| limit < 0.5));
    assert_eq!(
        view.others
            .iter()
            .map(|(symbol, ..)| symbol.as_str())
            .collect::<Vec<_>>(),
        ["ETH"]
    );
}

#[test]
fn months_hold_the_extremes_of_bars_beside_posts() {
    let events = [
        bar("BTC", NEW_YEAR - 2 * HOUR, 100.0),
        bar("BTC", NEW_YEAR - HOUR, 110.0),
        bar("BTC", NEW_YEAR, 90.0),
        post(1, NEW_YEAR - DAY, "love $BTC"),
        post(2, NEW_YEAR + DAY, "awful $BTC"),
        post(3, NEW_YEAR + 40 * DAY, "a table $BTC"),
    ];

    let view = views(&events, PanelChoices::default(), RangeChoice::All)
        .months
        .unwrap();

    let rows: Vec<_> = view
        .rows
        .iter()
        .map(|row| (row.n_bars, row.counts.posts, row.price))
        .collect();
    assert_eq!(
        rows,
        [
            (2, 1, Some((99.0, 110.0 * 1.01))),
            (1, 1, Some((90.0 * 0.99, 90.0 * 1.01))),
            (0, 1, None)
        ]
    );
    assert!(
        (view.rows[0].change.unwrap() - 1.1_f64.ln()).abs() < 1e-12
            && view.rows[1].change.is_none()
    );
    assert_eq!(
        (view.rows[1].start, view.rows[1].volume),
        (NEW_YEAR, Some((10.0, 10.0)))
    );
}

#[test]
fn checks_name_what_is_missing_and_what_the_relay_left_out() {
    let mut no_author = post(1, NEW_YEAR, "nobody");
    if let Body::Post(post) = &mut no_author.body {
        post.author.clear();
    }
    let dropped = [("language", 30), ("duplicate", 5), ("bad_json", 4)];
    let status = SourceStatus {
        source: "social".into(),
        received: 40,
        kept: 2,
        dropped: dropped
            .into_iter()
            .map(|(why, n)| (why.to_owned(), n))
            .collect(),
        ..SourceStatus::default()
    };
    let tip = Tip {
        now: NEW_YEAR + HOUR,
        sources: vec![status],
        ..Tip::default()
    };
    let tip = Event::live(0, 0, Body::Tip(tip));
    let events = [
        no_author,
        post(2, NEW_YEAR + HOUR, "$BTC"),
        bar("BTC", NEW_YEAR, 1.0),
        bar("BTC", NEW_YEAR + 4 * HOUR, 1.0),
        tip,
    ];

    let range = RangeChoice::Fixed {
        from: NEW_YEAR,
        to: NEW_YEAR + 6 * HOUR,
    };
    let view = views(&events, PanelChoices::default(), range)
        .quality
        .unwrap();

    let of = |check| view.lines.iter().find(|line| line.check == check).unwrap();
    assert_eq!(
        (of(Check::Balance).outcome, of(Check::Balance).count),
        (Outcome::Fail, 1)
    );
    assert_eq!(
        (
            of(Check::Filtered).count,
            of(Check::Duplicates).count,
            of(Check::Dropped).count
        ),
        (30, 5, 4)
    );
    assert_eq!(
        (of(Check::NullKeys).outcome, of(Check::Presence).outcome),
        (Outcome::Fail, Outcome::Pass)
    );
    assert_eq!(
        view.holes,
        [Range {
            from: NEW_YEAR + HOUR,
            to: NEW_YEAR + 5 * HOUR
        }]
    );
    assert_eq!(view.of_sources, [("social".to_owned(), 2)]);
}

#[test]
fn a_bucket_is_explained_by_the_words_that_are_new_in_it() {
    let bucket = Range {
        from: NEW_YEAR + 100 * HOUR,
        to: NEW_YEAR + 101 * HOUR,
    };
    let panels = PanelChoices {
        why: Some(bucket),
        ..PanelChoices::default()
    };

    let view = views(&telling_days(), panels, RangeChoice::All)
        .why
        .unwrap();

    let of = |word: &str| view.terms.iter().find(|term| term.term == word);
    assert!(of("panic").is_some_and(|term| term.n == view.n_posts && term.expected < 1.0));
    assert!(of("$btc").is_none(), "every post has it");
    assert_eq!((view.n_read, view.n_authors), (view.n_posts, 7));
    assert!(view.n_alike > 40 && view.voices > 6.9 && view.n_loudest < 12);
    assert_eq!(view.knowable_at, bucket.to + MINUTE);
}

#[test]
fn posts_are_drawn_evenly_and_the_same_for_the_same_seed() {
    let mut engine = Engine::new(&PublicConfig::default());
    for id in 0..100 {
        engine.apply(&post(id, NEW_YEAR + Millis::from(id), "a table"));
    }
    let mut draw = |seed| {
        engine.watch(Watch {
            n_posts: 20,
            panels: PanelChoices {
                random: Some(seed),
                ..PanelChoices::default()
            },
            ..Watch::default()
        });
        let rows = engine.frame(NEW_YEAR).posts.map(|view| view.rows);
        rows.unwrap_or_default()
            .iter()
            .map(|row| row.at)
            .collect::<Vec<_>>()
    };

    let first = draw(1);
    let mut times: Vec<u32> = vec![0; 100];
    for seed in 2..402 {
        for at in draw(seed) {
            times[(at - NEW_YEAR) as usize] += 1;
        }
    }

    assert_eq!((first.len(), draw(1)), (20, first));
    // 400 draws of a fifth: 80 each, with a standard deviation of 8.
    assert!(times.iter().all(|n| (44..=116).contains(n)), "{times:?}");
}

#[test]
fn a_reply_shows_what_it_answers_where_that_is_there() {
    let mut reply = post(2, NEW_YEAR + 1, "so it is");
    if let Body::Post(post) = &mut reply.body {
        post.reply_to = Some("1".to_owned());
    }
    let mut engine = Engine::new(&PublicConfig::default());
    engine.apply(&reply);
    let mut parent_of_newest = |event: Option<&Event>| {
        event.map(|event| engine.apply(event));
        engine.refresh();
        let rows = engine.frame(NEW_YEAR).posts.unwrap().rows;
        let reply = rows.into_iter().find(|row| row.at == NEW_YEAR + 1);
        reply.unwrap().parent.map(|parent| parent.text)
    };
    let delete = Delete {
        source: "social".into(),
        id: "1".into(),
    };

    assert_eq!(parent_of_newest(None), None);
    let parent = post(1, NEW_YEAR, "love this");
    assert_eq!(
        parent_of_newest(Some(&parent)).as_deref(),
        Some("love this")
    );
    let withdrawn = Event::live(0, 0, Body::Delete(delete));
    assert_eq!(parent_of_newest(Some(&withdrawn)), None);
}

#[test]
fn a_panel_out_of_sight_costs_nothing_and_gets_nothing() {
    let mut engine = Engine::new(&PublicConfig::default());
    engine.apply(&post(1, NEW_YEAR, "$BTC"));
    let watch = |wanted| Watch {
        wanted,
        ..Watch::default()
    };

    let none = engine.frame(NEW_YEAR).panels;
    engine.watch(watch(Wanted::default().with(Panel::Hours)));
    let frame = engine.frame(NEW_YEAR);

    assert_eq!(none, PanelViews::default());
    assert!(frame.panels.hours.is_some() && frame.panels.leaders.is_none());
    // What comes into sight makes nothing else again.
    assert!(frame.kpi.is_none() && frame.posts.is_none());
    let both = Wanted::default().with(Panel::Hours).with(Panel::Why);
    assert_eq!(
        both.without(Panel::Why),
        Wanted::default().with(Panel::Hours)
    );
}
