//! Reddit's Atom feeds to records: pure, but for a memory of the last window of each feed.
//!
//! A feed is a window over the newest submissions. What has come into it since is a post; what is
//! gone from its middle was deleted or removed, and Reddit asks that this be followed. A feed tells
//! neither scores nor the number of comments.

use feed_rs::{model::Entry, parser};
use rustc_hash::FxHashSet;
use wire::{
    Body, Delete, Event, Millis, Missed, Post, author::AuthorKey, formats::FormatError, tag,
    time::MAX_AGE,
};

use super::super::{html, sieve::Record, text::shortened};

/// Name of the source in posts.
pub(crate) const SOURCE: &str = "reddit";

/// Between these stands what the author wrote; around it, links that Reddit adds.
const TEXT_BEGINS: &str = "<!-- SC_OFF -->";
const TEXT_ENDS: &str = "<!-- SC_ON -->";

/// One feed, from poll to poll.
pub(crate) struct Window {
    key: AuthorKey,
    /// Reddit tells no post's language; this is what a person says the subreddit is written in.
    language: String,
    /// Ids and times of what the feed listed last.
    listed: Vec<(String, Millis)>,
}

/// What a poll has found.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Found {
    /// Oldest first.
    pub(crate) records: Vec<Record>,
    /// More has come than the feed lists: between these times some is missing.
    pub(crate) missed: Option<Missed>,
}

impl Window {
    pub(crate) fn new(key: AuthorKey, language: String) -> Self {
        let listed = Vec::new();
        Self {
            key,
            language,
            listed,
        }
    }

    /// What has changed since the last poll, oldest first.
    ///
    /// # Errors
    /// The drop reason of a body that is no feed.
    pub(crate) fn poll(&mut self, body: &[u8], seen_at: Millis) -> Result<Found, &'static str> {
        // What has no id, no author or no time is refused below instead of being made up.
        let parser = parser::Builder::new()
            .id_generator(|_, _, _| String::new())
            .build();
        let feed = parser.parse(body).map_err(|_| "bad_feed")?;
        let known: FxHashSet<String> = self.listed.iter().map(|(id, _)| id.clone()).collect();
        let listed: Vec<(String, Millis)> = feed
            .entries
            .iter()
            .filter_map(|entry| Some((entry.id.clone(), time(entry)?)))
            .collect();
        let mut records = self.gone_from(&listed, seen_at);
        let fresh = feed
            .entries
            .into_iter()
            .rev()
            .filter(|entry| !known.contains(&entry.id));
        records.extend(fresh.map(|entry| self.post(entry, seen_at)));
        let missed = self.missed(&listed);
        if !listed.is_empty() {
            self.listed = listed;
        }
        Ok(Found { records, missed })
    }

    /// The stretch between what was listed and what is, if nothing of it is listed any more.
    fn missed(&self, listed: &[(String, Millis)]) -> Option<Missed> {
        let from = self.listed.iter().map(|(_, at)| *at).max()?;
        let to = listed.iter().map(|(_, at)| *at).min()?;
        (from < to).then_some(Missed { from, to })
    }

    /// Deletes of what was listed and would have to be still: it is newer than the oldest that is.
    fn gone_from(&self, listed: &[(String, Millis)], seen_at: Millis) -> Vec<Record> {
        let Some(oldest) = listed.iter().map(|(_, at)| *at).min() else {
            return Vec::new();
        };
        let is_gone = |(id, at): &&(String, Millis)| {
            *at > oldest && !listed.iter().any(|(other, _)| other == id)
        };
        let delete = |(id, _): &(String, Millis)| {
            let (source, id) = (SOURCE.to_owned(), id.clone());
            Ok(Event::live(
                seen_at,
                seen_at,
                Body::Delete(Delete { source, id }),
            ))
        };
        self.listed.iter().filter(is_gone).map(delete).collect()
    }

    fn post(&self, entry: Entry, seen_at: Millis) -> Record {
        let at = time(&entry).ok_or(FormatError::Time.reason())?;
        if entry.id.is_empty() {
            return Err(FormatError::NoId.reason());
        }
        if seen_at - at > MAX_AGE {
            return Err("too_old");
        }
        let author = entry
            .authors
            .first()
            .and_then(|author| author.name.as_deref());
        let author = author.map(|name| name.trim_start_matches("/u/"));
        let author = author.filter(|name| !name.is_empty() && *name != "[deleted]");
        let author = author.ok_or(FormatError::NoAuthor.reason())?.to_owned();
        let text = shortened(text(&entry).ok_or(FormatError::NoText.reason())?);
        let link = entry
            .links
            .into_iter()
            .map(|link| link.href)
            .find(|href| href.starts_with("https://"));
        let owned = |found: tag::Tag<'_>| found.text.to_owned();
        let post = Post {
            source: SOURCE.to_owned(),
            author: self.key.hash(SOURCE, &author),
            lang: Some(self.language.clone()).filter(|lang| !lang.is_empty()),
            posted_at: Some(at),
            hashtags: tag::hashtags(&text).map(owned).collect(),
            cashtags: tag::cashtags(&text)
                .map(|found| found.text.to_uppercase())
                .collect(),
            text,
            url: link,
            id: entry.id,
            ..Post::default()
        };
        Ok(Event::live(at, seen_at, Body::Post(Box::new(post))))
    }
}

/// Reddit's own time of the submission.
fn time(entry: &Entry) -> Option<Millis> {
    let time = entry.published.or(entry.updated)?;
    Some(time.timestamp_millis())
}

/// A submission's title and what its author wrote below; of a comment only the latter, since the
/// title of its entry is another's.
fn text(entry: &Entry) -> Option<String> {
    let content = entry
        .content
        .as_ref()
        .and_then(|content| content.body.as_deref());
    let written = content.and_then(|content| {
        let (_, rest) = content.split_once(TEXT_BEGINS)?;
        Some(html::text(rest.split(TEXT_ENDS).next().unwrap_or(rest)))
    });
    let title = entry.title.as_ref().map(|title| html::text(&title.content));
    let title = title.filter(|_| !entry.id.starts_with("t1_"));
    let parts: Vec<String> = [title, written]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN_AT: Millis = 1_787_222_107_000;

    fn entry(id: &str, minute: u32, rest: &str) -> String {
        format!(
            r#"<entry><author><name>/u/ann</name></author><category term="stocks" label="r/stocks"/>
            <content type="html">&lt;!-- SC_OFF --&gt;&lt;div class="md"&gt;&lt;p&gt;It&amp;#39;s up, $ACME!&lt;/p&gt; &lt;p&gt;#yolo&lt;/p&gt; &lt;/div&gt;&lt;!-- SC_ON --&gt; &amp;#32; submitted by &amp;#32; &lt;a href="x"&gt; /u/ann &lt;/a&gt;</content>
            <id>{id}</id><link href="https://www.reddit.com/r/stocks/comments/{id}/"/>
            <published>2026-08-20T10:{minute:02}:00+00:00</published><title>Up &amp;amp; away</title>{rest}</entry>"#
        )
    }

    fn feed(entries: &[String]) -> Vec<u8> {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>/r/stocks/new/.rss</id><title>new</title><updated>2026-08-20T10:40:00+00:00</updated>{}</feed>"#,
            entries.concat()
        )
        .into_bytes()
    }

    fn window() -> Window {
        Window::new(AuthorKey([7; 16]), "en".into())
    }

    /// `+` and the id of a post, `-` and that of a deletion, or the drop reason.
    fn told(records: &[Record]) -> Vec<String> {
        let tell = |record: &Record| match record {
            Ok(Event {
                body: Body::Post(post),
                ..
            }) => format!("+{}", post.id),
            Ok(Event {
                body: Body::Delete(delete),
                ..
            }) => format!("-{}", delete.id),
            Ok(event) => format!("{event:?}"),
            Err(reason) => (*reason).to_owned(),
        };
        records.iter().map(tell).collect()
    }

    #[test]
    fn a_submission_is_its_title_and_what_its_author_wrote() {
        let records = window()
            .poll(&feed(&[entry("t3_a", 30, "")]), SEEN_AT)
            .unwrap()
            .records;

        let [Ok(event)] = records.as_slice() else {
            panic!("{records:?}");
        };
        assert_eq!(event.at, 1_787_221_800_000);
        let Body::Post(post) = &event.body else {
            panic!("{event:?}");
        };
        assert_eq!(
            **post,
            Post {
                id: "t3_a".into(),
                source: "reddit".into(),
                author: AuthorKey([7; 16]).hash("reddit", "ann"),
                text: "Up & away\nIt's up, $ACME!\n#yolo".into(),
                lang: Some("en".into()),
                posted_at: Some(1_787_221_800_000),
                hashtags: vec!["yolo".into()],
                cashtags: vec!["ACME".into()],
                url: Some("https://www.reddit.com/r/stocks/comments/t3_a/".into()),
                ..Post::default()
            }
        );
    }

    #[test]
    fn a_link_is_its_title_and_a_comment_is_without_the_title_of_another() {
        let link = entry("t3_a", 30, "").replace("SC_O", "no");
        let comment = entry("t1_b", 31, "");

        let records = window()
            .poll(&feed(&[comment, link]), SEEN_AT)
            .unwrap()
            .records;

        let texts: Vec<_> = records
            .iter()
            .map(|record| match &record.as_ref().unwrap().body {
                Body::Post(post) => post.text.as_str(),
                body => panic!("{body:?}"),
            })
            .collect();
        assert_eq!(texts, ["Up & away", "It's up, $ACME!\n#yolo"]);
    }

    #[test]
    fn a_poll_tells_only_what_has_changed() {
        let mut window = window();
        let [a, b, c, d] = [("t3_a", 30), ("t3_b", 31), ("t3_c", 32), ("t3_d", 33)]
            .map(|(id, minute)| entry(id, minute, ""));
        let mut poll = |entries: &[&String]| {
            let entries: Vec<String> = entries.iter().map(|entry| (*entry).clone()).collect();
            told(&window.poll(&feed(&entries), SEEN_AT).unwrap().records)
        };

        assert_eq!(poll(&[&c, &b, &a]), ["+t3_a", "+t3_b", "+t3_c"]);
        assert!(poll(&[&c, &b, &a]).is_empty());
        // One has left at the old end, as all do; one has left from the middle: it was deleted.
        assert_eq!(poll(&[&d, &b]), ["-t3_c", "+t3_d"]);
    }

    #[test]
    fn an_empty_feed_deletes_nothing() {
        let mut window = window();
        let a = [entry("t3_a", 30, "")];
        window.poll(&feed(&a), SEEN_AT).unwrap();

        assert_eq!(window.poll(&feed(&[]), SEEN_AT), Ok(Found::default()));
        assert_eq!(window.poll(&feed(&a), SEEN_AT), Ok(Found::default()));
    }

    #[test]
    fn what_no_feed_lists_any_more_was_missed() {
        let mut window = window();
        let [a, b] = [("t3_a", 30), ("t3_b", 34)].map(|(id, minute)| [entry(id, minute, "")]);
        let first = window.poll(&feed(&a), SEEN_AT).unwrap();

        let second = window.poll(&feed(&b), SEEN_AT).unwrap();

        let (from, to) = (1_787_221_800_000, 1_787_222_040_000);
        assert_eq!(
            (first.missed, second.missed),
            (None, Some(Missed { from, to }))
        );
        assert_eq!(told(&second.records), ["+t3_b"]);
    }

    #[test]
    fn entries_that_are_no_posts_are_dropped_with_their_reason() {
        let whole = entry("t3_a", 30, "");
        for (broken, reason) in [
            (
                whole.replace("/u/ann</name>", "/u/[deleted]</name>"),
                "no_author",
            ),
            (whole.replace("<name>/u/ann</name>", ""), "no_author"),
            (
                whole.replace("2026-08-20T10:30:00+00:00", "soon"),
                "bad_time",
            ),
            (whole.replace("2026-08-20T", "2026-08-17T"), "too_old"),
            (whole.replace("<id>t3_a</id>", ""), "no_id"),
            (
                whole
                    .replace("SC_O", "no")
                    .replace("<title>Up &amp;amp; away</title>", ""),
                "no_text",
            ),
        ] {
            assert_eq!(
                told(
                    &window()
                        .poll(&feed(std::slice::from_ref(&broken)), SEEN_AT)
                        .unwrap()
                        .records
                ),
                [reason],
                "{broken}"
            );
        }
    }

    #[test]
    fn what_is_no_feed_is_refused() {
        for body in [
            &b"<html><body>whoa there, pardner!</body></html>"[..],
            b"",
            b"{\"error\":403}",
            b"\xff\xfe<",
        ] {
            assert_eq!(window().poll(body, SEEN_AT), Err("bad_feed"), "{body:?}");
        }
        let whole = feed(&[entry("t3_a", 30, "")]);
        for end in 0..whole.len() - 7 {
            assert!(window().poll(&whole[..end], SEEN_AT).is_err(), "{end}");
        }
    }
}
