//! Key figures over the range, each with its unit and n.

use analysis::view::{Class, Counts, KpiView};
use leptos::prelude::*;

use super::{
    css_class,
    filters::FilterButton,
    method::{Card, Figures, Method},
    scoring::ScoringControls,
};
use crate::{format, selection::Filter, state::Views, strings};

/// One figure as it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Figure {
    value: String,
    /// Unit and n.
    unit: String,
    /// Against the equally long stretch before.
    change: Option<String>,
}

/// The strip of six figures.
#[component]
pub(crate) fn KpiStrip() -> impl IntoView {
    let views = expect_context::<Views>();
    let caption = move || {
        views.kpi.get().map(|kpi| {
            format!(
                "Range {} {}. {}",
                format::stretch(kpi.range.from, kpi.range.to),
                format::zone_name(),
                strings::voices(&kpi)
            )
        })
    };
    let figures = Signal::derive(move || {
        views.kpi.with(|kpi| {
            kpi.as_ref().map_or_else(Figures::default, |kpi| {
                let authors = format::count(kpi.authors);
                Figures::new(
                    format!(
                        "{} posts by {authors} authors",
                        format::count(kpi.counts.posts)
                    ),
                    kpi.range,
                )
            })
        })
    });
    let row = |name: &'static str, of: Option<Class>, figure: fn(&KpiView) -> Figure| {
        let class = of.map_or("", css_class);
        let figure = Memo::new(move |_| views.kpi.get().map(|kpi| figure(&kpi)));
        view! {
            <div class=format!("kpi {class}") class:loading=move || figure.with(Option::is_none)>
                <dt>{match of {
                    Some(class) => view! {
                        <FilterButton filter=Filter::Class(class) class="link" title="Only posts of this class, in every other panel" text=name />
                    }.into_any(),
                    None => name.into_any(),
                }}</dt>
                <dd>
                    <span class="figure">{move || figure.get().map_or("–".to_owned(), |f| f.value)}</span>
                    <span class="unit">{move || figure.get().map(|f| f.unit)}</span>
                    <span class="change">{move || figure.get().and_then(|f| f.change)}</span>
                </dd>
            </div>
        }
    };
    view! {
        <section class="kpis" role="region" aria-label="Key figures">
            <dl>
                {row("Posts", None, posts)}
                {row("Positive", Some(Class::Positive), |kpi| class(kpi, |counts| counts.positive))}
                {row("Neutral", Some(Class::Neutral), |kpi| class(kpi, |counts| counts.neutral))}
                {row("Negative", Some(Class::Negative), |kpi| class(kpi, |counts| counts.negative))}
                {row("Posts/min", None, per_minute)}
                {row("Mean compound, −1…+1", None, mean)}
            </dl>
            <div class="foot">
                <p class="caption">{caption}</p>
                <ScoringControls />
                <Method card=Card::Kpi figures />
            </div>
        </section>
    }
}

fn posts(kpi: &KpiView) -> Figure {
    Figure {
        value: format::count(kpi.counts.posts),
        unit: format!("by {} authors", format::count(kpi.authors)),
        change: against_before(kpi, |counts| counts.posts),
    }
}

fn class(kpi: &KpiView, of: fn(&Counts) -> u64) -> Figure {
    let n = of(&kpi.counts);
    Figure {
        value: format::count(n),
        unit: format!("posts, {}", format::share(n, kpi.counts.posts)),
        change: against_before(kpi, of),
    }
}

fn per_minute(kpi: &KpiView) -> Figure {
    Figure {
        value: format::rate(kpi.posts_per_minute),
        unit: format!("over the last {}", format::span(kpi.rate_window)),
        change: None,
    }
}

fn mean(kpi: &KpiView) -> Figure {
    let Counts {
        posts,
        mean_compound,
        ..
    } = kpi.counts;
    let before = kpi.previous.and_then(|before| before.mean_compound);
    Figure {
        value: mean_compound.map_or("–".to_owned(), |mean| format::signed(mean, 3)),
        unit: format!("n = {}", format::count(posts)),
        change: mean_compound
            .zip(before)
            .map(|(now, before)| vs_before(kpi, &format::signed(now - before, 3))),
    }
}

fn against_before(kpi: &KpiView, of: fn(&Counts) -> u64) -> Option<String> {
    let change = format::change(of(&kpi.previous?), of(&kpi.counts))?;
    Some(vs_before(kpi, &change))
}

fn vs_before(kpi: &KpiView, change: &str) -> String {
    format!(
        "{change} vs {} before",
        format::span(kpi.range.to - kpi.range.from)
    )
}

#[cfg(test)]
mod tests {
    use analysis::view::Range;
    use wire::time::DAY;

    use super::*;

    #[test]
    fn a_figure_has_unit_n_and_change_where_there_was_something_before() {
        let counts = |posts, positive| Counts {
            posts,
            positive,
            mean_compound: Some(0.1),
            ..Counts::default()
        };
        let kpi = KpiView {
            range: Range { from: 0, to: DAY },
            counts: counts(29_057, 12_000),
            previous: Some(counts(0, 10_000)),
            authors: 8_123,
            ..KpiView::default()
        };

        assert_eq!(
            posts(&kpi),
            Figure {
                value: "29,057".into(),
                unit: "by 8,123 authors".into(),
                change: None
            }
        );
        assert_eq!(
            class(&kpi, |c| c.positive).change.as_deref(),
            Some("+20.0 % vs 1 d before")
        );
        assert_eq!(mean(&kpi).value, "+0.100");
    }
}
