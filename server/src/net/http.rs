//! Requests over HTTP/1.1: one connection each, every wait bounded, every body bounded.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Version,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{task::JoinHandle, time::timeout};
use url::Url;
use wire::Millis;

use super::{
    Network, Reach, SourceError, USER_AGENT,
    dial::Target,
    lines::{Piece, Splitter},
    wait::Headers,
};

/// How long an upstream may think before it begins to answer.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Of an error's body so much is read, to say what the upstream says.
const ERROR_BYTES: usize = 2_000;
/// How long an error's body may take.
const ERROR_TIMEOUT: Duration = Duration::from_secs(5);

/// What is asked of an upstream.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) reach: Reach,
}

/// Without path, query, headers and body, which may hold a key.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "Request({} {host})", self.method)
    }
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: Bytes::new(),
            reach: Reach::Anywhere,
        }
    }

    pub(crate) fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            body: body.into(),
            ..Self::get(url)
        }
        .with(header::CONTENT_TYPE, HeaderValue::from_static(content_type))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends it and waits for the head of the answer, whatever its status.
    pub(crate) async fn send(self, network: &Network) -> Result<Response, SourceError> {
        let host = self.url.host_str().unwrap_or_default().to_owned();
        let slow = |_| {
            let secs = HEAD_TIMEOUT.as_secs();
            SourceError::Transport(format!("{host} did not answer within {secs} s"))
        };
        timeout(HEAD_TIMEOUT, self.send_at_leisure(network))
            .await
            .map_err(slow)?
    }

    async fn send_at_leisure(self, network: &Network) -> Result<Response, SourceError> {
        let asks_for_coding = self
            .headers
            .iter()
            .any(|(name, _)| *name == header::ACCEPT_ENCODING);
        let stream = network.dial(Target::of(&self.url, self.reach)?).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(transport)?;
        let driver = Driver(tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to an upstream ended");
            }
        }));
        let answer = sender.send_request(self.into_hyper()?).await;
        let (parts, body) = answer.map_err(transport)?.into_parts();
        if let Some(coding) = parts.headers.text("content-encoding")
            && !asks_for_coding
            && parts.status.is_success()
            && !coding.eq_ignore_ascii_case("identity")
        {
            // Nobody asked for it, and nobody here could read it.
            let coding = super::error::printable(coding);
            let said = format!("the answer is compressed ({coding})");
            return Err(SourceError::Protocol(said));
        }
        Ok(Response {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            _driver: driver,
        })
    }

    fn into_hyper(self) -> Result<hyper::Request<Full<Bytes>>, SourceError> {
        let path = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let host = host_header(&self.url);
        let mut request = hyper::Request::builder()
            .method(self.method)
            .version(Version::HTTP_11)
            .uri(path)
            .header(header::HOST, host)
            .header(header::USER_AGENT, USER_AGENT);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request
            .body(Full::new(self.body))
            .map_err(|error| SourceError::Refused(error.to_string()))
    }
}

/// Host and port, the port only where it is not the scheme's own.
pub(crate) fn host_header(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An answer whose body has still to come.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    _driver: Driver,
}

impl Response {
    /// The answer if it is a success; otherwise what it means, with what the upstream says.
    pub(crate) async fn success(mut self, now: Millis) -> Result<Self, SourceError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let mut said = Vec::new();
        let listen = async {
            while said.len() < ERROR_BYTES
                && let Ok(Some(bytes)) = self.chunk().await
            {
                said.extend_from_slice(&bytes);
            }
        };
        // What has come until then is enough.
        let _ = timeout(ERROR_TIMEOUT, listen).await;
        let said = String::from_utf8_lossy(&said);
        Err(SourceError::from_status(
            self.status,
            &self.headers,
            &said,
            now,
        ))
    }

    /// The answer if its content type is one of these; a page for people is a failure even at 200.
    pub(crate) fn expect_type(self, types: &[&str]) -> Result<Self, SourceError> {
        let found = self.headers.text("content-type").unwrap_or_default();
        let essence = found.split(';').next().unwrap_or_default().trim();
        if types
            .iter()
            .any(|known| known.eq_ignore_ascii_case(essence))
        {
            return Ok(self);
        }
        let found = super::error::printable(found);
        Err(SourceError::Protocol(format!(
            "content type {found:?} instead of {}",
            types.first().unwrap_or(&"")
        )))
    }

    /// The next bytes of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, SourceError> {
        loop {
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            if let Ok(bytes) = frame.map_err(transport)?.into_data() {
                return Ok(Some(bytes));
            }
        }
    }

    /// The whole body of an answer that has to be JSON, as text.
    pub(crate) async fn json_text(
        self,
        max: usize,
        patience: Duration,
    ) -> Result<String, SourceError> {
        let body = self.expect_type(&["application/json"])?;
        String::from_utf8(body.bytes(max, patience).await?)
            .map_err(|_| SourceError::Protocol("an answer that is no text".to_owned()))
    }

    /// The whole body, which must be complete within `patience` and no longer than `max_bytes`.
    pub(crate) async fn bytes(
        mut self,
        max_bytes: usize,
        patience: Duration,
    ) -> Result<Vec<u8>, SourceError> {
        let read = async {
            let mut body = Vec::new();
            while let Some(bytes) = self.chunk().await? {
                if body.len() + bytes.len() > max_bytes {
                    let problem = format!("a body of more than {max_bytes} bytes");
                    return Err(SourceError::Protocol(problem));
                }
                body.extend_from_slice(&bytes);
            }
            Ok(body)
        };
        timeout(patience, read)
            .await
            .map_err(|_| SourceError::Idle(patience))?
    }

    /// The body as lines that come over time.
    pub(crate) fn lines(self, idle: Duration) -> Lines {
        Lines {
            response: self,
            splitter: Splitter::default(),
            idle,
        }
    }
}

/// A body without end, line by line.
pub(crate) struct Lines {
    response: Response,
    splitter: Splitter,
    idle: Duration,
}

impl Lines {
    /// Waits for the next bytes and returns the lines that they complete, perhaps none.
    ///
    /// # Errors
    /// [`SourceError::Idle`] when no byte comes for too long, [`SourceError::Closed`] at the end.
    pub(crate) async fn next(&mut self) -> Result<Vec<Piece>, SourceError> {
        let chunk = timeout(self.idle, self.response.chunk()).await;
        let Some(bytes) = chunk.map_err(|_| SourceError::Idle(self.idle))?? else {
            let where_in = if self.splitter.has_rest() {
                " in the middle of a line"
            } else {
                ""
            };
            return Err(SourceError::Closed(where_in.to_owned()));
        };
        let mut pieces = Vec::new();
        self.splitter.push(&bytes, |piece| pieces.push(piece));
        Ok(pieces)
    }
}

/// Moves the bytes of a connection as long as somebody wants its answer.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn transport(error: hyper::Error) -> SourceError {
    if error.is_parse() {
        return SourceError::Protocol(format!("no HTTP: {error}"));
    }
    let is_cut = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|error| error.kind() == std::io::ErrorKind::UnexpectedEof);
    if error.is_incomplete_message() || is_cut {
        return SourceError::Closed(" in the middle of an answer".to_owned());
    }
    SourceError::Transport(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_shown_without_the_key_in_its_address() {
        let url = Url::parse("https://example.org/x?token=hunter2").unwrap();

        let shown = format!("{:?}", Request::get(url));

        assert_eq!(shown, "Request(GET example.org)");
    }
}
