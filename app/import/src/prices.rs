//! Tables of prices, which are read by `wire` and given out at their end.

use wire::{
    Body, Event,
    formats::price_csv::{self, MAX_PREAMBLE},
};

use crate::Report;

/// Whether a table's first lines hold the header of a price table.
pub(crate) fn is_table(head: &str) -> bool {
    let lines = head.lines().filter(|line| !line.trim().is_empty());
    lines.take(MAX_PREAMBLE + 1).any(price_csv::is_header)
}

/// Everything that the reader has taken in.
pub(crate) fn finish(reader: price_csv::Reader, report: &mut Report, out: &mut Vec<Event>) {
    let table = reader.finish();
    for (row, error) in &table.refused {
        report.refuse(*error, *row, "");
    }
    for (_, bar) in table.bars() {
        let event = Event::imported(bar.close_at(), Body::Bar(bar));
        report.take(&event);
        out.push(event);
    }
}
