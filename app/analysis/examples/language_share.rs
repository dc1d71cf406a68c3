//! How many of the shared tweets that the platform calls English we call English from their text alone, and
//! how many of the others. Run by hand; needs the shared tweets.

#![allow(clippy::print_stdout, reason = "a program prints")]

#[path = "common/tweets.rs"]
#[allow(dead_code, reason = "not all of it is wanted")]
mod tweets;

use std::collections::BTreeMap;

use analysis::text::language::of_text;

fn main() {
    // By the platform's language: all, called the same, called English, called nothing.
    let mut counts: BTreeMap<String, [u32; 4]> = BTreeMap::new();
    for (text, platform) in tweets::with_language() {
        let ours = of_text(&text);
        let count = counts.entry(platform.clone()).or_default();
        count[0] += 1;
        count[1] += u32::from(ours == Some(platform.as_str()));
        count[2] += u32::from(ours == Some("en"));
        count[3] += u32::from(ours.is_none());
    }
    if counts.is_empty() {
        eprintln!("SKIPPED: the tweets are missing; set MOODTAPE_DATA");
    }
    println!("platform\tall\tsame\tenglish\tnone");
    for (platform, [all, same, english, none]) in counts {
        println!("{platform}\t{all}\t{same}\t{english}\t{none}");
    }
}
