//! A relay on a free port over a temporary recording, and a reader of its stream.

use std::{fs, future::Future, path::PathBuf, time::Duration};

use reqwest::Response;
use serde_json::Value;
use server::config::{Config, RecordingStart, SourceConfig, Speed, StoreKind};
use socket2::SockRef;
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use wire::{
    Body, Event, Millis, Post, ndjson,
    sse::{Field, Parser},
};

/// No condition of these tests takes so long, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// When the recordings begin.
pub(crate) const DAY_ONE: Millis = 1_400_000_000_000;

/// A running relay. Dropping it is a crash; `stop` is the clean way.
pub(crate) struct Relay {
    pub(crate) base: String,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) task: JoinHandle<()>,
    _folder: TempDir,
}

/// Starts a relay that plays `lines` at once and as fast as it can, unless `change` says otherwise.
pub(crate) async fn spawn_relay(
    lines: impl AsRef<[u8]>,
    change: impl FnOnce(&mut Config),
) -> Relay {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.ndjson");
    fs::write(&path, lines).unwrap();
    let mut config = Config::default();
    config.log.store = StoreKind::Memory;
    config.log.data = folder.path().join("data");
    config.http.app = folder.path().join("dist");
    config.http.drain_secs = 0.5;
    config.sources = vec![SourceConfig {
        path: Some(path),
        speed: Speed::Unlimited,
        start: RecordingStart::AtOnce,
        ..SourceConfig::default()
    }];
    change(&mut config);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        server::run(listener, config, stopped).await.unwrap();
    });
    Relay {
        base,
        stop: Some(stop),
        task,
        _folder: folder,
    }
}

impl Relay {
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        client()
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> Response {
        client()
            .post(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    /// Waits until the recording has been played to its end; returns the status then.
    pub(crate) async fn played(&self) -> Value {
        eventually(async || {
            let status = self.json("/api/v1/status").await;
            (status["sources"][0]["state"] == "ended").then_some(status)
        })
        .await
    }

    pub(crate) async fn follow(&self, query: &str) -> Reader {
        Reader::open(&self.base, query, None).await
    }

    /// Follows a stream under another base address.
    pub(crate) async fn follow_at(base: &str, query: &str) -> Reader {
        Reader::open(base, query, None).await
    }

    /// Asks the relay to stop, and does not wait for it.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection that has asked for the stream and takes little at a time.
pub(crate) async fn narrow_reader(relay: &Relay) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    SockRef::from(&socket)
        .set_recv_buffer_size(16 << 10)
        .unwrap();
    let address = relay.address().parse().unwrap();
    let mut reader = socket.connect(address).await.unwrap();
    let request = b"GET /api/v1/stream HTTP/1.1\r\nHost: relay\r\n\r\n";
    reader.write_all(request).await.unwrap();
    reader
}

/// Connections are not kept, so that closing a reader closes its socket.
pub(crate) fn client() -> reqwest::Client {
    // In a build with the archive reqwest can speak TLS, and then wants to know by what.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    in_time(async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// A reader of the stream, as a browser would be one.
pub(crate) struct Reader {
    response: Response,
    parser: Parser,
    /// Of an event whose end has not come yet.
    id: Option<String>,
    data: Option<Event>,
    /// What has come and not been taken.
    waiting: Vec<Said>,
    /// The id that a browser would send when it reconnects.
    pub(crate) last_id: String,
}

/// One thing that the stream said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// An event or a notice, with the id before it.
    Event(Option<String>, Box<Event>),
    /// An id without data.
    Heartbeat(String),
}

impl Reader {
    pub(crate) async fn open(base: &str, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = client().get(format!("{base}/api/v1/stream{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = in_time(request.send()).await.unwrap();
        assert_eq!(response.status(), 200);
        Self::of(response)
    }

    /// `None` where no relay answers.
    pub(crate) async fn try_open(base: &str, query: &str) -> Option<Self> {
        let request = client().get(format!("{base}/api/v1/stream{query}"));
        let response = in_time(request.send()).await.ok()?;
        (response.status() == 200).then(|| Self::of(response))
    }

    fn of(response: Response) -> Self {
        Self {
            response,
            parser: Parser::default(),
            id: None,
            data: None,
            waiting: Vec::new(),
            last_id: String::new(),
        }
    }

    /// What the stream says next; `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        while self.waiting.is_empty() {
            let bytes = in_time(self.response.chunk()).await.ok().flatten()?;
            // An event may be cut anywhere, also between its fields.
            let (id, data, waiting) = (&mut self.id, &mut self.data, &mut self.waiting);
            self.parser.push(&bytes, |field| match field {
                Field::Id(text) => *id = Some(text.to_owned()),
                Field::Data(line) => *data = Some(ndjson::decode_line(line).unwrap()),
                Field::End => match (id.take(), data.take()) {
                    (id, Some(event)) => waiting.push(Said::Event(id, Box::new(event))),
                    (Some(id), None) => waiting.push(Said::Heartbeat(id)),
                    (None, None) => {}
                },
            });
        }
        let said = self.waiting.remove(0);
        if let Said::Event(Some(id), _) | Said::Heartbeat(id) = &said {
            self.last_id.clone_from(id);
        }
        Some(said)
    }

    /// The next event of the log or notice other than a tip.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            match self.next().await.expect("the stream goes on") {
                Said::Event(_, event) if !matches!(event.body, Body::Tip(_)) => return *event,
                _ => {}
            }
        }
    }

    /// The next so many events of the log.
    pub(crate) async fn events(&mut self, n: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < n {
            events.push(self.event().await);
        }
        events
    }
}

/// Posts, a second apart.
pub(crate) fn posts(n: u64) -> String {
    (0..n).map(|i| line(&post(i))).collect()
}

pub(crate) fn post(i: u64) -> Event {
    let post = Post {
        id: format!("p{i}"),
        source: "test".into(),
        author: "a1".into(),
        text: format!("the text of post {i}"),
        lang: Some("en".into()),
        ..Post::default()
    };
    Event::imported(
        DAY_ONE + 1_000 * i.cast_signed(),
        Body::Post(Box::new(post)),
    )
}

pub(crate) fn line(event: &Event) -> String {
    ndjson::encode_line(event) + "\n"
}

pub(crate) fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

/// Changes the post in an event.
pub(crate) fn with(mut event: Event, change: impl FnOnce(&mut Post)) -> Event {
    if let Body::Post(post) = &mut event.body {
        change(post);
    }
    event
}

pub(crate) fn source(config: &mut Config) -> &mut SourceConfig {
    &mut config.sources[0]
}

pub(crate) fn recording_path(config: &Config) -> PathBuf {
    config.sources[0].path.clone().unwrap()
}
