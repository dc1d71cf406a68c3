//! Panels: each shows one view and changes the choice, nothing else.

mod anomalies;
pub(crate) mod data;
pub(crate) mod dialogs;
pub(crate) mod explanation;
pub(crate) mod filters;
pub(crate) mod hashtags;
pub(crate) mod header;
pub(crate) mod import;
pub(crate) mod kpi;
pub(crate) mod lag;
pub(crate) mod leaders;
mod list_editor;
pub(crate) mod looks;
pub(crate) mod market;
mod method;
pub(crate) mod notices;
pub(crate) mod posts;
pub(crate) mod replay;
pub(crate) mod sample;
pub(crate) mod scoring;
pub(crate) mod shell;
pub(crate) mod sight;
pub(crate) mod sources;
pub(crate) mod stacks;
pub(crate) mod statistics;
mod table;
pub(crate) mod talk;
pub(crate) mod topics;

use analysis::view::Class;

/// The glyph that says a class without colour.
pub(crate) fn glyph(class: Class) -> &'static str {
    match class {
        Class::Positive => "▲",
        Class::Neutral => "●",
        Class::Negative => "▼",
    }
}

/// The class in words.
pub(crate) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Positive => "Positive",
        Class::Neutral => "Neutral",
        Class::Negative => "Negative",
    }
}

/// The stylesheet's class for a class of posts.
pub(crate) fn css_class(class: Class) -> &'static str {
    match class {
        Class::Positive => "pos",
        Class::Neutral => "neu",
        Class::Negative => "neg",
    }
}
