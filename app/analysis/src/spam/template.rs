//! What of a text makes it the same text again: everything that copies usually change is folded away.

/// Cashtags stand for each other in a template, so all are written as this.
const ANY_CASHTAG: char = '$';

/// A text without what copies usually change: case, links, names, numbers, cashtags, repeated letters,
/// punctuation, white space, accents, decorated letters.
///
/// Words are separated by single spaces. Reposts (`RT @name:`) give what they repeat.
///
/// ```
/// let folded = |text: &str| analysis::spam::Template::of(text).text().to_owned();
///
/// assert_eq!(folded("RT @ann: 𝗛𝘂𝗴𝗲 gaaain!!! $DOGE  #Moon at 12,500 https://t.co/a1"), "huge gain $ mon at 0");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Template {
    text: String,
    last: Option<char>,
    n_chars: usize,
}

impl Template {
    /// Folds a text.
    pub fn of(text: &str) -> Self {
        let mut template = Self::default();
        template.read(text);
        template
    }

    /// Folds another text, in the same memory.
    pub fn read(&mut self, text: &str) {
        self.text.clear();
        (self.last, self.n_chars) = (None, 0);
        let mut text = text.trim_start();
        while let Some(rest) = without_repost_mark(text) {
            text = rest;
        }
        for chunk in text.split_whitespace() {
            self.push_chunk(before_link(chunk));
        }
        if self.last == Some(' ') {
            self.text.pop();
            self.n_chars -= 1;
        }
    }

    /// What is left.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Characters of what is left.
    pub fn n_chars(&self) -> usize {
        self.n_chars
    }

    fn push_chunk(&mut self, chunk: &str) {
        let mut chars = chunk.chars().peekable();
        let mut before = ' ';
        while let Some(c) = chars.next() {
            let next = chars.peek().copied().unwrap_or(' ');
            if matches!(c, '@' | '＠') {
                while chars.next_if(|c| is_name_char(*c)).is_some() {}
                self.push_space();
            } else if c == '$' && next.is_ascii_alphabetic() && !before.is_alphanumeric() {
                let is_symbol = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
                while chars.next_if(is_symbol).is_some() {}
                self.push_space();
                self.push(ANY_CASHTAG);
                self.push_space();
            } else if matches!(c, ',' | '.') && before.is_ascii_digit() && next.is_ascii_digit() {
                // Stays one number.
            } else {
                self.push_folded(c);
            }
            before = c;
        }
        self.push_space();
    }

    fn push_folded(&mut self, c: char) {
        match c {
            '\'' | '’' | '`' => {}
            'a'..='z' => self.push(c),
            'A'..='Z' => self.push(c.to_ascii_lowercase()),
            '0'..='9' => self.push('0'),
            c if c.is_ascii() => self.push_space(),
            c => match plain(c) {
                Plain::Nothing => {}
                Plain::Ascii(c) => self.push_folded(c),
                Plain::Other(c) => c.to_lowercase().for_each(|c| self.push(c)),
                Plain::Space => self.push_space(),
            },
        }
    }

    fn push_space(&mut self) {
        if !self.text.is_empty() {
            self.push(' ');
        }
    }

    fn push(&mut self, c: char) {
        if self.last != Some(c) {
            self.text.push(c);
            self.last = Some(c);
            self.n_chars += 1;
        }
    }
}

/// What a character beyond ASCII comes to.
enum Plain {
    Nothing,
    Space,
    Ascii(char),
    Other(char),
}

/// The part of NFKC that occurs in posts: full-width, mathematical and circled letters become plain ones,
/// and so do accented Latin letters. Joiners, variation selectors, skin tones and loose accents vanish.
fn plain(c: char) -> Plain {
    let code = u32::from(c);
    let ascii = |code: u32| char::from_u32(code).map_or(Plain::Other(c), Plain::Ascii);
    match code {
        0xA0
        | 0xA1
        | 0xAB
        | 0xB7
        | 0xBB
        | 0xBF
        | 0x2000..=0x200A
        | 0x2010..=0x2027
        | 0x202F..=0x203E
        | 0x3000..=0x3003
        | 0x3008..=0x3011 => Plain::Space,
        0xAD
        | 0x300..=0x36F
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x2064
        | 0xFE00..=0xFE0F
        | 0xFEFF
        | 0x1F3FB..=0x1F3FF => Plain::Nothing,
        0xC0..=0xFF => latin1(code).map_or(Plain::Other(c), Plain::Ascii),
        0xFF01..=0xFF5E => ascii(code - 0xFF01 + 0x21),
        0x24B6..=0x24CF => ascii(code - 0x24B6 + 0x61),
        0x24D0..=0x24E9 => ascii(code - 0x24D0 + 0x61),
        0x1F130..=0x1F149 => ascii(code - 0x1F130 + 0x61),
        0x1F150..=0x1F169 => ascii(code - 0x1F150 + 0x61),
        0x1F170..=0x1F189 => ascii(code - 0x1F170 + 0x61),
        // Thirteen alphabets of 52 letters, then five times ten digits.
        0x1D400..=0x1D6A3 => ascii((code - 0x1D400) % 26 + 0x61),
        0x1D7CE..=0x1D7FF => Plain::Ascii('0'),
        _ if c.is_whitespace() => Plain::Space,
        _ => Plain::Other(c),
    }
}

/// Latin letters with accents, U+C0 to U+FF, without them.
fn latin1(code: u32) -> Option<char> {
    const PLAIN: &[u8; 32] = b"aaaaaaaceeeeiiiidnooooo*ouuuuyts";
    let idx = (code - 0xC0) as usize % 32;
    PLAIN.get(idx).map(|b| char::from(*b)).filter(|c| *c != '*')
}

/// The text behind `RT @name:` or `RT @name`.
fn without_repost_mark(text: &str) -> Option<&str> {
    let mark = text.get(..2)?;
    let rest = text.get(2..)?.trim_start();
    if !mark.eq_ignore_ascii_case("rt") || !rest.starts_with(['@', '＠']) {
        return None;
    }
    let rest = rest.trim_start_matches(['@', '＠']);
    let rest = rest.trim_start_matches(is_name_char);
    let rest = rest.trim_start();
    Some(rest.strip_prefix(':').unwrap_or(rest).trim_start())
}

/// What stands before a link in a chunk of text; the whole chunk if there is none.
pub(super) fn before_link(chunk: &str) -> &str {
    let starts = [
        "http://",
        "https://",
        "HTTP://",
        "HTTPS://",
        "www.",
        "pic.twitter.com/",
    ];
    let bytes = chunk.as_bytes();
    if bytes.len() < 5 || !bytes.iter().any(|b| matches!(b, b'/' | b'.')) {
        return chunk;
    }
    let starts_at = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        starts
            .iter()
            .any(|start| rest.starts_with(start.as_bytes()))
    };
    let may_start = |at: &usize| matches!(bytes[*at], b'h' | b'H' | b'w' | b'p');
    if let Some(at) = (0..bytes.len()).filter(may_start).find(|at| starts_at(*at)) {
        return chunk.get(..at).unwrap_or_default();
    }
    if is_bare_link(chunk) { "" } else { chunk }
}

/// `bit.ly/abc`: a dot inside a name of plain letters, and later a slash.
fn is_bare_link(chunk: &str) -> bool {
    let Some((host, _)) = chunk.split_once('/') else {
        return false;
    };
    let Some((name, top)) = host.rsplit_once('.') else {
        return false;
    };
    let is_host_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    name.len() > 1
        && name.bytes().all(is_host_char)
        && top.len() > 1
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let template = Template::of(text);

        assert_eq!(template.text(), expected, "{text:?}");
        assert_eq!(template.n_chars(), expected.chars().count());
    }

    #[test]
    fn what_copies_change_is_folded_away() {
        check("RT @a: rt @b Free  COINS!!!", "fre coins");
        check(
            "see bit.ly/Ab3 or www.x.com/y or now:https://t.co/1",
            "se or or now",
        );
        check("win 1,000.50 or 25 now", "win 0 or 0 now");
        check("$AAPL, $BRK.B to the moon", "$ $ to the mon");
        check("thanks @ann and me@example.com", "thanks and me com");
        check("don't / don’t", "dont dont");
    }

    #[test]
    fn decorated_letters_are_letters() {
        check("𝗙𝗿𝗲𝗲 𝐂𝐨𝐢𝐧𝐬 ｆｒｅｅ Ⓕⓡⓔⓔ 🅵🆁🅴🅴", "fre coins fre fre fre");
        check(
            "Über\u{200B}kauft cafe\u{301} café naïve",
            "uberkauft cafe cafe naive",
        );
    }

    #[test]
    fn other_scripts_and_emoji_stay() {
        check("ビットコイン 购买。", "ビットコイン 购买");
        check("👍🏽👍 🚀🚀🚀", "👍 🚀");
        check("  \u{FE0F} ...", "");
    }

    #[test]
    fn a_word_with_a_dot_and_a_slash_need_not_be_a_link() {
        check("and/or 1.5/2 e.g./i.e.", "and or 0 0 e g i e");
    }
}
