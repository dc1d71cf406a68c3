//! What a table looks like: its delimiter, whether it has a header, and what its columns are.

use csv_core::ReadRecordResult;

use crate::{Choice, DateOrder, Encoding, Kind, Role, table};

/// So many rows are looked at.
pub(crate) const N_ROWS: usize = 60;
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Names of columns, as they stand in headers without blanks, dashes and the like; earlier ones win.
const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Id,
        &[
            "tweetid",
            "idstr",
            "statusid",
            "postid",
            "id",
            "permalinkid",
        ],
    ),
    (
        Role::Time,
        &[
            "createdat",
            "timestampepochs",
            "ts",
            "timestamp",
            "datetime",
            "date",
            "time",
            "postedat",
            "postdate",
            "tweetcreated",
            "unix",
        ],
    ),
    (
        Role::Text,
        &[
            "text",
            "fulltext",
            "tweettext",
            "tweets",
            "tweet",
            "rawcontent",
            "content",
            "body",
            "message",
            "sentence",
            "title",
        ],
    ),
    (
        Role::Author,
        &[
            "authorid",
            "userid",
            "useridstr",
            "userscreenname",
            "screenname",
            "username",
            "author",
            "user",
            "handle",
            "writer",
        ],
    ),
    (Role::Lang, &["lang", "language"]),
    (Role::Url, &["tweeturl", "url", "permalink", "link"]),
    (
        Role::ReplyTo,
        &[
            "inreplytostatusid",
            "inreplytotweetid",
            "inreplytoid",
            "parenttweetid",
            "replyto",
        ],
    ),
    (Role::Repost, &["isretweet", "isrepost", "retweeted"]),
];

/// Takes a text for a table of posts; `None` when its rows have nothing in common.
pub(crate) fn detect(name: &str, head: &str, encoding: Encoding) -> Option<Choice> {
    let (delimiter, rows) = DELIMITERS
        .iter()
        .map(|delimiter| (*delimiter, rows(head, *delimiter)))
        .max_by_key(|(_, rows)| evenness(rows))?;
    detect_rows(name, &rows, encoding, delimiter)
}

/// Takes rows for a table of posts.
pub(crate) fn detect_rows(
    name: &str,
    rows: &[Vec<String>],
    encoding: Encoding,
    delimiter: u8,
) -> Option<Choice> {
    let n_columns = usual_length(rows)?;
    if n_columns < 2 {
        return None;
    }
    let first = rows.first()?;
    let named = by_name(first);
    let has_header = named.iter().filter(|role| **role != Role::Ignore).count() >= 2;
    let mut roles = if has_header {
        named
    } else {
        by_content(rows, n_columns)?
    };
    if !roles.contains(&Role::Time)
        && let Some(time) = column_of_times(rows, &roles)
        && let Some(role) = roles.get_mut(time)
    {
        *role = Role::Time;
    }
    set_clock(rows, &mut roles);
    for (idx, role) in roles.iter_mut().enumerate() {
        if *role == Role::Id && !holds_ids(rows, idx) {
            *role = Role::Ignore;
        }
    }
    let slashed = date_order(rows, &roles);
    let has_python_bytes = has_python_bytes(rows, &roles);
    let is_of_twitter = name.to_ascii_lowercase().contains("tweet")
        || first.iter().any(|cell| plain(cell).contains("tweet"));
    let source = if is_of_twitter { "twitter" } else { "file" };
    Some(Choice {
        encoding,
        kind: Kind::Posts,
        delimiter,
        has_header,
        roles,
        dates: slashed,
        has_python_bytes,
        source: source.to_owned(),
    })
}

/// The first whole rows of a text.
pub(crate) fn rows(head: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = table::parser(delimiter);
    let (mut cells, mut ends) = (vec![0; head.len() + 1], vec![0; 4_096]);
    let (mut rows, mut rest) = (Vec::new(), head.as_bytes());
    while rows.len() < N_ROWS {
        let (result, n_in, _, n_ends) = reader.read_record(rest, &mut cells, &mut ends);
        if result != ReadRecordResult::Record {
            break;
        }
        rest = rest.get(n_in..).unwrap_or_default();
        rows.push(table::cells(&cells, ends.get(..n_ends).unwrap_or_default()));
    }
    rows
}

/// How far a delimiter makes a table: the share of rows of the usual length, then that length.
fn evenness(rows: &[Vec<String>]) -> (usize, usize) {
    let Some(usual) = usual_length(rows).filter(|n| *n > 1) else {
        return (0, 0);
    };
    let n_even = rows.iter().filter(|row| row.len() == usual).count();
    (100 * n_even / rows.len().max(1), usual)
}

pub(crate) fn usual_length(rows: &[Vec<String>]) -> Option<usize> {
    let n_of = |length: usize| rows.iter().filter(|row| row.len() == length).count();
    rows.iter().map(Vec::len).max_by_key(|length| n_of(*length))
}

fn by_name(header: &[String]) -> Vec<Role> {
    let names: Vec<String> = header.iter().map(|cell| plain(cell)).collect();
    let mut roles = vec![Role::Ignore; names.len()];
    for (role, known) in NAMES {
        let idx = known
            .iter()
            .find_map(|one| names.iter().position(|name| name == one));
        if let Some(place) = idx.and_then(|idx| roles.get_mut(idx)) {
            *place = *role;
        }
    }
    roles
}

/// The column with the time of day, where dates stand without one.
fn set_clock(rows: &[Vec<String>], roles: &mut [Role]) {
    let Some(date) = roles.iter().position(|role| *role == Role::Time) else {
        return;
    };
    let has_clock = |cell: &str| cell.contains(':');
    let is_whole = column(rows, date).any(has_clock);
    let n_clocks = |idx: usize| {
        let with_date = column(rows, idx).filter(|cell| has_clock(cell) && cell.len() <= 12);
        let read = with_date.filter(|cell| {
            table::time(&format!("2000-01-01 {}", cell.trim()), DateOrder::DayFirst).is_some()
        });
        read.count()
    };
    let is_free = |idx: &usize| roles.get(*idx) == Some(&Role::Ignore);
    let clock = (0..roles.len())
        .filter(is_free)
        .find(|idx| n_clocks(*idx) * 2 > rows.len());
    if let Some(role) = clock
        .filter(|_| !is_whole)
        .and_then(|idx| roles.get_mut(idx))
    {
        *role = Role::Clock;
    }
}

/// The first column without a role that mostly holds times.
fn column_of_times(rows: &[Vec<String>], roles: &[Role]) -> Option<usize> {
    let is_time = |text: &str| {
        table::time(text, DateOrder::DayFirst).is_some()
            || table::time(text, DateOrder::MonthFirst).is_some()
    };
    let n_times = |idx: usize| column(rows, idx).filter(|cell| is_time(cell)).count();
    (0..roles.len())
        .filter(|idx| roles.get(*idx) == Some(&Role::Ignore))
        .find(|idx| n_times(*idx) * 2 > rows.len())
}

/// So many numbers in a row from 0 or 1 are no chance.
const ROW_NUMBERS: usize = 20;

/// Neither the numbers of rows, which another file has too, nor numbers that a spreadsheet has rounded.
fn holds_ids(rows: &[Vec<String>], idx: usize) -> bool {
    let numbers: Vec<u64> = column(rows, idx)
        .filter_map(|cell| cell.trim().parse().ok())
        .collect();
    let first = numbers.first().copied().unwrap_or(u64::MAX);
    let n_numbered = (first..)
        .zip(&numbers)
        .take_while(|(row, number)| row == *number);
    let are_rows = first <= 1 && n_numbered.count() >= ROW_NUMBERS;
    let is_rounded = |cell: &str| cell.contains("E+") && cell.parse::<f64>().is_ok();
    !are_rows && !column(rows, idx).any(is_rounded)
}

fn column(rows: &[Vec<String>], idx: usize) -> impl Iterator<Item = &str> {
    rows.iter()
        .map(move |row| row.get(idx).map_or("", String::as_str))
}

/// Without names: the first column of times, and the one with the longest texts.
fn by_content(rows: &[Vec<String>], n_columns: usize) -> Option<Vec<Role>> {
    let mut roles = vec![Role::Ignore; n_columns];
    let time = column_of_times(rows, &roles)?;
    let length = |idx: usize| column(rows, idx).map(str::len).sum::<usize>();
    let text = (0..n_columns)
        .filter(|idx| *idx != time)
        .max_by_key(|idx| length(*idx))?;
    *roles.get_mut(time)? = Role::Time;
    *roles.get_mut(text)? = Role::Text;
    Some(roles)
}

/// A number above twelve in the first place can only be a day.
fn date_order(rows: &[Vec<String>], roles: &[Role]) -> DateOrder {
    let (day_first, month_first) = n_of_orders(rows, roles);
    if month_first > day_first {
        DateOrder::MonthFirst
    } else {
        DateOrder::DayFirst
    }
}

/// Whether a text's dates may be meant either way.
pub(crate) fn is_date_open(choice: &Choice, head: &str) -> bool {
    if choice.kind != Kind::Posts {
        return false;
    }
    let (day_first, month_first) = n_of_orders(&rows(head, choice.delimiter), &choice.roles);
    day_first > 0 && day_first == month_first
}

/// How many dates fit each order: the day first, the month first.
fn n_of_orders(rows: &[Vec<String>], roles: &[Role]) -> (usize, usize) {
    let time = roles.iter().position(|role| *role == Role::Time);
    let cells = || rows.iter().filter_map(|row| row.get(time?));
    let reads = |form: DateOrder| {
        cells()
            .filter(|cell| table::slashed(cell, form).is_some())
            .count()
    };
    (reads(DateOrder::DayFirst), reads(DateOrder::MonthFirst))
}

/// One such text may be chance, a column of them is not.
fn has_python_bytes(rows: &[Vec<String>], roles: &[Role]) -> bool {
    let text = roles.iter().position(|role| *role == Role::Text);
    let texts = rows.iter().filter_map(|row| row.get(text?));
    let n = texts.filter(|text| table::is_python_bytes(text)).count();
    n * 2 > rows.len()
}

/// A column's name in small letters and digits only.
fn plain(cell: &str) -> String {
    let letters = cell.chars().filter(|c| c.is_ascii_alphanumeric());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
