//! What is asked of a fake, and what it answers: HTTP/1.1, read and written by hand.

use std::{io, time::Duration};

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request's head and body.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Names and values behind the `?`, decoded.
    pub query: Vec<(String, String)>,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, by its `Content-Length`.
    pub body: Vec<u8>,
}

/// An answer that ends.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// `Content-Type`, and what else.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON document.
    pub fn json(body: impl Into<String>) -> Self {
        Self::new(200, "application/json", body)
    }

    /// Any document.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body: body.into().into_bytes(),
        }
    }

    /// A refusal, with `Retry-After` where there is one.
    pub fn refusal(status: u16, retry_after: Option<Duration>) -> Self {
        let reply = Self::new(status, "application/json", "{\"error\":\"refused\"}");
        match retry_after {
            Some(wait) => reply.with("retry-after", &wait.as_secs().to_string()),
            None => reply,
        }
    }

    /// A page for people where a machine asked.
    pub fn html() -> Self {
        Self::new(
            200,
            "text/html",
            "<!doctype html><title>Just a moment…</title>",
        )
    }

    /// A body in a coding that nobody asked for.
    pub fn compressed() -> Self {
        let reply = Self {
            body: crate::feed::gzip("{}"),
            ..Self::json("")
        };
        reply.with("content-encoding", "gzip")
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// As it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} Fake\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of this name behind the `?`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads one request; `None` where there is none.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        loop {
            if let Some((mut request, length)) = Self::parse(&bytes)? {
                let wanted = request
                    .header("content-length")
                    .and_then(|n| n.parse().ok());
                request.body = bytes.split_off(length);
                while request.body.len() < wanted.unwrap_or(0_usize) {
                    if stream.read_buf(&mut request.body).await? == 0 {
                        return Ok(None);
                    }
                }
                return Ok(Some(request));
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let target = head.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = head.headers.iter();
        let headers = headers.map(|header| (header.name.to_ascii_lowercase(), text(header.value)));
        let request = Self {
            method: head.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: pairs.collect(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        Ok(Some((request, length)))
    }
}

/// Undoes `%20` and `+`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_read_with_query_headers_and_body() {
        let mut bytes: &[u8] =
            b"POST /a/b?c=%24BTC+x&d&c=2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";

        let request = Request::read(&mut bytes).await.unwrap().unwrap();

        assert_eq!((&*request.method, &*request.path), ("POST", "/a/b"));
        assert_eq!(request.value("c"), Some("$BTC x"));
        assert_eq!(request.header("host"), Some("h"));
        assert_eq!(request.body, b"abc");
        assert!(Request::read(&mut &b""[..]).await.unwrap().is_none());
    }
}
