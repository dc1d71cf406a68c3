//! The fakes as a program: every upstream on a loopback port of its own, and the relay's configuration for them.
//!
//! `moodtape-fakes [--faults | --delay MS] [--port N] [--config FILE]`: listens from port N on (4100), and
//! writes a configuration with which `moodtape-relay --config FILE` follows them. With `--faults` something
//! goes wrong every minute or so, each upstream in its turn; with `--delay` every first answer takes so long.

use std::{
    env, fs,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use fakes::{
    Fake, Fault, Millis, Protocol, Reply, Script,
    alpaca::{self, Alpaca},
    binance::Binance,
    coinbase::Coinbase,
    coingecko::CoinGecko,
    cryptocompare::{self, CryptoCompare},
    feed::Feed,
    finnhub::{self, Finnhub},
    jetstream::Jetstream,
    mastodon::{self, Mastodon},
    reddit::{self, Reddit},
    serve,
    x::{self, X},
};
use tokio::net::TcpListener;

/// What the fakes take for a key.
const KEYS: [(&str, &str); 6] = [
    ("x", x::TOKEN),
    ("mastodon", mastodon::TOKEN),
    ("reddit", reddit::TOKEN),
    ("cryptocompare", cryptocompare::KEY),
    ("alpaca", alpaca::SECRET),
    ("finnhub", finnhub::TOKEN),
];
/// How long the fakes have something to say.
const HOURS: usize = 4;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let port: u16 = value("--port").map_or(Ok(4_100), |text| text.parse())?;
    let delay: Option<u64> = value("--delay").map(|text| text.parse()).transpose()?;
    let has_faults = arguments.iter().any(|argument| argument == "--faults");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as Millis;

    let from = now - 3_600_000;
    let feed = Feed {
        from,
        every: 120_000,
        n: HOURS * 30 + 30,
    };
    let n_seconds = (HOURS + 1) * 3_600;
    let instance = format!("127.0.0.1:{}", port + 6);
    let upstreams: [(&str, Box<dyn Protocol>); 11] = [
        (
            "jetstream",
            Box::new(Jetstream::new(from, 500, (HOURS + 1) * 7_200)),
        ),
        ("binance", Box::new(Binance)),
        ("coinbase", Box::new(Coinbase)),
        ("coingecko", Box::new(CoinGecko)),
        ("feeds", Box::new(feed)),
        ("x", Box::new(X::new(from, 2_000, n_seconds / 2))),
        (
            "mastodon",
            Box::new(Mastodon::new(&instance, from, 3_000, n_seconds / 3)),
        ),
        (
            "reddit",
            Box::new(Reddit::new(from, 20_000, n_seconds / 20)),
        ),
        ("cryptocompare", Box::new(CryptoCompare)),
        (
            "alpaca",
            Box::new(Alpaca::new("AAPL", from, n_seconds / 60)),
        ),
        (
            "finnhub",
            Box::new(Finnhub::new("MSFT", from, n_seconds / 60)),
        ),
    ];
    let mut serving = Vec::new();
    for (i, (name, protocol)) in upstreams.into_iter().enumerate() {
        let script = match delay {
            _ if has_faults => trouble(i as u64),
            Some(delay) => Script::one(
                Duration::ZERO,
                Fault::SlowFirstByte(Duration::from_millis(delay)),
            ),
            None => Script::default(),
        };
        let fake = Arc::new(Fake::boxed(protocol, script, now));
        let port = port + i as u16;
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("port {port} cannot be listened on"))?;
        eprintln!("{name}: 127.0.0.1:{port}");
        serving.push(tokio::spawn(serve(listener, fake)));
    }
    if let Some(path) = value("--config") {
        let text = config(port) + &config_with_keys(port);
        fs::write(&path, text).with_context(|| format!("{path} cannot be written"))?;
        for (name, key) in KEYS {
            let file = Path::new(&path).with_file_name(format!("fake-{name}.key"));
            fs::write(&file, key).with_context(|| format!("{file:?} cannot be written"))?;
        }
    }
    tokio::signal::ctrl_c().await?;
    serving.into_iter().for_each(|task| task.abort());
    Ok(())
}

/// Every fault once, a minute apart; each upstream begins with another one.
fn trouble(first: u64) -> Script {
    let secs = Duration::from_secs;
    let refuse = |status, wait: Option<u64>, lasting| Fault::Refuse {
        reply: Reply::refusal(status, wait.map(secs)),
        lasting: secs(lasting),
    };
    let faults = [
        Fault::HalfThenClose,
        Fault::Garbage,
        Fault::Reset,
        refuse(503, None, 20),
        Fault::Duplicates,
        Fault::InvalidUtf8,
        refuse(429, Some(30), 25),
        Fault::Reorder,
        Fault::Stall,
        Fault::Huge,
        Fault::Refuse {
            reply: Reply::html(),
            lasting: secs(20),
        },
        Fault::UnknownEvent,
        Fault::Burst,
        Fault::DeleteBeforeCreate,
        Fault::SlowFirstByte(secs(8)),
        Fault::Close,
    ];
    let n = faults.len() as u64;
    let mut script = Script::default();
    for (i, fault) in (0..).zip(faults) {
        let place = (i + n - 3 * first % n) % n;
        script = script.then(secs(30 + 60 * place), fault);
    }
    script
}

/// What the relay has to be told to follow the fakes.
fn config(port: u16) -> String {
    let address =
        |scheme: &str, i: u16, path: &str| format!("\"{scheme}://127.0.0.1:{}/{path}\"", port + i);
    format!(
        "# Written by moodtape-fakes: upstreams that are made up.\n\n[live]\nstart = \"at_once\"\n\n\
         [log]\nstore = \"memory\"\n\n\
         [[source]]\nkind = \"jetstream\"\nurl = {}\n\n\
         [[source]]\nkind = \"binance\"\nurl = {}\nhistory_url = {}\n\n\
         [[source]]\nkind = \"coinbase\"\nurl = {}\nhistory_url = {}\n\n\
         [[source]]\nkind = \"coingecko\"\nurl = {}\npoll_secs = 60\n\n\
         [[source]]\nkind = \"feeds\"\nfeeds = [{}]\nprivate_hosts = true\npoll_secs = 30\n\n\
         [[topic]]\nname = \"Bitcoin\"\nkeywords = [\"bitcoin\", \"$BTC\"]\nticker = \"BTC\"\n\n\
         [[topic]]\nname = \"Ethereum\"\nkeywords = [\"ethereum\", \"$ETH\"]\nticker = \"ETH\"\n",
        address("ws", 0, "subscribe"),
        address("ws", 1, "stream"),
        address("http", 1, "api/v3/klines"),
        address("ws", 2, ""),
        address("http", 2, "products"),
        address("http", 3, "api/v3"),
        address("http", 4, "rss"),
    )
}

/// The same for those that want a key, which lies in a file beside the configuration.
fn config_with_keys(port: u16) -> String {
    let url = |scheme: &str, i: u16, path: &str| {
        format!("url = \"{scheme}://127.0.0.1:{}{path}\"\n", port + i)
    };
    let more = |kind: &str| match kind {
        "x" => url("http", 5, "") + "budget_day_usd = 20.0\n",
        "mastodon" => url("http", 6, "") + "hashtags = [\"bitcoin\"]\n",
        "reddit" => {
            url("http", 7, "") + "user = \"someone\"\nsubreddits = [\"made\"]\npoll_secs = 60\n"
        }
        "cryptocompare" => url("http", 8, "/data") + "pairs = [\"ETH-EUR\"]\n",
        "alpaca" => {
            let user = alpaca::KEY_ID;
            url("ws", 9, "") + &format!("user = \"{user}\"\npairs = [\"AAPL-USD\"]\n")
        }
        _ => url("ws", 10, "") + "pairs = [\"MSFT-USD\"]\n",
    };
    let source = |(kind, _): (&str, &str)| {
        let more = more(kind);
        format!("\n[[source]]\nkind = \"{kind}\"\nkey_file = \"fake-{kind}.key\"\n{more}")
    };
    let counts = "\n[[source]]\nkind = \"x_counts\"\nkey_file = \"fake-x.key\"\nbudget_day_usd = 1.0\npoll_secs = 300\n";
    KEYS.map(source).concat() + counts + &url("http", 5, "")
}
