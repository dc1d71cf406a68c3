//! Topics and tickers to rules of X's filtered stream, and what has to change there: pure.
//!
//! A rule joins terms by `OR` and narrows them down by what the relay keeps anyway, since every post
//! that X delivers costs money. Rules are ours by their tag, which X cannot change: a rule that should
//! be another one is deleted and added.

use serde::{Deserialize, Serialize};
use wire::{
    config::{Filters, Ticker, Topic},
    tag,
};

/// How many rules a project may have, and how long one may be, in characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Caps {
    pub(crate) n_rules: usize,
    pub(crate) n_chars: usize,
}

impl Caps {
    /// Pay per use. 1,000 rules of 1,024 characters.
    pub(crate) const STREAM: Self = Self {
        n_rules: 1_000,
        n_chars: 1_024,
    };
    /// A query of the counts: one, of 512 characters.
    pub(crate) const COUNTS: Self = Self {
        n_rules: 1,
        n_chars: 512,
    };
}

/// Why no rules can be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum RulesError {
    #[error("there is nothing to ask X for; give at least one topic or ticker")]
    Nothing,
    #[error(
        "{keyword:?} is too long for a rule of X, which takes {n_chars} characters; shorten it"
    )]
    TooLong { keyword: String, n_chars: usize },
    #[error(
        "{n_needed} rules are needed beside {n_foreign} of other programs, but X takes {n_rules}; ask for fewer topics"
    )]
    TooMany {
        n_needed: usize,
        n_foreign: usize,
        n_rules: usize,
    },
}

/// What every rule is narrowed down to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Narrowing(String);

impl Narrowing {
    /// What `filters` keep, and of that `sample_percent` in a hundred.
    pub(crate) fn of(filters: &Filters, sample_percent: Option<u8>) -> Self {
        let primary = |tag: &String| {
            tag.split(['-', '_'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let mut languages: Vec<String> = filters
            .languages
            .iter()
            .map(primary)
            .filter(|lang| !lang.is_empty())
            .collect();
        languages.dedup();
        let mut rule = String::new();
        match languages.as_slice() {
            [] => {}
            [only] => rule.push_str(&format!(" lang:{only}")),
            several => rule.push_str(&format!(" (lang:{})", several.join(" OR lang:"))),
        }
        if !filters.reposts {
            rule.push_str(" -is:retweet");
        }
        if let Some(percent) = sample_percent.filter(|percent| *percent < 100) {
            rule.push_str(&format!(" sample:{percent}"));
        }
        Self(rule)
    }
}

/// The rules that ask for all topics and tickers: as few as hold them, each within the caps.
///
/// # Errors
/// [`RulesError`] when there is nothing to ask for, or a keyword fits into no rule.
pub(crate) fn compile(
    topics: &[Topic],
    tickers: &[Ticker],
    narrowing: &Narrowing,
    caps: Caps,
) -> Result<Vec<String>, RulesError> {
    let keywords = topics
        .iter()
        .flat_map(|topic| topic.keywords.iter().cloned());
    let cashtags = tickers.iter().map(|ticker| format!("${}", ticker.symbol));
    let mut terms = Vec::new();
    for keyword in keywords.chain(cashtags) {
        terms.extend(term(&keyword).filter(|term| !is_among(&terms, term)));
    }
    if terms.is_empty() {
        return Err(RulesError::Nothing);
    }
    pack(&terms, narrowing, caps)
}

/// One query for the counts of one topic, as long as it may be; keywords that do not fit are left out.
pub(crate) fn query(topic: &Topic, narrowing: &Narrowing, caps: Caps) -> Option<String> {
    let terms: Vec<String> = topic
        .keywords
        .iter()
        .filter_map(|keyword| term(keyword))
        .collect();
    let mut taken = Vec::new();
    for term in terms {
        if !is_among(&taken, &term)
            && length(&rule(
                &[taken.clone(), vec![term.clone()]].concat(),
                narrowing,
            )) <= caps.n_chars
        {
            taken.push(term);
        }
    }
    (!taken.is_empty()).then(|| rule(&taken, narrowing))
}

fn pack(terms: &[String], narrowing: &Narrowing, caps: Caps) -> Result<Vec<String>, RulesError> {
    let mut rules = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    for term in terms {
        if length(&rule(std::slice::from_ref(term), narrowing)) > caps.n_chars {
            let (keyword, n_chars) = (term.clone(), caps.n_chars);
            return Err(RulesError::TooLong { keyword, n_chars });
        }
        taken.push(term.clone());
        if length(&rule(&taken, narrowing)) > caps.n_chars {
            taken.pop();
            rules.push(rule(&taken, narrowing));
            taken = vec![term.clone()];
        }
    }
    if !taken.is_empty() {
        rules.push(rule(&taken, narrowing));
    }
    Ok(rules)
}

/// `OR` binds less tightly than the blank of the narrowing, hence the parentheses.
fn rule(terms: &[String], narrowing: &Narrowing) -> String {
    match terms {
        [only] => format!("{only}{}", narrowing.0),
        several if narrowing.0.is_empty() => several.join(" OR "),
        several => format!("({}){}", several.join(" OR "), narrowing.0),
    }
}

/// X does not say what a character is; UTF-16 units are the most it can mean.
fn length(rule: &str) -> usize {
    rule.encode_utf16().count()
}

fn is_among(terms: &[String], term: &str) -> bool {
    let folded = term.to_lowercase();
    terms.iter().any(|other| other.to_lowercase() == folded)
}

/// A keyword as a term of a rule; `None` for one that X could not find, such as mere punctuation.
fn term(keyword: &str) -> Option<String> {
    let keyword = keyword.trim();
    let is_whole =
        |found: Option<tag::Tag<'_>>| found.is_some_and(|found| found.range == (0..keyword.len()));
    if is_whole(tag::cashtags(keyword).next()) || is_whole(tag::hashtags(keyword).next()) {
        return Some(keyword.replace('＃', "#"));
    }
    let plain: String = keyword
        .chars()
        .map(|c| {
            if c == '"' || c == '\\' || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    if !words
        .iter()
        .any(|word| word.contains(char::is_alphanumeric))
    {
        return None;
    }
    let is_plain = |word: &str| {
        word.chars().all(char::is_alphanumeric) && !matches!(word, "OR" | "AND" | "NOT")
    };
    match words.as_slice() {
        [word] if is_plain(word) => Some((*word).to_owned()),
        words => Some(format!("\"{}\"", words.join(" "))),
    }
}

/// A rule as X holds it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) tag: Option<String>,
}

/// What has to change at X.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Plan {
    /// Ids of rules that are to go; before anything is added, so that there is room.
    pub(crate) delete: Vec<String>,
    /// Rules that are missing.
    pub(crate) add: Vec<String>,
    /// Ids of rules of other programs that say the same as one of ours, which X would refuse as repeated.
    pub(crate) adopted: Vec<String>,
}

/// Compares what X holds with what is wanted. Rules with other tags are left alone.
///
/// # Errors
/// [`RulesError::TooMany`] when there is no room.
pub(crate) fn plan(
    held: &[Held],
    wanted: &[String],
    tag: &str,
    caps: Caps,
) -> Result<Plan, RulesError> {
    let is_ours = |rule: &&Held| rule.tag.as_deref() == Some(tag);
    let holds = |value: &&String| held.iter().any(|rule| rule.value == **value);
    let foreign = || held.iter().filter(|rule| !is_ours(rule));
    let delete = held
        .iter()
        .filter(is_ours)
        .filter(|rule| !wanted.contains(&rule.value));
    let adopted: Vec<String> = foreign()
        .filter(|rule| wanted.contains(&rule.value))
        .map(|rule| rule.id.clone())
        .collect();
    let (n_foreign, n_needed) = (
        foreign().count(),
        wanted.len().saturating_sub(adopted.len()),
    );
    if n_foreign + n_needed > caps.n_rules {
        let n_rules = caps.n_rules;
        return Err(RulesError::TooMany {
            n_needed,
            n_foreign,
            n_rules,
        });
    }
    Ok(Plan {
        delete: delete.map(|rule| rule.id.clone()).collect(),
        add: wanted
            .iter()
            .filter(|value| !holds(value))
            .cloned()
            .collect(),
        adopted,
    })
}

/// The body of a request that adds rules.
#[derive(Debug, Serialize)]
pub(crate) struct Add<'a> {
    pub(crate) add: Vec<NewRule<'a>>,
}

/// One rule to be added.
#[derive(Debug, Serialize)]
pub(crate) struct NewRule<'a> {
    pub(crate) value: &'a str,
    pub(crate) tag: &'a str,
}

/// The body of a request that deletes rules.
#[derive(Debug, Serialize)]
pub(crate) struct Remove<'a> {
    pub(crate) delete: Ids<'a>,
}

/// Rules by id.
#[derive(Debug, Serialize)]
pub(crate) struct Ids<'a> {
    pub(crate) ids: &'a [String],
}

/// A page of the rules that X holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Page {
    pub(crate) data: Vec<Held>,
    pub(crate) meta: PageMeta,
}

/// Where a list goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PageMeta {
    pub(crate) next_token: Option<String>,
}

#[cfg(test)]
mod tests;
