//! What is found of a made-up day whose figures are known.

use wire::{Bar, Place, config::Topic, time::HOUR};

use super::*;
use crate::{
    protocol::{Watch, talk::TopicsWish},
    topics::Number,
    words::Weighing,
};

/// Every minute of a day a post; those of the twelfth hour are of something else.
fn day() -> Talk {
    let mut talk = Talk::default();
    for minute in 0..24 * 60 {
        talk.apply(&post(minute), None);
    }
    for hour in 0..24 {
        let bar = Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "made".into(),
            open_at: hour * HOUR,
            width: HOUR,
            open: 100.0,
            high: 200.0,
            low: 50.0,
            close: 100.0 + hour as f64,
            volume: None,
            market_cap: None,
        };
        talk.apply(&Event::imported(bar.close_at(), Body::Bar(bar)), None);
    }
    settle(&mut talk);
    talk
}

fn post(minute: i64) -> Event {
    let is_burst = (12 * 60..13 * 60).contains(&minute);
    let (text, tag) = match (is_burst, minute % 2) {
        (true, _) => (
            format!("exchange halts withdrawals terrible p{minute}"),
            "halt",
        ),
        (false, 0) => (format!("quiet market morning coffee p{minute}"), "coffee"),
        (false, _) => (format!("football match goal coach p{minute}"), "football"),
    };
    let post = Post {
        id: minute.to_string(),
        source: "made".into(),
        author: format!(
            "{:x}",
            if is_burst {
                1_000 + minute % 30
            } else {
                1 + minute % 7
            }
        ),
        text,
        hashtags: vec![tag.into()],
        place: (minute % 60 == 0).then(|| Place {
            country: Some("DE".into()),
            lat_lon: Some((52.5, 13.4)),
        }),
        ..Post::default()
    };
    Event::imported(minute * 60_000, Body::Post(Box::new(post)))
}

fn settle(talk: &mut Talk) {
    while talk.step(500) {}
}

fn twelfth_hour() -> Wish {
    Wish {
        watch: Watch {
            range: RangeChoice::Fixed {
                from: 12 * HOUR,
                to: 13 * HOUR,
            },
            ..Watch::default()
        },
        ..Wish::default()
    }
}

#[test]
fn a_moment_is_told_with_what_is_new_about_it() {
    let mut talk = day();
    talk.wish(twelfth_hour());
    settle(&mut talk);

    let found = talk.found().unwrap();

    let moment = found.moment.unwrap();
    assert_eq!((moment.counts.posts, moment.n_before), (60, 60));
    assert_eq!((moment.n_authors, moment.n_new_authors), (30, 30));
    assert_eq!(moment.hashtags, [("halt".to_owned(), 60, 0)]);
    assert_eq!(
        moment.first[0].text,
        "exchange halts withdrawals terrible p720"
    );
    assert_eq!(moment.known_at, 13 * HOUR);
    assert_eq!(moment.n_judged, 60);
    let prices = moment.prices.unwrap();
    assert_eq!(prices.before, (13 * HOUR, 112.0));
    assert_eq!(prices.after[0], (14 * HOUR, 113.0));
    let words = found.words.unwrap().found;
    assert_eq!(words.by, Weighing::LogOdds);
    assert_eq!((words.n_posts, words.n_background), (60, 60));
    assert!(
        words
            .words
            .iter()
            .take(3)
            .any(|word| word.text.contains("withdrawals"))
    );
    let places = found.places.unwrap();
    assert_eq!(
        (places.countries[0].tally.n(), places.n_without_place),
        (1, 59)
    );
}

#[test]
fn every_part_of_a_selection_is_obeyed() {
    let topics = vec![Topic {
        name: "Sport".into(),
        keywords: vec!["goal".into()],
        ..Topic::default()
    }];
    let config = PublicConfig {
        topics,
        ..PublicConfig::default()
    };
    let mut talk = day();
    talk.configure(config);
    let watch = |change: &dyn Fn(&mut Watch)| {
        let mut watch = Watch::default();
        change(&mut watch);
        Wish {
            watch,
            ..Wish::default()
        }
    };
    let mut count = |change: &dyn Fn(&mut Watch)| {
        talk.wish(watch(change));
        settle(&mut talk);
        talk.standing().n_selected
    };

    assert_eq!(count(&|_| {}), 1_440);
    assert_eq!(count(&|watch| watch.hashtag = Some("HALT".into())), 60);
    assert_eq!(count(&|watch| watch.topics = vec!["Sport".into()]), 690);
    assert_eq!(
        count(&|watch| watch.class = Some(crate::view::Class::Negative)),
        60
    );
    assert_eq!(count(&|watch| watch.tickers = vec!["BTC".into()]), 0);
    assert_eq!(
        count(&|watch| watch.sampling.per_author = Some(1)),
        23 * 7 + 30
    );
    assert_eq!(
        count(&|watch| watch.sampling.without_source = Some("made".into())),
        0
    );
}

#[test]
fn topics_are_found_and_go_on_with_posts_that_come() {
    let mut talk = day();
    talk.wish(Wish {
        topics: Some(TopicsWish {
            number: Number::Exactly(3),
            seed: 1,
            ..TopicsWish::default()
        }),
        ..Wish::default()
    });
    settle(&mut talk);

    let topics = talk.found().unwrap().topics.unwrap();
    assert_eq!(topics.topics.len(), 3);
    assert_eq!(
        topics.topics.iter().map(|topic| topic.n_posts).sum::<u64>(),
        1_440
    );
    let of_burst = topics
        .topics
        .iter()
        .find(|topic| topic.terms[0].0.contains("halts") || topic.n_posts == 60);
    assert_eq!(of_burst.unwrap().born_at, Some(12 * HOUR));
    let in_cells: u32 = topics.cells.iter().flat_map(|(_, counts)| counts).sum();
    assert_eq!(in_cells, 1_440);

    for minute in 1_440..1_500 {
        talk.apply(&post(minute), None);
    }
    settle(&mut talk);
    assert_eq!(talk.found().unwrap().topics.unwrap().n_posts, 1_500);
}

#[test]
fn as_of_a_time_topics_owe_nothing_to_later_posts() {
    let wish = Wish {
        topics: Some(TopicsWish {
            number: Number::Exactly(3),
            as_of: Some(25),
            ..TopicsWish::default()
        }),
        ..Wish::default()
    };
    let mut talk = day();
    talk.wish(wish);
    settle(&mut talk);

    let topics = talk.found().unwrap().topics.unwrap();

    assert_eq!(topics.n_posts + topics.n_later, 1_440);
    assert_eq!(topics.topics.len(), 2, "halts came after six hours");
}

#[test]
fn articles_are_found_by_the_words_that_stand_out() {
    let mut talk = day();
    for (id, text) in [
        ("a", "Exchange halts withdrawals\nCustomers wait."),
        ("b", "Weather\nSun."),
    ] {
        let post = Post {
            id: id.into(),
            source: "news".into(),
            text: text.into(),
            posted_at: Some(12 * HOUR),
            ..Post::default()
        };
        talk.apply(
            &Event::imported(12 * HOUR + 1, Body::Post(Box::new(post))),
            None,
        );
    }
    talk.wish(Wish {
        news_words: vec![String::new()],
        ..twelfth_hour()
    });
    settle(&mut talk);

    let news = talk.found().unwrap().news.unwrap();

    assert_eq!(
        (news.n_articles, news.n_in_range, news.n_matched),
        (2, 2, 1)
    );
    assert_eq!(news.articles[0].article.title, "Exchange halts withdrawals");
    assert_eq!(news.articles[0].article.summary, "Customers wait.");
}

#[test]
fn a_moment_lists_articles_from_an_hour_before_it_to_an_hour_after_it() {
    let mut talk = day();
    let minutes = [
        10 * 60 + 59,
        11 * 60,
        12 * 60,
        13 * 60 - 1,
        13 * 60,
        14 * 60,
    ];
    for minute in minutes {
        talk.apply(&article(minute), None);
    }
    talk.wish(twelfth_hour());
    settle(&mut talk);

    let moment = talk.found().unwrap().moment.unwrap();

    assert_eq!(moment.n_articles, 4);
    let mut found: Vec<(i64, &str)> = moment
        .articles
        .iter()
        .map(|row| &row.article)
        .map(|article| (article.first_seen_at / 60_000, moment.place_of(article)))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (11 * 60, "before"),
            (12 * 60, "during"),
            (13 * 60 - 1, "during"),
            (13 * 60, "after")
        ]
    );
    assert_eq!(
        moment.known_at,
        13 * HOUR,
        "articles have times of their own"
    );
}

#[test]
fn as_of_a_time_a_moment_lists_no_article_that_was_not_known_then() {
    let mut talk = day();
    for minute in [11 * 60 + 30, 12 * 60 + 29, 12 * 60 + 31, 13 * 60 + 5] {
        talk.apply(&article(minute), None);
    }
    let wish = |as_of| Wish {
        topics: Some(TopicsWish {
            number: Number::Exactly(2),
            as_of,
            ..TopicsWish::default()
        }),
        ..twelfth_hour()
    };
    let mut n_articles = |as_of| {
        talk.wish(wish(as_of));
        settle(&mut talk);
        talk.found().unwrap().moment.unwrap().n_articles
    };

    assert_eq!(n_articles(None), 4);
    assert_eq!(n_articles(Some(50)), 2, "at half past twelve");
    assert_eq!(n_articles(None), 4);
}

fn article(minute: i64) -> Event {
    let post = Post {
        id: format!("article {minute}"),
        source: "news".into(),
        text: "Exchange halts withdrawals".into(),
        ..Post::default()
    };
    Event::imported(minute * 60_000, Body::Post(Box::new(post)))
}

#[test]
fn a_moment_tells_the_prices_that_the_chart_shows() {
    let config = PublicConfig {
        tickers: ["BTC", "ETH"]
            .map(|symbol| wire::config::Ticker {
                symbol: symbol.into(),
                name: None,
                aliases: vec![],
            })
            .into(),
        ..PublicConfig::default()
    };
    let bar = |ticker: &str, currency: &str, hour: i64| {
        let bar = Bar {
            ticker: ticker.into(),
            currency: currency.into(),
            source: "made".into(),
            open_at: hour * HOUR,
            width: HOUR,
            open: 1.0,
            high: 9.0,
            low: 1.0,
            close: 1.0 + hour as f64,
            volume: None,
            market_cap: None,
        };
        Event::imported(bar.close_at(), Body::Bar(bar))
    };
    let says = |id: i64, text: &str| {
        let post = Post {
            id: format!("says {id}"),
            source: "made".into(),
            text: text.into(),
            cashtags: wire::tag::cashtags(text)
                .map(|tag| tag.text.to_owned())
                .collect(),
            ..Post::default()
        };
        Event::imported(12 * HOUR + id, Body::Post(Box::new(post)))
    };
    // More closes of one ticker and of one currency, and more posts about the others.
    let mut events: Vec<Event> = (0..24).map(|hour| bar("BTC", "USD", hour)).collect();
    events.extend((0..24).map(|hour| bar("ETH", "EUR", hour)));
    events.extend((8..20).map(|hour| bar("ETH", "USD", hour)));
    events.extend([says(1, "$BTC up"), says(2, "$ETH up"), says(3, "ETH down")]);
    events.extend((4..9).map(|id| says(id, "$DOGE has no prices")));
    for ticker in [None, Some("BTC"), Some("SOL")] {
        let watch = Watch {
            ticker: ticker.map(Into::into),
            ..twelfth_hour().watch
        };
        let mut engine = crate::Engine::new(&config);
        let mut talk = Talk::new(
            config.clone(),
            Wish {
                watch: watch.clone(),
                ..Wish::default()
            },
        );
        for event in &events {
            engine.apply(event);
            talk.apply(event, None);
        }
        settle(&mut talk);
        engine.watch(watch);

        let chart = engine.frame(24 * HOUR).market.unwrap();
        let moment = talk.found().unwrap().moment.unwrap().prices;

        let told = moment.as_ref().map(|prices| {
            (
                prices.ticker.as_str(),
                prices.currency.as_str(),
                prices.width,
            )
        });
        let shown = (
            chart.ticker.as_str(),
            chart.currency.as_str(),
            chart.bar_width,
        );
        match ticker {
            None => assert_eq!(
                (told, shown),
                (Some(("ETH", "USD", HOUR)), ("ETH", "USD", HOUR))
            ),
            Some("BTC") => assert_eq!(told, Some(shown)),
            _ => assert_eq!(told, None, "the chart shows none either"),
        }
    }
}

#[test]
fn a_withdrawn_post_is_counted_and_no_longer_read() {
    let mut talk = Talk::default();
    talk.apply(&post(0), None);
    talk.apply(&post(1), Some((5_000, Vec::new(), Vec::new())));
    let delete = wire::Delete {
        source: "made".into(),
        id: "0".into(),
    };
    talk.apply(&Event::imported(9, Body::Delete(delete)), None);
    settle(&mut talk);

    let moment = talk.found().unwrap().moment.unwrap();

    assert_eq!((moment.counts.posts, moment.counts.positive), (2, 1));
    assert!(moment.first.is_empty());
}

#[test]
fn only_what_changes_is_made_again() {
    let mut talk = day();
    talk.wish(twelfth_hour());
    settle(&mut talk);
    let everything = talk.found().unwrap();
    assert!(everything.words.is_some() && everything.moment.is_some());

    assert!(talk.found().is_none());
    talk.wish(Wish {
        square: 50,
        ..twelfth_hour()
    });
    let found = talk.found().unwrap();

    assert!(found.places.is_some_and(|places| places.square == 50));
    assert!(found.words.is_none() && found.moment.is_none() && found.news.is_none());
    let mut other = twelfth_hour();
    other.watch.ticker = Some("ETH".into());
    talk.wish(other);
    let found = talk.found().unwrap();
    assert!(found.words.is_none() && found.moment.unwrap().prices.is_none());
}
