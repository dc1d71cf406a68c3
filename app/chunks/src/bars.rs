//! The columns of bars.

use wire::Bar;

use crate::{
    ChunkError,
    bytes::{In, Out},
    dictionary::{Words, WordsIn},
};

const VOLUME: u8 = 1;
const MARKET_CAP: u8 = 2;

pub(crate) const N_COLUMNS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct BarsOut<'a> {
    names: Words<'a>,
    /// Flags, width and start.
    numbers: Out,
    last_open_at: i64,
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
        self.numbers.byte(has_volume | has_cap);
        self.numbers.i64(bar.width);
        self.numbers
            .i64(bar.open_at.wrapping_sub(self.last_open_at));
        self.last_open_at = bar.open_at;
        self.floats.extend([bar.open, bar.high, bar.low, bar.close]);
        self.floats.extend(bar.volume);
        self.floats.extend(bar.market_cap);
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

#[derive(Debug)]
pub(crate) struct BarsIn<'a> {
    names: WordsIn<'a>,
    numbers: In<'a>,
    last_open_at: i64,
    floats: &'a [u8],
    next_float: usize,
}

impl<'a> BarsIn<'a> {
    pub(crate) fn new([name_numbers, names, numbers, floats]: [&'a [u8]; N_COLUMNS]) -> Self {
        Self {
            names: WordsIn::new([name_numbers, names]),
            numbers: In(numbers),
            last_open_at: 0,
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
        let bar = Bar {
            ticker,
            currency,
            source,
            open_at: self.last_open_at,
            width,
            open: self.float()?,
            high: self.float()?,
            low: self.float()?,
            close: self.float()?,
            volume: self.optional(flags & VOLUME)?,
            market_cap: self.optional(flags & MARKET_CAP)?,
        };
        bar.check().map_err(|_| ChunkError::Value("bar"))?;
        Ok(bar)
    }

    fn optional(&mut self, flag: u8) -> Result<Option<f64>, ChunkError> {
        match flag {
            0 => Ok(None),
            _ => self.float().map(Some),
        }
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
