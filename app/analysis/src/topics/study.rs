//! The topics of posts that keep coming: fitted on a stated sample, then given to every post.

use wire::Millis;
use wire::time::DAY;

use super::cleaning::Cleaning;
use super::corpus::Corpus;
use super::fit::{Fit, Progress, Settings, Topic};
use crate::stats::random::Random;

/// A topic is born with the first of so many posts within a day.
pub const N_BORN: usize = 5;

/// What is studied, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The model.
    pub settings: Settings,
    /// So many posts are fitted, drawn by the seed from those that have terms; all of them if there are fewer.
    pub n_sample: usize,
    /// Only posts that the relay had received by then; none for all. So what is shown at an earlier time owes
    /// nothing to what came after it.
    pub as_of: Option<Millis>,
}

/// One post, as far as it matters here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StudiedPost<'t> {
    /// What the caller knows it by; also decides whether it is drawn into the sample.
    pub key: u64,
    /// Grid time.
    pub at: Millis,
    /// When the relay received it.
    pub seen_at: Millis,
    /// What it says.
    pub text: &'t str,
}

/// What a study found.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// The topics, those with the greatest weight in the sample first.
    pub topics: Vec<FoundTopic>,
    /// Posts that were studied.
    pub n_posts: usize,
    /// Of these, posts of which the cleaning left nothing: they have no topic.
    pub n_without_terms: usize,
    /// Posts that the model was fitted on.
    pub n_sample: usize,
    /// Posts left out because they came after the time that was asked about.
    pub n_later: usize,
    /// Mean coherence of the topics, on the sample.
    pub coherence: Option<f64>,
}

/// One topic and its posts.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundTopic {
    /// Weight and terms, in the sample.
    pub topic: Topic,
    /// Posts that were given to it, of all.
    pub n_posts: usize,
    /// When it was born: the time of the first of [`N_BORN`] posts that lie within a day; none with fewer.
    pub born_at: Option<Millis>,
}

/// Posts, a model of them, and which post has which topic.
///
/// Add posts, then [`Study::step`] until it is done; posts that are added later are taken in by the next
/// steps, with some more sweeps instead of a new fit. Then the topics also depend on when the steps were made;
/// what is to be the same for everybody is fitted anew.
#[derive(Clone, Debug)]
pub struct Study {
    options: Options,
    cleaning: Cleaning,
    posts: Vec<Placed>,
    corpus: Corpus,
    n_later: usize,
    fit: Option<Fit>,
    /// Posts that the fit has seen or passed over.
    n_offered: usize,
    n_sample: usize,
    /// Posts whose lot is above are not drawn.
    highest_lot: u64,
    /// The fit's number of each term of `corpus`.
    numbers: Vec<Option<u32>>,
    /// Up to here posts have their topic.
    n_given: usize,
}

#[derive(Clone, Copy, Debug)]
struct Placed {
    key: u64,
    at: Millis,
    topic: Option<u16>,
}

impl Study {
    /// Nothing yet.
    pub fn new(options: Options, cleaning: Cleaning) -> Self {
        Self {
            options,
            cleaning,
            posts: Vec::new(),
            corpus: Corpus::default(),
            n_later: 0,
            fit: None,
            n_offered: 0,
            n_sample: 0,
            highest_lot: u64::MAX,
            numbers: Vec::new(),
            n_given: 0,
        }
    }

    /// Takes in a post.
    pub fn add(&mut self, post: StudiedPost<'_>) {
        if self.options.as_of.is_some_and(|until| post.seen_at > until) {
            self.n_later += 1;
            return;
        }
        self.posts.push(Placed {
            key: post.key,
            at: post.at,
            topic: None,
        });
        let cleaning = &self.cleaning;
        self.corpus
            .push_with(|push| cleaning.for_each_term(post.text, push));
    }

    /// Does a part of the work, about so many turns of documents, and says how far it is.
    pub fn step(&mut self, n_documents: usize) -> Progress {
        if self.n_offered < self.posts.len() {
            self.offer();
        }
        let n_posts = self.posts.len();
        let Some(fit) = &mut self.fit else {
            return Progress { done: 0, total: 0 };
        };
        let mut fitting = fit.progress();
        if !fitting.is_done() {
            fitting = fit.step(n_documents);
        } else {
            let end = n_posts.min(self.n_given.saturating_add(n_documents.max(1)));
            self.give(end);
        }
        Progress {
            done: fitting.done + self.n_given,
            total: fitting.total + n_posts,
        }
    }

    /// The topics as they are. Posts are counted once they have theirs, which begins when the fit is done; so
    /// while a study goes on with new posts, show what it found before.
    #[must_use]
    pub fn findings(&self, n_terms: usize) -> Findings {
        let topics = self
            .fit
            .as_ref()
            .map_or_else(Vec::new, |fit| fit.topics(n_terms));
        let mut times = vec![Vec::new(); topics.len()];
        for post in self.posts.iter().take(self.n_given) {
            if let Some(times) = post
                .topic
                .and_then(|topic| times.get_mut(usize::from(topic)))
            {
                times.push(post.at);
            }
        }
        let found = topics.into_iter().zip(times);
        let is_empty = |idx: &usize| self.corpus.document(*idx).is_empty();
        Findings {
            topics: found
                .map(|(topic, times)| FoundTopic {
                    topic,
                    n_posts: times.len(),
                    born_at: born_at(times),
                })
                .collect(),
            n_posts: self.posts.len(),
            n_without_terms: (0..self.posts.len()).filter(is_empty).count(),
            n_sample: self.n_sample,
            n_later: self.n_later,
            coherence: self.fit.as_ref().and_then(Fit::coherence),
        }
    }

    /// The posts by their keys, in the order in which they came, each with its topic as a place in
    /// [`Findings::topics`].
    pub fn topics_of_posts(&self) -> impl Iterator<Item = (u64, Option<usize>)> + '_ {
        self.posts.iter().enumerate().map(|(idx, post)| {
            let topic = post.topic.filter(|_| idx < self.n_given);
            (post.key, topic.map(usize::from))
        })
    }

    /// Draws from the posts that are new, and gives the drawn to the fit.
    fn offer(&mut self) {
        let seed = self.options.settings.seed;
        let mut drawn: Vec<(u64, usize)> = (self.n_offered..self.posts.len())
            .filter(|idx| !self.corpus.document(*idx).is_empty())
            .map(|idx| (lot(seed, self.posts[idx].key), idx))
            .filter(|(lot, _)| *lot <= self.highest_lot)
            .collect();
        if self.fit.is_none() && drawn.len() > self.options.n_sample {
            let n_sample = self.options.n_sample.max(1);
            let (_, last, _) = drawn.select_nth_unstable(n_sample - 1);
            self.highest_lot = last.0;
            drawn.truncate(n_sample);
        }
        drawn.sort_unstable_by_key(|(_, idx)| *idx);
        self.n_sample += drawn.len();
        self.n_offered = self.posts.len();
        let corpus = &self.corpus;
        let documents = drawn.iter().map(|(_, idx)| {
            let terms = corpus.document(*idx).iter();
            terms.map(|term| corpus.vocabulary().term(*term))
        });
        match &mut self.fit {
            Some(fit) => fit.extend(documents),
            None => {
                let mut sample = Corpus::default();
                documents.for_each(|document| sample.push(document));
                self.fit = Some(Fit::new(sample, self.options.settings));
            }
        }
        self.n_given = 0;
        self.number_terms();
    }

    /// Learns the fit's numbers of terms that it did not have before.
    fn number_terms(&mut self) {
        let Some(fit) = &self.fit else {
            return;
        };
        let of_fit = fit.corpus().vocabulary();
        self.numbers.resize(self.corpus.n_terms(), None);
        for (term, number) in (0..).zip(&mut self.numbers) {
            if number.is_none() {
                *number = of_fit.find(self.corpus.vocabulary().term(term));
            }
        }
    }

    /// Gives posts up to `end` their topics.
    fn give(&mut self, end: usize) {
        let Some(fit) = &mut self.fit else {
            return;
        };
        let mut terms = Vec::new();
        for (idx, post) in self
            .posts
            .iter_mut()
            .enumerate()
            .take(end)
            .skip(self.n_given)
        {
            terms.clear();
            let numbers = self.corpus.document(idx).iter();
            terms.extend(numbers.filter_map(|term| *self.numbers.get(*term as usize)?));
            terms.sort_unstable();
            let topic = fit.assign(&terms).map(|(topic, _)| topic);
            post.topic = topic.and_then(|topic| u16::try_from(topic).ok());
        }
        self.n_given = end;
    }
}

/// A number that only the seed and the post decide.
fn lot(seed: u64, key: u64) -> u64 {
    Random::new(seed ^ Random::new(key).next_bits()).next_bits()
}

fn born_at(mut times: Vec<Millis>) -> Option<Millis> {
    times.sort_unstable();
    let run = times.windows(N_BORN).find(|run| match run {
        [first, .., last] => last - first <= DAY,
        _ => false,
    });
    run?.first().copied()
}

#[cfg(test)]
mod tests;
