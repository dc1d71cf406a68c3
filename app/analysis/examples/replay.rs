//! Plays recordings into the engine as fast as it takes them, and prints what it then knows as one JSON object.
//!
//! ```text
//! replay [--as-of MS] [--config FILE] [--ticker SYMBOL]… [FILE…]
//! ```
//!
//! A recording has Moodtape's lines or Twitter's v1.1 statuses, plain or gzipped; without files it is
//! standard input. `--as-of` leaves out what was seen later. `--config` takes topics, tickers and filters
//! of a relay's TOML file, or of its public configuration as JSON; filters only apply with it. `--ticker`
//! adds what the page's panels show of a ticker over the whole range: lead or lag, and its months.
//! Posts a second and peak memory go to standard error.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program reads files and its arguments, and says how long it took"
)]

#[path = "common/lines.rs"]
#[allow(dead_code, reason = "only the way to end is of use here")]
mod lines;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::process::ExitCode;
use std::time::Instant;

use analysis::{
    Engine,
    engine::{Summary, TickerSummary},
    protocol::{CountBy, RangeChoice, Wanted, Watch},
    trending::Trending,
};
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::{
    Body, Event, Millis, PublicConfig,
    author::AuthorKey,
    config::{Filters, Ticker, Topic},
    formats::{self, Format},
};

const N_HASHTAGS: usize = 10;

/// Longer than any recording: all of it is one window.
const ALL_TIME: Millis = Millis::MAX / 4;

/// Authors of foreign lines are only counted here, so any key will do.
const KEY: AuthorKey = AuthorKey([0; 16]);

#[derive(Default)]
struct Arguments {
    as_of: Option<Millis>,
    config: PublicConfig,
    filters: Option<Filters>,
    tickers: Vec<String>,
    paths: Vec<String>,
}

/// Everything that takes events in.
struct Player {
    engine: Engine,
    hashtags: Trending,
    until: Millis,
    as_of: Millis,
    filters: Option<Filters>,
    n_unreadable: u64,
}

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut player = Player::new(&arguments);
    let start = Instant::now();
    if arguments.paths.is_empty() {
        player.play("standard input", io::stdin().lock())?;
    }
    for path in &arguments.paths {
        let file = File::open(path).with_context(|| path.clone())?;
        player.play(path, BufReader::new(file))?;
    }
    let secs = start.elapsed().as_secs_f64();
    let mut report = player.report();
    for ticker in arguments.tickers {
        report["panels"][&ticker] = player.panels_of(&ticker);
    }
    println!("{report}");
    let n_posts = player.engine.n_posts();
    eprintln!(
        "{n_posts} posts in {secs:.3} s, {:.0} posts/s",
        n_posts as f64 / secs.max(1e-9)
    );
    if player.n_unreadable > 0 {
        eprintln!("{} lines could not be read", player.n_unreadable);
    }
    if let Some(peak) = peak_memory() {
        eprintln!("peak memory {peak}");
    }
    Ok(())
}

impl Arguments {
    fn read(mut given: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self::default();
        while let Some(argument) = given.next() {
            match argument.as_str() {
                "--as-of" => {
                    let time = given
                        .next()
                        .context("--as-of needs a time in milliseconds")?;
                    let time = time.parse().with_context(|| {
                        format!("--as-of {time:?} is not a time in milliseconds")
                    })?;
                    arguments.as_of = Some(time);
                }
                "--config" => {
                    let path = given.next().context("--config needs a file")?;
                    arguments.read_config(&path)?;
                }
                "--ticker" => {
                    let ticker = given.next().context("--ticker needs a symbol")?;
                    arguments.tickers.push(ticker);
                }
                option if option.starts_with("--") => bail!(
                    "there is no option {option}; replay [--as-of MS] [--config FILE] [--ticker SYMBOL]… [FILE…]"
                ),
                _ => arguments.paths.push(argument),
            }
        }
        Ok(arguments)
    }

    /// Sections of the relay's file that do not matter here are passed over.
    fn read_config(&mut self, path: &str) -> Result<()> {
        #[derive(Deserialize)]
        struct Sections {
            #[serde(default, rename = "topic", alias = "topics")]
            topics: Vec<Topic>,
            #[serde(default, rename = "ticker", alias = "tickers")]
            tickers: Vec<Ticker>,
            filters: Option<Filters>,
        }
        let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
        let sections: Sections = if text.trim_start().starts_with('{') {
            serde_json::from_str(&text).with_context(|| path.to_owned())?
        } else {
            toml::from_str(&text).with_context(|| path.to_owned())?
        };
        self.config.topics = sections.topics;
        self.config.tickers = sections.tickers;
        self.filters = sections.filters;
        Ok(())
    }
}

impl Player {
    fn new(arguments: &Arguments) -> Self {
        Self {
            engine: Engine::new(&arguments.config),
            hashtags: Trending::new(ALL_TIME, CountBy::Posts).keep_for(Millis::MAX),
            until: Millis::MIN,
            as_of: arguments.as_of.unwrap_or(Millis::MAX),
            filters: arguments.filters.clone(),
            n_unreadable: 0,
        }
    }

    fn play(&mut self, name: &str, mut input: impl BufRead) -> Result<()> {
        let is_gzip = input
            .fill_buf()
            .with_context(|| name.to_owned())?
            .starts_with(&[0x1f, 0x8b]);
        if is_gzip {
            self.play_lines(name, &mut BufReader::new(MultiGzDecoder::new(input)))
        } else {
            self.play_lines(name, &mut input)
        }
    }

    fn play_lines(&mut self, name: &str, input: &mut dyn BufRead) -> Result<()> {
        let mut format = None;
        let mut n_lines = 0;
        let mut line = Vec::new();
        while input
            .read_until(b'\n', &mut line)
            .with_context(|| name.to_owned())?
            > 0
        {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            if !text.is_empty() {
                n_lines += 1;
                format = format.or_else(|| Format::detect("", text));
                self.take(format.and_then(|format| formats::decode_line(format, text, &KEY).ok()));
            }
            line.clear();
        }
        if n_lines > 0 && format.is_none() {
            bail!("{name}: no line is an event of a recording");
        }
        Ok(())
    }

    fn take(&mut self, event: Option<Event>) {
        let Some(event) = event else {
            self.n_unreadable += 1;
            return;
        };
        if event.seen_at > self.as_of || !self.is_wanted(&event) {
            return;
        }
        let applied = self.engine.apply(&event);
        if let (analysis::Applied::New, Body::Post(post)) = (applied, &event.body) {
            self.until = self.until.max(event.at);
            self.hashtags
                .observe(event.at, 0, post.hashtags.iter().map(String::as_str), 0);
        }
    }

    fn is_wanted(&self, event: &Event) -> bool {
        match (&event.body, &self.filters) {
            (Body::Post(post), Some(filters)) => filters.refuse(post).is_none(),
            _ => true,
        }
    }

    fn report(&mut self) -> Value {
        let Summary {
            n_events,
            counts,
            n_authors,
            n_late,
            n_deleted,
            span,
            tickers,
        } = self.engine.summary();
        let top = self.hashtags.top(self.until, N_HASHTAGS);
        json!({
            "events": n_events,
            "posts": counts.posts,
            "positive": counts.positive,
            "neutral": counts.neutral,
            "negative": counts.negative,
            "authors": n_authors,
            "late": n_late,
            "deleted": n_deleted,
            "first_at": span.map(|(first, _)| first),
            "last_at": span.map(|(_, last)| last),
            "top_hashtags": top.iter().map(|row| json!([row.tag, row.count])).collect::<Value>(),
            "tickers": tickers.into_iter().map(|ticker| (ticker.symbol.clone(), of_ticker(&ticker))).collect::<Map<_, _>>(),
        })
    }
}

impl Player {
    fn panels_of(&mut self, ticker: &str) -> Value {
        self.engine.refresh();
        self.engine.watch(Watch {
            ticker: Some(ticker.to_owned()),
            range: RangeChoice::All,
            wanted: Wanted::ALL,
            ..Watch::default()
        });
        let frame = self.engine.frame(self.engine.now().unwrap_or_default());
        json!({ "lag": frame.lag, "months": frame.panels.months })
    }
}

fn of_ticker(ticker: &TickerSummary) -> Value {
    json!({
        "posts": ticker.n_posts,
        "mean_compound": ticker.mean_compound,
        "bars": ticker.n_bars,
        "last_close": ticker.last_close,
    })
}

/// As Linux tells it: the most that was resident.
fn peak_memory() -> Option<String> {
    let mut status = String::new();
    File::open("/proc/self/status")
        .ok()?
        .read_to_string(&mut status)
        .ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
