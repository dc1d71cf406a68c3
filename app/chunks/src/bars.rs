//! The columns of bars.
//!
//! Nearly all prices are decimal fractions of a few places. Those of a bar are kept as whole numbers of the last
//! place, each beside the one before it, if all of them can be: a quarter of the bytes of floats.

use wire::Bar;

use crate::{
    ChunkError,
    bytes::{In, Out},
    dictionary::{Words, WordsIn},
};

const VOLUME: u8 = 1;
const MARKET_CAP: u8 = 2;
/// Its numbers are decimal fractions and lie beside its flags; otherwise they lie among the floats.
const DECIMAL: u8 = 4;
/// Ten to the power of the number of places.
const TENS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers below are floats, too.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

pub(crate) const N_COLUMNS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct BarsOut<'a> {
    names: Words<'a>,
    /// Flags, width, start, and decimal fractions: how many places the prices and the others have, then all of them.
    numbers: Out,
    last_open_at: i64,
    last_close: Decimal,
    floats: Vec<f64>,
}

impl<'a> BarsOut<'a> {
    pub(crate) fn write(&mut self, bar: &'a Bar) {
        for name in [&bar.ticker, &bar.currency, &bar.source] {
            self.names.write(name);
        }
        let has_volume = if bar.volume.is_some() { VOLUME } else { 0 };
        let has_cap = if bar.market_cap.is_some() {
            MARKET_CAP
        } else {
            0
        };
        let prices = [bar.open, bar.high, bar.low, bar.close];
        let others = bar.volume.into_iter().chain(bar.market_cap);
        let places = places_of(prices).zip(places_of(others.clone()));
        let is_decimal = if places.is_some() { DECIMAL } else { 0 };
        self.numbers.byte(has_volume | has_cap | is_decimal);
        self.numbers.i64(bar.width);
        self.numbers
            .i64(bar.open_at.wrapping_sub(self.last_open_at));
        self.last_open_at = bar.open_at;
        let Some((of_prices, of_others)) = places else {
            self.floats.extend(prices);
            self.floats.extend(others);
            return;
        };
        self.numbers.byte(of_prices | of_others << 4);
        let mut last = self.last_close.whole_of(of_prices);
        for price in prices {
            let whole = whole(price, of_prices).unwrap_or_default();
            self.numbers.i64(whole.wrapping_sub(last));
            last = whole;
        }
        self.last_close = Decimal {
            whole: last,
            places: of_prices,
        };
        for other in others {
            self.numbers
                .i64(whole(other, of_others).unwrap_or_default());
        }
    }

    pub(crate) fn into_columns(self) -> [Vec<u8>; N_COLUMNS] {
        let [name_numbers, names] = self.names.into_columns();
        // The first bytes of all numbers, then the second ones: those of neighbours are alike.
        let bytes: Vec<[u8; 8]> = self.floats.iter().map(|f| f.to_le_bytes()).collect();
        let planes = (0..8).flat_map(|plane| bytes.iter().map(move |bytes| bytes[plane]));
        let floats = planes.collect();
        [name_numbers, names, self.numbers.0, floats]
    }
}

/// A whole number of the last of so many places.
#[derive(Clone, Copy, Debug, Default)]
struct Decimal {
    whole: i64,
    places: u8,
}

impl Decimal {
    /// The whole number, if it has as many places; the next number stands alone otherwise.
    fn whole_of(self, places: u8) -> i64 {
        if self.places == places { self.whole } else { 0 }
    }

    fn value(self) -> Result<f64, ChunkError> {
        let ten = TENS.get(usize::from(self.places));
        Ok(self.whole as f64 / ten.ok_or(ChunkError::Value("bar"))?)
    }
}

/// The fewest places that all of them have; `None` where one is no decimal fraction of so few.
fn places_of(numbers: impl IntoIterator<Item = f64> + Clone) -> Option<u8> {
    let mut places = 0..TENS.len() as u8;
    places.find(|places| {
        let mut numbers = numbers.clone().into_iter();
        numbers.all(|number| whole(number, *places).is_some())
    })
}

/// The whole number of the last place; `None` where that is not exactly the number.
fn whole(number: f64, places: u8) -> Option<i64> {
    let ten = TENS.get(usize::from(places))?;
    let whole = (number * ten).round_ties_even();
    let whole = (whole.abs() < MAX_WHOLE).then_some(whole as i64)?;
    ((whole as f64 / ten).to_bits() == number.to_bits()).then_some(whole)
}

/// Open, high, low and close; volume and market capitalisation.
type Numbers = ([f64; 4], [Option<f64>; 2]);

#[derive(Debug)]
pub(crate) struct BarsIn<'a> {
    names: WordsIn<'a>,
    numbers: In<'a>,
    last_open_at: i64,
    last_close: Decimal,
    floats: &'a [u8],
    next_float: usize,
}

impl<'a> BarsIn<'a> {
    pub(crate) fn new([name_numbers, names, numbers, floats]: [&'a [u8]; N_COLUMNS]) -> Self {
        Self {
            names: WordsIn::new([name_numbers, names]),
            numbers: In(numbers),
            last_open_at: 0,
            last_close: Decimal::default(),
            floats,
            next_float: 0,
        }
    }

    pub(crate) fn read(&mut self) -> Result<Bar, ChunkError> {
        let mut name = || self.names.read().map(str::to_owned);
        let (ticker, currency, source) = (name()?, name()?, name()?);
        let flags = self.numbers.byte()?;
        let width = self.numbers.i64()?;
        self.last_open_at = self.last_open_at.wrapping_add(self.numbers.i64()?);
        let has = |flag: u8| flags & flag != 0;
        let ([open, high, low, close], others) = match has(DECIMAL) {
            true => self.decimals([has(VOLUME), has(MARKET_CAP)])?,
            false => self.floats([has(VOLUME), has(MARKET_CAP)])?,
        };
        let [volume, market_cap] = others;
        let bar = Bar {
            ticker,
            currency,
            source,
            open_at: self.last_open_at,
            width,
            open,
            high,
            low,
            close,
            volume,
            market_cap,
        };
        bar.check().map_err(|_| ChunkError::Value("bar"))?;
        Ok(bar)
    }

    fn decimals(&mut self, has: [bool; 2]) -> Result<Numbers, ChunkError> {
        let places = self.numbers.byte()?;
        let (places, of_others) = (places & 0xf, places >> 4);
        let mut last = Decimal {
            whole: self.last_close.whole_of(places),
            places,
        };
        let mut prices = [0.0; 4];
        for price in &mut prices {
            last.whole = last.whole.wrapping_add(self.numbers.i64()?);
            *price = last.value()?;
        }
        self.last_close = last;
        let mut others = [None; 2];
        for (other, _) in others.iter_mut().zip(has).filter(|(_, has)| *has) {
            let decimal = Decimal {
                whole: self.numbers.i64()?,
                places: of_others,
            };
            *other = Some(decimal.value()?);
        }
        Ok((prices, others))
    }

    fn floats(&mut self, has: [bool; 2]) -> Result<Numbers, ChunkError> {
        let (mut prices, mut others) = ([0.0; 4], [None; 2]);
        for price in &mut prices {
            *price = self.float()?;
        }
        for (other, _) in others.iter_mut().zip(has).filter(|(_, has)| *has) {
            *other = Some(self.float()?);
        }
        Ok((prices, others))
    }

    fn float(&mut self) -> Result<f64, ChunkError> {
        let n = self.floats.len() / 8;
        if self.next_float >= n {
            return Err(ChunkError::Truncated);
        }
        let byte = |plane: usize| self.floats.get(plane * n + self.next_float).copied();
        let bytes: [u8; 8] = std::array::from_fn(|plane| byte(plane).unwrap_or_default());
        self.next_float += 1;
        Ok(f64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_decimal_fraction_only_if_it_comes_back_to_the_last_bit() {
        assert_eq!(places_of([101.0427, 99.9, 441_002.0]), Some(4));
        assert_eq!(places_of([0.000_000_012]), Some(9));
        assert_eq!(places_of([]), Some(0));
        for number in [0.1 + 0.2, -0.0, 1e-10, 1e16, f64::NAN, f64::INFINITY] {
            assert_eq!(places_of([number]), None, "{number}");
        }
    }

    #[test]
    fn prices_of_a_few_places_take_few_bytes_and_no_floats() {
        let bar = |close: f64| Bar {
            ticker: "BTC".into(),
            currency: "USD".into(),
            source: "made".into(),
            open_at: 0,
            width: 60_000,
            open: 100.0,
            high: 101.0427,
            low: 99.9,
            close,
            volume: Some(441_002.0),
            market_cap: None,
        };
        let bars = [bar(100.9417), bar(100.0), bar(100.0 + 1.0 / 3.0)];

        let mut out = BarsOut::default();
        bars.iter().for_each(|bar| out.write(bar));
        let columns = out.into_columns();
        let [_, _, numbers, floats] = &columns;

        assert_eq!(floats.len(), 5 * 8, "those of the third bar");
        assert!(numbers.len() < 60, "{}", numbers.len());
        let mut read = BarsIn::new(columns.each_ref().map(Vec::as_slice));
        for bar in bars {
            assert_eq!(read.read(), Ok(bar));
        }
    }
}
