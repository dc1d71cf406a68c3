//! What a person selected besides a stretch of time, and the sums that a selection calls for.
//!
//! Each view shows the posts that everything but its own part of the selection asks for: a table of topics
//! goes on listing all topics while one of them is selected, and narrows down what everything else shows.
//! Without a selection none of this is kept, and the views read the sums over all posts.

use std::ops::Range;

use wire::{
    Millis,
    time::{DAY, MINUTE},
};

use super::{
    Engine,
    names::Hashtags,
    posts::{Posts, Record, topic_set},
    tickers::Ticker,
};
use crate::{
    protocol::{CountBy, Panel, RangeChoice},
    series::Grids,
    trending::Trending,
    view::Class,
};

/// Which parts of a selection a view leaves out, since they are what the view itself offers or compares.
/// Told to people by [`crate::obeys`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Own(u8);

impl Own {
    pub(super) const NOTHING: Self = Self(0);
    pub(super) const CLASS: Self = Self(1);
    pub(super) const HASHTAG: Self = Self(2);
    pub(super) const TICKERS: Self = Self(4);
    pub(super) const TOPICS: Self = Self(8);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }
}

/// Of views that compare tickers by their classes.
pub(super) const CLASSES_OF_TICKERS: Own = Own::CLASS.and(Own::TICKERS);

/// Which posts were asked for. `Some` of an empty list asks for something that no post has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Selection {
    pub(super) class: Option<Class>,
    /// The spellings of a hashtag.
    pub(super) hashtag: Option<Vec<u32>>,
    /// Any of these.
    pub(super) tickers: Option<Vec<u32>>,
    /// Any of these, as [`topic_set`] has them.
    pub(super) topics: Option<u64>,
}

impl Selection {
    /// Does every post pass what is left without `own`?
    pub(super) fn is_everything_but(&self, own: Own) -> bool {
        (self.class.is_none() || own.has(Own::CLASS))
            && (self.hashtag.is_none() || own.has(Own::HASHTAG))
            && (self.tickers.is_none() || own.has(Own::TICKERS))
            && (self.topics.is_none() || own.has(Own::TOPICS))
    }

    /// Does this post pass what is left without `own`?
    pub(super) fn accepts_but(&self, own: Own, record: &Record, posts: &Posts) -> bool {
        let any_of = |wanted: &[u32], there: &[u32]| wanted.iter().any(|id| there.contains(id));
        let class = self.class.filter(|_| !own.has(Own::CLASS));
        let topics = self.topics.filter(|_| !own.has(Own::TOPICS));
        let hashtag = self.hashtag.as_deref().filter(|_| !own.has(Own::HASHTAG));
        let tickers = self.tickers.as_deref().filter(|_| !own.has(Own::TICKERS));
        class.is_none_or(|class| record.class == class)
            && topics.is_none_or(|topics| posts.topic_set(record) & topics != 0)
            && tickers.is_none_or(|ids| any_of(ids, posts.tickers(record)))
            && hashtag.is_none_or(|ids| any_of(ids, posts.hashtags(record)))
    }
}

/// Sums over selected posts. Posts that come are added; anything else makes them anew.
#[derive(Debug, Default)]
pub(super) struct Selected {
    key: Option<Key>,
    /// What the key figures show.
    figures: Grids,
    /// What the chart of a ticker shows.
    chart: Grids,
    /// What the list of hashtags shows.
    hashtags: Option<Trending>,
    /// What is told of each ticker beside others, by its number.
    tickers: Vec<Grids>,
}

/// What the sums were made for.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    selection: Selection,
    /// Ticker of the chart; `None` shows all posts.
    ticker: Option<u32>,
    /// Of a fixed range, its end and how far before it hashtags matter.
    hashtags_until: Option<(Millis, Millis)>,
    /// Something that compares tickers is in sight, or was.
    compares_tickers: bool,
}

impl Key {
    fn needs_figures(&self) -> bool {
        !self.selection.is_everything_but(Own::CLASS)
    }

    fn needs_chart(&self) -> bool {
        !self.selection.is_everything_but(Own::TICKERS)
    }

    fn needs_tickers(&self) -> bool {
        self.compares_tickers && !self.selection.is_everything_but(CLASSES_OF_TICKERS)
    }

    /// When the posts that it asks for may lie.
    fn reach(&self) -> Range<Millis> {
        let is_of_all = self.needs_figures() || self.needs_chart() || self.needs_tickers();
        match self.hashtags_until.filter(|_| !is_of_all) {
            Some((until, reach)) => until.saturating_sub(reach)..until,
            None => Millis::MIN..Millis::MAX,
        }
    }

    fn needs_hashtags(&self) -> bool {
        !self.selection.is_everything_but(Own::HASHTAG) || self.hashtags_until.is_some()
    }
}

impl Selected {
    /// Takes in a post that counts.
    pub(super) fn add(&mut self, record: &Record, posts: &Posts, names: &Hashtags) {
        let Some(key) = &self.key else { return };
        let accepts = |own| key.selection.accepts_but(own, record, posts);
        if key.needs_figures() && accepts(Own::CLASS) {
            self.figures.add(record.sample());
        }
        let is_in_chart = |id: u32| posts.tickers(record).contains(&id);
        if key.needs_chart() && key.ticker.is_none_or(is_in_chart) && accepts(Own::TICKERS) {
            self.chart.add(record.sample());
        }
        if key.needs_tickers() && accepts(CLASSES_OF_TICKERS) {
            for id in posts.tickers(record) {
                let idx = *id as usize;
                if idx >= self.tickers.len() {
                    self.tickers.resize_with(idx + 1, Grids::default);
                }
                if let Some(grids) = self.tickers.get_mut(idx) {
                    grids.add(record.sample());
                }
            }
        }
        let is_in_time = |(until, reach): (Millis, Millis)| {
            record.at < until && record.at >= until.saturating_sub(reach)
        };
        if let Some(trending) = &mut self.hashtags
            && key.hashtags_until.is_none_or(is_in_time)
            && accepts(Own::HASHTAG)
        {
            let tags = posts.hashtags(record).iter().map(|id| names.name(*id));
            trending.observe(record.at, record.author, tags, record.compound);
        }
    }

    /// Makes the next frame count afresh.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Hashtags of the selected posts; `None` when those of all posts are meant.
    pub(super) fn hashtags(&mut self) -> Option<&mut Trending> {
        self.hashtags.as_mut()
    }
}

impl Engine {
    /// The numbers of what was asked for by name.
    pub(super) fn selection(&self) -> Selection {
        let watch = &self.watch;
        let spellings = |tag: &String| {
            let tag = tag.trim_start_matches('#');
            self.hashtags.spellings(tag).to_vec()
        };
        let ids = || watch.tickers.iter().filter_map(|s| self.tickers.id(s));
        let topics = || {
            let places = self.topic_config.iter().enumerate();
            let wanted = places.filter(|(_, topic)| watch.topics.contains(&topic.name));
            topic_set(&wanted.map(|(idx, _)| idx).collect::<Vec<_>>())
        };
        Selection {
            class: watch.class,
            hashtag: watch.hashtag.as_ref().map(spellings),
            tickers: (!watch.tickers.is_empty()).then(|| ids().collect()),
            topics: (!watch.topics.is_empty()).then(topics),
        }
    }

    /// Makes the sums of a selection, unless they are there. Settle the posts first.
    #[inline(never)]
    pub(super) fn select(&mut self, selection: &Selection, ticker: Option<u32>) {
        let hashtags_until = self
            .hashtags_end()
            .map(|until| (until, 2 * self.hashtag_window() + DAY));
        let wanted = self.watch.wanted;
        let had = |key: &Key| key.compares_tickers;
        let key = Key {
            selection: selection.clone(),
            ticker,
            hashtags_until,
            compares_tickers: wanted.has(Panel::Leaders)
                || wanted.has(Panel::Trends)
                || self.selected.key.as_ref().is_some_and(had),
        };
        if self.selected.key.as_ref() == Some(&key) {
            return;
        }
        let trending = || Trending::new(self.hashtag_window(), CountBy::Posts);
        let mut selected = Selected {
            hashtags: key.needs_hashtags().then(trending),
            ..Selected::default()
        };
        let is_needed =
            key.needs_figures() || key.needs_chart() || key.needs_hashtags() || key.needs_tickers();
        let reach = key.reach();
        selected.key = Some(key);
        if is_needed {
            let posts = self.posts.within(reach).iter();
            let counted = posts.filter(|record| record.is_counted());
            counted.for_each(|record| selected.add(record, &self.posts, &self.hashtags));
        }
        self.selected = selected;
    }

    pub(super) fn hashtag_window(&self) -> Millis {
        self.watch.hashtag_window.clamp(MINUTE, DAY)
    }

    /// Where the window of hashtags ends, if the person fixed it.
    pub(super) fn hashtags_end(&self) -> Option<Millis> {
        match self.watch.range {
            RangeChoice::Fixed { .. } => Some(self.range().to),
            RangeChoice::All | RangeChoice::Last(_) => None,
        }
    }

    /// What the key figures are summed from.
    pub(super) fn figure_grids(&self) -> &Grids {
        match self.selected.key.as_ref().is_some_and(Key::needs_figures) {
            true => &self.selected.figures,
            false => &self.grids,
        }
    }

    /// What the chart of a ticker is summed from; that of all posts with `None`.
    pub(super) fn chart_grids<'a>(&'a self, ticker: Option<&'a Ticker>) -> &'a Grids {
        match self.selected.key.as_ref().is_some_and(Key::needs_chart) {
            true => &self.selected.chart,
            false => ticker.map_or(&self.grids, |ticker| &ticker.grids),
        }
    }

    /// What a ticker is compared with others by; `None` where it has no selected posts.
    pub(super) fn compared_grids<'a>(&'a self, id: u32, ticker: &'a Ticker) -> Option<&'a Grids> {
        match self.selected.key.as_ref().is_some_and(Key::needs_tickers) {
            true => self.selected.tickers.get(id as usize),
            false => Some(&ticker.grids),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_selection_can_be_left_out() {
        let mut posts = Posts::default();
        let record = Record {
            class: Class::Negative,
            labels: posts.label(0b10, &[7]),
            ..Record::default()
        };
        let record = posts.push(record, &[1, 2], None);
        let selection = Selection {
            class: Some(Class::Positive),
            hashtag: Some(vec![2]),
            tickers: Some(vec![7, 8]),
            topics: Some(0b11),
        };
        let alone = Selection {
            class: Some(Class::Positive),
            ..Selection::default()
        };

        let accepts = [Own::NOTHING, Own::CLASS, Own::TOPICS]
            .map(|own| selection.accepts_but(own, &record, &posts));

        assert_eq!(accepts, [false, true, false]);
        assert!(alone.is_everything_but(Own::CLASS) && !alone.is_everything_but(Own::NOTHING));
    }
}
