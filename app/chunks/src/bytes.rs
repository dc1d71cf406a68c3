//! Whole numbers and strings as bytes: variable length, least significant group first.

use crate::ChunkError;

/// A column that is being written.
#[derive(Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Out {
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn len(&mut self, len: usize) {
        self.u64(len as u64);
    }

    /// Small numbers of either sign are short.
    pub(crate) fn i64(&mut self, value: i64) {
        self.u64(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(crate) fn fixed(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.len(text.len());
        self.bytes(text.as_bytes());
    }
}

/// A column that is being read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct In<'a>(pub(crate) &'a [u8]);

impl<'a> In<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, ChunkError> {
        let (first, rest) = self.0.split_first().ok_or(ChunkError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, ChunkError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(ChunkError::Value("number"))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, ChunkError> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ChunkError> {
        u32::try_from(self.u64()?).map_err(|_| ChunkError::Value("number"))
    }

    /// A length of something that follows, a byte or more for each.
    pub(crate) fn len(&mut self) -> Result<usize, ChunkError> {
        let len = usize::try_from(self.u64()?).map_err(|_| ChunkError::Truncated)?;
        if len > self.0.len() {
            return Err(ChunkError::Truncated);
        }
        Ok(len)
    }

    pub(crate) fn fixed(&mut self) -> Result<u64, ChunkError> {
        let (first, rest) = self.0.split_first_chunk().ok_or(ChunkError::Truncated)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*first))
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], ChunkError> {
        let (first, rest) = self.0.split_at_checked(len).ok_or(ChunkError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, ChunkError> {
        let len = self.len()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| ChunkError::Value("text"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_any_size_survive(a in any::<u64>(), b in any::<i64>(), text in ".*") {
            let mut out = Out::default();
            out.u64(a);
            out.i64(b);
            out.fixed(a);
            out.text(&text);

            let mut read = In(&out.0);

            prop_assert_eq!(read.u64(), Ok(a));
            prop_assert_eq!(read.i64(), Ok(b));
            prop_assert_eq!(read.fixed(), Ok(a));
            prop_assert_eq!(read.text(), Ok(text.as_str()));
            prop_assert_eq!(read.byte(), Err(ChunkError::Truncated));
        }
    }
}
