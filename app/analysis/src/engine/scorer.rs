//! How posts are scored: which of the methods, with which limits, and what a score comes from.

use std::{ops::Range, sync::Arc};

use crate::{
    protocol::{Explained, ExplainedChange, ExplainedWord, Method, Piece, Scoring},
    text::{
        sentiment::{Change, Compound, Counted, Limits, Scratch, Vader},
        word_list::WordList,
    },
    view::Class,
};

/// Scores texts by one method.
pub(super) struct Scorer {
    scoring: Scoring,
    with: With,
    scratch: Scratch,
}

enum With {
    Vader(Vader),
    WordList(Arc<WordList>),
}

impl Scorer {
    /// Without a word list the method of that name falls back to VADER; see [`Self::scoring`].
    pub(super) fn new(mut scoring: Scoring, word_list: Option<Arc<WordList>>) -> Self {
        let with = match (scoring.method, word_list) {
            (Method::Finance, _) => With::Vader(Vader::finance()),
            (Method::WordList, Some(list)) => With::WordList(list),
            _ => {
                scoring.method = Method::Vader;
                With::Vader(Vader::new())
            }
        };
        Self {
            scoring,
            with,
            scratch: Scratch::default(),
        }
    }

    /// What is really used.
    pub(super) fn scoring(&self) -> Scoring {
        self.scoring
    }

    pub(super) fn score(&mut self, text: &str) -> (Compound, Class) {
        let compound = match &self.with {
            With::Vader(vader) => vader.compound_with(&mut self.scratch, text),
            With::WordList(list) => list.score(text).tone(),
        };
        (compound, self.class(compound))
    }

    /// What a compound depends on beside the text.
    pub(super) fn key(&self) -> u64 {
        match &self.with {
            With::Vader(_) => self.scoring.method as u64,
            With::WordList(list) => list.fingerprint(),
        }
    }

    /// The class of a score that was found before.
    pub(super) fn of_score(&self, ten_thousandths: i16) -> (Compound, Class) {
        let compound = Compound::from_ten_thousandths(ten_thousandths);
        (compound, self.class(compound))
    }

    fn class(&self, compound: Compound) -> Class {
        compound.class_by(match self.with {
            With::Vader(_) => self.scoring.limits,
            // One word more on either side decides, so there are no limits to choose.
            With::WordList(_) => Limits::Strict,
        })
    }

    /// The text in pieces, with what each counted for.
    pub(super) fn explain(&self, text: &str) -> Explained {
        let (words, emphasis, compound) = match &self.with {
            With::Vader(vader) => {
                let explanation = vader.explain(text);
                let compound = explanation.compound();
                (explanation.words, explanation.emphasis, compound)
            }
            With::WordList(list) => (list.explain(text), 0.0, list.score(text).tone()),
        };
        Explained {
            key: 0,
            method: self.scoring.method,
            class: self.class(compound),
            compound: compound.value(),
            emphasis,
            pieces: pieces(text, &words),
            words: words.iter().map(|word| explained(text, word)).collect(),
        }
    }
}

/// Cuts a text where words that count begin and end. An emoji can stand for several of them.
fn pieces(text: &str, words: &[Counted]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut end = 0;
    for word in words {
        if word.span.start < end {
            if let Some(last) = pieces.last_mut()
                && let Some(valence) = &mut last.valence
            {
                *valence += word.valence;
            }
            continue;
        }
        push(&mut pieces, part(text, end..word.span.start), None);
        push(
            &mut pieces,
            part(text, word.span.clone()),
            Some(word.valence),
        );
        end = word.span.end;
    }
    push(&mut pieces, part(text, end..text.len()), None);
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str, valence: Option<f64>) {
    if !text.is_empty() {
        pieces.push(Piece {
            text: text.to_owned(),
            valence,
        });
    }
}

fn explained(text: &str, word: &Counted) -> ExplainedWord {
    let change = |change: &Change| ExplainedChange {
        rule: change.rule,
        by: part(text, change.by.clone()).to_owned(),
        after: change.after,
    };
    ExplainedWord {
        word: part(text, word.span.clone()).to_owned(),
        strength: word.strength,
        changes: word.changes.iter().map(change).collect(),
        valence: word.valence,
    }
}

fn part(text: &str, span: Range<usize>) -> &str {
    text.get(span).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scorer(method: Method) -> Scorer {
        let scoring = Scoring {
            method,
            ..Scoring::default()
        };
        let list = WordList::parse(b"gain\t1\nloss\t-1\n").expect("a sound list");
        Scorer::new(scoring, Some(Arc::new(list)))
    }

    #[test]
    fn the_pieces_make_the_text_and_their_valences_the_score() {
        let text = "No, it is NOT good, but I ❤️ the rocket 🚀!!";

        for method in [Method::Vader, Method::Finance] {
            let mut scorer = scorer(method);
            let explained = scorer.explain(text);

            let whole: String = explained.pieces.iter().map(|p| p.text.as_str()).collect();
            assert_eq!(whole, text);
            let in_pieces: f64 = explained.pieces.iter().filter_map(|p| p.valence).sum();
            let in_words: f64 = explained.words.iter().map(|word| word.valence).sum();
            assert!((in_pieces - in_words).abs() < 1e-12);
            let (compound, class) = scorer.score(text);
            assert!((explained.compound - compound.value()).abs() < 1e-12);
            assert_eq!(explained.class, class);
        }
    }

    #[test]
    fn a_word_list_is_used_if_there_is_one_and_vader_otherwise() {
        let mut with_list = scorer(Method::WordList);
        let wanted = with_list.scoring();
        let mut without = Scorer::new(wanted, None);

        assert_eq!(with_list.score("a great loss").1, Class::Negative);
        assert_eq!(without.scoring().method, Method::Vader);
        assert_eq!(without.score("a great gain").1, Class::Positive);
    }

    #[test]
    fn strict_limits_leave_only_zero_neutral() {
        let mut scorer = Scorer::new(
            Scoring {
                limits: Limits::Strict,
                ..Scoring::default()
            },
            None,
        );
        let text = "good but sadly bad and ok";
        let (compound, class) = scorer.score(text);

        let by_sign = match compound.ten_thousandths() {
            1.. => Class::Positive,
            0 => Class::Neutral,
            ..=-1 => Class::Negative,
        };
        assert_eq!(class, by_sign);
    }
}
