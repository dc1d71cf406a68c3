//! Who may read, what browsers may do with it, and that no key is ever shown.

use std::{fs, io::Read, process::Stdio};

use reqwest::{Method, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::helpers::{Relay, client, eventually, in_time, posts, spawn_relay};

const TOKEN: &str = "correct-horse-battery-staple";

async fn relay_with_token() -> (Relay, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, format!("{TOKEN}\n")).unwrap();
    let relay = spawn_relay(posts(3), |config| config.http.token_file = Some(path)).await;
    (relay, folder)
}

async fn ask(relay: &Relay, path: &str, header: Option<(&str, &str)>) -> Response {
    let mut request = client().get(format!("{}{path}", relay.base));
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    in_time(request.send()).await.unwrap()
}

#[tokio::test]
async fn without_the_token_nothing_is_read_but_that_the_relay_is_well() {
    let (relay, _folder) = relay_with_token().await;
    for path in [
        "/",
        "/api/v1/stream",
        "/api/v1/status",
        "/api/v1/history",
        "/app.js",
    ] {
        let refused = ask(&relay, path, None).await;
        assert_eq!(refused.status(), 401, "{path}");
        let asks = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(asks.starts_with("Basic"), "{asks}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(ask(&relay, path, None).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn a_program_sends_the_token_and_a_browser_a_password_and_then_a_cookie() {
    let (relay, _folder) = relay_with_token().await;
    let path = "/api/v1/status";
    let bearer = format!("Bearer {TOKEN}");
    assert_eq!(
        ask(&relay, path, Some(("authorization", &bearer)))
            .await
            .status(),
        200
    );
    assert_eq!(
        ask(&relay, "/api/v1/stream", Some(("authorization", &bearer)))
            .await
            .status(),
        200
    );
    let wrong = ask(&relay, path, Some(("authorization", "Bearer wrong"))).await;
    assert_eq!(wrong.status(), 401);

    // "anybody:" and the token.
    let basic = "Basic YW55Ym9keTpjb3JyZWN0LWhvcnNlLWJhdHRlcnktc3RhcGxl";
    let response = ask(&relay, path, Some(("authorization", basic))).await;

    assert_eq!(response.status(), 200);
    let cookie = response.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    assert!(!cookie.contains(TOKEN), "{cookie}");
    let session = cookie.split(';').next().unwrap();
    let stream = ask(&relay, "/api/v1/stream", Some(("cookie", session))).await;
    assert_eq!(stream.status(), 200);
    let made_up = ask(&relay, path, Some(("cookie", "moodtape_session=0"))).await;
    assert_eq!(made_up.status(), 401);
}

#[tokio::test]
async fn whoever_guesses_is_no_longer_answered_not_even_with_the_token() {
    let (relay, _folder) = relay_with_token().await;
    for _ in 0..30 {
        let wrong = ask(&relay, "/", Some(("authorization", "Bearer guess"))).await;
        assert_eq!(wrong.status(), 401);
    }

    let bearer = format!("Bearer {TOKEN}");
    let refused = ask(&relay, "/api/v1/status", Some(("authorization", &bearer))).await;

    assert_eq!(refused.status(), 429);
}

#[tokio::test]
async fn only_pages_of_listed_origins_may_read() {
    let relay = spawn_relay(posts(1), |config| {
        config.http.allow_origins = vec!["https://example.org".into()];
    })
    .await;
    let allowed = "access-control-allow-origin";
    for path in ["/api/v1/status", "/api/v1/stream", "/api/v1/history"] {
        let ours = ask(&relay, path, Some(("origin", "https://example.org"))).await;
        assert_eq!(ours.headers()[allowed], "https://example.org", "{path}");
        assert!(ours.headers()["vary"].to_str().unwrap().contains("origin"));
        for other in ["https://evil.example", "null", "https://example.org.evil"] {
            let theirs = ask(&relay, path, Some(("origin", other))).await;
            assert!(!theirs.headers().contains_key(allowed), "{path} {other}");
        }
    }

    let preflight = async |origin: &str| {
        let request = client()
            .request(Method::OPTIONS, format!("{}/api/v1/stream", relay.base))
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        request.send().await.unwrap()
    };
    let ours = preflight("https://example.org").await;
    assert_eq!(ours.status(), StatusCode::NO_CONTENT);
    assert_eq!(ours.headers()[allowed], "https://example.org");
    let theirs = preflight("https://evil.example").await;
    assert!(!theirs.headers().contains_key(allowed));
}

#[tokio::test]
async fn a_page_of_another_origin_gets_in_by_the_token_and_never_by_a_cookie() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, TOKEN).unwrap();
    let relay = spawn_relay(posts(1), |config| {
        config.http.token_file = Some(path);
        config.http.allow_origins = vec!["https://example.org".into()];
    })
    .await;
    let path = "/api/v1/history";
    let bearer = format!("Bearer {TOKEN}");
    let from_there = async |name: &str, value: &str| {
        let request = client().get(format!("{}{path}", relay.base));
        let request = request
            .header("origin", "https://example.org")
            .header(name, value);
        in_time(request.send()).await.unwrap()
    };

    let (with_token, without) = (
        from_there("authorization", &bearer).await,
        from_there("accept", "*/*").await,
    );

    assert_eq!(with_token.status(), StatusCode::OK);
    assert_eq!(without.status(), StatusCode::UNAUTHORIZED);
    for answer in [with_token, without] {
        let headers = answer.headers();
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://example.org"
        );
        // Without this a browser shows such a page nothing that was asked for with a cookie.
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn the_page_may_run_only_what_it_came_with() {
    let relay = spawn_relay(posts(1), |config| {
        fs::create_dir_all(&config.http.app).unwrap();
        let page = "<!doctype html><script>alert('Hello, world.');</script>";
        fs::write(config.http.app.join("index.html"), page).unwrap();
        fs::write(config.http.app.join("worker.js"), "x()").unwrap();
    })
    .await;
    for path in ["/", "/worker.js"] {
        let response = relay.get(path).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='",
            "worker-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
}

/// A feed that answers everything by what it was asked with, and then hangs up.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4_096];
            let n = socket.read(&mut request).await.unwrap_or(0);
            let said = String::from_utf8_lossy(&request[..n]).replace(['\r', '\n'], " ");
            let head =
                "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
            let _ = socket.write_all(format!("{head}{said}").as_bytes()).await;
        }
    });
    address
}

/// Every secret there is holds the canary; upstreams say it back. It has to be found nowhere.
#[tokio::test]
async fn no_key_is_found_in_logs_answers_metrics_or_files() {
    const CANARY: &str = "canary-7f3a9c51d0e24b68";
    let folder = tempfile::tempdir().unwrap();
    let upstream = echo().await;
    let mut config = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:{}\"\ntoken_env = \"CANARY_TOKEN\"\n[live]\nstart = \"at_once\"\n",
        free_port().await
    );
    let alpaca =
        format!("user = \"an id\"\npairs = [\"AAPL-USD\"]\nhistory_url = \"http://{upstream}/\"");
    for (kind, more) in [
        ("x", "budget_day_usd = 1.0"),
        ("x_counts", "budget_day_usd = 1.0"),
        ("mastodon", ""),
        ("reddit", "user = \"somebody\"\nsubreddits = [\"stocks\"]"),
        ("cryptocompare", ""),
        ("alpaca", &alpaca),
        ("finnhub", "pairs = [\"AAPL-USD\"]"),
        ("coingecko", ""),
    ] {
        let scheme = if ["alpaca", "finnhub", "cryptocompare"].contains(&kind) {
            "ws"
        } else {
            "http"
        };
        config += &format!(
            "[[source]]\nkind = \"{kind}\"\nurl = \"{scheme}://{upstream}/\"\nkey_file = \"key\"\n{more}\n"
        );
    }
    config += "[[topic]]\nname = \"Bitcoin\"\nkeywords = [\"bitcoin\", \"#bitcoin\"]\nticker = \"BTC\"\n[[ticker]]\nsymbol = \"BTC\"\n";
    fs::write(folder.path().join("config.toml"), &config).unwrap();
    fs::write(folder.path().join("key"), CANARY).unwrap();
    let admin = config
        .split("admin = \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();

    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_moodtape-relay"))
        .current_dir(folder.path())
        .args(["--log-format", "json"])
        .env("RUST_LOG", "trace")
        .env("CANARY_TOKEN", CANARY)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(folder.path().join("log.txt")).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    let base = line
        .trim()
        .strip_prefix("Moodtape is at ")
        .expect(&line)
        .to_owned();

    let bearer = format!("Bearer {CANARY}");
    let get = async |url: String| {
        let request = client().get(url).header("authorization", &bearer);
        let response = in_time(request.send()).await.unwrap();
        let headers = format!("{:?}", response.headers());
        headers + &in_time(response.text()).await.unwrap()
    };
    // Until every source has asked its upstream and was told its own key.
    let status = eventually(async || {
        let status = get(format!("{base}/api/v1/status")).await;
        let n_told = status.matches("\"error\":\"").count();
        (n_told >= 8).then_some(status)
    })
    .await;
    let mut said = vec![("status", status), ("stdout", line)];
    for path in ["/api/v1/history", "/api/v1/config", "/api/v1/nothing", "/"] {
        said.push((path, get(format!("{base}{path}")).await));
    }
    let wrong = client()
        .get(&base)
        .header("authorization", format!("Basic {CANARY}"));
    said.push((
        "a wrong token",
        in_time(wrong.send()).await.unwrap().text().await.unwrap(),
    ));
    said.push(("metrics", get(format!("http://{admin}/metrics")).await));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    said.push(("stdout's rest", rest));
    for file in fs::read_dir(folder.path().join("data")).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        said.push((
            "a file of the log",
            String::from_utf8_lossy(&bytes).into_owned(),
        ));
    }
    let log = fs::read_to_string(folder.path().join("log.txt")).unwrap();
    assert!(log.lines().count() > 10, "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect(line);
    }
    said.push(("the log", log));

    for (place, text) in said {
        let at = text.find(CANARY);
        assert_eq!(at, None, "{place}: {}", around(&text, at));
        // Nor the larger part of it.
        let at = text.find(&CANARY[..14]);
        assert_eq!(at, None, "{place}: {}", around(&text, at));
    }
}

fn around(text: &str, at: Option<usize>) -> &str {
    let at = at.unwrap_or(0);
    text.get(at.saturating_sub(200)..(at + 60).min(text.len()))
        .unwrap_or(text)
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}
