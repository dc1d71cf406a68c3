//! One frame of Bluesky's Jetstream, in its first or second wire form, to what it says. Pure.

use std::borrow::Cow;

use serde::Deserialize;
use wire::{Delete, Millis, Post, author::AuthorKey, formats::calendar, tag};

/// Name of the source in posts, whichever instance they came from.
pub const SOURCE: &str = "bluesky";
/// The one collection that is read.
pub const POSTS: &str = "app.bsky.feed.post";

/// The longest frame that is looked at; a post has at most 3,000 bytes of text.
const MAX_FRAME_BYTES: usize = 1 << 20;
/// Of a text so much is kept; the lexicon's limit.
const MAX_TEXT_BYTES: usize = 3_000;
/// The same of tags, of which it allows fewer than so many.
const MAX_TAG_BYTES: usize = 640;
const MAX_TAGS: usize = 32;
/// No name of a language, of an account or of a post, nor an address of one, is longer.
const MAX_LANG_BYTES: usize = 35;
const MAX_DID_BYTES: usize = 2_048;
const MAX_KEY_BYTES: usize = 512;
const MAX_ADDRESS_BYTES: usize = MAX_DID_BYTES + MAX_KEY_BYTES + 64;

/// What a frame says.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The server's own stamp in microseconds since 1970; 0 where there is none.
    pub time_us: i64,
    /// The second form's position; 0 in the first form.
    pub seq: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A post was written.
    Post(Box<Post>),
    /// A post was withdrawn.
    Delete(Delete),
    /// An account was closed, suspended or taken down: the hash of its author.
    AuthorGone(String),
    /// The second form says that the position asked for is no longer held.
    Outdated,
    /// The second form says why it is about to close.
    Error(String),
    /// Something else that posts are not concerned with.
    Other,
}

impl Said {
    /// The server's own stamp.
    pub fn at(&self) -> Millis {
        self.time_us.div_euclid(1_000)
    }
}

/// Decodes one frame of either form.
///
/// # Errors
/// The drop reason of a frame that says nothing usable.
pub fn decode(frame: &[u8], key: &AuthorKey) -> Result<Said, &'static str> {
    if frame.len() > MAX_FRAME_BYTES {
        return Err("too_long");
    }
    let text = std::str::from_utf8(frame).map_err(|_| "bad_utf8")?;
    let frame: Frame<'_> = serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            "truncated"
        } else {
            "bad_json"
        }
    })?;
    if let Some(payload) = frame.payload {
        return second(payload, key);
    }
    if frame.type_.as_deref() == Some("error") {
        let said = format!(
            "{} {}",
            frame.error.unwrap_or_default(),
            frame.message.unwrap_or_default()
        );
        return Ok(Said {
            time_us: 0,
            seq: 0,
            what: What::Error(said),
        });
    }
    first(frame, key)
}

/// When the post with this id was written, as its key says: microseconds in 53 bits above 10 others,
/// in thirteen digits to the base of 32.
pub fn written_at(id: &str) -> Option<Millis> {
    const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    let key = id.rsplit('/').next().filter(|key| key.len() == 13)?;
    let number = key.bytes().try_fold(0_u64, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(32)?.checked_add(digit as u64)
    })?;
    Millis::try_from((number >> 10) / 1_000).ok()
}

fn first(frame: Frame<'_>, key: &AuthorKey) -> Result<Said, &'static str> {
    let did = frame.did.ok_or("unknown_body")?;
    let time_us = frame.time_us.filter(|time| *time > 0).ok_or("bad_date")?;
    let what = match frame.kind.as_deref() {
        Some("commit") => commit(&did, frame.commit.ok_or("unknown_body")?, key)?,
        Some("account") => account(&did, frame.account.as_ref(), key),
        Some("identity") => What::Other,
        _ => return Err("unknown_body"),
    };
    Ok(Said {
        time_us,
        seq: 0,
        what,
    })
}

fn second(payload: Payload<'_>, key: &AuthorKey) -> Result<Said, &'static str> {
    let kind = payload.type_.rsplit_once('#').map_or("", |(_, kind)| kind);
    if kind == "info" {
        let is_outdated = payload.name.as_deref() == Some("OutdatedCursor");
        let what = if is_outdated {
            What::Outdated
        } else {
            What::Other
        };
        return Ok(Said {
            time_us: 0,
            seq: 0,
            what,
        });
    }
    let did = payload.did.ok_or("unknown_body")?;
    let time = payload.time.as_deref().ok_or("bad_date")?;
    let time_us = calendar::parse_table(time).ok_or("bad_date")? * 1_000;
    let seq = payload.seq.ok_or("no_id")?;
    let what = match kind {
        "commit" => commit(&did, payload.commit, key)?,
        "account" => {
            let status = Account {
                active: payload.active,
            };
            account(&did, Some(&status), key)
        }
        "identity" | "sync" => What::Other,
        _ => return Err("unknown_body"),
    };
    Ok(Said { time_us, seq, what })
}

fn account(did: &str, account: Option<&Account>, key: &AuthorKey) -> What {
    match account.and_then(|account| account.active) {
        Some(false) => What::AuthorGone(key.hash(SOURCE, did)),
        _ => What::Other,
    }
}

fn commit(did: &str, commit: Commit<'_>, key: &AuthorKey) -> Result<What, &'static str> {
    if commit.collection.as_deref() != Some(POSTS) {
        return Ok(What::Other);
    }
    let rkey = commit.rkey.filter(|rkey| !rkey.is_empty()).ok_or("no_id")?;
    if rkey.len() > MAX_KEY_BYTES || did.len() > MAX_DID_BYTES {
        return Err("too_long");
    }
    let id = format!("at://{did}/{POSTS}/{rkey}");
    match commit.operation.as_deref() {
        Some("create") => {
            let record = commit.record.ok_or("no_text")?;
            post(did, &rkey, id, record, key).map(|post| What::Post(Box::new(post)))
        }
        Some("delete") => Ok(What::Delete(Delete {
            source: SOURCE.to_owned(),
            id,
        })),
        // Posts cannot be edited; a record that is written anew says nothing that was not said.
        Some("update") => Ok(What::Other),
        _ => Err("unknown_body"),
    }
}

fn post(
    did: &str,
    rkey: &str,
    id: String,
    record: Record<'_>,
    key: &AuthorKey,
) -> Result<Post, &'static str> {
    let text = record.text.ok_or("no_text")?;
    if text.len() > MAX_TEXT_BYTES {
        return Err("too_long");
    }
    let labels = record
        .labels
        .map(|labels| labels.values)
        .unwrap_or_default();
    let sensitive = labels.iter().any(|label| {
        matches!(
            &*label.val,
            "porn" | "sexual" | "nudity" | "graphic-media" | "!warn"
        )
    });
    let (hashtags, cashtags) = tags(&text, record.facets.unwrap_or_default(), record.tags);
    let langs = record.langs.unwrap_or_default();
    Ok(Post {
        source: SOURCE.to_owned(),
        author: key.hash(SOURCE, did),
        lang: langs
            .first()
            .map(|lang| lang.to_ascii_lowercase())
            .filter(|lang| (1..=MAX_LANG_BYTES).contains(&lang.len())),
        posted_at: record.created_at.as_deref().and_then(calendar::parse_table),
        hashtags,
        cashtags,
        repost: false,
        reply_to: record
            .reply
            .and_then(|reply| reply.parent)
            .filter(|parent| parent.uri.len() <= MAX_ADDRESS_BYTES)
            .map(|parent| parent.uri.into_owned()),
        sensitive,
        place: None,
        url: Some(format!("https://bsky.app/profile/{did}/post/{rkey}")),
        text: text.into_owned(),
        id,
    })
}

/// What the author's client marked as tags; what the scanner finds where it marked nothing.
///
/// A facet's byte range may be wrong, so that its own word for the tag is taken and not the text's.
fn tags(
    text: &str,
    facets: Vec<Facet<'_>>,
    outside: Option<Vec<Cow<'_, str>>>,
) -> (Vec<String>, Vec<String>) {
    let marked = facets.into_iter().flat_map(|facet| facet.features);
    let marked = marked
        .filter(|feature| feature.type_ == "app.bsky.richtext.facet#tag")
        .filter_map(|feature| feature.tag);
    let (mut hashtags, mut cashtags) = (Vec::new(), Vec::new());
    for tag in marked {
        match tag.strip_prefix('$') {
            Some(symbol) if !symbol.is_empty() => cashtags.push(symbol.to_uppercase()),
            _ if !tag.is_empty() => hashtags.push(tag.trim_start_matches('#').to_owned()),
            _ => {}
        }
    }
    if hashtags.is_empty() {
        hashtags.extend(tag::hashtags(text).map(|tag| tag.text.to_owned()));
    }
    if cashtags.is_empty() {
        cashtags.extend(tag::cashtags(text).map(|tag| tag.text.to_uppercase()));
    }
    let outside = outside.unwrap_or_default().into_iter();
    hashtags.extend(outside.map(|tag| tag.trim_start_matches('#').to_owned()));
    for tags in [&mut hashtags, &mut cashtags] {
        tags.retain(|tag| (1..=MAX_TAG_BYTES).contains(&tag.len()));
        tags.truncate(MAX_TAGS);
    }
    (hashtags, cashtags)
}

/// A frame of either form, as far as it is read.
#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    did: Option<Cow<'a, str>>,
    time_us: Option<i64>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    commit: Option<Commit<'a>>,
    account: Option<Account>,
    #[serde(borrow, rename = "$type")]
    type_: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<Payload<'a>>,
    #[serde(borrow)]
    error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, rename = "$type")]
    type_: Cow<'a, str>,
    seq: Option<u64>,
    #[serde(borrow)]
    did: Option<Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    active: Option<bool>,
    #[serde(borrow, flatten)]
    commit: Commit<'a>,
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    operation: Option<Cow<'a, str>>,
    #[serde(borrow)]
    collection: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rkey: Option<Cow<'a, str>>,
    #[serde(borrow)]
    record: Option<Record<'a>>,
}

#[derive(Deserialize)]
struct Account {
    active: Option<bool>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "createdAt")]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    langs: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    tags: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    facets: Option<Vec<Facet<'a>>>,
    #[serde(borrow)]
    reply: Option<Reply<'a>>,
    #[serde(borrow)]
    labels: Option<Labels<'a>>,
}

#[derive(Deserialize)]
struct Facet<'a> {
    #[serde(borrow, default)]
    features: Vec<Feature<'a>>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow, default, rename = "$type")]
    type_: Cow<'a, str>,
    #[serde(borrow)]
    tag: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    parent: Option<Ref<'a>>,
}

#[derive(Deserialize)]
struct Ref<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Labels<'a> {
    #[serde(borrow, default)]
    values: Vec<Label<'a>>,
}

#[derive(Deserialize)]
struct Label<'a> {
    #[serde(borrow, default)]
    val: Cow<'a, str>,
}

#[cfg(test)]
mod tests;
