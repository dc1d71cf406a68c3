//! Posts of the range by topic, and those of no topic.

use crate::{
    engine::{
        Engine,
        posts::Record,
        selection::{Own, Selection},
    },
    series::{Grids, bucket::Bucket},
    view::{Counts, Range, TopicRow, TopicsView},
    voices::Voices,
};

/// Counts by topic, then of no topic.
type ByTopic = (Vec<Counts>, Counts);

impl Engine {
    #[inline(never)]
    pub(super) fn topics_view(&self, range: Range, selection: &Selection) -> TopicsView {
        let (counts, other) = self.counts_by_topic(range, selection);
        let before = self.before(range);
        let before = before.map(|before| self.counts_by_topic(before, selection).0);
        let row = |(idx, topic): (usize, &wire::config::Topic)| {
            let voices = self.tallies.labels.voices_of_topic(idx);
            TopicRow {
                name: topic.name.clone(),
                counts: counts.get(idx).copied().unwrap_or_default(),
                previous: before.as_ref().and_then(|all| all.get(idx).copied()),
                authors: voices.map_or(0, Voices::n_authors),
                voices: voices.map_or(0.0, Voices::effective),
                counted_elsewhere: self.attention.sum(&topic.name, range),
            }
        };
        TopicsView {
            range,
            rows: self.topic_config.iter().enumerate().map(row).collect(),
            other,
        }
    }

    fn counts_by_topic(&self, range: Range, selection: &Selection) -> ByTopic {
        if selection.is_everything_but(Own::TOPICS) {
            let of_topic = |(idx, grids): (usize, &Grids)| {
                self.counts_of(grids, range, |record| self.posts.is_in_topic(record, idx))
            };
            let counts = self.topics.iter().enumerate().map(of_topic).collect();
            return (
                counts,
                self.counts_of(&self.other, range, |record| {
                    self.posts.topic_set(record) == 0
                }),
            );
        }
        let mut buckets = vec![Bucket::default(); self.topics.len()];
        let mut other = Bucket::default();
        for record in self.posts.within(range.from..range.to) {
            if !record.is_counted() || !selection.accepts_but(Own::TOPICS, record, &self.posts) {
                continue;
            }
            for idx in self.posts.topics(record) {
                if let Some(bucket) = buckets.get_mut(idx) {
                    bucket.add(record.sample());
                }
            }
            if self.posts.topic_set(record) == 0 {
                other.add(record.sample());
            }
        }
        (buckets.iter().map(Bucket::counts).collect(), other.counts())
    }

    fn counts_of(&self, grids: &Grids, range: Range, is_in: impl Fn(&Record) -> bool) -> Counts {
        grids
            .sum(range.from, range.to, |edge| self.posts.count(edge, &is_in))
            .counts()
    }
}
