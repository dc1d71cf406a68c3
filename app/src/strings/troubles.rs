//! Troubles that the page itself has to tell: what happened, what still works, what to do.

use analysis::protocol::{StoreState, Trouble};

use crate::state::Remedy;

/// Another release's worker met this page.
pub(crate) fn new_version() -> Trouble {
    trouble(
        "A new version is here.",
        "What is shown stays readable.",
        "Reload to use it.",
    )
}

/// The browser would not start a worker.
pub(crate) fn worker_refused() -> Trouble {
    trouble(
        "This browser does not start the background program.",
        "Nothing can be shown without it.",
        "Use a current Firefox, Chrome or Safari, and reload.",
    )
}

/// The worker never answered.
pub(crate) fn worker_silent() -> Trouble {
    trouble(
        "The background program did not start.",
        "Nothing can be shown without it.",
        "Check that the server delivers .wasm files, and reload.",
    )
}

/// The worker failed; a new worker in its place that has failed as well calls for more than another one.
pub(crate) fn worker_died(message: Option<&str>, remedy: Remedy) -> Trouble {
    let (again, what_to_do) = match remedy {
        Remedy::Retry => ("", "Retry to go on."),
        Remedy::Reload => (" again", "Reload to go on."),
    };
    let detail = message.map_or(String::new(), |message| format!(" ({message})"));
    trouble(
        &format!("The background program stopped{again}{detail}."),
        "What is shown stays readable, stored data is safe.",
        what_to_do,
    )
}

/// Storing stopped after it had worked. A browser that refuses from the start says so under *Sources* only, since
/// private windows do.
pub(crate) fn not_stored(store: &StoreState) -> Option<Trouble> {
    let StoreState::NotKept { reason } = store else {
        return None;
    };
    let why = reason.strip_prefix("Storing failed ")?;
    let what = match ["Quota", "took it back"]
        .iter()
        .any(|sign| why.contains(sign))
    {
        true => "This browser’s storage is full: nothing more is kept.".to_owned(),
        false => format!("This browser stopped storing {why}."),
    };
    Some(trouble(
        &what,
        "What was stored before is safe, and whatever comes is shown and counted until the page is closed.",
        "Make room on this device, or clear the stored data under Sources, and reload.",
    ))
}

fn trouble(what: &str, still_works: &str, what_to_do: &str) -> Trouble {
    Trouble {
        what: what.to_owned(),
        still_works: still_works.to_owned(),
        what_to_do: what_to_do.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_a_worker_that_stopped_is_what_is_offered() {
        let told = |remedy| {
            let trouble = worker_died(Some("unreachable"), remedy);
            format!("{} {}", trouble.what, trouble.what_to_do)
        };

        assert_eq!(
            [Remedy::Retry, Remedy::Reload].map(told),
            [
                "The background program stopped (unreachable). Retry to go on.",
                "The background program stopped again (unreachable). Reload to go on."
            ]
        );
    }

    #[test]
    fn only_a_store_that_stopped_is_worth_an_alarm() {
        let told = |reason: &str| {
            let reason = reason.to_owned();
            not_stored(&StoreState::NotKept { reason }).map(|trouble| trouble.what)
        };

        let full = "This browser’s storage is full: nothing more is kept.".to_owned();
        assert_eq!(
            told("Storing failed (DOM exception: QuotaExceededError: …)"),
            Some(full.clone())
        );
        assert_eq!(
            told("Storing failed (failed to commit: the browser took it back)"),
            Some(full)
        );
        assert_eq!(
            told("Storing failed (the disk is broken)"),
            Some("This browser stopped storing (the disk is broken).".to_owned())
        );
        assert_eq!(told("This browser refuses to store data (private)"), None);
        assert_eq!(not_stored(&StoreState::Opening), None);
    }
}
