//! Rows of a table of posts.

use wire::{
    Body, Event, Millis, Post,
    author::AuthorKey,
    formats::{FormatError, calendar},
};

use crate::{Choice, DateOrder, Report, Role, snscrape};

/// Ids that are made of a row must be the same in every browser and at every import.
const ROW_KEY: AuthorKey = AuthorKey(*b"moodtape row ids");

/// A parser for one delimiter; quotes are doubled within quotes.
pub(crate) fn parser(delimiter: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter).build()
}

/// The cells of a row that was parsed.
pub(crate) fn cells(bytes: &[u8], ends: &[usize]) -> Vec<String> {
    let mut start = 0;
    ends.iter()
        .map(|end| {
            let cell = bytes.get(start..*end).unwrap_or_default();
            start = *end;
            String::from_utf8_lossy(cell).into_owned()
        })
        .collect()
}

/// Finds the cells of a row by their role.
#[derive(Debug)]
pub(crate) struct Columns {
    idxs: [Option<usize>; 8],
    n: usize,
    slashed: DateOrder,
    has_python_bytes: bool,
    source: String,
}

const ROLES: [Role; 8] = [
    Role::Id,
    Role::Time,
    Role::Text,
    Role::Author,
    Role::Lang,
    Role::Url,
    Role::ReplyTo,
    Role::Repost,
];

impl Columns {
    pub(crate) fn new(choice: &Choice) -> Self {
        let place = |role: Role| choice.roles.iter().position(|one| *one == role);
        Self {
            idxs: ROLES.map(place),
            n: choice.roles.len(),
            slashed: choice.dates,
            has_python_bytes: choice.has_python_bytes,
            source: choice.source.clone(),
        }
    }

    /// Reads a row of so many cells, given by the ends of each.
    pub(crate) fn read(
        &self,
        (row, bytes, ends): (u64, &[u8], &[usize]),
        key: &AuthorKey,
        report: &mut Report,
        out: &mut Vec<Event>,
    ) {
        report.n_rows += 1;
        let text = || String::from_utf8_lossy(bytes);
        if ends.len() != self.n {
            let why = "it has another number of columns";
            return report.refuse_as("columns", why, row, &text());
        }
        let has_broken = std::str::from_utf8(bytes).is_err();
        match self.post(bytes, ends, key) {
            Ok((at, post)) => {
                report.n_repaired += u64::from(has_broken);
                let event = Event::imported(at, Body::Post(Box::new(post)));
                report.take(&event);
                out.push(event);
            }
            Err(error) => report.refuse(error, row, &text()),
        }
    }

    fn post(
        &self,
        bytes: &[u8],
        ends: &[usize],
        key: &AuthorKey,
    ) -> Result<(Millis, Post), FormatError> {
        let [id, time_cell, text, author, lang, url, reply_to, repost] = self.idxs.map(|idx| {
            let idx = idx?;
            let start = idx
                .checked_sub(1)
                .and_then(|before| ends.get(before))
                .unwrap_or(&0);
            let cell = bytes.get(*start..*ends.get(idx)?)?;
            Some(String::from_utf8_lossy(cell)).filter(|cell| !cell.trim().is_empty())
        });
        let at = time_cell
            .as_deref()
            .and_then(|cell| time(cell, self.slashed));
        let at = at.ok_or(FormatError::Time)?;
        let text = text.ok_or(FormatError::NoText)?;
        let text = match self.has_python_bytes {
            true => unpython(text.trim()),
            false => text.trim().to_owned(),
        };
        if text.trim().is_empty() {
            return Err(FormatError::NoText);
        }
        let owned =
            |cell: Option<std::borrow::Cow<'_, str>>| cell.map(|cell| cell.trim().to_owned());
        let author = owned(author).unwrap_or_default();
        let id = match owned(id) {
            Some(id) => id,
            None => ROW_KEY.hash("", &format!("{author}\0{at}\0{text}")),
        };
        let is_yes =
            |cell: &str| matches!(cell.trim(), "1" | "true" | "True" | "TRUE" | "t" | "yes");
        let post = Post {
            id,
            source: self.source.clone(),
            author: match author.as_str() {
                "" => author,
                name => key.hash(&self.source, name),
            },
            lang: owned(lang).map(|lang| lang.to_lowercase()),
            hashtags: snscrape::hashtags(&text),
            cashtags: snscrape::cashtags(&text),
            repost: repost.map_or_else(|| text.starts_with("RT @"), |cell| is_yes(&cell)),
            reply_to: owned(reply_to).filter(|id| id != "0"),
            url: owned(url).filter(|url| url.starts_with("http")),
            text,
            ..Post::default()
        };
        Ok((at, post))
    }
}

/// Reads a time in any of the forms of tables.
pub(crate) fn time(cell: &str, slashed: DateOrder) -> Option<Millis> {
    let cell = cell.trim();
    calendar::parse_epoch(cell)
        .or_else(|| calendar::parse_table(cell))
        .or_else(|| calendar::parse_slashed(cell, slashed))
        .or_else(|| calendar::parse_twitter(cell))
}

/// Undoes what Python's `str()` makes of bytes: `b'to the moon \xf0\x9f\x9a\x80'`.
fn unpython(text: &str) -> String {
    let Some(inner) = python_bytes(text) else {
        return text.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, n) = match behind {
            [b'x', high, low, ..] if *first == b'\\' => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (*first, 1),
            },
            [b'n', ..] if *first == b'\\' => (b'\n', 2),
            [b't', ..] if *first == b'\\' => (b'\t', 2),
            [b'r', ..] if *first == b'\\' => (b'\r', 2),
            [escaped @ (b'\\' | b'\'' | b'"'), ..] if *first == b'\\' => (*escaped, 2),
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = rest.get(n..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn is_python_bytes(text: &str) -> bool {
    python_bytes(text.trim()).is_some()
}

fn python_bytes(text: &str) -> Option<&str> {
    let inner = |quote| {
        let inner = text.strip_prefix('b')?.strip_prefix(quote)?;
        inner.strip_suffix(quote)
    };
    ['\'', '"'].into_iter().find_map(inner)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_bytes_become_the_text_they_were() {
        assert_eq!(
            unpython(r"b'moon \xf0\x9f\x9a\x80 \'now\'\n'"),
            "moon 🚀 'now'\n"
        );
        assert_eq!(unpython(r#"b"It's up""#), "It's up");
        assert_eq!(unpython("b'half"), "b'half");
        assert_eq!(unpython("b or not"), "b or not");
        assert_eq!(unpython(r"b'\xZZ\'"), r"\xZZ\");
    }

    #[test]
    fn times_of_all_forms_are_read() {
        let day = 1_511_135_940_000;
        assert_eq!(time("19/11/2017 23:59", DateOrder::DayFirst), Some(day));
        assert_eq!(time("11/19/2017 23:59", DateOrder::MonthFirst), Some(day));
        assert_eq!(time("19/11/2017 23:59", DateOrder::MonthFirst), None);
        assert_eq!(time("2017-11-19 23:59", DateOrder::DayFirst), Some(day));
        assert_eq!(time("1511135940", DateOrder::DayFirst), Some(day));
        assert_eq!(
            time("Sun Nov 19 23:59:00 +0000 2017", DateOrder::DayFirst),
            Some(day)
        );
        assert_eq!(time("yesterday", DateOrder::DayFirst), None);
    }
}
