//! Judges posts beside the counting: spam, near-duplicates, language, and which posts are left out for them.
//!
//! That takes longer than all the counting together, so posts wait here until there is time. They are
//! judged in the order in which they came, each by what had come before it, so *when* makes no difference.

use std::{collections::VecDeque, rc::Rc};

use rustc_hash::FxHashMap;
use wire::{Millis, Post, time::HOUR};

use super::posts::Place;
use crate::{
    protocol::Sampling,
    spam::{Finding, Limits, Memory, Spam},
    text::language,
};

/// So many posts wait at most. When there are more, whoever brings new ones has to wait.
pub(super) const MAX_WAITING: usize = 50_000;

/// The language of a post, as far as the lexicons go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Language {
    /// Not judged yet, or nothing to go by.
    #[default]
    Unknown,
    English,
    /// Any other.
    Foreign,
}

/// What was found of one post.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    pub(super) at: Millis,
    pub(super) key: u64,
    pub(super) author: u64,
    pub(super) findings: Vec<Finding>,
    pub(super) language: Language,
    is_repost: bool,
    is_of_source_out: bool,
}

/// The posts that wait, and what is remembered of those before.
#[derive(Debug)]
pub(super) struct Judge {
    waiting: VecDeque<Waiting>,
    n_posts_waiting: usize,
    spam: Spam,
    sampling: Sampling,
    /// Posts that count, by author and hour; only kept when authors are capped.
    by_author: FxHashMap<(u64, i64), u16>,
    /// The post being judged, kept to save allocations.
    post: Post,
}

#[derive(Debug)]
enum Waiting {
    Post(WaitingPost),
    /// A post that was withdrawn after it had come.
    Delete {
        key: u64,
    },
}

/// What judging needs of a post.
#[derive(Debug)]
struct WaitingPost {
    at: Millis,
    key: u64,
    author: u64,
    text: Rc<str>,
    /// Separated by blanks.
    cashtags: Box<str>,
    /// As its source says.
    language: Option<Language>,
    is_repost: bool,
    is_of_source_out: bool,
}

impl Judge {
    pub(super) fn new(sampling: Sampling) -> Self {
        Self {
            waiting: VecDeque::new(),
            n_posts_waiting: 0,
            spam: Spam::new(Limits::default(), Memory::default()),
            sampling,
            by_author: FxHashMap::default(),
            post: Post::default(),
        }
    }

    pub(super) fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// Posts that wait.
    pub(super) fn n_waiting(&self) -> usize {
        self.n_posts_waiting
    }

    /// Takes a post in, of which `text` is the text.
    pub(super) fn push(&mut self, key: u64, at: Millis, author: u64, text: Rc<str>, post: &Post) {
        self.n_posts_waiting += 1;
        self.waiting.push_back(Waiting::Post(WaitingPost {
            at,
            key,
            author,
            text,
            cashtags: post.cashtags.join(" ").into(),
            language: language::of_tag(post.lang.as_deref()).map(Language::of_code),
            is_repost: post.repost,
            is_of_source_out: self.sampling.without_source.as_ref() == Some(&post.source),
        }));
    }

    /// Forgets the text of a post, once it has been judged.
    pub(super) fn forget(&mut self, key: u64) {
        if self.n_posts_waiting == 0 {
            self.spam.remove(key);
        } else {
            self.waiting.push_back(Waiting::Delete { key });
        }
    }

    /// The next judgement; `None` when nothing waits.
    pub(super) fn next(&mut self) -> Option<Judgement> {
        loop {
            match self.waiting.pop_front()? {
                Waiting::Delete { key } => self.spam.remove(key),
                Waiting::Post(waiting) => {
                    self.n_posts_waiting -= 1;
                    return Some(self.judge(waiting));
                }
            }
        }
    }

    fn judge(&mut self, waiting: WaitingPost) -> Judgement {
        let WaitingPost {
            at, key, author, ..
        } = waiting;
        self.post.text.clear();
        self.post.text.push_str(&waiting.text);
        self.post.cashtags.clear();
        let cashtags = waiting.cashtags.split_ascii_whitespace();
        self.post.cashtags.extend(cashtags.map(str::to_owned));
        self.post.repost = waiting.is_repost;
        let verdict = self.spam.observe(key, at, author, &self.post);
        let of_text = || language::of_text(&waiting.text).map(Language::of_code);
        Judgement {
            at,
            key,
            author,
            findings: verdict.findings().collect(),
            language: waiting.language.or_else(of_text).unwrap_or_default(),
            is_repost: waiting.is_repost,
            is_of_source_out: waiting.is_of_source_out,
        }
    }

    /// Whether a judged post counts. Call once for each, in their order.
    pub(super) fn place(&mut self, judgement: &Judgement) -> Place {
        let Sampling {
            without_spam,
            only_english,
            per_author,
            without_reposts,
            ..
        } = self.sampling;
        if judgement.is_of_source_out {
            return Place::Source;
        }
        if without_reposts && judgement.is_repost {
            return Place::Repost;
        }
        if without_spam && !judgement.findings.is_empty() {
            return Place::Spam;
        }
        if only_english && judgement.language == Language::Foreign {
            return Place::Language;
        }
        if let Some(cap) = per_author.filter(|_| judgement.author != 0) {
            let hour = judgement.at.div_euclid(HOUR);
            let n = self.by_author.entry((judgement.author, hour)).or_default();
            if *n >= cap {
                return Place::Author;
            }
            *n += 1;
        }
        Place::Counted
    }

    /// Posts of the last day that say nearly the same as this one, itself included.
    pub(super) fn n_alike(&self, key: u64) -> u32 {
        let standing = self.spam.duplicates().standing(key);
        standing.map_or(1, |standing| standing.n_posts)
    }
}

impl Language {
    fn of_code(code: &str) -> Self {
        match code.eq_ignore_ascii_case("en") {
            true => Self::English,
            false => Self::Foreign,
        }
    }
}
