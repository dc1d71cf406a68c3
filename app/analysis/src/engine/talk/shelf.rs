//! Posts with their texts, in the order in which they came, as small as they can be kept and still be read.

use rustc_hash::FxHashMap;
use wire::{Millis, Place, Post, tag};

use super::super::{author_hash, authors::Authors, names::Names};
use crate::view::Class;

/// What is kept of a post beside its text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    pub(super) key: u64,
    pub(super) at: Millis,
    pub(super) seen_at: Millis,
    /// 0 when unknown.
    pub(super) author: u32,
    pub(super) text: (u32, u32),
    pub(super) tags: (u32, u8, u8),
    pub(super) source: u32,
    pub(super) lang: u32,
    pub(super) compound: i16,
    pub(super) class: Class,
    pub(super) is_repost: bool,
    /// Its text and author are gone.
    pub(super) is_withdrawn: bool,
    /// It repeats others, as far as it has been judged.
    pub(super) is_duplicate: bool,
}

/// All posts.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    posts: Vec<Kept>,
    texts: String,
    /// Hashtags, then cashtags, of post after post.
    tags: Vec<u32>,
    names: Names,
    authors: Authors,
    /// By number of a name: the name in lower case.
    folded: FxHashMap<u32, Box<str>>,
    places: FxHashMap<u32, Place>,
    /// Tickers and topics of withdrawn posts, which have no text to find them in.
    standing: FxHashMap<u32, (Vec<String>, Vec<String>)>,
    by_key: FxHashMap<u64, u32>,
}

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn all(&self) -> &[Kept] {
        &self.posts
    }

    pub(super) fn get(&self, idx: usize) -> Option<&Kept> {
        self.posts.get(idx)
    }

    pub(super) fn get_mut(&mut self, idx: usize) -> Option<&mut Kept> {
        self.posts.get_mut(idx)
    }

    /// The post with this identity.
    pub(super) fn place_of(&self, key: u64) -> Option<usize> {
        self.by_key.get(&key).map(|idx| *idx as usize)
    }

    /// Puts a post behind the others. `kept` needs times, key and sentiment only.
    pub(super) fn push(&mut self, kept: Kept, post: &Post) {
        let idx = u32::try_from(self.posts.len()).unwrap_or(u32::MAX);
        let start = self.texts.len();
        // Positions are small numbers: what lies beyond 4 GB is left out, and no browser holds as much.
        if start + post.text.len() < u32::MAX as usize {
            self.texts.push_str(&post.text);
        }
        let tags_start = self.tags.len() as u32;
        let hashtags = post.hashtags.iter().take(u8::MAX.into());
        let cashtags = post.cashtags.iter().take(u8::MAX.into());
        let (n_hashtags, n_cashtags) = (hashtags.len() as u8, cashtags.len() as u8);
        for tag in hashtags.chain(cashtags) {
            let id = self.names.id_or_new(tag);
            self.folded
                .entry(id)
                .or_insert_with(|| tag::fold(tag).into());
            self.tags.push(id);
        }
        if let Some(place) = &post.place {
            self.places.insert(idx, place.clone());
        }
        self.by_key.insert(kept.key, idx);
        self.posts.push(Kept {
            author: self.authors.number(author_hash(&post.author)),
            text: (start as u32, self.texts.len() as u32),
            tags: (tags_start, n_hashtags, n_cashtags),
            source: self.names.id_or_new(&post.source),
            lang: self
                .names
                .id_or_new(post.lang.as_deref().unwrap_or_default()),
            is_repost: post.repost,
            ..kept
        });
    }

    /// Notes under which topics and tickers the newest post goes on counting.
    pub(super) fn note_standing(&mut self, tickers: Vec<String>, topics: Vec<String>) {
        let idx = self.posts.len().saturating_sub(1) as u32;
        self.standing.insert(idx, (tickers, topics));
    }

    pub(super) fn standing(&self, idx: usize) -> Option<&(Vec<String>, Vec<String>)> {
        self.standing.get(&(idx as u32))
    }

    /// What a post says; nothing once it was withdrawn.
    pub(super) fn text(&self, post: &Kept) -> &str {
        let (start, end) = post.text;
        let text = self.texts.get(start as usize..end as usize);
        text.filter(|_| !post.is_withdrawn).unwrap_or_default()
    }

    pub(super) fn source(&self, post: &Kept) -> &str {
        self.names.name(post.source)
    }

    pub(super) fn place(&self, idx: usize) -> Option<&Place> {
        self.places.get(&(idx as u32))
    }

    /// Numbers of its hashtags.
    pub(super) fn hashtags(&self, post: &Kept) -> &[u32] {
        let (start, n_hashtags, _) = post.tags;
        let start = start as usize;
        self.tags
            .get(start..start + usize::from(n_hashtags))
            .unwrap_or_default()
    }

    fn cashtags(&self, post: &Kept) -> &[u32] {
        let (start, n_hashtags, n_cashtags) = post.tags;
        let start = start as usize + usize::from(n_hashtags);
        self.tags
            .get(start..start + usize::from(n_cashtags))
            .unwrap_or_default()
    }

    /// As it was written.
    pub(super) fn name(&self, id: u32) -> &str {
        self.names.name(id)
    }

    /// In lower case.
    pub(super) fn folded(&self, id: u32) -> &str {
        self.folded.get(&id).map_or("", AsRef::as_ref)
    }

    /// As much of a post as matchers and judges read.
    pub(super) fn restore(&self, post: &Kept, into: &mut Post) {
        into.text.clear();
        into.text.push_str(self.text(post));
        let name = |id: &u32| self.names.name(*id).to_owned();
        into.hashtags.clear();
        into.hashtags.extend(self.hashtags(post).iter().map(name));
        into.cashtags.clear();
        into.cashtags.extend(self.cashtags(post).iter().map(name));
        self.source(post).clone_into(&mut into.source);
        let lang = self.names.name(post.lang);
        into.lang = (!lang.is_empty()).then(|| lang.to_owned());
        into.repost = post.is_repost;
    }
}
