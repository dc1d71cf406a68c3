//! A table out of texts. The box stays while its rows change, so that it keeps its place.

use leptos::prelude::*;

/// Header cells and rows of as many cells; the first of each row names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cells {
    pub(crate) caption: String,
    pub(crate) head: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// The table, in a box that scrolls.
#[component]
pub(crate) fn Table(name: &'static str, cells: Memo<Cells>) -> impl IntoView {
    let head = move || {
        let head = cells.with(|cells| cells.head.clone());
        let cell = |name: &'static str| view! { <th scope="col">{name}</th> };
        head.into_iter().map(cell).collect_view()
    };
    let body = move || {
        let rows = cells.with(|cells| cells.rows.clone());
        rows.into_iter().map(row).collect_view()
    };
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label=name>
            <table>
                <caption>{move || cells.with(|cells| cells.caption.clone())}</caption>
                <thead><tr>{head}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(texts: Vec<String>) -> impl IntoView + use<> {
    let mut texts = texts.into_iter();
    let first = texts.next();
    let cell = |text: String| view! { <td>{text}</td> };
    view! { <tr><th scope="row">{first}</th>{texts.map(cell).collect_view()}</tr> }
}
