//! Follows a relay's stream into an archive: history first, then live, across every break of the connection.

use std::{
    future::Future,
    pin::{Pin, pin},
    time::Duration,
};

use reqwest::{Client, Response, StatusCode};
use tokio::time::{Instant, sleep, sleep_until};
use wire::{
    Body, Cursor, Event, LogId,
    ndjson::{self, LineError},
    sse::{Field, Parser},
};

use crate::archive::{Archive, ArchiveError};

/// The relay says something every few seconds; when it does not, the connection is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// Waits between attempts: the first, doubled each time up to the last.
const WAITS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(30)];

/// What to follow, and how.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// The relay's address, e.g. `http://127.0.0.1:3000`, or that of its live stream, `…/live`.
    pub relay: String,
    /// What the relay asks its readers for.
    pub token: Option<String>,
    /// So many events are written at once …
    pub max_events: usize,
    /// … or what has come in this time.
    pub max_wait: Duration,
    /// The archive is tidied after so many writes.
    pub tidy_every: u32,
    /// When to stop.
    pub until: Until,
}

/// When following ends by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Until {
    /// Never.
    Stopped,
    /// Once everything that the relay has is archived.
    Tip,
}

/// Why it cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The archive fails.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The client cannot be made.
    #[error("cannot speak HTTP here: {0}")]
    Client(#[source] reqwest::Error),
    /// The relay does not let this reader in; another attempt would not either.
    #[error("the relay at {relay} answers {status}; check its address and the token")]
    Refused {
        /// Its address.
        relay: String,
        /// What it says.
        status: StatusCode,
    },
    /// The relay is newer than this program.
    #[error("the relay sends what this program cannot archive: {0}")]
    Line(#[from] LineError),
}

/// What came and is not archived yet.
struct Batch {
    /// Up to where everything is in the archive or in here; `None` before the first id.
    reached: Option<Cursor>,
    events: Vec<Event>,
    /// When it has to be written.
    due: Instant,
    n_written: u32,
}

/// One thing that the stream said.
#[derive(Default)]
struct Said {
    id: Option<Cursor>,
    event: Option<Event>,
}

/// Why a connection ended.
enum End {
    /// Everything is there, or it is to stop.
    Done,
    /// It broke, or the relay closed it.
    Broken,
}

/// Follows until it is to end or `stop` is ready; then everything that came is archived and tidy.
///
/// # Errors
/// [`FollowError`]. What was archived until then stays.
pub async fn follow(
    archive: &mut Archive,
    options: &FollowOptions,
    stop: impl Future<Output = ()>,
) -> Result<(), FollowError> {
    let client = Client::builder().read_timeout(SILENCE).build();
    let client = client.map_err(FollowError::Client)?;
    let mut batch = Batch {
        reached: archive.position().cloned(),
        events: Vec::new(),
        due: Instant::now() + options.max_wait,
        n_written: 0,
    };
    attempts(archive, options, &client, &mut batch, pin!(stop)).await?;
    batch.write(archive, options).await?;
    Ok(archive.tidy().await?)
}

async fn attempts(
    archive: &mut Archive,
    options: &FollowOptions,
    client: &Client,
    batch: &mut Batch,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), FollowError> {
    let mut wait = WAITS[0];
    loop {
        let response = tokio::select! {
            response = connect(options, client, batch.reached.as_ref()) => response?,
            () = &mut stop => return Ok(()),
        };
        match response {
            Some(response) => {
                wait = WAITS[0];
                let end = listen(archive, options, batch, response, stop.as_mut());
                if matches!(end.await?, End::Done) {
                    return Ok(());
                }
            }
            None => wait = (wait * 2).min(WAITS[1]),
        }
        tracing::info!(?wait, "the relay is not there; it will be tried again");
        tokio::select! {
            () = sleep(wait) => {}
            () = &mut stop => return Ok(()),
        }
    }
}

/// `None` where another attempt may help.
async fn connect(
    options: &FollowOptions,
    client: &Client,
    reached: Option<&Cursor>,
) -> Result<Option<Response>, FollowError> {
    let mut address = format!("{}/api/v1/stream", options.relay.trim_end_matches('/'));
    if let Some(cursor) = reached {
        address.push_str(&format!("?after={cursor}"));
    }
    let mut request = client.get(address);
    if let Some(token) = &options.token {
        request = request.bearer_auth(token);
    }
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(%error, "the relay cannot be reached");
            return Ok(None);
        }
    };
    match response.status() {
        StatusCode::OK => Ok(Some(response)),
        StatusCode::TOO_MANY_REQUESTS => Ok(None),
        status if status.is_server_error() => Ok(None),
        status => Err(FollowError::Refused {
            relay: options.relay.clone(),
            status,
        }),
    }
}

/// What is being written is written to its end; only waiting is broken off.
async fn listen(
    archive: &mut Archive,
    options: &FollowOptions,
    batch: &mut Batch,
    mut response: Response,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<End, FollowError> {
    let (mut parser, mut open) = (Parser::default(), Said::default());
    loop {
        let chunk = tokio::select! {
            chunk = response.chunk() => chunk,
            () = &mut stop => return Ok(End::Done),
            () = sleep_until(batch.due) => {
                batch.write(archive, options).await?;
                continue;
            }
        };
        let Ok(Some(bytes)) = chunk else {
            return Ok(End::Broken);
        };
        for said in parse(&mut parser, &mut open, &bytes)? {
            if batch.take(archive, options, said).await? {
                return Ok(End::Done);
            }
        }
    }
}

fn parse(parser: &mut Parser, open: &mut Said, bytes: &[u8]) -> Result<Vec<Said>, LineError> {
    let (mut all, mut broken) = (Vec::new(), None);
    parser.push(bytes, |field| match field {
        Field::Id(text) => open.id = text.parse().ok(),
        Field::Data(line) => match ndjson::decode_line(line) {
            Ok(event) => open.event = Some(event),
            Err(error) => broken = Some(error),
        },
        Field::End => all.push(std::mem::take(open)),
    });
    broken.map_or(Ok(all), Err)
}

impl Batch {
    /// Takes one thing in; whether it was the last that was to come.
    async fn take(
        &mut self,
        archive: &mut Archive,
        options: &FollowOptions,
        said: Said,
    ) -> Result<bool, FollowError> {
        match said.event {
            Some(Event {
                body: Body::Tip(tip),
                ..
            }) => {
                let reached = self.reached.as_ref().map_or(0, |cursor| cursor.seq);
                return Ok(options.until == Until::Tip && reached >= tip.tip);
            }
            Some(Event {
                body: Body::Reset(reset),
                ..
            }) => {
                self.write(archive, options).await?;
                self.change_log(archive, &reset.log, reset.discard).await?;
            }
            Some(mut event) => {
                if let Body::Gap(gap) = &event.body {
                    event.seq = gap.to;
                    if let Some(cursor) = &mut self.reached {
                        cursor.seq = cursor.seq.max(gap.to);
                    }
                }
                self.events.push(event);
            }
            None => {}
        }
        self.reached = said.id.or(self.reached.take());
        if self.events.len() >= options.max_events {
            self.write(archive, options).await?;
        }
        Ok(false)
    }

    async fn change_log(
        &mut self,
        archive: &mut Archive,
        log: &LogId,
        is_same_again: bool,
    ) -> Result<(), FollowError> {
        if is_same_again {
            archive.discard_log().await?;
        }
        archive.follow_log(log).await?;
        self.reached = archive.position().cloned();
        Ok(())
    }

    async fn write(
        &mut self,
        archive: &mut Archive,
        options: &FollowOptions,
    ) -> Result<(), FollowError> {
        self.due = Instant::now() + options.max_wait;
        let Some(reached) = &self.reached else {
            return Ok(());
        };
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        archive.append(&reached.log, reached.seq, events).await?;
        self.n_written += 1;
        if self.n_written.is_multiple_of(options.tidy_every.max(1)) {
            archive.tidy().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
