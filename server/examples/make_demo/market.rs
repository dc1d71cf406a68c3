//! The moods behind the posts, and the prices.

use wire::{Bar, Body, Event, Millis, time::HOUR};

use crate::{
    dice::Dice,
    plan::{BTC, INSTRUMENTS, Instrument, LEAD_HOURS, N_HOURS, PRICES, START},
};

/// Chosen so that no instrument but BTC has a correlation by chance that looks like a lead.
const SEED: u64 = 3;
/// How much of a mood is left an hour later.
const PERSISTENCE: f64 = 0.3;
/// What of a return of BTC comes from the mood, and what from chance; the squares add up to one.
const FROM_MOOD: f64 = 0.8;
const FROM_CHANCE: f64 = 0.6;

/// Moods and bars of all instruments.
pub(crate) struct Market {
    /// One for each instrument and hour, mean 0 and variance 1.
    moods: Vec<Vec<f64>>,
    bars: Vec<Bar>,
}

impl Market {
    pub(crate) fn make() -> Self {
        let mut dice = Dice::new(SEED);
        let moods: Vec<Vec<f64>> = INSTRUMENTS.iter().map(|_| make_moods(&mut dice)).collect();
        let mut bars = Vec::new();
        for (idx, instrument) in INSTRUMENTS.iter().enumerate() {
            let moods = if idx == BTC {
                Some(moods[idx].as_slice())
            } else {
                None
            };
            make_bars(&mut dice, instrument, moods, &mut bars);
        }
        Self { moods, bars }
    }

    pub(crate) fn mood(&self, instrument_idx: usize, hour: usize) -> f64 {
        self.moods[instrument_idx][hour]
    }

    /// The last close that was known at a time; before the first one, what the week begins with.
    pub(crate) fn price(&self, instrument_idx: usize, at: Millis) -> f64 {
        let instrument = &INSTRUMENTS[instrument_idx];
        let is_known = |bar: &&Bar| bar.ticker == instrument.ticker && bar.close_at() <= at;
        let last = self.bars.iter().rfind(is_known);
        last.map_or(instrument.first_price, |bar| bar.close)
    }

    /// A bar is known when it closes.
    pub(crate) fn bars(&self) -> Vec<Event> {
        let event = |bar: &Bar| Event {
            imported: false,
            ..Event::imported(bar.close_at(), Body::Bar(bar.clone()))
        };
        self.bars.iter().map(event).collect()
    }
}

fn make_moods(dice: &mut Dice) -> Vec<f64> {
    let mut mood = dice.normal();
    // The root of 1 − PERSISTENCE², which keeps the variance at one.
    let innovation = 0.953_939_2;
    let mut next = || {
        mood = PERSISTENCE * mood + innovation * dice.normal();
        mood
    };
    (0..N_HOURS).map(|_| next()).collect()
}

fn make_bars(dice: &mut Dice, instrument: &Instrument, moods: Option<&[f64]>, bars: &mut Vec<Bar>) {
    let mut price = instrument.first_price;
    for hour in 0..N_HOURS {
        if instrument.is_stock && (hour / 24 >= 5 || !(14..21).contains(&(hour % 24))) {
            continue;
        }
        let chance = dice.normal();
        let mood = moods.and_then(|moods| moods.get(hour.checked_sub(LEAD_HOURS)?));
        let drive = mood.map_or(chance, |mood| FROM_MOOD * mood + FROM_CHANCE * chance);
        let open = rounded(price, instrument.decimals);
        let close = rounded(
            price * (1.0 + instrument.volatility * drive),
            instrument.decimals,
        );
        let mut wick = || instrument.volatility * 0.5 * dice.unit();
        let high = rounded(open.max(close) * (1.0 + wick()), instrument.decimals)
            .max(open)
            .max(close);
        let low = rounded(open.min(close) * (1.0 - wick()), instrument.decimals)
            .min(open)
            .min(close);
        let volume = (instrument.volume * (0.6 + 0.8 * dice.unit())).round();
        bars.push(Bar {
            ticker: instrument.ticker.to_owned(),
            currency: "USD".to_owned(),
            source: PRICES.to_owned(),
            open_at: START + hour as Millis * HOUR,
            width: HOUR,
            open,
            high,
            low,
            close,
            volume: Some(volume),
            market_cap: None,
        });
        price = close;
    }
}

fn rounded(price: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (price * scale).round() / scale
}
