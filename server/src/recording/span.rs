//! From when to when a recording goes, without decoding all of it.

use wire::{
    Body, Millis,
    author::AuthorKey,
    formats::{self, Format, calendar},
};

use super::{
    files::{self, File},
    lines::{Extent, Lines},
};

/// What is asked about.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Of {
    Everything,
    /// Everything but bars.
    Posts,
}

/// Earliest and latest `seen_at` in the files.
pub(super) fn of(files: &[File], of: Of) -> Option<(Millis, Millis)> {
    let mut span: Option<(Millis, Millis)> = None;
    let mut add = |at: Millis| {
        let (first, last) = span.unwrap_or((at, at));
        span = Some((first.min(at), last.max(at)));
    };
    for file in files {
        match (file.format, of) {
            (Format::PriceCsv, Of::Posts) => {}
            (Format::PriceCsv, Of::Everything) => add_bars(file, &mut add),
            (Format::Moodtape | Format::TwitterV1, of) => add_lines(file, of, &mut add),
        }
    }
    span
}

fn add_bars(file: &File, add: &mut impl FnMut(Millis)) {
    if let Ok(table) = files::read_table(&file.path) {
        table.prices.bars().for_each(|(_, bar)| add(bar.close_at()));
    }
}

fn add_lines(file: &File, of: Of, add: &mut impl FnMut(Millis)) {
    let Ok(mut lines) = Lines::open(&file.path, Extent::Whole) else {
        return;
    };
    let key = AuthorKey([0; 16]);
    while let Some(line) = lines.next_line() {
        let Ok(line) = line else { continue };
        if let Some(at) = quick_seen_at(file.format, of, line) {
            add(at);
        } else if let Ok(event) = formats::decode_line(file.format, line, &key)
            && (of == Of::Everything || !matches!(event.body, Body::Bar(_)))
        {
            add(event.seen_at);
        }
    }
}

/// The time at the very beginning of a line, where programs put it; `None` when the line has to be decoded.
fn quick_seen_at(format: Format, of: Of, line: &str) -> Option<Millis> {
    match format {
        Format::TwitterV1 => {
            calendar::parse_twitter(line.strip_prefix(r#"{"created_at":""#)?.get(..30)?)
        }
        Format::Moodtape if of == Of::Everything => {
            let (_, rest) = line
                .strip_prefix(r#"{"v":1,"seq":"#)?
                .split_once(r#","seen_at":"#)?;
            rest.split_once(',')?.0.parse().ok()
        }
        Format::Moodtape | Format::PriceCsv => None,
    }
}
