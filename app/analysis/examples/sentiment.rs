//! Scores texts: one text a line in, a line each out.
//!
//! ```text
//! sentiment [--method vader|finance|words] [--words FILE] [--explain] [--limits customary|strict] [FILE…]
//! ```
//!
//! `vader` (the default, scores of vaderSentiment 3.3.2) and `finance` print `neg<TAB>neu<TAB>pos<TAB>compound`;
//! `words` needs a word list and prints how many words are negative, other and positive, and positive −
//! negative. `--lexicon` is another name of `--words`. `--limits` adds a column: `positive`, `neutral` or
//! `negative`. `--explain` adds a line for each word that counts: a tab, where it stands in bytes
//! (`start..end`), the word, its strength, what it is worth here, and what changed it, such as
//! `negation(0..5) 1.9 -> -1.406`; and one for `!` and `?` where they count.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
mod lines;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use analysis::text::sentiment::{Counted, Limits, Scratch, Sentiment, Vader};
use analysis::text::word_list::WordList;
use analysis::view::Class;
use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let scorer = match (options.method, &options.words) {
        (Method::Vader, None) => Scorer::Rules(Vader::new()),
        (Method::Finance, None) => Scorer::Rules(Vader::finance()),
        (Method::Words, Some(path)) => {
            let file = std::fs::read(path).with_context(|| path.clone())?;
            Scorer::Words(WordList::parse(&file).with_context(|| path.clone())?)
        }
        (Method::Words, None) => bail!("--method words needs --words FILE"),
        (_, Some(_)) => bail!("--words is for --method words"),
    };
    let mut output = BufWriter::new(io::stdout().lock());
    let mut scratch = Scratch::default();
    lines::for_each_text(&options.paths, |text| {
        match &scorer {
            Scorer::Rules(vader) if options.explains => explain(vader, text, &options, &mut output),
            Scorer::Rules(vader) => {
                write_sentiment(&vader.score_with(&mut scratch, text), &options, &mut output)
            }
            Scorer::Words(list) => write_words(list, text, &options, &mut output),
        }?;
        Ok(())
    })?;
    output.flush()?;
    Ok(())
}

enum Scorer {
    Rules(Vader),
    Words(WordList),
}

fn write_sentiment(
    sentiment: &Sentiment,
    options: &Options,
    output: &mut impl Write,
) -> io::Result<()> {
    let (neg, neu, pos) = (sentiment.neg, sentiment.neu, sentiment.pos);
    let compound = sentiment.compound;
    write!(
        output,
        "{neg:.3}\t{neu:.3}\t{pos:.3}\t{:.4}",
        compound.value()
    )?;
    end_line(
        options.limits.map(|limits| compound.class_by(limits)),
        output,
    )
}

fn end_line(class: Option<Class>, output: &mut impl Write) -> io::Result<()> {
    match class {
        None => writeln!(output),
        Some(Class::Positive) => writeln!(output, "\tpositive"),
        Some(Class::Neutral) => writeln!(output, "\tneutral"),
        Some(Class::Negative) => writeln!(output, "\tnegative"),
    }
}

fn explain(
    vader: &Vader,
    text: &str,
    options: &Options,
    output: &mut impl Write,
) -> io::Result<()> {
    let explanation = vader.explain(text);
    write_sentiment(&explanation.sentiment, options, output)?;
    for word in &explanation.words {
        write_counted(word, text, output)?;
    }
    if explanation.emphasis > 0.0 {
        writeln!(output, "\tmarks\t{:.3}", explanation.emphasis)?;
    }
    Ok(())
}

fn write_counted(word: &Counted, text: &str, output: &mut impl Write) -> io::Result<()> {
    let spelling = text[word.span.clone()].escape_debug();
    let (strength, valence) = (word.strength, word.valence);
    write!(
        output,
        "\t{:?}\t{spelling}\t{strength}\t{valence:.4}",
        word.span
    )?;
    for change in &word.changes {
        let rule = format!("{:?}", change.rule).to_lowercase();
        let (by, before, after) = (&change.by, change.before, change.after);
        write!(output, "\t{rule}({by:?}) {before:.4} -> {after:.4}")?;
    }
    writeln!(output)
}

fn write_words(
    list: &WordList,
    text: &str,
    options: &Options,
    output: &mut impl Write,
) -> io::Result<()> {
    let score = list.score(text);
    let (negative, other, positive) = (score.n_negative, score.n_other, score.n_positive);
    write!(
        output,
        "{negative}\t{other}\t{positive}\t{}",
        score.difference()
    )?;
    end_line(options.limits.map(|_| score.class()), output)?;
    if options.explains {
        for word in list.explain(text) {
            write_counted(&word, text, output)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Method {
    Vader,
    Finance,
    Words,
}

struct Options {
    method: Method,
    words: Option<String>,
    limits: Option<Limits>,
    explains: bool,
    paths: Vec<String>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            method: Method::Vader,
            words: None,
            limits: None,
            explains: false,
            paths: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--method" => {
                    options.method = match arguments.next().as_deref() {
                        Some("vader") => Method::Vader,
                        Some("finance") => Method::Finance,
                        Some("words") => Method::Words,
                        other => bail!("--method is vader, finance or words, not {other:?}"),
                    }
                }
                "--words" | "--lexicon" => {
                    let path = arguments.next();
                    options.words = Some(path.with_context(|| format!("{argument} needs a file"))?);
                }
                "--limits" => {
                    options.limits = match arguments.next().as_deref() {
                        Some("customary") => Some(Limits::Customary),
                        Some("strict") => Some(Limits::Strict),
                        other => bail!("--limits is customary or strict, not {other:?}"),
                    }
                }
                "--explain" => options.explains = true,
                option if option.starts_with("--") => bail!("unknown option {option:?}"),
                _ => options.paths.push(argument),
            }
        }
        Ok(options)
    }
}
