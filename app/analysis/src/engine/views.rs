//! Views out of what the engine holds, each made again only when something it shows has changed.

mod anomalies;
mod hashtags;
mod holes;
mod lag;
mod market;
mod panels;
mod sample;
mod topics;

use std::rc::Rc;

use wire::{
    Millis,
    time::{DAY, MINUTE},
};

use super::{
    Engine, MAX_TIME, Versions,
    posts::Record,
    selection::{Own, Selection},
};
use crate::{
    order,
    protocol::RangeChoice,
    series::Spans,
    stats::random::Random,
    view::{
        Counts, Frame, HashtagsView, KpiView, LagView, MarketView, ParentRow, PostRow, PostsView,
        Range, SampleView, SourcesView, TickersView, TopicsView,
    },
};

/// How far the rate of posts looks back.
pub const RATE_WINDOW: Millis = 5 * MINUTE;

/// What was sent last, and from what it was made.
#[derive(Debug, Default)]
pub(super) struct Memos {
    kpi: Memo<KpiView>,
    market: Memo<MarketView>,
    hashtags: Memo<HashtagsView>,
    posts: Memo<PostsView>,
    lag: Memo<LagView>,
    topics: Memo<TopicsView>,
    tickers: Memo<TickersView>,
    sources: Memo<SourcesView>,
    sample: Memo<SampleView>,
    anomalies: anomalies::Memory,
    panels: panels::Memory,
    /// Sentiment and returns on one grid, and from what they were taken.
    aligned: Option<(Inputs, Rc<lag::Input>)>,
    /// What the lag view was computed from.
    lag_of: Option<Rc<lag::Input>>,
}

/// One view as last sent.
#[derive(Debug)]
struct Memo<V> {
    inputs: Option<Inputs>,
    sent: Option<V>,
}

/// Everything that a view may depend on; fields that one does not depend on are left at their default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Inputs {
    versions: Versions,
    range: Range,
    now: Millis,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self {
            inputs: None,
            sent: None,
        }
    }
}

impl<V: Clone + PartialEq> Memo<V> {
    /// The view if its inputs and then the view itself changed.
    fn update(&mut self, inputs: Inputs, make: impl FnOnce() -> V) -> Option<V> {
        if self.inputs == Some(inputs) {
            return None;
        }
        self.inputs = Some(inputs);
        self.send(make())
    }

    /// The view if it changed.
    fn send(&mut self, view: V) -> Option<V> {
        if self.sent.as_ref() == Some(&view) {
            return None;
        }
        self.sent = Some(view.clone());
        Some(view)
    }
}

impl Engine {
    /// The posts are settled.
    pub(super) fn changed_figures(&mut self, now: Millis, memos: &mut Memos) -> Option<KpiView> {
        let range = self.range();
        let selection = self.selection();
        self.select(&selection, self.tickers.shown_id(&self.watch));
        let tally = &mut self.tallies.posts;
        tally.move_to(range.from..range.to, &selection, &self.posts);
        let Versions { posts, watch, .. } = self.versions;
        let inputs = Inputs {
            versions: Versions {
                posts,
                watch,
                ..Versions::default()
            },
            range,
            now,
        };
        memos.kpi.update(inputs, || self.kpi(range, now))
    }

    /// The posts are settled.
    pub(super) fn changed_views(&mut self, now: Millis, memos: &mut Memos) -> Frame {
        let kpi = self.changed_figures(now, memos);
        let range = self.range();
        let ticker = self.tickers.shown_id(&self.watch);
        let selection = self.selection();
        let tally = &mut self.tallies.labels;
        tally.move_to(range.from..range.to, &selection, &self.posts);
        self.count_leading(range, &selection);
        let Versions {
            posts,
            judged,
            bars,
            sources,
            watch,
        } = self.versions;
        let none = Versions::default();
        // What each view is made of; `now: 0` where time alone changes nothing.
        let of_window = Inputs {
            versions: Versions {
                posts,
                watch,
                ..none
            },
            range: Range::default(),
            now,
        };
        let of_market = Inputs {
            versions: self.versions,
            range,
            now,
        };
        let of_lag = Inputs {
            versions: Versions {
                posts,
                bars,
                watch,
                ..none
            },
            range,
            now: 0,
        };
        let of_list = Inputs {
            versions: Versions {
                posts,
                watch,
                ..none
            },
            range,
            now: 0,
        };
        let of_judged = Inputs {
            versions: Versions {
                posts,
                judged,
                watch,
                ..none
            },
            ..of_list
        };
        let of_tickers = Inputs {
            versions: Versions {
                posts,
                bars,
                ..none
            },
            range: Range::default(),
            now: 0,
        };
        let of_sources = Inputs {
            versions: Versions { sources, ..none },
            range: Range::default(),
            now: 0,
        };

        let aligned = self.aligned(ticker, of_lag, &mut memos.aligned);
        Frame {
            now,
            hashtags: memos.hashtags.update(of_window, || self.hashtags(now)),
            kpi,
            market: memos.market.update(of_market, || {
                self.market(ticker, range, now, &mut memos.anomalies)
            }),
            lag: self.lag(&aligned, &mut memos.lag_of, &mut memos.lag),
            posts: memos
                .posts
                .update(of_judged, || self.recent(range, &selection)),
            topics: memos
                .topics
                .update(of_list, || self.topics_view(range, &selection)),
            tickers: memos.tickers.update(of_tickers, || self.tickers.view()),
            sources: memos.sources.update(of_sources, || self.source_view()),
            sample: memos.sample.update(of_judged, || self.sample(range)),
            panels: self.panels(
                panels::Context { ticker, range, now },
                &aligned,
                &mut memos.panels,
            ),
        }
    }

    /// The stretch that the watch asks for. "Everything" and "newest" go by the posts; by prices only while there are no posts.
    pub(super) fn range(&self) -> Range {
        let posts = self.posts.all();
        let span = match (posts.first(), posts.last()) {
            (Some(first), Some(last)) => {
                // The bar that the last post fell into ends after it, at most a day.
                let close = self.tickers.newest_close(last.at.saturating_add(DAY));
                Some((first.at, close.unwrap_or(last.at).max(last.at)))
            }
            _ => self.tickers.price_span(),
        };
        let (first, last) = span.map_or((0, 0), |(first, last)| (first, last.saturating_add(1)));
        match self.watch.range {
            RangeChoice::All => Range {
                from: first,
                to: last,
            },
            RangeChoice::Last(length) => Range {
                from: last - length.clamp(1, MAX_TIME),
                to: last,
            },
            RangeChoice::Fixed { from, to } => {
                let from = from.clamp(-MAX_TIME, MAX_TIME);
                Range {
                    from,
                    to: to.clamp(from, MAX_TIME),
                }
            }
        }
    }

    /// The end of what is known: the clock of the data, or the newest event if that is later.
    fn until(&self, now: Millis) -> Millis {
        self.span
            .map_or(now, |(_, last)| now.max(last))
            .saturating_add(1)
    }

    /// When any source of posts was listening.
    fn covered(&self, now: Millis) -> Spans {
        self.sources.covered(self.until(now))
    }

    /// Selected posts of all classes.
    fn figures(&self, from: Millis, to: Millis) -> Counts {
        let selection = self.selection();
        let wanted = |record: &Record| selection.accepts_but(Own::CLASS, record, &self.posts);
        self.figure_grids()
            .sum(from, to, |edge| self.posts.count(edge, wanted))
            .counts()
    }

    fn counts(&self, from: Millis, to: Millis) -> Counts {
        self.grids
            .sum(from, to, |edge| self.posts.count(edge, |_| true))
            .counts()
    }

    /// The equally long stretch before a range, if the posts reach back that far.
    fn before(&self, range: Range) -> Option<Range> {
        let length = range.to.saturating_sub(range.from);
        let from = range.from.saturating_sub(length);
        let first = self.posts.all().first()?;
        (length > 0 && first.at <= from).then_some(Range {
            from,
            to: range.from,
        })
    }

    #[inline(never)]
    fn kpi(&self, range: Range, now: Millis) -> KpiView {
        let end = now.saturating_add(1);
        let recent = self.figures(end.saturating_sub(RATE_WINDOW), end).posts;
        KpiView {
            range,
            counts: self.figures(range.from, range.to),
            previous: self
                .before(range)
                .map(|before| self.figures(before.from, before.to)),
            authors: self.tallies.posts.voices().n_authors(),
            voices: self.tallies.posts.voices().effective(),
            scoring: self.scorer.scoring(),
            posts_per_minute: recent as f64 * MINUTE as f64 / RATE_WINDOW as f64,
            rate_window: RATE_WINDOW,
        }
    }

    #[inline(never)]
    fn recent(&self, range: Range, selection: &Selection) -> PostsView {
        let only_spam = self.watch.only_spam;
        let readable = self.posts.readable_within(range.from..range.to);
        let accepted = readable.iter().rev().filter(|record| {
            let is_there = match only_spam {
                true => record.reasons != 0,
                false => record.is_counted(),
            };
            is_there && selection.accepts_but(Own::NOTHING, record, &self.posts)
        });
        let n = usize::from(self.watch.n_posts);
        let row = |record: &Record| self.post_row(record);
        PostsView {
            rows: match self.watch.panels.random {
                None => accepted.take(n).map(row).collect(),
                Some(seed) => drawn(accepted, seed, n).into_iter().map(row).collect(),
            },
            n_matching: self.tallies.posts.found().n_matching(only_spam),
            n_in_range: match only_spam {
                true => self.posts.within(range.from..range.to).len() as u64,
                false => self.counts(range.from, range.to).posts,
            },
        }
    }

    fn post_row(&self, record: &Record) -> PostRow {
        let text = self.posts.text(record.key);
        let symbol = |id: &u32| self.tickers.get(*id).map(|ticker| ticker.symbol.clone());
        let mut tickers: Vec<String> = self
            .posts
            .tickers(record)
            .iter()
            .filter_map(symbol)
            .collect();
        order::sort_by(&mut tickers, String::cmp);
        PostRow {
            key: record.key,
            source: self.names.name(u32::from(record.source)).to_owned(),
            at: record.at,
            // That of one that came by a digest may still be to come.
            text: match text {
                Some(text) => Some(text.text.to_string()),
                None => (!record.is_deleted).then(|| "…".to_owned()),
            },
            class: record.class,
            compound: f32::from(record.compound) / 10_000.0,
            tickers,
            url: text.and_then(|text| text.url.as_deref().map(str::to_owned)),
            late: record.is_late,
            findings: text.map(|text| text.findings.to_vec()).unwrap_or_default(),
            n_alike: self.judge.n_alike(record.key),
            is_counted: record.is_counted(),
            parent: text
                .and_then(|text| text.parent)
                .and_then(|key| self.parent_row(key)),
        }
    }

    fn parent_row(&self, key: u64) -> Option<ParentRow> {
        let (record, text) = self.posts.readable(key)?;
        Some(ParentRow {
            at: record.at,
            text: text.text.to_string(),
            class: record.class,
            compound: f32::from(record.compound) / 10_000.0,
        })
    }

    #[inline(never)]
    fn source_view(&self) -> SourcesView {
        SourcesView {
            rows: self.sources.rows(),
            n_events: self.n_events(),
            n_posts: self.n_posts(),
            n_repeated: self.n_repeated,
            n_late: u64::from(self.total.n_late),
            n_deleted: self.n_deleted,
            n_gaps: self.n_gaps,
            n_unreadable: self.n_unreadable,
        }
    }
}

/// `n` of the posts, each with the same chance and equal for equal seeds, whatever their order.
fn drawn<'a>(posts: impl Iterator<Item = &'a Record>, seed: u32, n: usize) -> Vec<&'a Record> {
    let lot = |record: &Record| {
        let seed = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Random::new(record.key ^ seed).next_bits()
    };
    let mut lots: Vec<(u64, &Record)> = posts.map(|record| (lot(record), record)).collect();
    // Lots are even: below this one there are some four times as many as are wanted, and only those are sorted.
    let even = u64::MAX / (lots.len() as u64).max(1);
    let low = even.saturating_mul(4 * n as u64);
    if lots.iter().filter(|(lot, _)| *lot <= low).count() >= n {
        lots.retain(|(lot, _)| *lot <= low);
    }
    order::sort_by_key(&mut lots, |(lot, record)| (*lot, record.key));
    lots.truncate(n);
    lots.into_iter().map(|(_, record)| record).collect()
}
