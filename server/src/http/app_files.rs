//! The page's own files, from the folder that `make dist` fills.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::{
    compression::CompressionLayer,
    services::{ServeDir, ServeFile},
};

use super::csp;

const MISSING: &str = "\
The page has not been built yet: run \"make dist\", or give the folder of its files by --app DIR.
The relay itself runs: see /api/v1/status.
";

/// What the page never needs, so that nothing that gets into it has it either.
const OF_THE_PAGE: [(HeaderName, &str); 2] = [
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Serves `folder`; addresses without an extension are the page itself, whatever it shows there.
pub(super) fn routes(folder: &Path) -> Router {
    let files = Files {
        folder: folder.into(),
        index: folder.join("index.html").into(),
    };
    let handler = async move |request: Request| {
        let page = tokio::fs::read_to_string(&files.index).await.ok();
        let policy = csp::policy(page.as_deref().unwrap_or_default());
        let mut response = match page {
            Some(_) => files.answer(request).await,
            None => missing(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        for (name, value) in OF_THE_PAGE {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    };
    // Only here: the stream must never be compressed, since that would hold events back. What lies there compressed
    // is sent as it is.
    Router::new()
        .fallback(handler)
        .layer(from_fn(cache))
        .layer(CompressionLayer::new())
}

#[derive(Clone)]
struct Files {
    folder: Arc<Path>,
    index: Arc<Path>,
}

impl Files {
    async fn answer(&self, request: Request) -> Response {
        let is_page = Path::new(request.uri().path()).extension().is_none();
        let answer = if is_page {
            ServeFile::new(PathBuf::from(&*self.index))
                .oneshot(request)
                .await
                .map(IntoResponse::into_response)
        } else {
            ServeDir::new(&*self.folder)
                .precompressed_br()
                .oneshot(request)
                .await
                .map(IntoResponse::into_response)
        };
        answer.unwrap_or_else(|never| match never {})
    }
}

fn missing() -> Response {
    let content_type = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
    (StatusCode::NOT_FOUND, [content_type], MISSING).into_response()
}

/// Names that carry a hash never change their content; all others are asked for again each time.
async fn cache(uri: Uri, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_lasting = response.status().is_success() && has_hashed_name(uri.path());
    let policy = if is_lasting {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    response
}

/// Whether a file name holds a hash as Trunk writes it: `name-0123456789abcdef.js`, `name-…_bg.wasm`.
///
/// The worker's files have none, so that a new page never runs with an old worker.
fn has_hashed_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.'])
        .any(|part| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_by_browsers() {
        for name in [
            "/app-6bae7b6f25f4a9d3.js",
            "/app-6bae7b6f25f4a9d3_bg.wasm",
            "/tokens-6bae7b6f25f4a9d3.css",
        ] {
            assert!(has_hashed_name(name), "{name}");
        }
        for name in [
            "/",
            "/index.html",
            "/sw.js",
            "/worker-analysis.js",
            "/worker-analysis_bg.wasm",
            "/analysis_loader.js",
        ] {
            assert!(!has_hashed_name(name), "{name}");
        }
    }

    #[tokio::test]
    async fn what_lies_there_compressed_is_sent_as_it_is_to_whoever_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("index.html", ""), ("a.js", "plain"), ("a.js.br", "packed")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let ask = async |encodings: &str| {
            let request = Request::get("/a.js").header(header::ACCEPT_ENCODING, encodings);
            let request = request.body(axum::body::Body::empty()).unwrap();
            let response = routes(folder.path()).oneshot(request).await.unwrap();
            let encoding = response.headers().get(header::CONTENT_ENCODING).cloned();
            let body = axum::body::to_bytes(response.into_body(), 100)
                .await
                .unwrap();
            (encoding, body)
        };

        let (encoding, body) = ask("gzip, br").await;
        assert_eq!(
            (encoding.unwrap().as_bytes(), &body[..]),
            (&b"br"[..], &b"packed"[..])
        );
        let (encoding, body) = ask("identity").await;
        assert_eq!((encoding, &body[..]), (None, &b"plain"[..]));
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_sent_as_it_is_to_whoever_asks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let large = "0123456789".repeat(1_000);
        for (name, content) in [("index.html", ""), ("a.parquet", &large)] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let request = Request::get("/a.parquet")
            .header(header::RANGE, "bytes=8-5001")
            .header(header::ACCEPT_ENCODING, "gzip, br");
        let request = request.body(axum::body::Body::empty()).unwrap();

        let response = routes(folder.path()).oneshot(request).await.unwrap();

        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_RANGE], "bytes 8-5001/10000");
        assert!(headers.contains_key(header::LAST_MODIFIED));
        assert!(!headers.contains_key(header::CONTENT_ENCODING));
        let body = axum::body::to_bytes(response.into_body(), 10_000).await;
        assert_eq!(body.unwrap(), large.as_bytes()[8..5_002]);
    }
}
