//! The page's own files: what browsers may keep, and what is said when they are missing.

use std::fs;

use crate::helpers::{Relay, client, posts, spawn_relay};

async fn relay_with_page() -> Relay {
    spawn_relay(posts(1), |config| {
        let folder = &config.http.app;
        fs::create_dir_all(folder).unwrap();
        fs::write(
            folder.join("index.html"),
            "<!doctype html><title>Moodtape</title>",
        )
        .unwrap();
        fs::write(folder.join("app-6bae7b6f25f4a9d3.js"), "x();".repeat(1_000)).unwrap();
        fs::write(folder.join("app-6bae7b6f25f4a9d3_bg.wasm"), b"\0asm").unwrap();
        fs::write(folder.join("worker-analysis.js"), "y()").unwrap();
        fs::write(folder.parent().unwrap().join("secret.txt"), "secret").unwrap();
    })
    .await
}

#[tokio::test]
async fn browsers_keep_files_with_a_hash_and_ask_again_for_all_others() {
    let relay = relay_with_page().await;
    let lasting = "public, max-age=31536000, immutable";
    for (path, content_type, cache) in [
        ("/", "text/html", "no-cache"),
        ("/app-6bae7b6f25f4a9d3.js", "text/javascript", lasting),
        ("/app-6bae7b6f25f4a9d3_bg.wasm", "application/wasm", lasting),
        ("/worker-analysis.js", "text/javascript", "no-cache"),
    ] {
        let response = relay.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], content_type, "{path}");
        assert_eq!(response.headers()["cache-control"], cache, "{path}");
    }
}

#[tokio::test]
async fn an_address_without_an_extension_is_the_page_and_a_missing_file_is_missing() {
    let relay = relay_with_page().await;

    let page = relay.get("/some/view?ticker=BTC").await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("Moodtape"));
    let missing = relay.get("/app-0000000000000000.js").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.headers()["cache-control"], "no-cache");
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let relay = relay_with_page().await;
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//secret.txt",
    ] {
        let request = client().get(format!("{}{path}", relay.base));
        let response = request.send().await.unwrap();
        assert!(!response.text().await.unwrap().contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn files_are_compressed_for_whoever_understands_it() {
    let relay = relay_with_page().await;

    let request = client()
        .get(format!("{}/app-6bae7b6f25f4a9d3.js", relay.base))
        .header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();

    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.unwrap().len() < 1_000);
}

#[tokio::test]
async fn without_files_the_relay_says_how_to_get_them() {
    let relay = spawn_relay(posts(1), |_| {}).await;

    let response = relay.get("/").await;

    assert_eq!(response.status(), 404);
    assert!(response.text().await.unwrap().contains("make dist"));
}
