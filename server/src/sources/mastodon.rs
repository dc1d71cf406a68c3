//! Mastodon: the streaming interface with a user's token, or the time lines of hashtags without one.
//!
//! One instance sees what its users follow, not all of Mastodon; and a user's own filters and blocks
//! apply to what is streamed with that user's token. The stream has no positions: after a break the
//! time line is asked for what came meanwhile.

pub(crate) mod decode;
pub(crate) mod sse;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::future::select_all;
use hyper::header;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until, timeout_at};
use url::Url;
use wire::{Millis, Missed};

use super::{Source, Start, Step, clock::Clock, live::Setup, policy::Policy, sieve::Record};
use crate::{
    config::MastodonStream,
    net::{
        Network, Reach, Secret, SourceError,
        http::{Request, Response},
    },
};
use decode::{Accounts, Decoder};
use sse::{Events, Found};

const DEFAULT_URL: &str = "https://mastodon.social";
/// A comment comes every 15 s.
const IDLE: Duration = Duration::from_secs(40);
/// A time line gives at most so many at once …
const PAGE: usize = 40;
/// … and after a break at most so many pages are asked for.
const MAX_PAGES: usize = 20;
const USUAL_POLL: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_PAGE_BYTES: usize = 4 << 20;

/// One instance.
pub(crate) struct Mastodon {
    name: String,
    url: Url,
    token: Option<Secret>,
    network: Network,
    clock: Arc<Clock>,
    channels: Vec<Channel>,
    decoder: Decoder,
    poll: Duration,
    /// Local id of the newest status of each channel.
    newest: BTreeMap<String, String>,
    streams: Vec<Stream>,
    /// When the time lines are asked again; without streams only.
    due: Option<Instant>,
    heard_at: Option<Millis>,
    first: VecDeque<Step>,
}

/// A stream and the time line that fills its gaps.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Channel {
    Public,
    Local,
    Remote,
    Hashtag(String),
}

struct Stream {
    channel: Channel,
    response: Response,
    events: Events,
    heard: Instant,
}

impl Stream {
    /// What it says next. Each stream has its own limit to silence, whatever the others say.
    async fn read(&mut self) -> Result<Vec<Found>, SourceError> {
        let chunk = timeout_at(self.heard + IDLE, self.response.chunk()).await;
        let Some(bytes) = chunk.map_err(|_| SourceError::Idle(IDLE))?? else {
            return Err(SourceError::Closed(String::new()));
        };
        self.heard = Instant::now();
        Ok(self.events.push(&bytes))
    }
}

impl Mastodon {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let config = &setup.config;
        let accounts = Accounts {
            bots: config.bots,
            only_indexable: config.only_indexable,
        };
        let channels = channels(setup)?;
        Ok(Self {
            name: setup.name(),
            url: setup.url(DEFAULT_URL)?,
            token: setup.key.clone(),
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            channels,
            decoder: Decoder::new(setup.author_key, accounts),
            poll: setup.poll(USUAL_POLL),
            newest: BTreeMap::new(),
            streams: Vec::new(),
            due: None,
            heard_at: None,
            first: VecDeque::new(),
        })
    }

    async fn open_streams(&mut self) -> Result<(), SourceError> {
        let Some(token) = self.token.clone() else {
            return Ok(());
        };
        let host = self.streaming_host().await?;
        for channel in &self.channels {
            let mut url = host.clone();
            url.set_path(channel.stream_path());
            if let Channel::Hashtag(tag) = channel {
                url.query_pairs_mut().append_pair("tag", tag);
            }
            let mut request =
                Request::get(url).with(header::AUTHORIZATION, token.header("Bearer "));
            request.reach = self.reach_of(&host);
            let response = request
                .send(&self.network)
                .await?
                .success(self.clock.now())
                .await?;
            let response = response.expect_type(&["text/event-stream"])?;
            let (channel, events, heard) = (channel.clone(), Events::default(), Instant::now());
            self.streams.push(Stream {
                channel,
                response,
                events,
                heard,
            });
        }
        Ok(())
    }

    /// A host that the instance names may be no host of this machine's own network.
    fn reach_of(&self, host: &Url) -> Reach {
        if host.host() == self.url.host() {
            Reach::Anywhere
        } else {
            Reach::PublicOnly
        }
    }

    /// Where the instance says that its streams are; an old one says nothing and has them itself.
    async fn streaming_host(&self) -> Result<Url, SourceError> {
        let mut url = self.url.clone();
        url.set_path("/api/v2/instance");
        let body = match self.get(url).await {
            Ok(body) => body,
            Err(SourceError::Refused(_)) => return Ok(self.url.clone()),
            Err(error) => return Err(error),
        };
        let stated = serde_json::from_str(&body)
            .ok()
            .and_then(|instance: Instance| instance.configuration?.urls?.streaming);
        let Some(stated) = stated else {
            return Ok(self.url.clone());
        };
        let url = stated.replacen("ws", "http", 1);
        let is_safe = url.starts_with("https://") || self.url.scheme() == "http";
        let url = Url::parse(&url)
            .ok()
            .filter(|_| is_safe && stated.starts_with("ws"));
        url.ok_or_else(|| {
            SourceError::Protocol("its streams are at no address a token may be sent to".to_owned())
        })
    }

    /// Notes where a time line ends before its stream is listened to for the first time, so that what
    /// comes in a break can be asked for even if nothing came before.
    async fn note_end(&mut self, channel: &Channel) -> Result<(), SourceError> {
        let mut url = self.url.clone();
        url.set_path(&channel.time_line_path());
        url.query_pairs_mut().append_pair("limit", "1");
        channel.narrow(&mut url);
        let body = self.get(url).await?;
        let page = self.decoder.page(&body, self.clock.now());
        let page =
            page.map_err(|reason| SourceError::Protocol(format!("no time line ({reason})")))?;
        // Every id is behind this one.
        let end = page.newest.unwrap_or_else(|| "0".to_owned());
        self.newest.insert(channel.name(), end);
        Ok(())
    }

    /// What a channel's time line has behind what was seen of it.
    async fn catch_up(&mut self, channel: &Channel) -> Result<(), SourceError> {
        let name = channel.name();
        for _ in 0..MAX_PAGES {
            let mut url = self.url.clone();
            url.set_path(&channel.time_line_path());
            url.query_pairs_mut()
                .append_pair("limit", &PAGE.to_string());
            channel.narrow(&mut url);
            let newest = self.newest.get(&name).cloned();
            if let Some(newest) = &newest {
                url.query_pairs_mut().append_pair("min_id", newest);
            }
            let body = self.get(url).await?;
            let page = self.decoder.page(&body, self.clock.now());
            let page =
                page.map_err(|reason| SourceError::Protocol(format!("no time line ({reason})")))?;
            // A page may be short for what is left out of it; only an empty one is behind the last.
            let is_last = page.records.is_empty() || newest.is_none();
            if let Some(newest) = page.newest {
                self.newest.insert(name.clone(), newest);
            }
            self.push(page.records);
            if is_last {
                return Ok(());
            }
        }
        // The rest is left to be missed, rather than to ask without end.
        if let Some(from) = self.heard_at {
            let to = self.clock.now();
            self.first.push_back(Step::Missed(Missed { from, to }));
        }
        self.newest.remove(&name);
        Ok(())
    }

    async fn get(&self, url: Url) -> Result<String, SourceError> {
        let mut request = Request::get(url);
        if let Some(token) = &self.token {
            request = request.with(header::AUTHORIZATION, token.header("Bearer "));
        }
        let response = request
            .send(&self.network)
            .await?
            .success(self.clock.now())
            .await?;
        response.json_text(MAX_PAGE_BYTES, PATIENCE).await
    }

    fn push(&mut self, records: Vec<Record>) {
        if !records.is_empty() {
            let position = Some(self.position());
            self.first.push_back(Step::Records { records, position });
        }
    }

    fn position(&self) -> String {
        serde_json::to_string(&self.newest).unwrap_or_default()
    }

    /// Waits until one of the streams says something.
    async fn read_streams(&mut self) -> Result<Vec<Record>, SourceError> {
        let waiting = self
            .streams
            .iter_mut()
            .map(|stream| Box::pin(stream.read()));
        let (found, idx, _) = select_all(waiting).await;
        let channel = self.streams.get(idx).map(|stream| stream.channel.name());
        let seen_at = self.clock.now();
        let mut records = Vec::new();
        for found in found? {
            match found {
                Found::KeepAlive => {}
                Found::Broken(reason) => records.push(Err(reason)),
                Found::Event { name, data } => {
                    if let (Some(id), Some(channel)) = (decode::local_id(&name, &data), &channel) {
                        advance(&mut self.newest, channel.clone(), id);
                    }
                    records.push(self.decoder.event(&name, &data, seen_at));
                }
            }
        }
        Ok(records)
    }
}

impl Source for Mastodon {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        if self.token.is_some() {
            Policy::USUAL
        } else {
            Policy::POLLED
        }
    }

    async fn connect(&mut self, position: Option<&str>) -> Result<Start, SourceError> {
        (self.streams, self.due) = (Vec::new(), None);
        if self.newest.is_empty() {
            let stored = position.and_then(|position| serde_json::from_str(position).ok());
            self.newest = stored.unwrap_or_default();
        }
        for channel in self.channels.clone() {
            if self.token.is_some() && !self.newest.contains_key(&channel.name()) {
                self.note_end(&channel).await?;
            }
        }
        // Streams first, so that nothing is posted between the two; what comes twice is told by identity.
        self.open_streams().await?;
        for channel in self.channels.clone() {
            // A stream begins with the present; a time line that is asked for the first time with its last page.
            self.catch_up(&channel).await?;
        }
        self.heard_at = Some(self.clock.now());
        if self.token.is_none() {
            self.due = Some(Instant::now() + self.poll);
        }
        Ok(Start::Live)
    }

    fn hang_up(&mut self) {
        self.streams.clear();
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        loop {
            if let Some(step) = self.first.pop_front() {
                return Ok(step);
            }
            let Some(due) = self.due else {
                if self.streams.is_empty() {
                    return Err(SourceError::Own("it is not connected".to_owned()));
                }
                let records = self.read_streams().await?;
                self.heard_at = Some(self.clock.now());
                let position = (!records.is_empty()).then(|| self.position());
                return Ok(Step::Records { records, position });
            };
            sleep_until(due).await;
            self.due = Some(Instant::now() + self.poll);
            for channel in self.channels.clone() {
                self.catch_up(&channel).await?;
            }
            self.heard_at = Some(self.clock.now());
            let (records, position) = (Vec::new(), None);
            self.first.push_back(Step::Records { records, position });
        }
    }
}

/// Notes the id of a status if it is a newer one.
fn advance(newest: &mut BTreeMap<String, String>, channel: String, id: String) {
    // Ids are numbers without leading zeros, too long for most number types of most languages.
    let is_newer = |known: &String| (id.len(), &id) > (known.len(), known);
    if newest.get(&channel).is_none_or(is_newer) {
        newest.insert(channel, id);
    }
}

/// What is listened to: the hashtags that are configured or stand in the topics; with a token perhaps all.
fn channels(setup: &Setup) -> Result<Vec<Channel>, SourceError> {
    let config = &setup.config;
    match config.stream {
        MastodonStream::Public => return Ok(vec![Channel::Public]),
        MastodonStream::Local => return Ok(vec![Channel::Local]),
        MastodonStream::Remote => return Ok(vec![Channel::Remote]),
        MastodonStream::Hashtags => {}
    }
    let keywords = setup.topics.iter().flat_map(|topic| &topic.keywords);
    let of_topics = keywords.filter_map(|keyword| keyword.strip_prefix('#'));
    let mut tags: Vec<String> = if config.hashtags.is_empty() {
        of_topics.map(str::to_lowercase).collect()
    } else {
        config
            .hashtags
            .iter()
            .map(|tag| tag.trim_start_matches('#').to_lowercase())
            .collect()
    };
    tags.sort_unstable();
    tags.dedup();
    if tags.is_empty() {
        return Err(SourceError::Refused(
            "it needs hashtags = [\"…\"], or topics with a #hashtag among their keywords"
                .to_owned(),
        ));
    }
    Ok(tags.into_iter().map(Channel::Hashtag).collect())
}

impl Channel {
    /// What its position is kept under.
    fn name(&self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Local => "public:local".to_owned(),
            Self::Remote => "public:remote".to_owned(),
            Self::Hashtag(tag) => format!("#{tag}"),
        }
    }

    fn stream_path(&self) -> &'static str {
        match self {
            Self::Public => "/api/v1/streaming/public",
            Self::Local => "/api/v1/streaming/public/local",
            Self::Remote => "/api/v1/streaming/public/remote",
            Self::Hashtag(_) => "/api/v1/streaming/hashtag",
        }
    }

    fn time_line_path(&self) -> String {
        match self {
            Self::Hashtag(tag) => format!("/api/v1/timelines/tag/{tag}"),
            Self::Public | Self::Local | Self::Remote => "/api/v1/timelines/public".to_owned(),
        }
    }

    fn narrow(&self, url: &mut Url) {
        match self {
            Self::Local => drop(url.query_pairs_mut().append_pair("local", "true")),
            Self::Remote => drop(url.query_pairs_mut().append_pair("remote", "true")),
            Self::Public | Self::Hashtag(_) => {}
        }
    }
}

/// What an instance says of itself, as far as it is read.
#[derive(Deserialize)]
struct Instance {
    configuration: Option<InstanceConfiguration>,
}

#[derive(Deserialize)]
struct InstanceConfiguration {
    urls: Option<InstanceUrls>,
}

#[derive(Deserialize)]
struct InstanceUrls {
    streaming: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{SourceConfig, SourceKind},
        sources::faults::setup,
    };

    #[test]
    fn a_host_that_is_named_by_the_instance_has_to_be_a_public_one() {
        let config = SourceConfig {
            kind: SourceKind::Mastodon,
            url: Some("https://m.test".into()),
            hashtags: vec!["up".into()],
            ..SourceConfig::default()
        };
        let source = Mastodon::new(&setup(config)).unwrap();
        let reach = |url: &str| source.reach_of(&Url::parse(url).unwrap());

        assert_eq!(reach("https://m.test"), Reach::Anywhere);
        assert_eq!(reach("https://10.0.0.1"), Reach::PublicOnly);
    }
}
