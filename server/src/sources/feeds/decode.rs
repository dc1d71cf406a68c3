//! A news feed (RSS, Atom or JSON Feed) to posts. Pure.

use feed_rs::model::{Entry, Feed, Text};
use wire::{Identity, Millis, Post, author::AuthorKey, tag};

use crate::sources::html;

/// Name of the source in posts, whichever feed they came from.
pub const SOURCE: &str = "news";
/// Of an article so much text is kept; the rest is behind its link.
const MAX_TEXT_CHARS: usize = 1_000;
/// Articles of one feed that are looked at; the newest come first.
const MAX_ITEMS: usize = 500;

/// What a feed holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Articles {
    /// Each article, or the drop reason of one that cannot be used; oldest last, as feeds have them.
    pub posts: Vec<Result<Post, &'static str>>,
    /// How long the feed asks to wait between visits.
    pub ttl: Option<Millis>,
}

/// Decodes a feed of the address `url`. Articles are in `lang` unless the feed says otherwise.
///
/// # Errors
/// The drop reason of what is no feed.
pub fn decode(
    body: &[u8],
    url: &str,
    lang: &str,
    key: &AuthorKey,
) -> Result<Articles, &'static str> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Some(url))
        // Not a random number where there is neither id nor link: that would be new at every visit.
        .id_generator(|links, title, _| {
            let link = links.first().map(|link| link.href.clone());
            let title = || title.as_ref().map(|title| title.content.clone());
            link.or_else(title).unwrap_or_default()
        })
        .build();
    let feed = parser.parse(body).map_err(|_| "no_feed")?;
    let ttl = feed
        .ttl
        .map(|minutes| Millis::from(minutes.min(24 * 60)) * 60_000);
    let articles = feed.entries.iter().take(MAX_ITEMS);
    let posts = articles
        .map(|entry| article(entry, &feed, url, lang, key))
        .collect();
    Ok(Articles { posts, ttl })
}

fn article(
    entry: &Entry,
    feed: &Feed,
    url: &str,
    lang: &str,
    key: &AuthorKey,
) -> Result<Post, &'static str> {
    if entry.id.is_empty() {
        return Err("no_id");
    }
    let text = text_of(entry);
    if text.is_empty() {
        return Err("no_text");
    }
    // An id such as `123` means something within its own feed only.
    let Identity(id) = Identity::of_post(host(url), &entry.id);
    let stated = entry.language.as_ref().or(feed.language.as_ref());
    let tag_text = |tag: tag::Tag<'_>| tag.text.to_owned();
    let link = entry.links.iter().find(|link| {
        let is_page = link.rel.as_deref().is_none_or(|rel| rel == "alternate");
        is_page && (link.href.starts_with("https://") || link.href.starts_with("http://"))
    });
    Ok(Post {
        id: format!("{id:016x}"),
        source: SOURCE.to_owned(),
        author: key.hash(SOURCE, host(url)),
        lang: Some(
            stated
                .map_or(lang, String::as_str)
                .trim()
                .to_ascii_lowercase(),
        ),
        posted_at: entry
            .published
            .or(entry.updated)
            .map(|at| at.timestamp_millis()),
        hashtags: tag::hashtags(&text).map(tag_text).collect(),
        cashtags: tag::cashtags(&text)
            .map(|tag| tag.text.to_uppercase())
            .collect(),
        url: link.map(|link| link.href.clone()),
        text,
        ..Post::default()
    })
}

/// Title and summary, without markup.
fn text_of(entry: &Entry) -> String {
    let plain =
        |text: Option<&Text>| text.map_or_else(String::new, |text| html::text(&text.content));
    let title = plain(entry.title.as_ref());
    let mut summary = plain(entry.summary.as_ref());
    if summary.is_empty() {
        let content = entry
            .content
            .as_ref()
            .and_then(|content| content.body.as_deref());
        summary = html::text(content.unwrap_or_default());
    }
    let text = match (
        title.is_empty(),
        summary.is_empty() || summary.starts_with(&title),
    ) {
        (true, _) => summary,
        (false, true) if summary.is_empty() => title,
        (false, true) => summary,
        (false, false) => format!("{title}\n{summary}"),
    };
    text.chars().take(MAX_TEXT_CHARS).collect()
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: AuthorKey = AuthorKey([7; 16]);

    fn articles(body: &str) -> Articles {
        decode(body.as_bytes(), "https://news.test/rss", "en", &KEY).unwrap()
    }

    const RSS: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><ttl>30</ttl>
        <item><title>$BTC rises &amp; falls</title><link>https://news.test/a</link><guid isPermaLink="false">7</guid>
          <pubDate>Mon, 25 May 2026 14:23:28 GMT</pubDate><description>&lt;p&gt;It &lt;b&gt;really&lt;/b&gt; does. #bitcoin&lt;/p&gt;</description></item>
        <item><description>no title, no link</description></item>
        <item></item></channel></rss>"#;

    #[test]
    fn an_article_is_title_and_summary_without_markup() {
        let found = articles(RSS);

        assert_eq!(found.ttl, Some(1_800_000));
        let post = found.posts[0].as_ref().unwrap();
        assert_eq!(post.text, "$BTC rises & falls\nIt really does. #bitcoin");
        assert_eq!(post.url.as_deref(), Some("https://news.test/a"));
        assert_eq!(post.posted_at, Some(1_779_719_008_000));
        assert_eq!(
            (&post.cashtags[..], &post.hashtags[..]),
            (&["BTC".to_owned()][..], &["bitcoin".to_owned()][..])
        );
        assert_eq!(post.lang.as_deref(), Some("en"));
    }

    #[test]
    fn an_article_keeps_its_id_from_visit_to_visit_and_has_another_one_elsewhere() {
        let here = articles(RSS);

        assert_eq!(here.posts[0], articles(RSS).posts[0]);
        let there = decode(RSS.as_bytes(), "https://other.test/rss", "en", &KEY).unwrap();
        assert_ne!(
            here.posts[0].as_ref().unwrap().id,
            there.posts[0].as_ref().unwrap().id
        );
        assert_eq!(here.posts[1], Err("no_id"));
        assert_eq!(here.posts[2], Err("no_id"));
    }

    #[test]
    fn what_is_no_feed_is_refused() {
        for body in [
            "",
            "<html><body>Just a moment…</body></html>",
            "{\"error\":1}",
            "\u{0}",
            "<rss><channel><item>",
        ] {
            let found = decode(body.as_bytes(), "https://news.test/", "en", &KEY);
            assert!(
                found.is_err() || found.is_ok_and(|found| found.posts.is_empty()),
                "{body}"
            );
        }
    }

    #[test]
    fn entities_of_the_document_are_not_expanded() {
        let body = r#"<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
            <rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>x &b; &f; y</title></item></channel></rss>"#;

        let found = decode(body.as_bytes(), "https://news.test/", "en", &KEY);

        let texts: Vec<_> = found
            .iter()
            .flat_map(|found| found.posts.iter().flatten())
            .collect();
        assert!(
            texts
                .iter()
                .all(|post| !post.text.contains("aaaa") && !post.text.contains("root:")),
            "{texts:?}"
        );
    }
}
