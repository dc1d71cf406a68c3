//! Files of posts and prices: opening one, what it looks like, how far it is, and what was refused.

pub(crate) mod link;

use analysis::protocol::{LinkState, StoreState};
use import::{
    Choice, DateOrder, Kind, Preview, Role,
    protocol::{Order, Progress, State},
};
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File, HtmlInputElement, SubmitEvent};

use crate::{app::Actions, format, state::Views, stream, strings::import as words};

/// Where an import stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Stage {
    /// Nothing was opened.
    #[default]
    None,
    /// The page's own recording is read, where there is no relay. Nothing is shown of it.
    Demo,
    /// A person says where a file lies.
    Asking(Option<String>),
    /// The file is being looked at.
    Looking,
    /// A person decides.
    Seen(Box<Preview>),
    /// It runs, or has run.
    Running,
    /// A recording is computed anew, or was.
    Verifying,
    /// The program for it could not be loaded.
    Failed,
}

/// The button that opens a file, in the header.
#[component]
pub(crate) fn OpenFile() -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    let take = move |event: Event| {
        let input: HtmlInputElement = event_target(&event);
        let file = input.files().and_then(|files| files.get(0));
        if let Some(file) = file {
            importing.look(file);
        }
        input.set_value("");
    };
    view! {
        <label class="open-file" title="CSV, JSONL or prices, also as .gz or .zip. The file stays in this browser.">
            "Open a file"
            <input type="file" aria-label="Open a file of posts or prices" on:change=take />
        </label>
    }
}

/// The button that asks for a file's address, in the header.
#[component]
pub(crate) fn OpenAddress() -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    view! {
        <button type="button" aria-label="Open an address" title="Open a file by its address" on:click=move |_| importing.ask()>
            "URL"
        </button>
    }
}

/// What is said of the file that was opened; nothing while there is none. Files can be dropped anywhere.
#[component]
pub(crate) fn ImportPanel() -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    let actions = expect_context::<Actions>();
    take_dropped_files(importing);
    begin_by_itself(importing);
    let body = move || {
        match importing.stage.get() {
        Stage::None | Stage::Demo => ().into_any(),
        Stage::Asking(why) => view! { <Ask why /> }.into_any(),
        Stage::Looking => view! { <p role="status">"Looking at the file…"</p> }.into_any(),
        Stage::Failed => view! { <p role="alert">{words::FAILED}</p> }.into_any(),
        Stage::Seen(preview) => view! { <Decide preview=*preview actions /> }.into_any(),
        Stage::Running => view! { <Course /> }.into_any(),
        Stage::Verifying => view! {
            <SaidOfFiles />
            <p class="actions"><button type="button" on:click=move |_| importing.close()>"Close"</button></p>
        }
        .into_any(),
    }
    };
    let is_open = move || {
        let stage = importing.stage.get();
        !matches!(stage, Stage::None | Stage::Demo)
    };
    view! {
        <section class="panel import" aria-label="Import" hidden=move || !is_open()>
            <header>
                <h2>{move || words::title(&importing.name.get())}</h2>
            </header>
            {body}
        </section>
    }
}

/// Asks for an address, and says what was wrong with the one before.
#[component]
fn Ask(why: Option<String>) -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let open = move |event: SubmitEvent| {
        event.prevent_default();
        let address = input.get_untracked().map(|input| input.value());
        if let Some(address) = address.filter(|address| !address.trim().is_empty()) {
            importing.fetch(address.trim());
        }
    };
    view! {
        {why.map(|why| view! { <p role="alert">{why}</p> })}
        <form class="actions" on:submit=open>
            <input node_ref=input type="text" inputmode="url" aria-label="Address of a file" placeholder="https://…/posts.csv.gz" value=importing.name.get_untracked() />
            <button type="submit" class="accent">"Open"</button>
            <button type="button" on:click=move |_| importing.close()>"Cancel"</button>
        </form>
        <p class="caption">{words::ADDRESS}</p>
    }
}

/// A file that the page's own address names; where there is no relay, the recording that lies beside the page.
fn begin_by_itself(importing: link::Importing) {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let wanted = link::wanted_address();
    let has_begun = StoredValue::new(false);
    Effect::new(move || {
        let has_no_relay = views.link.get() == LinkState::Files && stream::base().is_empty();
        // What plays what is stored follows no relay either.
        let has_no_relay = has_no_relay && !actions.plays();
        // A person who is about to open something is not disturbed.
        let plays_demo = has_no_relay && importing.stage.get() == Stage::None;
        if has_begun.get_value() || wanted.is_none() && !plays_demo {
            return;
        }
        has_begun.set_value(true);
        match &wanted {
            Some(address) => importing.fetch(address),
            None => importing.fetch_demo(),
        }
    });
}

/// Shows the first rows and lets a person say what the columns are.
#[component]
fn Decide(preview: Preview, actions: Actions) -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    let cancel = move |_| importing.close();
    let says = preview.says;
    let Some(guess) = preview.choice else {
        return view! {
            <p role="alert">{says}</p>
            <button type="button" on:click=cancel>"Close"</button>
        }
        .into_any();
    };
    let is_table = guess.kind == Kind::Posts;
    let recorded = preview.recorded;
    let is_recording = recorded.is_some();
    let has_posts = recorded.as_ref().is_none_or(|recorded| recorded.has_posts);
    let recorded = StoredValue::new(recorded);
    let choice = RwSignal::new(guess);
    let lacks = Memo::new(move |_| choice.with(Choice::lacks));
    let begin = move |_| {
        actions.follow_files();
        let lists = recorded.get_value().map(|recorded| recorded.config);
        importing.begin(choice.get_untracked(), lists);
    };
    let rows = preview.rows.into_iter().map(|row| {
        let cells = row.into_iter().map(|cell| view! { <td>{cell}</td> });
        view! { <tr>{cells.collect_view()}</tr> }
    });
    let rows = rows.collect_view();
    view! {
        <p class="caption">{says}</p>
        <div class="preview" tabindex="0" role="region" aria-label="First rows of the file">
            <table>
                <Show when=move || is_table>
                    <thead><tr><Roles choice /></tr></thead>
                </Show>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <p class="actions">
            {has_posts.then(|| view! {
                <button type="button" class="accent" disabled=move || lacks.get().is_some() on:click=begin>"Import"</button>
            })}
            {is_recording.then(|| view! {
                <button type="button" on:click=move |_| importing.verify()>"Verify"</button>
            })}
            {preview.is_date_open.then(|| view! { <Dates choice /> })}
            <button type="button" on:click=cancel>"Cancel"</button>
            <span class="muted" role="status">{move || lacks.get()}</span>
        </p>
    }
    .into_any()
}

/// Both orders fit, so a person has to say which one is meant.
#[component]
fn Dates(choice: RwSignal<Choice>) -> impl IntoView {
    let change = move |event: Event| {
        let is_month_first = event_target_value(&event) == "month";
        choice.update(|choice| {
            choice.dates = match is_month_first {
                true => DateOrder::MonthFirst,
                false => DateOrder::DayFirst,
            };
        });
    };
    view! {
        <label>
            "Dates such as 1/2/2021 "
            <select on:change=change>
                <option value="day">"begin with the day"</option>
                <option value="month">"begin with the month"</option>
            </select>
        </label>
    }
}

/// What is said of a check, or of a file that is made.
#[component]
pub(crate) fn SaidOfFiles() -> impl IntoView {
    let said = expect_context::<link::Importing>().said;
    move || {
        let said = said.get();
        let file = said.file.map(|(name, url)| {
            view! { <a download=name.clone() href=url>{format!("Save {name}")}</a>" " }
        });
        let line = |line: String| view! { <li>{line}</li> };
        view! {
            <p role="status">{file}{said.what}</p>
            <ul class="findings">{said.found.into_iter().map(line).collect_view()}</ul>
        }
    }
}

/// A choice for each column.
#[component]
fn Roles(choice: RwSignal<Choice>) -> impl IntoView {
    let n_columns = choice.with_untracked(|choice| choice.roles.len());
    let role_of = move |idx: usize| choice.with(|choice| choice.roles.get(idx).copied());
    let cell = move |idx: usize| {
        let option = move |(role, name): (Role, &'static str)| {
            view! { <option value=name selected=move || role_of(idx) == Some(role)>{name}</option> }
        };
        let change = move |event: Event| {
            let name = event_target_value(&event);
            let role = words::ROLES.iter().find(|(_, known)| *known == name);
            choice.update(|choice| {
                set_role(choice, idx, role.map_or(Role::Ignore, |(role, _)| *role))
            });
        };
        view! {
            <th scope="col">
                <select aria-label=format!("Column {}", idx + 1) on:change=change>
                    {words::ROLES.map(option).collect_view()}
                </select>
            </th>
        }
    };
    (0..n_columns).map(cell).collect_view()
}

/// A role belongs to one column: the one that had it before has none now.
fn set_role(choice: &mut Choice, idx: usize, role: Role) {
    for (other, known) in choice.roles.iter_mut().enumerate() {
        if other == idx {
            *known = role;
        } else if *known == role {
            *known = Role::Ignore;
        }
    }
}

/// How far it is, or what became of it.
#[component]
fn Course() -> impl IntoView {
    let importing = expect_context::<link::Importing>();
    let progress = importing.progress;
    let state = Memo::new(move |_| progress.with(|progress| progress.state));
    let is_over = Memo::new(move |_| !matches!(state.get(), State::Running | State::Paused));
    let is_paused = move || state.get() == State::Paused;
    let pause = move |_| {
        let is_paused = state.get_untracked() == State::Paused;
        importing.order(&if is_paused {
            Order::Resume
        } else {
            Order::Pause
        });
    };
    let n_bytes = move || progress.with(|progress| progress.n_bytes.max(1).to_string());
    let n_read = move || progress.with(|progress| progress.n_read.to_string());
    let is_beside = !stream::base().is_empty();
    let views = expect_context::<Views>();
    let course = move || {
        let is_kept = views
            .store
            .with(|store| !matches!(store, StoreState::NotKept { .. }));
        progress.with(|progress| words::course(progress, is_kept))
    };
    view! {
        <progress max=n_bytes value=n_read aria-label="Import"></progress>
        <p role="status" data-testid="import-status">{course}</p>
        <ul class="refused">{move || progress.with(refused)}</ul>
        <Show when=move || is_over.get()>
            <p class="caption">{move || progress.with(words::quality)}</p>
        </Show>
        <p class="actions">
            <Show
                when=move || is_over.get()
                fallback=move || view! {
                    <button type="button" on:click=pause>{move || if is_paused() { "Go on" } else { "Pause" }}</button>
                    <button type="button" on:click=move |_| importing.order(&Order::Cancel)>"Cancel"</button>
                }
            >
                <button type="button" on:click=move |_| importing.close()>"Close"</button>
                {move || progress.with(refused_link)}
                {is_beside.then(|| view! {
                    <button type="button" on:click=|_| stream::follow("")>"Back to the stream"</button>
                })}
            </Show>
        </p>
    }
}

fn refused(progress: &Progress) -> impl IntoView + use<> {
    let refused = progress.refused.iter().map(|refused| {
        let line = format!("{} × {}", format::count(refused.n), refused.why);
        let first = refused.first.as_ref();
        let first = first.map(|(row, text)| words::sample(*row, text));
        view! { <li>{line}" "<q>{first}</q></li> }
    });
    refused.collect_view()
}

fn refused_link(progress: &Progress) -> Option<impl IntoView + use<>> {
    let ended = progress.result.as_ref()?;
    (progress.n_refused > 0).then(|| {
        let href = words::data_url(&ended.refused_csv);
        view! { <a download="refused-rows.csv" href=href>"Refused rows as CSV"</a> }
    })
}

fn take_dropped_files(importing: link::Importing) {
    let over = window_event_listener(ev::dragover, |event: DragEvent| event.prevent_default());
    let dropped = window_event_listener(ev::drop, move |event: DragEvent| {
        event.prevent_default();
        if let Some(file) = dropped_file(&event) {
            importing.look(file);
        }
    });
    on_cleanup(move || {
        over.remove();
        dropped.remove();
    });
}

fn dropped_file(event: &DragEvent) -> Option<File> {
    let transfer = js_sys::Reflect::get(event, &"dataTransfer".into()).ok()?;
    let files = js_sys::Reflect::get(&transfer, &"files".into()).ok()?;
    files.dyn_into::<web_sys::FileList>().ok()?.get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_moves_to_another_column_leaves_the_one_before() {
        let mut choice = Choice {
            roles: vec![Role::Text, Role::Time, Role::Ignore],
            ..Choice::default()
        };

        set_role(&mut choice, 2, Role::Text);

        assert_eq!(choice.roles, [Role::Ignore, Role::Time, Role::Text]);
        assert_eq!(choice.lacks(), None);
    }
}
