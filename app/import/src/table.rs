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
    idxs: [Option<usize>; 9],
    n: usize,
    slashed: DateOrder,
    has_python_bytes: bool,
    source: String,
}

const ROLES: [Role; 9] = [
    Role::Id,
    Role::Time,
    Role::Text,
    Role::Author,
    Role::Lang,
    Role::Url,
    Role::ReplyTo,
    Role::Repost,
    Role::Clock,
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
        let [
            id,
            time_cell,
            text,
            author,
            lang,
            url,
            reply_to,
            repost,
            clock,
        ] = self.idxs.map(|idx| {
            let idx = idx?;
            let start = idx
                .checked_sub(1)
                .and_then(|before| ends.get(before))
                .unwrap_or(&0);
            let cell = bytes.get(*start..*ends.get(idx)?)?;
            Some(String::from_utf8_lossy(cell)).filter(|cell| !cell.trim().is_empty())
        });
        let at = time_cell.as_deref().and_then(|cell| match &clock {
            Some(clock) => time(&format!("{} {}", cell.trim(), clock.trim()), self.slashed),
            None => time(cell, self.slashed),
        });
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
pub(crate) fn time(cell: &str, order: DateOrder) -> Option<Millis> {
    let cell = cell.trim();
    compact(cell)
        .or_else(|| calendar::parse_epoch(cell))
        .or_else(|| calendar::parse_table(cell))
        .or_else(|| slashed(cell, order))
        .or_else(|| calendar::parse_table(&with_plain_clock(cell)?))
        .or_else(|| calendar::parse_twitter(cell))
}

/// Reads `1/2/2021`, with or without a clock of any form.
pub(crate) fn slashed(cell: &str, order: DateOrder) -> Option<Millis> {
    let cell = cell.trim();
    calendar::parse_slashed(cell, order)
        .or_else(|| calendar::parse_slashed(&with_plain_clock(cell)?, order))
}

/// Reads `20190701120000` and `20190701`. Such numbers of milliseconds would be the year 2609, and such numbers
/// of seconds the summer of 1970.
fn compact(cell: &str) -> Option<Millis> {
    let is_date = matches!(cell.len(), 8 | 14) && cell.bytes().all(|byte| byte.is_ascii_digit());
    if !is_date || !matches!(cell.get(..2), Some("19" | "20")) {
        return None;
    }
    let part = |from: usize, to: usize| cell.get(from..to);
    let date = [part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-");
    let clock = match cell.len() {
        14 => [part(8, 10)?, part(10, 12)?, part(12, 14)?].join(":"),
        _ => "00:00".to_owned(),
    };
    calendar::parse_table(&format!("{date} {clock}"))
}

/// A time whose clock is written as spreadsheets do, `9:05`, `9:05:30 PM` or `9:05pm`, with one of 24 hours and
/// two digits each.
fn with_plain_clock(cell: &str) -> Option<String> {
    let (date, clock) = cell.split_once(' ')?;
    let clock = clock.trim();
    let upper = clock.to_ascii_uppercase();
    let half = upper.strip_suffix("AM").map(|rest| (rest, 0));
    let half = half.or_else(|| upper.strip_suffix("PM").map(|rest| (rest, 12)));
    let (rest, hour_of) = match half {
        Some((rest, add)) => (rest.trim_end(), Some(add)),
        None => (clock, None),
    };
    let (hour, rest) = rest.split_once(':').unwrap_or((rest, "00"));
    let mut hour: u8 = hour.parse().ok()?;
    if let Some(add) = hour_of {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + add;
    }
    Some(format!("{date} {hour:02}:{rest}"))
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
    fn clocks_of_spreadsheets_and_compact_dates_are_read() {
        let check = |cell: &str, expect: &str| {
            let order = DateOrder::MonthFirst;
            assert_eq!(time(cell, order), calendar::parse_table(expect), "{cell}");
            assert!(time(cell, order).is_some(), "{cell}");
        };
        check("1/2/2021 9:05", "2021-01-02 09:05");
        check("1/2/2021 9:05:30 PM", "2021-01-02 21:05:30");
        check("1/2/2021 12:00 AM", "2021-01-02 00:00");
        check("2021-01-02 12:30pm", "2021-01-02 12:30");
        check("2021-01-02 9:05", "2021-01-02 09:05");
        check("20190701120000", "2019-07-01 12:00");
        check("20190701", "2019-07-01");
        for bad in [
            "1/2/2021 13:05 PM",
            "20191301",
            "1/2/2021 noon",
            "2021-01-02 25:00",
        ] {
            assert_eq!(time(bad, DateOrder::MonthFirst), None, "{bad}");
        }
        assert_eq!(
            time("1561982400000", DateOrder::DayFirst),
            Some(1_561_982_400_000)
        );
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
