//! Writes a made table of posts, the same for the same seed: `made_posts <rows> [seed] > posts.csv`.
//!
//! 1.5 million rows are about 300 MB: words, hashtags and cashtags in the shares that tweets about coins have,
//! quotes, line feeds and emoji, and one row in five thousand that cannot be read.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that writes a table"
)]

use std::io::{self, BufWriter, Write};

const WORDS: &[&str] = &[
    "bitcoin",
    "price",
    "market",
    "the",
    "of",
    "to",
    "is",
    "going",
    "up",
    "down",
    "great",
    "love",
    "hate",
    "crash",
    "moon",
    "buy",
    "sell",
    "today",
    "news",
    "exchange",
    "wallet",
    "not",
    "very",
    "happy",
    "terrible",
    "analysis",
    "trading",
    "I",
    "think",
    "we",
    "will",
    "see",
    "another",
    "drop",
    "rally",
    "chart",
    "support",
    "volume",
    "🚀",
    "😱",
    "and",
    "a",
    "with",
    "for",
    "blockchain",
    "mining",
    "hash",
    "rate",
    "fee",
    "network",
];
const TAGS: &[&str] = &[
    "bitcoin",
    "btc",
    "crypto",
    "ETH",
    "HODL",
    "blockchain",
    "trading",
    "altcoins",
];

fn main() -> io::Result<()> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse::<u64>().ok());
    let n = arguments.next().unwrap_or(1_500_000);
    let mut random = Random(
        arguments
            .next()
            .unwrap_or(1)
            .wrapping_mul(2)
            .wrapping_add(1),
    );
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    writeln!(out, "tweet_id,created_at_ms,user_id,lang,text")?;
    let mut at = 1_500_000_000_000_u64;
    for row in 0..n {
        at += random.below(40_000);
        let id = 880_000_000_000_000_000 + row * 4_194_304 + random.below(4_000_000);
        if random.below(5_000) == 0 {
            writeln!(out, "{id},never,{},en,broken", random.below(300_000))?;
            continue;
        }
        write!(
            out,
            "{id},{at},{},en,\"",
            random.below(300_000) * random.below(7)
        )?;
        for _ in 0..14 + random.below(18) {
            write!(out, "{} ", random.pick(WORDS))?;
        }
        match random.below(40) {
            0 => write!(out, "\"\"quoted\"\" ")?,
            1 => out.write_all(b"\n")?,
            _ => {}
        }
        if random.below(4) == 0 {
            write!(out, "$BTC ")?;
        }
        writeln!(
            out,
            "#{} #{} https://t.co/{:010x}\"",
            random.pick(TAGS),
            random.pick(TAGS),
            random.below(1 << 40)
        )?;
    }
    out.flush()
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
