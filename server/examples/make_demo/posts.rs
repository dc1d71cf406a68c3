//! The posts of the week: who says what about which instrument, and when.

use wire::{
    Body, Delete, Event, Millis, Place, Post,
    author::AuthorKey,
    tag,
    time::{HOUR, MINUTE, SECOND},
};

use crate::{
    dice::Dice,
    market::Market,
    plan::{
        self, BURST, BURST_FACTOR, BURST_HASHTAG, DOGE, END, INSTRUMENTS, N_HOURS, OUTAGE, SOCIAL,
        SOL, SPAM, START, SWING,
    },
    texts::{self, Class},
};

const SEED: u64 = 7;
pub(crate) const KEY: AuthorKey = AuthorKey(*b"made-up authors!");
const N_AUTHORS: usize = 340;
/// Posts a minute on a working day, on average.
const POSTS_A_MINUTE: f64 = 0.62;
/// City, country, latitude, longitude.
const CITIES: [(&str, f64, f64); 8] = [
    ("US", 40.7, -74.0),
    ("US", 37.8, -122.4),
    ("GB", 51.5, -0.1),
    ("DE", 52.5, 13.4),
    ("BR", -23.6, -46.6),
    ("JP", 35.7, 139.7),
    ("NG", 6.5, 3.4),
    ("IN", 19.1, 72.9),
];

/// A post or a delete, and what the generator meant by it.
pub(crate) struct Made {
    pub(crate) event: Event,
    /// Which instrument and which class; none for spam, deletes, reposts and other languages.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "what was meant is for the tests, and in no line")
    )]
    pub(crate) meant: Option<(usize, Class)>,
}

/// All posts, and deletes of some of them, in no particular order.
pub(crate) fn make(market: &Market) -> Vec<Made> {
    let mut maker = Maker {
        dice: Dice::new(SEED),
        made: Vec::new(),
    };
    for minute_idx in 0..N_HOURS * 60 {
        let minute = START + minute_idx as Millis * MINUTE;
        for (idx, instrument) in INSTRUMENTS.iter().enumerate() {
            let is_burst = idx == DOGE && BURST.contains(&minute);
            let factor = if is_burst { BURST_FACTOR } else { 1.0 };
            let mean = POSTS_A_MINUTE * instrument.share * plan::activity(minute_idx / 60) * factor;
            let n_posts = (mean + maker.dice.unit()) as usize;
            for _ in 0..n_posts {
                maker.add(minute, idx, market.mood(idx, minute_idx / 60));
            }
        }
    }
    maker.add_spam();
    maker
        .made
        .retain(|made| !OUTAGE.contains(&made.event.seen_at) && made.event.seen_at < END);
    maker.add_deletes();
    maker.made
}

struct Maker {
    dice: Dice,
    made: Vec<Made>,
}

impl Maker {
    fn add(&mut self, minute: Millis, idx: usize, mood: f64) {
        let at = minute + self.dice.below(60_000) as Millis;
        let class = self.class(idx, minute, mood);
        let instrument = &INSTRUMENTS[idx];
        let mut text = texts::make(&mut self.dice, instrument, class);
        if BURST.contains(&minute) && idx == DOGE {
            text = format!("{text} {BURST_HASHTAG}");
        }
        let mut post = self.post(&text, "en");
        let kind = self.dice.unit();
        if kind < 0.03 {
            let (lang, text) = texts::foreign(&mut self.dice, instrument);
            post = self.post(&text, lang);
        } else if kind < 0.07 {
            post.repost = true;
        } else if kind < 0.12 {
            post.reply_to = self.earlier_id();
        } else if kind < 0.18 {
            let (country, lat, lon) = *self.dice.pick(&CITIES);
            post.place = Some(Place {
                country: Some(country.to_owned()),
                lat_lon: Some((lat, lon)),
            });
        } else if kind < 0.185 {
            post.sensitive = true;
        }
        let is_plain = post.lang.as_deref() == Some("en") && !post.repost;
        self.push(at, post, is_plain.then_some((idx, class)));
    }

    /// What the mood makes of a post; chance has its say.
    fn class(&mut self, idx: usize, minute: Millis, mood: f64) -> Class {
        let is_swing = idx == SOL && SWING.contains(&minute);
        let (positive, negative) = if is_swing {
            (0.05, 0.8)
        } else {
            (0.34 + 0.22 * mood, 0.28 - 0.22 * mood)
        };
        let draw = self.dice.unit();
        if draw < positive.clamp(0.04, 0.9) {
            Class::Positive
        } else if draw > 1.0 - negative.clamp(0.04, 0.9) {
            Class::Negative
        } else {
            Class::Neutral
        }
    }

    fn add_spam(&mut self) {
        for idx in 0..plan::N_SPAM_POSTS {
            let at = SPAM.start + self.dice.below((SPAM.end - SPAM.start) as usize) as Millis;
            let text = texts::spam(&mut self.dice);
            let mut post = self.post(&text, "en");
            post.author = KEY.hash(SOCIAL, &format!("spam-{}", idx % plan::N_SPAM_AUTHORS));
            self.push(at, post, None);
        }
    }

    /// Some authors think better of it, within six hours.
    fn add_deletes(&mut self) {
        for _ in 0..12 {
            let event = &self.dice.pick(&self.made).event;
            let Body::Post(post) = &event.body else {
                continue;
            };
            let delete = Delete {
                source: SOCIAL.to_owned(),
                id: post.id.clone(),
            };
            let at = event.at + HOUR + self.dice.below(5 * HOUR as usize) as Millis;
            if at < END && !OUTAGE.contains(&at) {
                let event = Event {
                    imported: false,
                    ..Event::imported(at, Body::Delete(delete))
                };
                self.made.push(Made { event, meant: None });
            }
        }
    }

    fn post(&mut self, text: &str, lang: &str) -> Post {
        // Squared, so that few authors post much and most a little.
        let author_idx = (self.dice.unit() * self.dice.unit() * N_AUTHORS as f64) as usize;
        Post {
            id: format!("d{}", self.made.len() + 1),
            source: SOCIAL.to_owned(),
            author: KEY.hash(SOCIAL, &author_idx.to_string()),
            text: text.to_owned(),
            lang: Some(lang.to_owned()),
            hashtags: tag::hashtags(text)
                .map(|found| found.text.to_owned())
                .collect(),
            cashtags: tag::cashtags(text)
                .map(|found| found.text.to_ascii_uppercase())
                .collect(),
            ..Post::default()
        }
    }

    fn earlier_id(&mut self) -> Option<String> {
        let back = self.dice.below(40) + 1;
        let made = self.made.get(self.made.len().checked_sub(back)?)?;
        match &made.event.body {
            Body::Post(post) => Some(post.id.clone()),
            _ => None,
        }
    }

    fn push(&mut self, at: Millis, mut post: Post, meant: Option<(usize, Class)>) {
        post.posted_at = Some(at - at % SECOND);
        // Most arrive at once, a few some minutes late.
        let is_late = self.dice.chance(0.004);
        let delay = if is_late {
            2 * MINUTE + self.dice.below(18) as Millis * MINUTE
        } else {
            250
        };
        let event = Event {
            seq: 0,
            seen_at: at + delay,
            at,
            skewed: false,
            imported: false,
            body: Body::Post(Box::new(post)),
        };
        self.made.push(Made { event, meant });
    }
}
