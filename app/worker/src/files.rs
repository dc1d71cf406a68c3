//! Files out of what is stored, and checks: recordings, tables, the computing anew of a recording, the
//! look-ahead alarm.
//!
//! It reads the database of the page's stream and never writes it. Everything is made in passes over the stored
//! chunks, so that no more than one of them is in memory as events.

mod stored;

use analysis::{
    protocol::{
        RangeChoice,
        talk::{TopicsWish, WordsWish},
    },
    view::Range,
};
use gloo_timers::future::TimeoutFuture;
use import::{
    Recorded,
    protocol::{Job, Make, News, Said, Texts},
};
use js_sys::{Array, Reflect, Uint8Array};
use recording::{
    Basis, Session,
    export::{self, Export},
    file::{Head, Writer},
    look_ahead::LookAhead,
    moment::{Explained, Moment},
    verify::{Finding, Outcome, Verifier},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use crate::{source::Source, updates};
use stored::Stored;

/// Milliseconds between two looks whether everything is stored, and how many.
const WAIT: u32 = 500;
const N_WAITS: u32 = 20;
/// Bytes that are read of a file at once.
const SLICE: u64 = 256 * 1024;

/// Does what is asked for and tells the page.
pub(crate) async fn make(make: Make) {
    if let Err(why) = made(make).await {
        say(&why);
    }
}

async fn made(make: Make) -> Result<(), String> {
    let Make {
        store,
        watch,
        range,
        least_posts,
        address,
        ticker,
        job,
    } = make;
    let is_moment = watch.range != RangeChoice::All;
    say("Reading what is stored…");
    let stored = Stored::open(&store).await?;
    let basis = stored.basis(watch).await?;
    let mut session = Session::new(basis.clone(), range);
    stored.each(range, |records| session.take(records)).await?;
    // What has just come is shown before it is stored.
    for _ in 0..N_WAITS {
        if session.n_posts() >= least_posts {
            break;
        }
        TimeoutFuture::new(WAIT).await;
        session = Session::new(basis.clone(), range);
        stored.each(range, |records| session.take(records)).await?;
    }
    if session.range().from >= session.range().to {
        return Err("There is nothing stored in this range.".to_owned());
    }
    match job {
        Job::Recording(texts) => {
            let explained = range.filter(|_| is_moment);
            let moment = explained.map(|range| {
                let ticker = Some(ticker).filter(|ticker| !ticker.is_empty());
                Moment::new(&session, explained_as(&address, range), ticker, texts)
            });
            record(&stored, &mut session, range, moment, texts).await
        }
        Job::Table(what, format, texts) => {
            let export = Export::new(what, format, texts, salt()?);
            let name = export::file_name(what, format, &session);
            save(&stored, &mut session, range, export, name).await
        }
        Job::LookAhead(hundredths) => look_ahead(&stored, &session, basis, range, hundredths).await,
    }
}

async fn record(
    stored: &Stored,
    session: &mut Session,
    mut range: Option<Range>,
    mut moment: Option<Moment>,
    texts: Texts,
) -> Result<(), String> {
    if let Some(moment) = &mut moment {
        say("Explaining the moment…");
        range = Some(moment.reach());
        stored
            .each(range, |records| moment.meet(session, records))
            .await?;
        stored
            .each(range, |records| moment.read(session, records))
            .await?;
    }
    say("Writing…");
    let mut parts = Parts::default();
    let mut writer = Writer::explaining(session, moment, texts, salt()?);
    let mut take = |records: &[chunks::Record]| {
        writer.write(session, records);
        parts.push(&writer.ready());
    };
    stored.each(range, &mut take).await?;
    say("Computing the results…");
    let (last, seal) = writer.finish(session);
    parts.push(&last);
    let name = export::recording_name(session, &seal.sha256);
    let what = format!(
        "{} posts, {} lines, SHA-256 of the lines {}.",
        session.n_posts(),
        seal.lines,
        seal.sha256
    );
    parts.tell(name, what)
}

/// As the panels about the crowd's talk explain it, by their part of the page's address.
fn explained_as(address: &str, Range { from, to }: Range) -> Explained {
    let get = |key: &str| {
        let pairs = address.trim_start_matches('?').split('&');
        let mut pairs = pairs.filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(name, _)| *name == key);
        found.map_or_else(String::new, |(_, value)| value.to_owned())
    };
    Explained {
        from,
        to,
        words: WordsWish::of_address(get),
        topics: Some(TopicsWish::of_address(get)),
    }
}

async fn save(
    stored: &Stored,
    session: &mut Session,
    range: Option<Range>,
    mut export: Export,
    name: String,
) -> Result<(), String> {
    say("Writing…");
    let mut parts = Parts::default();
    if export.needs_events() {
        let mut take = |records: &[chunks::Record]| {
            export.write(session, records);
            parts.push(&export.ready());
        };
        stored.each(range, &mut take).await?;
    }
    let last = export.finish(session);
    parts.push(&last.map_err(|error| error.to_string())?);
    parts.tell(name, String::new())
}

async fn look_ahead(
    stored: &Stored,
    session: &Session,
    basis: Basis,
    range: Option<Range>,
    hundredths: u8,
) -> Result<(), String> {
    let whole = session.range();
    let length = (whole.to - whole.from) / 100;
    let cut = whole.from + length * i64::from(hundredths.min(100));
    let mut check = LookAhead::new(basis, session.tickers(), whole, cut);
    let within = |records: &[chunks::Record]| -> Vec<chunks::Record> {
        let held = records.iter().filter(|record| session.holds(&record.event));
        held.cloned().collect()
    };
    say("1 of 3: what was known at the cut…");
    stored
        .each(range, |records| check.know(&within(records)))
        .await?;
    check.cut();
    say("2 of 3: what came later…");
    stored
        .each(range, |records| check.go_on(&within(records)))
        .await?;
    say("3 of 3: what was known, once more in another order…");
    stored
        .each(range, |records| check.again(&within(records)))
        .await?;
    tell(&check.finish());
    Ok(())
}

/// Computes a recording anew.
pub(crate) async fn verify(source: &Source) {
    let (mut verifier, mut at) = (Verifier::default(), 0);
    let n_bytes = source.size;
    while at < n_bytes {
        let Some(bytes) = source.read(at..at + SLICE).await else {
            let what = "The file could not be read further.".to_owned();
            let outcome = Outcome::Fail;
            return tell(&[Finding { outcome, what }]);
        };
        at += SLICE;
        verifier.push(&bytes);
        say(&format!(
            "Computing anew… {} %",
            100 * at.min(n_bytes) / n_bytes
        ));
    }
    tell(&verifier.finish());
}

/// Says what a check found, and whether all of it holds.
fn tell(findings: &[Finding]) {
    let line = |finding: &Finding| {
        let mark = match finding.outcome {
            Outcome::Pass => '✓',
            Outcome::Unknown => '?',
            Outcome::Fail => '✗',
        };
        format!("{mark} {}", finding.what)
    };
    let what = match findings.iter().map(|finding| finding.outcome).max() {
        Some(Outcome::Fail) => "Something does not hold.",
        Some(Outcome::Unknown) => "Everything that could be computed again holds.",
        _ => "Everything holds.",
    };
    updates::send(&News::Said(Said {
        what: what.to_owned(),
        found: findings.iter().map(line).collect(),
        file: None,
    }));
}

/// What a file's beginning says, for a person and as it stands, if it is a recording.
pub(crate) fn recorded(head: &[u8]) -> Option<(String, Recorded)> {
    let mut verifier = Verifier::default();
    verifier.push(head.get(..HEAD).unwrap_or(head));
    let head: &Head = verifier.head()?;
    let texts = match head.texts {
        Texts::Allowed => "texts where the sources' terms allow them",
        Texts::All => "all texts",
        Texts::Aggregates => "no posts, but sums by five minutes",
    };
    let recorded = Recorded {
        config: head.config.clone(),
        has_posts: head.texts != Texts::Aggregates,
    };
    let mut says = vec![format!("A recording by {}, with {texts}.", head.tool)];
    says.extend(verifier.moment());
    Some((says.join("\n"), recorded))
}

/// A recording's first line lies within.
const HEAD: usize = 32 * 1024;

fn say(what: &str) {
    updates::send(&News::Said(Said {
        what: what.to_owned(),
        ..Said::default()
    }));
}

/// A file that grows; the browser keeps it.
#[derive(Default)]
struct Parts(Array);

impl Parts {
    fn push(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.0.push(&Uint8Array::from(bytes));
        }
    }

    fn tell(self, name: String, what: String) -> Result<(), String> {
        let blob = Blob::new_with_u8_array_sequence(&self.0);
        let url = blob.and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
        let url = url.map_err(|_| "The browser has no room for the file.".to_owned())?;
        updates::send(&News::Said(Said {
            what,
            file: Some((name, url)),
            ..Said::default()
        }));
        Ok(())
    }
}

/// Nobody can look for an author whose hash was made with a key that nobody has.
fn salt() -> Result<[u8; 16], String> {
    let crypto = Reflect::get(&updates::scope(), &JsValue::from_str("crypto")).ok();
    let crypto = crypto.and_then(|crypto| crypto.dyn_into::<web_sys::Crypto>().ok());
    let mut salt = [0; 16];
    let filled = crypto.and_then(|crypto| crypto.get_random_values_with_u8_array(&mut salt).ok());
    filled
        .map(|_| salt)
        .ok_or_else(|| "This browser has no random numbers to hash authors with.".to_owned())
}
