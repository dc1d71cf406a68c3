//! Packs the word lists of `src/text/lexicon/`, which people read, into what the program carries: without
//! the sources of the entries, and without what a word shares with the one before it.
//!
//! A list `NAME` becomes `NAME.shared` (how many bytes a word shares with the last one, a byte each),
//! `NAME.rest` (the other bytes, a line each) and `NAME.tenths` (ten times the valence, a byte each). The
//! emoji become `emoji.steps` (how far it is from the last one, as a character each) and `emoji.texts`.

#![allow(
    clippy::disallowed_methods,
    reason = "a build script reads and writes files"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const LISTS: &str = "src/text/lexicon";

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!(
        "cargo::rustc-env=MOODTAPE_RULES={:016x}",
        rules(Path::new("src"), 0)
    );
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let read = |name: &str| {
        let path = Path::new(LISTS).join(name);
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    write_words(&out, "words", &vader_words(&read("words.txt")));
    let finance = read("finance.tsv");
    for kind in ["jargon", "ambiguous", "emoji", "context"] {
        write_words(&out, kind, &finance_words(&finance, kind));
    }
    write_emoji(&out, &read("emoji.txt"));
}

/// A hash of all that is in a folder: other rules may find something else in the same text.
fn rules(folder: &Path, mut hash: u64) -> u64 {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash = rules(&path, hash);
            continue;
        }
        for byte in fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// A line is `valence word word …`.
fn vader_words(list: &str) -> BTreeMap<&str, i8> {
    let mut words = BTreeMap::new();
    for line in list.lines() {
        let mut fields = line.split(' ');
        let tenths = fields.next().and_then(|field| field.parse().ok());
        let tenths = tenths.unwrap_or_else(|| panic!("no valence: {line:?}"));
        words.extend(fields.map(|word| (word, tenths)));
    }
    words
}

/// The entries of one kind. A line is `entry<TAB>valence<TAB>source<TAB>note`; one that begins with `# ` says
/// something to the reader.
fn finance_words<'a>(list: &'a str, kind: &str) -> BTreeMap<&'a str, i8> {
    let mut words = BTreeMap::new();
    for line in list.lines().filter(|line| !line.starts_with("# ")) {
        let fields: Vec<_> = line.split('\t').collect();
        let [word, valence, source, _note] = fields[..] else {
            panic!("not four columns: {line:?}");
        };
        let kind_of_source = match source {
            "jargon" | "ratings" | "crypto" => "jargon",
            "market" | "earnings" | "news" | "retail" | "neutral" => "ambiguous",
            "emoji" | "context" => source,
            _ => panic!("no such source: {line:?}"),
        };
        let valence: f64 = valence.parse().unwrap_or_else(|e| panic!("{line:?}: {e}"));
        assert!(valence.abs() <= 4.0, "out of range: {line:?}");
        if kind_of_source == kind {
            let tenths = (valence * 10.0).round() as i8;
            assert!(words.insert(word, tenths).is_none(), "twice: {word:?}");
        }
    }
    words
}

fn write_words(out: &Path, name: &str, words: &BTreeMap<&str, i8>) {
    let (mut shared, mut rest, mut tenths) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = "";
    for (word, valence) in words {
        let pairs = word.chars().zip(last.chars());
        let equal = pairs.take_while(|(one, other)| one == other);
        let n_shared: usize = equal.map(|(char, _)| char.len_utf8()).sum();
        shared.push(u8::try_from(n_shared).expect("words are short"));
        rest.extend_from_slice(&word.as_bytes()[n_shared..]);
        rest.push(b'\n');
        tenths.push(valence.to_le_bytes()[0]);
        last = word;
    }
    write(out, &format!("{name}.shared"), &shared);
    write(out, &format!("{name}.rest"), &rest);
    write(out, &format!("{name}.tenths"), &tenths);
}

/// A line is `emoji description`.
fn write_emoji(out: &Path, list: &str) {
    let (mut steps, mut texts) = (String::new(), String::new());
    let mut last = 0;
    for line in list.lines() {
        let (emoji, text) = line.split_once(' ').expect("an emoji and its description");
        let emoji = emoji.chars().next().map_or(0, u32::from);
        let step = emoji.checked_sub(last).and_then(char::from_u32);
        steps.push(step.expect("ascending, in steps that are characters"));
        texts.push_str(text);
        texts.push('\n');
        last = emoji;
    }
    write(out, "emoji.steps", steps.as_bytes());
    write(out, "emoji.texts", texts.as_bytes());
}

fn write(out: &Path, name: &str, bytes: &[u8]) {
    fs::write(out.join(name), bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
}
