//! What the further panels show: counts that agree with the posts, and statistics that find what was put there.

use analysis::{
    Engine,
    protocol::{
        LeaderChoice, LeaderSort, LiveWindow, Pair, Panel, PanelChoices, RangeChoice, Rank,
        RollingChoice, Wanted, Watch, WhyChoice,
    },
    series::{
        calendar::Level,
        quality::{Check, Outcome},
    },
    view::{PanelViews, Range, StackView},
};
use wire::{
    Bar, Body, Delete, Event, Millis, PublicConfig, SourceState, SourceStatus, Tip,
    time::{DAY, HOUR, MINUTE, SECOND},
};

#[path = "fixtures/made.rs"]
mod made;

use made::{NEW_YEAR, bar_event, post};

fn bar(ticker: &str, open_at: Millis, close: f64) -> Event {
    bar_event(Bar {
        high: close * 1.01,
        low: close * 0.99,
        volume: Some(10.0),
        ..made::bar(ticker, open_at, close)
    })
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
    events.push(post(9, NEW_YEAR - 32 * DAY, "nobody"));
    events.push(post(10, NEW_YEAR - DAY, "$BTC"));
    events.extend((40..44).map(|id| post(id, NEW_YEAR - 31 * DAY, "$ETH")));
    events.push(post(45, NEW_YEAR - 31 * DAY, "$BTC"));
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
    // Of December as much as has passed of January.
    let passed = DAY + 500;
    let december = Range {
        from: NEW_YEAR - 31 * DAY,
        to: NEW_YEAR - 31 * DAY + passed,
    };
    assert_eq!(view.before, Some(december));
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
fn a_range_that_ends_with_a_close_has_no_cell_behind_it() {
    let events = [
        post(1, NEW_YEAR + MINUTE, "love $BTC"),
        bar("BTC", NEW_YEAR, 1.0),
        bar("BTC", NEW_YEAR + HOUR, 1.0),
    ];
    let leaders = LeaderChoice {
        level: Some(Level::Hour),
        ..LeaderChoice::default()
    };
    let panels = PanelChoices {
        leaders,
        ..PanelChoices::default()
    };

    let views = views(&events, panels, RangeChoice::All);

    let hours = views.hours.unwrap();
    assert_eq!((hours.cells.len(), hours.edges.len()), (2, 3));
    assert_eq!(views.leaders.unwrap().rows.len(), 1);
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

/// Fifteen days of hourly bars and posts; moods say the next hour's return, and posts come in bursts before it
/// falls by as much as is said. Another ticker moves half as much, and by itself.
fn days_with(bursts: &[i64], fall: f64) -> Vec<Event> {
    let n = 360;
    let returns: Vec<f64> = noise(n).map(|r| 0.02 * r).collect();
    let own_of_other: Vec<f64> = noise(2 * n).skip(n).map(|r| 0.01 * r).collect();
    let mut events = Vec::new();
    let (mut price, mut other, mut id) = (100.0, 50.0, 0);
    for ((hour, own), own_of_other) in (0..).zip(&returns).zip(own_of_other) {
        let open_at = NEW_YEAR + hour * HOUR;
        let is_burst = bursts.contains(&hour);
        let after_burst = bursts.contains(&(hour - 1));
        price *= 1.0 + own - if after_burst { fall } else { 0.0 };
        other *= 1.0 + 0.5 * own + own_of_other;
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

const BURSTS: [i64; 4] = [100, 170, 240, 310];

fn telling_days() -> Vec<Event> {
    days_with(&BURSTS, 0.1)
}

#[test]
fn returns_after_bursts_of_posts_are_found_and_told_from_placebos() {
    let study = |fall| {
        let events = days_with(&BURSTS, fall);
        let view = views(&events, PanelChoices::default(), RangeChoice::All);
        view.events.unwrap()
    };

    let (view, none) = (study(0.1), study(0.0));

    assert_eq!(view.why_none, None);
    let hours: Vec<i64> = view
        .events
        .iter()
        .map(|end| (end - NEW_YEAR) / HOUR - 1)
        .collect();
    assert_eq!(hours, BURSTS);
    assert_eq!(
        (view.market.clone(), view.on_closes),
        (vec!["ETH".to_owned()], false)
    );
    let at_event = view.offsets.iter().position(|offset| *offset == 0).unwrap();
    let fall = view.cumulative[at_event + 1] - view.cumulative[at_event];
    assert!((-0.12..-0.09).contains(&fall), "{fall}");
    assert_eq!(view.band.len(), view.offsets.len());
    assert!(
        view.p_placebo.is_some_and(|p| p <= 0.01),
        "{:?}",
        view.p_placebo
    );
    assert_eq!(none.events.len(), 4);
    assert!(
        none.p_placebo.is_some_and(|p| p > 0.05),
        "{:?}",
        none.p_placebo
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
        (359, 360, 360)
    );
    assert!(
        whole.value.abs() < 0.2 && whole.n_effective <= 359.0,
        "{whole:?}"
    );
    assert!(view.values[..24].iter().all(Option::is_none) && view.values[60].is_some());
    let limits: Vec<f32> = view.limits.iter().flatten().copied().collect();
    assert_eq!(limits.len(), view.values.iter().flatten().count());
    // 47 pairs in the first stretch, 48 in all others.
    assert!((limits[0] - (1.96 / 44_f32.sqrt()).tanh()).abs() < 1e-4);
    assert!((limits[9] - (1.96 / 45_f32.sqrt()).tanh()).abs() < 1e-4);
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
fn a_lead_is_none_of_what_another_price_does_by_itself() {
    let range = RangeChoice::All;

    let view = views(&days_with(&[], 0.0), PanelChoices::default(), range)
        .placebo
        .unwrap();

    let [(symbol, n, p)] = view.others.as_slice() else {
        panic!("{:?}", view.others);
    };
    assert_eq!((symbol.as_str(), *n), ("ETH", 359));
    assert!(p.is_some_and(|p| p > 0.05), "{p:?}");
    // 49 lags either way fit seven times into 360 hours: one for the series, and 19 shifts are needed.
    assert_eq!((view.n, view.n_cells, view.n_needed), (6, 360, 980));
    assert_eq!((view.p, view.limit), (None, None));
}

/// Hours of listening, an outage of 30 hours, and bars of an hour for its whole length beside bars of a day for
/// half a year before.
fn outage() -> Vec<Event> {
    let status = |at, state| {
        let status = SourceStatus {
            source: "social".into(),
            state,
            ..SourceStatus::default()
        };
        Event::live(at, at, Body::Status(status))
    };
    let mut events = vec![
        status(NEW_YEAR, SourceState::Connected),
        status(NEW_YEAR + 100 * HOUR, SourceState::Disconnected),
        status(NEW_YEAR + 130 * HOUR, SourceState::Connected),
    ];
    for day in 0..180 {
        let open_at = NEW_YEAR - (180 - day) * DAY;
        let mut daily = bar("BTC", open_at, 100.0 + day as f64 % 7.0);
        if let Body::Bar(bar) = &mut daily.body {
            bar.width = DAY;
        }
        events.push(daily);
    }
    let mut id = 0;
    for (hour, move_by) in (0..240).zip(noise(240)) {
        let open_at = NEW_YEAR + hour * HOUR;
        events.push(bar("BTC", open_at, 100.0 + move_by));
        let n_posts = if (100..130).contains(&hour) {
            0
        } else {
            5 + hour % 3
        };
        for k in 0..n_posts {
            id += 1;
            events.push(post(id, open_at + k * MINUTE, "love $BTC"));
        }
    }
    events
}

#[test]
fn an_outage_is_a_gap_in_every_panel() {
    let panels = PanelChoices {
        rolling: RollingChoice {
            pair: Pair::PostsMove,
            ..RollingChoice::default()
        },
        ..PanelChoices::default()
    };

    let views = views(&outage(), panels, RangeChoice::Last(9 * DAY));

    let rolling = views.rolling.unwrap();
    let whole = rolling.whole.unwrap();
    // Each of the hours with a change in what was heard: none into, within or out of the outage.
    let n_heard = rolling.ends.len() as u64 - 30;
    assert!(
        (n_heard - 5..n_heard).contains(&whole.n),
        "{} {n_heard}",
        whole.n
    );
    let hours = views.hours.unwrap();
    let n_unheard = hours.cells.iter().filter(|cell| cell.is_none()).count();
    assert_eq!(n_unheard, 30);
    assert_eq!(views.trends.unwrap().first.cells, hours.cells);
    let months = views.months.unwrap();
    // Half a year of days says more of the months than ten days of hours, whatever the range.
    assert_eq!((months.bar_width, months.rows.len()), (DAY, 7));
    assert!(months.rows[..6].iter().all(|row| row.counts.is_none()));
    assert!(
        months.rows[6]
            .counts
            .is_some_and(|counts| counts.posts > 1_000)
    );
    let quality = views.quality.unwrap();
    let of = |from, to| Range {
        from: NEW_YEAR + from * HOUR,
        to: NEW_YEAR + to * HOUR,
    };
    assert_eq!((quality.gaps, quality.n_holes), (vec![of(100, 130)], 0));
    // The first hours after an outage are no burst.
    assert_eq!(views.events.unwrap().n_found, 0);
}

#[test]
fn the_live_chart_knows_what_nobody_heard() {
    let of = |until: Millis| -> StackView {
        let until = NEW_YEAR + until;
        let panels = PanelChoices {
            live_window: LiveWindow(2 * HOUR),
            ..PanelChoices::default()
        };
        let is_in = |event: &Event| event.at < until;
        let events: Vec<Event> = outage().into_iter().filter(is_in).collect();
        let tip = Tip {
            now: until,
            ..Tip::default()
        };
        let mut events = events;
        events.push(Event::live(0, 0, Body::Tip(tip)));
        views(&events, panels, RangeChoice::All).live.unwrap()
    };
    let n_known = |view: &StackView| view.cells.iter().flatten().count();

    let (heard, after) = (of(99 * HOUR), of(100 * HOUR + 10 * MINUTE));

    assert_eq!((n_known(&heard), heard.cells.len()), (360, 360));
    assert_eq!((n_known(&after), after.cells.len()), (239, 360));
}

/// Eight weeks of an exchange that opens for seven hours on weekdays, and bursts of posts at noon.
#[test]
fn hours_of_an_exchange_have_events_and_no_holes() {
    let open_days = (0..56).filter(|day| !matches!((NEW_YEAR / DAY + day).rem_euclid(7), 2 | 3));
    let bursts = [8, 16, 23, 33, 41];
    let mut events = Vec::new();
    let (mut id, mut price) = (0, 100.0);
    for (place, day) in (0..).zip(open_days) {
        for (k, move_by) in (0..7).zip(noise(400).skip(7 * place)) {
            let open_at = NEW_YEAR + day * DAY + (14 + k) * HOUR;
            price *= 1.0 + 0.01 * move_by;
            events.push(bar("BTC", open_at, price));
        }
    }
    for hour in 0..56 * 24 {
        let (day, time) = (hour / 24, hour % 24);
        let is_burst = bursts.contains(&day) && time == 17;
        for k in 0..(3 + hour % 2 + if is_burst { 50 } else { 0 }) {
            id += 1;
            let at = NEW_YEAR + hour * HOUR + k * MINUTE / 2;
            events.push(post(id, at, "love $BTC"));
        }
    }

    let views = views(&events, PanelChoices::default(), RangeChoice::All);

    let study = views.events.unwrap();
    assert_eq!(study.why_none, None);
    assert!(study.on_closes && study.market.is_empty());
    let days: Vec<i64> = study
        .events
        .iter()
        .map(|end| (end - NEW_YEAR) / DAY)
        .collect();
    assert_eq!(days, [16, 23, 33, 41], "the first has too little before it");
    assert_eq!(views.quality.unwrap().n_holes, 0);
}

/// The newest view of each panel, frame by frame, as a page holds them.
fn merge(into: &mut PanelViews, views: PanelViews) {
    fn newest<V>(into: &mut Option<V>, view: Option<V>) {
        if view.is_some() {
            *into = view;
        }
    }
    newest(&mut into.leaders, views.leaders);
    newest(&mut into.trends, views.trends);
    newest(&mut into.hours, views.hours);
    newest(&mut into.live, views.live);
    newest(&mut into.rolling, views.rolling);
    newest(&mut into.events, views.events);
    newest(&mut into.months, views.months);
    newest(&mut into.quality, views.quality);
    newest(&mut into.why, views.why);
    newest(&mut into.placebo, views.placebo);
}

/// What stands behind this hour of the year.
fn hour_of(hour: Millis, ticker: &str) -> WhyChoice {
    let from = NEW_YEAR + hour * HOUR;
    WhyChoice {
        bucket: Range {
            from,
            to: from + HOUR,
        },
        ticker: ticker.into(),
    }
}

#[test]
fn frames_in_between_leave_no_panel_behind() {
    let panels = PanelChoices {
        why: Some(hour_of(100, "BTC")),
        rolling: RollingChoice {
            pair: Pair::PostsMove,
            ..RollingChoice::default()
        },
        ..PanelChoices::default()
    };
    // What comes last changes nothing of the watched ticker: others' prices, and that nobody listened.
    let is_late = |event: &Event| match &event.body {
        Body::Bar(bar) => bar.ticker == "ETH",
        _ => false,
    };
    let (late, mut events): (Vec<Event>, Vec<Event>) =
        telling_days().into_iter().partition(is_late);
    let deaf = SourceStatus {
        source: "social".into(),
        state: SourceState::Disconnected,
        ..SourceStatus::default()
    };
    let heard = SourceStatus {
        state: SourceState::Connected,
        ..deaf.clone()
    };
    let at = |hours: Millis| NEW_YEAR + hours * HOUR + HOUR / 2;
    let statuses = [
        Event::live(NEW_YEAR, NEW_YEAR, Body::Status(heard.clone())),
        Event::live(at(200), at(200), Body::Status(deaf)),
        Event::live(at(202), at(202), Body::Status(heard)),
    ];
    events.extend(late);
    events.extend(statuses);
    let whole = views(&events, panels.clone(), RangeChoice::All);

    let mut engine = Engine::new(&PublicConfig::default());
    engine.watch(Watch {
        ticker: Some("BTC".into()),
        panels,
        wanted: Wanted::ALL,
        ..Watch::default()
    });
    let mut seen = PanelViews::default();
    for some in events.chunks(events.len() / 20).chain([&[][..]]) {
        for event in some {
            engine.apply(event);
        }
        engine.judge(usize::MAX);
        merge(
            &mut seen,
            engine.frame(engine.now().unwrap_or_default()).panels,
        );
    }

    assert_eq!(seen, whole);
    assert_eq!(whole.events.unwrap().market, ["ETH"]);
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
        .map(|row| {
            (
                row.n_bars,
                row.counts.map_or(0, |counts| counts.posts),
                row.price,
            )
        })
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
    let dropped = [
        ("language", 20),
        ("off_topic", 10),
        ("duplicate", 5),
        ("bad_json", 4),
    ];
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
            to: NEW_YEAR + 4 * HOUR
        }]
    );
    assert_eq!(view.n_holes, 1);
    assert_eq!(view.of_sources, [("social".to_owned(), 2)]);
}

#[test]
fn a_bucket_is_explained_by_the_words_that_are_new_in_it() {
    let panels = PanelChoices {
        why: Some(hour_of(100, "BTC")),
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
    assert_eq!(view.knowable_at, NEW_YEAR + 101 * HOUR + MINUTE);
}

#[test]
fn without_texts_before_it_no_word_stands_out_and_an_unknown_ticker_has_no_posts() {
    let asked = |hour, ticker: &str| {
        let panels = PanelChoices {
            why: Some(hour_of(hour, ticker)),
            ..PanelChoices::default()
        };
        views(&telling_days(), panels, RangeChoice::All)
            .why
            .unwrap()
    };

    let (first, unknown) = (asked(0, "BTC"), asked(100, "NONE"));

    assert_eq!(
        (first.n_posts, first.n_compared, first.terms),
        (4, 0, vec![])
    );
    assert_eq!((unknown.n_posts, unknown.ticker.as_str()), (0, "NONE"));
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
