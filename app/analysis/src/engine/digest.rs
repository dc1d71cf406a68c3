//! What the engine found out about some posts, in bytes, so that they are counted again without their text.
//!
//! ```text
//!  posts ──digest──► "MTDG" key hash │ newest seen_at │ words │ a row a post ──apply_digest──► counted as then
//! ```
//!
//! A digest says of each post what scoring, matching and judging needed its text for. It holds for one
//! [key](Engine::digest_key): the rules of this program, and what it was told to look for. Whoever keeps
//! digests throws away those with another key. Which posts count is decided anew, so that is no part of it.

mod code;

use std::rc::Rc;

use wire::{Body, Event, Identity, Millis};

use self::code::{Row, Rows, Writer};
pub use self::code::{is_for, withdraw};
use super::{
    Engine, MAX_TIME, extended,
    judge::{Facts, Language},
    posts::{Readable, Record},
};
use crate::fnv::fnv;

/// Of everything that decides what is found in a text, as it was when this program was built.
pub(super) const RULES: &str = env!("MOODTAPE_RULES");
/// Stands for a word that no list has a number for yet.
const UNMAPPED: u32 = u32::MAX;

/// Bytes that are no digest, one that was made in another way, or a damaged one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this is no digest that can be used")]
pub struct Unusable;

/// What a digest says of a post beside what was found out about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    post: Identity,
    is_repost: bool,
    is_skewed: bool,
    is_imported: bool,
    seen_at: Millis,
    /// Separated by blanks.
    cashtags: Box<str>,
}

impl Origin {
    /// Of a post; `None` for any other event.
    pub fn of(event: &Event) -> Option<Self> {
        let Body::Post(post) = &event.body else {
            return None;
        };
        Some(Self {
            post: Identity::of_post(&post.source, &post.id),
            is_repost: post.repost,
            is_skewed: event.skewed,
            is_imported: event.imported,
            seen_at: event.seen_at.clamp(-MAX_TIME, MAX_TIME),
            cashtags: post.cashtags.join(" ").into(),
        })
    }
}

impl Engine {
    /// What digests must have been made with to be used: the rules, the method, the words, topics and tickers.
    pub fn digest_key(&self) -> u64 {
        let mut text = String::from(RULES);
        let mut add = |part: &str| {
            text.push('\n');
            text.push_str(part);
        };
        for topic in &self.topic_config {
            add(&topic.name);
            topic.keywords.iter().for_each(|keyword| add(keyword));
            add("");
        }
        for ticker in &self.ticker_config {
            add("");
            add(&ticker.symbol);
            ticker.aliases.iter().for_each(|alias| add(alias));
        }
        fnv(text.as_bytes()) ^ self.scorer.key()
    }

    /// The digest of these posts, in their order; `None` as long as one of them is not in or not judged.
    pub fn digest(&mut self, of: &[Origin]) -> Option<Vec<u8>> {
        // What is in was matched with topics and tickers of before.
        if self.is_outdated {
            return None;
        }
        self.posts.settle();
        let mut writer = Writer::default();
        for origin in of {
            let at = *self.known.get(&origin.post.0)?;
            let record = *self.posts.find_mut(at, origin.post.0)?;
            if record.language == Language::Unjudged {
                return None;
            }
            let row = self.row(&record, origin, &mut writer);
            writer.push(&row);
        }
        let newest = of.iter().map(|origin| origin.seen_at).max();
        Some(writer.seal(self.digest_key(), newest.unwrap_or(-MAX_TIME)))
    }

    fn row(&self, record: &Record, origin: &Origin, writer: &mut Writer) -> Row {
        let symbol = |id: &u32| self.tickers.get(*id).map_or("", |one| one.symbol.as_str());
        let tickers = self.posts.tickers(record).iter();
        let hashtags = self.posts.hashtags(record).iter();
        let cashtags = origin.cashtags.split_ascii_whitespace();
        Row {
            at: record.at,
            key: record.key,
            author: self.authors.hash(record.author),
            source: writer.word(self.names.name(u32::from(record.source))),
            compound: record.compound,
            topics: self.posts.topic_set(record),
            is_late: record.is_late,
            is_deleted: record.is_deleted,
            is_repost: origin.is_repost,
            is_skewed: origin.is_skewed,
            is_imported: origin.is_imported,
            language: record.language,
            reasons: record.reasons,
            tickers: tickers.map(|id| writer.word(symbol(id))).collect(),
            hashtags: hashtags
                .map(|id| writer.word(self.hashtags.name(*id)))
                .collect(),
            cashtags: cashtags.map(|tag| writer.word(tag)).collect(),
            findings: self.posts.findings(record.key).to_vec(),
        }
    }

    /// Takes in the posts of a digest, as if they were applied and judged in their order. Call it before any
    /// post waits for its judgement.
    ///
    /// # Errors
    /// [`Unusable`] if it was made with another key or has changed since; then nothing is taken in.
    pub fn apply_digest(&mut self, bytes: &[u8]) -> Result<(), Unusable> {
        let mut rows = Rows::open(bytes, self.digest_key()).ok_or(Unusable)?;
        self.newest_seen_at = self.newest_seen_at.max(Some(rows.newest_seen_at));
        let mut numbers = Numbers::new(rows.words());
        let mut row = Row::default();
        let mut authors = Vec::new();
        while rows.read(&mut row) {
            match self.meet(row.key, row.at) {
                true => authors.push((self.add_row(&row, &mut numbers).into(), row.at)),
                false => self.n_repeated += 1,
            }
        }
        authors.retain(|(author, _)| *author != 0);
        self.judge.remember_authors(&authors);
        self.versions.sources += 1;
        self.versions.posts += 1;
        self.versions.judged += 1;
        Ok(())
    }

    /// Returns the number of its author.
    fn add_row(&mut self, row: &Row, numbers: &mut Numbers<'_>) -> u32 {
        let Row { at, key, .. } = *row;
        let author = self.authors.number(row.author);
        self.span = extended(self.span, at);
        self.n_skewed += u64::from(row.is_skewed);
        if row.is_deleted {
            self.tombstones.insert(key);
        }
        let is_deleted = self.tombstones.contains(&key);
        self.n_deleted += u64::from(is_deleted);
        self.n_no_author += u64::from(author == 0 && !row.is_deleted);
        let facts = Facts {
            at,
            author,
            is_spam: row.reasons != 0,
            language: row.language,
            is_repost: row.is_repost,
            is_of_source_out: self.judge.is_out(numbers.word(row.source)),
        };
        let place = self.loudest.place(author, self.judge.place(facts));
        let mut record = Record {
            at,
            key,
            author: if is_deleted { 0 } else { author },
            source: u16::try_from(numbers.number(Kind::Source, row.source, self))
                .unwrap_or(u16::MAX),
            is_late: row.is_late,
            is_deleted,
            reasons: row.reasons,
            language: row.language,
            place,
            ..Record::default()
        };
        let (compound, class) = self.scorer.of_score(row.compound);
        (record.compound, record.class) = (compound.ten_thousandths(), class);
        self.n_late += u64::from(record.is_late);
        self.count_of_source(&record);
        let mut scratch = std::mem::take(&mut self.scratch);
        numbers.all(Kind::Ticker, &row.tickers, self, &mut scratch.tickers);
        numbers.all(Kind::Hashtag, &row.hashtags, self, &mut scratch.hashtags);
        record.labels = self.posts.label(row.topics, &scratch.tickers);
        let record = self.posts.push(record, &scratch.hashtags, None);
        self.scratch = scratch;
        self.posts.keep_findings(key, &row.findings);
        self.take_judged(&record, author);
        let source = numbers.word(row.source);
        self.sources.add_post(at, source, row.is_imported);
        let cashtags = row.cashtags.iter().map(|word| numbers.word(*word));
        self.judge.remember_cashtags(at, author, cashtags);
        author
    }

    /// Counts a post of which everything is known from the start.
    pub(super) fn take_judged(&mut self, record: &Record, author: u32) {
        self.tallies.add(record, &self.posts);
        if self.leaves_out_loudest() {
            self.loudest.add(record, &self.authors);
        }
        if record.is_counted() {
            self.count(record, author);
        }
    }

    /// Gives a post of a digest its text back, and lets those that come after it be compared with it. In the
    /// order in which they came; what comes later than them waits behind.
    pub fn recall(&mut self, event: &Event) {
        let Body::Post(post) = &event.body else {
            return;
        };
        let key = Identity::of_post(&post.source, &post.id).0;
        let Some(at) = self.known.get(&key).copied() else {
            return;
        };
        if self.tombstones.contains(&key) {
            return;
        }
        let text: Rc<str> = post.text.as_str().into();
        self.posts
            .recall(at, key, Readable::of(post, Rc::clone(&text)));
        self.judge.recall(key, at, text);
        self.versions.posts += 1;
    }

    /// Everything that is to be recalled has been.
    pub fn end_recall(&mut self) {
        self.posts.forget_findings();
    }
}

/// Numbers of a digest's words in the engine's own lists, looked up when they are needed.
struct Numbers<'a> {
    words: Vec<&'a str>,
    /// By word: as a source, a ticker and a hashtag.
    numbers: Vec<[u32; 3]>,
}

#[derive(Clone, Copy)]
enum Kind {
    Source,
    Ticker,
    Hashtag,
}

impl<'a> Numbers<'a> {
    fn new(words: Vec<&'a str>) -> Self {
        Self {
            numbers: vec![[UNMAPPED; 3]; words.len()],
            words,
        }
    }

    fn word(&self, word: u32) -> &'a str {
        self.words.get(word as usize).copied().unwrap_or_default()
    }

    fn number(&mut self, kind: Kind, word: u32, engine: &mut Engine) -> u32 {
        let text = self.word(word);
        let Some(known) = self.numbers.get_mut(word as usize) else {
            return UNMAPPED;
        };
        let number = &mut known[kind as usize];
        if *number == UNMAPPED {
            *number = match kind {
                Kind::Source => engine.names.id_or_new(text),
                Kind::Ticker => engine.tickers.id_or_new(text),
                Kind::Hashtag => engine.hashtags.id_or_new(text),
            };
        }
        *number
    }

    fn all(&mut self, kind: Kind, words: &[u32], engine: &mut Engine, into: &mut Vec<u32>) {
        into.clear();
        into.extend(words.iter().map(|word| self.number(kind, *word, engine)));
    }
}
