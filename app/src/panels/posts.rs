//! Recent posts with their class. The list stands still while a person reads in it.

use std::sync::Arc;

use analysis::view::{Class, PostRow, PostsView};
use leptos::{html::Div, prelude::*};

use super::{
    class_name, css_class,
    explanation::Explanation,
    filters::FilterButton,
    glyph,
    method::{Card, Figures, Method},
    shell::{Choose, texts},
    sight::Sight,
};
use crate::{
    app::Actions,
    format,
    query::{Choice, Entry},
    selection::{Filter, filters},
    state::Views,
    strings,
};

/// The choice that decides which posts match; a list is held back only while this stays the same.
type FilterKey = (
    Option<Class>,
    Option<String>,
    String,
    bool,
    Vec<String>,
    String,
);

/// What keeps the list still, and for which filter.
#[derive(Clone, Debug, Default, PartialEq)]
struct Hold {
    is_pointed_at: bool,
    is_scrolled: bool,
    has_focus: bool,
    filter: Option<FilterKey>,
}

impl Hold {
    fn is_on(&self, filter: &FilterKey) -> bool {
        let is_reading = self.is_pointed_at || self.is_scrolled || self.has_focus;
        is_reading && self.filter.as_ref() == Some(filter)
    }
}

/// Rows that are in the document at first, and that are added whenever the last one comes near: making
/// hundreds of rows at once would hold the page up for a tenth of a second.
const ROWS_AT_ONCE: usize = 20;

/// The panel.
#[component]
pub(crate) fn PostsPanel() -> impl IntoView {
    let views = expect_context::<Views>();
    let choice = expect_context::<Choice>();
    let list = NodeRef::<Div>::new();
    let filter = Memo::new(move |_| {
        choice.watch.with(|w| {
            (
                w.class,
                w.hashtag.clone(),
                w.tickers.join(" "),
                w.only_spam,
                w.topics.clone(),
                format!("{:?}{:?}", w.range, w.panels.random),
            )
        })
    });
    let hold = RwSignal::new(Hold::default());
    let set_hold = move |change: fn(&mut Hold)| {
        hold.update(|hold| {
            change(hold);
            hold.filter = Some(filter.get_untracked());
        });
    };
    let shown = Memo::new(move |before: Option<&Option<Arc<PostsView>>>| {
        let newest = views.posts.get();
        match before {
            // In an empty list nobody reads.
            Some(Some(before))
                if !before.rows.is_empty()
                    && hold.with(|hold| filter.with(|filter| hold.is_on(filter))) =>
            {
                Some(match newest {
                    Some(newest) => read_on(before, &newest),
                    None => Arc::clone(before),
                })
            }
            _ => newest,
        }
    });
    let is_random = move || choice.watch.with(|watch| watch.panels.random.is_some());
    let n_new = Memo::new(move |_| match (views.posts.get(), shown.get()) {
        (Some(newest), Some(shown)) if !is_random() => n_new(&newest, &shown),
        _ => 0,
    });
    let show_new = move |_| {
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
        set_hold(|hold| *hold = Hold::default());
    };
    // Another filter shows another list: from its top. Where it stands there already, touching it would
    // only force a layout.
    Effect::new(move |_| {
        filter.with(|_| ());
        if let (true, Some(list)) = (
            hold.with_untracked(|hold| hold.is_scrolled),
            list.get_untracked(),
        ) {
            list.set_scroll_top(0);
        }
    });
    let sight = expect_context::<Sight>();
    let n_rows = RwSignal::new(ROWS_AT_ONCE);
    let rows = move || {
        let rows = |view: &Arc<PostsView>| view.rows.iter().take(n_rows.get()).cloned().collect();
        shown.with(|view| view.as_ref().map_or_else(Vec::new, rows))
    };
    let on_scroll = move |_| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        match list.scroll_top() > 4 {
            true => set_hold(|hold| hold.is_scrolled = true),
            false => set_hold(|hold| hold.is_scrolled = false),
        }
        let below = list.scroll_height() - list.scroll_top() - list.client_height();
        let n_held = shown.with_untracked(|view| view.as_ref().map_or(0, |view| view.rows.len()));
        if list.scroll_top() == 0 {
            n_rows.set(ROWS_AT_ONCE);
            sight.read_from_the_top();
        } else if below < list.client_height() {
            match n_rows.get_untracked() < n_held {
                true => n_rows.update(|n| *n += ROWS_AT_ONCE),
                false => sight.read_on(),
            }
        }
    };
    let figures = Signal::derive(move || {
        let range = views.kpi.with(|kpi| kpi.as_ref().map(|kpi| kpi.range));
        let of = |view: &Arc<PostsView>| {
            let n = format!("{} matching posts", format::count(view.n_matching));
            Figures::new(n, range.unwrap_or_default())
        };
        shown.with(|view| view.as_ref().map(of)).unwrap_or_default()
    });
    let empty = move || {
        let view = shown.get().filter(|view| view.rows.is_empty())?;
        let n_filters = choice.watch.with(|watch| filters(watch).len());
        Some((strings::posts_empty(&view, n_filters), n_filters > 0))
    };
    view! {
        <section class="panel posts" aria-labelledby="posts-title">
            <header>
                <h2 id="posts-title">"Recent posts"</h2>
                <span class="spacer"></span>
                <Order />
                <ClassButtons />
            </header>
            <ChartTickerChip />
            <p class="caption">{move || shown.get().map(|view| caption(&view, is_random()))}</p>
            <div class="list-frame">
                <Show when=move || { n_new.get() > 0 }>
                    <button type="button" class="new-pill" on:click=show_new>{move || new_text(n_new.get())}</button>
                </Show>
                <div
                    class="post-list"
                    class:loading=move || shown.with(Option::is_none)
                    node_ref=list
                    tabindex="0"
                    role="region"
                    aria-label=move || if is_random() { "Posts drawn at random" } else { "Newest posts" }
                    on:pointerenter=move |_| set_hold(|hold| hold.is_pointed_at = true)
                    on:pointerleave=move |_| set_hold(|hold| hold.is_pointed_at = false)
                    on:focusin=move |_| set_hold(|hold| hold.has_focus = true)
                    on:focusout=move |_| set_hold(|hold| hold.has_focus = false)
                    on:scroll=on_scroll
                >
                    <ol>
                        <For each=rows key=|row| (row.key, row.text.is_none()) let:row>
                            <PostItem row shown />
                        </For>
                    </ol>
                    {move || empty().map(|(text, can_clear)| view! {
                        <p class="empty">{text}</p>
                        {can_clear.then(|| view! {
                            <p class="empty"><button type="button" on:click=move |_| choice.clear_all()>"Clear all filters"</button></p>
                        })}
                    })}
                </div>
            </div>
            <Method card=Card::Posts figures />
        </section>
    }
}

fn caption(view: &PostsView, is_random: bool) -> String {
    let order = if is_random {
        "Drawn at random:"
    } else {
        "Newest"
    };
    format!(
        "{order} {} of {} matching posts, {} in range",
        view.rows.len(),
        format::count(view.n_matching),
        format::count(view.n_in_range)
    )
}

/// The list as it stands, with what `newest` has behind its last row.
fn read_on(shown: &Arc<PostsView>, newest: &PostsView) -> Arc<PostsView> {
    let last = shown.rows.last().map(|row| row.key);
    let of_last = newest.rows.iter().position(|row| Some(row.key) == last);
    match of_last.and_then(|idx| newest.rows.get(idx + 1..)) {
        Some(older) if !older.is_empty() => Arc::new(PostsView {
            rows: [&shown.rows, older].concat(),
            ..**shown
        }),
        _ => Arc::clone(shown),
    }
}

/// A row of a view, looked for first where it was: new posts push all rows down by a few.
fn find(rows: &[PostRow], key: u64, place: StoredValue<usize>) -> Option<&PostRow> {
    let was = place.get_value().min(rows.len());
    let (above, below) = rows.split_at(was);
    let is_it = |row: &PostRow| row.key == key;
    let in_below = below.iter().position(is_it).map(|idx| was + idx);
    let idx = in_below.or_else(|| above.iter().position(is_it))?;
    place.set_value(idx);
    rows.get(idx)
}

/// Posts that came since the list stands still.
fn n_new(newest: &PostsView, shown: &PostsView) -> usize {
    let top = shown.rows.first().map(|row| row.key);
    newest
        .rows
        .iter()
        .position(|row| Some(row.key) == top)
        .unwrap_or(newest.rows.len())
}

fn new_text(n: usize) -> String {
    if n >= 100 {
        "↑ 100+ new".to_owned()
    } else {
        format!("↑ {n} new")
    }
}

/// Newest or drawn at random, and of which topic.
#[component]
fn Order() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let views = expect_context::<Views>();
    let seed = Memo::new(move |_| choice.watch.with(|watch| watch.panels.random));
    let order = Signal::derive(move || match seed.get() {
        Some(_) => "random".to_owned(),
        None => "newest".to_owned(),
    });
    let on_order = Callback::new(move |text: String| {
        choice.change(Entry::Same, |watch| {
            watch.panels.random = (text == "random").then_some(1);
        });
    });
    let draw = move |_| {
        choice.change(Entry::Same, |watch| {
            watch.panels.random = watch.panels.random.map(|seed| seed.wrapping_add(1));
        });
    };
    let topics = Memo::new(move |_| {
        let list = views.topic_list.get();
        let names = list.iter().flat_map(|list| &list.items);
        names.map(|topic| topic.name.clone()).collect::<Vec<_>>()
    });
    let topic = Signal::derive(move || {
        choice
            .watch
            .with(|watch| watch.topics.first().cloned().unwrap_or_default())
    });
    let on_topic = Callback::new(move |text: String| {
        choice.change(Entry::New, |watch| {
            watch.topics = Some(text)
                .filter(|text| !text.is_empty())
                .into_iter()
                .collect();
        });
    });
    let options = move || {
        let names = topics.get().into_iter().map(|name| (name.clone(), name));
        let all = (String::new(), "all topics".to_owned());
        [all].into_iter().chain(names).collect::<Vec<_>>()
    };
    view! {
        <Choose label="Order" options=texts([("newest", "newest"), ("random", "at random")]) chosen=order on_choice=on_order />
        <Show when=move || seed.get().is_some()>
            <button type="button" on:click=draw>"Draw again"</button>
        </Show>
        {move || view! { <Choose label="Topic of the posts" options=options() chosen=topic on_choice=on_topic /> }}
    }
    .into_any()
}

#[component]
fn ClassButtons() -> impl IntoView {
    let choice = expect_context::<Choice>();
    let button = move |class: Option<Class>| {
        let is_chosen = move || choice.watch.with(|watch| watch.class == class);
        view! {
            <button
                type="button"
                class=class.map_or("", css_class)
                title=class.map_or("All classes", class_name)
                aria-label=class.map_or("All", class_name)
                aria-pressed=move || is_chosen().to_string()
                on:click=move |_| choice.change(Entry::New, |watch| watch.class = class)
            >
                {class.map_or("All", glyph)}
            </button>
        }
    };
    let classes = [
        None,
        Some(Class::Positive),
        Some(Class::Neutral),
        Some(Class::Negative),
    ];
    view! { <div class="segments" role="group" aria-label="Class">{classes.map(button).collect_view()}</div> }
}

/// The filter for the ticker of the chart. What is on stands in the line above all panels.
#[component]
fn ChartTickerChip() -> impl IntoView {
    let views = expect_context::<Views>();
    let ticker = Memo::new(move |_| {
        let view = views.market.get();
        view.map(|view| view.ticker.clone())
            .filter(|ticker| !ticker.is_empty())
    });
    let chip = move |symbol: String| {
        let text = format!("Only ${symbol}");
        view! { <FilterButton filter=Filter::Ticker(symbol) class="chip" text /> }
    };
    view! { <div class="chips">{move || ticker.get().map(chip)}</div> }
}

#[component]
fn PostItem(row: PostRow, shown: Memo<Option<Arc<PostsView>>>) -> impl IntoView {
    let views = expect_context::<Views>();
    let actions = expect_context::<Actions>();
    let compound = format::signed(f64::from(row.compound), 2);
    let is_deleted = row.text.is_none();
    let key = row.key;
    // What a post was judged to be comes later than the post, and its row stays as it is.
    let (place, newest_place) = (StoredValue::new(0), StoredValue::new(0));
    let judged = Memo::new(move |_| {
        shown.with(|view| {
            let row = view.as_ref().and_then(|view| find(&view.rows, key, place));
            row.map(Judged::of).unwrap_or_default()
        })
    });
    // What it answers may be withdrawn while it is read.
    let parent = Memo::new(move |_| {
        // A list that stands still must not keep it either: the newest view decides where it has the post.
        let of = |view: &Option<Arc<PostsView>>, place| {
            let row = view.as_ref().and_then(|view| find(&view.rows, key, place));
            row.map(|row| row.parent.clone())
        };
        let of_newest = views.posts.with(|view| of(view, newest_place));
        of_newest
            .or_else(|| shown.with(|view| of(view, place)))
            .flatten()
    });
    let is_explained = RwSignal::new(false);
    let explain = move |_| {
        is_explained.update(|on| *on = !*on);
        if is_explained.get_untracked() {
            actions.explain(key);
        }
    };
    // Only one is held: another post's takes its place.
    let explanation = move || {
        let explained = views
            .explained
            .get()
            .filter(|explained| explained.key == key);
        explained.filter(|_| is_explained.get())
    };
    let meta = view! {
        <span class="mark" aria-hidden="true">{glyph(row.class)}</span>
        <span class="vh">{class_name(row.class)}</span>
        <span class="compound" title="Compound, −1 to +1">{compound}</span>
        <time datetime=format::iso(row.at)>{format::date_time(row.at)}</time>
        <span class="source">{row.source}</span>
        {row.late.then(|| view! { <span class="late" title="Came more than 60 s after it was posted">"late"</span> })}
        {move || judged.with(|judged| judged.is_left_out).then(|| view! { <span class="late" title="Left out of every number">"not counted"</span> })}
        {move || Some(judged.with(|judged| judged.n_alike)).filter(|n| *n > 1).map(|n| view! {
            <span class="source" title="Posts of a day that say nearly the same">{format!("{n} alike")}</span>
        })}
        {row.tickers.into_iter().map(|ticker| view! { <TickerChip ticker /> }).collect_view()}
        {row.url.filter(|url| is_web(url)).map(|url| view! {
            <a href=url target="_blank" rel="noopener noreferrer nofollow" aria-label="Open the post in a new tab">"Open"</a>
        })}
        {(!is_deleted).then(|| view! {
            <button
                type="button"
                class="link"
                aria-label="Why it reads like that"
                aria-expanded=move || is_explained.get().to_string()
                on:click=explain
            >
                "Why"
            </button>
        })}
    };
    view! {
        <li class=format!("post {}", css_class(row.class))>
            <p class="meta">{meta}</p>
            {move || parent.get().map(|parent| view! {
                <blockquote class=format!("parent {}", css_class(parent.class)) dir="auto">
                    <span class="meta">
                        "Answers "<span class="mark" aria-hidden="true">{glyph(parent.class)}</span>
                        <span class="vh">{class_name(parent.class)}</span>
                        " "{format::signed(f64::from(parent.compound), 2)}" "
                        <time datetime=format::iso(parent.at)>{format::date_time(parent.at)}</time>
                    </span>
                    {parent.text}
                </blockquote>
            })}
            <p class="text" dir="auto" class:deleted=is_deleted>
                {row.text.unwrap_or_else(|| "Deleted by its author".to_owned())}
            </p>
            {move || judged.with(|judged| judged.spam.clone()).map(|reasons| view! { <p class="hint">{reasons}</p> })}
            {move || explanation().map(|explained| view! { <Explanation explained=(*explained).clone() /> })}
        </li>
    }
}

/// What a post was judged to be.
#[derive(Clone, Debug, Default, PartialEq)]
struct Judged {
    spam: Option<String>,
    n_alike: u32,
    is_left_out: bool,
}

impl Judged {
    fn of(row: &PostRow) -> Self {
        Self {
            spam: (!row.findings.is_empty()).then(|| strings::findings(&row.findings)),
            n_alike: row.n_alike,
            is_left_out: !row.is_counted,
        }
    }
}

#[component]
fn TickerChip(ticker: String) -> impl IntoView {
    let choice = expect_context::<Choice>();
    let text = format!("${ticker}");
    view! {
        <button
            type="button"
            class="ticker"
            title="Show this ticker"
            on:click=move |_| choice.change(Entry::New, |watch| watch.ticker = Some(ticker.clone()))
        >
            {text}
        </button>
    }
}

/// A link from a post is followed only to the web, never to a script.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(keys: &[u64]) -> PostsView {
        let rows = keys
            .iter()
            .map(|key| PostRow {
                key: *key,
                ..PostRow::default()
            })
            .collect();
        PostsView {
            rows,
            ..PostsView::default()
        }
    }

    #[test]
    fn new_posts_are_counted_down_to_the_first_one_shown() {
        assert_eq!(n_new(&view(&[5, 4, 3]), &view(&[3, 2, 1])), 2);
        assert_eq!(n_new(&view(&[3, 2]), &view(&[3, 2])), 0);
        assert_eq!(n_new(&view(&[9, 8]), &view(&[1])), 2);
    }

    #[test]
    fn a_list_that_stands_still_is_continued_downwards() {
        let shown = Arc::new(view(&[5, 4, 3]));

        let keys = |newest: &[u64]| -> Vec<u64> {
            let read = read_on(&shown, &view(newest));
            read.rows.iter().map(|row| row.key).collect()
        };

        assert_eq!(keys(&[7, 6, 5, 4, 3, 2, 1]), [5, 4, 3, 2, 1]);
        assert_eq!(keys(&[7, 6, 5]), [5, 4, 3]);
        assert_eq!(keys(&[9, 8]), [5, 4, 3]);
    }

    #[test]
    fn a_row_is_found_wherever_it_has_moved_to() {
        let place = StoredValue::new(2);
        let rows = view(&[9, 8, 7, 6]).rows;

        let found = |key| find(&rows, key, place).map(|row| row.key);

        assert_eq!([found(6), found(9), found(1)], [Some(6), Some(9), None]);
    }

    #[test]
    fn another_filter_is_not_held_back() {
        let filter = |tag: &str| {
            (
                None,
                Some(tag.to_owned()),
                String::new(),
                false,
                Vec::new(),
                String::new(),
            )
        };
        let hold = Hold {
            is_scrolled: true,
            filter: Some(filter("a")),
            ..Hold::default()
        };

        assert!(hold.is_on(&filter("a")));
        assert!(!hold.is_on(&filter("b")));
    }

    #[test]
    fn only_web_links_are_links() {
        assert!(is_web("https://example.org/1"));
        assert!(!is_web("javascript:alert(1)"));
    }
}
