//! The committed recording is what the program writes, and the planted truths are in it.

use std::{collections::BTreeSet, io::Read, ops::Range};

use flate2::read::GzDecoder;
use wire::{Bar, Body, Millis, Post, SourceState, time::HOUR};

use super::*;
use crate::{
    plan::{
        BURST, BURST_HASHTAG, END, INSTRUMENTS, LEAD_HOURS, N_HOURS, NEWS, OUTAGE, PRICES, SOCIAL,
        SPAM, START, SWING,
    },
    texts::Class,
};

mod news;

const MAX_LAG: i64 = 24;
/// What the largest of 49 correlations by chance stays below in 95 % of all cases, times √n.
const LIMIT: f64 = 3.28;

fn posts() -> Vec<(Millis, Post)> {
    let posts = events().into_iter().filter_map(|event| match event.body {
        Body::Post(post) => Some((event.at, *post)),
        _ => None,
    });
    posts.collect()
}

/// First seen at, and the article.
fn articles() -> Vec<(Millis, Post)> {
    let mut articles = posts();
    articles.retain(|(_, post)| post.source == NEWS);
    articles
}

fn bars() -> Vec<Bar> {
    let bars = events().into_iter().filter_map(|event| match event.body {
        Body::Bar(bar) => Some(bar),
        _ => None,
    });
    bars.collect()
}

fn n_in(posts: &[(Millis, Post)], range: &Range<Millis>, keep: impl Fn(&Post) -> bool) -> usize {
    posts
        .iter()
        .filter(|(at, post)| range.contains(at) && keep(post))
        .count()
}

fn is_about(post: &Post, ticker: &str, name: &str) -> bool {
    post.cashtags.iter().any(|tag| tag == ticker) || post.hashtags.iter().any(|tag| tag == name)
}

/// Mean of an hour of what the generator meant, +1, 0 or −1; none where nobody posted.
fn mood_by_hour(instrument_idx: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0.0); N_HOURS];
    for made in posts::make(&market::Market::make()) {
        if let Some((idx, class)) = made.meant
            && idx == instrument_idx
        {
            let hour = usize::try_from((made.event.at - START) / HOUR).unwrap();
            sums[hour].0 +=
                f64::from(i8::from(class == Class::Positive) - i8::from(class == Class::Negative));
            sums[hour].1 += 1.0;
        }
    }
    sums.into_iter()
        .map(|(sum, n)| (n > 0.0).then(|| sum / n))
        .collect()
}

fn returns_by_hour(ticker: &str) -> Vec<Option<f64>> {
    let mut closes = vec![None; N_HOURS];
    for bar in bars().iter().filter(|bar| bar.ticker == ticker) {
        closes[usize::try_from((bar.open_at - START) / HOUR).unwrap()] = Some(bar.close);
    }
    let mut returns = vec![None];
    returns.extend(
        closes
            .windows(2)
            .map(|pair| Some((pair[1]? / pair[0]?).ln())),
    );
    returns
}

/// corr(x at t, y at t + lag) over the pairs that have both, and how many they are.
fn correlation(x: &[Option<f64>], y: &[Option<f64>], lag: i64) -> (f64, f64) {
    let pair = |t: usize| Some((x[t]?, (*y.get(usize::try_from(t as i64 + lag).ok()?)?)?));
    let pairs: Vec<(f64, f64)> = (0..x.len()).filter_map(pair).collect();
    let n = pairs.len() as f64;
    let (mean_x, mean_y) = (
        pairs.iter().map(|p| p.0).sum::<f64>() / n,
        pairs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let cov: f64 = pairs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let var_x: f64 = pairs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let var_y: f64 = pairs.iter().map(|(_, y)| (y - mean_y).powi(2)).sum();
    (cov / (var_x * var_y).sqrt(), n)
}

/// What is left of a series when the part that its last value tells is taken away.
fn whitened(x: &[Option<f64>]) -> Vec<Option<f64>> {
    let (phi, _) = correlation(x, x, 1);
    let mut white = vec![None];
    white.extend(x.windows(2).map(|pair| Some(pair[1]? - phi * pair[0]?)));
    white
}

/// Lag, correlation and the limit for it.
fn whitened_ccf(instrument_idx: usize) -> Vec<(i64, f64, f64)> {
    let mood = whitened(&mood_by_hour(instrument_idx));
    let returns = whitened(&returns_by_hour(INSTRUMENTS[instrument_idx].ticker));
    let at_lag = |lag| {
        let (r, n) = correlation(&mood, &returns, lag);
        (lag, r, LIMIT / n.sqrt())
    };
    (-MAX_LAG..=MAX_LAG).map(at_lag).collect()
}

#[test]
fn the_committed_recording_is_what_this_program_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PATH);
    let bytes = fs::read(&path).unwrap();
    let mut committed = String::new();
    GzDecoder::new(bytes.as_slice())
        .read_to_string(&mut committed)
        .unwrap();

    // Not compared as compressed bytes, which another version of the compressor may choose differently.
    assert!(
        committed == lines(),
        "run `cargo run -p server --example make_demo`"
    );
    assert!(bytes.len() <= 300_000, "{} bytes", bytes.len());
    assert_eq!(bytes[4..8], [0; 4], "no time of writing");
}

#[test]
fn two_runs_write_the_same_bytes_and_every_line_can_be_read() {
    let text = lines();

    assert_eq!(pack(&text).unwrap(), pack(&lines()).unwrap());
    let mut before = (0, START);
    for line in text.lines() {
        let event = wire::formats::decode_moodtape(line).unwrap();
        assert!(
            event.seq == before.0 + 1 && (before.1..=END).contains(&event.seen_at),
            "{line}"
        );
        before = (event.seq, event.seen_at);
    }
}

#[test]
fn everything_is_marked_as_made_up() {
    let is_marked = |event: &Event| match &event.body {
        Body::Post(post) => match &post.url {
            Some(url) => post.source == NEWS && url.starts_with("https://demo.example/"),
            None => post.source == SOCIAL,
        },
        Body::Bar(bar) => bar.source == PRICES && bar.check().is_ok(),
        Body::Delete(delete) => delete.source == SOCIAL,
        Body::Status(status) => [SOCIAL, PRICES].contains(&status.source.as_str()),
        _ => false,
    };

    assert!(events().iter().all(is_marked));
}

#[test]
fn the_week_has_the_size_that_is_promised() {
    let (posts, bars) = (posts(), bars());
    let n_articles = articles().len();
    let authors: BTreeSet<&str> = posts.iter().map(|(_, post)| post.author.as_str()).collect();
    let texts: BTreeSet<&str> = posts.iter().map(|(_, post)| post.text.as_str()).collect();

    assert_eq!((posts.len() - n_articles, n_articles), (5_664, 40));
    assert!(
        (380..=400).contains(&authors.len()),
        "{} authors",
        authors.len()
    );
    assert!(texts.len() * 10 > posts.len() * 9, "{} texts", texts.len());
    assert_eq!(bars.len(), 4 * N_HOURS + 5 * 7);
}

#[test]
fn nights_are_quiet_and_afternoons_busy() {
    let posts = posts();
    let n_at = |hour: Millis| {
        posts
            .iter()
            .filter(|(at, _)| (at - START) / HOUR % 24 == hour)
            .count()
    };

    assert!(n_at(15) > 3 * n_at(3), "{} against {}", n_at(15), n_at(3));
}

#[test]
fn doge_bursts_for_forty_minutes_under_its_own_hashtag() {
    let posts = posts();
    let doge = |post: &Post| is_about(post, "DOGE", "Dogecoin");
    let length = BURST.end - BURST.start;
    let (burst, before) = (
        n_in(&posts, &BURST, doge),
        n_in(&posts, &(BURST.start - 6 * length..BURST.start), doge),
    );
    let tagged = |post: &Post| post.hashtags.iter().any(|tag| tag == &BURST_HASHTAG[1..]);

    assert!(
        burst as f64 > 5.0 * before as f64 / 6.0,
        "{burst} in the burst, {before} in the six stretches before"
    );
    assert!(n_in(&posts, &BURST, tagged) * 10 > burst * 9);
    assert_eq!(
        n_in(&posts, &(START..BURST.start), tagged) + n_in(&posts, &(BURST.end..END), tagged),
        0
    );
}

#[test]
fn sol_swings_to_the_negative_for_six_hours() {
    let mood = mood_by_hour(plan::SOL);
    let hours = usize::try_from((SWING.start - START) / HOUR).unwrap()
        ..usize::try_from((SWING.end - START) / HOUR).unwrap();
    let mean = |mood: &[Option<f64>]| {
        mood.iter().flatten().sum::<f64>() / mood.iter().flatten().count() as f64
    };

    assert_eq!(hours.len(), 6);
    assert!(
        mean(&mood[hours.clone()]) < -0.55,
        "{}",
        mean(&mood[hours.clone()])
    );
    assert!(
        mean(&mood[..hours.start]) > -0.2,
        "{}",
        mean(&mood[..hours.start])
    );
}

#[test]
fn the_outage_is_silent_and_announced_while_prices_go_on() {
    let posts = posts();
    let states = events().into_iter().filter_map(|event| match event.body {
        Body::Status(status) if status.source == SOCIAL => Some((event.seen_at, status.state)),
        _ => None,
    });
    let states: Vec<_> = states.collect();

    assert_eq!(OUTAGE.end - OUTAGE.start, 3 * HOUR);
    assert_eq!(n_in(&posts, &OUTAGE, |_| true), 0);
    assert!(n_in(&posts, &(OUTAGE.end..OUTAGE.end + HOUR), |_| true) > 20);
    assert_eq!(
        states,
        [
            (START, SourceState::Connected),
            (OUTAGE.start, SourceState::Disconnected),
            (OUTAGE.end, SourceState::Connected),
        ]
    );
    assert_eq!(
        bars()
            .iter()
            .filter(|bar| OUTAGE.contains(&bar.open_at))
            .count(),
        4 * 3
    );
}

#[test]
fn the_spam_wave_comes_from_sixty_authors_and_stays_in_its_two_hours() {
    let posts = posts();
    let is_spam = |post: &Post| post.hashtags.iter().any(|tag| tag == "giveaway");
    let authors: BTreeSet<&str> = posts
        .iter()
        .filter(|(_, post)| is_spam(post))
        .map(|(_, post)| post.author.as_str())
        .collect();

    assert_eq!(n_in(&posts, &SPAM, is_spam), plan::N_SPAM_POSTS);
    assert_eq!(n_in(&posts, &(START..END), is_spam), plan::N_SPAM_POSTS);
    assert_eq!(authors.len(), plan::N_SPAM_AUTHORS);
}

#[test]
fn the_mood_of_btc_leads_its_return_by_three_hours() {
    let ccf = whitened_ccf(plan::BTC);

    for (lag, r, limit) in ccf {
        if lag == LEAD_HOURS as i64 {
            assert!(r > 0.5, "lag {lag}: {r}");
        } else {
            assert!(r.abs() < limit, "lag {lag}: {r}");
        }
    }
}

#[test]
fn no_other_instrument_shows_a_lead_not_even_by_chance() {
    for (idx, instrument) in INSTRUMENTS
        .iter()
        .enumerate()
        .filter(|(idx, _)| *idx != plan::BTC)
    {
        for (lag, r, limit) in whitened_ccf(idx) {
            assert!(r.abs() < limit, "{} at lag {lag}: {r}", instrument.ticker);
        }
    }
}
