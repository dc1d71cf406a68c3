//! Reads the events of a moment and says what they are about.

use std::collections::BTreeMap;

use analysis::{
    Standing,
    news::is_feed,
    protocol::{
        RangeChoice, Watch,
        talk::{MomentView, Wish},
    },
    talk::Talk,
    view::Range,
};
use wire::{Body, Event, Identity};

use super::{Explained, MAX_TIME, tables};
use crate::{Basis, file::content_hash, table::Table};

/// Posts that are looked at in one step.
const N_STEP: usize = 4_096;

/// A moment's events, and what follows from them.
pub(crate) struct Card {
    talk: Talk,
    range: Range,
    /// Ids of the stretch's posts, by identity.
    ids: BTreeMap<u64, String>,
    /// Hashes of articles, by source and id.
    hashes: BTreeMap<(String, String), String>,
    /// Posts whose texts are not there.
    n_withheld: u64,
}

impl Card {
    pub(crate) fn new(basis: &Basis, explained: Explained) -> Self {
        let Range { from, to } = explained.range();
        let watch = Watch {
            range: RangeChoice::Fixed { from, to },
            ..basis.watch.clone()
        };
        let wish = Wish {
            watch,
            words: explained.words,
            topics: explained.topics,
            ..Wish::default()
        };
        let mut talk = Talk::new(basis.config.clone(), wish);
        talk.set_word_list(basis.word_list.clone());
        Self {
            talk,
            range: explained.range(),
            ids: BTreeMap::new(),
            hashes: BTreeMap::new(),
            n_withheld: 0,
        }
    }

    /// Takes a post or a bar in; one without its text says how it counts.
    pub(crate) fn add(&mut self, event: &Event, withheld: Option<Standing>) {
        let is_possible = |at: i64| (-MAX_TIME..=MAX_TIME).contains(&at);
        if !is_possible(event.at) || !is_possible(event.seen_at) {
            return;
        }
        if let (Body::Post(post), Some(identity)) = (&event.body, Identity::of(event)) {
            if (self.range.from..self.range.to).contains(&event.at) {
                self.ids.insert(identity.0, post.id.clone());
            }
            if is_feed(&post.source) {
                let hash = content_hash(&post.source, &post.id, &post.text);
                let key = (post.source.clone(), post.id.clone());
                self.hashes.insert(key, hash);
            }
        }
        self.n_withheld += u64::from(withheld.is_some());
        let stands = withheld.map(|stands| (stands.compound, stands.tickers, stands.topics));
        self.talk.apply(event, stands);
    }

    pub(crate) fn n_withheld(&self) -> u64 {
        self.n_withheld
    }

    /// The ticker whose prices follow.
    pub(crate) fn ticker(&mut self) -> Option<String> {
        self.settle();
        self.talk.ticker().map(str::to_owned)
    }

    fn settle(&mut self) {
        while self.talk.step(N_STEP) {}
    }

    /// What it says, with the texts of sources that `gives` names.
    pub(crate) fn tables(&mut self, gives: impl Fn(&str) -> bool) -> Vec<Table> {
        self.settle();
        self.talk.refresh();
        let found = self.talk.found();
        let view: MomentView = found.and_then(|found| found.moment).unwrap_or_default();
        let hash_of = |source: &str, id: &str| {
            let key = (source.to_owned(), id.to_owned());
            self.hashes.get(&key).cloned()
        };
        let id_of = |key: u64| self.ids.get(&key).cloned().unwrap_or_default();
        tables::all(
            &view,
            &tables::Names {
                id_of,
                hash_of,
                gives,
            },
        )
    }
}
