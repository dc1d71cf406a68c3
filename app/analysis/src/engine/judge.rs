//! Judges posts beside the counting: spam, near-duplicates, language, and which posts are left out for them.
//!
//! That takes longer than all the counting together, so posts wait here until there is time. They are
//! judged in the order in which they came, each by what had come before it, so *when* makes no difference.

use std::{collections::VecDeque, rc::Rc};

use rustc_hash::FxHashMap;
use wire::{Millis, Post, time::HOUR};

use super::{posts::Place, readings::Reading};
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
    /// Not judged yet.
    #[default]
    Unjudged,
    /// Nothing to go by.
    Unknown,
    English,
    /// Any other.
    Foreign,
}

/// What was found of one post.
#[derive(Clone, Debug, Default)]
pub(super) struct Judgement {
    /// Its place among the posts when it came.
    pub(super) idx: usize,
    pub(super) key: u64,
    pub(super) findings: Vec<Finding>,
    pub(super) facts: Facts,
}

/// What decides whether a post counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) at: Millis,
    pub(super) author: u32,
    pub(super) is_spam: bool,
    pub(super) language: Language,
    pub(super) is_repost: bool,
    pub(super) is_of_source_out: bool,
}

/// What became of the next in the queue.
pub(super) enum Next {
    Judgement(Judgement),
    /// A post that was judged before can be compared with again.
    Recalled,
    Nothing,
}

/// The posts that wait, and what is remembered of those before.
#[derive(Debug)]
pub(super) struct Judge {
    waiting: VecDeque<Waiting>,
    n_posts_waiting: usize,
    spam: Spam,
    sampling: Sampling,
    /// Posts that count, by author and hour; only kept when authors are capped.
    by_author: FxHashMap<(u32, i64), u16>,
    /// The post being judged, kept to save allocations.
    post: Post,
}

#[derive(Debug)]
enum Waiting {
    Post(WaitingPost),
    /// A post that was judged before this engine was made.
    Recalled {
        key: u64,
        at: Millis,
        text: Rc<str>,
    },
    /// A post that was withdrawn after it had come.
    Delete {
        key: u64,
    },
}

/// A post that has come.
#[derive(Debug)]
pub(super) struct Came {
    /// Its place among the posts.
    pub(super) idx: usize,
    pub(super) at: Millis,
    pub(super) key: u64,
    pub(super) author: u32,
    /// What was found out about its text before.
    pub(super) reading: Option<Reading>,
}

/// What judging needs of a post.
#[derive(Debug)]
struct WaitingPost {
    came: Came,
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
    pub(super) fn push(&mut self, came: Came, text: Rc<str>, post: &Post) {
        self.n_posts_waiting += 1;
        self.waiting.push_back(Waiting::Post(WaitingPost {
            came,
            text,
            cashtags: post.cashtags.join(" ").into(),
            language: Language::of_tag(post),
            is_repost: post.repost,
            is_of_source_out: self.is_out(&post.source),
        }));
    }

    /// Whether posts of this source are left out.
    pub(super) fn is_out(&self, source: &str) -> bool {
        self.sampling.without_source.as_deref() == Some(source)
    }

    /// Takes in authors and times of posts that were judged before, in their order.
    pub(super) fn remember_authors(&mut self, posts: &[(u64, Millis)]) {
        self.spam.remember_authors(posts);
    }

    /// Takes in the cashtags of a post that was judged before.
    pub(super) fn remember_cashtags<'t>(
        &mut self,
        at: Millis,
        author: u32,
        cashtags: impl Iterator<Item = &'t str>,
    ) {
        self.spam.remember_cashtags(at, author.into(), cashtags);
    }

    /// The text of a post that was judged before.
    pub(super) fn recall(&mut self, key: u64, at: Millis, text: Rc<str>) {
        self.waiting.push_back(Waiting::Recalled { key, at, text });
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets the text of a post, once it has been judged.
    pub(super) fn forget(&mut self, key: u64) {
        if self.is_idle() {
            self.spam.remove(key);
        } else {
            self.waiting.push_back(Waiting::Delete { key });
        }
    }

    /// Takes the next out of the queue.
    pub(super) fn next(&mut self) -> Next {
        loop {
            match self.waiting.pop_front() {
                None => return Next::Nothing,
                Some(Waiting::Delete { key }) => self.spam.remove(key),
                Some(Waiting::Recalled { key, at, text }) => {
                    self.spam.recall(key, at, &text);
                    return Next::Recalled;
                }
                Some(Waiting::Post(waiting)) => {
                    self.n_posts_waiting -= 1;
                    return Next::Judgement(self.judge(waiting));
                }
            }
        }
    }

    fn judge(&mut self, waiting: WaitingPost) -> Judgement {
        let Came {
            idx,
            at,
            key,
            author,
            ref reading,
        } = waiting.came;
        self.post.cashtags.clear();
        let cashtags = waiting.cashtags.split_ascii_whitespace();
        self.post.cashtags.extend(cashtags.map(str::to_owned));
        self.post.repost = waiting.is_repost;
        let reading = reading.as_ref().and_then(Reading::judged_by);
        let (verdict, language) = if let Some((language, reading)) = reading {
            let author = author.into();
            let verdict = self
                .spam
                .observe_reading(key, at, author, &self.post, reading);
            (verdict, language)
        } else {
            self.post.text.clear();
            self.post.text.push_str(&waiting.text);
            let verdict = self.spam.observe(key, at, author.into(), &self.post);
            let language = waiting.language;
            let language = language.unwrap_or_else(|| Language::of_text(&waiting.text));
            (verdict, language)
        };
        let findings: Vec<Finding> = verdict.findings().collect();
        Judgement {
            idx,
            key,
            facts: Facts {
                at,
                author,
                is_spam: !findings.is_empty(),
                language,
                is_repost: waiting.is_repost,
                is_of_source_out: waiting.is_of_source_out,
            },
            findings,
        }
    }

    /// Whether a judged post counts. Call once for each, in their order.
    pub(super) fn place(&mut self, facts: Facts) -> Place {
        let Sampling {
            without_spam,
            only_english,
            per_author,
            without_reposts,
            ..
        } = self.sampling;
        if facts.is_of_source_out {
            return Place::Source;
        }
        if without_reposts && facts.is_repost {
            return Place::Repost;
        }
        if without_spam && facts.is_spam {
            return Place::Spam;
        }
        if only_english && facts.language == Language::Foreign {
            return Place::Language;
        }
        if let Some(cap) = per_author.filter(|_| facts.author != 0) {
            let hour = facts.at.div_euclid(HOUR);
            let n = self.by_author.entry((facts.author, hour)).or_default();
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
    /// As it is kept.
    pub(super) fn code(self) -> u8 {
        self as u8
    }

    /// From how it is kept.
    pub(super) fn of_number(number: u64) -> Self {
        match number & 3 {
            0 => Self::Unjudged,
            1 => Self::Unknown,
            2 => Self::English,
            _ => Self::Foreign,
        }
    }

    /// As its source says, or else as its text looks.
    pub(super) fn of_post(post: &Post) -> Self {
        Self::of_tag(post).unwrap_or_else(|| Self::of_text(&post.text))
    }

    fn of_tag(post: &Post) -> Option<Self> {
        language::of_tag(post.lang.as_deref()).map(Self::of_code)
    }

    fn of_text(text: &str) -> Self {
        language::of_text(text).map_or(Self::Unknown, Self::of_code)
    }

    fn of_code(code: &str) -> Self {
        match code.eq_ignore_ascii_case("en") {
            true => Self::English,
            false => Self::Foreign,
        }
    }
}
