//! Judges posts: JSON lines `{"id","author","text","at"}` in time order (milliseconds) in, a line each out:
//! `id<TAB>spam|ham<TAB>reason<TAB>score`.
//!
//! ```text
//! spam [FILE…]
//! ```
//!
//! A verdict knows only what came before it. The reason is one of `duplicate rate cashtags piggyback
//! phrase links`, or `-`; the score lies in 0…1, higher = more likely spam. `author` may be absent or
//! empty (unknown). Ids and authors are strings or numbers.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
#[allow(dead_code, reason = "only the end of a program is wanted from it")]
mod lines;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use analysis::spam::{Limits, Memory, Reason, Spam};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use wire::{Millis, Post, tag};

#[derive(Deserialize)]
struct Line {
    id: Name,
    #[serde(default)]
    author: Name,
    text: String,
    at: Millis,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(serde_json::Number),
    Nothing(()),
}

impl Default for Name {
    fn default() -> Self {
        Self::Nothing(())
    }
}

impl Name {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Nothing(()) => String::new(),
        }
    }
}

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if let Some(option) = paths.iter().find(|path| path.starts_with("--")) {
        bail!("unknown option {option:?}: there are none");
    }
    let mut judge = Judge::new(BufWriter::new(io::stdout().lock()));
    if paths.is_empty() {
        judge.read("standard input", io::stdin().lock())?;
    }
    for path in &paths {
        let file = File::open(path).with_context(|| path.clone())?;
        judge.read(path, BufReader::new(file))?;
    }
    judge.output.flush()?;
    Ok(())
}

struct Judge<W> {
    spam: Spam,
    /// Authors by order of appearance, so that no two share a number.
    authors: HashMap<String, u64>,
    n_posts: u64,
    last_at: Millis,
    output: W,
}

impl<W: Write> Judge<W> {
    fn new(output: W) -> Self {
        Self {
            spam: Spam::new(Limits::default(), Memory::default()),
            authors: HashMap::new(),
            n_posts: 0,
            last_at: Millis::MIN,
            output,
        }
    }

    fn read(&mut self, name: &str, input: impl BufRead) -> Result<()> {
        for (idx, line) in input.lines().enumerate() {
            let place = || format!("{name}, line {}", idx + 1);
            let line = line.with_context(place)?;
            if !line.trim().is_empty() {
                self.judge(&line).with_context(place)?;
            }
        }
        Ok(())
    }

    fn judge(&mut self, line: &str) -> Result<()> {
        let line: Line = serde_json::from_str(line)?;
        if line.at < self.last_at {
            bail!(
                "time {} comes after {}, but the input must be in time order",
                line.at,
                self.last_at
            );
        }
        self.last_at = line.at;
        self.n_posts += 1;
        let author = self.number_of(line.author.into_text());
        let post = Post {
            cashtags: tag::cashtags(&line.text)
                .map(|tag| tag.text.to_uppercase())
                .collect(),
            text: line.text,
            ..Post::default()
        };
        let verdict = self.spam.observe(self.n_posts, line.at, author, &post);
        let class = if verdict.is_spam() { "spam" } else { "ham" };
        let reason = verdict.reason().map_or("-", name_of);
        let id = line.id.into_text();
        writeln!(
            self.output,
            "{id}\t{class}\t{reason}\t{:.6}",
            verdict.score(&post.text)
        )?;
        Ok(())
    }

    fn number_of(&mut self, author: String) -> u64 {
        if author.is_empty() {
            return 0;
        }
        let next = self.authors.len() as u64 + 1;
        *self.authors.entry(author).or_insert(next)
    }
}

fn name_of(reason: Reason) -> &'static str {
    match reason {
        Reason::Duplicate => "duplicate",
        Reason::Rate => "rate",
        Reason::Cashtags => "cashtags",
        Reason::Piggyback => "piggyback",
        Reason::Phrase => "phrase",
        Reason::Links => "links",
    }
}
