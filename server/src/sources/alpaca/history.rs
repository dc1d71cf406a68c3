//! What happened while nobody listened: Alpaca's bars of the past, page by page.

use std::{sync::Arc, time::Duration};

use hyper::header::{HeaderName, HeaderValue};
use url::Url;
use wire::{Millis, time::MINUTE};

use super::{
    super::{clock::Clock, live::Setup, sieve::Record, text::rfc3339},
    decode,
};
use crate::net::{Network, Secret, SourceError, http::Request};

const DEFAULT_URL: &str = "https://data.alpaca.markets/v2/stocks/bars";
const PAGE: &str = "1000";
/// More is no history of a few days.
const MAX_PAGES: usize = 500;
const PAGE_BYTES: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(30);
/// Bars of the same minute come one by one: so much before the newest is asked for once more.
const OVERLAP: Millis = 2 * MINUTE;

/// How the past is asked for.
pub(super) struct History {
    url: Url,
    key_id: HeaderValue,
    secret: Secret,
    network: Network,
    clock: Arc<Clock>,
}

/// A stretch of the past, as far as it has not been read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Stretch {
    pub(super) from: Millis,
    pub(super) to: Millis,
    page: Option<String>,
    n_pages: usize,
}

impl Stretch {
    pub(super) fn behind(newest: Millis, now: Millis) -> Self {
        Self {
            from: newest - OVERLAP,
            to: now,
            page: None,
            n_pages: 0,
        }
    }
}

impl History {
    /// `stream` is the address of the stream, whose last part names the feed.
    pub(super) fn new(
        setup: &Setup,
        stream: &Url,
        symbols: &[String],
        (key_id, secret): (&str, Secret),
    ) -> Result<Self, SourceError> {
        let mut url = setup.history_url(DEFAULT_URL)?;
        let feed = stream.path_segments().and_then(Iterator::last);
        url.query_pairs_mut()
            .append_pair("symbols", &symbols.join(","))
            .append_pair("timeframe", "1Min")
            .append_pair("limit", PAGE)
            .append_pair(
                "feed",
                feed.filter(|feed| !feed.is_empty()).unwrap_or("iex"),
            );
        let key_id = HeaderValue::from_str(key_id)
            .map_err(|_| SourceError::Refused("the id of the key is no text".to_owned()))?;
        Ok(Self {
            url,
            key_id,
            secret,
            network: setup.network.clone(),
            clock: Arc::clone(&setup.clock),
        })
    }

    /// The next page of a stretch, and what is left of it.
    pub(super) async fn page(
        &self,
        stretch: Stretch,
    ) -> Result<(Vec<Record>, Option<Stretch>), SourceError> {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("start", &rfc3339(stretch.from))
            .append_pair("end", &rfc3339(stretch.to));
        if let Some(page) = &stretch.page {
            url.query_pairs_mut().append_pair("page_token", page);
        }
        let request = Request::get(url)
            .with(
                HeaderName::from_static("apca-api-key-id"),
                self.key_id.clone(),
            )
            .with(
                HeaderName::from_static("apca-api-secret-key"),
                self.secret.header(""),
            );
        let now = self.clock.now();
        let response = request.send(&self.network).await?.success(now).await?;
        let body = response.json_text(PAGE_BYTES, PATIENCE).await?;
        let (records, page) = decode::history(&body, self.clock.now())
            .map_err(|reason| SourceError::Protocol(format!("its history: {reason}")))?;
        let n_pages = stretch.n_pages + 1;
        let rest = page.filter(|_| n_pages < MAX_PAGES).map(|page| Stretch {
            page: Some(page),
            n_pages,
            ..stretch
        });
        Ok((records, rest))
    }
}
