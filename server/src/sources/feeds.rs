//! A news feed, visited again and again and asked only for what is new. No key.
//!
//! What a feed says about when an article appeared is shown and not believed: articles are back-dated
//! and edited. They count from when they were first seen; those of the first visit, which may be days
//! old, from the date that they carry.

pub mod decode;

use std::{collections::VecDeque, io::Read, sync::Arc, time::Duration};

use flate2::read::MultiGzDecoder;
use hyper::header::{self, HeaderValue};
use tokio::time::{Instant, sleep_until};
use url::Url;
use wire::{Body, Event, Identity, Millis, author::AuthorKey, time::MINUTE};

use super::{
    Source, Start, Step,
    clock::Clock,
    live::Setup,
    policy::{Policy, Schedule},
    sieve::Record,
};
use crate::net::{
    Network, Reach, SourceError,
    http::{Request, Response},
    wait::Headers,
};

const USUAL_PAUSE: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
const MAX_BYTES: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_REDIRECTS: usize = 5;
const ACCEPT: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.1";

/// Visits one feed.
pub(crate) struct Feed {
    name: String,
    url: Url,
    lang: String,
    reach: Reach,
    network: Network,
    clock: Arc<Clock>,
    key: AuthorKey,
    pause: Duration,
    next_visit: Instant,
    /// What the server said about the version that the log has.
    version: Version,
    /// Whether the log has what it listed once; some servers say nothing about versions.
    has_visited: bool,
    found: VecDeque<Step>,
}

/// `ETag` and `Last-Modified` of a feed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Version {
    etag: Option<String>,
    modified: Option<String>,
}

impl Feed {
    /// One source for each configured feed.
    pub(crate) fn all(setup: &Setup) -> Result<Vec<Self>, SourceError> {
        if setup.config.feeds.is_empty() {
            let problem = "it needs feeds = [\"https://…\"]".to_owned();
            return Err(SourceError::Refused(problem));
        }
        let feeds = setup.config.feeds.iter().map(|address| {
            let url = Url::parse(address);
            let url = url.map_err(|error| SourceError::Refused(format!("{address:?}: {error}")))?;
            let pause = setup.config.poll_secs.map(Duration::from_secs_f64);
            Ok(Self {
                name: name_of(&setup.name(), &url),
                url,
                lang: setup.config.lang.clone(),
                reach: if setup.config.private_hosts {
                    Reach::Anywhere
                } else {
                    Reach::PublicOnly
                },
                network: setup.network.clone(),
                clock: Arc::clone(&setup.clock),
                key: setup.author_key,
                pause: pause.unwrap_or(USUAL_PAUSE),
                next_visit: Instant::now(),
                version: Version::default(),
                has_visited: false,
                found: VecDeque::new(),
            })
        });
        feeds.collect()
    }

    /// Asks for what is new, and notes when to ask again.
    async fn visit(&mut self) -> Result<(), SourceError> {
        let now = self.clock.now();
        let response = self.ask().await?;
        let mut pause = self.pause;
        if response.status != 304 {
            let response = response.success(now).await?;
            let version = Version::of(&response);
            let body = body(response).await?;
            let articles = decode::decode(&body, self.url.as_str(), &self.lang, &self.key);
            let articles = articles.map_err(|_| SourceError::Protocol("no feed".to_owned()))?;
            let ttl = articles.ttl.and_then(|ttl| u64::try_from(ttl).ok());
            pause = pause.max(Duration::from_millis(ttl.unwrap_or(0)));
            let is_first = !std::mem::replace(&mut self.has_visited, true);
            let now = self.clock.now();
            // Feeds have the newest first.
            let posts = articles.posts.into_iter().rev();
            let records: Vec<Record> = posts.map(|post| Ok(event(post?, now, is_first))).collect();
            self.version = version;
            let position = Some(self.version.position());
            self.found.push_back(Step::Records { records, position });
        }
        self.next_visit = Instant::now() + pause.min(LONGEST_PAUSE.max(self.pause));
        Ok(())
    }

    /// Follows redirects; every host on the way has to be one that may be reached.
    async fn ask(&self) -> Result<Response, SourceError> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = Request::get(url.clone())
                .with(header::ACCEPT, HeaderValue::from_static(ACCEPT))
                .with(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            request.reach = self.reach;
            let stated = [
                (header::IF_NONE_MATCH, &self.version.etag),
                (header::IF_MODIFIED_SINCE, &self.version.modified),
            ];
            for (name, value) in stated {
                if let Some(value) = value
                    .as_deref()
                    .and_then(|text| HeaderValue::from_str(text).ok())
                {
                    request = request.with(name, value);
                }
            }
            let response = request.send(&self.network).await?;
            if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let target = response
                .headers
                .text("location")
                .and_then(|to| url.join(to).ok());
            url =
                target.ok_or_else(|| SourceError::Protocol("a redirect to nowhere".to_owned()))?;
        }
        Err(SourceError::Protocol("too many redirects".to_owned()))
    }
}

/// Host and path, and of a query, which may hold a key, only a fingerprint.
fn name_of(source: &str, url: &Url) -> String {
    let name = format!(
        "{source} {}{}",
        url.host_str().unwrap_or_default(),
        url.path()
    );
    match url.query() {
        Some(query) => format!(
            "{name} #{:04x}",
            Identity::of_post(source, query).0 & 0xffff
        ),
        None => name,
    }
}

impl Source for Feed {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy {
            transport: Schedule::doubling(30, 1_800),
            http: Schedule::doubling(60, 3_600),
            rate_limit: Schedule::doubling(300, 3_600),
            protocol: Schedule::doubling(300, 3_600),
            at_once_after_success: false,
        }
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        self.has_visited |= position.is_some();
        if self.version == Version::default() {
            self.version = position.map(Version::parse).unwrap_or_default();
        }
        self.visit().await?;
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        loop {
            if let Some(step) = self.found.pop_front() {
                return Ok(step);
            }
            sleep_until(self.next_visit).await;
            self.visit().await?;
        }
    }
}

impl Version {
    fn of(response: &Response) -> Self {
        let text = |name: &str| response.headers.text(name).map(str::to_owned);
        Self {
            etag: text("etag"),
            modified: text("last-modified"),
        }
    }

    /// On two lines, since headers have none.
    fn position(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        format!("{}\n{}", text(&self.etag), text(&self.modified))
    }

    fn parse(position: &str) -> Self {
        let (etag, modified) = position.split_once('\n').unwrap_or((position, ""));
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Self {
            etag: text(etag),
            modified: text(modified),
        }
    }
}

/// Of the first visit with the article's own date where that is plausible, else as of now.
fn event(post: wire::Post, now: Millis, is_first: bool) -> Event {
    let stated = post.posted_at.filter(|at| is_first && *at <= now + MINUTE);
    Event::live(stated.unwrap_or(now), now, Body::Post(Box::new(post)))
}

/// The body, uncompressed, and no longer than any feed is.
async fn body(response: Response) -> Result<Vec<u8>, SourceError> {
    let header = |name: &str| {
        response
            .headers
            .text(name)
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    if header("content-type").starts_with("text/html") {
        return Err(SourceError::Protocol(
            "a page for people instead of a feed".to_owned(),
        ));
    }
    let is_gzip = header("content-encoding").contains("gzip");
    let bytes = response.bytes(MAX_BYTES, PATIENCE).await?;
    if !is_gzip {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    let limited = MultiGzDecoder::new(&*bytes).take(MAX_BYTES as u64 + 1);
    let broken = |error| SourceError::Protocol(format!("no gzip: {error}"));
    { limited }.read_to_end(&mut plain).map_err(broken)?;
    if plain.len() > MAX_BYTES {
        return Err(SourceError::Protocol(format!(
            "a body of more than {MAX_BYTES} bytes"
        )));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{SourceConfig, SourceKind},
        sources::faults::setup,
    };

    #[test]
    fn two_feeds_of_one_host_have_names_of_their_own() {
        let feeds = [
            "https://news.test/stocks",
            "https://news.test/coins",
            "https://news.test/coins?key=hunter2",
            "https://news.test/coins?key=hunter3",
        ];
        let config = SourceConfig {
            kind: SourceKind::Feeds,
            feeds: feeds.map(str::to_owned).into(),
            ..SourceConfig::default()
        };

        let feeds = Feed::all(&setup(config)).unwrap();

        let names: Vec<_> = feeds.iter().map(Source::name).collect();
        assert_eq!(
            names[..2],
            ["feeds news.test/stocks", "feeds news.test/coins"]
        );
        assert!(names[2] != names[3] && names[2].starts_with("feeds news.test/coins #"));
        assert!(!names.concat().contains("hunter"), "{names:?}");
    }
}
