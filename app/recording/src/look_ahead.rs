//! The look-ahead alarm: the future is taken away and everything is computed again.
//!
//! ```text
//!  pass 1   what was known at T, as it came        ──► results at T          A
//!  pass 2   … and then everything later            ──► results for up to T   B     causal: B = A
//!  pass 3   what was known at T, in another order  ──► results               C     batch:  C = A
//! ```
//!
//! What belongs before T and came after it would rightly change the past, as do withdrawals. Both are left out of
//! pass 2 and counted, so that whatever then differs looks ahead. What is spam follows the log's order and is not
//! compared in another one.

use analysis::{
    Engine,
    anomalies::streaming::Stream,
    series::{Series, as_of::look_ahead, bucket::FIVE_MINUTES, returns::Transform},
    view::Range,
};
use chunks::Record;
use wire::{Body, Millis};

use crate::{
    Basis,
    outputs::{self, Question},
    session::apply,
    table::{Cell, Column, Table},
    verify::{Finding, Outcome, finding},
};

/// A check that is under way.
pub struct LookAhead {
    basis: Basis,
    range: Range,
    tickers: Vec<String>,
    engine: Engine,
    again: Engine,
    known: Vec<Table>,
    n_known: u64,
    n_later: u64,
    n_revisions: u64,
}

impl LookAhead {
    /// A check of a session, whose stretch is cut at the beginning of the five minutes of `cut`.
    pub fn new(basis: Basis, tickers: Vec<String>, range: Range, cut: Millis) -> Self {
        let (engine, again) = (basis.engine(), basis.engine());
        let to = cut.clamp(range.from, range.to.max(range.from));
        let to = to.div_euclid(FIVE_MINUTES) * FIVE_MINUTES;
        Self {
            basis,
            range: Range {
                from: range.from,
                to,
            },
            tickers,
            engine,
            again,
            known: Vec::new(),
            n_known: 0,
            n_later: 0,
            n_revisions: 0,
        }
    }

    /// Pass 1: what was known at the cut.
    pub fn know(&mut self, records: &[Record]) {
        let cut = self.range.to;
        for record in records.iter().filter(|record| is_known(record, cut)) {
            self.n_known += 1;
            apply(&mut self.engine, record);
        }
        self.engine.judge(usize::MAX);
    }

    /// Pass 1 is through.
    pub fn cut(&mut self) {
        self.known = results(&self.basis, &self.tickers, self.range, &mut self.engine);
    }

    /// Pass 2: everything that came later.
    pub fn go_on(&mut self, records: &[Record]) {
        let cut = self.range.to;
        for record in records.iter().filter(|record| !is_known(record, cut)) {
            let is_revision = match &record.event.body {
                // Who withdraws a post takes its author from the past.
                Body::Delete(_) => true,
                Body::Status(_) => false,
                _ => record.event.at < self.range.to,
            };
            if is_revision {
                self.n_revisions += 1;
            } else {
                self.n_later += 1;
                apply(&mut self.engine, record);
            }
        }
        self.engine.judge(usize::MAX);
    }

    /// Pass 3: what was known, once more, each batch from its end where nothing depends on the order.
    pub fn again(&mut self, records: &[Record]) {
        let cut = self.range.to;
        let mut known: Vec<&Record> = records
            .iter()
            .filter(|record| is_known(record, cut))
            .collect();
        if self.basis.watch.sampling.is_everything() {
            known.reverse();
        }
        for record in known {
            apply(&mut self.again, record);
        }
        self.again.judge(usize::MAX);
    }

    /// What was found.
    pub fn finish(mut self) -> Vec<Finding> {
        let mut findings = vec![finding(
            match self.n_known {
                0 => Outcome::Unknown,
                _ => Outcome::Pass,
            },
            &format!(
                "{} events were known at the cut; {} that came later were taken away and put back; {} that came after it and would rightly change the past (late posts, withdrawals) are left out.",
                self.n_known, self.n_later, self.n_revisions
            ),
        )];
        let results_of = |engine| results(&self.basis, &self.tickers, self.range, engine);
        let later = results_of(&mut self.engine);
        let batch = results_of(&mut self.again);
        let known = std::mem::take(&mut self.known);
        for (before, after) in known.iter().zip(&later) {
            findings.push(compare(before, after, Against::Later(self.range.to)));
        }
        for (before, after) in known.iter().zip(&batch) {
            findings.push(compare(before, after, Against::Batch));
        }
        if let Some(buckets) = known.iter().find(|table| table.name == "buckets") {
            causal(buckets, &mut findings);
        }
        findings
    }
}

fn is_known(record: &Record, cut: Millis) -> bool {
    record.event.seen_at <= cut
}

fn results(basis: &Basis, tickers: &[String], range: Range, engine: &mut Engine) -> Vec<Table> {
    let question = Question {
        watch: &basis.watch,
        tickers,
        range,
        now: range.to,
    };
    outputs::all(engine, &basis.config, &question)
}

/// What results at the cut are compared with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Against {
    /// The same engine once it knows what came after this time.
    Later(Millis),
    /// Another one that was given the same events in another order.
    Batch,
}

fn compare(before: &Table, after: &Table, against: Against) -> Finding {
    if before.rows.len() != after.rows.len() {
        let (n, other) = (before.rows.len(), after.rows.len());
        let what = format!(
            "{}: looks ahead. {n} rows at the cut, {other} afterwards.",
            before.name
        );
        return finding(Outcome::Fail, &what);
    }
    let mut n_values = 0u64;
    for (idx, (row, other)) in before.rows.iter().zip(&after.rows).enumerate() {
        if !is_closed(before, row, against) {
            continue;
        }
        for ((column, cell), now) in before.columns.iter().zip(row).zip(other) {
            if !is_comparable(before, column, cell, now, against) {
                continue;
            }
            n_values += 1;
            if cell != now {
                let what = format!(
                    "{}: looks ahead. Row {}, {}: {} at the cut, {} afterwards.",
                    before.name,
                    idx + 1,
                    column.name,
                    cell.shown(),
                    now.shown()
                );
                return finding(Outcome::Fail, &what);
            }
        }
    }
    let what = match against {
        Against::Later(_) => "unchanged by what came after",
        Against::Batch => "the same from another engine and in another order",
    };
    finding(
        Outcome::Pass,
        &format!("{}: {n_values} values {what}.", before.name),
    )
}

/// A bucket that the cut goes through fills up afterwards.
fn is_closed(table: &Table, row: &[Cell], against: Against) -> bool {
    match (against, row) {
        (Against::Later(cut), [_, Cell::Integer(start), Cell::Integer(width), ..])
            if table.name == "buckets" =>
        {
            start.saturating_add(*width) <= cut
        }
        _ => true,
    }
}

fn is_comparable(
    table: &Table,
    column: &Column,
    cell: &Cell,
    now: &Cell,
    against: Against,
) -> bool {
    match against {
        // Where nothing had been heard yet it is known only later whether anybody listened.
        Against::Later(_) => {
            table.name != "buckets" || *cell != Cell::None || !matches!(now, Cell::Integer(0))
        }
        Against::Batch => column.name != "spam",
    }
}

/// Calculations that claim to be causal, on the true series, cut off at many places.
fn causal(buckets: &Table, findings: &mut Vec<Finding>) {
    let first = buckets.rows.first().and_then(|row| row.first()).cloned();
    let rows = || {
        buckets
            .rows
            .iter()
            .filter(|row| row.first() == first.as_ref())
    };
    let series = |place: usize| {
        Series::with_gaps(rows().map(|row| match row.get(place) {
            Some(Cell::Integer(n)) => Some(*n as f64),
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        }))
    };
    let (posts, means) = (series(3), series(4));
    let step = (posts.len() / 24).max(1);
    let cuts = || (0..=posts.len()).step_by(step);
    let stream = |series: &Series| {
        let mut stream = Stream::new(288);
        Series::with_gaps(
            series
                .values()
                .iter()
                .map(|value| Some(stream.push(*value)?.score)),
        )
    };
    let changes = |series: &Series| {
        let changed = Transform::Diff.apply(series);
        changed.unwrap_or_else(|_| series.clone())
    };
    for (name, found) in [
        ("The streaming detector", look_ahead(&posts, cuts(), stream)),
        (
            "Changes of the mean compound",
            look_ahead(&means, cuts(), changes),
        ),
    ] {
        findings.push(match found {
            None => finding(
                Outcome::Pass,
                &format!(
                    "{name}: the same at each of {} further cuts of {} buckets.",
                    cuts().count(),
                    posts.len()
                ),
            ),
            Some(found) => finding(
                Outcome::Fail,
                &format!(
                    "{name}: looks ahead. Cut at {}, bucket {} changes.",
                    found.cut, found.place
                ),
            ),
        });
    }
}

#[cfg(test)]
mod tests {
    use wire::{Event, Post};

    use super::*;
    use crate::table::{Kind, column};

    const COLUMNS: &[Column] = &[
        column("ticker", Kind::Text, "", ""),
        column("start", Kind::Time, "", ""),
        column("width", Kind::Integer, "", ""),
        column("posts", Kind::Integer, "", ""),
    ];

    fn buckets(rows: &[(i64, Option<u32>)]) -> Table {
        let row = |(start, n): &(i64, Option<u32>)| {
            vec!["A".into(), (*start).into(), 10u32.into(), (*n).into()]
        };
        Table {
            rows: rows.iter().map(row).collect(),
            ..Table::new("buckets", COLUMNS)
        }
    }

    #[test]
    fn what_changed_afterwards_raises_the_alarm() {
        let before = buckets(&[(0, Some(3)), (10, Some(4)), (20, None)]);
        let outcome = |after: &[(i64, Option<u32>)], cut| {
            compare(&before, &buckets(after), Against::Later(cut)).outcome
        };

        let filled_up = [(0, Some(3)), (10, Some(9)), (20, Some(0))];
        assert_eq!(
            outcome(&filled_up, 15),
            Outcome::Pass,
            "the cut goes through"
        );
        assert_eq!(outcome(&filled_up, 30), Outcome::Fail);
        let made_up = [(0, Some(3)), (10, Some(4)), (20, Some(2))];
        assert_eq!(outcome(&made_up, 30), Outcome::Fail);
        assert_eq!(outcome(&filled_up[..2], 30), Outcome::Fail);
    }

    #[test]
    fn a_post_that_came_late_is_counted_and_left_out() {
        let post = |id: u32, at: i64, seen_at: i64| {
            let post = Post {
                id: id.to_string(),
                source: "made".into(),
                author: "aa".into(),
                text: "I love it".into(),
                ..Post::default()
            };
            let event = Event {
                seen_at,
                ..Event::imported(at, Body::Post(Box::new(post)))
            };
            Record::from(event)
        };
        let minutes = |n: i64| n * 60_000;
        let records = [
            post(1, minutes(1), minutes(1)),
            post(2, minutes(8), minutes(8)),
            post(3, minutes(2), minutes(12)),
            post(4, minutes(13), minutes(13)),
        ];
        let range = Range {
            from: 0,
            to: minutes(15),
        };
        let mut check = LookAhead::new(Basis::default(), Vec::new(), range, minutes(10));

        check.know(&records);
        check.cut();
        check.go_on(&records);
        check.again(&records);
        let findings = check.finish();

        let told = findings.first().map(|finding| finding.what.as_str());
        assert!(told.is_some_and(|told| {
            told.starts_with("2 events were known at the cut; 1 that came later")
        }));
        assert!(
            findings
                .iter()
                .all(|finding| finding.outcome != Outcome::Fail),
            "{findings:?}"
        );
    }
}
