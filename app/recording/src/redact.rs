//! What of an event may leave this browser.

use std::collections::BTreeSet;

use chunks::Record;
use serde::{Deserialize, Serialize};
use wire::{Body, Event, Identity, author::AuthorKey};

use crate::{
    Session,
    terms::{self, Texts},
};

/// Why a post has no text.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Without {
    /// Its author or platform withdrew it.
    Withdrawn,
    /// The source's terms.
    Terms,
}

/// Hands each event of a session out once, less what must stay.
pub(crate) struct Redactor {
    texts: Texts,
    /// Fresh for each file: authors of two files cannot be compared.
    key: AuthorKey,
    seen: BTreeSet<u64>,
}

/// An event that may be handed on.
pub(crate) struct Passed {
    pub(crate) event: Event,
    /// Of a post.
    pub(crate) without: Option<Without>,
}

impl Redactor {
    pub(crate) fn new(texts: Texts, salt: [u8; 16]) -> Self {
        Self {
            texts,
            key: AuthorKey(salt),
            seen: BTreeSet::new(),
        }
    }

    /// The event as it may be handed on; `None` for one that may not, lies outside, or was handed on.
    pub(crate) fn pass(&mut self, session: &Session, record: &Record) -> Option<Passed> {
        // What comes while a file is made is in none of its results.
        let is_in = session.holds(&record.event) && session.knows(Identity::of(&record.event)?);
        is_in.then(|| self.redact(session, record)).flatten()
    }

    /// The same of an event that is in the file, by the terms of the session that it stands in.
    pub(crate) fn redact(&mut self, session: &Session, record: &Record) -> Option<Passed> {
        if !self.seen.insert(Identity::of(&record.event)?.0) {
            return None;
        }
        let mut event = record.event.clone();
        let mut without = None;
        match &mut event.body {
            Body::Post(post) => {
                without = self.without(session, record, &post.source);
                if without.is_some() {
                    archive::withdraw(post);
                } else if !post.author.is_empty() {
                    post.author = self.key.hash("", &post.author);
                }
            }
            Body::Bar(bar) if !terms::gives_prices(self.texts, &bar.source) => {
                return None;
            }
            _ => {}
        }
        Some(Passed { event, without })
    }

    fn without(&self, session: &Session, record: &Record, source: &str) -> Option<Without> {
        if session.is_deleted(record) {
            return Some(Without::Withdrawn);
        }
        let is_free = terms::gives_texts(self.texts, source, &session.basis().config);
        (!is_free).then_some(Without::Terms)
    }
}
