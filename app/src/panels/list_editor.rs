//! An editor for a list of names with words: topics and their keywords, tickers and the names of companies.

use leptos::prelude::*;
use wire::config::{Ticker, Topic};

/// Something with a name and words.
pub(crate) trait Named: Clone + Default + Send + Sync + 'static {
    fn name(&self) -> &str;
    fn words(&self) -> &[String];
    /// What the editor does not show stays, unless it belongs to another name.
    fn renamed(&self, name: String, words: Vec<String>) -> Self;
}

impl Named for Topic {
    fn name(&self) -> &str {
        &self.name
    }

    fn words(&self) -> &[String] {
        &self.keywords
    }

    fn renamed(&self, name: String, keywords: Vec<String>) -> Self {
        Self {
            name,
            keywords,
            ..self.clone()
        }
    }
}

impl Named for Ticker {
    fn name(&self) -> &str {
        &self.symbol
    }

    fn words(&self) -> &[String] {
        &self.aliases
    }

    fn renamed(&self, symbol: String, aliases: Vec<String>) -> Self {
        Self {
            name: self.name.clone().filter(|_| symbol == self.symbol),
            symbol,
            aliases,
        }
    }
}

/// What the editor says.
#[derive(Clone, Copy)]
pub(crate) struct Wording {
    pub(crate) name: &'static str,
    pub(crate) words: &'static str,
    pub(crate) add: &'static str,
    pub(crate) hint: &'static str,
}

/// One line, with a number that stays when others are removed.
#[derive(Clone)]
struct Line<T> {
    id: usize,
    item: T,
    name: RwSignal<String>,
    words: RwSignal<String>,
}

impl<T: Named> Line<T> {
    fn new(id: usize, item: T) -> Self {
        Self {
            id,
            name: RwSignal::new(item.name().to_owned()),
            words: RwSignal::new(item.words().join(", ")),
            item,
        }
    }

    fn item(&self) -> T {
        let name = self.name.get_untracked().trim().to_owned();
        let written = self.words.get_untracked();
        // A word with a comma in it stays whole as long as nobody touches the line.
        let words = match written == self.item.words().join(", ") {
            true => self.item.words().to_vec(),
            false => words_of(&written),
        };
        self.item.renamed(name, words)
    }
}

/// Nothing changes until it is applied, with `None` for the relay's own list.
#[component]
pub(crate) fn ListEditor<T: Named>(
    items: Vec<T>,
    limit: usize,
    wording: Wording,
    apply: impl Fn(Option<Vec<T>>) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let next_id = StoredValue::new(items.len());
    let lines: Vec<Line<T>> = items
        .into_iter()
        .enumerate()
        .map(|(id, item)| Line::new(id, item))
        .collect();
    let lines = RwSignal::new(lines);
    let add = move |_| {
        let id = next_id.get_value();
        next_id.set_value(id + 1);
        lines.update(|lines| lines.push(Line::new(id, T::default())));
    };
    let is_full = move || lines.with(Vec::len) >= limit;
    let field = |label: &'static str, value: RwSignal<String>| {
        view! {
            <input
                aria-label=label
                placeholder=label
                maxlength="500"
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        }
    };
    view! {
        <form
            class="list-editor"
            on:submit=move |event| {
                event.prevent_default();
                apply(Some(lines.with_untracked(|lines| lines.iter().map(Line::item).collect())));
            }
        >
            <p class="hint">{wording.hint}</p>
            <For each=move || lines.get() key=|line| line.id let:line>
                <div class="list-line">
                    {field(wording.name, line.name)}
                    {field(wording.words, line.words)}
                    <button
                        type="button"
                        aria-label=move || format!("Remove {}", line.name.get())
                        on:click=move |_| lines.update(|lines| lines.retain(|other| other.id != line.id))
                    >"×"</button>
                </div>
            </For>
            <div class="chips">
                <button type="button" on:click=add disabled=is_full>{wording.add}</button>
                <button type="submit" class="accent">"Apply"</button>
                <button type="button" on:click=move |_| apply(None)>"Back to the relay’s"</button>
            </div>
        </form>
    }
}

fn words_of(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_commas() {
        assert_eq!(words_of(" #btc, halving day ,, "), ["#btc", "halving day"]);
    }
}
