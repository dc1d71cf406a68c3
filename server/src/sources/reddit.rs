//! Reddit: the feed of some subreddits, as Reddit offers it to a person's own feed token.
//!
//! Reddit has closed its feeds to everybody else, and asks for no more than a request a minute.

pub(crate) mod decode;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};
use url::Url;

use super::{Source, Start, Step, clock::Clock, live::Setup, policy::Policy};
use crate::net::{Network, Secret, SourceError, http::Request};
use decode::Window;

const DEFAULT_URL: &str = "https://www.reddit.com";
const USUAL_POLL: Duration = Duration::from_secs(90);
const SHORTEST_POLL: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_FEED_BYTES: usize = 8 << 20;
/// A feed tells at most so many submissions.
const LIMIT: &str = "100";
const FEED_TYPES: &[&str] = &["application/atom+xml", "application/xml", "text/xml"];

/// One feed of several subreddits.
pub(crate) struct Reddit {
    name: String,
    url: Url,
    user: String,
    token: Secret,
    network: Network,
    clock: Arc<Clock>,
    window: Window,
    poll: Duration,
    /// When it is asked next.
    due: Instant,
    /// What polls have brought.
    found: VecDeque<Step>,
}

impl Reddit {
    pub(crate) fn new(setup: &Setup) -> Result<Self, SourceError> {
        let config = &setup.config;
        let refused = |what: &str| SourceError::Refused(format!("it needs {what}"));
        let user = config
            .user
            .clone()
            .ok_or_else(|| refused("user = \"the name of your account\""))?;
        let is_name = |name: &String| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if config.subreddits.is_empty() || !config.subreddits.iter().all(is_name) {
            return Err(refused("subreddits = [\"name\", …], without r/"));
        }
        let mut url = setup.url(DEFAULT_URL)?;
        url.set_path(&format!("/r/{}/new/.rss", config.subreddits.join("+")));
        Ok(Self {
            name: setup.name(),
            url,
            user,
            token: setup.needed_key("the feed token of your account, from its preferences")?,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
            window: Window::new(setup.author_key, config.lang.clone()),
            poll: setup.poll(USUAL_POLL).max(SHORTEST_POLL),
            due: Instant::now(),
            found: VecDeque::new(),
        })
    }

    async fn ask(&mut self) -> Result<(), SourceError> {
        self.due = Instant::now() + self.poll;
        let mut url = self.url.clone();
        let query = [
            ("feed", self.token.expose()),
            ("user", &*self.user),
            ("limit", LIMIT),
        ];
        url.query_pairs_mut().extend_pairs(query);
        let response = Request::get(url).send(&self.network).await?;
        let response = response
            .success(self.clock.now())
            .await?
            .expect_type(FEED_TYPES)?;
        let body = response.bytes(MAX_FEED_BYTES, PATIENCE).await?;
        let found = self.window.poll(&body, self.clock.now());
        let found = found.map_err(|reason| SourceError::Protocol(format!("no feed ({reason})")))?;
        let (records, position) = (found.records, None);
        self.found.extend(found.missed.map(Step::Missed));
        self.found.push_back(Step::Records { records, position });
        Ok(())
    }
}

impl Source for Reddit {
    fn name(&self) -> &str {
        &self.name
    }

    fn policy(&self) -> Policy {
        Policy::POLLED
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        self.ask().await?;
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        loop {
            if let Some(step) = self.found.pop_front() {
                return Ok(step);
            }
            sleep_until(self.due).await;
            self.ask().await?;
        }
    }
}
