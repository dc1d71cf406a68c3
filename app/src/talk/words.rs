//! Words that stand out, as a cloud and as a list; a click shows only posts with the word.

use analysis::{
    protocol::talk::WordsView,
    words::{Cloud, FoundWord, Weighing},
};
use leptos::{ev, html::Div, prelude::*};

use super::{
    Method,
    cloud::{self, Placed},
    desk::Desk,
    settings::Settings,
    texts,
};
use crate::{
    format,
    panels::{
        css_class,
        shell::{Choose, texts as options},
    },
};

/// Words of the cloud, where there is room and where there is little.
const N_WIDE: usize = 120;
const N_NARROW: usize = 50;
const NARROW: u32 = 520;
/// Words of the list.
const N_LISTED: usize = 40;

/// The panel.
#[component]
pub(super) fn WordsPanel() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let settings = expect_context::<Settings>();
    let by = Signal::derive(move || settings.get("words"));
    let against = Signal::derive(move || settings.get("against"));
    let method = Signal::derive(move || {
        desk.words
            .with(|view| view.as_ref().map(texts::words_method).unwrap_or_default())
    });
    view! {
        <section class="panel talk-words" aria-labelledby="talk-words-title">
            <header>
                <h3 id="talk-words-title">"Words that stand out"</h3>
                <span class="spacer"></span>
                <Choose label="Words weighed by" options=options([("", "by log-odds"), ("counts", "by posts")]) chosen=by
                    on_choice=Callback::new(move |value: String| settings.set("words", &value)) />
                <Choose label="Background" options=options([("", "against as long before"), ("everything", "against all before")])
                    chosen=against on_choice=Callback::new(move |value: String| settings.set("against", &value)) />
            </header>
            {move || match desk.words.with(|view| view.as_ref().map(|view| view.found.words.is_empty())) {
                None => view! { <div class="loading list-skeleton"></div> }.into_any(),
                Some(true) => view! { <p class="empty">{move || desk.words.with(|view| view.as_ref().map(empty))}</p> }.into_any(),
                Some(false) => view! {
                    <div class="talk-split"><WordCloud /><List /></div>
                }.into_any(),
            }}
            <p class="hint">"A word or phrase shows only posts with it: it becomes a topic of yours, and again gives it up."</p>
            <Method text=method />
        </section>
    }
}

fn empty(view: &WordsView) -> String {
    format!(
        "No word stands in five posts of the {} that are selected in {}. Choose a longer range or fewer filters.",
        format::count(view.found.n_posts as u64),
        texts::stretch(view.range),
    )
}

#[component]
fn WordCloud() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let area = NodeRef::<Div>::new();
    let before = StoredValue::new(Cloud::default());
    let width = RwSignal::new(0_u32);
    let measure = move || {
        if let Some(area) = area.get_untracked() {
            width.set(u32::try_from(area.client_width()).unwrap_or_default());
        }
    };
    Effect::new(move |_| {
        if area.get().is_some() {
            measure();
        }
    });
    let on_resize = window_event_listener(ev::resize, move |_| measure());
    on_cleanup(move || on_resize.remove());
    let placed = Memo::new(move |_| {
        let width = width.get();
        desk.words.with(|view| {
            let (Some(view), 1..) = (view, width) else {
                return (Vec::new(), 0);
            };
            let (n, height) = match width < NARROW {
                true => (N_NARROW, 300),
                false => (N_WIDE, 320),
            };
            let words = &view.found.words;
            let words = words.get(..n).unwrap_or(words);
            before
                .try_update_value(|cloud| cloud::place(words, cloud, (width, height)))
                .unwrap_or_default()
        })
    });
    let by = move || {
        desk.words
            .with(|view| view.as_ref().map(|view| view.found.by))
    };
    view! {
        <div class="cloud" role="group" aria-label="Cloud of words" node_ref=area
            data-words=move || placed.with(|(words, _)| words.len())
            style:height=move || format!("{}px", placed.with(|(_, height)| *height))>
            <For each=move || placed.get().0 key=key let:placed>
                <Word placed by=by().unwrap_or_default() />
            </For>
        </div>
    }
}

/// A button stays while nothing of it changes, so that a pointer or the focus stays on it.
fn key(placed: &Placed) -> (String, u32, u32, u64, u32) {
    let word = &placed.word;
    (
        word.text.clone(),
        placed.x,
        placed.y,
        placed.size.to_bits() ^ word.mean_compound.to_bits(),
        word.n,
    )
}

#[component]
fn Word(placed: Placed, by: Weighing) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let Placed {
        word,
        x,
        y,
        width,
        height,
        size,
    } = placed;
    let title = texts::word(&word, by);
    let told = title.clone();
    let name = texts::topic_name(&[&word.text]);
    let is_chosen = move || desk.is_chosen(&name);
    let text = word.text.clone();
    view! {
        <button
            type="button"
            class=tone(&word)
            title=title
            aria-label=told
            aria-pressed=move || is_chosen().to_string()
            style:left=format!("{x}px")
            style:top=format!("{y}px")
            style:width=format!("{width}px")
            style:height=format!("{height}px")
            style:font-size=format!("{}px", size as u32)
            on:click=move |_| desk.toggle_words(&[&text])
        >
            {word.text.clone()}
        </button>
    }
}

fn tone(word: &FoundWord) -> &'static str {
    use analysis::view::Class;
    css_class(match word.mean_compound {
        mean if mean >= 0.05 => Class::Positive,
        mean if mean <= -0.05 => Class::Negative,
        _ => Class::Neutral,
    })
}

#[component]
fn List() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let rows = move || {
        desk.words.with(|view| {
            let words = view.iter().flat_map(|view| &view.found.words);
            words.take(N_LISTED).cloned().collect::<Vec<_>>()
        })
    };
    let weight = move || match desk
        .words
        .with(|view| view.as_ref().map(|view| view.found.by))
    {
        Some(Weighing::LogOdds) => "z",
        _ => "Weight",
    };
    let weight_of = move |word: &FoundWord| match desk
        .words
        .with_untracked(|view| view.as_ref().map(|view| view.found.by))
    {
        Some(Weighing::LogOdds) => format::signed(word.weight, 1),
        _ => format::count(word.weight.round() as u64),
    };
    let row = move |word: FoundWord| {
        let text = word.text.clone();
        view! {
            <tr>
                <th scope="row"><button type="button" class="link" on:click=move |_| desk.toggle_words(&[&text])>{word.text.clone()}</button></th>
                <td>{weight_of(&word)}</td>
                <td>{format::count(word.n.into())}</td>
                <td>{format::count(word.n_background.into())}</td>
                <td class=format!("tone {}", tone(&word))>{format::signed(word.mean_compound, 2)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="List of words">
            <table>
                <thead><tr>
                    <th scope="col">"Word"</th><th scope="col">{weight}</th><th scope="col">"Posts"</th>
                    <th scope="col">"Before"</th><th scope="col">"Mean"</th>
                </tr></thead>
                <tbody>{move || rows().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
