//! Posts of the range by topic, and those of no topic.

use crate::{
    engine::{Engine, posts::Record},
    series::Grids,
    view::{Counts, Range, TopicRow, TopicsView},
    voices::Voices,
};

impl Engine {
    #[inline(never)]
    pub(super) fn topics_view(&self, range: Range) -> TopicsView {
        let before = self.before(range);
        let rows = self.topic_config.iter().zip(&self.topics).enumerate();
        let row = |(idx, (topic, grids)): (usize, (&wire::config::Topic, &Grids))| {
            let is_in = |record: &Record| record.is_in_topic(idx);
            let voices = self.tally.voices_of_topic(idx);
            TopicRow {
                name: topic.name.clone(),
                counts: self.counts_of(grids, range, is_in),
                previous: before.map(|before| self.counts_of(grids, before, is_in)),
                authors: voices.map_or(0, Voices::n_authors),
                voices: voices.map_or(0.0, Voices::effective),
                counted_elsewhere: self.attention.sum(&topic.name, range),
            }
        };
        TopicsView {
            range,
            rows: rows.map(row).collect(),
            other: self.counts_of(&self.other, range, |record| record.topics == 0),
        }
    }

    fn counts_of(&self, grids: &Grids, range: Range, is_in: impl Fn(&Record) -> bool) -> Counts {
        grids
            .sum(range.from, range.to, |edge| self.posts.count(edge, &is_in))
            .counts()
    }
}
