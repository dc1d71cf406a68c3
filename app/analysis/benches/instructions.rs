//! Counts the processor's instructions for one post, and fails when there are more than a twentieth more than
//! `instructions.txt` allows. Unlike a time this says the same on a busy machine.
//!
//! Needs `valgrind`, and an x86-64, which the limits are for; says so and passes where one is missing. Run by
//! `cargo bench -p analysis --bench instructions`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program that starts another one, and prints what it found"
)]

use std::hint::black_box;
use std::process::Command;

use analysis::{
    Engine,
    text::sentiment::{Scratch, Vader},
};
use anyhow::{Context, Result, bail, ensure};
use wire::{Body, Event};

#[path = "../examples/common/demo.rs"]
#[allow(dead_code, reason = "other benchmarks want the bars as well")]
mod demo;

/// What is counted, and how many instructions a post may take.
const LIMITS: &str = include_str!("instructions.txt");

/// One run works on so many posts less than the other, so that getting ready does not count.
const N_POSTS: usize = 10_000;
const N_BEFORE: usize = 2_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [work, what, n] = &arguments[..]
        && work == "work"
    {
        return do_work(what, n.parse()?);
    }
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !has_valgrind || !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        eprintln!(
            "SKIPPED: instructions are counted by valgrind on x86-64 Linux, which is missing"
        );
        return Ok(());
    }
    let mut too_many = Vec::new();
    for line in LIMITS.lines().filter(|line| !line.starts_with('#')) {
        let (what, limit) = line.split_once(' ').context("a line is `what limit`")?;
        let limit: u64 = limit.parse()?;
        let more = n_instructions(what, N_BEFORE + N_POSTS)?;
        let found = (more - n_instructions(what, N_BEFORE)?) / N_POSTS as u64;
        println!("{what}: {found} instructions a post, {limit} expected");
        if found * 20 > limit * 21 {
            too_many.push(what);
        }
    }
    ensure!(
        too_many.is_empty(),
        "more than a twentieth too many instructions: {}",
        too_many.join(", ")
    );
    Ok(())
}

/// Of one run of this program that works on so many posts.
fn n_instructions(what: &str, n: usize) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["work", what, &n.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {said}");
    let collected = said.split("Collected : ").nth(1);
    let number = collected.and_then(|rest| rest.split_whitespace().next());
    let number = number.with_context(|| format!("valgrind told no number: {said}"))?;
    Ok(number.parse()?)
}

fn do_work(what: &str, n: usize) -> Result<()> {
    let events = demo::posts(N_BEFORE + N_POSTS);
    let events = events.get(..n).context("so many posts there are not")?;
    match what {
        "engine" => apply(events),
        "vader" => score(&Vader::new(), events),
        "market-words" => score(&Vader::finance(), events),
        _ => bail!("nothing is called {what}"),
    }
    Ok(())
}

fn apply(events: &[Event]) {
    let mut engine = Engine::new(&demo::config());
    events.iter().for_each(|event| _ = engine.apply(event));
    assert_eq!(engine.n_posts(), events.len() as u64);
    // Giving the memory back is no part of the work.
    std::mem::forget(engine);
}

fn score(vader: &Vader, events: &[Event]) {
    let mut scratch = Scratch::default();
    for event in events {
        if let Body::Post(post) = &event.body {
            black_box(vader.score_with(&mut scratch, &post.text));
        }
    }
}
