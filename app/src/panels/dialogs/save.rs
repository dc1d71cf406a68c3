//! What is stored, to take away as a recording or a table, and the look-ahead alarm.

use analysis::view::Range;
use import::protocol::{Format, Job, Make, Said, Texts, What};
use leptos::{html, prelude::*};

use super::Modal;
use crate::{
    panels::import::{SaidOfFiles, link::Importing},
    query::{Choice, search},
    state::Views,
    stream,
};

const WHAT: [(&str, Option<What>); 7] = [
    ("Recording, to verify and replay", None),
    ("Posts", Some(What::Posts)),
    ("Prices", Some(What::Bars)),
    ("Sums by five minutes", Some(What::Aggregates)),
    ("Unusual buckets", Some(What::Anomalies)),
    ("Lead or lag", Some(What::LeadLag)),
    ("What the columns mean", Some(What::Columns)),
];

const TEXTS: [(&str, Texts); 3] = [
    ("Texts where the sources' terms allow it", Texts::Allowed),
    ("No posts but sums, ids and hashes", Texts::Aggregates),
    ("All texts, for my own use", Texts::All),
];

const FORMATS: [(&str, Format); 3] = [
    ("CSV", Format::Csv),
    ("NDJSON", Format::Ndjson),
    ("Parquet", Format::Parquet),
];

/// The dialog.
#[component]
pub(super) fn Save() -> impl IntoView {
    let importing = expect_context::<Importing>();
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    importing.said.set(Said::default());
    let lists = [(); 3].map(|()| NodeRef::<html::Select>::new());
    let cut = NodeRef::<html::Input>::new();
    let [what, texts, format] = lists;
    let chosen = |list: NodeRef<html::Select>| {
        let idx = list.get_untracked().map(|list| list.selected_index());
        usize::try_from(idx.unwrap_or(0)).unwrap_or(0)
    };
    let make = move |job: Job| {
        let kpi = views.kpi.get_untracked();
        let market = views.market.get_untracked();
        importing.make(Make {
            store: stream::store(),
            watch: choice.watch.get_untracked(),
            address: search(),
            ticker: market.map_or_else(String::new, |market| market.ticker.clone()),
            least_posts: kpi.as_ref().map_or(0, |kpi| kpi.counts.posts),
            range: kpi
                .map(|kpi| kpi.range)
                .filter(|range| *range != Range::default()),
            job,
        });
    };
    let save = move |_| {
        let texts = TEXTS
            .get(chosen(texts))
            .map_or(Texts::Allowed, |(_, texts)| *texts);
        let format = FORMATS
            .get(chosen(format))
            .map_or(Format::Csv, |(_, format)| *format);
        make(match WHAT.get(chosen(what)) {
            Some((_, Some(what))) => Job::Table(*what, format, texts),
            _ => Job::Recording(texts),
        });
    };
    let check = move |_| {
        let hundredths = cut.get_untracked().and_then(|cut| cut.value().parse().ok());
        make(Job::LookAhead(hundredths.unwrap_or(50)));
    };
    view! {
        <Modal title="Save and check" class="settings">
            <fieldset>
                <legend>"Take away the range that is shown"</legend>
                {list("What", what, WHAT.map(|(name, _)| name).to_vec())}
                {list("Posts", texts, TEXTS.map(|(name, _)| name).to_vec())}
                {list("Tables as", format, FORMATS.map(|(name, _)| name).to_vec())}
                <button type="button" class="accent" on:click=save>"Make the file"</button>
                <p class="caption">"Filters are left aside, but for a chosen range's moment: it is in the recording, with what it is compared with. Authors are hashed anew, withdrawn posts stay withdrawn. Open or drop a recording anywhere on this page to verify it."</p>
            </fieldset>
            <fieldset>
                <legend>"Look-ahead alarm"</legend>
                <label class="settings-row">
                    "Cut the range at (%)"
                    <input node_ref=cut type="number" min="1" max="99" value="50" />
                </label>
                <button type="button" on:click=check>"Take the future away and compute again"</button>
            </fieldset>
            <SaidOfFiles />
        </Modal>
    }
}

fn list(
    label: &'static str,
    node: NodeRef<html::Select>,
    names: Vec<&'static str>,
) -> impl IntoView {
    let option = |name: &'static str| view! { <option>{name}</option> };
    view! {
        <label class="settings-row">
            {label}
            <select node_ref=node>{names.into_iter().map(option).collect_view()}</select>
        </label>
    }
}
