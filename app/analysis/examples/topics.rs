//! Finds topics: one document a line in; `document<TAB>topic` lines, an empty line, then a JSON line a topic out.
//!
//! ```text
//! topics --method lda|short [--k N] [--seed N] [--iterations N] [--raw] [--coherence] [FILE…]
//! ```
//!
//! A document's terms are what the cleaning leaves of it, or with `--raw` what stands between white space.
//! Documents and topics count from 0, the topic with the greatest weight first; a document without terms has
//! topic −1. A topic's line holds `{"topic","weight","terms":[["term",p],…20]}`: its share of the documents
//! (with `lda`: of their words), and the likeliest of the terms that it has.
//!
//! `--k` is how many topics there may be; without it, `short` keeps as many as have documents in the end, and
//! `lda` the number of 2…10 whose topics are most coherent. `--seed` is 1 by default, `--iterations` 30 with
//! `short` and 200 with `lda`. With `--coherence` a last line on standard error says how coherent the topics
//! are.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
mod lines;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use analysis::topics::{Cleaning, Corpus, Fit, Method, Number, Settings};
use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

/// Terms that are shown of a topic.
const N_TERMS: usize = 20;

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let options = Options::from_arguments(std::env::args().skip(1))?;
    let mut corpus = Corpus::default();
    let cleaning = Cleaning::default();
    let mut terms: Vec<String> = Vec::new();
    lines::for_each_text(&options.paths, |text| {
        match options.words {
            Words::AsTheyStand => corpus.push(text.split_whitespace()),
            Words::Cleaned => {
                terms.clear();
                cleaning.for_each_term(text, |term| terms.push(term.to_owned()));
                corpus.push(terms.iter().map(String::as_str));
            }
        }
        Ok(())
    })?;
    let mut fit = Fit::new(corpus, options.settings);
    while !fit.step(usize::MAX).is_done() {}
    write(&fit, BufWriter::new(io::stdout().lock()))?;
    if options.says_coherence {
        let coherence = fit.coherence();
        eprintln!(
            "{} topics, coherence {coherence:?} (NPMI of the ten likeliest terms, {} documents)",
            fit.n_topics(),
            fit.corpus().n_documents()
        );
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    topic: usize,
    weight: f64,
    terms: &'a [(String, f64)],
}

fn write(fit: &Fit, mut output: impl Write) -> Result<()> {
    for document in 0..fit.corpus().n_documents() {
        match fit.topic_of(document) {
            Some(topic) => writeln!(output, "{document}\t{topic}")?,
            None => writeln!(output, "{document}\t-1")?,
        }
    }
    writeln!(output)?;
    for (topic, found) in fit.topics(N_TERMS).iter().enumerate() {
        let line = Line {
            topic,
            weight: found.weight,
            terms: &found.terms,
        };
        serde_json::to_writer(&mut output, &line).map_err(io::Error::from)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(())
}

struct Options {
    settings: Settings,
    words: Words,
    says_coherence: bool,
    paths: Vec<String>,
}

enum Words {
    Cleaned,
    AsTheyStand,
}

impl Options {
    fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut method = None;
        let mut options = Self {
            settings: Settings {
                seed: 1,
                ..Settings::default()
            },
            words: Words::Cleaned,
            says_coherence: false,
            paths: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--raw" => options.words = Words::AsTheyStand,
                "--coherence" => options.says_coherence = true,
                "--method" => {
                    method = match value(&argument, &mut arguments)?.as_str() {
                        "lda" => Some(Method::Lda),
                        "short" => Some(Method::ShortText),
                        other => bail!("--method {other:?}: there are \"lda\" and \"short\""),
                    }
                }
                "--k" => {
                    let k = number(&argument, &mut arguments)?;
                    ensure!(
                        (1..=10_000).contains(&k),
                        "--k {k}: 1 to 10000 are possible"
                    );
                    options.settings.number = Number::Exactly(k as usize);
                }
                "--seed" => options.settings.seed = number(&argument, &mut arguments)?,
                "--iterations" => {
                    let n = number(&argument, &mut arguments)?;
                    ensure!(n > 0, "--iterations 0: at least one is needed");
                    options.settings.sweeps = Some(n as usize);
                }
                other if other.starts_with("--") => bail!("unknown option {other:?}"),
                _ => options.paths.push(argument),
            }
        }
        options.settings.method = method.context("--method lda or --method short is needed")?;
        Ok(options)
    }
}

fn value(option: &str, arguments: &mut impl Iterator<Item = String>) -> Result<String> {
    arguments
        .next()
        .with_context(|| format!("{option} needs a value"))
}

fn number(option: &str, arguments: &mut impl Iterator<Item = String>) -> Result<u64> {
    let value = value(option, arguments)?;
    value
        .parse()
        .with_context(|| format!("{option} {value:?} is no whole number"))
}
