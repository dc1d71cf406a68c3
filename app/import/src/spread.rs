//! JSON that is no line each, an array or indented, to one value a line.

use std::borrow::Cow;

/// Cuts a text into its values, piece by piece. The brackets and commas around them are left out.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// Open braces and brackets of the value that is being read; 0 between two.
    depth: u32,
    is_in_string: bool,
    is_escaped: bool,
    /// Something stands between two values that does not belong there; it becomes a line of its own.
    has_strays: bool,
}

/// Whether a text of JSON is an array or has values over several lines.
pub(crate) fn is_spread(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let first = text.split(|byte| *byte == b'\n').next();
    text.starts_with(b"[") || first.is_some_and(|line| line.trim_ascii_end() == b"{")
}

/// The text with one value a line.
pub(crate) fn as_lines(text: &str) -> Cow<'_, str> {
    if !is_spread(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut lines = Vec::new();
    Spread::default().push(text.as_bytes(), &mut lines);
    // Only whole bytes between ASCII characters were left out.
    Cow::Owned(String::from_utf8(lines).unwrap_or_default())
}

impl Spread {
    /// Appends what the next bytes are as lines.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            self.take(*byte, out);
        }
    }

    fn take(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.is_in_string {
            self.is_in_string = self.is_escaped || byte != b'"';
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            // Strings have no line feeds; one that has is refused with its value.
            out.push(if byte == b'\n' { b' ' } else { byte });
            return;
        }
        self.is_in_string = byte == b'"';
        let is_between = self.depth == 0;
        match byte {
            b'{' => self.depth += 1,
            b'[' if !is_between => self.depth += 1,
            b'}' | b']' if !is_between => self.depth -= 1,
            b',' | b'[' | b']' | b' ' | b'\t' | b'\r' | b'\n' if is_between => {
                if std::mem::take(&mut self.has_strays) {
                    out.push(b'\n');
                }
                return;
            }
            b'\n' | b'\r' => return out.push(b' '),
            _ => {}
        }
        if is_between && byte == b'{' && std::mem::take(&mut self.has_strays) {
            out.push(b'\n');
        }
        self.has_strays = self.depth == 0 && is_between;
        out.push(byte);
        if self.depth == 0 && !is_between {
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        assert_eq!(as_lines(text).lines().collect::<Vec<_>>(), expect);
        for step in 1..text.len() {
            let (mut spread, mut out) = (Spread::default(), Vec::new());
            for piece in text.as_bytes().chunks(step) {
                spread.push(piece, &mut out);
            }
            assert_eq!(
                String::from_utf8_lossy(&out),
                as_lines(text),
                "cut at {step}"
            );
        }
    }

    #[test]
    fn an_array_gives_a_line_for_each_value_however_it_is_cut() {
        check(
            r#"[{"a":"], \"{"},{"b":[1,{"c":2}]} , {}]"#,
            &[r#"{"a":"], \"{"}"#, r#"{"b":[1,{"c":2}]}"#, "{}"],
        );
    }

    #[test]
    fn an_indented_value_becomes_one_line() {
        check(
            "{\n  \"a\": 1\n}\n{\n  \"é\": 2\n}",
            &["{   \"a\": 1 }", "{   \"é\": 2 }"],
        );
    }

    #[test]
    fn what_is_no_object_is_a_line_of_its_own_to_be_refused() {
        check(
            r#"[1, "x,y" {"a":1} null]"#,
            &["1", "\"x,y\"", r#"{"a":1}"#, "null"],
        );
    }

    #[test]
    fn lines_stay_as_they_are() {
        for text in ["{\"a\":1}\n{\"b\"", "", "id,text\n1,a"] {
            assert_eq!(as_lines(text), text);
            assert!(!is_spread(text.as_bytes()));
        }
    }
}
