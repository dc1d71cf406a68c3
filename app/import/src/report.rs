//! What became of a file: counts, refused rows by reason with samples, and how good the data is.

use std::collections::BTreeMap;

use analysis::{
    series::{
        Spans,
        quality::{Intake, Quality, assess},
    },
    view::Range,
};
use chunks::Withdrawn;
use wire::{Body, Event, Identity, Millis, formats::FormatError};

/// So many refused rows are kept of each reason.
const N_SAMPLES: usize = 50;
const SAMPLE_LEN: usize = 400;

/// What became of a file so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Report {
    /// Bytes of the file, packed as it is, that have been taken in.
    pub n_bytes: u64,
    /// Rows or lines with anything in them, headers left out.
    pub n_rows: u64,
    /// Events that came out.
    pub n_events: u64,
    /// Posts among them.
    pub n_posts: u64,
    /// Bars among them.
    pub n_bars: u64,
    /// Events without an author, where there should be one.
    pub n_without_author: u64,
    /// Rows with bytes that are not of the encoding; they were replaced by U+FFFD.
    pub n_repaired: u64,
    /// Least and greatest grid time.
    pub span: Option<(Millis, Millis)>,
    /// Rows that were refused, by reason.
    pub refused: BTreeMap<String, Refused>,
    /// Posts of a recording without a text that came out and were not asked for yet, by identity.
    pub withdrawn: BTreeMap<u64, Withdrawn>,
}

/// Rows that were refused for one reason.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Refused {
    /// The reason, in words.
    pub why: String,
    /// How many.
    pub n: u64,
    /// The first of them.
    pub samples: Vec<Sample>,
}

/// One refused row.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sample {
    /// Number of the row, from 1, the header included.
    pub row: u64,
    /// What stands there, cut.
    pub text: String,
}

impl Report {
    /// Rows that were refused.
    pub fn n_refused(&self) -> u64 {
        self.refused.values().map(|refused| refused.n).sum()
    }

    /// Whether the data can be trusted. `n_known` of the events were stored before.
    pub fn quality(&self, n_known: u64) -> Quality {
        let kept = self.n_events.saturating_sub(n_known);
        // What was stored before is there: only a file without anything is an empty table.
        let (kept, duplicates) = match kept {
            0 => (self.n_events, 0),
            kept => (kept, n_known.min(self.n_events)),
        };
        let intake = Intake {
            received: self.n_events + self.n_refused(),
            dropped: self.n_refused(),
            duplicates,
            kept,
            null_keys: self.n_without_author.min(kept),
            ..Intake::default()
        };
        let (from, to) = self.span.unwrap_or_default();
        let range = Range {
            from,
            to: to.saturating_add(1),
        };
        assess(&intake, &Spans::new([range]), range)
    }

    /// The refused rows as a table: reason, row, text.
    pub fn refused_csv(&self) -> String {
        let mut out = String::from("reason,row,text\n");
        for (reason, refused) in &self.refused {
            for sample in &refused.samples {
                let text = sample.text.replace('"', "\"\"");
                out.push_str(&format!("{reason},{},\"{text}\"\n", sample.row));
            }
        }
        out
    }

    pub(crate) fn take(&mut self, event: &Event) {
        self.n_events += 1;
        match &event.body {
            Body::Post(post) => {
                self.n_posts += 1;
                self.n_without_author += u64::from(post.author.is_empty());
            }
            Body::Bar(_) => self.n_bars += 1,
            _ => {}
        }
        debug_assert!(Identity::of(event).is_some(), "files hold no notices");
        let (first, last) = self.span.unwrap_or((event.at, event.at));
        self.span = Some((first.min(event.at), last.max(event.at)));
    }

    pub(crate) fn refuse(&mut self, error: FormatError, row: u64, text: &str) {
        self.refuse_as(error.reason(), &error.to_string(), row, text);
    }

    pub(crate) fn refuse_as(&mut self, reason: &str, why: &str, row: u64, text: &str) {
        if !self.refused.contains_key(reason) {
            let refused = Refused {
                why: why.to_owned(),
                ..Refused::default()
            };
            self.refused.insert(reason.to_owned(), refused);
        }
        if let Some(refused) = self.refused.get_mut(reason) {
            refused.n += 1;
            if refused.samples.len() < N_SAMPLES {
                let text = text.chars().take(SAMPLE_LEN).collect();
                refused.samples.push(Sample { row, text });
            }
        }
    }
}
