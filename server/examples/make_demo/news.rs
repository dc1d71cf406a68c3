//! Articles of a made-up feed: one beside each of three planted truths, the others of everyday matters.
//!
//! They are drawn with dice of their own, and no post and no bar knows of them: none is the cause of anything.

use wire::{
    Body, Event, Millis, Post,
    time::{MINUTE, SECOND},
};

use crate::{
    dice::Dice,
    headlines::{BURST, EVERYDAY, GIVE_AWAY, Headline, SWING},
    market::Market,
    plan::{self, INSTRUMENTS, NEWS},
    posts::KEY,
};

const SEED: u64 = 11;
/// From publication until it is first seen, as for a feed that is visited now and then.
const LEAST_DELAY: Millis = 4 * MINUTE;
const MOST_DELAY: Millis = 58 * MINUTE;
/// Where all of it is published: no name below `example` leads anywhere.
const HOST: &str = "demo.example";

/// All articles, in no particular order.
pub(crate) fn make(market: &Market) -> Vec<Event> {
    let mut dice = Dice::new(SEED);
    let mut articles: Vec<Event> = EVERYDAY
        .iter()
        .map(|headline| everyday(&mut dice, market, headline))
        .collect();
    articles.extend([BURST, SWING, GIVE_AWAY].map(|planted| {
        let text = format!("{}\n{}", planted.title, planted.summary);
        article(planted.published, planted.first_seen, text)
    }));
    for (n, event) in (1..).zip(&mut articles) {
        if let Body::Post(post) = &mut event.body {
            post.id = format!("n{n}");
            post.url = Some(format!("https://{HOST}/news/{n}"));
        }
    }
    articles
}

fn everyday(dice: &mut Dice, market: &Market, headline: &Headline) -> Event {
    let published = plan::at(headline.day, headline.hour, dice.below(60) as Millis);
    let first_seen =
        published + LEAST_DELAY + dice.below((MOST_DELAY - LEAST_DELAY) as usize) as Millis;
    let price = market.price(headline.about, published);
    let price = told(price, INSTRUMENTS[headline.about].decimals);
    let text = format!("{}\n{}", headline.title, headline.summary).replace("PRICE", &price);
    article(published, first_seen, text)
}

/// As the relay makes a post of an article: put in time by when it was first seen.
fn article(published: Millis, first_seen: Millis, text: String) -> Event {
    let post = Post {
        source: NEWS.to_owned(),
        author: KEY.hash(NEWS, HOST),
        text,
        lang: Some("en".to_owned()),
        posted_at: Some(published - published % SECOND),
        ..Post::default()
    };
    Event {
        seq: 0,
        seen_at: first_seen,
        at: first_seen,
        skewed: false,
        imported: false,
        body: Body::Post(Box::new(post)),
    }
}

/// With a comma before the last three digits of a large whole number, as newspapers have it.
fn told(price: f64, decimals: i32) -> String {
    let text = format!("{price:.0$}", decimals.unsigned_abs() as usize);
    let n_whole = text.find('.').unwrap_or(text.len());
    match n_whole.checked_sub(3) {
        Some(n_thousands) if n_thousands > 0 => {
            format!("{},{}", &text[..n_thousands], &text[n_thousands..])
        }
        _ => text,
    }
}
