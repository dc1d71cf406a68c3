//! The fit of topics that is wanted: begun anew when something else is, gone on with as posts come.

use wire::Millis;

use super::shelf::Shelf;
use crate::{
    protocol::{
        RangeChoice,
        talk::{TopicRow, TopicsView, TopicsWish},
    },
    topics::{Cleaning, Findings, Options, Progress, Settings, StudiedPost, Study},
    view::Range,
};

/// Fitted posts, as long as there are more.
const N_SAMPLE: usize = 50_000;
/// Terms of a topic that are told.
const N_TERMS: usize = 20;
/// Turns of documents in one step: some milliseconds.
const N_TURNS: usize = 256;
/// Posts that are taken into the study in one step.
const N_TAKEN: usize = 2_048;
/// Cells of the chart over time, about.
const N_CELLS: i64 = 60;
/// A study goes on once so many new posts wait for it.
const N_NEW: usize = 25;

/// A study, and what was shown of it.
#[derive(Debug, Default)]
pub(super) struct TopicsDesk {
    /// What the study is of.
    key: Option<(TopicsWish, RangeChoice)>,
    study: Option<Study>,
    as_of: Option<Millis>,
    range: Range,
    /// Times of the posts in the study, in its order.
    members: Vec<Millis>,
    /// Posts are being taken in; the fit waits for it.
    is_taking: bool,
    /// Posts before this place have been taken into the study.
    n_seen: usize,
    progress: Progress,
    is_cancelled: bool,
    /// What was found last, and the topic of each post then.
    findings: Option<(Findings, Vec<Option<u16>>)>,
    n_changes: u64,
    /// Hundredths of the fit that were told.
    told: usize,
}

/// What is wanted, of which time.
pub(super) struct Asked {
    pub(super) wish: Option<TopicsWish>,
    pub(super) choice: RangeChoice,
    pub(super) range: Range,
    /// Words that all these posts have since they were chosen by them.
    pub(super) left_out: Vec<String>,
    pub(super) is_paused: bool,
}

/// Posts, and which of them are selected.
pub(super) struct Posts<'t> {
    pub(super) shelf: &'t Shelf,
    pub(super) selected: &'t [bool],
}

impl TopicsDesk {
    /// Other posts are selected.
    pub(super) fn forget(&mut self) {
        let n_changes = self.n_changes + 1;
        *self = Self {
            n_changes,
            ..Self::default()
        };
    }

    pub(super) fn cancel(&mut self) {
        if self.study.take().is_some() {
            self.is_cancelled = true;
            self.n_changes += 1;
        }
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    pub(super) fn n_changes(&self) -> u64 {
        self.n_changes
    }

    pub(super) fn is_complete(&self) -> bool {
        self.progress.is_done() && !self.is_taking
    }

    /// Does a part of what is to be done; whether there is more.
    pub(super) fn step(&mut self, asked: &Asked, posts: &Posts<'_>) -> bool {
        let key = asked.wish.map(|wish| (wish, asked.choice));
        if self.key != key {
            self.forget();
            self.key = key;
            self.study = asked.wish.map(|wish| self.begin(wish, asked));
            self.is_taking = true;
        }
        let Some(study) = &mut self.study else {
            return false;
        };
        let is_resting = self.progress.is_done() && !self.is_taking;
        let n_waiting = posts.shelf.len() - self.n_seen.min(posts.shelf.len());
        if is_resting {
            if asked.is_paused || n_waiting < N_NEW {
                return false;
            }
            self.is_taking = true;
        }
        if self.is_taking {
            self.take(posts, asked.range);
            return true;
        }
        self.progress = study.step(N_TURNS);
        let is_done = self.progress.is_done();
        if is_done {
            self.keep_findings();
        }
        // Every hundredth is told.
        let told = self.progress.done * 100 / self.progress.total.max(1);
        if is_done || told != self.told {
            self.told = told;
            self.n_changes += 1;
        }
        !is_done
    }

    fn keep_findings(&mut self) {
        let Some(study) = &self.study else {
            return;
        };
        let of_posts = study.topics_of_posts();
        let of_posts = of_posts.map(|(_, topic)| topic.and_then(|topic| topic.try_into().ok()));
        self.findings = Some((study.findings(N_TERMS), of_posts.collect()));
    }

    fn begin(&mut self, wish: TopicsWish, asked: &Asked) -> Study {
        self.range = asked.range;
        self.as_of = wish.known_at(asked.range);
        let options = Options {
            settings: Settings {
                method: wish.method,
                number: wish.number,
                seed: wish.seed,
                sweeps: None,
            },
            n_sample: N_SAMPLE,
            as_of: self.as_of,
        };
        let left_out = asked.left_out.iter().map(String::as_str);
        Study::new(options, Cleaning::leaving_out(left_out))
    }

    /// Takes posts into the study that came since, some at a time.
    fn take(&mut self, posts: &Posts<'_>, range: Range) {
        let Some(study) = &mut self.study else {
            return;
        };
        let end = posts.shelf.len().min(self.n_seen + N_TAKEN);
        for idx in self.n_seen..end {
            let is_selected = posts.selected.get(idx).copied().unwrap_or_default();
            let Some(post) = posts.shelf.get(idx).filter(|_| is_selected) else {
                continue;
            };
            if post.at < range.from || range.to <= post.at {
                continue;
            }
            study.add(StudiedPost {
                key: post.key,
                at: post.at,
                seen_at: post.seen_at,
                text: posts.shelf.text(post),
            });
            if self.as_of.is_none_or(|until| post.seen_at <= until) {
                self.members.push(post.at);
            }
        }
        self.n_seen = end;
        if end == posts.shelf.len() {
            self.is_taking = false;
            self.range = range;
            self.progress = study.step(N_TURNS);
            if self.progress.is_done() {
                self.keep_findings();
            }
            self.n_changes += 1;
        }
    }

    pub(super) fn view(&self, wish: Option<TopicsWish>, range: Range) -> Option<TopicsView> {
        let wish = wish?;
        let mut view = TopicsView {
            range: self.range,
            wish,
            progress: (self.progress.done as u64, self.progress.total as u64),
            is_cancelled: self.is_cancelled,
            as_of: self.as_of,
            ..TopicsView::default()
        };
        if let Some((findings, of_posts)) = &self.findings {
            view.is_found = true;
            view.topics = findings.topics.iter().map(row).collect();
            view.n_posts = findings.n_posts as u64;
            view.n_sample = findings.n_sample as u64;
            view.n_without_terms = findings.n_without_terms as u64;
            view.n_later = findings.n_later as u64;
            view.coherence = findings.coherence;
            (view.cells, view.width) = self.cells(range, findings.topics.len(), of_posts);
        }
        Some(view)
    }

    /// Posts of each topic over time.
    fn cells(
        &self,
        range: Range,
        n_topics: usize,
        of_posts: &[Option<u16>],
    ) -> (Vec<(Millis, Vec<u32>)>, Millis) {
        let width = ((range.to - range.from) / N_CELLS).max(1);
        let n_cells = ((range.to - range.from + width - 1) / width).clamp(0, 2 * N_CELLS);
        let mut cells: Vec<(Millis, Vec<u32>)> = (0..n_cells)
            .map(|idx| (range.from + idx * width, vec![0; n_topics]))
            .collect();
        for (at, topic) in self.members.iter().zip(of_posts) {
            let cell = usize::try_from((at - range.from).div_euclid(width));
            let counts = cell.ok().and_then(|cell| cells.get_mut(cell));
            let topic = topic.map(usize::from);
            if let Some(n) = counts.and_then(|(_, counts)| counts.get_mut(topic?)) {
                *n += 1;
            }
        }
        (cells, width)
    }

    /// The topics by their first terms, with their posts in two stretches; those without a post left out.
    pub(super) fn of_stretches(
        &self,
        here: Range,
        before: Range,
        n_terms: usize,
    ) -> Vec<(String, u64, u64)> {
        let Some((findings, of_posts)) = &self.findings else {
            return Vec::new();
        };
        let mut counts = vec![(0_u64, 0_u64); findings.topics.len()];
        for (at, topic) in self.members.iter().zip(of_posts) {
            let Some(counts) = topic.and_then(|topic| counts.get_mut(usize::from(topic))) else {
                continue;
            };
            counts.0 += u64::from(here.from <= *at && *at < here.to);
            counts.1 += u64::from(before.from <= *at && *at < before.to);
        }
        let named = findings.topics.iter().zip(counts);
        named
            .filter(|(_, (n, _))| *n > 0)
            .map(|(found, (n, n_before))| {
                let terms = found.topic.terms.iter().take(n_terms);
                let terms: Vec<&str> = terms.map(|(term, _)| &**term).collect();
                (terms.join(" · "), n, n_before)
            })
            .collect()
    }
}

fn row(found: &crate::topics::FoundTopic) -> TopicRow {
    TopicRow {
        terms: found.topic.terms.clone(),
        weight: found.topic.weight,
        n_posts: found.n_posts as u64,
        born_at: found.born_at,
        coherence: found.topic.coherence,
    }
}
