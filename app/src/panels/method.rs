//! How a number was made: definition, formula, n, stretch of time, lexicon and version, limits, and a link to it.

use analysis::view::Range;
use js_sys::Reflect;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::notices::RemedyButton;
pub(crate) use crate::strings::method::Card;
use crate::{
    clipboard, format,
    query::Choice,
    state::{Health, Views},
    strings::{self, method},
};

/// What a result stands on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// The number of what was counted, with its unit.
    pub(crate) n: String,
    /// The stretch of time.
    pub(crate) range: Range,
}

impl Figures {
    pub(crate) fn new(n: String, range: Range) -> Self {
        Self { n, range }
    }
}

/// A button, and below it the card.
#[component]
pub(crate) fn Method(card: Card, figures: Signal<Figures>) -> impl IntoView {
    let is_open = RwSignal::new(false);
    let name = method::name(card);
    let views = expect_context::<Views>();
    // Instead of a skeleton that never fills.
    let failure = move || match views.health.get() {
        Health::Stopped(trouble, remedy) if figures.with(|figures| figures.n.is_empty()) => {
            Some((trouble, remedy))
        }
        _ => None,
    };
    view! {
        {move || failure().map(|(trouble, remedy)| view! {
            <div class="failed">
                <p>{format!("Nothing to show here. {} {}", trouble.what, trouble.what_to_do)}</p>
                <RemedyButton remedy of=name />
            </div>
        })}
        <div class="method">
            <button
                type="button"
                class="link quiet"
                aria-expanded=move || is_open.get().to_string()
                on:click=move |_| is_open.update(|open| *open = !*open)
            >
                "Method"<span class="vh">{format!(" of {name}")}</span>
            </button>
            {move || is_open.get().then(|| contents(card, figures))}
        </div>
    }
    .into_any()
}

fn contents(card: Card, figures: Signal<Figures>) -> AnyView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let text = RwSignal::new(None);
    spawn_local(async move { text.set(Some(fetch_text(card).await.unwrap_or_default())) });
    let link = RwSignal::new(None::<String>);
    let is_copied = RwSignal::new(false);
    let copy = move |_| {
        // Statistics use a part of what was asked for; asked for again, that part would be another one.
        let range = match card {
            Card::Hashtags => figures.with_untracked(|figures| figures.range),
            _ => views
                .kpi
                .with_untracked(|kpi| kpi.as_ref().map(|kpi| kpi.range))
                .unwrap_or_default(),
        };
        let market = views.market.get_untracked();
        let ticker = market.map(|market| market.ticker.clone());
        let address = choice.link_to(ticker.filter(|ticker| !ticker.is_empty()), range);
        is_copied.set(false);
        link.set(Some(address.clone()));
        spawn_local(async move { is_copied.set(clipboard::copy(&address).await) });
    };
    let lexicon = move || {
        let scoring = views.kpi.with(|kpi| kpi.as_ref().map(|kpi| kpi.scoring));
        scoring.map(method::lexicon)
    };
    let sampling = move || {
        let sampling = views
            .sample
            .with(|view| view.as_ref().map(|view| view.sampling.clone()));
        sampling.map(|sampling| strings::sampling::told(&sampling))
    };
    let n = move || figures.with(|figures| figures.n.clone());
    let stretch = move || {
        figures.with(|Figures { range, .. }| match range.from < range.to {
            true => format!("{} UTC", format::stretch(range.from, range.to)),
            false => "–".to_owned(),
        })
    };
    // What follows the clock shows something else by the time a link is opened.
    let has_link = card != Card::Live;
    let part = |part: fn(&Text) -> &String| {
        let shown = move |text: &Text| match part(text).as_str() {
            "" => method::MISSING.to_owned(),
            part => part.to_owned(),
        };
        (move || text.with(|text| text.as_ref().map(shown))).into_any()
    };
    let row = |name: &'static str, value: AnyView| view! { <dt>{name}</dt><dd>{value}</dd> };
    view! {
        <div role="group" aria-label=format!("Method of {}", method::name(card))>
        <dl class="method-card">
            {row("What", part(|text| &text.what))}
            {row("Formula", part(|text| &text.formula))}
            {row("n", n.into_any())}
            {row("Window", stretch.into_any())}
            {row("Selection", method::selection(card).into_any())}
            {row("Counted", sampling.into_any())}
            {row("Lexicon", lexicon.into_any())}
            {row("Program", method::VERSION.into_any())}
            {row("Limits", part(|text| &text.limits))}
        </dl>
        </div>
        {has_link.then(|| view! { <p class="method-link">
            <button type="button" on:click=copy>"Copy link to this result"</button>
            {move || link.get().map(|link| view! {
                <input type="text" readonly=true aria-label="Link to this result" prop:value=link />
            })}
            <span role="status">{move || is_copied.get().then_some("Copied")}</span>
        </p> })}
    }
    .into_any()
}

/// What stands on a card besides the figures.
#[derive(Default)]
struct Text {
    what: String,
    formula: String,
    limits: String,
}

/// The texts are a file of their own, so that the program stays small for those who open no card.
async fn fetch_text(card: Card) -> Result<Text, JsValue> {
    let response = JsFuture::from(window().fetch_with_str("./methods.json")).await?;
    let response: Response = response.dyn_into()?;
    let table = JsFuture::from(response.json()?).await?;
    let text = Reflect::get(&table, &method::name(card).into())?;
    let part = |name: &str| -> Result<String, JsValue> {
        let part = Reflect::get(&text, &name.into())?;
        Ok(part.as_string().unwrap_or_default())
    };
    Ok(Text {
        what: part("what")?,
        formula: part("formula")?,
        limits: part("limits")?,
    })
}
