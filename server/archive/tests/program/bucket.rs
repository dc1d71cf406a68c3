//! A bucket: the archive's program against a store that speaks as much of S3 as it needs.

use std::{
    collections::BTreeMap,
    fs,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use crate::helpers::{
    archiver, assert_same, by_folder, by_manifest, history, in_time, spawn_relay,
};

/// What lies in it, by key, with its version.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, (Vec<u8>, u64)>,
    n_puts: u64,
    /// Before this put of the manifest somebody else writes it.
    intruder_at: Option<u64>,
    n_manifests: u64,
}

type Shared = Arc<Mutex<Bucket>>;

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_in_a_bucket_holds_every_event_once() {
    let relay = spawn_relay().await;
    let (bucket, address) = serve().await;

    let ended = run(archiver(&relay, "s3://bucket/a/folder"), &address).await;
    let again = run(archiver(&relay, "s3://bucket/a/folder"), &address).await;

    assert!(
        ended.status.success() && again.status.success(),
        "{ended:?}"
    );
    let folder = tempfile::tempdir().unwrap();
    for (key, (bytes, _)) in &bucket.lock().unwrap().objects {
        let path = folder.path().join(key.strip_prefix("a/folder/").unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let expect = history(&relay).await;
    // By the folder first: opening it as an archive would remove what does not count.
    assert_same(&by_folder(folder.path()), &expect);
    assert_same(&by_manifest(folder.path()).await, &expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_archivers_of_a_bucket_one_stops() {
    let relay = spawn_relay().await;
    let (bucket, address) = serve().await;
    bucket.lock().unwrap().intruder_at = Some(5);

    let ended = run(archiver(&relay, "s3://bucket/a"), &address).await;

    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    assert!(
        said.contains("another archiver writes to \"s3://bucket/a\""),
        "{said}"
    );
}

async fn run(mut command: Command, address: &str) -> std::process::Output {
    command.envs([
        ("AWS_ENDPOINT", address),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "here"),
    ]);
    let ended = tokio::task::spawn_blocking(move || command.output());
    in_time(ended).await.unwrap().unwrap()
}

async fn serve() -> (Shared, String) {
    let bucket = Shared::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&bucket));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (bucket, address)
}

async fn answer(State(bucket): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let path = decoded(head.uri.path());
    let query = decoded(head.uri.query().unwrap_or_default());
    assert!(head.headers.contains_key(header::AUTHORIZATION));
    let key = path.trim_start_matches("/bucket").trim_start_matches('/');
    let mut bucket = bucket.lock().unwrap();
    match head.method {
        Method::GET if key.is_empty() => bucket.list(&query),
        Method::GET => bucket.get(key),
        Method::PUT => bucket.put(key, body.to_vec(), &head.headers),
        Method::DELETE => {
            bucket.objects.remove(key);
            StatusCode::NO_CONTENT.into_response()
        }
        Method::POST if query.contains("delete") => bucket.delete(&body),
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

impl Bucket {
    fn get(&self, key: &str) -> Response {
        match self.objects.get(key) {
            Some((bytes, version)) => (
                [
                    (header::ETAG, format!("\"{version}\"")),
                    (
                        header::LAST_MODIFIED,
                        "Thu, 01 Jan 2026 00:00:00 GMT".to_owned(),
                    ),
                ],
                bytes.clone(),
            )
                .into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn put(&mut self, key: &str, bytes: Vec<u8>, headers: &HeaderMap) -> Response {
        self.n_puts += 1;
        if key.ends_with("manifest.json") {
            self.n_manifests += 1;
            if self.intruder_at == Some(self.n_manifests) {
                self.objects
                    .insert(key.to_owned(), (b"{}".to_vec(), u64::MAX));
            }
        }
        let held = self
            .objects
            .get(key)
            .map(|(_, version)| format!("\"{version}\""));
        let text = |name| {
            headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let is_refused = match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
            (Some(wanted), _) => held != Some(wanted),
            (None, Some(_)) => held.is_some(),
            (None, None) => false,
        };
        if is_refused {
            return StatusCode::PRECONDITION_FAILED.into_response();
        }
        self.objects.insert(key.to_owned(), (bytes, self.n_puts));
        [(header::ETAG, format!("\"{}\"", self.n_puts))].into_response()
    }

    fn list(&self, query: &str) -> Response {
        let prefix = query
            .split('&')
            .find_map(|part| part.strip_prefix("prefix="));
        let prefix = prefix.unwrap_or_default();
        let found = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(prefix));
        let found: String = found
            .map(|(key, (bytes, version))| {
                format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>{}</Size><ETag>\"{version}\"</ETag></Contents>",
                    bytes.len()
                )
            })
            .collect();
        let all =
            format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>");
        Body::from(all).into_response()
    }

    fn delete(&mut self, request: &[u8]) -> Response {
        let request = String::from_utf8_lossy(request);
        let keys = request.split("<Key>").skip(1);
        let mut gone = String::new();
        for key in keys.filter_map(|rest| rest.split("</Key>").next()) {
            self.objects.remove(key);
            gone.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
        }
        Body::from(format!("<DeleteResult>{gone}</DeleteResult>")).into_response()
    }
}

/// `%3D` is `=`.
fn decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut all = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        all.push(char::from(u8::from_str_radix(code, 16).unwrap()));
        all.push_str(rest);
    }
    all
}
