//! A news feed in RSS 2.0 with an `ETag`, on which an article appears now and then.

use std::io::Read;

use flate2::{Compression, read::GzEncoder};

use crate::{Item, Millis, Opening, Protocol, Reply, Request, jetstream::calendar};

/// Articles that the feed still lists.
const WINDOW: usize = 100;

/// A feed of made-up articles.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// When the first article appears.
    pub from: Millis,
    /// How often one appears.
    pub every: Millis,
    /// How many there are in all.
    pub n: usize,
}

impl Feed {
    fn body(&self, n_out: usize) -> String {
        let first = n_out.saturating_sub(WINDOW);
        let items = (first..n_out).rev().map(|i| {
            let at = self.from + self.every * i as Millis;
            format!(
                "<item><title>Made-up article {i} about bitcoin</title><link>https://news.test/{i}</link>\
                 <guid>https://news.test/{i}</guid><pubDate>{}</pubDate>\
                 <description>&lt;p&gt;Nothing happened.&lt;/p&gt;</description></item>",
                calendar(at * 1_000)
            )
        });
        channel(&items.collect::<String>())
    }
}

impl Protocol for Feed {
    fn open(&self, request: &Request, now: Millis) -> Opening {
        if request.path == "/moved" {
            let reply = Reply::new(301, "text/plain", "").with("location", "/rss");
            return Opening::Reply(reply);
        }
        if request.path == "/compressed" {
            let asks = request.header("accept-encoding").unwrap_or_default();
            assert!(asks.contains("gzip"), "nobody asked for it");
            let body = gzip(&self.body(self.n));
            let reply = Reply::new(200, "application/rss+xml", "");
            let reply = Reply { body, ..reply }.with("content-encoding", "gzip");
            return Opening::Reply(reply);
        }
        if request.path == "/inside" {
            let reply =
                Reply::new(302, "text/plain", "").with("location", "http://169.254.169.254/");
            return Opening::Reply(reply);
        }
        let n_out = usize::try_from((now - self.from).div_euclid(self.every) + 1).unwrap_or(0);
        let n_out = n_out.min(self.n);
        let etag = format!("\"{n_out}\"");
        let reply = if request.header("if-none-match") == Some(&etag) {
            Reply::new(304, "application/rss+xml", "")
        } else {
            Reply::new(200, "application/rss+xml; charset=utf-8", self.body(n_out))
        };
        Opening::Reply(reply.with("etag", &etag))
    }

    fn unknown(&self) -> String {
        channel("<item><novelty>neither id nor title</novelty></item>")
    }

    fn skewed(&self, item: &Item, _by: Millis) -> String {
        item.payload.clone()
    }
}

fn channel(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>Made-up news</title>\
         <link>https://news.test/</link><description>None of it is true.</description>{items}</channel></rss>"
    )
}

/// A text as it is sent compressed.
pub(crate) fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(text.as_bytes(), Compression::default());
    let mut bytes = Vec::new();
    // Memory can always be read.
    let _ = gzip.read_to_end(&mut bytes);
    bytes
}
