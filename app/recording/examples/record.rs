//! Makes a recording of a file of event lines: `cargo run --release -p recording --example record FROM TO
//! [aggregates]`. FROM may be packed by gzip.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files; the package does not"
)]

use std::{env, fs, io::Read, time::Instant};

use anyhow::Context;
use chunks::Record;
use flate2::read::MultiGzDecoder;
use recording::{Basis, Session, file::Writer, terms::Texts};
use wire::ndjson;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [from, to, rest @ ..] = args.as_slice() else {
        anyhow::bail!("usage: record FROM TO [aggregates]");
    };
    let bytes = fs::read(from).with_context(|| format!("{from} cannot be read"))?;
    let mut text = String::new();
    match bytes.starts_with(&[0x1f, 0x8b]) {
        true => MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)?,
        false => bytes.as_slice().read_to_string(&mut text)?,
    };
    let events = text
        .lines()
        .filter_map(|line| ndjson::decode_line(line).ok());
    let records: Vec<Record> = events.map(Record::from).collect();
    let texts = match rest.first().map(String::as_str) {
        Some("aggregates") => Texts::Aggregates,
        _ => Texts::Allowed,
    };
    let began = Instant::now();
    let mut session = Session::new(Basis::default(), None);
    records
        .chunks(4_096)
        .for_each(|records| session.take(records));
    let mut salt = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut salt)?;
    let mut writer = Writer::new(&mut session, texts, salt);
    writer.write(&mut session, &records);
    let (bytes, seal) = writer.finish(&mut session);
    println!(
        "{} posts, {} bytes, {} lines, SHA-256 {}, {} ms",
        session.n_posts(),
        bytes.len(),
        seal.lines,
        seal.sha256,
        began.elapsed().as_millis()
    );
    fs::write(to, bytes).with_context(|| format!("{to} cannot be written"))
}
