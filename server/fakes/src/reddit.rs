//! Reddit's feed of new submissions, for whoever shows a feed token.

use crate::{Item, Millis, Opening, Protocol, Reply, Request, jetstream::calendar};

/// The token that is accepted.
pub const TOKEN: &str = "reddit-token";
/// So many submissions are listed.
const LISTED: usize = 25;

/// A subreddit with submissions at a steady pace.
#[derive(Clone, Debug)]
pub struct Reddit {
    submissions: Vec<Item>,
    /// Numbers of those that are deleted, and since when.
    deleted: Vec<(usize, Millis)>,
}

impl Reddit {
    /// `n` submissions, the first at `from`, one every `every` milliseconds.
    pub fn new(from: Millis, every: Millis, n: usize) -> Self {
        let submission = |i: usize| {
            let at = from + every * i as Millis;
            let payload = i.to_string();
            Item { at, payload }
        };
        let (submissions, deleted) = ((0..n).map(submission).collect(), Vec::new());
        Self {
            submissions,
            deleted,
        }
    }

    /// The same, where the submission with this number is deleted at `at`.
    #[must_use]
    pub fn deleting(mut self, i: usize, at: Millis) -> Self {
        self.deleted.push((i, at));
        self
    }

    /// Id of the submission with this number.
    pub fn id(i: usize) -> String {
        format!("t3_fake{i}")
    }

    fn feed(&self, now: Millis) -> String {
        let is_deleted = |i: usize| {
            self.deleted
                .iter()
                .any(|(number, at)| *number == i && *at <= now)
        };
        let there = self
            .submissions
            .iter()
            .enumerate()
            .filter(|(i, item)| item.at <= now && !is_deleted(*i));
        let entries: Vec<String> = there.map(|(i, item)| entry(i, item.at)).collect();
        let listed: Vec<String> = entries.into_iter().rev().take(LISTED).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><id>/r/made/new/.rss</id><title>new</title><updated>{}</updated>{}</feed>",
            calendar(now * 1_000),
            listed.concat()
        )
    }
}

impl Protocol for Reddit {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        let is_known =
            request.value("feed") == Some(TOKEN) && request.value("user") == Some("someone");
        let reply = match (is_known, request.path.ends_with("/new/.rss")) {
            (true, true) => Reply::new(200, "application/atom+xml; charset=UTF-8", self.feed(now)),
            (true, false) => Reply::refusal(404, None),
            (false, _) => Reply::new(403, "text/html", "<body>Blocked</body>"),
        };
        Opening::Reply(reply)
    }

    fn unknown(&self) -> String {
        "<?xml version=\"1.0\"?><novelty/>".to_owned()
    }

    fn skewed(&self, item: &Item, _by: Millis) -> String {
        item.payload.clone()
    }
}

fn entry(i: usize, at: Millis) -> String {
    let id = Reddit::id(i);
    let text = format!(
        "&lt;!-- SC_OFF --&gt;&lt;div class=\"md\"&gt;&lt;p&gt;made up submission {i} about $BTC&lt;/p&gt;&lt;/div&gt;&lt;!-- SC_ON --&gt; submitted by"
    );
    format!(
        "<entry><author><name>/u/someone{}</name></author><content type=\"html\">{text}</content><id>{id}</id><link href=\"https://www.reddit.com/r/made/comments/{id}/\"/><published>{}</published><title>title {i}</title></entry>",
        i % 7,
        calendar(at * 1_000)
    )
}
