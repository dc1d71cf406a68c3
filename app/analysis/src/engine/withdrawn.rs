//! Withdrawn posts that are read again: they count as they did when their text was still there.

use wire::{Event, Identity, Millis};

use super::{Applied, Engine};

/// How a withdrawn post goes on counting, in names and numbers that outlive this engine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Compound in ten-thousandths.
    pub compound: i16,
    /// Names of its topics.
    pub topics: Vec<String>,
    /// Symbols of its tickers.
    pub tickers: Vec<String>,
}

impl Engine {
    /// A post's grid time and how it counts now; `None` when it is not in.
    pub fn standing(&mut self, post: Identity) -> Option<(Millis, Standing)> {
        let at = *self.known.get(&post.0)?;
        let record = *self.posts.find_mut(at, post.0)?;
        let topic = |idx: usize| Some(self.topic_config.get(idx)?.name.clone());
        let ticker = |id: &u32| Some(self.tickers.get(*id)?.symbol.clone());
        let standing = Standing {
            compound: record.compound,
            topics: record.topics().filter_map(topic).collect(),
            tickers: self
                .posts
                .tickers(&record)
                .iter()
                .filter_map(ticker)
                .collect(),
        };
        Some((at, standing))
    }

    /// Takes in a post whose text is gone. Topics and tickers that are no longer configured are left out;
    /// another way of scoring cannot change what was found when the text was there.
    pub fn apply_withdrawn(&mut self, event: &Event, standing: &Standing) -> Applied {
        if let Some(post) = Identity::of(event) {
            self.tombstones.insert(post.0);
        }
        self.standing = Some(standing.clone());
        let applied = self.apply(event);
        self.standing = None;
        applied
    }

    /// Topics that the text can no longer name.
    pub(super) fn topics_of(&self, standing: &Standing) -> impl Iterator<Item = usize> {
        let named =
            |(_, topic): &(usize, &wire::config::Topic)| standing.topics.contains(&topic.name);
        let topics = self.topic_config.iter().enumerate();
        topics.filter(named).map(|(idx, _)| idx)
    }
}
