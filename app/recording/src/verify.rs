//! Recomputes what a recording says, as far as it can be, and says what could not.

mod lines;

use std::collections::BTreeMap;

use analysis::{
    Applied, Engine, Standing,
    protocol::{Method, Watch},
    series::{Bucket, bucket::FIVE_MINUTES},
    view::{Counts, Range},
};
use serde::{Deserialize, Serialize};
use wire::{Body, Event, Identity, Millis, SourceState, SourceStatus, config::MAX_TOPICS};

use crate::{
    Basis,
    aggregates::{self, Subject, Sum},
    file::{Head, Seal, Stands, VERSION, lexicon, tool},
    moment::{self, Card, Explained, Row},
    outputs::{self, Above, Question},
    redact::Without,
    table::{Cell, Needs, Table},
    terms::{self, Texts},
};
use lines::{Content, Lines};

/// What came out of one check.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Whether it holds.
    pub outcome: Outcome,
    /// What, for a person.
    pub what: String,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Outcome {
    /// It was computed again, with the same result.
    Pass,
    /// The file does not hold what would be needed.
    Unknown,
    /// It does not.
    Fail,
}

/// Posts that stand in for others take room; no browser holds more.
const MAX_STAND_INS: u64 = 4_000_000;

/// Posts of all topics and tickers together; more cannot be added up.
const MAX_SUMMED: u64 = 1 << 31;
const MAX_TICKERS: usize = 1_000;

/// Takes a recording in piece by piece and computes it again.
#[derive(Default)]
pub struct Verifier {
    lines: Lines,
    head: Option<Head>,
    engine: Option<Engine>,
    /// Prices, and what else is no post.
    others: Vec<Event>,
    sums: Vec<Sum>,
    n_summed: u64,
    n_ids: u64,
    stated: BTreeMap<String, Stated>,
    posts: Posts,
    /// What the file says of itself, and what is in it.
    seal: Option<(Seal, Seal)>,
    n_broken: u64,
    n_behind_seal: u64,
    /// The moment that the file explains.
    card: Option<Card>,
}

/// A table as the file has it.
#[derive(Default)]
struct Stated {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// What became of the posts.
#[derive(Default)]
struct Posts {
    n_same: u64,
    n_different: u64,
    first_different: Option<String>,
    n_withdrawn: u64,
    n_bound: u64,
    /// Scored by a word list that is not in the file.
    n_by_own_list: u64,
}

impl Verifier {
    /// Takes the next bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(bytes, |content| self.take(content));
        self.lines = lines;
    }

    /// What the file says of itself, once that has come.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// The file has ended: everything that was found, failures included.
    pub fn finish(mut self) -> Vec<Finding> {
        let lines = std::mem::take(&mut self.lines);
        let is_whole = lines.finish(|content| self.take(content));
        let mut findings = Vec::new();
        self.check_seal(is_whole, &mut findings);
        let Some(head) = self.head.take() else {
            findings.push(fail(
                "This is no recording: its first line does not say so.",
            ));
            return findings;
        };
        if head.version > VERSION {
            let what = format!(
                "A newer program wrote it (format {}); this one knows {VERSION}.",
                head.version
            );
            findings.push(unknown(&what));
            return findings;
        }
        check_tool(&head, &mut findings);
        match head.texts {
            Texts::Aggregates => self.check_aggregates(&head, &mut findings),
            Texts::All | Texts::Allowed => self.check_events(&head, &mut findings),
        }
        findings
    }

    fn take(&mut self, content: Content) {
        if self.seal.is_some() {
            self.n_behind_seal += 1;
            return;
        }
        match content {
            Content::Head(head) => {
                let basis = Basis {
                    config: head.config.clone(),
                    watch: head.watch.clone(),
                    word_list: None,
                };
                let has_place = head.config.topics.len() <= MAX_TOPICS
                    && head.config.tickers.len() <= MAX_TICKERS
                    && head.tickers.len() <= MAX_TICKERS;
                if !has_place {
                    self.n_broken += 1;
                } else if self.head.is_none() {
                    self.engine = Some(basis.engine());
                    let explained = head.explained.map(Explained::sound);
                    self.card = explained.map(|explained| Card::new(&basis, explained));
                    self.head = Some(*head);
                }
            }
            Content::Post(event, stands) => self.take_post(&event, stands),
            Content::Event(event) => {
                if let Some(engine) = &mut self.engine {
                    engine.apply(&event);
                }
                if let Some(card) = &mut self.card {
                    card.add(&event, None);
                }
                let is_sums = self
                    .head
                    .as_ref()
                    .is_some_and(|head| head.texts == Texts::Aggregates);
                if is_sums {
                    self.others.push(*event);
                }
            }
            Content::Aside(event, stands) => {
                let is_post = matches!(event.body, Body::Post(_));
                let withheld = stands.filter(|stands| self.is_withheld(stands));
                match &mut self.card {
                    Some(card) if is_bar(&event) || is_post => {
                        card.add(&event, withheld.map(Standing::from));
                    }
                    _ => self.n_broken += 1,
                }
            }
            Content::Sums(mut sums) => {
                self.n_summed += sums.iter().map(|sum| u64::from(sum.n)).sum::<u64>();
                if self.n_summed <= MAX_SUMMED && sums.iter().all(Sum::is_possible) {
                    self.sums.append(&mut sums);
                } else {
                    self.n_broken += 1;
                }
            }
            Content::Ids(n) => self.n_ids += n,
            Content::Rows {
                table,
                columns,
                mut rows,
            } => {
                let stated = self.stated.entry(table).or_default();
                stated.columns.extend(columns);
                stated.rows.append(&mut rows);
            }
            Content::Seal(stated, found) => self.seal = Some((stated, found)),
            Content::Broken => self.n_broken += 1,
        }
    }

    /// Whether there is no text that could be scored.
    fn is_withheld(&self, stands: &Stands) -> bool {
        let is_by_own_list = |head: &Head| head.watch.scoring.method == Method::WordList;
        stands.without.is_some() || self.head.as_ref().is_some_and(is_by_own_list)
    }

    fn take_post(&mut self, event: &Event, stands: Stands) {
        let is_withheld = self.is_withheld(&stands);
        if let Some(card) = &mut self.card {
            let withheld = is_withheld.then(|| stands.clone().into());
            card.add(event, withheld);
        }
        let (Some(engine), Some(head)) = (&mut self.engine, &self.head) else {
            return;
        };
        let without = stands.without;
        let stated = Standing::from(stands);
        match without {
            Some(Without::Withdrawn) => self.posts.n_withdrawn += 1,
            Some(Without::Terms) => self.posts.n_bound += 1,
            None if head.watch.scoring.method == Method::WordList => self.posts.n_by_own_list += 1,
            None => {
                if engine.apply(event) == Applied::New {
                    let found = Identity::of(event).and_then(|post| engine.standing(post));
                    self.posts
                        .compare(event, &stated, found.map(|(_, standing)| standing));
                }
                return;
            }
        }
        engine.apply_withdrawn(event, &stated);
    }

    fn check_seal(&self, is_whole: bool, findings: &mut Vec<Finding>) {
        findings.push(match &self.seal {
            None => fail("The file has no seal: it ends too early, or is no recording."),
            Some((stated, found)) if stated != found => fail(&format!(
                "The hash does not fit: the file was changed after it was written ({} lines, SHA-256 {} stated; {} lines, {} found).",
                stated.lines, stated.sha256, found.lines, found.sha256
            )),
            Some(_) if !is_whole || self.n_behind_seal > 0 => {
                fail("Something stands behind the seal, or the packing is damaged.")
            }
            Some((seal, _)) => pass(&format!(
                "The file is whole: {} lines, SHA-256 {}.",
                seal.lines, seal.sha256
            )),
        });
        if self.n_broken > 0 {
            findings.push(fail(&format!("{} lines cannot be read.", self.n_broken)));
        }
    }

    fn check_events(mut self, head: &Head, findings: &mut Vec<Finding>) {
        let Some(mut engine) = self.engine.take() else {
            return;
        };
        engine.judge(usize::MAX);
        self.posts.tell(findings);
        let n_without = self.posts.n_without();
        if n_without > 0 && !head.watch.sampling.is_everything() {
            findings.push(unknown(
                "Which posts count is decided by rules that need all texts: nothing above the posts was computed again.",
            ));
            return;
        }
        let question = question(head);
        let own = outputs::all(&mut engine, &head.config, &question);
        let known = if n_without > 0 {
            Needs::Posts
        } else {
            Needs::People
        };
        for table in &own {
            self.compare(table, known, findings);
        }
        let Some(mut card) = self.card.take() else {
            return;
        };
        let known = match card.n_withheld() {
            0 => known,
            _ => Needs::Posts,
        };
        let tables = card.tables(|source| terms::gives_texts(head.texts, source, &head.config));
        for table in &tables {
            self.compare(table, known, findings);
        }
    }

    /// Sums tell how many posts a moment has, if it is one of whole five minutes and of all that were summed together.
    fn check_aggregated_moment(&mut self, head: &Head, findings: &mut Vec<Finding>) {
        let (Some(mut card), Some(explained)) = (self.card.take(), head.explained) else {
            return;
        };
        let counts = self.counts_of(head, explained.sound().range());
        for mut table in card.tables(|_| false) {
            match &counts {
                Some(counts) if table.name == "moment" => moment::set_counts(&mut table, counts),
                None if table.name == "moment" => {
                    self.stated.remove(table.name);
                    findings.push(unknown(
                        "moment: the sums in the file are not of its stretch and selection.",
                    ));
                    continue;
                }
                _ => {}
            }
            self.compare(&table, Needs::Buckets, findings);
        }
    }

    fn counts_of(&self, head: &Head, range: Range) -> Option<Counts> {
        let is_whole = |at: Millis| at.rem_euclid(FIVE_MINUTES) == 0;
        let Watch {
            class: None,
            hashtag: None,
            tickers,
            topics,
            sampling,
            ..
        } = &head.watch
        else {
            return None;
        };
        let subject = match (tickers.as_slice(), topics.as_slice()) {
            ([], []) => Subject::All,
            ([symbol], []) if head.tickers.contains(symbol) => Subject::Ticker(symbol.clone()),
            ([], [name]) if head.config.topics.iter().any(|topic| topic.name == *name) => {
                Subject::Topic(name.clone())
            }
            _ => return None,
        };
        let is_summed = is_whole(range.from)
            && is_whole(range.to)
            && head.from <= range.from
            && range.to <= head.to;
        if !is_summed || !sampling.is_everything() {
            return None;
        }
        let mut total = Bucket::default();
        for sum in self.sums_of(&subject) {
            if (range.from..range.to).contains(&sum.at) {
                total.merge(&sum.bucket());
            }
        }
        Some(total.counts())
    }

    /// What the file says of a moment that it explains, in lines for a person.
    pub fn moment(&self) -> Vec<String> {
        let rows_of = |name: &str| {
            let stated = self.stated.get(name).into_iter();
            let rows = stated.flat_map(|stated| {
                let columns = stated.columns.as_slice();
                stated.rows.iter().map(move |cells| Row { columns, cells })
            });
            rows.collect()
        };
        moment::told(rows_of)
    }

    fn check_aggregates(mut self, head: &Head, findings: &mut Vec<Finding>) {
        let n_all: u64 = self
            .sums_of(&Subject::All)
            .map(|sum| u64::from(sum.n))
            .sum();
        findings.push(unknown(&format!(
            "It holds sums of {n_all} posts by five minutes, and ids and hashes of {}: the sums themselves cannot be computed again without the texts.",
            self.n_ids
        )));
        let n_largest: u64 = self.sums.iter().map(|sum| u64::from(sum.n)).sum();
        if n_largest > MAX_STAND_INS {
            findings.push(unknown(
                "It holds too many posts for this program to count again.",
            ));
            return;
        }
        self.compare(
            &aggregates::totals(&self.sums, &head.watch.scoring),
            Needs::Buckets,
            findings,
        );
        let mut above = Above::default();
        let tickers = head.tickers.iter().map(Some);
        let subjects: Vec<Option<&String>> = match head.tickers.is_empty() {
            true => vec![None],
            false => tickers.collect(),
        };
        for ticker in subjects {
            let mut engine = self.stand_ins(head, ticker);
            above.take(&mut engine, &question(head), ticker);
        }
        for table in Vec::<Table>::from(above) {
            self.compare(&table, Needs::Buckets, findings);
        }
        self.check_aggregated_moment(head, findings);
        if self.stated.remove("people").is_some() {
            findings.push(unknown("people: who wrote the posts is not in the file."));
        }
    }

    fn sums_of<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Sum> {
        self.sums.iter().filter(move |sum| sum.of == *subject)
    }

    /// An engine with posts that stand in for those that were summed.
    fn stand_ins(&self, head: &Head, ticker: Option<&String>) -> Engine {
        let mut watch = head.watch.clone();
        watch.sampling = analysis::protocol::Sampling::default();
        let basis = Basis {
            watch,
            ..Basis::default()
        };
        let mut engine = basis.engine();
        for event in coverage(head)
            .iter()
            .chain(self.others.iter().filter(|event| is_bar(event)))
        {
            engine.apply(event);
        }
        let subject = ticker.map_or(Subject::All, |symbol| Subject::Ticker(symbol.clone()));
        for sum in self.sums_of(&subject) {
            sum.stand_in(&mut engine);
        }
        engine
    }

    /// Compares what the file states with what was computed, as far as that is `known`.
    fn compare(&mut self, own: &Table, known: Needs, findings: &mut Vec<Finding>) {
        let Some(stated) = self.stated.remove(own.name) else {
            findings.push(fail(&format!("{}: the file does not state it.", own.name)));
            return;
        };
        findings.push(compare(own, &stated, known));
    }
}

impl Posts {
    fn n_without(&self) -> u64 {
        self.n_withdrawn + self.n_bound + self.n_by_own_list
    }

    fn compare(&mut self, event: &Event, stated: &Standing, found: Option<Standing>) {
        let Some(found) = found else { return };
        // What it was judged to be depends on the texts of others, which may be missing.
        let found = Standing {
            judgement: stated.judgement,
            ..found
        };
        if found == *stated {
            self.n_same += 1;
            return;
        }
        self.n_different += 1;
        if self.first_different.is_none()
            && let Body::Post(post) = &event.body
        {
            self.first_different = Some(format!(
                "{} {}: compound {} stated, {} found",
                post.source, post.id, stated.compound, found.compound
            ));
        }
    }

    fn tell(&self, findings: &mut Vec<Finding>) {
        if self.n_different > 0 {
            findings.push(fail(&format!(
                "{} of {} posts score or sort otherwise than stated. The first: {} (ten-thousandths).",
                self.n_different,
                self.n_same + self.n_different,
                self.first_different.as_deref().unwrap_or_default()
            )));
        } else if self.n_same > 0 {
            findings.push(pass(&format!(
                "{} posts were scored and sorted again from their texts: all as stated.",
                self.n_same
            )));
        }
        if self.n_without() > 0 {
            findings.push(unknown(&format!(
                "{} posts have no text that could be scored again ({} withdrawn, {} kept back by the sources' terms, {} scored by a word list that is not in the file): they count as stated.",
                self.n_without(), self.n_withdrawn, self.n_bound, self.n_by_own_list
            )));
        }
    }
}

fn check_tool(head: &Head, findings: &mut Vec<Finding>) {
    if head.lexicon == lexicon() {
        findings.push(pass(&format!(
            "Written by {}, computed again by {} with the same word lists ({}).",
            head.tool,
            tool(),
            head.lexicon
        )));
    } else {
        findings.push(unknown(&format!(
            "Written by {} with the word lists {}; {} has {}: scores may differ for that reason.",
            head.tool,
            head.lexicon,
            tool(),
            lexicon()
        )));
    }
}

fn question(head: &Head) -> Question<'_> {
    Question {
        watch: &head.watch,
        tickers: &head.tickers,
        range: Range {
            from: head.from,
            to: head.to,
        },
        now: head.now,
    }
}

/// When a source was listening, as events of one that stands in for all.
fn coverage(head: &Head) -> Vec<Event> {
    let change = |at, state| {
        let status = SourceStatus {
            source: aggregates::SOURCE.to_owned(),
            state,
            ..SourceStatus::default()
        };
        Event::imported(at, Body::Status(status))
    };
    let begins_with_gap = head.gaps.first().is_some_and(|gap| gap.0 <= head.from);
    let mut changes = Vec::new();
    if !begins_with_gap {
        changes.push(change(head.from, SourceState::Connected));
    }
    // A gap that reaches what was known last is not over.
    let known_to = head.to.min(head.now.saturating_add(1));
    for (from, to) in &head.gaps {
        changes.push(change(*from, SourceState::Disconnected));
        if *to < known_to {
            changes.push(change(*to, SourceState::Connected));
        }
    }
    changes
}

fn is_bar(event: &Event) -> bool {
    matches!(event.body, Body::Bar(_))
}

fn compare(own: &Table, stated: &Stated, known: Needs) -> Finding {
    let place_of = |name: &str| stated.columns.iter().position(|column| column == name);
    let columns: Vec<(usize, usize)> = own
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.needs <= known)
        .filter_map(|(idx, column)| Some((idx, place_of(column.name)?)))
        .collect();
    let unknown_names: Vec<&str> = own
        .columns
        .iter()
        .filter(|column| column.needs > known)
        .map(|column| column.name)
        .collect();
    if columns.is_empty() {
        return unknown(&format!(
            "{}: the file does not hold what it is made of.",
            own.name
        ));
    }
    if own.rows.len() != stated.rows.len() {
        return fail(&format!(
            "{}: {} rows stated, {} found.",
            own.name,
            stated.rows.len(),
            own.rows.len()
        ));
    }
    let (mut n_cells, mut n_different, mut first) = (0u64, 0u64, None);
    for (idx, (own_row, stated_row)) in own.rows.iter().zip(&stated.rows).enumerate() {
        for (own_place, place) in &columns {
            let (Some(found), Some(said)) = (own_row.get(*own_place), stated_row.get(*place))
            else {
                continue;
            };
            n_cells += 1;
            if !found.agrees(said) {
                n_different += 1;
                let name = own.columns.get(*own_place).map_or("", |column| column.name);
                first.get_or_insert_with(|| {
                    format!(
                        "row {}, {name}: {} stated, {} found",
                        idx + 1,
                        said.shown(),
                        found.shown()
                    )
                });
            }
        }
    }
    let but = match unknown_names.is_empty() {
        true => String::new(),
        false => format!(" Not computed again: {}.", unknown_names.join(", ")),
    };
    match first {
        Some(first) => fail(&format!(
            "{}: {n_different} of {n_cells} values differ. The first: {first}.{but}",
            own.name
        )),
        None => pass(&format!(
            "{}: {} rows, {n_cells} values computed again, all as stated.{but}",
            own.name,
            own.rows.len()
        )),
    }
}

fn pass(what: &str) -> Finding {
    finding(Outcome::Pass, what)
}

fn unknown(what: &str) -> Finding {
    finding(Outcome::Unknown, what)
}

fn fail(what: &str) -> Finding {
    finding(Outcome::Fail, what)
}

pub(crate) fn finding(outcome: Outcome, what: &str) -> Finding {
    Finding {
        outcome,
        what: what.to_owned(),
    }
}
