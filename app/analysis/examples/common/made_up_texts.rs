//! Made-up short texts of known topics, the same on every machine: what benchmarks and tests of words work on.

use analysis::stats::random::Random;

/// Documents of so many words, each with its topic of `n_topics`: two words in three are the topic's own, of 40;
/// the others are common to all, of some thousands, a few of them frequent. Early topics have more documents.
pub(crate) fn documents(
    n: usize,
    n_words: usize,
    n_topics: usize,
    seed: u64,
) -> Vec<(usize, String)> {
    let mut random = Random::new(seed);
    let mut document = || {
        let topic = (random.uniform() * random.uniform() * n_topics as f64) as usize;
        let mut word = || {
            let (kind, at) = (random.uniform(), random.uniform());
            if kind < 0.67 {
                word_of(topic + 1, (at * at * 40.0) as usize)
            } else {
                word_of(0, (at * at * at * 4_000.0) as usize)
            }
        };
        let words: Vec<String> = (0..n_words).map(|_| word()).collect();
        (topic, words.join(" "))
    };
    (0..n).map(|_| document()).collect()
}

/// A word in letters, since words with digits are none to the cleaning.
fn word_of(topic: usize, number: usize) -> String {
    let letters = |number: usize, first: u8| {
        let digit = move |place: u32| (number / 10_usize.pow(place) % 10) as u8;
        (0..4)
            .rev()
            .map(move |place| char::from(first + digit(place)))
    };
    letters(topic, b'a').chain(letters(number, b'k')).collect()
}
