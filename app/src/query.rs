//! What the person chose lives in the URL's query: it survives a reload, can be shared, and goes back and forward.

pub(crate) mod panels;

use analysis::{
    anomalies::Direction,
    protocol::{AnomalyChoice, CountBy, Detector, Measure, Method, RangeChoice, RankBy, Watch},
    text::sentiment::Limits,
    view::{Class, Range},
};
use form_urlencoded::Serializer;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsValue;
use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE},
};

use crate::{
    browser,
    selection::{Filter, filters},
};

/// A month, as the range buttons mean it.
pub(crate) const MONTH: Millis = 30 * DAY;
/// The shortest range that can be zoomed to.
const SHORTEST_RANGE: Millis = 15 * MINUTE;
const MAX_TEXT: usize = 60;
/// Of tickers or topics, at most so many are selected.
const MAX_NAMES: usize = 20;

/// The query: the choice, and what other programs put there.
#[derive(Clone, Debug, Default, PartialEq)]
struct Query {
    watch: Watch,
    /// Keys this page does not know, as they were.
    rest: Vec<(String, String)>,
}

/// How a change enters the browser's history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// A step that "back" undoes: another ticker, range or filter.
    New,
    /// How a panel shows things, which would flood the history.
    Same,
    /// One of many small changes of the range, as a wheel makes them: those that follow each other closely
    /// are one step.
    Scrub,
}

/// Changes of the range closer than this, in milliseconds, belong to one movement.
const ONE_MOVEMENT: f64 = 1_000.0;

/// The choice as the page reads and changes it.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    query: RwSignal<Query>,
    /// When the range was last scrubbed, on the clock of [`browser::now`].
    scrubbed_at: StoredValue<f64>,
    /// What is watched.
    pub(crate) watch: Memo<Watch>,
}

impl Choice {
    /// Reads the URL and follows back and forward.
    pub(crate) fn from_url() -> Self {
        let query = RwSignal::new(Query::parse(&search()));
        let on_back =
            window_event_listener(ev::popstate, move |_| query.set(Query::parse(&search())));
        on_cleanup(move || on_back.remove());
        Self {
            query,
            scrubbed_at: StoredValue::new(f64::NEG_INFINITY),
            watch: Memo::new(move |_| query.with(|query| query.watch.clone())),
        }
    }

    /// Another program of the page may have changed it, or been told so.
    pub(crate) fn read_again(self) {
        let new = Query::parse(&search());
        if self.query.with_untracked(|query| *query != new) {
            self.query.set(new);
        }
    }

    /// Changes the choice and writes it to the URL.
    pub(crate) fn change(self, entry: Entry, change: impl FnOnce(&mut Watch)) {
        let mut query = self.query.get_untracked();
        change(&mut query.watch);
        query.watch = in_limits(query.watch);
        if query == self.query.get_untracked() {
            return;
        }
        let url = browser::address_with(&query.write());
        if let Ok(history) = window().history() {
            // A browser that refuses to write history still shows the choice.
            let _ = match self.is_step(entry) {
                true => history.push_state_with_url(&JsValue::NULL, "", Some(&url)),
                false => history.replace_state_with_url(&JsValue::NULL, "", Some(&url)),
            };
        }
        self.query.set(query);
    }

    /// The address that shows what is shown now, of this ticker, over this stretch and no other.
    pub(crate) fn link_to(self, ticker: Option<String>, range: Range) -> String {
        let mut query = self.query.get_untracked();
        // Which one is shown by itself changes with the posts.
        query.watch.ticker = query.watch.ticker.or(ticker);
        if range.from < range.to {
            query.watch.range = RangeChoice::Fixed {
                from: range.from,
                to: range.to,
            };
        }
        let location = window().location();
        let origin = location.origin().unwrap_or_default();
        let path = location.pathname().unwrap_or_default();
        format!("{origin}{path}?{}", query.write())
    }

    /// Shows `[from, to)`, or at least a quarter of an hour around it.
    pub(crate) fn zoom_to(self, from: Millis, to: Millis) {
        self.move_to(from, to, None);
    }

    /// The same; a range that reaches the `newest` data moves on with it, as long as it does not begin
    /// behind them.
    pub(crate) fn move_to(self, from: Millis, to: Millis, newest: Option<Millis>) {
        let range = match newest {
            Some(newest) if to >= newest && from < newest => {
                RangeChoice::Last((to - from).max(SHORTEST_RANGE) / MINUTE * MINUTE)
            }
            _ => {
                let (from, to) = whole_minutes(from, to);
                RangeChoice::Fixed { from, to }
            }
        };
        self.change(Entry::Scrub, |watch| watch.range = range);
    }

    /// Follows the newest data again, over a stretch as long as the one that stood still.
    pub(crate) fn follow(self) {
        self.change(Entry::New, |watch| watch.range = following(watch.range));
    }

    /// Takes the filter off if it is on, else puts it on.
    pub(crate) fn toggle(self, filter: &Filter) {
        self.change(Entry::New, |watch| filter.toggle(watch));
    }

    /// Takes the last filter of the line off; returns whether there was one.
    pub(crate) fn clear_last(self) -> bool {
        let last = self.watch.with_untracked(|watch| filters(watch).pop());
        let Some(last) = last else { return false };
        self.change(Entry::New, |watch| last.remove(watch));
        true
    }

    /// Shows everything.
    pub(crate) fn clear_all(self) {
        self.change(Entry::New, |watch| {
            filters(watch)
                .iter()
                .for_each(|filter| filter.remove(watch));
        });
    }

    fn is_step(self, entry: Entry) -> bool {
        match entry {
            Entry::New => true,
            Entry::Same => false,
            Entry::Scrub => {
                let (now, before) = (browser::now(), self.scrubbed_at.get_value());
                self.scrubbed_at.set_value(now);
                now - before > ONE_MOVEMENT
            }
        }
    }
}

/// The range that moves on with the data.
fn following(range: RangeChoice) -> RangeChoice {
    match range {
        RangeChoice::Fixed { from, to } => RangeChoice::Last(to - from),
        range => range,
    }
}

/// The range widened to whole minutes and to the shortest one allowed.
fn whole_minutes(from: Millis, to: Millis) -> (Millis, Millis) {
    let short = (SHORTEST_RANGE - (to - from)).max(0);
    let from = (from - short / 2).div_euclid(MINUTE) * MINUTE;
    let to = -(-(to + short / 2)).div_euclid(MINUTE) * MINUTE;
    (from, to.max(from + SHORTEST_RANGE))
}

impl Query {
    /// Reads a query; what cannot be read falls back to its default.
    fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let (mut from, mut to) = (None, None);
        let mut anomalies = AnomalyChoice::default();
        for (key, value) in form_urlencoded::parse(text.trim_start_matches('?').as_bytes()) {
            let watch = &mut query.watch;
            match key.as_ref() {
                "ticker" => watch.ticker = text_of(&value),
                "range" => watch.range = parse_range(&value).unwrap_or_default(),
                "from" => from = value.parse().ok(),
                "to" => to = value.parse().ok(),
                "window" => {
                    watch.hashtag_window = parse_span(&value).unwrap_or(watch.hashtag_window)
                }
                "top" => watch.n_hashtags = value.parse().unwrap_or(watch.n_hashtags),
                "by" if value == "authors" => watch.count_by = CountBy::Authors,
                "by" => {}
                "rank" if value == "burst" => watch.rank_by = RankBy::Burst,
                "rank" => {}
                "method" => watch.scoring.method = parse_method(&value).unwrap_or_default(),
                "limits" if value == "strict" => watch.scoring.limits = Limits::Strict,
                "limits" => {}
                "spam" if value == "out" => watch.sampling.without_spam = true,
                "spam" => {}
                "lang" if value == "en" => watch.sampling.only_english = true,
                "lang" => {}
                "per-author" => watch.sampling.per_author = value.parse().ok(),
                "reposts" if value == "out" => watch.sampling.without_reposts = true,
                "reposts" => {}
                "without" => watch.sampling.without_source = text_of(&value),
                "loudest" => watch.sampling.without_loudest = value.parse().ok(),
                "posts" => watch.n_posts = value.parse().unwrap_or(watch.n_posts),
                "class" => watch.class = parse_class(&value),
                "tag" => watch.hashtag = text_of(&value),
                "only" => watch.tickers.extend(text_of(&value)),
                "topic" => watch.topics.extend(text_of(&value)),
                "unusual" if value == "off" => watch.anomalies = None,
                "unusual" => anomalies.of = parse(MEASURES, write_measure, &value),
                "detector" => anomalies.detector = parse(DETECTORS, write_detector, &value),
                "direction" => anomalies.direction = parse(DIRECTIONS, write_direction, &value),
                "list" => watch.only_spam = value == "spam",
                key if panels::read(key, &value, &mut watch.panels) => {}
                _ => query.rest.push((key.into_owned(), value.into_owned())),
            }
        }
        if let (Some(from), Some(to)) = (from, to) {
            query.watch.range = RangeChoice::Fixed { from, to };
        }
        query.watch.anomalies = query.watch.anomalies.map(|_| anomalies);
        query.watch = in_limits(query.watch);
        query
    }

    /// Writes the query without `?`; what is at its default is left out.
    fn write(&self) -> String {
        let Watch {
            ticker,
            range,
            hashtag_window,
            n_hashtags,
            count_by,
            n_posts,
            class,
            hashtag,
            tickers,
            topics,
            rank_by,
            scoring,
            sampling,
            only_spam,
            anomalies,
            panels,
            wanted: _,
        } = &self.watch;
        let default = Watch::default();
        let mut out = Serializer::new(String::new());
        let mut put = |key: &str, value: &str| {
            out.append_pair(key, value);
        };
        if let Some(ticker) = ticker {
            put("ticker", ticker);
        }
        match range {
            RangeChoice::All => {}
            RangeChoice::Last(length) => put("range", &write_span(*length)),
            RangeChoice::Fixed { from, to } => {
                put("from", &from.to_string());
                put("to", &to.to_string());
            }
        }
        if *hashtag_window != default.hashtag_window {
            put("window", &write_span(*hashtag_window));
        }
        if *n_hashtags != default.n_hashtags {
            put("top", &n_hashtags.to_string());
        }
        if *count_by == CountBy::Authors {
            put("by", "authors");
        }
        if *n_posts != default.n_posts {
            put("posts", &n_posts.to_string());
        }
        if let Some(class) = class {
            put("class", write_class(*class));
        }
        if let Some(hashtag) = hashtag {
            put("tag", hashtag);
        }
        tickers.iter().for_each(|ticker| put("only", ticker));
        topics.iter().for_each(|topic| put("topic", topic));
        if *rank_by == RankBy::Burst {
            put("rank", "burst");
        }
        if scoring.method != Method::default() {
            put("method", write_method(scoring.method));
        }
        if scoring.limits == Limits::Strict {
            put("limits", "strict");
        }
        if sampling.without_spam {
            put("spam", "out");
        }
        if sampling.only_english {
            put("lang", "en");
        }
        if let Some(cap) = sampling.per_author {
            put("per-author", &cap.to_string());
        }
        if sampling.without_reposts {
            put("reposts", "out");
        }
        if let Some(source) = &sampling.without_source {
            put("without", source);
        }
        if let Some(n) = sampling.without_loudest {
            put("loudest", &n.to_string());
        }
        if *only_spam {
            put("list", "spam");
        }
        let usual = AnomalyChoice::default();
        match anomalies {
            None => put("unusual", "off"),
            Some(chosen) => {
                if chosen.of != usual.of {
                    put("unusual", write_measure(chosen.of));
                }
                if chosen.detector != usual.detector {
                    put("detector", write_detector(chosen.detector));
                }
                if chosen.direction != usual.direction {
                    put("direction", write_direction(chosen.direction));
                }
            }
        }
        panels::write(panels, &mut put);
        for (key, value) in &self.rest {
            put(key, value);
        }
        out.finish()
    }
}

/// Brings a choice into the limits of [`Watch`].
fn in_limits(mut watch: Watch) -> Watch {
    watch.hashtag_window = watch.hashtag_window.clamp(MINUTE, DAY);
    watch.n_hashtags = watch.n_hashtags.clamp(3, 50);
    watch.n_posts = watch.n_posts.clamp(10, 500);
    panels::in_limits(&mut watch.panels);
    for list in [&mut watch.tickers, &mut watch.topics] {
        let mut seen: Vec<String> = Vec::new();
        list.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        });
        list.truncate(MAX_NAMES);
    }
    watch.sampling.per_author = watch.sampling.per_author.filter(|cap| *cap > 0);
    watch.sampling.without_loudest = watch.sampling.without_loudest.filter(|n| *n > 0);
    watch.range = match watch.range {
        RangeChoice::Last(length) if length <= 0 => RangeChoice::All,
        RangeChoice::Fixed { from, to } if from >= to => RangeChoice::All,
        range => range,
    };
    watch
}

/// The address from its question mark on.
pub(crate) fn search() -> String {
    window().location().search().unwrap_or_default()
}

fn text_of(value: &str) -> Option<String> {
    let text: String = value.trim().chars().take(MAX_TEXT).collect();
    (!text.is_empty()).then_some(text)
}

fn parse_range(text: &str) -> Option<RangeChoice> {
    if text == "all" {
        Some(RangeChoice::All)
    } else {
        parse_span(text).map(RangeChoice::Last)
    }
}

/// `90min`, `6h`, `7d`, or plain milliseconds.
fn parse_span(text: &str) -> Option<Millis> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let unit = match unit {
        "" => 1,
        "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    digits.parse::<Millis>().ok()?.checked_mul(unit)
}

fn write_span(length: Millis) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "min")];
    match units
        .into_iter()
        .find(|(unit, _)| length > 0 && length % unit == 0)
    {
        Some((unit, name)) => format!("{}{name}", length / unit),
        None => length.to_string(),
    }
}

/// The name of a method in the address and in the list of them.
pub(crate) fn write_method(method: Method) -> &'static str {
    match method {
        Method::Vader => "vader",
        Method::Finance => "finance",
        Method::WordList => "words",
    }
}

pub(crate) fn parse_method(text: &str) -> Option<Method> {
    [Method::Vader, Method::Finance, Method::WordList]
        .into_iter()
        .find(|method| write_method(*method) == text)
}

const MEASURES: [Measure; 3] = [Measure::Posts, Measure::Sentiment, Measure::Price];
const DETECTORS: [Detector; 3] = [Detector::Hybrid, Detector::Stream, Detector::Classic];
const DIRECTIONS: [Direction; 3] = [Direction::Both, Direction::Positive, Direction::Negative];

/// What is unusual, in the address and in the list.
pub(crate) fn write_measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Posts => "posts",
        Measure::Sentiment => "sentiment",
        Measure::Price => "price",
    }
}

pub(crate) fn write_detector(detector: Detector) -> &'static str {
    match detector {
        Detector::Hybrid => "hybrid",
        Detector::Stream => "stream",
        Detector::Classic => "classic",
    }
}

pub(crate) fn write_direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both",
        Direction::Positive => "up",
        Direction::Negative => "down",
    }
}

/// The one that is written like this, or the default.
fn parse<T: Copy + Default>(all: [T; 3], write: fn(T) -> &'static str, text: &str) -> T {
    let found = all.into_iter().find(|one| write(*one) == text);
    found.unwrap_or_default()
}

fn parse_class(text: &str) -> Option<Class> {
    [Class::Positive, Class::Neutral, Class::Negative]
        .into_iter()
        .find(|class| write_class(*class) == text)
}

fn write_class(class: Class) -> &'static str {
    match class {
        Class::Positive => "positive",
        Class::Neutral => "neutral",
        Class::Negative => "negative",
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use analysis::{
        protocol::{
            LeaderChoice, LeaderSort, LiveWindow, Pair, PanelChoices, Rank, RollingChoice,
            Sampling, Scoring, Wanted,
        },
        series::calendar::Level,
    };
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_query_is_the_default_and_writes_nothing() {
        assert_eq!(Query::parse(""), Query::default());
        assert_eq!(Query::default().write(), "");
    }

    #[test]
    fn a_link_reads_as_a_person_would_write_it() {
        let query = Query::parse(
            "?ticker=BTC&range=7d&window=15min&class=negative&tag=svb+crisis&only=BTC&only=ETH&only=BTC&topic=Oil%2C+gas",
        );

        assert_eq!(query.watch.ticker.as_deref(), Some("BTC"));
        assert_eq!(query.watch.range, RangeChoice::Last(7 * DAY));
        assert_eq!(query.watch.hashtag_window, 15 * MINUTE);
        assert_eq!(
            (query.watch.class, query.watch.tickers, query.watch.topics),
            (
                Some(Class::Negative),
                vec!["BTC".to_owned(), "ETH".to_owned()],
                vec!["Oil, gas".to_owned()]
            )
        );
        assert_eq!(query.watch.hashtag.as_deref(), Some("svb crisis"));
    }

    #[test]
    fn what_cannot_be_read_falls_back_and_limits_hold() {
        let query = Query::parse("range=soon&window=9d&top=9999&posts=x&class=happy&from=5&to=5");

        assert_eq!(query.watch.range, RangeChoice::All);
        assert_eq!(
            (
                query.watch.hashtag_window,
                query.watch.n_hashtags,
                query.watch.n_posts
            ),
            (DAY, 50, 100)
        );
        assert_eq!(query.watch.class, None);
    }

    #[test]
    fn keys_of_others_are_kept_in_their_order() {
        let query = Query::parse("utm=1&ticker=BTC&z=%26");

        assert_eq!(query.write(), "ticker=BTC&utm=1&z=%26");
    }

    #[test]
    fn a_zoom_ends_on_whole_minutes_and_is_never_too_short() {
        assert_eq!(whole_minutes(61_001, 3_600_001), (MINUTE, HOUR + MINUTE));
        assert_eq!(
            whole_minutes(HOUR, HOUR + 1),
            (HOUR - 8 * MINUTE, HOUR + 8 * MINUTE)
        );
    }

    fn range() -> impl Strategy<Value = RangeChoice> {
        prop_oneof![
            Just(RangeChoice::All),
            (1i64..MONTH).prop_map(RangeChoice::Last),
            (-MONTH..MONTH, 1i64..MONTH).prop_map(|(from, length)| RangeChoice::Fixed {
                from,
                to: from + length
            }),
        ]
    }

    fn word() -> impl Strategy<Value = Option<String>> {
        prop::option::of("[^ \\s][^\\s]{0,20}")
    }

    fn panel_choices() -> impl Strategy<Value = PanelChoices> {
        let level = || {
            prop::sample::select(vec![
                None,
                Some(Level::Hour),
                Some(Level::Month),
                Some(Level::Year),
            ])
        };
        let sort = prop::sample::select(vec![
            LeaderSort::Mentions,
            LeaderSort::Neutral,
            LeaderSort::Negative,
        ]);
        let leaders =
            (level(), sort, 3u8..16).prop_map(|(level, sort, n)| LeaderChoice { level, sort, n });
        let rolling =
            (any::<bool>(), any::<bool>(), 12u16..1_000).prop_map(|(posts, ranks, places)| {
                RollingChoice {
                    pair: if posts {
                        Pair::PostsMove
                    } else {
                        Pair::SentimentReturn
                    },
                    rank: if ranks { Rank::Ranks } else { Rank::Values },
                    places,
                }
            });
        (leaders, level(), word(), 1i64..30, word(), rolling).prop_map(
            |(leaders, trend_level, second, live, live_topic, rolling)| PanelChoices {
                leaders,
                trend_level,
                second,
                live_window: LiveWindow(live * MINUTE),
                random: live_topic.as_ref().map(|_| 7),
                live_topic,
                rolling,
                why: None,
            },
        )
    }

    prop_compose! {
        fn watch()(
            ticker in word(), range in range(), hashtag_window in MINUTE..DAY, n_hashtags in 3u16..50, by_authors: bool,
            n_posts in 10u16..500, class in 0usize..4, hashtag in word(),
            tickers in prop::collection::btree_set("[A-Z]{1,5}", 0..3), topics in prop::collection::btree_set("[^ \\s][^\\s]{0,20}", 0..3), by_burst: bool,
            method in 0usize..3, is_strict: bool, without_spam: bool, only_english: bool,
            per_author in prop::option::of(1u16..100), only_spam: bool,
            anomalies in prop::option::of((0usize..3, 0usize..3, 0usize..3)), panels in panel_choices(),
        ) -> Watch {
            let classes = [None, Some(Class::Negative), Some(Class::Neutral), Some(Class::Positive)];
            let rank_by = if by_burst { RankBy::Burst } else { RankBy::Count };
            let scoring = Scoring {
                method: [Method::Vader, Method::Finance, Method::WordList][method],
                limits: if is_strict { Limits::Strict } else { Limits::Customary },
            };
            let anomalies = anomalies.map(|(of, detector, direction)| AnomalyChoice {
                of: MEASURES[of], detector: DETECTORS[detector], direction: DIRECTIONS[direction],
            });
            let sampling = Sampling {
                without_spam, only_english, per_author, without_reposts: by_burst, without_source: ticker.clone(),
                without_loudest: per_author.map(|cap| cap + 1),
            };
            let (tickers, topics) = (tickers.into_iter().collect(), topics.into_iter().collect());
            let count_by = if by_authors { CountBy::Authors } else { CountBy::Posts };
            Watch { ticker, range, hashtag_window, n_hashtags, count_by, n_posts, class: classes[class], hashtag, tickers, topics, rank_by, scoring, sampling, only_spam, anomalies, panels, wanted: Wanted::default() }
        }
    }

    proptest! {
        #[test]
        fn a_choice_survives_the_url(watch in watch(), value in ".*") {
            let query = Query { watch, rest: vec![("unknown".to_owned(), value)] };

            prop_assert_eq!(Query::parse(&query.write()), query);
        }

        #[test]
        fn no_query_makes_the_page_panic(text in ".*") {
            Query::parse(&text);
        }
    }
}
