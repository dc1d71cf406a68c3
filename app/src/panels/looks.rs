//! How often somebody has looked since the page was opened: every p-value is told with that considered.

use analysis::{
    protocol::{RangeChoice, Watch},
    stats::trials::{Trial, Trials},
    text::sentiment::Limits,
};
use leptos::prelude::*;

use crate::{
    query::{Choice, write_method},
    state::Views,
    strings,
};

/// The tests whose outcome was shown.
#[derive(Clone, Copy)]
pub(crate) struct Looks {
    trials: StoredValue<Trials>,
    n: Memo<usize>,
}

impl Looks {
    pub(crate) fn new(views: Views, choice: Choice) -> Self {
        let trials = StoredValue::new(Trials::default());
        Self {
            trials,
            n: count(views, choice, trials),
        }
    }

    /// All of them, and to be told when there are more.
    pub(super) fn so_far(self) -> Trials {
        self.n.get();
        self.trials.get_value()
    }
}

/// Every test whose outcome was shown, counted when it comes and not when it is asked for.
fn count(views: Views, choice: Choice, trials: StoredValue<Trials>) -> Memo<usize> {
    let look = move |test: String, ticker: &str, width| {
        let trial = Trial {
            test,
            ticker: ticker.to_owned(),
            width,
            sample: choice.watch.with_untracked(sample_of),
        };
        trials.update_value(|trials| {
            trials.look(trial);
        });
    };
    let of_lag = Memo::new(move |n: Option<&usize>| {
        if let Some(view) = views.lag.get().filter(|view| view.p_family.is_some()) {
            look("lag".to_owned(), &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    let of_rolling = Memo::new(move |n: Option<&usize>| {
        let view = views.panels.rolling.get();
        if let Some(view) = view.filter(|view| view.whole.is_some()) {
            // The outcome told is that of the whole range, whatever the stretch.
            let test = format!("{:?} {:?}", view.choice.pair, view.choice.rank);
            look(test, &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    let of_events = Memo::new(move |n: Option<&usize>| {
        let view = views.panels.events.get();
        if let Some(view) = view.filter(|view| view.p_placebo.is_some()) {
            look("events".to_owned(), &view.ticker, view.width);
        }
        n.map_or(0, |n| n + 1)
    });
    Memo::new(move |_| {
        for seen in [of_lag, of_rolling, of_events] {
            // Read, not only tracked: a memo that nobody reads is not made.
            seen.get();
        }
        trials.with_value(Trials::n)
    })
}

/// The part of a choice that makes another test of the same ticker.
fn sample_of(watch: &Watch) -> String {
    let Watch {
        range,
        scoring,
        sampling,
        class,
        hashtag,
        tickers,
        topics,
        ..
    } = watch;
    let range = match range {
        RangeChoice::Fixed { from, to } => format!("{from}-{to}"),
        RangeChoice::Last(length) => length.to_string(),
        RangeChoice::All => String::new(),
    };
    let limits = scoring.limits == Limits::Strict;
    let method = write_method(scoring.method);
    format!(
        "{range} {method} {limits} {} {class:?} {hashtag:?} {tickers:?} {topics:?}",
        strings::sampling::told(sampling)
    )
}
