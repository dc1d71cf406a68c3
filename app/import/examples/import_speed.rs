//! How long a file takes on its way into a store, step by step, and what the engine needs for it:
//! `import_speed <file>`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

use std::{error::Error, fs, time::Instant};

use analysis::Engine;
use chunks::Record;
use import::Reader;
use wire::{PublicConfig, author::AuthorKey};

/// As the import worker does.
const SLICE: usize = 256 * 1024;
const PER_CHUNK: usize = 4_096;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file?")?;
    let bytes = fs::read(&path)?;

    let started = Instant::now();
    let mut reader = Reader::new(&path, None, AuthorKey([7; 16]));
    let mut events = Vec::new();
    bytes
        .chunks(SLICE)
        .for_each(|piece| reader.push(piece, &mut events));
    reader.finish(&mut events);
    let n = events.len() as f64;
    tell("read", started, n);
    println!("{} events, {} refused", n, reader.report().n_refused());

    let records: Vec<Record> = events.into_iter().map(Record::from).collect();
    let started = Instant::now();
    let sealed = records
        .chunks(PER_CHUNK)
        .map(chunks::seal)
        .collect::<Result<Vec<_>, _>>()?;
    tell("sealed", started, n);
    let size: usize = sealed.iter().map(|s| s.numbers.len() + s.texts.len()).sum();
    println!("{:.1} B an event", size as f64 / n);
    drop((records, bytes));

    let before = resident()?;
    let mut engine = Engine::new(&PublicConfig::default());
    let (mut opened, mut applied) = (0.0, 0.0);
    for sealed in &sealed {
        let started = Instant::now();
        let records = chunks::read(&sealed.numbers, &sealed.texts)?;
        opened += started.elapsed().as_secs_f64();
        let started = Instant::now();
        for record in &records {
            engine.apply(&record.event);
        }
        applied += started.elapsed().as_secs_f64();
    }
    println!(
        "opened {:.2} µs, applied {:.2} µs an event",
        opened * 1e6 / n,
        applied * 1e6 / n
    );
    println!(
        "engine: {:.0} B an event with {} waiting to be judged",
        (resident()? - before) / n,
        engine.n_waiting()
    );
    let started = Instant::now();
    engine.judge(usize::MAX);
    tell("judged the rest", started, n);
    println!(
        "engine, judged: {:.0} B an event",
        (resident()? - before) / n
    );
    let started = Instant::now();
    let _ = engine.frame(engine.now().unwrap_or_default());
    println!(
        "first frame {:.0} ms",
        started.elapsed().as_secs_f64() * 1e3
    );
    Ok(())
}

fn tell(what: &str, started: Instant, n: f64) {
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{what} in {seconds:.2} s, {:.2} µs an event",
        seconds * 1e6 / n
    );
}

/// Bytes of memory in use, on Linux.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .ok_or("no VmRSS")?;
    let kb: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kb * 1_024.0)
}
