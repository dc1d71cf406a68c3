//! Twitter v1.1 statuses, verbatim, one JSON object a line.
//!
//! Only the fields that a [`Post`] keeps are deserialised; the rest of a line is skipped unread.

use serde::Deserialize;

use crate::{
    Body, Delete, Event, Millis, Place, Post,
    author::AuthorKey,
    formats::{FormatError, calendar},
    tag::{self, Tag},
};

/// Name of the source in posts.
pub const SOURCE: &str = "twitter";

/// When Twitter's ids began to carry their time.
const ID_EPOCH: Millis = 1_288_834_974_657;

/// Decodes one line: a status becomes a post, a deletion notice a delete.
///
/// A post is a repost exactly when it carries `retweeted_status`; "RT @name" typed by hand is a post
/// of its own. Tags come from the platform's entities where there are any. A deletion notice without
/// a time of its own gets the time of the post it names, which is the earliest it can be.
///
/// # Errors
/// [`FormatError`] says why the line is neither. Drop it, count it, go on.
pub fn decode(line: &str, key: &AuthorKey) -> Result<Event, FormatError> {
    let line: Line = serde_json::from_str(line).map_err(|error| FormatError::from(&error))?;
    if let Some(deletion) = line.delete {
        return decode_delete(deletion);
    }
    let is_status = line.id_str.is_some()
        || line.id.is_some()
        || line.created_at.is_some()
        || line.text.is_some();
    if is_status {
        decode_status(line, key)
    } else {
        Err(FormatError::UnknownBody)
    }
}

fn decode_status(line: Line, key: &AuthorKey) -> Result<Event, FormatError> {
    let id = id_text(line.id_str.as_deref(), line.id).ok_or(FormatError::NoId)?;
    let at = line
        .created_at
        .as_deref()
        .and_then(calendar::parse_twitter)
        .ok_or(FormatError::Time)?;
    let user = line.user.ok_or(FormatError::NoAuthor)?;
    let author = id_text(user.id_str.as_deref(), user.id).ok_or(FormatError::NoAuthor)?;
    let (long_text, long_entities) = line
        .extended_tweet
        .map_or((None, None), |long| (long.full_text, long.entities));
    let (text, entities) = match (line.full_text, long_text, line.text) {
        (None, Some(text), _) => (text, long_entities),
        (Some(text), _, _) | (None, None, Some(text)) => (text, line.entities),
        (None, None, None) => return Err(FormatError::NoText),
    };
    let text = unescape(&text);
    let (hashtags, cashtags) = tags(entities.unwrap_or_default(), &text);
    let point = line
        .coordinates
        .and_then(|point| lat_lon(point.coordinates));
    let country = line
        .place
        .and_then(|place| place.country_code)
        .filter(|code| code.len() == 2);
    let place = Place {
        country: country.map(|code| code.to_ascii_uppercase()),
        lat_lon: point,
    };
    let post = Post {
        url: Some(format!("https://twitter.com/i/status/{id}")),
        source: SOURCE.to_owned(),
        author: key.hash(SOURCE, &author),
        text,
        lang: line
            .lang
            .map(|lang| lang.to_ascii_lowercase())
            .filter(|lang| !lang.is_empty()),
        posted_at: Some(at),
        hashtags,
        cashtags,
        repost: line.retweeted_status.is_some(),
        reply_to: line.in_reply_to_status_id_str,
        sensitive: line.possibly_sensitive.unwrap_or(false),
        place: (place != Place::default()).then_some(place),
        id,
    };
    Ok(Event::imported(at, Body::Post(Box::new(post))))
}

fn decode_delete(deletion: Deletion) -> Result<Event, FormatError> {
    let status = deletion.status.ok_or(FormatError::UnknownBody)?;
    let id = id_text(status.id_str.as_deref(), status.id).ok_or(FormatError::NoId)?;
    let stated = deletion
        .timestamp_ms
        .as_deref()
        .and_then(|text| text.parse().ok());
    let at = stated.or_else(|| posted_at(&id)).ok_or(FormatError::Time)?;
    Ok(Event::imported(
        at,
        Body::Delete(Delete {
            source: SOURCE.to_owned(),
            id,
        }),
    ))
}

/// Hashtags and cashtags: what the platform found, or what the scanner finds where it says nothing.
fn tags(entities: Entities, text: &str) -> (Vec<String>, Vec<String>) {
    let given = |found: Vec<TagEntity>| found.into_iter().map(|found| found.text).collect();
    let scanned = |found: Tag<'_>| found.text.to_owned();
    let hashtags: Vec<String> = entities
        .hashtags
        .map_or_else(|| tag::hashtags(text).map(scanned).collect(), given);
    let cashtags: Vec<String> = entities
        .symbols
        .map_or_else(|| tag::cashtags(text).map(scanned).collect(), given);
    let cashtags = cashtags.into_iter().map(|tag| tag.to_uppercase());
    (hashtags, cashtags.collect())
}

/// When the status was posted, as its id says; for ids before November 2010 the end of that time.
pub(super) fn posted_at(id: &str) -> Option<Millis> {
    let id: Millis = id.parse().ok()?;
    Some((id >> 22) + ID_EPOCH)
}

/// The id as text; JSON numbers are exact here, so either form will do.
fn id_text(text: Option<&str>, number: Option<u64>) -> Option<String> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Some(text.to_owned()),
        None => number.map(|number| number.to_string()),
    }
}

/// `[longitude, latitude]` as GeoJSON has it, to latitude and longitude rounded to 0.1°.
pub(super) fn lat_lon(point: Option<(f64, f64)>) -> Option<(f64, f64)> {
    let (lon, lat) = point?;
    let is_on_earth = lat.abs() <= 90.0 && lon.abs() <= 180.0;
    // Adding zero turns −0.0 into 0.0.
    let round = |degrees: f64| (degrees * 10.0).round() / 10.0 + 0.0;
    is_on_earth.then(|| (round(lat), round(lon)))
}

/// Undoes the three escapes that Twitter applies to a text, each once.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let known = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
        let (escape, character) = known
            .into_iter()
            .find(|(escape, _)| rest.starts_with(escape))
            .unwrap_or(("&", '&'));
        plain.push(character);
        rest = &rest[escape.len()..];
    }
    plain.push_str(rest);
    plain
}

/// A status or a notice, as far as it is read.
#[derive(Deserialize)]
struct Line {
    created_at: Option<String>,
    id: Option<u64>,
    id_str: Option<String>,
    text: Option<String>,
    full_text: Option<String>,
    extended_tweet: Option<LongText>,
    in_reply_to_status_id_str: Option<String>,
    user: Option<Id>,
    coordinates: Option<Point>,
    place: Option<TwitterPlace>,
    retweeted_status: Option<serde::de::IgnoredAny>,
    entities: Option<Entities>,
    possibly_sensitive: Option<bool>,
    lang: Option<String>,
    delete: Option<Deletion>,
}

#[derive(Deserialize)]
struct LongText {
    full_text: Option<String>,
    entities: Option<Entities>,
}

#[derive(Deserialize)]
struct Id {
    id: Option<u64>,
    id_str: Option<String>,
}

#[derive(Deserialize)]
struct Point {
    coordinates: Option<(f64, f64)>,
}

#[derive(Deserialize)]
struct TwitterPlace {
    country_code: Option<String>,
}

#[derive(Default, Deserialize)]
struct Entities {
    hashtags: Option<Vec<TagEntity>>,
    symbols: Option<Vec<TagEntity>>,
}

#[derive(Deserialize)]
struct TagEntity {
    text: String,
}

#[derive(Deserialize)]
struct Deletion {
    status: Option<Id>,
    timestamp_ms: Option<String>,
}

#[cfg(test)]
mod tests;
