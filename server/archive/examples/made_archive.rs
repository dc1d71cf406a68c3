//! Writes an archive of made posts and hourly prices over two years, and the same events as lines.
//!
//! `cargo run --release -p archive --example made_archive -- FOLDER [POSTS] > events.ndjson`: 1.5 million posts and
//! 262,800 bars of fifteen instruments unless told otherwise, the same every time. For `examples/sql`, whose answers
//! can then be compared with what the engine makes of the same lines (`analysis`' example `replay --ticker`).

use std::io::{self, BufWriter, Write};

use anyhow::Context;
use archive::{archive::Archive, place::Place};
use wire::{
    Bar, Body, Event, LogId, Millis, Post, ndjson,
    time::{DAY, HOUR},
};

/// 1 January 2021, 00:00 UTC.
const START: Millis = 1_609_459_200_000;
const N_HOURS: u64 = 730 * 24;
const N_POSTS: u64 = 1_500_000;
/// As many are archived at once as a month has.
const AT_ONCE: Millis = 30 * DAY;
const TICKERS: [&str; 15] = [
    "BTC", "ETH", "SOL", "DOGE", "XRP", "ADA", "DOT", "LTC", "LINK", "BNB", "XLM", "TRX", "ATOM",
    "UNI", "AVAX",
];
const WORDS: [&str; 24] = [
    "price", "market", "the", "of", "going", "up", "down", "great", "love", "hate", "crash",
    "moon", "buy", "sell", "today", "news", "not", "very", "terrible", "chart", "support", "and",
    "with", "🚀",
];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .context("say in which folder: made_archive FOLDER [POSTS]")?;
    let n_posts = match arguments.next() {
        Some(n) => n.parse().context("how many posts")?,
        None => N_POSTS,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(write(&folder, n_posts))
}

async fn write(folder: &str, n_posts: u64) -> anyhow::Result<()> {
    let log = LogId::try_from("made".to_owned())?;
    let mut archive = Archive::open(Place::open(folder)?).await?;
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut made = Made::new(n_posts);
    let (mut seq, mut batch) = (0, Vec::new());
    let mut batch_end = START + AT_ONCE;
    while let Some(mut event) = made.next() {
        seq += 1;
        event.seq = seq;
        writeln!(out, "{}", ndjson::encode_line(&event))?;
        if event.at >= batch_end {
            archive
                .append(&log, seq - 1, std::mem::take(&mut batch))
                .await?;
            batch_end += AT_ONCE;
        }
        batch.push(event);
    }
    archive.append(&log, seq, batch).await?;
    archive.tidy().await?;
    out.flush()?;
    let bytes: u64 = archive.manifest().parts.iter().map(|part| part.bytes).sum();
    let n_files = archive.manifest().parts.len();
    eprintln!("{seq} events in {n_files} files, {bytes} bytes");
    Ok(())
}

/// Posts at even distances, and at the end of each hour its bars.
struct Made {
    n_posts: u64,
    next_post: u64,
    hour: u64,
    next_ticker: usize,
    prices: [f64; TICKERS.len()],
    random: Random,
}

impl Made {
    fn new(n_posts: u64) -> Self {
        Self {
            n_posts,
            next_post: 0,
            hour: 0,
            next_ticker: 0,
            prices: std::array::from_fn(|i| 10.0 * (i + 1) as f64),
            random: Random(0x9e37_79b9_7f4a_7c15),
        }
    }

    fn next(&mut self) -> Option<Event> {
        let length = (N_HOURS * HOUR.unsigned_abs()).checked_div(self.n_posts);
        let post_at = START + (self.next_post * length.unwrap_or(0)).cast_signed();
        let close_at = START + (self.hour + 1).cast_signed() * HOUR;
        let (has_posts, has_bars) = (self.next_post < self.n_posts, self.hour < N_HOURS);
        if has_posts && (post_at < close_at || !has_bars) {
            self.next_post += 1;
            return Some(self.post(post_at));
        }
        has_bars.then(|| self.bar(close_at))
    }

    fn post(&mut self, at: Millis) -> Event {
        let random = &mut self.random;
        let mut text = String::new();
        for _ in 0..8 + random.below(12) {
            text.push_str(random.pick(&WORDS));
            text.push(' ');
        }
        let mut cashtags = Vec::new();
        for _ in 0..random.below(3) {
            let ticker = random.pick(&TICKERS).to_owned();
            text.push_str(&format!("${ticker} "));
            if !cashtags.contains(&ticker) {
                cashtags.push(ticker);
            }
        }
        let id = 1_345_000_000_000_000_000 + self.next_post * 176_000_000 + random.below(1 << 22);
        let post = Post {
            id: id.to_string(),
            source: "made".to_owned(),
            author: format!(
                "{:016x}",
                random.below(200_000) * 0x1234_5678_9abc % (1 << 60)
            ),
            text: text.trim_end().to_owned(),
            lang: Some("en".to_owned()),
            posted_at: Some(at),
            cashtags,
            url: Some(format!("https://example.org/status/{id}")),
            ..Post::default()
        };
        Event::imported(at, Body::Post(Box::new(post)))
    }

    fn bar(&mut self, close_at: Millis) -> Event {
        let place = self.next_ticker;
        let open = self.prices[place];
        let mut step = || 1.0 + (self.random.below(2_001) as f64 - 1_000.0) / 100_000.0;
        let close = round(open * step());
        let high = round(open.max(close) * 1.002);
        let low = round(open.min(close) * 0.998);
        let volume = (self.random.below(1_000_000) + 1) as f64;
        self.prices[place] = close;
        self.next_ticker = (place + 1) % TICKERS.len();
        self.hour += u64::from(self.next_ticker == 0);
        let bar = Bar {
            ticker: TICKERS[place].to_owned(),
            currency: "USD".to_owned(),
            source: "made-prices".to_owned(),
            open_at: close_at - HOUR,
            width: HOUR,
            open,
            high,
            low,
            close,
            volume: Some(volume),
            market_cap: Some((close * 1e6).round()),
        };
        Event::imported(close_at, Body::Bar(bar))
    }
}

/// To six digits, as prices come; never 0.
fn round(price: f64) -> f64 {
    (price * 1e6).round().max(1.0) / 1e6
}

/// Xorshift64*: enough for made words, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let n = self.below(from.len() as u64);
        usize::try_from(n)
            .ok()
            .and_then(|n| from.get(n))
            .copied()
            .unwrap_or_default()
    }
}
