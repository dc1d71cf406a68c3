//! Spam, languages and what was left out, in the range.

use crate::{
    engine::{Engine, judge::Language, posts::Place, tally::natural},
    view::{Range, SampleView},
};

impl Engine {
    #[inline(never)]
    pub(super) fn sample(&self, range: Range) -> SampleView {
        let found = self.tallies.posts.found();
        SampleView {
            range,
            sampling: self.judge.sampling().clone(),
            n_posts: found.n_posts(),
            n_waiting: self.judge.n_waiting() as u64,
            spam: found.spam(),
            reasons: found.reasons.map(natural),
            n_english: found.n_of(Language::English),
            n_foreign: found.n_of(Language::Foreign),
            n_out_spam: found.n_in(Place::Spam),
            n_out_language: found.n_in(Place::Language),
            n_out_author: found.n_in(Place::Author),
            n_out_repost: found.n_in(Place::Repost),
            n_out_source: found.n_in(Place::Source),
            n_out_loudest: found.n_in(Place::Loudest),
            post_sources: self.sources.of_posts(),
        }
    }
}
