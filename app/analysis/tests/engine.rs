//! What the engine promises: the same events give the same views, whatever their order, split or repeats.

use analysis::{
    Applied, Counting, Engine,
    digest::{self, Origin},
    protocol::{
        CountBy, LeaderChoice, LeaderSort, Method, PanelChoices, RangeChoice, Sampling, Scoring,
        Wanted, Watch, WhyChoice,
    },
    readings::{Reader, Readings},
    series::calendar::Level,
    spam::Reason,
    text::sentiment::Limits,
    view::{Class, Frame, Range},
};
use proptest::prelude::*;
use wire::{
    Attention, Body, Delete, Event, Millis, PublicConfig, Quote, SourceState, SourceStatus, Tip,
    config::{Ticker, Topic},
    time::{DAY, HOUR, MINUTE},
};

#[path = "fixtures/made.rs"]
mod made;

use made::{NEW_YEAR, bar_event, post};

fn bar(open_at: Millis, close: f64) -> Event {
    bar_event(made::bar("BTC", open_at, close))
}

fn delete(id: u32, at: Millis) -> Event {
    Event::live(
        at,
        at,
        Body::Delete(Delete {
            source: "social".into(),
            id: id.to_string(),
        }),
    )
}

fn status(at: Millis, state: SourceState) -> Event {
    Event::live(
        at,
        at,
        Body::Status(SourceStatus {
            source: "social".into(),
            state,
            ..SourceStatus::default()
        }),
    )
}

fn config() -> PublicConfig {
    let ticker = Ticker {
        symbol: "BTC".into(),
        name: Some("Bitcoin".into()),
        aliases: vec!["bitcoin".into()],
    };
    PublicConfig {
        tickers: vec![ticker],
        ..PublicConfig::default()
    }
}

fn engine(events: &[Event]) -> Engine {
    let mut engine = Engine::new(&config());
    events.iter().for_each(|event| {
        engine.apply(event);
    });
    engine
}

fn engine_with(sampling: Sampling) -> Engine {
    let counting = Counting {
        sampling,
        ..Counting::default()
    };
    Engine::counting(&config(), counting)
}

fn whole_frame(engine: &mut Engine, now: Millis) -> Frame {
    engine.refresh();
    engine.frame(now)
}

fn any_method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::Vader, Method::Finance])
}

/// Posts with distinct times (so that no order of a list is left to chance), deletes of some of them,
/// hourly bars and changes of state, over ten days.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let text = prop::sample::select(vec![
        "I love $BTC #moon",
        "what a horrible crash $BTC #Moon #sad",
        "bitcoin is bitcoin",
        "nothing to see $ETH",
        "great great great #moon",
    ]);
    let posts = prop::collection::btree_map(0..10 * DAY, (text, 0i64..3 * MINUTE), 0..60);
    let others = prop::collection::vec((0u32..60, 0..240i64, 1u32..500, 0u8..3), 0..40);
    (posts, others).prop_map(|(posts, others)| {
        let mut events = Vec::new();
        for (id, (at, (text, delay))) in (0u32..).zip(posts) {
            let mut event = post(id, NEW_YEAR + at, text);
            event.seen_at = event.at + delay;
            events.push(event);
        }
        for (id, hour, price, kind) in others {
            let at = NEW_YEAR + hour * HOUR;
            events.push(match kind {
                0 => delete(id, NEW_YEAR + Millis::from(id) * HOUR),
                // Times and prices follow from the identity, so that a repeated one is a repeated event.
                1 => bar(at, 100.0 + (at / HOUR % 17) as f64),
                _ => status(
                    at,
                    if price % 2 == 0 {
                        SourceState::Connected
                    } else {
                        SourceState::Disconnected
                    },
                ),
            });
        }
        events.sort_by_key(|event| event.seen_at);
        events
    })
}

fn any_watch() -> impl Strategy<Value = Watch> {
    let range = prop_oneof![
        Just(RangeChoice::All),
        (1..4 * DAY).prop_map(RangeChoice::Last),
        (0..10 * DAY, 0..5 * DAY).prop_map(|(from, length)| RangeChoice::Fixed {
            from: NEW_YEAR + from,
            to: NEW_YEAR + from + length
        }),
    ];
    let class = prop::option::of(prop::sample::select(vec![
        Class::Negative,
        Class::Neutral,
        Class::Positive,
    ]));
    let hashtag = prop::option::of(prop::sample::select(vec![
        "MOON".to_owned(),
        "none".to_owned(),
    ]));
    let sort = prop::sample::select(vec![LeaderSort::Mentions, LeaderSort::Negative]);
    let level = prop::option::of(prop::sample::select(vec![Level::Hour, Level::Month]));
    let panels = (sort, level, 0..9 * DAY).prop_map(|(sort, level, at)| PanelChoices {
        leaders: LeaderChoice { level, sort, n: 3 },
        trend_level: level,
        second: Some("ETH".into()),
        random: (at % 2 == 0).then_some(7),
        why: Some(WhyChoice {
            bucket: Range {
                from: NEW_YEAR + at,
                to: NEW_YEAR + at + DAY,
            },
            ticker: String::new(),
        }),
        ..PanelChoices::default()
    });
    (range, class, hashtag, any::<bool>(), any::<bool>(), panels).prop_map(
        |(range, class, hashtag, only_btc, by_author, panels)| Watch {
            range,
            class,
            hashtag,
            tickers: if only_btc {
                vec!["btc".to_owned()]
            } else {
                Vec::new()
            },
            hashtag_window: DAY,
            count_by: if by_author {
                CountBy::Authors
            } else {
                CountBy::Posts
            },
            panels,
            wanted: Wanted::ALL,
            ..Watch::default()
        },
    )
}

fn any_sampling() -> impl Strategy<Value = Sampling> {
    let switches = prop::array::uniform3(any::<bool>());
    let source = prop::option::of(Just("social".to_owned()));
    let some = || prop::option::of(1u16..3);
    (switches, source, some(), some()).prop_map(
        |([spam, english, reposts], source, per_author, loudest)| Sampling {
            without_spam: spam,
            only_english: english,
            per_author,
            without_reposts: reposts,
            without_source: source.filter(|_| per_author.is_some()),
            without_loudest: loudest,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_repeats_and_frames_in_between_make_no_difference(
        (events, shuffled) in any_events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        watches in prop::collection::vec(any_watch(), 1..4),
        every in 1usize..20,
    ) {
        let now = NEW_YEAR + 11 * DAY;
        let last_watch = watches[watches.len() - 1].clone();
        let mut in_order = engine(&events);
        in_order.watch(last_watch.clone());

        let mut other = engine(&[]);
        for (n, event) in shuffled.iter().enumerate() {
            other.apply(event);
            if n % every == 0 {
                other.watch(watches[n / every % watches.len()].clone());
                other.frame(event.seen_at);
            }
        }
        other.watch(last_watch);

        // How many wait to be judged is no fact about the data.
        let [other_frame, frame] = [&mut other, &mut in_order].map(|engine| Frame { sample: None, ..whole_frame(engine, now) });
        prop_assert_eq!(other_frame, frame);
        prop_assert_eq!(other.summary(), in_order.summary());
    }

    #[test]
    fn when_posts_are_judged_makes_no_difference(
        events in any_events(),
        sampling in any_sampling(),
        watch in any_watch().prop_map(|watch| Watch { class: None, ..watch }),
        (every, n) in (1usize..20, 0usize..5),
    ) {
        let now = NEW_YEAR + 11 * DAY;
        let (mut now_and_then, mut at_last) = (engine_with(sampling.clone()), engine_with(sampling));
        for (idx, event) in events.iter().enumerate() {
            at_last.apply(event);
            now_and_then.apply(event);
            if idx % every == 0 {
                now_and_then.watch(Watch { only_spam: idx % 2 == 0, ..watch.clone() });
                now_and_then.judge(n);
                now_and_then.frame(event.seen_at);
            }
        }
        for engine in [&mut now_and_then, &mut at_last] {
            engine.watch(watch.clone());
            engine.judge(usize::MAX);
        }

        let frame = whole_frame(&mut now_and_then, now);
        prop_assert_eq!(&frame, &whole_frame(&mut at_last, now));
        let (sample, kpi) = (frame.sample.unwrap_or_default(), frame.kpi.unwrap_or_default());
        let n_out = sample.n_out_spam + sample.n_out_language + sample.n_out_author
            + sample.n_out_repost + sample.n_out_source + sample.n_out_loudest;
        prop_assert_eq!((sample.n_waiting, sample.n_posts), (0, kpi.counts.posts + n_out));
    }

    #[test]
    fn posts_whose_texts_were_read_beforehand_count_as_any_others(
        events in any_events(),
        sampling in any_sampling(),
        watch in any_watch(),
        (read_by, scored_by) in (any_method(), any_method()),
        is_other_program: bool,
    ) {
        let scoring = |method| Scoring { method, ..Scoring::default() };
        let mut reader = Reader::new(scoring(read_by));
        events.iter().for_each(|event| reader.read(event));
        let mut bytes = reader.take();
        bytes[0] ^= u8::from(is_other_program);
        let mut readings = Readings::open(&bytes);
        let counting = Counting { scoring: scoring(scored_by), sampling, ..Counting::default() };
        let [mut read, mut plain] = [0; 2].map(|_| Engine::counting(&config(), counting.clone()));

        for event in &events {
            read.apply_read(event, readings.next());
            plain.apply(event);
        }
        for engine in [&mut read, &mut plain] {
            engine.judge(usize::MAX);
            engine.watch(watch.clone());
        }

        let now = NEW_YEAR + 11 * DAY;
        prop_assert_eq!(whole_frame(&mut read, now), whole_frame(&mut plain, now));
    }

    #[test]
    fn readings_that_were_damaged_stop_nothing(events in any_events(), damage in prop::collection::vec((16usize..400, any::<u8>()), 1..9)) {
        let mut reader = Reader::new(Scoring::default());
        events.iter().for_each(|event| reader.read(event));
        let mut bytes = reader.take();
        for (at, with) in damage {
            let at = at % bytes.len();
            bytes[at] = with;
        }
        let mut readings = Readings::open(&bytes);
        let mut engine = engine_with(Sampling::default());

        for event in &events {
            engine.apply_read(event, readings.next());
        }
        engine.judge(usize::MAX);

        let n_posts = events.iter().filter(|event| matches!(event.body, Body::Post(_))).count();
        prop_assert_eq!(engine.n_posts(), n_posts as u64);
    }

    #[test]
    fn posts_of_a_digest_count_as_if_they_were_scored_and_judged_again(
        events in any_events(),
        (found_with, sampling) in (any_sampling(), any_sampling()),
        watch in any_watch(),
        (cut, n_chunks) in (0usize..100, 1usize..4),
    ) {
        // What was deleted by then is another matter: whose it was is no longer known.
        let (first, rest) = events.split_at(cut.min(events.len()));
        let first: Vec<Event> =
            first.iter().filter(|event| !matches!(event.body, Body::Delete(_))).cloned().collect();
        let mut before = engine_with(found_with);
        first.iter().for_each(|event| {
                before.apply(event);
            });
        before.judge(usize::MAX);
        let mut fresh = engine_with(sampling.clone());
        let mut cached = engine_with(sampling);

        for chunk in first.chunks(first.len() / n_chunks + 1) {
            let origins: Vec<Origin> = chunk.iter().filter_map(Origin::of).collect();
            let digest = before.digest(&origins).expect("all of them are judged");
            prop_assert_eq!(cached.apply_digest(&digest), Ok(()));
            for event in chunk {
                fresh.apply(event);
                if !matches!(event.body, Body::Post(_)) {
                    cached.apply(event);
                }
            }
        }
        first.iter().for_each(|event| cached.recall(event));
        cached.end_recall();
        for engine in [&mut fresh, &mut cached] {
            rest.iter().for_each(|event| {
                engine.apply(event);
            });
            engine.judge(usize::MAX);
            engine.watch(watch.clone());
        }

        let now = NEW_YEAR + 11 * DAY;
        prop_assert_eq!(whole_frame(&mut cached, now), whole_frame(&mut fresh, now));
        prop_assert_eq!(cached.summary(), fresh.summary());
        prop_assert!(cached.has_judged_all());
    }

    #[test]
    fn a_digest_of_a_post_that_is_withdrawn_is_that_without_its_author(
        events in any_events(),
        id in 0u32..60,
    ) {
        let posts: Vec<&Event> =
            events.iter().filter(|event| matches!(event.body, Body::Post(_))).collect();
        let mut engine = Engine::new(&config());
        posts.iter().for_each(|event| {
                engine.apply(event);
            });
        engine.judge(usize::MAX);
        let origins: Vec<Origin> = posts.iter().filter_map(|event| Origin::of(event)).collect();
        let whole = engine.digest(&origins).unwrap();
        let withdrawn = digest::withdraw(&whole, wire::Identity::of_post("social", &id.to_string()));

        engine.apply(&delete(id, NEW_YEAR));

        let is_there = (id as usize) < posts.len();
        prop_assert_eq!(withdrawn.is_some(), is_there);
        prop_assert_eq!(withdrawn.unwrap_or(whole), engine.digest(&origins).unwrap());
    }

    #[test]
    fn what_is_known_at_a_time_does_not_depend_on_what_comes_later(
        events in any_events(), cut in 0usize..100, sampling in any_sampling(), watch in any_watch(),
    ) {
        let cut = events.len() * cut / 100;
        let Some(until) = events.get(cut).map(|event| event.seen_at) else { return Ok(()) };
        let counting = Counting { sampling, ..Counting::default() };
        let mut live = Engine::counting(&config(), counting.clone());
        live.watch(watch.clone());
        for event in events.iter().take_while(|event| event.seen_at <= until) {
            live.apply(event);
            live.judge(1);
            live.frame(event.seen_at);
        }
        live.judge(usize::MAX);

        let mut later = Engine::as_of(&config(), counting, &events, until);
        later.watch(watch);

        prop_assert_eq!(whole_frame(&mut live, until), whole_frame(&mut later, until));
        prop_assert_eq!(live.summary(), later.summary());
    }

    #[test]
    fn counts_add_up_to_the_posts_in_the_range(events in any_events(), from in 0..10 * DAY, length in 0..10 * DAY) {
        let range = Range { from: NEW_YEAR + from, to: NEW_YEAR + from + length };
        let mut engine = engine(&events);
        engine.watch(Watch { range: RangeChoice::Fixed { from: range.from, to: range.to }, n_posts: 500, ..Watch::default() });

        let frame = engine.frame(NEW_YEAR + 11 * DAY);

        let is_in = |event: &&Event| matches!(event.body, Body::Post(_)) && (range.from..range.to).contains(&event.at);
        let n = events.iter().filter(is_in).count();
        let (kpi, posts) = (frame.kpi.unwrap_or_default(), frame.posts.unwrap_or_default());
        prop_assert_eq!(kpi.counts.posts as usize, n);
        prop_assert_eq!((posts.rows.len(), posts.n_matching as usize, posts.n_in_range as usize), (n, n, n));
        prop_assert!(posts.rows.is_sorted_by(|a, b| a.at > b.at));
    }

    #[test]
    fn a_selection_shows_what_an_engine_with_only_the_selected_posts_would(
        events in any_events(), from in 0..10 * DAY, length in 0..10 * DAY, kind in 0usize..3,
    ) {
        let range = RangeChoice::Fixed { from: NEW_YEAR + from, to: NEW_YEAR + from + length };
        let ticker = Some("BTC".to_owned());
        let all = Watch { range, ticker, ..Watch::default() };
        let (watch, wanted): (Watch, fn(&str) -> bool) = match kind {
            0 => (Watch { hashtag: Some("Moon".into()), ..all.clone() }, |text| text.to_lowercase().contains("#moon")),
            1 => (Watch { tickers: vec!["ETH".into(), "XYZ".into()], ..all.clone() }, |text| text.contains("$ETH")),
            _ => (Watch { topics: vec!["Mood".into()], ..all.clone() }, |text| text.contains("great")),
        };
        let topic = |name: &str, word: &str| Topic { name: name.into(), keywords: vec![word.into()], ..Topic::default() };
        let config = PublicConfig { topics: vec![topic("Mood", "great"), topic("Love", "love")], ..config() };
        let is_wanted = |event: &&Event| match &event.body { Body::Post(post) => wanted(&post.text), _ => true };
        let (mut selecting, mut of_selected) = (Engine::new(&config), Engine::new(&config));
        events.iter().for_each(|event| { selecting.apply(event); });
        events.iter().filter(is_wanted).for_each(|event| { of_selected.apply(event); });
        selecting.watch(watch);
        of_selected.watch(all);

        let now = NEW_YEAR + 11 * DAY;
        let (frame, expected) = (selecting.frame(now), whole_frame(&mut of_selected, now));

        let figures = |frame: &Frame| frame.kpi.as_ref().map(|kpi| (kpi.counts, kpi.authors));
        let market = |frame: &Frame| frame.market.as_ref().map(|view| (view.n, view.authors, view.mean_compound.clone()));
        let topics = |frame: &Frame| frame.topics.as_ref().map(|view| view.rows.iter().map(|row| (row.counts, row.authors)).collect::<Vec<_>>());
        let hashtags = |frame: &Frame| frame.hashtags.as_ref().map(|view| (view.rows.clone(), view.n_posts));
        prop_assert_eq!(figures(&frame), figures(&expected));
        if kind != 1 { prop_assert_eq!(market(&frame), market(&expected)); }
        if kind != 2 { prop_assert_eq!(topics(&frame), topics(&expected)); }
        if kind != 0 { prop_assert_eq!(hashtags(&frame), hashtags(&expected)); }
    }

    #[test]
    fn no_time_however_far_makes_the_engine_panic(
        at in any::<i64>(), seen_at in any::<i64>(), now in any::<i64>(), from in any::<i64>(), to in any::<i64>(),
    ) {
        let mut far = post(1, 0, "far $BTC");
        (far.at, far.seen_at) = (at, seen_at);
        let mut engine = engine(&[far, post(2, NEW_YEAR, "near"), bar(NEW_YEAR, 1.0)]);
        engine.frame(now);
        let why = Some(WhyChoice { bucket: Range { from, to }, ticker: String::new() });
        let panels = PanelChoices { why, ..PanelChoices::default() };
        engine.watch(Watch { range: RangeChoice::Fixed { from, to }, panels, wanted: Wanted::ALL, ..Watch::default() });
        engine.frame(now);
        engine.watch(Watch { range: RangeChoice::Last(to), ..Watch::default() });
        engine.frame(now);
    }
}

#[test]
fn an_event_with_a_known_identity_is_counted_as_repeated() {
    let mut engine = engine(&[]);
    let mut tip = post(1, NEW_YEAR, "x");
    tip.body = Body::Tip(Tip {
        now: NEW_YEAR + HOUR,
        ..Tip::default()
    });

    let applied =
        [&post(1, NEW_YEAR, "x"), &post(1, NEW_YEAR, "x"), &tip].map(|event| engine.apply(event));

    assert_eq!(applied, [Applied::New, Applied::Repeated, Applied::Notice]);
    assert_eq!(
        (engine.n_events(), engine.n_posts(), engine.now()),
        (1, 1, Some(NEW_YEAR + HOUR))
    );
    assert_eq!(engine.frame(NEW_YEAR).sources.unwrap().n_repeated, 1);
}

#[test]
fn a_digest_is_refused_once_anything_it_depends_on_has_changed() {
    let event = post(1, NEW_YEAR, "I love bitcoin, to the moon!");
    let mut engine = engine(std::slice::from_ref(&event));
    let origins = [Origin::of(&event).unwrap()];
    assert_eq!(engine.digest(&origins), None, "it is not judged yet");
    engine.judge(usize::MAX);
    let sound = engine.digest(&origins).unwrap();

    let scoring = Scoring {
        method: Method::Finance,
        ..Scoring::default()
    };
    let by_other_words = Counting {
        scoring,
        ..Counting::default()
    };
    let mut others = [
        Engine::counting(&config(), by_other_words),
        Engine::new(&PublicConfig::default()),
    ];
    for other in &mut others {
        assert_eq!(other.apply_digest(&sound), Err(digest::Unusable));
        assert_eq!(other.n_posts(), 0);
    }
    for idx in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[idx] ^= 1;
        assert!(!digest::is_for(&damaged, engine.digest_key()), "{idx}");
    }
    let strict = Counting {
        scoring: Scoring {
            limits: Limits::Strict,
            ..Scoring::default()
        },
        ..Counting::default()
    };
    let mut strict = Engine::counting(&config(), strict);
    assert_eq!(
        strict.apply_digest(&sound),
        Ok(()),
        "limits are no part of it"
    );

    engine.configure(&PublicConfig::default());
    assert_eq!(
        engine.digest(&origins),
        None,
        "it was matched with the tickers of before"
    );
}

#[test]
fn a_withdrawn_post_is_judged_as_when_its_text_was_there() {
    let wave = wave();
    let without_spam = || {
        engine_with(Sampling {
            without_spam: true,
            ..Sampling::default()
        })
    };
    let mut live = without_spam();
    wave.iter().for_each(|event| {
        live.apply(event);
    });
    let third = wire::Identity::of(&wave[2]).unwrap();
    let (_, standing) = live.standing(third).unwrap();
    live.apply(&delete(21, NEW_YEAR + 30));
    let mut blank = wave[2].clone();
    if let Body::Post(post) = &mut blank.body {
        (post.text, post.author) = (String::new(), String::new());
    }

    let mut stored = without_spam();
    wave[..2].iter().for_each(|event| {
        stored.apply(event);
    });
    stored.apply_withdrawn(&blank, &standing);
    stored.apply(&delete(21, NEW_YEAR + 30));
    stored.apply(&wave[3]);
    stored.judge(usize::MAX);

    assert_eq!(stored.summary().counts, live.summary().counts);
    let sample = |engine: &mut Engine| whole_frame(engine, NEW_YEAR + DAY).sample.unwrap();
    assert_eq!(sample(&mut stored), sample(&mut live));
    assert!(
        sample(&mut live).n_out_spam > 0,
        "otherwise nothing was seen"
    );
}

#[test]
fn a_post_that_was_withdrawn_counts_the_same_when_it_is_read_again_without_its_text() {
    let config = PublicConfig {
        topics: vec![Topic {
            name: "Space".into(),
            keywords: vec!["moon".into()],
            ..Default::default()
        }],
        tickers: vec![Ticker {
            symbol: "BTC".into(),
            aliases: vec!["bitcoin".into()],
            ..Ticker::default()
        }],
        ..PublicConfig::default()
    };
    let event = post(1, NEW_YEAR, "I love bitcoin, to the moon!");
    let mut live = Engine::new(&config);
    live.apply(&event);
    let identity = wire::Identity::of(&event).unwrap();
    let (at, standing) = live.standing(identity).unwrap();
    live.apply(&delete(1, NEW_YEAR + 1));
    let mut blank = event;
    let Body::Post(post) = &mut blank.body else {
        unreachable!()
    };
    (post.text, post.author) = (String::new(), String::new());

    let mut stored = Engine::new(&config);
    stored.apply_withdrawn(&blank, &standing);
    stored.apply(&delete(1, NEW_YEAR + 1));

    assert_eq!(stored.summary(), live.summary());
    assert_eq!(stored.summary().counts.positive, 1);
    assert_eq!(stored.summary().n_deleted, 1);
    assert!(standing.topics == ["Space"] && standing.tickers == ["BTC"]);
    assert_eq!(stored.standing(identity), Some((at, standing)));
    assert_eq!(stored.apply(&blank), Applied::Repeated);
}

#[test]
fn a_deleted_post_loses_its_text_and_author_and_still_counts() {
    let posts = [
        post(1, NEW_YEAR, "I love $BTC"),
        post(2, NEW_YEAR + 1, "so do I"),
    ];
    let before = engine(&posts).frame(NEW_YEAR);

    for events in [
        [posts[0].clone(), posts[1].clone(), delete(1, NEW_YEAR + 2)],
        [delete(1, NEW_YEAR + 2), posts[0].clone(), posts[1].clone()],
    ] {
        let frame = engine(&events).frame(NEW_YEAR);
        let (kpi, rows) = (frame.kpi.unwrap(), frame.posts.unwrap().rows);
        assert_eq!(kpi.counts, before.kpi.as_ref().unwrap().counts);
        assert_eq!((kpi.authors, frame.sources.unwrap().n_deleted), (1, 1));
        assert_eq!(
            (rows[1].text.as_deref(), rows[1].class),
            (None, Class::Positive)
        );
        assert_eq!(
            frame.market.unwrap().mean_compound,
            before.market.as_ref().unwrap().mean_compound
        );
    }
}

#[test]
fn the_newest_price_is_shown_as_long_as_it_is_one_of_now() {
    let mut engine = engine(&[bar(NEW_YEAR, 100.0)]);
    let mut tip = post(1, NEW_YEAR, "x");
    let quote = |price, at| Quote {
        ticker: "BTC".into(),
        currency: "USD".into(),
        source: "test".into(),
        price,
        at,
    };
    let mut shown = |quotes, now| {
        tip.body = Body::Tip(Tip {
            now,
            quotes,
            ..Tip::default()
        });
        engine.apply(&tip);
        let quote = whole_frame(&mut engine, now).market.unwrap().quote;
        quote.map(|quote| quote.price)
    };
    let now = NEW_YEAR + 2 * HOUR;

    assert_eq!(shown(vec![quote(101.5, now)], now), Some(101.5));
    assert_eq!(shown(vec![quote(101.5, now)], now + HOUR), None);
    assert_eq!(shown(vec![quote(f64::NAN, now)], now), None);
    assert_eq!(shown(vec![], now + 1), None);
}

#[test]
fn january_is_compared_with_december() {
    let month = 31 * DAY;
    let events = [
        post(1, NEW_YEAR - month, "good"),
        post(2, NEW_YEAR - 1, "bad"),
        post(3, NEW_YEAR, "good"),
        post(4, NEW_YEAR + 1, "good"),
        post(5, NEW_YEAR + month, "next month"),
    ];
    let mut engine = engine(&events);
    engine.watch(Watch {
        range: RangeChoice::Fixed {
            from: NEW_YEAR,
            to: NEW_YEAR + month,
        },
        ..Watch::default()
    });

    let kpi = engine.frame(NEW_YEAR + month).kpi.unwrap();

    let previous = kpi.previous.unwrap();
    assert_eq!(
        (kpi.counts.posts, kpi.counts.positive, kpi.counts.negative),
        (2, 2, 0)
    );
    assert_eq!(
        (previous.posts, previous.positive, previous.negative),
        (2, 1, 1)
    );

    engine.watch(Watch {
        range: RangeChoice::Fixed {
            from: NEW_YEAR - 1,
            to: NEW_YEAR + month,
        },
        ..Watch::default()
    });
    assert_eq!(engine.frame(NEW_YEAR + month).kpi.unwrap().previous, None);
}

#[test]
fn only_what_changed_is_in_a_frame() {
    let listening = status(NEW_YEAR, SourceState::Connected);
    let mut engine = engine(&[listening, post(1, NEW_YEAR, "one $BTC"), bar(NEW_YEAR, 5.0)]);
    let now = NEW_YEAR + HOUR;
    engine.frame(now);

    assert_eq!(
        engine.frame(now),
        Frame {
            now,
            ..Frame::default()
        }
    );

    engine.note_unreadable(2);
    let frame = engine.frame(now);
    assert_eq!(frame.sources.as_ref().unwrap().n_unreadable, 2);
    assert_eq!(
        Frame {
            sources: None,
            ..frame
        },
        Frame {
            now,
            ..Frame::default()
        }
    );

    engine.apply(&post(2, NEW_YEAR + 1, "two"));
    let frame = engine.frame(now);
    assert!(frame.kpi.is_some() && frame.posts.is_some() && frame.hashtags.is_some());
    // The ticker's chart and lags do not show a post that does not mention it.
    assert!(frame.market.is_none() && frame.lag.is_none());
}

#[test]
fn a_post_counts_for_a_ticker_by_cashtag_hashtag_symbol_and_alias() {
    let config = PublicConfig {
        tickers: vec![Ticker {
            symbol: "BTC".into(),
            name: None,
            aliases: vec!["bitcoin".into()],
        }],
        ..PublicConfig::default()
    };
    let mut engine = Engine::new(&config);
    for (id, text) in (0..).zip([
        "$BTC",
        "#btc",
        "#Bitcoin",
        "my Bitcoin!",
        "BTC alone",
        "BTC-USD",
        "btc",
        "bitcoins",
        "$ETH",
    ]) {
        engine.apply(&post(id, NEW_YEAR + Millis::from(id), text));
    }

    let tickers = engine.frame(NEW_YEAR).tickers.unwrap().rows;

    let counts: Vec<(&str, u64)> = tickers
        .iter()
        .map(|row| (row.symbol.as_str(), row.n_posts))
        .collect();
    assert_eq!(counts, [("BTC", 6), ("ETH", 1)]);
}

#[test]
fn what_an_upstream_counts_stands_beside_a_topic_and_in_no_count() {
    let config = PublicConfig {
        topics: vec![Topic {
            name: "Bitcoin".into(),
            keywords: vec!["bitcoin".into()],
            ..Topic::default()
        }],
        ..PublicConfig::default()
    };
    let mut engine = Engine::new(&config);
    engine.apply(&post(1, NEW_YEAR, "my bitcoin"));
    engine.apply(&post(2, NEW_YEAR + HOUR, "my bitcoin"));
    let attention = Attention {
        source: "twitter".into(),
        subject: "Bitcoin".into(),
        open_at: NEW_YEAR + MINUTE,
        width: MINUTE,
        n: 500,
    };
    let at = attention.close_at();
    engine.apply(&Event::imported(at, Body::Attention(attention)));

    let frame = whole_frame(&mut engine, NEW_YEAR + HOUR);

    let row = &frame.topics.unwrap().rows[0];
    assert_eq!((row.counts.posts, row.counted_elsewhere), (2, Some(500)));
    assert_eq!(frame.kpi.unwrap().counts.posts, 2);
}

/// Four posts of one author within an hour: three nearly alike, and one in German.
fn wave() -> [Event; 4] {
    let texts = [
        "Join the biggest moon club of the year today $BTC",
        "JOIN the biggest moon club of the year today! $ETH",
        "Join the biggest moon club of the year, today $BTC",
        "Das ist nicht gut und ich will das auch nicht haben",
    ];
    let mut id = 0;
    texts.map(|text| {
        id += 7;
        post(id, NEW_YEAR + Millis::from(id), text)
    })
}

#[test]
fn spam_is_told_with_its_reasons_and_counts_all_the_same() {
    let mut engine = engine(&wave());

    assert_eq!(engine.judge(1), 3);
    assert_eq!(engine.judge(usize::MAX), 0);

    let frame = engine.frame(NEW_YEAR + HOUR);
    let (sample, rows) = (frame.sample.unwrap(), frame.posts.unwrap().rows);
    assert_eq!(frame.kpi.unwrap().counts.posts, 4);
    assert_eq!((sample.spam.posts, sample.n_out_spam), (1, 0));
    assert_eq!((sample.n_english, sample.n_foreign), (3, 1));
    let reasons: Vec<Reason> = rows[1].findings.iter().map(|one| one.reason).collect();
    assert_eq!(
        (reasons, rows[1].n_alike, rows[0].n_alike),
        (vec![Reason::Duplicate], 3, 1)
    );
    assert!(rows[2].findings.is_empty(), "two were not many yet");
}

#[test]
fn what_is_left_out_is_in_no_count_and_can_still_be_looked_at() {
    #[track_caller]
    fn check(sampling: Sampling, n_counted: u64, n_btc: u64) {
        let mut engine = engine_with(sampling.clone());
        wave().iter().for_each(|event| {
            engine.apply(event);
        });
        engine.judge(usize::MAX);
        let frame = engine.frame(NEW_YEAR + HOUR);
        let (kpi, tickers) = (frame.kpi.unwrap(), frame.tickers.unwrap().rows);
        let btc = tickers
            .iter()
            .find(|row| row.symbol == "BTC")
            .map(|row| row.n_posts);
        assert_eq!((kpi.counts.posts, btc), (n_counted, Some(n_btc)));
        assert_eq!(frame.posts.unwrap().n_matching, n_counted);

        engine.watch(Watch {
            only_spam: true,
            ..Watch::default()
        });
        let spam = engine.frame(NEW_YEAR + HOUR).posts.unwrap();
        assert_eq!((spam.rows.len(), spam.n_matching), (1, 1));
        assert_eq!(spam.rows[0].is_counted, !sampling.without_spam);
    }
    let all = Sampling {
        per_author: Some(4),
        ..Sampling::default()
    };
    check(all.clone(), 4, 2);
    check(
        Sampling {
            without_spam: true,
            ..all.clone()
        },
        3,
        1,
    );
    check(
        Sampling {
            only_english: true,
            ..all
        },
        3,
        2,
    );
}

#[test]
fn of_each_author_the_first_posts_of_an_hour_count() {
    let sampling = Sampling {
        per_author: Some(1),
        ..Sampling::default()
    };
    let mut engine = engine_with(sampling);
    for (id, minute) in [(7, 0), (14, 1), (8, 2), (21, 61)] {
        engine.apply(&post(id, NEW_YEAR + minute * MINUTE, "hello there"));
    }

    engine.judge(usize::MAX);

    let frame = engine.frame(NEW_YEAR + 2 * HOUR);
    assert_eq!(frame.kpi.unwrap().counts.posts, 3);
    assert_eq!(frame.sample.unwrap().n_out_author, 1);
}

#[test]
fn where_nobody_listened_there_is_a_gap_and_not_a_zero() {
    let hours = |n: i64| NEW_YEAR + n * HOUR;
    let mut events = vec![status(hours(0), SourceState::Connected)];
    events.extend([
        post(1, hours(0), "first $BTC"),
        post(2, hours(100), "last $BTC"),
    ]);
    events.extend([
        status(hours(10), SourceState::Disconnected),
        status(hours(13), SourceState::Connected),
    ]);

    let market = engine(&events).frame(hours(100)).market.unwrap();

    assert_eq!(
        (market.width, market.n_posts.len(), market.n),
        (HOUR, 101, 2)
    );
    assert_eq!(market.n_posts[9..14], [Some(0), None, None, None, Some(0)]);
    assert_eq!(
        market.gaps,
        [Range {
            from: hours(10),
            to: hours(13)
        }]
    );
    assert_eq!(
        (
            market.n_posts[100],
            market.mean_compound[100],
            market.mean_compound[99]
        ),
        (Some(1), Some(0.0), None)
    );
}

#[test]
fn without_the_loudest_authors_every_number_rests_on_the_others() {
    // Authors 1, 2 and 3 with one, two and three posts.
    let own = |author: u32, n: u32| (0..n).map(move |k| 7 * k + author - 1);
    let ids: Vec<u32> = (1..=3).flat_map(|author| own(author, author)).collect();
    let events: Vec<Event> = ids
        .iter()
        .map(|id| {
            post(
                *id,
                NEW_YEAR + Millis::from(*id) * MINUTE,
                "I love $BTC #moon",
            )
        })
        .collect();
    let of = |n: Option<u16>, events: &[Event]| {
        let mut engine = engine_with(Sampling {
            without_loudest: n,
            ..Sampling::default()
        });
        for event in events {
            engine.apply(event);
            engine.judge(usize::MAX);
            engine.frame(event.seen_at);
        }
        engine.watch(Watch {
            ticker: Some("BTC".into()),
            ..Watch::default()
        });
        let frame = whole_frame(&mut engine, NEW_YEAR + DAY);
        let (sample, market) = (frame.sample.unwrap(), frame.market.unwrap());
        let n_moon = engine
            .frame(NEW_YEAR + 22 * MINUTE)
            .hashtags
            .map(|view| view.n_posts);
        (
            frame.kpi.unwrap().counts.posts,
            (market.n, market.authors),
            sample.n_out_loudest,
            n_moon,
        )
    };

    assert_eq!(of(None, &events), (6, (6, 3), 0, Some(6)));
    assert_eq!(of(Some(1), &events), (3, (3, 2), 3, Some(3)));
    assert_eq!(of(Some(2), &events), (1, (1, 1), 5, Some(1)));
}

#[test]
fn one_source_and_reposts_can_be_left_out() {
    let change = |mut event: Event, source: &str, repost: bool| {
        if let Body::Post(post) = &mut event.body {
            (post.source, post.repost) = (source.into(), repost);
        }
        event
    };
    let events = [
        change(post(1, NEW_YEAR, "one"), "a", false),
        change(post(2, NEW_YEAR, "two"), "b", false),
        change(post(3, NEW_YEAR, "three"), "b", true),
    ];
    let of = |sampling: Sampling| {
        let mut engine = engine_with(sampling);
        events.iter().for_each(|event| {
            engine.apply(event);
        });
        engine.judge(usize::MAX);
        let frame = engine.frame(NEW_YEAR);
        let sample = frame.sample.unwrap();
        (
            frame.kpi.unwrap().counts.posts,
            sample.n_out_source,
            sample.n_out_repost,
            sample.post_sources,
        )
    };
    let all = vec!["a".to_owned(), "b".to_owned()];

    let without_reposts = Sampling {
        without_reposts: true,
        ..Sampling::default()
    };
    let without_source = Sampling {
        without_source: Some("b".into()),
        ..Sampling::default()
    };

    assert_eq!(of(without_reposts), (2, 0, 1, all.clone()));
    assert_eq!(of(without_source), (1, 2, 0, all));
}
