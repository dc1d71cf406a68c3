//! One public message as the relay received it.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// One public message as the relay received it, immutable.
///
/// Tags are found once, by [`crate::tag::scan`] or from the platform's own markup, when the post is decoded.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Post {
    /// The upstream's own id; unique together with `source`.
    pub id: String,
    /// Which upstream it came from, e.g. `twitter` or `bluesky`.
    pub source: String,
    /// Keyed hash of the platform's stable author id, in hexadecimal. Never a handle.
    pub author: String,
    /// The text as a person would read it: entities decoded, no markup.
    pub text: String,
    /// BCP 47 language code as the upstream says it, lower-case; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// When the author's client says it was posted. Another clock, may lie; shown, never bucketed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<Millis>,
    /// Hashtags without `#`, in the author's spelling, in order of appearance, repeats kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashtags: Vec<String>,
    /// Cashtags without `$`, upper-cased, in order of appearance, repeats kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cashtags: Vec<String>,
    /// The post only repeats another one (retweet, boost, repost).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repost: bool,
    /// Id of the post this one answers, on the same source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The upstream marks it as sensitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// Where it was posted, if the author said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Where a person can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where a post was written, as far as its author told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2 country code, upper-case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Latitude and longitude in degrees, rounded to 0.1° before they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat_lon: Option<(f64, f64)>,
}
