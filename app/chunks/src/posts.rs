//! The columns of posts, without their texts.

use wire::{Millis, Post, post::Place};

use crate::{
    ChunkError, Withdrawn,
    bytes::{In, Out},
    dictionary::{Dictionary, DictionaryIn, Words, WordsIn},
    ids::{Ids, IdsIn},
};

const REPOST: u8 = 1;
const SENSITIVE: u8 = 2;
const LANG: u8 = 4;
const POSTED_AT: u8 = 8;
const REPLY_TO: u8 = 16;
const PLACE: u8 = 32;
const URL: u8 = 64;
const WITHDRAWN: u8 = 128;

const COUNTRY: u8 = 1;
/// Latitude and longitude as whole tenths of a degree, as all sources give them.
const TENTHS: u8 = 2;
/// The same to the last bit, where a line says more.
const BITS: u8 = 4;

/// Stands for the post's id within its address.
const ID: char = '\0';

pub(crate) const N_COLUMNS: usize = 14;

#[derive(Debug, Default)]
pub(crate) struct PostsOut<'a> {
    flags: Out,
    ids: Ids,
    authors: Dictionary<'a>,
    author_ids: Ids,
    names: Words<'a>,
    tags: Words<'a>,
    /// Numbers of hashtags and cashtags, and `posted_at`.
    numbers: Out,
    replies: Ids,
    /// Addresses, with the post's id left out.
    urls: Out,
    rest: Out,
}

impl<'a> PostsOut<'a> {
    pub(crate) fn write(&mut self, at: Millis, post: &'a Post, withdrawn: Option<&Withdrawn>) {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        self.flags.byte(
            flag(post.repost, REPOST)
                | flag(post.sensitive, SENSITIVE)
                | flag(post.lang.is_some(), LANG)
                | flag(post.posted_at.is_some(), POSTED_AT)
                | flag(post.reply_to.is_some(), REPLY_TO)
                | flag(post.place.is_some(), PLACE)
                | flag(post.url.is_some(), URL)
                | flag(withdrawn.is_some(), WITHDRAWN),
        );
        self.ids.write(&post.id);
        self.names.write(&post.source);
        if self.authors.is_new(&post.author) {
            self.author_ids.write(&post.author);
        }
        if let Some(lang) = &post.lang {
            self.names.write(lang);
        }
        self.numbers.len(post.hashtags.len());
        self.numbers.len(post.cashtags.len());
        for tag in post.hashtags.iter().chain(&post.cashtags) {
            self.tags.write(tag);
        }
        if let Some(posted_at) = post.posted_at {
            self.numbers.i64(posted_at.wrapping_sub(at));
        }
        if let Some(reply_to) = &post.reply_to {
            self.replies.write(reply_to);
        }
        if let Some(url) = &post.url {
            self.write_url(url, &post.id);
        }
        if let Some(place) = &post.place {
            self.write_place(place);
        }
        if let Some(withdrawn) = withdrawn {
            self.write_withdrawn(withdrawn);
        }
    }

    fn write_url(&mut self, url: &str, id: &str) {
        if id.is_empty() || url.contains(ID) {
            self.urls.byte(0);
            self.urls.text(url);
        } else {
            self.urls.byte(1);
            self.urls.text(&url.replacen(id, "\0", 1));
        }
    }

    fn write_place(&mut self, place: &Place) {
        let tenths = place
            .lat_lon
            .and_then(|(lat, lon)| Some((tenths(lat)?, tenths(lon)?)));
        let mut flags = 0;
        flags |= if place.country.is_some() { COUNTRY } else { 0 };
        flags |= match (tenths, place.lat_lon) {
            (Some(_), _) => TENTHS,
            (None, Some(_)) => BITS,
            (None, None) => 0,
        };
        self.rest.byte(flags);
        if let Some(country) = &place.country {
            self.rest.text(country);
        }
        if let Some((lat, lon)) = tenths {
            self.rest.i64(lat);
            self.rest.i64(lon);
        } else if let Some((lat, lon)) = place.lat_lon {
            self.rest.fixed(lat.to_bits());
            self.rest.fixed(lon.to_bits());
        }
    }

    fn write_withdrawn(&mut self, withdrawn: &Withdrawn) {
        let judgement = i64::from(withdrawn.judgement) << 16;
        self.rest.i64(judgement + i64::from(withdrawn.compound));
        for names in [&withdrawn.topics, &withdrawn.tickers] {
            self.rest.len(names.len());
            names.iter().for_each(|name| self.rest.text(name));
        }
    }

    pub(crate) fn into_columns(self) -> [Vec<u8>; N_COLUMNS] {
        let [id_kinds, id_values] = self.ids.into_columns();
        let [author_kinds, author_values] = self.author_ids.into_columns();
        let [reply_kinds, reply_values] = self.replies.into_columns();
        let [name_numbers, names] = self.names.into_columns();
        let [tag_numbers, tags] = self.tags.into_columns();
        [
            self.flags.0,
            id_kinds,
            id_values,
            self.authors.into_numbers(),
            author_kinds,
            author_values,
            name_numbers,
            names,
            tag_numbers,
            tags,
            self.numbers.0,
            reply_kinds,
            reply_values,
            [
                self.urls.0.len().to_le_bytes()[..4].to_vec(),
                self.urls.0,
                self.rest.0,
            ]
            .concat(),
        ]
    }
}

#[derive(Debug)]
pub(crate) struct PostsIn<'a> {
    flags: In<'a>,
    ids: IdsIn<'a>,
    authors: DictionaryIn<'a, String>,
    author_ids: IdsIn<'a>,
    names: WordsIn<'a>,
    tags: WordsIn<'a>,
    numbers: In<'a>,
    replies: IdsIn<'a>,
    urls: In<'a>,
    rest: In<'a>,
}

impl<'a> PostsIn<'a> {
    pub(crate) fn new(columns: [&'a [u8]; N_COLUMNS]) -> Result<Self, ChunkError> {
        let [
            flags,
            id_kinds,
            id_values,
            authors,
            author_kinds,
            author_values,
            name_numbers,
            names,
            tag_numbers,
            tags,
            numbers,
            reply_kinds,
            reply_values,
            last,
        ] = columns;
        let (len, last) = last.split_first_chunk().ok_or(ChunkError::Truncated)?;
        let (urls, rest) = last
            .split_at_checked(u32::from_le_bytes(*len) as usize)
            .ok_or(ChunkError::Truncated)?;
        Ok(Self {
            flags: In(flags),
            ids: IdsIn::new([id_kinds, id_values]),
            authors: DictionaryIn::new(authors),
            author_ids: IdsIn::new([author_kinds, author_values]),
            names: WordsIn::new([name_numbers, names]),
            tags: WordsIn::new([tag_numbers, tags]),
            numbers: In(numbers),
            replies: IdsIn::new([reply_kinds, reply_values]),
            urls: In(urls),
            rest: In(rest),
        })
    }

    /// The next post, with an empty text.
    pub(crate) fn read(&mut self, at: Millis) -> Result<(Post, Option<Withdrawn>), ChunkError> {
        let flags = self.flags.byte()?;
        let has = |flag: u8| flags & flag != 0;
        let mut post = Post {
            id: self.ids.read()?,
            source: self.names.read()?.to_owned(),
            repost: has(REPOST),
            sensitive: has(SENSITIVE),
            ..Post::default()
        };
        let author_ids = &mut self.author_ids;
        post.author
            .clone_from(self.authors.read(|| author_ids.read())?);
        if has(LANG) {
            post.lang = Some(self.names.read()?.to_owned());
        }
        let (n_hashtags, n_cashtags) = (self.numbers.u64()?, self.numbers.u64()?);
        post.hashtags = self.read_tags(n_hashtags)?;
        post.cashtags = self.read_tags(n_cashtags)?;
        if has(POSTED_AT) {
            post.posted_at = Some(at.wrapping_add(self.numbers.i64()?));
        }
        if has(REPLY_TO) {
            post.reply_to = Some(self.replies.read()?);
        }
        if has(URL) {
            post.url = Some(self.read_url(&post.id)?);
        }
        if has(PLACE) {
            post.place = Some(self.read_place()?);
        }
        let withdrawn = if has(WITHDRAWN) {
            Some(self.read_withdrawn()?)
        } else {
            None
        };
        Ok((post, withdrawn))
    }

    /// Ends with the column, whatever number it is told.
    fn read_tags(&mut self, n: u64) -> Result<Vec<String>, ChunkError> {
        (0..n)
            .map(|_| self.tags.read().map(str::to_owned))
            .collect()
    }

    fn read_url(&mut self, id: &str) -> Result<String, ChunkError> {
        let has_id = self.urls.byte()? == 1;
        let url = self.urls.text()?;
        Ok(match has_id {
            true => url.replacen(ID, id, 1),
            false => url.to_owned(),
        })
    }

    fn read_place(&mut self) -> Result<Place, ChunkError> {
        let rest = &mut self.rest;
        let flags = rest.byte()?;
        let country = match flags & COUNTRY {
            0 => None,
            _ => Some(rest.text()?.to_owned()),
        };
        let lat_lon = match flags & (TENTHS | BITS) {
            0 => None,
            TENTHS => Some((rest.i64()? as f64 / 10.0, rest.i64()? as f64 / 10.0)),
            _ => Some((f64::from_bits(rest.fixed()?), f64::from_bits(rest.fixed()?))),
        };
        Ok(Place { country, lat_lon })
    }

    fn read_withdrawn(&mut self) -> Result<Withdrawn, ChunkError> {
        let rest = &mut self.rest;
        let value = rest.i64()?;
        let compound = value as i16;
        let judgement = u16::try_from(value.wrapping_sub(compound.into()) >> 16)
            .map_err(|_| ChunkError::Value("compound"))?;
        let mut names = || -> Result<Vec<String>, ChunkError> {
            let n = rest.len()?;
            (0..n).map(|_| rest.text().map(str::to_owned)).collect()
        };
        Ok(Withdrawn {
            compound,
            topics: names()?,
            tickers: names()?,
            judgement,
        })
    }
}

/// Whole tenths, where they are the same number.
fn tenths(degrees: f64) -> Option<i64> {
    let tenths = (degrees * 10.0).round() as i64;
    let is_same = (tenths as f64 / 10.0).to_bits() == degrees.to_bits();
    is_same.then_some(tenths)
}
