//! Twitter (X) API v2 objects: `{"data":…,"includes":…}` as the streams, searches and look-ups send them.
//!
//! `data` may be one post or a list; a post that stands by itself, as flattened files have it, is read
//! too. Fields may come in any order, be missing, or come twice, when the last one counts.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Body, Delete, Event, Millis, Place, Post,
    author::AuthorKey,
    formats::{FormatError, calendar, twitter_v1},
    tag,
};

/// Name of the source in posts: the platform has one id for a post, whatever version of its interface
/// is asked, so that the same post from two files is one.
pub const SOURCE: &str = twitter_v1::SOURCE;

/// One record of a payload: an event, or why it is none.
pub type Record = Result<Event, FormatError>;

/// Decodes one JSON text to its records, in its order.
///
/// Every post gives one record, and an edited one a delete of each earlier version before it, since
/// the platform wants an edited text replaced: the new version is a post of its own with its own id.
/// A post is a repost exactly when it refers to another as `retweeted`. Tags are the platform's, where
/// it gives entities. A post without a time gets the one its id carries. Events are
/// [`Event::imported`]; whoever receives them live sets their times.
///
/// # Errors
/// [`FormatError`] when the text as a whole is no such payload. A payload that holds no posts, such
/// as an error or a count, is [`FormatError::UnknownBody`].
pub fn decode(json: &str, key: &AuthorKey) -> Result<Vec<Record>, FormatError> {
    let payload: Value = serde_json::from_str(json).map_err(|error| FormatError::from(&error))?;
    decode_payload(payload, key)
}

/// As [`decode`], of JSON that was parsed already.
///
/// # Errors
/// As [`decode`].
pub fn decode_payload(mut payload: Value, key: &AuthorKey) -> Result<Vec<Record>, FormatError> {
    let places = countries(&payload["includes"]["places"]);
    let posts = match payload.get_mut("data").map(Value::take) {
        Some(Value::Array(posts)) => posts,
        Some(post @ Value::Object(_)) => vec![post],
        None if is_post(&payload) => vec![payload],
        _ => return Err(FormatError::UnknownBody),
    };
    if !posts.is_empty() && !posts.iter().any(is_post) {
        return Err(FormatError::UnknownBody);
    }
    let mut records = Vec::with_capacity(posts.len());
    for post in posts {
        match decode_post(post, &places, key) {
            Ok((event, replaced)) => {
                let at = event.at;
                let deletes = replaced.into_iter().map(|id| Ok(delete(at, id)));
                records.extend(deletes);
                records.push(Ok(event));
            }
            Err(error) => records.push(Err(error)),
        }
    }
    Ok(records)
}

/// Posts, users, lists and rules all have an id; of these only posts have a text.
fn is_post(value: &Value) -> bool {
    value.get("text").is_some() && value.get("id").is_some()
}

fn delete(at: Millis, id: String) -> Event {
    let source = SOURCE.to_owned();
    Event::imported(at, Body::Delete(Delete { source, id }))
}

/// The post, and the ids of the earlier versions that it replaces.
fn decode_post(
    post: Value,
    places: &[(String, String)],
    key: &AuthorKey,
) -> Result<(Event, Vec<String>), FormatError> {
    let tweet: Tweet = serde_json::from_value(post).map_err(|_| FormatError::Json)?;
    let id = tweet
        .id
        .filter(|id| !id.is_empty())
        .ok_or(FormatError::NoId)?;
    let at = match tweet.created_at.as_deref() {
        Some(text) => calendar::parse_table(text),
        None => twitter_v1::posted_at(&id),
    };
    let at = at.ok_or(FormatError::Time)?;
    let author = tweet
        .author_id
        .filter(|id| !id.is_empty())
        .ok_or(FormatError::NoAuthor)?;
    let (text, entities) = match tweet.note_tweet {
        Some(long) if long.text.is_some() => (long.text, long.entities),
        _ => (tweet.text, tweet.entities),
    };
    let text = twitter_v1::unescape(&text.ok_or(FormatError::NoText)?);
    let (hashtags, cashtags) = tags(entities, &text);
    let references = tweet.referenced_tweets.unwrap_or_default();
    let refers = |kind: &str| references.iter().find(|reference| reference.kind == kind);
    let place = place(tweet.geo, places);
    let versions = tweet.edit_history.unwrap_or_default();
    let replaced = versions.into_iter().take_while(|version| *version != id);
    let replaced = replaced.collect();
    let post = Post {
        url: Some(format!("https://twitter.com/i/status/{id}")),
        source: SOURCE.to_owned(),
        author: key.hash(SOURCE, &author),
        text,
        lang: tweet
            .lang
            .map(|lang| lang.to_ascii_lowercase())
            .filter(|lang| !lang.is_empty()),
        posted_at: Some(at),
        hashtags,
        cashtags,
        repost: refers("retweeted").is_some(),
        reply_to: refers("replied_to").and_then(|reference| reference.id.clone()),
        sensitive: tweet.possibly_sensitive.unwrap_or(false),
        place,
        id,
    };
    let event = Event::imported(at, Body::Post(Box::new(post)));
    Ok((event, replaced))
}

/// Hashtags and cashtags: what the platform found, or what the scanner finds where it says nothing.
fn tags(entities: Option<Entities>, text: &str) -> (Vec<String>, Vec<String>) {
    let (hashtags, cashtags): (Vec<String>, Vec<String>) = match entities {
        Some(entities) => {
            let named = |found: Option<Vec<TagEntity>>| {
                let found = found.unwrap_or_default().into_iter();
                found.map(|found| found.tag).collect()
            };
            (named(entities.hashtags), named(entities.cashtags))
        }
        None => (
            tag::hashtags(text)
                .map(|found| found.text.to_owned())
                .collect(),
            tag::cashtags(text)
                .map(|found| found.text.to_owned())
                .collect(),
        ),
    };
    let cashtags = cashtags.into_iter().map(|tag| tag.to_uppercase());
    (hashtags, cashtags.collect())
}

fn place(geo: Option<Geo>, places: &[(String, String)]) -> Option<Place> {
    let geo = geo?;
    let country = geo.place_id.and_then(|id| {
        let (_, country) = places.iter().find(|(place, _)| *place == id)?;
        Some(country.clone())
    });
    let lat_lon = geo
        .coordinates
        .and_then(|point| twitter_v1::lat_lon(point.coordinates));
    let place = Place { country, lat_lon };
    (place != Place::default()).then_some(place)
}

/// Id and country code of each place.
fn countries(places: &Value) -> Vec<(String, String)> {
    let places = places.as_array().map(Vec::as_slice).unwrap_or_default();
    let country = |place: &Value| {
        let id = place.get("id")?.as_str()?.to_owned();
        let code = place.get("country_code")?.as_str()?;
        (code.len() == 2).then(|| (id, code.to_ascii_uppercase()))
    };
    places.iter().filter_map(country).collect()
}

/// A post, as far as it is read.
#[derive(Deserialize)]
struct Tweet {
    id: Option<String>,
    text: Option<String>,
    note_tweet: Option<LongText>,
    author_id: Option<String>,
    created_at: Option<String>,
    lang: Option<String>,
    // The published schema names it one way, the documents and the answers the other.
    #[serde(rename = "edit_history_tweet_ids", alias = "edit_history_post_ids")]
    edit_history: Option<Vec<String>>,
    entities: Option<Entities>,
    referenced_tweets: Option<Vec<Reference>>,
    possibly_sensitive: Option<bool>,
    geo: Option<Geo>,
}

#[derive(Deserialize)]
struct LongText {
    text: Option<String>,
    entities: Option<Entities>,
}

#[derive(Deserialize)]
struct Entities {
    hashtags: Option<Vec<TagEntity>>,
    cashtags: Option<Vec<TagEntity>>,
}

#[derive(Deserialize)]
struct TagEntity {
    tag: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
struct Geo {
    place_id: Option<String>,
    coordinates: Option<Point>,
}

#[derive(Deserialize)]
struct Point {
    coordinates: Option<(f64, f64)>,
}

#[cfg(test)]
mod tests;
