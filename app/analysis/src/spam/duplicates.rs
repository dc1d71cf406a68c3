//! Which posts repeat each other, nearly or word by word: an index over the posts of a sliding window.
//!
//! Two texts are near-duplicates if their templates' sets of shingles have a Jaccard index of at least
//! [`LEAST_JACCARD`]; clusters are what hangs together by such pairs. The index finds candidates by bands
//! and compares each with the true sets, so it announces no pair that is none, and misses one in some
//! thousand at the limit (see [`Shingles::sketch`]).

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use wire::Millis;

use super::bands::Bands;
use super::reading::Reading;
use super::sketch::{Shingles, Sketch, hash_text};
use super::template::Template;
use crate::slots::put;

/// From here on two texts count as the same.
pub const LEAST_JACCARD: f64 = 0.8;
/// No text.
pub(super) const NONE: u32 = u32::MAX;

/// How much the index remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// How long behind the newest post.
    pub keep: Millis,
    /// How many posts at most; the first to come are the first to go.
    pub max_posts: usize,
}

impl Default for Memory {
    /// A day, and 50,000 posts: about 48 MB if every text is another one.
    fn default() -> Self {
        Self {
            keep: wire::time::DAY,
            max_posts: 50_000,
        }
    }
}

/// Where a post stands among those that repeat each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Posts of its cluster so far, itself included; 1 if there is no other.
    pub n_posts: u32,
    /// Characters of its template.
    pub n_chars: u32,
    /// Number of its cluster, the same for all in it; changes when clusters grow together. `u32::MAX`
    /// for a post that is not held.
    pub cluster: u32,
}

/// The index. See the module.
///
/// ```
/// use analysis::spam::{Duplicates, Memory};
///
/// let mut duplicates = Duplicates::new(Memory::default());
/// duplicates.observe(1, 0, "Join the biggest moon club today! https://t.co/a $DOGE");
/// let second = duplicates.observe(2, 50, "join the BIGGEST moon club today https://t.co/b $SHIB");
/// assert_eq!(second.n_posts, 2);
///
/// duplicates.remove(1);
/// assert_eq!(duplicates.standing(2).map(|standing| standing.n_posts), Some(1));
/// ```
#[derive(Clone, Debug)]
pub struct Duplicates {
    memory: Memory,
    newest: Millis,
    /// By the caller's key: which text, and which entry of `order` holds it.
    posts: FxHashMap<u64, Held>,
    order: VecDeque<(Millis, u64, u32)>,
    n_observed: u32,
    texts: Vec<Text>,
    free_texts: Vec<u32>,
    by_hash: FxHashMap<u64, u32>,
    bands: Bands,
    clusters: Vec<Cluster>,
    free_clusters: Vec<u32>,
    /// Kept to save allocations.
    template: Template,
    shingles: Shingles,
    candidates: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    text: u32,
    serial: u32,
}

/// A template that posts have.
#[derive(Clone, Debug, Default)]
struct Text {
    hash: u64,
    n_posts: u32,
    n_chars: u32,
    cluster: u32,
    /// Where it stands in the list of its cluster.
    place: u32,
    shingles: Box<[u32]>,
}

/// Templates that hang together by near-duplicates.
#[derive(Clone, Debug, Default)]
struct Cluster {
    n_posts: u32,
    texts: Vec<u32>,
}

/// What a text is compared by.
#[derive(Clone, Copy)]
enum Compared<'a> {
    Template(&'a Template),
    Reading(Reading<'a>),
}

impl Compared<'_> {
    fn hash(self) -> u64 {
        match self {
            Self::Template(template) => hash_text(template.text()),
            Self::Reading(reading) => reading.hash(),
        }
    }

    fn n_chars(self) -> u32 {
        match self {
            Self::Template(template) => template.n_chars() as u32,
            Self::Reading(reading) => reading.n_chars(),
        }
    }

    fn shingle(self, into: &mut Shingles) -> Sketch {
        match self {
            Self::Template(template) => {
                into.read(template.text());
                into.sketch()
            }
            Self::Reading(reading) => {
                into.copy(reading.shingles());
                reading.sketch()
            }
        }
    }
}

impl Duplicates {
    /// An empty index.
    pub fn new(memory: Memory) -> Self {
        Self {
            memory,
            newest: Millis::MIN,
            posts: FxHashMap::default(),
            order: VecDeque::new(),
            n_observed: 0,
            texts: Vec::new(),
            free_texts: Vec::new(),
            by_hash: FxHashMap::default(),
            bands: Bands::default(),
            clusters: Vec::new(),
            free_clusters: Vec::new(),
            template: Template::default(),
            shingles: Shingles::default(),
            candidates: Vec::new(),
        }
    }

    /// Takes in a post under the caller's `key` and says where it stands; a key that is held already
    /// changes nothing. A post from before the window is judged but not kept, and so is one without
    /// words or pictures.
    pub fn observe(&mut self, key: u64, at: Millis, text: &str) -> Standing {
        let mut template = std::mem::take(&mut self.template);
        template.read(text);
        let standing = self.observe_template(key, at, &template);
        self.template = template;
        standing
    }

    /// The same for a text that has been folded already.
    pub fn observe_template(&mut self, key: u64, at: Millis, template: &Template) -> Standing {
        self.observe_compared(key, at, Compared::Template(template))
    }

    /// The same for a text of which everything was found out before.
    pub fn observe_reading(&mut self, key: u64, at: Millis, reading: Reading<'_>) -> Standing {
        self.observe_compared(key, at, Compared::Reading(reading))
    }

    fn observe_compared(&mut self, key: u64, at: Millis, text: Compared<'_>) -> Standing {
        if let Some(standing) = self.standing(key) {
            return standing;
        }
        self.newest = self.newest.max(at);
        self.forget_old();
        let is_kept = at > self.newest.saturating_sub(self.memory.keep) && text.n_chars() > 0;
        if is_kept {
            self.keep(key, at, text)
        } else {
            self.look_up(text)
        }
    }

    /// Where a held post stands now.
    pub fn standing(&self, key: u64) -> Option<Standing> {
        let text = self.texts.get(self.posts.get(&key)?.text as usize)?;
        Some(Standing {
            n_posts: self.clusters.get(text.cluster as usize)?.n_posts,
            n_chars: text.n_chars,
            cluster: text.cluster,
        })
    }

    /// Forgets a post, and its text if no other post has it. Clusters that only hung together by it
    /// stay together.
    pub fn remove(&mut self, key: u64) {
        if let Some(held) = self.posts.remove(&key) {
            self.release(held.text);
        }
    }

    /// Posts with the very template of this one; 0 if it is not held.
    pub fn n_exact(&self, key: u64) -> u32 {
        let held = self.posts.get(&key);
        held.and_then(|held| self.texts.get(held.text as usize))
            .map_or(0, |text| text.n_posts)
    }

    /// Posts held.
    pub fn len(&self) -> usize {
        self.posts.len()
    }

    /// Is nothing held?
    pub fn is_empty(&self) -> bool {
        self.posts.is_empty()
    }

    /// Different templates held.
    pub fn n_texts(&self) -> usize {
        self.by_hash.len()
    }

    fn keep(&mut self, key: u64, at: Millis, compared: Compared<'_>) -> Standing {
        let hash = compared.hash();
        let text = match self.by_hash.get(&hash) {
            Some(text) => *text,
            None => self.add_text(hash, compared),
        };
        let serial = self.n_observed;
        self.n_observed = self.n_observed.wrapping_add(1);
        self.posts.insert(key, Held { text, serial });
        self.order.push_back((at, key, serial));
        self.texts[text as usize].n_posts += 1;
        let cluster = self.texts[text as usize].cluster;
        self.clusters[cluster as usize].n_posts += 1;
        self.forget_old();
        Standing {
            n_posts: self.clusters[cluster as usize].n_posts,
            n_chars: compared.n_chars(),
            cluster,
        }
    }

    /// A new template joins all clusters that it is near to.
    fn add_text(&mut self, hash: u64, compared: Compared<'_>) -> u32 {
        let sketch = compared.shingle(&mut self.shingles);
        self.find_near(&sketch);
        let near = std::mem::take(&mut self.candidates);
        let mut cluster = NONE;
        for text in &near {
            let other = self.texts[*text as usize].cluster;
            cluster = if cluster == NONE {
                other
            } else {
                self.merge(cluster, other)
            };
        }
        self.candidates = near;
        if cluster == NONE {
            cluster = put(
                &mut self.clusters,
                &mut self.free_clusters,
                Cluster::default(),
            );
        }
        let text = Text {
            hash,
            n_posts: 0,
            n_chars: compared.n_chars(),
            cluster,
            place: self.clusters[cluster as usize].texts.len() as u32,
            shingles: self.shingles.boxed(),
        };
        let number = put(&mut self.texts, &mut self.free_texts, text);
        self.clusters[cluster as usize].texts.push(number);
        self.by_hash.insert(hash, number);
        self.bands.add(number, &sketch);
        number
    }

    /// Leaves held texts in `candidates` that `shingles` is near to: of each cluster near to it one at least.
    fn find_near(&mut self, sketch: &Sketch) {
        self.candidates.clear();
        self.bands.find(sketch, &mut self.candidates);
        let (texts, shingles) = (&self.texts, &self.shingles);
        let mut last_near = NONE;
        self.candidates.retain(|text| {
            let text = &texts[*text as usize];
            let is_near = text.cluster != last_near
                && shingles.jaccard(&text.shingles, LEAST_JACCARD).is_some();
            if is_near {
                last_near = text.cluster;
            }
            is_near
        });
    }

    fn look_up(&mut self, compared: Compared<'_>) -> Standing {
        let sketch = compared.shingle(&mut self.shingles);
        let mut n_posts = 0;
        if self.shingles.len() > 0 {
            self.find_near(&sketch);
            let cluster_of = |text: &u32| self.texts[*text as usize].cluster;
            let mut clusters: Vec<u32> = self.candidates.iter().map(cluster_of).collect();
            clusters.sort_unstable();
            clusters.dedup();
            n_posts = clusters
                .iter()
                .map(|one| self.clusters[*one as usize].n_posts)
                .sum();
        }
        Standing {
            n_posts: n_posts + 1,
            n_chars: compared.n_chars(),
            cluster: NONE,
        }
    }

    /// The smaller cluster goes over into the larger one, whose number is the answer.
    fn merge(&mut self, a: u32, b: u32) -> u32 {
        if a == b {
            return a;
        }
        let n_texts = |cluster: u32| self.clusters[cluster as usize].texts.len();
        let (into, from) = if n_texts(a) >= n_texts(b) {
            (a, b)
        } else {
            (b, a)
        };
        let mut old = std::mem::take(&mut self.clusters[from as usize]);
        let n_before = self.clusters[into as usize].texts.len();
        for (idx, text) in old.texts.iter().enumerate() {
            let text = &mut self.texts[*text as usize];
            text.cluster = into;
            text.place = (n_before + idx) as u32;
        }
        self.clusters[into as usize].n_posts += old.n_posts;
        self.clusters[into as usize].texts.append(&mut old.texts);
        self.free_clusters.push(from);
        into
    }

    fn forget_old(&mut self) {
        let oldest = self.newest.saturating_sub(self.memory.keep);
        while let Some((at, key, serial)) = self.order.front().copied() {
            let is_held = self
                .posts
                .get(&key)
                .is_some_and(|held| held.serial == serial);
            if is_held && at > oldest && self.posts.len() <= self.memory.max_posts {
                return;
            }
            self.order.pop_front();
            if is_held {
                self.remove(key);
            }
        }
    }

    fn release(&mut self, number: u32) {
        let text = &mut self.texts[number as usize];
        text.n_posts -= 1;
        let is_last = text.n_posts == 0;
        let cluster = &mut self.clusters[text.cluster as usize];
        cluster.n_posts -= 1;
        if !is_last {
            return;
        }
        let old = std::mem::take(text);
        cluster.texts.swap_remove(old.place as usize);
        match cluster.texts.get(old.place as usize) {
            Some(moved) => self.texts[*moved as usize].place = old.place,
            None if cluster.texts.is_empty() => self.free_clusters.push(old.cluster),
            None => {}
        }
        self.by_hash.remove(&old.hash);
        self.bands.remove(number);
        self.free_texts.push(number);
    }
}

#[cfg(test)]
mod tests;
