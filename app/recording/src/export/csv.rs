//! Tables as comma-separated lines that no spreadsheet takes for formulas.

use wire::{
    Millis,
    time::{DAY, HOUR, MINUTE},
};

use crate::table::{Cell, Column, Kind, Table};

pub(super) fn write_header(columns: &[Column], out: &mut Vec<u8>) {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    out.extend_from_slice(names.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

pub(super) fn write_rows(table: &Table, out: &mut Vec<u8>) {
    for row in &table.rows {
        for (idx, (column, cell)) in table.columns.iter().zip(row).enumerate() {
            if idx > 0 {
                out.push(b',');
            }
            match (cell, column.kind) {
                (Cell::None, _) => {}
                (Cell::Text(text), _) => write_text(text, out),
                (Cell::Integer(at), Kind::Time) => out.extend_from_slice(time(*at).as_bytes()),
                (cell, _) => out.extend_from_slice(cell.shown().as_bytes()),
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// A text that a spreadsheet would compute gets an apostrophe before it.
fn write_text(text: &str, out: &mut Vec<u8>) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let has_special = text.contains([',', '"', '\n', '\r']);
    let text = match is_formula {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    if has_special {
        out.push(b'"');
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

/// `2026-03-02T00:05:00.000Z`.
pub(crate) fn time(at: Millis) -> String {
    let rest = at.rem_euclid(DAY);
    let (hours, minutes) = (rest / HOUR, rest % HOUR / MINUTE);
    let (seconds, millis) = (rest % MINUTE / 1_000, rest % 1_000);
    format!(
        "{}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z",
        date(at)
    )
}

/// `2026-03-02`. Days to years after Howard Hinnant's `civil_from_days`.
pub(super) fn date(at: Millis) -> String {
    let days = at.div_euclid(DAY) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use wire::formats::calendar;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_a_text() {
        let check = |text: &str, expect: &str| {
            let mut out = Vec::new();
            write_text(text, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        };
        check("=1+1", "'=1+1");
        check("+49", "'+49");
        check("-5", "'-5");
        check("@me", "'@me");
        check("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"");
        check("a, b", "\"a, b\"");
        check("up = good", "up = good");
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for at in [
            0,
            1_772_409_724_600,
            -1,
            951_782_400_000,
            4_102_444_799_999,
            -62_135_596_800_000,
        ] {
            assert_eq!(calendar::parse_table(&time(at)), Some(at), "{}", time(at));
        }
    }
}
