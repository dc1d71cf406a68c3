//! The list of keys, out of the table that the page obeys.

use leptos::prelude::*;

use super::Modal;
use crate::shortcuts::{EVERYWHERE, IN_A_CHART};

/// The sheet.
#[component]
pub(super) fn Help() -> impl IntoView {
    let row = |(keys, what): (&'static str, &'static str)| {
        view! { <div><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div> }
    };
    let everywhere = EVERYWHERE.iter().map(|line| (line.keys, line.what));
    let everywhere = everywhere.chain([("1 … 9", "Go to a panel")]);
    view! {
        <Modal title="Keys and gestures" class="help">
            <h3>"Everywhere"</h3>
            <dl class="keys">{everywhere.map(row).collect_view()}</dl>
            <h3>"In a chart"</h3>
            <dl class="keys">{IN_A_CHART.into_iter().map(row).collect_view()}</dl>
            <p class="hint">"Keys without Ctrl can be switched off in the settings."</p>
        </Modal>
    }
}
