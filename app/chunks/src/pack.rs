//! Frames and sections: magic, version and hash around a body, and deflated parts within it.

use std::hash::Hasher;

use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};
use siphasher::sip::SipHasher13;

use crate::{
    ChunkError, VERSION,
    bytes::{In, Out},
};

/// Of the ten levels. The next ones save 3 % and take half as long again.
const LEVEL: u8 = 3;
/// No part inflates to more, whatever it says.
const MAX_PART: usize = 1 << 28;

/// Magic, version and hash before the body.
pub(crate) fn frame(magic: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = Out::default();
    out.bytes(&magic);
    out.byte(VERSION);
    out.fixed(hash(body));
    out.bytes(body);
    out.0
}

/// The body of a frame, checked, and its hash.
pub(crate) fn unframe(magic: [u8; 4], bytes: &[u8]) -> Result<(In<'_>, u64), ChunkError> {
    let mut read = In(bytes);
    if read.bytes(4).map_err(|_| ChunkError::Magic)? != magic {
        return Err(ChunkError::Magic);
    }
    let version = read.byte()?;
    // The first version knew no judgements; they lie where it had zeros.
    if !(1..=VERSION).contains(&version) {
        return Err(ChunkError::Version(version));
    }
    let expected = read.fixed()?;
    if hash(read.0) != expected {
        return Err(ChunkError::Hash);
    }
    Ok((read, expected))
}

/// SipHash-1-3 with a fixed key, the same on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Appends a part: its length, its length when deflated, or 0 where that saves nothing, and its bytes.
pub(crate) fn pack(out: &mut Out, part: &[u8]) {
    let packed = compress_to_vec(part, LEVEL);
    out.len(part.len());
    if packed.len() < part.len() {
        out.len(packed.len());
        out.bytes(&packed);
    } else {
        out.len(0);
        out.bytes(part);
    }
}

/// Reads a part that [`pack`] has written.
pub(crate) fn unpack(read: &mut In<'_>) -> Result<Vec<u8>, ChunkError> {
    let raw_len = usize::try_from(read.u64()?).map_err(|_| ChunkError::TooLarge)?;
    if raw_len > MAX_PART {
        return Err(ChunkError::TooLarge);
    }
    match read.len()? {
        0 => Ok(read.bytes(raw_len)?.to_vec()),
        packed_len => {
            let packed = read.bytes(packed_len)?;
            decompress_to_vec_with_limit(packed, raw_len)
                .ok()
                .filter(|part| part.len() == raw_len)
                .ok_or(ChunkError::Compressed)
        }
    }
}

/// Passes over a part without reading it.
pub(crate) fn skip(read: &mut In<'_>) -> Result<(), ChunkError> {
    let raw_len = usize::try_from(read.u64()?).map_err(|_| ChunkError::TooLarge)?;
    let len = match read.len()? {
        0 => raw_len,
        packed_len => packed_len,
    };
    read.bytes(len).map(drop)
}
