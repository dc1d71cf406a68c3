//! How long the label of a domain name is in Punycode, which decides whether it can be one at all.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const FIRST_BIAS: u32 = 72;
const FIRST_CODE: u32 = 128;

/// The longest label that the domain name system knows, in bytes.
const MAX_LABEL: usize = 63;

/// Is `label` neither empty nor, in Punycode, too long? East Asian full stops part it in two.
pub(super) fn is_label(label: &str) -> bool {
    if label.is_ascii() {
        return (1..=MAX_LABEL).contains(&label.len());
    }
    // Every character takes at least a byte, so this bounds the work for long texts.
    if label.chars().nth(MAX_LABEL).is_some() {
        return false;
    }
    let stops = ['\u{3002}', '\u{FF0E}', '\u{FF61}'];
    let n_stops = label.matches(stops).count();
    let encoded: Option<usize> = label.split(stops).map(encoded_len).sum();
    encoded.is_some_and(|len| (1..=MAX_LABEL).contains(&(len + n_stops)))
}

/// Bytes of `label` with the prefix `xn--`, or of `label` itself when it is ASCII; `None` on overflow.
///
/// # Source
/// RFC 3492, section 6.3.
fn encoded_len(label: &str) -> Option<usize> {
    if label.is_ascii() {
        return Some(label.len());
    }
    let codes: Vec<u32> = label.chars().map(u32::from).collect();
    let n_basic = codes.iter().filter(|code| **code < FIRST_CODE).count();
    let mut len = "xn--".len() + n_basic + usize::from(n_basic > 0);
    let (mut code, mut delta, mut bias, mut n_done) = (FIRST_CODE, 0_u32, FIRST_BIAS, n_basic);
    while n_done < codes.len() {
        let next = *codes.iter().filter(|other| **other >= code).min()?;
        let step = u32::try_from(n_done + 1).ok()?;
        delta = delta.checked_add((next - code).checked_mul(step)?)?;
        code = next;
        for other in &codes {
            if *other < code {
                delta = delta.checked_add(1)?;
            } else if *other == code {
                len += n_digits(delta, bias);
                bias = adapted(delta, u32::try_from(n_done + 1).ok()?, n_done == n_basic);
                delta = 0;
                n_done += 1;
            }
        }
        delta = delta.checked_add(1)?;
        code += 1;
    }
    Some(len)
}

/// Digits of `delta` as a variable-length integer.
fn n_digits(delta: u32, bias: u32) -> usize {
    let (mut rest, mut n, mut k) = (delta, 1, BASE);
    loop {
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            return n;
        }
        rest = (rest - threshold) / (BASE - threshold);
        n += 1;
        k += BASE;
    }
}

fn adapted(delta: u32, n_points: u32, is_first: bool) -> u32 {
    let mut rest = if is_first { delta / DAMP } else { delta / 2 };
    rest += rest / n_points;
    let mut k = 0;
    while rest > ((BASE - T_MIN) * T_MAX) / 2 {
        rest /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * rest / (rest + SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_known_encodings() {
        let known = [
            ("example", "example"),
            ("bücher", "xn--bcher-kva"),
            ("mañana", "xn--maana-pta"),
            ("中国", "xn--fiqs8s"),
            ("みんな", "xn--q9jyb4c"),
            ("پاکستان", "xn--mgbai9azgqp6j"),
            ("☃-⌘", "xn----dqo34k"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
        ];

        for (label, encoded) in known {
            assert_eq!(encoded_len(label), Some(encoded.len()), "{label}");
        }
    }

    #[test]
    fn a_label_has_1_to_63_bytes_once_encoded() {
        assert!(!is_label(""));
        assert!(is_label(&"a".repeat(63)));
        assert!(!is_label(&"a".repeat(64)));
        assert!(is_label("これは日本語です。example"));
        assert!(!is_label(&"あ".repeat(60)));
        assert!(!is_label(&"あ".repeat(100_000)));
    }
}
