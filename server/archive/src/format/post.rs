//! Posts in columns.

use wire::{Body, Event, Place, Post};

use super::{bodies, next};
use crate::columns::{Columns, FormatError, Table};

pub(super) fn write(columns: &mut Columns, events: &[Event]) {
    let posts = || bodies!(events, Post);
    columns.ids("id", posts().map(|post| post.id.as_str()));
    columns.words("author", posts().map(|post| post.author.as_str()));
    columns.texts("text", posts().map(|post| post.text.as_str()));
    columns.optional_words("lang", posts().map(|post| post.lang.as_deref()));
    columns.optional_times("posted_at", posts().map(|post| post.posted_at));
    columns.lists_of_words(
        "hashtags",
        posts().map(|post| post.hashtags.iter().map(String::as_str)),
    );
    columns.lists_of_words(
        "cashtags",
        posts().map(|post| post.cashtags.iter().map(String::as_str)),
    );
    columns.flags("repost", posts().map(|post| post.repost));
    columns.optional_ids("reply_to", posts().map(|post| post.reply_to.as_deref()));
    columns.flags("sensitive", posts().map(|post| post.sensitive));
    columns.flags("has_place", posts().map(|post| post.place.is_some()));
    columns.optional_words(
        "country",
        posts().map(|post| post.place.as_ref()?.country.as_deref()),
    );
    let lat_lon = |post: &Post| post.place.as_ref()?.lat_lon;
    columns.optional_numbers("lat", posts().map(|post| lat_lon(post).map(|(lat, _)| lat)));
    columns.optional_numbers("lon", posts().map(|post| lat_lon(post).map(|(_, lon)| lon)));
    let addresses = || posts().map(|post| Address::of(post));
    columns.optional_words("url_base", addresses().map(|address| address.base));
    columns.optional_ids("url", addresses().map(|address| address.whole));
}

/// Most sources' addresses end with the post's id, which stands there already: only what comes before it is
/// written, once for all rows that have it in common.
#[derive(Clone, Copy)]
struct Address<'a> {
    /// What stands before the id.
    base: Option<&'a str>,
    /// An address that does not end with the id.
    whole: Option<&'a str>,
}

impl<'a> Address<'a> {
    fn of(post: &'a Post) -> Self {
        let url = post.url.as_deref();
        let base = url.and_then(|url| url.strip_suffix(&post.id));
        let whole = url.filter(|_| base.is_none());
        Self { base, whole }
    }
}

pub(super) fn read(table: &mut Table, source: &str) -> Result<Vec<Body>, FormatError> {
    let mut ids = table.texts("id")?.into_iter();
    let mut authors = table.texts("author")?.into_iter();
    let mut texts = table.texts("text")?.into_iter();
    let mut langs = table.optional_texts("lang")?.into_iter();
    let mut posted = table.optional_integers("posted_at")?.into_iter();
    let mut hashtags = table.lists_of_texts("hashtags")?.into_iter();
    let mut cashtags = table.lists_of_texts("cashtags")?.into_iter();
    let mut reposts = table.flags("repost")?.into_iter();
    let mut replies = table.optional_texts("reply_to")?.into_iter();
    let mut sensitive = table.flags("sensitive")?.into_iter();
    let mut places = places(table)?.into_iter();
    let mut bases = table.optional_texts("url_base")?.into_iter();
    let mut urls = table.optional_texts("url")?.into_iter();
    let mut bodies = Vec::with_capacity(table.n_rows());
    for _ in 0..table.n_rows() {
        let id = next(&mut ids, "id")?;
        let base = next(&mut bases, "url_base")?;
        let url = next(&mut urls, "url")?.or_else(|| Some(base? + &id));
        bodies.push(Body::Post(Box::new(Post {
            id,
            source: source.to_owned(),
            author: next(&mut authors, "author")?,
            text: next(&mut texts, "text")?,
            lang: next(&mut langs, "lang")?,
            posted_at: next(&mut posted, "posted_at")?,
            hashtags: next(&mut hashtags, "hashtags")?,
            cashtags: next(&mut cashtags, "cashtags")?,
            repost: next(&mut reposts, "repost")?,
            reply_to: next(&mut replies, "reply_to")?,
            sensitive: next(&mut sensitive, "sensitive")?,
            place: next(&mut places, "has_place")?,
            url,
        })));
    }
    Ok(bodies)
}

fn places(table: &mut Table) -> Result<Vec<Option<Place>>, FormatError> {
    let there = table.flags("has_place")?.into_iter();
    let mut countries = table.optional_texts("country")?.into_iter();
    let mut lats = table.optional_numbers("lat")?.into_iter();
    let mut lons = table.optional_numbers("lon")?.into_iter();
    there
        .map(|there| {
            let country = next(&mut countries, "country")?;
            let lat_lon = next(&mut lats, "lat")?.zip(next(&mut lons, "lon")?);
            Ok(there.then_some(Place { country, lat_lon }))
        })
        .collect()
}
