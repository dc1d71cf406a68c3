//! Articles: what feeds brought, by time and words.

use wire::{Event, Millis, Post, time::HOUR};

use super::Talk;
use crate::{
    news::{Article, FoundArticle, NewsQuestion, is_feed},
    protocol::talk::{ArticleRow, NewsView},
    view::Range,
};

/// Articles that are listed.
const N_LISTED: usize = 50;
/// Of the words that stand out, articles are looked for by so many.
const N_TERMS: usize = 10;

/// Articles belong to a moment that were first seen so long before or after it.
pub const AROUND: Millis = HOUR;

impl Talk {
    /// Of a news feed's post the text is the title and, in the lines below, a summary.
    pub(super) fn add_article(&mut self, event: &Event, post: &Post) {
        if !is_feed(&post.source) {
            return;
        }
        let (title, summary) = post.text.split_once('\n').unwrap_or((&post.text, ""));
        let is_web_link = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        self.news.add(Article {
            id: post.id.clone(),
            source: post.source.clone(),
            title: title.to_owned(),
            summary: summary.trim().to_owned(),
            url: post.url.clone().filter(is_web_link).unwrap_or_default(),
            published_at: post.posted_at,
            first_seen_at: event.seen_at,
        });
    }

    /// Articles by the words that were asked for; without any, all of the range.
    pub(super) fn news_view(&self, range: Range, terms: &[&str]) -> NewsView {
        let asked: Vec<&str> = match self.wish.news_words.as_slice() {
            [stand_out] if stand_out.is_empty() => terms.iter().take(N_TERMS).copied().collect(),
            words => words.iter().map(String::as_str).collect(),
        };
        let found = self.news.find(&NewsQuestion {
            window: (range.from, range.to),
            around: range.from,
            words: asked.clone(),
            n_articles: N_LISTED,
        });
        NewsView {
            range,
            words: asked.into_iter().map(str::to_owned).collect(),
            articles: found.articles.iter().map(row).collect(),
            n_in_range: found.n_in_window as u64,
            n_matched: found.n_matched as u64,
            n_articles: self.news.n_articles() as u64,
        }
    }

    /// The articles around a moment that have any of its words, and how many there are; none that was not known yet
    /// where topics are shown as of an earlier time.
    pub(super) fn articles_around(
        &self,
        range: Range,
        words: Vec<&str>,
        n: usize,
    ) -> (Vec<ArticleRow>, u64) {
        if words.is_empty() {
            return (Vec::new(), 0);
        }
        let until = range.to.saturating_add(AROUND);
        let known_until = self.as_of(range).map_or(until, |at| at.saturating_add(1));
        let found = self.news.find(&NewsQuestion {
            window: (range.from.saturating_sub(AROUND), until.min(known_until)),
            around: range.from,
            words,
            n_articles: n,
        });
        let rows = found.articles.iter().map(row).collect();
        (rows, found.n_matched as u64)
    }
}

fn row(found: &FoundArticle<'_>) -> ArticleRow {
    ArticleRow {
        article: found.article.clone(),
        score: found.score,
        matched: found.matched.clone(),
    }
}
