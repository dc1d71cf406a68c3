//! What becomes an event: broken records out, then repeats, then what the filters refuse. Each counted once.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use rustc_hash::FxHashSet;
use wire::{Body, Event, Identity, Post, SourceStatus, config::Filters, drops::DUPLICATE};

use super::subjects::Subjects;
use crate::log::Appended;

/// An event, or the drop reason of a record that could not be decoded.
pub(crate) type Record = Result<Event, &'static str>;

/// Identities that are remembered. A repeat that comes later than so many records is taken for new;
/// engine and store recognise it all the same.
const MEMORY: usize = 4_000_000;

/// Ids and addresses in bytes, tags in bytes and in number: more is nothing that a person wrote.
const MAX_NAME_BYTES: usize = 2_048;
const MAX_TAG_BYTES: usize = 512;
const MAX_TAGS: usize = 256;

/// Decides about one source's records, in their order.
pub(crate) struct Sieve {
    filters: Filters,
    /// What posts have to be about; `None` keeps them all.
    subjects: Option<Arc<Subjects>>,
    seen: FxHashSet<u64>,
    order: VecDeque<u64>,
}

/// What a sieve did. `received = kept + Σ dropped`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    pub(crate) received: u64,
    pub(crate) unique: u64,
    pub(crate) kept: u64,
    pub(crate) unique_posts: u64,
    pub(crate) kept_posts: u64,
    pub(crate) dropped: BTreeMap<&'static str, u64>,
}

impl Sieve {
    pub(crate) fn new(filters: Filters, subjects: Option<Arc<Subjects>>) -> Self {
        Self {
            filters,
            subjects,
            seen: FxHashSet::default(),
            order: VecDeque::new(),
        }
    }

    /// Returns the events to be appended and the counts of all.
    pub(crate) fn sift(&mut self, records: Vec<Record>) -> (Vec<Event>, Tally) {
        let mut tally = Tally {
            received: records.len() as u64,
            ..Tally::default()
        };
        let mut kept = Vec::with_capacity(records.len());
        for record in records {
            match record.and_then(|event| self.check(event, &mut tally)) {
                Ok(event) => kept.push(event),
                Err(reason) => *tally.dropped.entry(reason).or_default() += 1,
            }
        }
        tally.kept = kept.len() as u64;
        (kept, tally)
    }

    fn check(&mut self, event: Event, tally: &mut Tally) -> Record {
        // Bodies without an identity live on the stream only and are no upstream's business.
        let identity = Identity::of(&event).ok_or("stream_only")?;
        if !self.remember(identity) {
            return Err(DUPLICATE);
        }
        tally.unique += 1;
        if let Body::Post(post) = &event.body {
            tally.unique_posts += 1;
            if is_oversized(post) {
                return Err("too_long");
            }
            if let Some(reason) = self.filters.refuse(post) {
                return Err(reason);
            }
            if self
                .subjects
                .as_ref()
                .is_some_and(|subjects| !subjects.touch(post))
            {
                return Err("off_topic");
            }
            tally.kept_posts += 1;
        }
        Ok(event)
    }

    /// From here on nothing is a repeat of what came before.
    pub(crate) fn forget(&mut self) {
        self.seen = FxHashSet::default();
        self.order = VecDeque::new();
    }

    /// Returns whether it is new.
    fn remember(&mut self, Identity(identity): Identity) -> bool {
        if !self.seen.insert(identity) {
            return false;
        }
        self.order.push_back(identity);
        if self.order.len() > MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

impl Tally {
    /// Some of what was let through had come before, or is of no use, as the log found out.
    pub(crate) fn repeated(&mut self, appended: Appended) {
        let Appended {
            n_repeats,
            n_repeated_posts,
            n_forgotten,
            ..
        } = appended;
        self.unique = self.unique.saturating_sub(n_repeats);
        self.kept = self.kept.saturating_sub(n_repeats + n_forgotten);
        for count in [&mut self.kept_posts, &mut self.unique_posts] {
            *count = count.saturating_sub(n_repeated_posts);
        }
        for (reason, n) in [(DUPLICATE, n_repeats), ("unknown_post", n_forgotten)] {
            if n > 0 {
                *self.dropped.entry(reason).or_default() += n;
            }
        }
    }

    pub(crate) fn add_to(&self, status: &mut SourceStatus) {
        status.received += self.received;
        status.unique += self.unique;
        status.kept += self.kept;
        status.unique_posts += self.unique_posts;
        status.kept_posts += self.kept_posts;
        for (reason, n) in &self.dropped {
            *status.dropped.entry((*reason).to_owned()).or_default() += n;
        }
    }
}

/// Whether something other than the text is longer than any upstream has reason for.
fn is_oversized(post: &Post) -> bool {
    let Post {
        id,
        lang,
        hashtags,
        cashtags,
        reply_to,
        url,
        ..
    } = post;
    let is_long =
        |text: &Option<String>, most: usize| text.as_ref().is_some_and(|t| t.len() > most);
    let are_long =
        |tags: &[String]| tags.len() > MAX_TAGS || tags.iter().any(|tag| tag.len() > MAX_TAG_BYTES);
    id.len() > MAX_NAME_BYTES
        || is_long(reply_to, MAX_NAME_BYTES)
        || is_long(url, MAX_NAME_BYTES)
        || is_long(lang, MAX_TAG_BYTES)
        || are_long(hashtags)
        || are_long(cashtags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: &str, lang: &str) -> Record {
        let lang = Some(lang.to_owned());
        let post = Post {
            id: id.into(),
            source: "x".into(),
            lang,
            ..Post::default()
        };
        Ok(Event::imported(1, Body::Post(Box::new(post))))
    }

    #[test]
    fn every_record_is_counted_exactly_once() {
        let mut sieve = Sieve::new(Filters::default(), None);
        let records = vec![
            post("1", "en"),
            Err("bad_json"),
            post("1", "en"),
            post("2", "de"),
            post("2", "de"),
            post("3", "en"),
        ];

        let (kept, tally) = sieve.sift(records);

        assert_eq!(kept.len(), 2);
        assert_eq!((tally.received, tally.unique, tally.kept), (6, 3, 2));
        assert_eq!((tally.unique_posts, tally.kept_posts), (3, 2));
        assert_eq!(
            tally.dropped,
            BTreeMap::from([("bad_json", 1), ("duplicate", 2), ("language", 1)])
        );
        assert_eq!(
            tally.received,
            tally.kept + tally.dropped.values().sum::<u64>()
        );
    }

    #[test]
    fn what_is_longer_than_any_person_writes_is_dropped() {
        let long = |change: fn(&mut Post)| {
            let mut post = Post::default();
            change(&mut post);
            Ok(Event::imported(1, Body::Post(Box::new(post))))
        };
        let records: [fn(&mut Post); 4] = [
            |post| post.id = "x".repeat(3_000),
            |post| (post.id, post.url) = ("u".into(), Some("x".repeat(3_000))),
            |post| (post.id, post.hashtags) = ("h".into(), vec!["x".into(); 300]),
            |post| (post.id, post.cashtags) = ("c".into(), vec!["x".repeat(600)]),
        ];
        let mut records: Vec<Record> = records.map(long).into();
        records.push(post("2", "en"));

        let (kept, tally) = Sieve::new(Filters::default(), None).sift(records);

        assert_eq!(kept.len(), 1);
        assert_eq!(tally.dropped.get("too_long"), Some(&4), "{tally:?}");
    }

    #[test]
    fn a_repeat_is_found_across_batches() {
        let mut sieve = Sieve::new(Filters::default(), None);
        sieve.sift(vec![post("1", "en")]);

        let (kept, tally) = sieve.sift(vec![post("1", "en")]);

        assert!(kept.is_empty());
        assert_eq!(tally.dropped, BTreeMap::from([("duplicate", 1)]));
    }
}
