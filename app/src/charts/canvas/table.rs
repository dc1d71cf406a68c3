//! A chart's numbers in the place of the chart.

use leptos::prelude::*;

use super::PlottableSignal;
use crate::{charts::table::Table, format};

/// So many rows, the last of the axis, stand in the page; a saved file has all.
const MAX_ROWS: usize = 200;

/// Over the chart, so that nothing moves.
#[component]
pub(super) fn ChartTable(name: &'static str, source: PlottableSignal) -> impl IntoView {
    let table = Memo::new(move |_| {
        source
            .get()
            .map(|source| source.table())
            .unwrap_or_default()
    });
    let columns = Memo::new(move |_| table.with(|table| table.columns.clone()));
    // Rows that did not change keep their elements.
    let rows = move || table.with(newest_first);
    let caption = move || {
        let n = table.with(|table| table.rows.len());
        let all = format::count(n as u64);
        let zone = format::zone_name();
        match n > MAX_ROWS {
            true => format!(
                "{name}: the newest {MAX_ROWS} of {all} rows, times in {zone}. A CSV file has all of them."
            ),
            false => format!("{name}: {all} rows, times in {zone}"),
        }
    };
    view! {
        <div class="table-box in-chart" tabindex="0" role="region" aria-label=format!("Table: {name}")>
            <table>
                <caption>{caption}</caption>
                <thead><tr>
                    {move || columns.get().into_iter().map(|name| view! { <th scope="col">{name}</th> }).collect_view()}
                </tr></thead>
                <tbody><For each=rows key=Clone::clone let:row><Row row /></For></tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(row: Vec<String>) -> impl IntoView {
    let mut cells = row.into_iter();
    let first = cells.next();
    view! { <tr><th scope="row">{first}</th>{cells.map(|cell| view! { <td>{cell}</td> }).collect_view()}</tr> }
}

fn newest_first(table: &Table) -> Vec<Vec<String>> {
    let newest = table.rows.iter().rev().take(MAX_ROWS);
    newest
        .map(|row| row.iter().map(|cell| cell.text()).collect())
        .collect()
}
