//! Web sockets: the handshake, bounded messages, and a limit to silence.

use std::{fmt, time::Duration};

use futures::{FutureExt, SinkExt, StreamExt};
use hyper::header::{self, HeaderValue};
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        error::{CapacityError, ProtocolError},
        protocol::WebSocketConfig,
    },
};
use url::Url;
use wire::Millis;

use super::{
    Network, Reach, SourceError, USER_AGENT,
    dial::{Connection, Target},
    error::printable,
    http::HEAD_TIMEOUT,
};

/// The longest message that is taken in; what a source keeps of it is bounded much lower.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// Messages that are handed on together at most.
const MAX_BATCH: usize = 1_000;
/// Bytes of messages that are handed on together at most, unless a single one has more.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// An open web socket. Pings of the upstream are answered whenever it is read.
pub(crate) struct Socket {
    inner: WebSocketStream<Box<dyn Connection>>,
    idle: Duration,
    /// What was found behind messages that had to be handed on first.
    broken: Option<SourceError>,
}

/// How a web socket is opened.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) url: Url,
    /// After so long without a message or a ping the connection is taken for dead.
    pub(crate) idle: Duration,
}

/// Without path and query, which may hold a key.
impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({})", self.url.host_str().unwrap_or_default())
    }
}

impl Opening {
    pub(crate) fn new(url: Url, idle: Duration) -> Self {
        Self { url, idle }
    }

    /// Connects and shakes hands.
    pub(crate) async fn open(self, network: &Network, now: Millis) -> Result<Socket, SourceError> {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        let slow = |_| {
            let secs = HEAD_TIMEOUT.as_secs();
            SourceError::Transport(format!("{host} did not answer within {secs} s"))
        };
        timeout(HEAD_TIMEOUT, self.open_at_leisure(network, now))
            .await
            .map_err(slow)?
    }

    async fn open_at_leisure(self, network: &Network, now: Millis) -> Result<Socket, SourceError> {
        let stream = network
            .dial(Target::of(&self.url, Reach::Anywhere)?)
            .await?;
        let mut request = self
            .url
            .as_str()
            .into_client_request()
            .map_err(|error| classify(error, now))?;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(MAX_MESSAGE_BYTES);
        config.max_frame_size = Some(MAX_MESSAGE_BYTES);
        let (inner, _) = client_async_with_config(request, stream, Some(config))
            .await
            .map_err(|error| classify(error, now))?;
        Ok(Socket {
            inner,
            idle: self.idle,
            broken: None,
        })
    }
}

impl Socket {
    pub(crate) async fn send(&mut self, text: &str) -> Result<(), SourceError> {
        let sent = timeout(self.idle, self.inner.send(Message::text(text))).await;
        sent.map_err(|_| SourceError::Idle(self.idle))?
            .map_err(|error| classify(error, 0))
    }

    /// Waits for a message, and returns it with those that are there already. Signs of life without
    /// content count as an empty batch.
    pub(crate) async fn next(&mut self) -> Result<Vec<Message>, SourceError> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let first = timeout(self.idle, self.inner.next()).await;
        let first = received(first.map_err(|_| SourceError::Idle(self.idle))?)?;
        let mut n_bytes = first.len();
        let mut batch = vec![first];
        while batch.len() < MAX_BATCH && n_bytes < MAX_BATCH_BYTES {
            match self.inner.next().now_or_never().map(received) {
                Some(Ok(message)) => {
                    n_bytes += message.len();
                    batch.push(message);
                }
                Some(Err(error)) => {
                    self.broken = Some(error);
                    break;
                }
                None => break,
            }
        }
        batch.retain(|message| message.is_text() || message.is_binary());
        Ok(batch)
    }
}

fn received(next: Option<Result<Message, tungstenite::Error>>) -> Result<Message, SourceError> {
    match next {
        None => Err(SourceError::Closed(String::new())),
        Some(Err(error)) => Err(classify(error, 0)),
        Some(Ok(Message::Close(frame))) => {
            let said = frame.map_or_else(String::new, |frame| {
                format!(": {} {}", u16::from(frame.code), printable(&frame.reason))
            });
            Err(SourceError::Closed(said.trim_end().to_owned()))
        }
        Some(Ok(message)) => Ok(message),
    }
}

fn classify(error: tungstenite::Error, now: Millis) -> SourceError {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => SourceError::Closed(String::new()),
        Error::Io(error) => SourceError::Transport(error.to_string()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            SourceError::Closed(" without a word".to_owned())
        }
        Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            SourceError::Closed(" instead of answering".to_owned())
        }
        Error::Http(response) => {
            let said = response.body().as_deref().unwrap_or_default();
            let said = String::from_utf8_lossy(said);
            SourceError::from_status(response.status().as_u16(), response.headers(), &said, now)
        }
        Error::Capacity(CapacityError::MessageTooLong { size, .. }) => {
            SourceError::Protocol(format!("a message of {size} bytes"))
        }
        Error::Url(error) => SourceError::Refused(error.to_string()),
        other => SourceError::Protocol(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_shown_without_the_key_in_its_address() {
        let url = Url::parse("wss://example.org/?token=hunter2").unwrap();

        let shown = format!("{:?}", Opening::new(url, HEAD_TIMEOUT));

        assert_eq!(shown, "Opening(example.org)");
    }
}
