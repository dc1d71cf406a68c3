//! Troubles that the page itself has to tell: what happened, what still works, what to do.

use analysis::protocol::Trouble;

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

/// The worker failed.
pub(crate) fn worker_died(message: Option<&str>) -> Trouble {
    let detail = message.map_or(String::new(), |message| format!(" ({message})"));
    trouble(
        &format!("The background program stopped{detail}."),
        "What is shown stays readable, stored data is safe.",
        "Reload to go on.",
    )
}

fn trouble(what: &str, still_works: &str, what_to_do: &str) -> Trouble {
    Trouble {
        what: what.to_owned(),
        still_works: still_works.to_owned(),
        what_to_do: what_to_do.to_owned(),
    }
}
