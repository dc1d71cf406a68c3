//! Spam, languages and what was left out, in the range.

use crate::{
    engine::{Engine, tally::natural},
    view::{Range, SampleView},
};

impl Engine {
    #[inline(never)]
    pub(super) fn sample(&self, range: Range) -> SampleView {
        let found = self.tally.found();
        SampleView {
            range,
            sampling: self.judge.sampling().clone(),
            n_posts: natural(found.n_posts),
            n_waiting: self.judge.n_waiting() as u64,
            spam: found.spam(),
            reasons: found.reasons.map(natural),
            n_english: natural(found.n_english),
            n_foreign: natural(found.n_foreign),
            n_out_spam: natural(found.n_out_spam),
            n_out_language: natural(found.n_out_language),
            n_out_author: natural(found.n_out_author),
            n_out_repost: natural(found.n_out_repost),
            n_out_source: natural(found.n_out_source),
            n_out_loudest: natural(found.n_out_loudest),
            post_sources: self.sources.of_posts(),
        }
    }
}
