//! The command palette: type a few letters, press Enter.

use std::sync::Arc;

use analysis::{order::sort_by, protocol::RangeChoice, view::Class};
use leptos::{ev::KeyboardEvent, prelude::*};
use wire::time::{DAY, HOUR};

use super::{Modal, close_open};
use crate::{
    panels::{class_name, glyph},
    query::{Choice, Entry, MONTH},
    selection::Filter,
    shortcuts::{Action, Desk, EVERYWHERE, go_to, panels},
    state::Views,
};

/// More entries are not read; a letter more finds what is missing.
const MAX_SHOWN: usize = 12;

/// Something to choose.
#[derive(Clone)]
struct Offer {
    label: String,
    hint: &'static str,
    run: Arc<dyn Fn() + Send + Sync>,
}

/// The palette.
#[component]
pub(super) fn Palette() -> impl IntoView {
    let offers = StoredValue::new(offers());
    let typed = RwSignal::new(String::new());
    let chosen = RwSignal::new(0usize);
    let found = Memo::new(move |_| {
        let typed = typed.get();
        offers
            .with_value(|offers| matching(offers.iter().map(|offer| offer.label.as_str()), &typed))
    });
    let run = move |place: usize| {
        let idx = found.with_untracked(|found| found.get(place).copied());
        let offer = offers.with_value(|offers| idx.and_then(|idx| offers.get(idx).cloned()));
        if let Some(offer) = offer {
            close_open();
            // Once the dialog is gone and the focus is back.
            set_timeout(move || (offer.run)(), std::time::Duration::ZERO);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let n = found.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|at| *at = (*at + 1).min(n.saturating_sub(1))),
            "ArrowUp" => chosen.update(|at| *at = at.saturating_sub(1)),
            "Enter" => run(chosen.get_untracked()),
            _ => return,
        }
        event.prevent_default();
    };
    let option = move |place: usize, idx: usize| {
        let (label, hint) = offers
            .with_value(|offers| {
                offers
                    .get(idx)
                    .map(|offer| (offer.label.clone(), offer.hint))
            })
            .unwrap_or_default();
        view! {
            <li
                role="option"
                id=format!("offer-{place}")
                aria-selected=move || (chosen.get() == place).to_string()
                on:click=move |_| run(place)
                on:pointermove=move |_| chosen.set(place)
            >
                <span>{label}</span> <span class="muted">{hint}</span>
            </li>
        }
    };
    view! {
        <Modal title="Commands" class="palette">
            <input
                // Taken by the browser when it opens the dialog.
                autofocus=true
                type="text"
                role="combobox"
                aria-label="Command, ticker, topic or panel"
                aria-expanded="true"
                aria-controls="offers"
                aria-activedescendant=move || format!("offer-{}", chosen.get())
                placeholder="Command, ticker, topic or panel"
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    chosen.set(0);
                }
                on:keydown=on_key
            />
            <ul class="offers" id="offers" role="listbox" aria-label="Commands">
                {move || found.get().into_iter().enumerate().map(|(place, idx)| option(place, idx)).collect_view()}
            </ul>
            <Show when=move || found.with(Vec::is_empty)>
                <p class="empty">"Nothing is called like that. Try a ticker, a topic or “zone”."</p>
            </Show>
        </Modal>
    }
}

/// Everything that can be chosen now.
fn offers() -> Vec<Offer> {
    let desk = expect_context::<Desk>();
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let mut offers = Vec::new();
    let mut add = |label: String, hint: &'static str, run: Arc<dyn Fn() + Send + Sync>| {
        offers.push(Offer { label, hint, run });
    };
    for (idx, line) in EVERYWHERE.iter().enumerate() {
        let is_repeated = EVERYWHERE
            .iter()
            .take(idx)
            .any(|before| before.action == line.action);
        if !is_repeated && line.action != Action::Palette {
            let action = line.action;
            let run = move || {
                desk.act(action);
            };
            add(line.what.to_owned(), line.keys, Arc::new(run));
        }
    }
    for (idx, (name, _)) in panels().into_iter().enumerate() {
        let run = move || {
            if let Some((_, heading)) = panels().get(idx) {
                go_to(heading);
            }
        };
        add(format!("Go to {name}"), "panel", Arc::new(run));
    }
    let ranges = [
        ("6 hours", 6 * HOUR),
        ("day", DAY),
        ("week", 7 * DAY),
        ("month", MONTH),
    ];
    for (name, length) in ranges {
        let run =
            move || choice.change(Entry::New, |watch| watch.range = RangeChoice::Last(length));
        add(format!("Range: last {name}"), "range", Arc::new(run));
    }
    for class in [Class::Positive, Class::Neutral, Class::Negative] {
        let label = format!("Only {} {}", glyph(class), class_name(class).to_lowercase());
        add(
            label,
            "filter",
            Arc::new(move || choice.toggle(&Filter::Class(class))),
        );
    }
    for row in views
        .tickers
        .get_untracked()
        .iter()
        .flat_map(|view| &view.rows)
    {
        let symbol = row.symbol.clone();
        let name = row
            .name
            .as_ref()
            .map_or(String::new(), |name| format!(" · {name}"));
        let chart = symbol.clone();
        let run = move || choice.change(Entry::New, |watch| watch.ticker = Some(chart.clone()));
        add(format!("{symbol}{name}"), "chart", Arc::new(run));
        let filter = Filter::Ticker(symbol.clone());
        add(
            format!("Only posts about ${symbol}"),
            "filter",
            Arc::new(move || choice.toggle(&filter)),
        );
    }
    for row in views
        .topics
        .get_untracked()
        .iter()
        .flat_map(|view| &view.rows)
    {
        let filter = Filter::Topic(row.name.clone());
        add(
            format!("Only topic {}", row.name),
            "filter",
            Arc::new(move || choice.toggle(&filter)),
        );
    }
    for row in views
        .hashtags
        .get_untracked()
        .iter()
        .flat_map(|view| &view.rows)
    {
        let filter = Filter::Hashtag(row.tag.clone());
        add(
            format!("Only #{}", row.tag),
            "filter",
            Arc::new(move || choice.toggle(&filter)),
        );
    }
    offers
}

/// Places of the labels with every word that was typed: those that begin with the first one first.
fn matching<'a>(labels: impl Iterator<Item = &'a str>, typed: &str) -> Vec<usize> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let mut found: Vec<(bool, usize)> = labels
        .map(str::to_lowercase)
        .enumerate()
        .filter(|(_, label)| words.iter().all(|word| label.contains(word)))
        .map(|(idx, label)| {
            (
                !words.first().is_some_and(|word| label.starts_with(word)),
                idx,
            )
        })
        .collect();
    sort_by(&mut found, Ord::cmp);
    found.truncate(MAX_SHOWN);
    found.into_iter().map(|(_, idx)| idx).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_be_there_and_beginnings_come_first() {
        let labels = ["Only posts about $BTC", "BTC · Bitcoin", "Go to Topics"];

        assert_eq!(matching(labels.into_iter(), "btc"), [1, 0]);
        assert_eq!(matching(labels.into_iter(), "ONLY btc"), [0]);
        assert_eq!(matching(labels.into_iter(), ""), [0, 1, 2]);
        assert!(matching(labels.into_iter(), "zzz").is_empty());
    }
}
