//! Reads a recording from end to end and says what is in it: lines, events, drop reasons, span, speed.
//!
//! `cargo run --release -p server --example check_recording -- PATH [--span]`
#![allow(
    clippy::print_stdout,
    reason = "a command-line program talks to its user"
)]

use std::{collections::BTreeMap, env, path::Path, process::ExitCode, time::Instant};

use rustc_hash::FxHashSet;
use server::recording::{Recording, RecordingError};
use wire::{Body, Identity, author::AuthorKey, config::Filters};

fn main() -> ExitCode {
    let Some(path) = env::args_os().nth(1) else {
        eprintln!("give the path of a recording, or of a folder that holds some");
        return ExitCode::FAILURE;
    };
    match check(Path::new(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn check(path: &Path) -> Result<(), RecordingError> {
    let start = Instant::now();
    let mut recording = Recording::open(path, &AuthorKey([0; 16]))?;
    for note in recording.notes() {
        println!("note: {note}");
    }
    let filters = Filters::default();
    let (mut n_lines, mut n_kept) = (0_u64, 0_u64);
    let mut counts = BTreeMap::<String, u64>::new();
    let mut unique = FxHashSet::default();
    while let Some(item) = recording.next_item() {
        n_lines += 1;
        let kind = match &item.event {
            Ok(event) => {
                let is_new = Identity::of(event).is_none_or(|identity| unique.insert(identity));
                match &event.body {
                    Body::Post(post) if is_new => {
                        n_kept += u64::from(filters.refuse(post).is_none());
                        "unique posts".to_owned()
                    }
                    Body::Post(_) => "repeated posts".to_owned(),
                    Body::Bar(_) => "bars".to_owned(),
                    _ => "other events".to_owned(),
                }
            }
            Err(reason) => format!("dropped: {reason}"),
        };
        *counts.entry(kind).or_default() += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{} files, {n_lines} lines and rows", recording.n_files());
    for (kind, count) in counts {
        println!("{count:>9} {kind}");
    }
    println!("{n_kept:>9} posts kept by the default filters");
    println!(
        "{seconds:.2} s, {:.0} lines and rows a second",
        n_lines as f64 / seconds
    );
    if env::args().nth(2).as_deref() == Some("--span") {
        print_spans(&recording);
    }
    Ok(())
}

fn print_spans(recording: &Recording) {
    let start = Instant::now();
    println!(
        "all: {:?}, posts: {:?} (ms since 1970)",
        recording.span(),
        recording.post_span()
    );
    println!("{:.2} s to find both spans", start.elapsed().as_secs_f64());
}
