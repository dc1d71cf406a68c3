//! Withdrawn posts that are read again: they count as they did when their text was still there.

use wire::{Event, Identity, Millis, Post};

use super::{
    Applied, Engine,
    judge::{Facts, Language},
    posts::Record,
};

/// How a withdrawn post goes on counting, in names and numbers that outlive this engine.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Compound in ten-thousandths.
    pub compound: i16,
    /// Names of its topics.
    pub topics: Vec<String>,
    /// Symbols of its tickers.
    pub tickers: Vec<String>,
    /// What it was judged to be: its language in the low two bits, then a bit for each reason why it is spam.
    /// 0 when it was not judged.
    pub judgement: u16,
}

impl Engine {
    /// A post's grid time and how it counts now; `None` when it is not in.
    pub fn standing(&mut self, post: Identity) -> Option<(Millis, Standing)> {
        let at = *self.known.get(&post.0)?;
        if self.posts.find_mut(at, post.0)?.language == Language::Unjudged {
            self.judge(usize::MAX);
        }
        let record = *self.posts.find_mut(at, post.0)?;
        let topic = |idx: usize| Some(self.topic_config.get(idx)?.name.clone());
        let ticker = |id: &u32| Some(self.tickers.get(*id)?.symbol.clone());
        let standing = Standing {
            compound: record.compound,
            topics: self.posts.topics(&record).filter_map(topic).collect(),
            tickers: self
                .posts
                .tickers(&record)
                .iter()
                .filter_map(ticker)
                .collect(),
            judgement: u16::from(record.reasons) << 2 | u16::from(record.language.code()),
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

    /// Judges a post without its text: as it was judged when that was there. Whose it was is no longer known.
    pub(super) fn judge_withdrawn(
        &mut self,
        record: &mut Record,
        standing: Option<&Standing>,
        post: &Post,
    ) {
        let judgement = standing.map_or(0, |standing| standing.judgement);
        let language = Language::of_number(judgement.into());
        if language == Language::Unjudged {
            record.language = Language::Unknown;
            return;
        }
        (record.language, record.reasons) = (language, (judgement >> 2) as u8);
        record.place = self.judge.place(Facts {
            at: record.at,
            author: 0,
            is_spam: record.reasons != 0,
            language,
            is_repost: post.repost,
            is_of_source_out: self.judge.is_out(&post.source),
        });
    }

    /// Whether any post was withdrawn.
    pub fn has_withdrawn(&self) -> bool {
        !self.tombstones.is_empty()
    }

    /// Whether a post was withdrawn, before or after it came.
    pub fn is_withdrawn(&self, post: Identity) -> bool {
        self.tombstones.contains(&post.0)
    }

    /// Topics that the text can no longer name.
    pub(super) fn topics_of(&self, standing: &Standing) -> impl Iterator<Item = usize> {
        let named =
            |(_, topic): &(usize, &wire::config::Topic)| standing.topics.contains(&topic.name);
        let topics = self.topic_config.iter().enumerate();
        topics.filter(named).map(|(idx, _)| idx)
    }
}
