//! Filters in words.

use analysis::protocol::RangeChoice;

use crate::{
    format,
    panels::{class_name, glyph},
    selection::Filter,
};

/// A filter as its chip shows it.
pub(crate) fn label(filter: &Filter) -> String {
    match filter {
        Filter::Range(range) => range_label(*range),
        Filter::Ticker(symbol) => format!("${symbol}"),
        Filter::Topic(name) => name.clone(),
        Filter::Class(class) => format!("{} {}", glyph(*class), class_name(*class).to_lowercase()),
        Filter::Hashtag(tag) => format!("#{}", tag.trim_start_matches('#')),
        Filter::PerAuthor(1) => "the first post of each author and hour".to_owned(),
        Filter::PerAuthor(cap) => format!("the first {cap} posts of each author and hour"),
        Filter::WithoutSpam => "without spam".to_owned(),
        Filter::OnlyEnglish => "only English".to_owned(),
        Filter::SpamList => "list of spam".to_owned(),
    }
}

fn range_label(range: RangeChoice) -> String {
    match range {
        RangeChoice::All => "everything".to_owned(),
        RangeChoice::Last(length) => format!("last {}", format::span(length)),
        RangeChoice::Fixed { from, to } => format::stretch(from, to),
    }
}

#[cfg(test)]
mod tests {
    use analysis::view::Class;
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn a_chip_says_what_it_narrows_down_to() {
        let labels = [
            Filter::Range(RangeChoice::Last(6 * HOUR)),
            Filter::Range(RangeChoice::Fixed { from: 0, to: HOUR }),
            Filter::Class(Class::Negative),
            Filter::Hashtag("moon".into()),
        ];

        let labels = labels.iter().map(label).collect::<Vec<_>>();

        let expected = [
            "last 6 h",
            "1 Jan 1970, 00:00 – 01:00",
            "▼ negative",
            "#moon",
        ];
        assert_eq!(labels, expected);
    }
}
