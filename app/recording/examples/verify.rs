//! Checks a recording: `cargo run --release -p recording --example verify FILE…`. Prints a line a finding and
//! ends with 1 where one fails.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program reads files; the package does not"
)]

use std::{env, fs::File, io::Read, process::ExitCode};

use anyhow::Context;
use recording::verify::{Outcome, Verifier};

fn main() -> anyhow::Result<ExitCode> {
    let mut has_failed = false;
    for path in env::args().skip(1) {
        let mut file = File::open(&path).with_context(|| format!("{path} cannot be opened"))?;
        let (mut verifier, mut buffer) = (Verifier::default(), vec![0; 1 << 16]);
        loop {
            let n = file.read(&mut buffer)?;
            if n == 0 {
                break;
            }
            verifier.push(buffer.get(..n).unwrap_or_default());
        }
        println!("{path}");
        for finding in verifier.finish() {
            let mark = match finding.outcome {
                Outcome::Pass => "same   ",
                Outcome::Unknown => "unknown",
                Outcome::Fail => "FAILS  ",
            };
            println!("  {mark}  {}", finding.what);
            has_failed |= finding.outcome == Outcome::Fail;
        }
    }
    Ok(ExitCode::from(u8::from(has_failed)))
}
