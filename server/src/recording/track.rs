//! One file of a recording as a sequence of items.

use std::path::PathBuf;

use wire::{
    Body, Event, Millis,
    author::AuthorKey,
    formats::{self, Format, FormatError, price_csv::PriceTable},
};

use super::{
    Item,
    lines::{Extent, Lines},
};

/// A row that is no bar, by its line number.
pub(super) type Refused = (u64, FormatError);

/// One file of a recording: a sequence of items, each with the time by which it is merged.
pub(super) struct Track {
    file_idx: usize,
    state: State,
    /// `seen_at` of the last event; a line that has none of its own is put there.
    seen_at: Millis,
}

/// A table of prices that has been read.
pub(super) struct Table {
    pub(super) prices: PriceTable,
    pub(super) refused: Vec<Refused>,
}

enum State {
    /// Not opened before its time has come.
    Waiting {
        path: PathBuf,
        format: Format,
    },
    Lines {
        lines: Box<Lines>,
        format: Format,
    },
    Table {
        table: Box<Table>,
        n_refused: usize,
        n_bars: usize,
    },
    Ended,
}

impl Track {
    pub(super) fn of_lines(
        file_idx: usize,
        path: PathBuf,
        format: Format,
        first_seen_at: Millis,
    ) -> Self {
        Self {
            file_idx,
            state: State::Waiting { path, format },
            seen_at: first_seen_at,
        }
    }

    pub(super) fn of_table(file_idx: usize, table: Table) -> Self {
        let first_bar = table.prices.bar(0).map(|(_, bar)| bar.close_at());
        // Refused rows come first, at the time of the first good one.
        let state = State::Table {
            table: Box::new(table),
            n_refused: 0,
            n_bars: 0,
        };
        Self {
            file_idx,
            state,
            seen_at: first_bar.unwrap_or(Millis::MIN),
        }
    }

    pub(super) fn file_idx(&self) -> usize {
        self.file_idx
    }

    /// Whether lines are decoded as they are read, which is the work worth sharing.
    pub(super) fn has_lines(&self) -> bool {
        matches!(self.state, State::Waiting { .. } | State::Lines { .. })
    }

    /// When the next item is due, as far as it is known without reading.
    pub(super) fn due_at(&self) -> Millis {
        self.seen_at
    }

    /// The next item with the time by which it is merged; `None` at the end.
    pub(super) fn next(&mut self, key: &AuthorKey) -> Option<(Millis, Item)> {
        if let State::Waiting { path, format } = &self.state {
            match Lines::open(path, Extent::Whole) {
                Ok(lines) => {
                    self.state = State::Lines {
                        lines: Box::new(lines),
                        format: *format,
                    }
                }
                Err(_) => {
                    self.state = State::Ended;
                    return Some(self.item(1, Err(FormatError::Unreadable)));
                }
            }
        }
        let next = match &mut self.state {
            State::Lines { lines, format } => next_line(lines, *format, key),
            State::Table {
                table,
                n_refused,
                n_bars,
            } => next_row(table, n_refused, n_bars),
            State::Waiting { .. } | State::Ended => None,
        };
        match next {
            Some((line_no, event)) => Some(self.item(line_no, event)),
            None => {
                self.state = State::Ended;
                None
            }
        }
    }

    fn item(&mut self, line_no: u64, mut event: Result<Event, FormatError>) -> (Millis, Item) {
        if let Ok(event) = &mut event {
            // A notice of deletion may say no time of its own; it is no earlier than what it follows.
            if event.imported && matches!(event.body, Body::Delete(_)) && event.at < self.seen_at {
                (event.at, event.seen_at) = (self.seen_at, self.seen_at);
            }
            self.seen_at = event.seen_at;
        }
        let item = Item {
            event: event.map_err(FormatError::reason),
            file_idx: self.file_idx,
            line_no,
        };
        (self.seen_at, item)
    }
}

/// The next line that is not blank: streams keep themselves alive with blank ones.
fn next_line(
    lines: &mut Lines,
    format: Format,
    key: &AuthorKey,
) -> Option<(u64, Result<Event, FormatError>)> {
    loop {
        let event = match lines.next_line()? {
            Ok(line) if line.trim_ascii().is_empty() => continue,
            Ok(line) => formats::decode_line(format, line, key),
            Err(error) => Err(error),
        };
        return Some((lines.line_no(), event));
    }
}

fn next_row(
    table: &Table,
    n_refused: &mut usize,
    n_bars: &mut usize,
) -> Option<(u64, Result<Event, FormatError>)> {
    if let Some((line_no, error)) = table.refused.get(*n_refused) {
        *n_refused += 1;
        return Some((*line_no, Err(*error)));
    }
    let (line_no, bar) = table.prices.bar(*n_bars)?;
    *n_bars += 1;
    Some((line_no, Ok(Event::imported(bar.close_at(), Body::Bar(bar)))))
}
