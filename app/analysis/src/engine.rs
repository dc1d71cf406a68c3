//! The engine: takes events in, and makes the views that changed.
//!
//! ```text
//!  apply(event) ──► identity ──► score ──► records, grids, tallies        frame(now) ──► views
//!                   (once each) (scorer)   (engine/posts, tickers, …)      (engine/views)
//! ```
//!
//! It does not read a clock, and it does not depend on the order in which events arrive: what it holds
//! are sets and exact sums.
//!
//! Its larger parts are `#[inline(never)]`: browsers optimise Wasm a function at a time, and one with
//! everything in it keeps a core busy for a quarter of a second.

mod as_of;
mod attention;
mod authors;
pub mod digest;
mod judge;
mod labels;
mod loudest;
mod names;
mod posts;
pub mod readings;
mod scorer;
mod selection;
mod sources;
pub mod talk;
mod tally;
mod tickers;
mod views;
mod withdrawn;

use std::{collections::hash_map::Entry, rc::Rc, sync::Arc};

use rustc_hash::{FxHashMap, FxHashSet};
use wire::{
    Bar, Body, Delete, Event, Identity, Millis, Post, PublicConfig, config::Topic, time::LATE_AFTER,
};

use self::{
    attention::Counted,
    authors::Authors,
    judge::{Came, Judge, MAX_WAITING, Next},
    loudest::Loudest,
    names::{Hashtags, Names},
    posts::{Place, Posts, Readable, Record, topic_set},
    readings::Reading,
    scorer::Scorer,
    selection::Selected,
    sources::Sources,
    tally::Tallies,
    tickers::Tickers,
    views::Memos,
};
use crate::{
    fnv::fnv,
    order,
    protocol::{Explained, Sampling, Scoring, Watch},
    series::{Bucket, Grids},
    text::{
        topics_match::{Matcher, Words},
        word_list::WordList,
    },
    trending::Trending,
    view::{Counts, Frame},
};

pub use self::{posts::N_TEXTS, views::RATE_WINDOW, withdrawn::Standing};

/// Times further from 1970 than this, the limit of JavaScript's dates, are moved to it, so that sums of
/// times cannot overflow.
const MAX_TIME: Millis = 8_640_000_000_000_000;

/// What became of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Applied {
    /// It was new, and is in.
    New,
    /// An event with the same identity is in already; nothing changed.
    Repeated,
    /// It is no event of the log: a tip, a gap or a reset.
    Notice,
}

/// Whether a new configuration changes what was counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Configured {
    /// Everything that is in fits the configuration.
    Fits,
    /// Topics or tickers changed while posts were in already. Those keep what they were matched with;
    /// to match them again, make a new engine and apply the stored events to it.
    NeedsReplay,
}

/// Totals over everything that is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Distinct events.
    pub n_events: u64,
    /// Posts by class.
    pub counts: Counts,
    /// Distinct authors of posts that were not deleted.
    pub n_authors: u64,
    /// Posts that came late.
    pub n_late: u64,
    /// Posts that were deleted.
    pub n_deleted: u64,
    /// Grid time of the first and the last event.
    pub span: Option<(Millis, Millis)>,
    /// By symbol: posts that mention it, their mean compound, bars, newest close. Only tickers with
    /// posts or bars.
    pub tickers: Vec<TickerSummary>,
}

/// Totals of one ticker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TickerSummary {
    /// Base symbol.
    pub symbol: String,
    /// Posts that mention it.
    pub n_posts: u64,
    /// Their mean compound.
    pub mean_compound: Option<f64>,
    /// Bars known for it.
    pub n_bars: u64,
    /// Its newest closing price.
    pub last_close: Option<f64>,
}

/// How posts count.
#[derive(Clone, Debug, Default)]
pub struct Counting {
    /// How they are scored.
    pub scoring: Scoring,
    /// Which of them count.
    pub sampling: Sampling,
    /// The words of [`Method::WordList`](crate::protocol::Method::WordList); VADER scores without them.
    pub word_list: Option<Arc<WordList>>,
}

/// Events in, views out. See the module's description.
pub struct Engine {
    scorer: Scorer,
    /// Posts by topic, in the order of the configuration.
    topics: Vec<Grids>,
    attention: Counted,
    /// Posts of no topic.
    other: Grids,
    topic_config: Vec<Topic>,
    ticker_config: Vec<wire::config::Ticker>,
    topic_matcher: Matcher,
    tickers: Tickers,
    sources: Sources,
    /// Every event that is in, by identity, with its grid time.
    known: FxHashMap<u64, Millis>,
    /// Posts that were deleted, also before they arrived.
    tombstones: FxHashSet<u64>,
    /// Of the withdrawn post that is being taken in.
    standing: Option<Standing>,
    /// Of the post that is being taken in.
    reading: Option<Reading>,
    authors: Authors,
    posts: Posts,
    judge: Judge,
    loudest: Loudest,
    grids: Grids,
    total: Bucket,
    tallies: Tallies,
    names: Names,
    hashtags: Hashtags,
    trending: Trending,
    selected: Selected,
    span: Option<(Millis, Millis)>,
    newest_seen_at: Option<Millis>,
    n_repeated: u64,
    n_deleted: u64,
    n_gaps: u64,
    n_unreadable: u64,
    /// Posts without an author, bars of tickers that are not listed where some are, events whose time stamp was refused.
    n_no_author: u64,
    n_orphans: u64,
    n_skewed: u64,
    /// Posts that came late, counted or not.
    n_late: u64,
    /// Posts are in that were matched with other topics or tickers than those of now.
    is_outdated: bool,
    /// Every post, counted or not, by the number of its source.
    of_sources: Vec<Grids>,
    watch: Watch,
    versions: Versions,
    memos: Memos,
    scratch: Scratch,
}

/// Rises with every change of what a view is made of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Versions {
    posts: u64,
    judged: u64,
    bars: u64,
    sources: u64,
    watch: u64,
}

/// Lists that are filled anew for every post, kept to save allocations.
#[derive(Debug, Default)]
struct Scratch {
    words: Words,
    tickers: Vec<u32>,
    topics: Vec<usize>,
    hashtags: Vec<u32>,
}

impl Engine {
    /// An engine without events that scores by VADER and counts every post.
    pub fn new(config: &PublicConfig) -> Self {
        Self::counting(config, Counting::default())
    }

    /// An engine without events that counts as it is told. To count in another way, make a new engine and
    /// apply the stored events to it.
    pub fn counting(config: &PublicConfig, counting: Counting) -> Self {
        let watch = Watch::default();
        let mut engine = Self {
            scorer: Scorer::new(counting.scoring, counting.word_list),
            judge: Judge::new(counting.sampling),
            topics: Vec::new(),
            attention: Counted::default(),
            other: Grids::default(),
            topic_config: Vec::new(),
            ticker_config: Vec::new(),
            topic_matcher: Matcher::default(),
            tickers: Tickers::default(),
            sources: Sources::default(),
            known: FxHashMap::default(),
            tombstones: FxHashSet::default(),
            standing: None,
            reading: None,
            authors: Authors::default(),
            posts: Posts::default(),
            loudest: Loudest::default(),
            grids: Grids::default(),
            total: Bucket::default(),
            tallies: Tallies::default(),
            names: Names::default(),
            hashtags: Hashtags::default(),
            trending: Trending::new(watch.hashtag_window, watch.count_by),
            selected: Selected::default(),
            span: None,
            newest_seen_at: None,
            n_repeated: 0,
            n_deleted: 0,
            n_gaps: 0,
            n_unreadable: 0,
            n_no_author: 0,
            n_orphans: 0,
            n_skewed: 0,
            n_late: 0,
            is_outdated: false,
            of_sources: Vec::new(),
            watch,
            versions: Versions::default(),
            memos: Memos::default(),
            scratch: Scratch::default(),
        };
        engine.configure(config);
        engine
    }

    /// Takes topics and tickers of a configuration over, for the posts to come.
    pub fn configure(&mut self, config: &PublicConfig) -> Configured {
        if self.topic_config == config.topics && self.ticker_config == config.tickers {
            return Configured::Fits;
        }
        self.topic_config.clone_from(&config.topics);
        self.ticker_config.clone_from(&config.tickers);
        self.tickers.configure(config);
        self.topic_matcher = Matcher::default();
        for (idx, topic) in config.topics.iter().enumerate() {
            topic
                .keywords
                .iter()
                .for_each(|keyword| self.topic_matcher.add(keyword, idx));
        }
        self.topics.resize_with(config.topics.len(), Grids::default);
        self.versions.bars += 1;
        self.versions.watch += 1;
        self.is_outdated = self.n_posts() > 0;
        match self.is_outdated {
            false => Configured::Fits,
            true => Configured::NeedsReplay,
        }
    }

    /// Remembers an event by its identity; `false` if it has been in before.
    #[inline(never)]
    fn meet(&mut self, identity: u64, at: Millis) -> bool {
        match self.known.entry(identity) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(at);
                true
            }
        }
    }

    /// Takes an event in, once: what has the same identity as an earlier event changes nothing.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let Some(identity) = Identity::of(event) else {
            self.notice(&event.body);
            return Applied::Notice;
        };
        let at = event.at.clamp(-MAX_TIME, MAX_TIME);
        if !self.meet(identity.0, at) {
            self.n_repeated += 1;
            self.versions.sources += 1;
            return Applied::Repeated;
        }
        self.n_skewed += u64::from(event.skewed);
        self.span = extended(self.span, at);
        self.newest_seen_at = self
            .newest_seen_at
            .max(Some(event.seen_at.clamp(-MAX_TIME, MAX_TIME)));
        match &event.body {
            Body::Post(post) => self.add_post(identity.0, at, event, post),
            Body::Delete(delete) => self.delete(delete),
            Body::Bar(bar) => self.add_bar(bar),
            Body::Status(status) => self.sources.add_status(at, status),
            Body::Attention(attention) => {
                self.attention.add(attention);
                self.versions.posts += 1;
            }
            Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => {}
        }
        self.versions.sources += 1;
        Applied::New
    }

    /// Judges up to `n` of the posts that wait for it, in the order in which they came; returns how many
    /// still wait. Some 10 µs a post natively, of which there may be tens of thousands after a backlog:
    /// to be called when there is time. Where not every post counts, posts count once they are judged.
    #[inline(never)]
    pub fn judge(&mut self, n: usize) -> usize {
        for _ in 0..n {
            let judgement = match self.judge.next() {
                Next::Judgement(judgement) => judgement,
                Next::Recalled => continue,
                Next::Nothing => break,
            };
            let author = judgement.facts.author;
            let place = self
                .loudest
                .place(author, self.judge.place(judgement.facts));
            let Some((before, after)) = self.posts.judge(judgement, place) else {
                continue;
            };
            self.tallies.replace(&before, &after, &self.posts);
            self.versions.judged += 1;
            if before.place == Place::Waiting {
                if self.leaves_out_loudest() {
                    self.loudest.add(&after, &self.authors);
                }
                self.versions.posts += 1;
                if after.is_counted() {
                    self.count(&after, author);
                }
            }
        }
        self.judge.n_waiting()
    }

    /// States what a person looks at.
    pub fn watch(&mut self, watch: Watch) {
        // What comes into sight is made; it changes nothing of what was.
        let is_same = Watch {
            wanted: self.watch.wanted,
            ..watch.clone()
        } == self.watch;
        self.watch = watch;
        self.versions.watch += u64::from(!is_same);
    }

    /// The views that changed since the last frame, as known at `now`.
    ///
    /// `now` is the clock of the data; [`Self::now`] where nothing better is known.
    pub fn frame(&mut self, now: Millis) -> Frame {
        self.changed(now, Self::changed_views)
    }

    /// The key figures of that frame, which are known first; the frame itself, made next, is without them.
    pub fn key_figures(&mut self, now: Millis) -> Frame {
        self.changed(now, |engine, now, memos| Frame {
            now,
            kpi: engine.changed_figures(now, memos),
            ..Frame::default()
        })
    }

    fn changed(
        &mut self,
        now: Millis,
        make: impl FnOnce(&mut Self, Millis, &mut Memos) -> Frame,
    ) -> Frame {
        self.posts.settle();
        self.leave_out_loudest();
        let mut memos = std::mem::take(&mut self.memos);
        let frame = make(self, now.clamp(-MAX_TIME, MAX_TIME), &mut memos);
        self.memos = memos;
        frame
    }

    /// Makes the next frame carry every view.
    pub fn refresh(&mut self) {
        self.memos = Memos::default();
    }

    /// The clock of the data: the newest event's `seen_at`, or the newest tip's time if that is later;
    /// `None` while nothing is in.
    pub fn now(&self) -> Option<Millis> {
        self.newest_seen_at
    }

    /// Counts lines that could not be read.
    pub fn note_unreadable(&mut self, n: u64) {
        self.n_unreadable += n;
        self.versions.sources += 1;
    }

    /// Whether posts count as they come, without being judged first.
    pub fn counts_everything(&self) -> bool {
        self.judge.sampling().is_everything()
    }

    /// Posts that wait to be judged.
    pub fn n_waiting(&self) -> usize {
        self.judge.n_waiting()
    }

    /// Whether there is anything to do for [`Self::judge`].
    pub fn has_judged_all(&self) -> bool {
        self.judge.is_idle()
    }

    /// Makes room for posts to come.
    pub fn reserve(&mut self, n_posts: usize) {
        self.known.reserve(n_posts);
        self.posts.reserve(n_posts);
    }

    /// Distinct events.
    pub fn n_events(&self) -> u64 {
        self.known.len() as u64
    }

    /// Distinct posts.
    pub fn n_posts(&self) -> u64 {
        self.posts.len() as u64
    }

    /// Which words a post's score comes from; `None` when its text is not kept.
    pub fn explain(&self, key: u64) -> Option<Explained> {
        let text = self.posts.text(key)?;
        Some(Explained {
            key,
            ..self.scorer.explain(&text.text)
        })
    }

    /// Whether an event with this identity is in.
    pub fn is_known(&self, identity: Identity) -> bool {
        self.known.contains_key(&identity.0)
    }

    /// Posts of a configured topic on the three grids; `None` when no topic has the name.
    pub fn topic(&self, name: &str) -> Option<&Grids> {
        let idx = self
            .topic_config
            .iter()
            .position(|topic| topic.name == name)?;
        self.topics.get(idx)
    }

    /// All posts that count, on the three grids.
    pub fn grids(&self) -> &Grids {
        &self.grids
    }

    /// Posts that mention a ticker on the three grids; `None` when nothing names it.
    pub fn ticker(&self, symbol: &str) -> Option<&Grids> {
        let ticker = self.tickers.get(self.tickers.id(symbol)?)?;
        Some(&ticker.grids)
    }

    /// Totals over everything that is in.
    pub fn summary(&self) -> Summary {
        let authors: FxHashSet<u32> = self
            .posts
            .all()
            .iter()
            .map(|post| post.author)
            .filter(|a| *a != 0)
            .collect();
        let is_used = |ticker: &&tickers::Ticker| ticker.total.n > 0 || ticker.n_bars > 0;
        let mut tickers: Vec<TickerSummary> = self
            .tickers
            .all()
            .iter()
            .filter(is_used)
            .map(ticker_summary)
            .collect();
        order::sort_by(&mut tickers, |a, b| a.symbol.cmp(&b.symbol));
        Summary {
            n_events: self.n_events(),
            counts: self.total.counts(),
            n_authors: authors.len() as u64,
            n_late: u64::from(self.total.n_late),
            n_deleted: self.n_deleted,
            span: self.span,
            tickers,
        }
    }

    fn notice(&mut self, body: &Body) {
        match body {
            Body::Tip(tip) => {
                self.newest_seen_at = self.newest_seen_at.max(Some(tip.now));
                self.sources.set_tip(tip);
            }
            Body::Gap(_) => self.n_gaps += 1,
            _ => {}
        }
        self.versions.sources += 1;
    }

    #[inline(never)]
    fn add_post(&mut self, key: u64, at: Millis, event: &Event, post: &Post) {
        let is_deleted = self.tombstones.contains(&key);
        self.n_deleted += u64::from(is_deleted);
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.words.read_post(post);
        self.tickers
            .of_post(post, &scratch.words, &mut scratch.tickers);
        scratch.topics.clear();
        self.topic_matcher
            .find_in(&scratch.words, post, &mut scratch.topics);
        let standing = self.standing.take();
        if let Some(standing) = &standing {
            let ids = standing.tickers.iter();
            let ids = ids.filter_map(|symbol| self.tickers.id(symbol));
            let new: Vec<u32> = ids.filter(|id| !scratch.tickers.contains(id)).collect();
            scratch.tickers.extend(new);
            scratch.topics.clear();
            scratch.topics.extend(self.topics_of(standing));
        }
        scratch.hashtags.clear();
        let hashtags = post.hashtags.iter();
        scratch
            .hashtags
            .extend(hashtags.map(|tag| self.hashtags.id_or_new(tag)));

        let reading = self.reading.take();
        let scored_by = self.scorer.key();
        let read = || reading.as_ref()?.compound(scored_by);
        let found = standing
            .as_ref()
            .map(|standing| standing.compound)
            .or_else(read);
        let (compound, class) = match found {
            Some(compound) => self.scorer.of_score(compound),
            None => self.scorer.score(&post.text),
        };
        let author = self.authors.number(author_hash(&post.author));
        self.n_no_author += u64::from(author == 0 && standing.is_none());
        let is_judged_first = !is_deleted && !self.judge.sampling().is_everything();
        let mut record = Record {
            at,
            key,
            author: if is_deleted { 0 } else { author },
            source: u16::try_from(self.names.id_or_new(&post.source)).unwrap_or(u16::MAX),
            compound: compound.ten_thousandths(),
            class,
            labels: (self.posts).label(topic_set(&scratch.topics), &scratch.tickers),
            is_late: event.seen_at.saturating_sub(event.at) > LATE_AFTER,
            is_deleted,
            place: if is_judged_first {
                Place::Waiting
            } else {
                Place::Counted
            },
            ..Record::default()
        };
        if is_deleted {
            self.judge_withdrawn(&mut record, standing.as_ref(), post);
        }
        if is_deleted && self.leaves_out_loudest() {
            self.loudest
                .withdraw(&Record { author, ..record }, &self.authors);
        }
        self.n_late += u64::from(record.is_late);
        self.count_of_source(&record);
        let text: Option<Rc<str>> = (!is_deleted).then(|| post.text.as_str().into());
        let record = self.posts.push(
            record,
            &scratch.hashtags,
            text.clone().map(|text| Readable::of(post, text)),
        );
        self.scratch = scratch;
        self.tallies.add(&record, &self.posts);
        if record.is_counted() {
            self.count(&record, author);
        }
        self.sources.add_post(at, &post.source, event.imported);
        self.versions.posts += 1;
        if let Some(text) = text {
            let came = Came {
                idx: self.posts.len() - 1,
                at,
                key,
                author,
                reading,
            };
            self.judge.push(came, text, post);
            if self.judge.n_waiting() > MAX_WAITING {
                self.judge(MAX_WAITING / 100);
            }
        }
    }

    /// Only then is it remembered whose a withdrawn post was.
    fn leaves_out_loudest(&self) -> bool {
        self.judge.sampling().without_loudest.is_some()
    }

    fn count_of_source(&mut self, record: &Record) {
        let idx = usize::from(record.source);
        if idx >= self.of_sources.len() {
            self.of_sources.resize_with(idx + 1, Grids::default);
        }
        if let Some(grids) = self.of_sources.get_mut(idx) {
            grids.add(record.sample());
        }
    }

    /// Counts a post under its true author: a count of authors does not move when one of their posts is deleted.
    #[inline(never)]
    fn count(&mut self, record: &Record, author: u32) {
        let sample = record.sample();
        self.total.add(sample);
        self.grids.add(sample);
        for id in self.posts.tickers(record) {
            self.tickers.add_post(*id, sample);
        }
        for idx in self.posts.topics(record) {
            if let Some(grids) = self.topics.get_mut(idx) {
                grids.add(sample);
            }
        }
        if self.posts.topic_set(record) == 0 {
            self.other.add(sample);
        }
        let hashtags = self.posts.hashtags(record).iter();
        self.trending.observe(
            record.at,
            author,
            hashtags.map(|id| self.hashtags.name(*id)),
            record.compound,
        );
        self.selected.add(record, &self.posts, &self.hashtags);
    }

    #[inline(never)]
    fn delete(&mut self, delete: &Delete) {
        let key = Identity::of_post(&delete.source, &delete.id).0;
        self.tombstones.insert(key);
        let Some(at) = self.known.get(&key) else {
            return;
        };
        if let Some(record) = self.posts.withdraw(*at, key) {
            if self.leaves_out_loudest() {
                self.loudest.withdraw(&record, &self.authors);
            }
            self.tallies.forget_author(&record, &self.posts);
            self.judge.forget(key);
            self.selected.forget();
            self.n_deleted += 1;
            self.versions.posts += 1;
        }
    }

    #[inline(never)]
    fn add_bar(&mut self, bar: &Bar) {
        let is_listed =
            |ticker: &wire::config::Ticker| ticker.symbol.eq_ignore_ascii_case(&bar.ticker);
        let is_orphan = !self.ticker_config.is_empty() && !self.ticker_config.iter().any(is_listed);
        self.n_orphans += u64::from(is_orphan);
        self.tickers.add_bar(bar);
        self.sources.add_bar_source(&bar.source);
        self.versions.bars += 1;
    }
}

fn ticker_summary(ticker: &tickers::Ticker) -> TickerSummary {
    TickerSummary {
        symbol: ticker.symbol.clone(),
        n_posts: u64::from(ticker.total.n),
        mean_compound: ticker.total.mean(),
        n_bars: ticker.n_bars,
        last_close: ticker.last_close(),
    }
}

fn extended(span: Option<(Millis, Millis)>, at: Millis) -> Option<(Millis, Millis)> {
    let (first, last) = span.unwrap_or((at, at));
    Some((first.min(at), last.max(at)))
}

/// An author's hash as a number; 0 for none.
fn author_hash(author: &str) -> u64 {
    if author.is_empty() {
        return 0;
    }
    let is_short_hex = author.len() <= 16 && author.bytes().all(|b| b.is_ascii_hexdigit());
    let number = is_short_hex
        .then(|| u64::from_str_radix(author, 16).ok())
        .flatten();
    // 0 is taken.
    number.unwrap_or_else(|| fnv(author.as_bytes())).max(1)
}
