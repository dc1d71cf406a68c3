//! One text a line, from files or standard input: `\\`, `\n` and `\r` stand for backslash, line feed and
//! carriage return, and an empty line is an empty text.
//!
//! A program takes it in by `#[path = "common/lines.rs"] mod lines;`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "programs read files"
)]

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::process::ExitCode;

use anyhow::{Context, Result};

/// Calls `on_text` with each text of the files, in order; without files, of standard input.
///
/// # Errors
/// A file that cannot be read, a line that is not UTF-8 (both named), or what `on_text` returned.
pub(crate) fn for_each_text(
    paths: &[String],
    mut on_text: impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    if paths.is_empty() {
        return for_each_line("standard input", io::stdin().lock(), &mut on_text);
    }
    for path in paths {
        let file = File::open(path).with_context(|| path.clone())?;
        for_each_line(path, BufReader::new(file), &mut on_text)?;
    }
    Ok(())
}

fn for_each_line(
    name: &str,
    mut input: impl BufRead,
    on_text: &mut impl FnMut(&str) -> Result<()>,
) -> Result<()> {
    let mut line = Vec::new();
    let mut line_idx = 1;
    while input
        .read_until(b'\n', &mut line)
        .with_context(|| name.to_owned())?
        > 0
    {
        let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes)
            .with_context(|| format!("{name}, line {line_idx}: not UTF-8"))?;
        on_text(&unescape(text))?;
        line.clear();
        line_idx += 1;
    }
    Ok(())
}

/// The text that an escaped line stands for. A backslash before anything else stands for itself.
pub(crate) fn unescape(line: &str) -> Cow<'_, str> {
    if !line.contains('\\') {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        let (meant, skip) = match after.as_bytes().first() {
            Some(b'\\') => ('\\', 1),
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            _ => ('\\', 0),
        };
        text.push_str(before);
        text.push(meant);
        rest = &after[skip..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Ends a program: 1 with one line on standard error if it failed. A reader that has read enough, such as
/// `head`, is no failure.
pub(crate) fn finish(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let closed = error
        .downcast_ref::<io::Error>()
        .is_some_and(|e| e.kind() == ErrorKind::BrokenPipe);
    if closed {
        return ExitCode::SUCCESS;
    }
    eprintln!("{error:#}");
    ExitCode::FAILURE
}
