//! Which words a post's score comes from, and what changed their weight.

use analysis::protocol::{Explained, ExplainedWord};
use leptos::prelude::*;

use crate::{format, strings};

/// The text with its words marked, then each of them.
#[component]
pub(crate) fn Explanation(explained: Explained) -> impl IntoView {
    let summary = strings::explanation(&explained);
    let pieces = explained.pieces.into_iter().map(|piece| {
        let tone = piece
            .valence
            .map(|valence| (if valence < 0.0 { "neg" } else { "pos" }, valence));
        match tone {
            None => view! { {piece.text} }.into_any(),
            Some((class, valence)) => view! {
                <mark class=class title=format::signed(valence, 2)>{piece.text}</mark>
            }
            .into_any(),
        }
    });
    let words = explained
        .words
        .iter()
        .map(|word| view! { <li>{line(word)}</li> });
    view! {
        <div class="explanation">
            <p class="text" dir="auto">{pieces.collect_view()}</p>
            <ul>{words.collect_view()}</ul>
            <p class="muted">{summary}</p>
        </div>
    }
}

/// `great +3.1, “very” strengthens it: +3.4`.
fn line(word: &ExplainedWord) -> String {
    let strength = format::signed(word.strength, 1);
    let changes = word.changes.iter().map(|change| {
        format!(
            ", {}: {}",
            strings::change(change),
            format::signed(change.after, 2)
        )
    });
    format!("{} {strength}{}", word.word, changes.collect::<String>())
}

#[cfg(test)]
mod tests {
    use analysis::{protocol::ExplainedChange, text::sentiment::Rule};

    use super::*;

    #[test]
    fn a_word_is_told_with_its_strength_and_every_change() {
        let word = ExplainedWord {
            word: "great".to_owned(),
            strength: 3.1,
            changes: vec![ExplainedChange {
                rule: Rule::Booster,
                by: "very".to_owned(),
                after: 3.393,
            }],
            valence: 3.393,
        };

        assert_eq!(line(&word), "great +3.1, “very” strengthens it: +3.39");
    }
}
