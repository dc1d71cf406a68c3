//! Scores texts: one text a line in, `neg<TAB>neu<TAB>pos<TAB>compound` a line out.
//!
//! ```text
//! sentiment [--method vader] [FILE…]
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files and its arguments"
)]

#[path = "common/lines.rs"]
mod lines;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use analysis::text::sentiment::Vader;
use anyhow::{Result, bail};

fn main() -> ExitCode {
    lines::finish(run())
}

fn run() -> Result<()> {
    let paths = paths_from(std::env::args().skip(1))?;
    let vader = Vader::new();
    let mut output = BufWriter::new(io::stdout().lock());
    lines::for_each_text(&paths, |text| {
        let sentiment = vader.score(text);
        let (neg, neu, pos) = (sentiment.neg, sentiment.neu, sentiment.pos);
        writeln!(
            output,
            "{neg:.3}\t{neu:.3}\t{pos:.3}\t{:.4}",
            sentiment.compound.value()
        )?;
        Ok(())
    })?;
    output.flush()?;
    Ok(())
}

/// The arguments that are files.
fn paths_from(mut arguments: impl Iterator<Item = String>) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--method" => match arguments.next().as_deref() {
                Some("vader") => {}
                Some(other) => bail!("unknown method {other:?}: there is \"vader\""),
                None => bail!("--method needs a name: there is \"vader\""),
            },
            option if option.starts_with("--") => bail!("unknown option {option:?}"),
            _ => paths.push(argument),
        }
    }
    Ok(paths)
}
