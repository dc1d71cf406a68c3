//! Bytes of other encodings to UTF-8, piece by piece.

use crate::Encoding;

/// Windows-1252 from 0x80 to 0x9f; the five unused places stay control characters.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Tells the encoding from a file's beginning: by its mark, by zeros in every second byte, or by what is
/// no UTF-8.
pub(crate) fn detect(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        [0xef, 0xbb, 0xbf, ..] => return Encoding::Utf8,
        _ => {}
    }
    let zeros = |first: usize| {
        head.iter()
            .skip(first)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let half = head.len() / 2;
    if half > 8 && zeros(1) > half / 2 {
        return Encoding::Utf16Le;
    }
    if half > 8 && zeros(0) > half / 2 {
        return Encoding::Utf16Be;
    }
    // A text in another encoding has many broken places; one in UTF-8 may have a few.
    let (mut rest, mut n_broken, mut n_sound) = (head, 0_usize, 0_usize);
    loop {
        let (sound, broken) = match std::str::from_utf8(rest) {
            Ok(text) => (text, None),
            Err(error) => {
                let (sound, broken) = rest.split_at(error.valid_up_to());
                let sound = std::str::from_utf8(sound).unwrap_or_default();
                // A character may be cut by the end of what is looked at.
                (
                    sound,
                    error
                        .error_len()
                        .map(|len| broken.get(len..).unwrap_or_default()),
                )
            }
        };
        n_sound += sound.chars().filter(|c| !c.is_ascii()).count();
        let Some(behind) = broken else { break };
        n_broken += 1;
        rest = behind;
    }
    if n_broken > n_sound {
        Encoding::Latin1
    } else {
        Encoding::Utf8
    }
}

/// Turns one encoding into UTF-8.
#[derive(Debug)]
pub(crate) struct Transcoder {
    encoding: Encoding,
    /// Half a unit.
    left: Vec<u8>,
    /// The first half of a pair of units.
    high: Option<u16>,
    is_begun: bool,
}

impl Transcoder {
    pub(crate) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            left: Vec::new(),
            high: None,
            is_begun: false,
        }
    }

    /// Appends the text of some bytes; UTF-8 as it is, without a mark at its beginning.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Utf8 => {
                let is_first = !std::mem::replace(&mut self.is_begun, true);
                let mark = b"\xef\xbb\xbf";
                let bytes = bytes
                    .strip_prefix(mark)
                    .filter(|_| is_first)
                    .unwrap_or(bytes);
                out.extend_from_slice(bytes);
            }
            Encoding::Latin1 => bytes.iter().for_each(|byte| push_char(out, latin1(*byte))),
            Encoding::Utf16Le => self.push_units(bytes, u16::from_le_bytes, out),
            Encoding::Utf16Be => self.push_units(bytes, u16::from_be_bytes, out),
        }
    }

    fn push_units(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16, out: &mut Vec<u8>) {
        self.left.extend_from_slice(bytes);
        let left = std::mem::take(&mut self.left);
        let (pairs, rest) = left.as_chunks::<2>();
        self.left.extend_from_slice(rest);
        for pair in pairs {
            let unit = unit(*pair);
            let units = self.high.take().into_iter().chain([unit]);
            for decoded in char::decode_utf16(units) {
                match decoded {
                    Ok('\u{feff}') => {}
                    Ok(c) => push_char(out, c),
                    Err(half)
                        if is_high(half.unpaired_surrogate())
                            && half.unpaired_surrogate() == unit =>
                    {
                        self.high = Some(unit);
                    }
                    Err(_) => push_char(out, char::REPLACEMENT_CHARACTER),
                }
            }
        }
    }
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn latin1(byte: u8) -> char {
    UPPER
        .get(usize::from(byte).wrapping_sub(0x80))
        .copied()
        .unwrap_or(char::from(byte))
}

fn push_char(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], encoding: Encoding, expect: &str) {
        assert_eq!(detect(bytes), encoding);
        for step in [1, 2, 3, bytes.len()] {
            let mut transcoder = Transcoder::new(encoding);
            let mut out = Vec::new();
            if encoding == Encoding::Utf8 {
                transcoder.push(bytes, &mut out);
            } else {
                bytes
                    .chunks(step)
                    .for_each(|piece| transcoder.push(piece, &mut out));
            }
            assert_eq!(String::from_utf8_lossy(&out), expect);
        }
    }

    #[test]
    fn each_encoding_is_told_and_read_however_it_is_cut() {
        let text = "préis, 🚀 up";
        let units: Vec<u16> = text.encode_utf16().collect();
        let le: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(units.iter().flat_map(|u| u.to_le_bytes()))
            .collect();
        let be: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        check(text.as_bytes(), Encoding::Utf8, text);
        check(&le, Encoding::Utf16Le, text);
        check(&be, Encoding::Utf16Be, text);
        check(b"pr\xe9is \x80 5", Encoding::Latin1, "préis € 5");
        check(b"plain", Encoding::Utf8, "plain");
    }

    #[test]
    fn a_few_broken_bytes_among_sound_ones_stay_utf8() {
        assert_eq!(
            detect("€ € €\u{e9} x".as_bytes().split_last().unwrap().1),
            Encoding::Utf8
        );
        assert_eq!(detect(b"\xe2\x82\xac \xe2\x82\xac \xff x"), Encoding::Utf8);
    }
}
