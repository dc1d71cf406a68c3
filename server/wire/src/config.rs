//! What the relay tells its readers about itself: the public part of its configuration.

use serde::{Deserialize, Serialize};

use crate::{LogId, Post};

/// The public part of the relay's configuration (`GET /api/v1/config`). Never holds a secret.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct PublicConfig {
    /// The log that is served now.
    pub log: Option<LogId>,
    /// Present while the relay plays a recording instead of listening to live sources.
    pub replay: Option<ReplayInfo>,
    /// Present where the relay can also listen to live sources, as a stream and log of their own.
    pub live: Option<LiveInfo>,
    /// Subjects that posts are sorted under.
    pub topics: Vec<Topic>,
    /// Instruments with names; tickers that only occur in the data need no entry.
    pub tickers: Vec<Ticker>,
    /// Which posts the relay keeps.
    pub filters: Filters,
}

/// The live stream beside a replay.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct LiveInfo {
    /// What stands in front of `/api/v1/…` in its addresses, e.g. `/live`.
    pub base: String,
    /// Names of its sources.
    pub sources: Vec<String>,
}

/// What is being replayed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct ReplayInfo {
    /// Name of the recording, e.g. its file name.
    pub name: String,
    /// Data seconds per second; `None` for as fast as possible.
    pub speed: Option<f64>,
    /// The data is made up, by a program.
    pub synthetic: bool,
    /// It begins again after its end.
    pub looped: bool,
}

/// More topics than these are refused.
pub const MAX_TOPICS: usize = 64;

/// A subject: a post belongs to it when one of the keywords stands in its text or tags as a whole word.
///
/// Matching ignores case. A post may belong to several topics.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topic {
    /// Name as shown.
    pub name: String,
    /// Words or phrases; a leading `#` or `$` asks for the tag.
    pub keywords: Vec<String>,
    /// The ticker whose price belongs to it.
    pub ticker: Option<String>,
    /// CSS colour for charts.
    pub color: Option<String>,
    /// Not shown until a person switches it on.
    pub hidden: bool,
}

/// An instrument whose price is followed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ticker {
    /// Base symbol in upper case; the cashtag of the same name counts for it.
    pub symbol: String,
    /// Name as shown.
    pub name: Option<String>,
    /// Further words whose mention counts for it, matched as whole words without case.
    pub aliases: Vec<String>,
}

/// Which posts become events. What is refused is counted by reason.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// Languages to keep, by their primary subtag (`en` also keeps `en-GB`); empty keeps all.
    pub languages: Vec<String>,
    /// Keep posts that only repeat another one.
    pub reposts: bool,
    /// Keep posts that the upstream marks as sensitive.
    pub sensitive: bool,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            languages: vec!["en".to_owned()],
            reposts: false,
            sensitive: true,
        }
    }
}

impl Filters {
    /// The drop reason of a post that is not to be kept; `None` for one that is.
    ///
    /// A post without a language is refused where languages are asked for: whoever can detect a
    /// text's language sets it before.
    pub fn refuse(&self, post: &Post) -> Option<&'static str> {
        if !self.languages.is_empty()
            && !post
                .lang
                .as_deref()
                .is_some_and(|lang| self.keeps_language(lang))
        {
            Some("language")
        } else if post.repost && !self.reposts {
            Some("repost")
        } else if post.sensitive && !self.sensitive {
            Some("sensitive")
        } else {
            None
        }
    }

    fn keeps_language(&self, lang: &str) -> bool {
        let primary = |tag: &str| {
            tag.split(['-', '_'])
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        self.languages
            .iter()
            .any(|kept| primary(kept) == primary(lang))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filters: &Filters, change: impl Fn(&mut Post), expect: Option<&str>) {
        let mut post = Post {
            lang: Some("en".into()),
            ..Post::default()
        };
        change(&mut post);
        assert_eq!(filters.refuse(&post), expect, "{post:?}");
    }

    #[test]
    fn what_is_refused_is_refused_for_its_first_reason() {
        let filters = Filters {
            sensitive: false,
            ..Filters::default()
        };
        check(&filters, |_| {}, None);
        check(&filters, |p| p.lang = Some("en-gb".into()), None);
        check(&filters, |p| p.lang = Some("enm".into()), Some("language"));
        check(&filters, |p| p.lang = None, Some("language"));
        check(&filters, |p| p.repost = true, Some("repost"));
        check(&filters, |p| p.sensitive = true, Some("sensitive"));
        check(
            &filters,
            |p| {
                *p = Post {
                    repost: true,
                    sensitive: true,
                    ..Post::default()
                }
            },
            Some("language"),
        );
    }

    #[test]
    fn what_is_not_asked_for_is_not_refused() {
        let all = Filters {
            languages: vec![],
            reposts: true,
            sensitive: true,
        };
        check(
            &all,
            |p| {
                *p = Post {
                    repost: true,
                    sensitive: true,
                    ..Post::default()
                }
            },
            None,
        );
    }
}
