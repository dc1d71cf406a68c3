//! Columns of numbers from CSV, and numbers into JSON, for the programs that compare series.
//!
//! A program takes it in by `#[path = "common/numbers.rs"] mod numbers;`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "programs read files"
)]

use std::fs::File;
use std::io::{self, Read};

use anyhow::{Context, Result, bail, ensure};

/// What the first line of a file is.
#[derive(Clone, Copy, Eq, PartialEq)]
#[allow(dead_code, reason = "each program asks for one of them")]
pub(crate) enum Header {
    /// The names of the columns.
    Named,
    /// Names, if its first field is no number; else a row.
    Optional,
}

/// The rows of a CSV file with these columns, in this order; `-` or no path is standard input.
///
/// # Errors
/// A file that cannot be read, a header that is not the expected one, or a row with another number of
/// fields: named with its line.
pub(crate) fn rows(
    path: Option<&str>,
    columns: &[&str],
    header: Header,
) -> Result<Vec<Vec<String>>> {
    let name = path.filter(|path| *path != "-");
    let mut bytes = Vec::new();
    match name {
        Some(path) => File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .with_context(|| path.to_owned())?,
        None => io::stdin().lock().read_to_end(&mut bytes)?,
    };
    let name = name.unwrap_or("standard input");
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut rows = Vec::new();
    for (idx, record) in reader.records().enumerate() {
        let record = record.with_context(|| name.to_owned())?;
        let row: Vec<String> = record.iter().map(|field| field.trim().to_owned()).collect();
        let is_row = header == Header::Optional
            && row
                .first()
                .is_some_and(|field| field.parse::<f64>().is_ok());
        if idx == 0 && !is_row {
            let is_header = row.iter().map(String::as_str).eq(columns.iter().copied());
            ensure!(
                is_header || header == Header::Optional && row.len() == columns.len(),
                "{name}, line 1: the header must be {:?}, not {:?}",
                columns.join(","),
                row.join(",")
            );
            continue;
        }
        let line = record.position().map_or(0, csv::Position::line);
        ensure!(
            row.len() == columns.len(),
            "{name}, line {line}: {} fields instead of {}",
            row.len(),
            columns.len()
        );
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "{name}: no rows");
    Ok(rows)
}

/// A whole number of milliseconds.
///
/// # Errors
/// Anything else.
pub(crate) fn time(row_idx: usize, field: &str) -> Result<i64> {
    let Ok(time) = field.parse::<i64>() else {
        bail!(
            "row {}: the time {field:?} is not a whole number of milliseconds",
            row_idx + 1
        );
    };
    Ok(time)
}

/// A finite number.
///
/// # Errors
/// Anything else, NaN and infinity among it.
pub(crate) fn number(row_idx: usize, field: &str) -> Result<f64> {
    match field.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => bail!("row {}: {field:?} is not a finite number", row_idx + 1),
    }
}
