//! Identifiers: decimal numbers by their distance from the one before, hashes in 8 bytes, the rest as text.

use crate::{
    ChunkError,
    bytes::{In, Out},
};

const DECIMAL: u8 = 0;
const HASH: u8 = 1;
const TEXT: u8 = 2;

#[derive(Debug, Default)]
pub(crate) struct Ids {
    kinds: Out,
    values: Out,
    last: u64,
}

impl Ids {
    pub(crate) fn write(&mut self, id: &str) {
        if let Some(number) = as_decimal(id) {
            self.kinds.byte(DECIMAL);
            self.values.i64(number.wrapping_sub(self.last) as i64);
            self.last = number;
        } else if let Some(hash) = as_hash(id) {
            self.kinds.byte(HASH);
            self.values.fixed(hash);
        } else {
            self.kinds.byte(TEXT);
            self.values.text(id);
        }
    }

    pub(crate) fn into_columns(self) -> [Vec<u8>; 2] {
        [self.kinds.0, self.values.0]
    }
}

#[derive(Debug)]
pub(crate) struct IdsIn<'a> {
    kinds: In<'a>,
    values: In<'a>,
    last: u64,
}

impl<'a> IdsIn<'a> {
    pub(crate) fn new([kinds, values]: [&'a [u8]; 2]) -> Self {
        Self {
            kinds: In(kinds),
            values: In(values),
            last: 0,
        }
    }

    pub(crate) fn read(&mut self) -> Result<String, ChunkError> {
        match self.kinds.byte()? {
            DECIMAL => {
                self.last = self.last.wrapping_add(self.values.i64()? as u64);
                Ok(self.last.to_string())
            }
            HASH => Ok(format!("{:016x}", self.values.fixed()?)),
            TEXT => self.values.text().map(str::to_owned),
            _ => Err(ChunkError::Value("id")),
        }
    }
}

/// A number that is written as it would be read: no sign, no leading zero.
fn as_decimal(id: &str) -> Option<u64> {
    let is_canonical =
        id.bytes().all(|b| b.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    if is_canonical { id.parse().ok() } else { None }
}

/// Sixteen lower-case hexadecimal digits.
fn as_hash(id: &str) -> Option<u64> {
    let is_hash = id.len() == 16 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash {
        u64::from_str_radix(id, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_id_comes_back_as_it_was() {
        let ids = [
            "418189481607696384",
            "418189481607696385",
            "7",
            "007",
            "+7",
            "",
            "0",
            "18446744073709551615",
            "18446744073709551616",
            "0123456789abcdef",
            "ffffffffffffffff",
            "0123456789ABCDEF",
            "at://did:plc:x/app.bsky.feed.post/3k",
            "1",
        ];
        let mut out = Ids::default();
        ids.iter().for_each(|id| out.write(id));
        let columns = out.into_columns();

        let mut read = IdsIn::new(columns.each_ref().map(Vec::as_slice));

        for id in ids {
            assert_eq!(read.read().as_deref(), Ok(id));
        }
        assert_eq!(read.read(), Err(ChunkError::Truncated));
    }
}
