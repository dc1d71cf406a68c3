//! Mastodon's statuses and deletions to records: pure, but for a memory of which local id is which post.
//!
//! A post's id is its address in the fediverse, which is the same on every instance, so that a post
//! seen through two of them is one. Deletions name the local id only, hence the memory.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use wire::{
    Body, Delete, Event, Millis, Post,
    author::AuthorKey,
    formats::{FormatError, calendar},
    tag,
    time::MAX_AGE,
};

use super::super::{html, sieve::Record, text::shortened};

/// Name of the source in posts, whatever the instance.
pub(crate) const SOURCE: &str = "mastodon";

/// Local ids that are remembered. The deletion of an older post cannot be carried out.
const MEMORY: usize = 200_000;

/// Which accounts are heard.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Accounts {
    /// Also those that say they are bots.
    pub(crate) bots: bool,
    /// Only those that have agreed to be found by search.
    pub(crate) only_indexable: bool,
}

/// Decodes what one instance sends.
pub(crate) struct Decoder {
    key: AuthorKey,
    accounts: Accounts,
    addresses: FxHashMap<String, String>,
    order: VecDeque<String>,
}

/// A page of a time line.
#[derive(Debug)]
pub(crate) struct Page {
    /// Oldest first.
    pub(crate) records: Vec<Record>,
    /// Local id of the newest status, from where the next page is asked for.
    pub(crate) newest: Option<String>,
}

impl Decoder {
    pub(crate) fn new(key: AuthorKey, accounts: Accounts) -> Self {
        let (addresses, order) = (FxHashMap::default(), VecDeque::new());
        Self {
            key,
            accounts,
            addresses,
            order,
        }
    }

    /// Decodes one event of the stream.
    pub(crate) fn event(&mut self, name: &str, data: &str, seen_at: Millis) -> Record {
        match name {
            "update" => {
                let status = serde_json::from_str(data)
                    .map_err(|error| FormatError::from(&error).reason())?;
                self.status(status, seen_at)
            }
            "delete" => self.delete(data.trim().trim_matches('"'), seen_at),
            // A post stands as it was first received; the platform's own copy may go on changing.
            "status.update" => Err("edit"),
            "notification"
            | "conversation"
            | "filters_changed"
            | "announcement"
            | "announcement.reaction"
            | "announcement.delete"
            | "encrypted_message"
            | "notifications_merged" => Err("not_a_post"),
            _ => Err("unknown_event"),
        }
    }

    /// Decodes a page of a time line, which comes newest first.
    ///
    /// # Errors
    /// The drop reason of an answer that is no page.
    pub(crate) fn page(&mut self, body: &str, seen_at: Millis) -> Result<Page, &'static str> {
        let statuses: Vec<serde_json::Value> =
            serde_json::from_str(body).map_err(|error| FormatError::from(&error).reason())?;
        let newest = statuses
            .iter()
            .find_map(|status| Some(status.get("id")?.as_str()?.to_owned()));
        let read = |status| {
            let status = serde_json::from_value(status).map_err(|_| FormatError::Json.reason())?;
            let event = self.status(status, seen_at)?;
            // The time line of a quiet hashtag goes back for months; those are no posts of now.
            let is_old = event.skewed && post_age(&event) > MAX_AGE;
            if is_old { Err("too_old") } else { Ok(event) }
        };
        let records = statuses.into_iter().rev().map(read).collect();
        Ok(Page { records, newest })
    }

    fn status(&mut self, status: Status, seen_at: Millis) -> Record {
        let local = status
            .id
            .filter(|id| !id.is_empty())
            .ok_or(FormatError::NoId.reason())?;
        let id = status
            .uri
            .filter(|uri| !uri.is_empty())
            .ok_or(FormatError::NoId.reason())?;
        if !matches!(status.visibility.as_deref(), Some("public" | "unlisted")) {
            return Err("not_public");
        }
        let account = status.account.ok_or(FormatError::NoAuthor.reason())?;
        account.refuse(self.accounts)?;
        let author = account.address().ok_or(FormatError::NoAuthor.reason())?;
        let posted_at = status.created_at.as_deref().and_then(calendar::parse_table);
        let posted_at = posted_at.ok_or(FormatError::Time.reason())?;
        let repost = status.reblog.is_some();
        let content = status.reblog.map_or(status.content, |original| *original);
        let text = shortened(content.text().ok_or(FormatError::NoText.reason())?);
        let reply_to = status
            .in_reply_to_id
            .and_then(|id| self.addresses.get(&id).cloned());
        self.remember(local, &id);
        let post = Post {
            source: SOURCE.to_owned(),
            author: self.key.hash(SOURCE, &author),
            hashtags: content.hashtags(&text),
            cashtags: tag::cashtags(&text)
                .map(|found| found.text.to_uppercase())
                .collect(),
            text,
            lang: content
                .language
                .map(|lang| lang.to_ascii_lowercase())
                .filter(|lang| !lang.is_empty()),
            posted_at: Some(posted_at),
            repost,
            reply_to,
            sensitive: content.sensitive.unwrap_or(false),
            place: None,
            url: [status.url, Some(id.clone())]
                .into_iter()
                .flatten()
                .find(|url| is_web_address(url)),
            id,
        };
        Ok(Event::live(posted_at, seen_at, Body::Post(Box::new(post))))
    }

    fn delete(&mut self, local: &str, seen_at: Millis) -> Record {
        let id = self.addresses.get(local).cloned().ok_or("unknown_post")?;
        let source = SOURCE.to_owned();
        Ok(Event::live(
            seen_at,
            seen_at,
            Body::Delete(Delete { source, id }),
        ))
    }

    fn remember(&mut self, local: String, address: &str) {
        if self
            .addresses
            .insert(local.clone(), address.to_owned())
            .is_some()
        {
            return;
        }
        self.order.push_back(local);
        if self.order.len() > MEMORY
            && let Some(oldest) = self.order.pop_front()
        {
            self.addresses.remove(&oldest);
        }
    }
}

fn post_age(event: &Event) -> Millis {
    match &event.body {
        Body::Post(post) => event.seen_at - post.posted_at.unwrap_or(event.seen_at),
        _ => 0,
    }
}

/// The local id of the status that an event brings.
pub(crate) fn local_id(name: &str, data: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let named: Named = serde_json::from_str(data)
        .ok()
        .filter(|_| name == "update")?;
    let is_number = !named.id.is_empty() && named.id.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(named.id)
}

/// Only such an address may become a link on a page.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A status, as far as it is read.
#[derive(Deserialize)]
struct Status {
    id: Option<String>,
    uri: Option<String>,
    url: Option<String>,
    created_at: Option<String>,
    visibility: Option<String>,
    in_reply_to_id: Option<String>,
    account: Option<Account>,
    reblog: Option<Box<Content>>,
    #[serde(flatten)]
    content: Content,
}

/// What a status says; that of the original where it only repeats another one.
#[derive(Deserialize)]
struct Content {
    content: Option<String>,
    spoiler_text: Option<String>,
    language: Option<String>,
    sensitive: Option<bool>,
    #[serde(default)]
    tags: Vec<StatusTag>,
}

#[derive(Deserialize)]
struct StatusTag {
    name: String,
}

#[derive(Deserialize)]
struct Account {
    uri: Option<String>,
    url: Option<String>,
    acct: Option<String>,
    bot: Option<bool>,
    indexable: Option<bool>,
    note: Option<String>,
}

impl Account {
    fn refuse(&self, accounts: Accounts) -> Result<(), &'static str> {
        let note = self
            .note
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        // The sign is markup in a biography, the word is not.
        if note.contains("nobot") {
            Err("nobot")
        } else if self.bot == Some(true) && !accounts.bots {
            Err("bot")
        } else if self.indexable != Some(true) && accounts.only_indexable {
            Err("not_indexable")
        } else {
            Ok(())
        }
    }

    /// What names the account on every instance.
    fn address(&self) -> Option<String> {
        let names = [&self.uri, &self.url, &self.acct];
        names
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .cloned()
    }
}

impl Content {
    /// The warning, where there is one, and the text.
    fn text(&self) -> Option<String> {
        let text = html::text(self.content.as_deref()?);
        match self.spoiler_text.as_deref().map(str::trim) {
            Some(warning) if !warning.is_empty() => {
                Some(format!("{warning}\n{text}").trim_end().to_owned())
            }
            _ => Some(text),
        }
    }

    /// The text has the author's spelling, the platform's list is folded: it only adds what cannot be
    /// found in the text.
    fn hashtags(&self, text: &str) -> Vec<String> {
        let mut hashtags: Vec<String> = tag::hashtags(text)
            .map(|found| found.text.to_owned())
            .collect();
        let mut known: Vec<String> = hashtags
            .iter()
            .map(|tag| tag::fold(tag).into_owned())
            .collect();
        known.sort_unstable();
        known.dedup();
        if known.len() < self.tags.len() {
            let names = self.tags.iter().map(|tag| &tag.name);
            let missing =
                names.filter(|name| !known.iter().any(|known| *known == *tag::fold(name)));
            hashtags.extend(missing.cloned());
        }
        hashtags
    }
}

#[cfg(test)]
mod tests;
