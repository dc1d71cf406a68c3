//! Made-up series, ticks and posts, to the bit the same on every machine: what benchmarks and the browser work on.

use analysis::{
    series::{Series, rollup::Post},
    stats::{hayashi_yoshida::Ticks, random::Random},
    view::Class,
};

/// Nearly normal, without a logarithm.
fn shock(random: &mut Random) -> f64 {
    (0..6).map(|_| random.uniform()).sum::<f64>() - 3.0
}

/// x remembers (0.9), y remembers (0.5) and follows x three places later.
pub(crate) fn pair(n: usize) -> (Series, Series) {
    let mut random = Random::new(1);
    let (mut level, mut own) = (0.0, 0.0);
    let x: Vec<f64> = (0..n + 3)
        .map(|_| {
            level = 0.9 * level + shock(&mut random);
            level
        })
        .collect();
    let y = x.iter().take(n).map(|x| {
        own = 0.5 * own + shock(&mut random);
        own + 0.1 * x
    });
    let y = y.collect();
    (x.into_iter().skip(3).collect(), y)
}

/// Ten days of minutes with a daily rhythm, noise, and a peak now and then.
pub(crate) fn minutes() -> Vec<Option<f64>> {
    let mut random = Random::new(2);
    let value = |t: usize| {
        let rhythm = (t % 1_440).abs_diff(720) as f64 / 7.2;
        let peak = match random.uniform() {
            0.999.. => 4_000.0,
            0.99.. => 80.0,
            _ => 0.0,
        };
        Some(100.0 + rhythm + 5.0 * shock(&mut random) + peak)
    };
    (0..14_398).map(value).collect()
}

/// A day of a random walk seen at random times, `lag` late.
pub(crate) fn ticks(n: usize, lag: i64, seed: u64) -> Ticks {
    let mut walk = Random::new(3);
    let mut level = 0.0;
    let walk: Vec<f64> = (0..87_000)
        .map(|_| {
            level += shock(&mut walk);
            level
        })
        .collect();
    let mut random = Random::new(seed);
    let mut times: Vec<i64> = (0..n)
        .map(|_| 100_000 + (random.uniform() * 86_400_000.0) as i64)
        .collect();
    times.sort_unstable();
    times.dedup();
    let value = |time: &i64| walk[((time - lag) / 1_000) as usize];
    let values = times.iter().map(value).collect();
    Ticks::levels(times, values).expect("ascending times")
}

/// Posts half a minute apart on average, of 50,000 authors.
pub(crate) fn posts(n: u32) -> Vec<Post> {
    let mut random = Random::new(6);
    let mut at = 1_400_000_000_000;
    (0..n)
        .map(|_| {
            at += (random.uniform() * 60_000.0) as i64;
            Post {
                at,
                compound: (random.uniform() * 20_000.0 - 10_000.0) as i16,
                class: Class::Neutral,
                author: random.next_bits() as u32 % 50_000,
            }
        })
        .collect()
}
