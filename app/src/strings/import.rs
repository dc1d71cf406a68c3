//! What the page says about files that are imported.

use import::{
    Role,
    protocol::{Progress, State},
};

use crate::format;

pub(crate) const FAILED: &str = "The part of this page that reads files could not be loaded. Everything else works; reload to try again.";

pub(crate) const READING: &str = "A file is being read. Wait for it, or cancel it.";

pub(crate) const ADDRESS: &str = "The file is fetched by this browser and read in it; nobody else is told. Its host must allow that for pages from elsewhere (CORS). A link to this page may name it, as in ?open=ADDRESS.";

/// Roles of columns by the names in which they are offered.
pub(crate) const ROLES: [(Role, &str); 10] = [
    (Role::Ignore, "–"),
    (Role::Id, "Post id"),
    (Role::Time, "Time"),
    (Role::Text, "Text"),
    (Role::Author, "Author"),
    (Role::Lang, "Language"),
    (Role::Url, "Address"),
    (Role::ReplyTo, "Answers post"),
    (Role::Repost, "Is a repost"),
    (Role::Clock, "Time of day"),
];

pub(crate) fn title(name: &str) -> String {
    match name {
        "" => "Import".to_owned(),
        name => format!("Import {name}"),
    }
}

/// How far it is, in one line. Where nothing is kept, what is counted is in this tab alone.
pub(crate) fn course(progress: &Progress, is_kept: bool) -> String {
    let state = match progress.state {
        State::Running => "Reading",
        State::Paused => "Paused",
        State::Done => "Done",
        State::Cancelled => "Stopped",
        State::Unreadable => "The file could not be read further",
    };
    let stored = match is_kept {
        true => "stored",
        false => "counted, nothing stored",
    };
    let seconds = (progress.millis as f64 / 1e3).max(1e-3);
    let rate = format::compact((progress.n_rows as f64 / seconds) as u64);
    let mut line = format!(
        "{state} · {} rows · {} {stored} · {} were there already · {} refused · {rate} rows/s",
        format::count(progress.n_rows),
        format::count(progress.n_stored),
        format::count(progress.n_known),
        format::count(progress.n_refused),
    );
    if progress.n_repaired > 0 {
        line += &format!(
            " · {} with broken characters",
            format::count(progress.n_repaired)
        );
    }
    line
}

pub(crate) fn sample(row: u64, text: &str) -> String {
    let text: String = text.chars().take(80).collect();
    format!("row {}: {text}", format::count(row))
}

/// How good the data is, once everything is read.
pub(crate) fn quality(progress: &Progress) -> Option<String> {
    let quality = &progress.result.as_ref()?.quality;
    let line = |(n, what): &(u64, String)| format!("{} {what}", format::count(*n));
    let notable: Vec<String> = quality.notable.iter().map(line).collect();
    Some(format!("{} {}", quality.outcome, notable.join(" · ")))
}

/// A file's content as an address, to be saved.
pub(crate) fn data_url(text: &str) -> String {
    let encoded: String = js_sys::encode_uri_component(text).into();
    format!("data:text/csv;charset=utf-8,{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_says_every_number_with_its_unit() {
        let progress = Progress {
            state: State::Done,
            n_stored: 1_500,
            n_known: 2,
            millis: 1_000,
            n_rows: 1_502,
            ..Progress::default()
        };

        assert_eq!(
            course(&progress, true),
            "Done · 1,502 rows · 1,500 stored · 2 were there already · 0 refused · 1,502 rows/s"
        );
        assert!(course(&progress, false).contains("1,500 counted, nothing stored"));
    }
}
