//! Turns a TOML error into one line: where, what, and what was probably meant.

/// Line and problem in words.
pub(super) fn explain(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim().replace('\n', "; ");
    let line_no = error
        .span()
        .map(|span| 1 + text.get(..span.start).unwrap_or(text).matches('\n').count());
    let place = line_no.map_or_else(String::new, |line_no| format!("line {line_no}: "));
    let Some(rest) = message.strip_prefix("unknown field ") else {
        return format!("{place}{message}");
    };
    let mut words = rest.split('`').skip(1).step_by(2);
    let key = words.next().unwrap_or_default();
    let nearest = words.map(|known| (distance(key, known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 2 => {
            format!("{place}there is no key `{key}` here; did you mean `{known}`?")
        }
        _ => format!("{place}there is no key `{key}` here"),
    }
}

/// Number of letters to insert, remove or change to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        assert_eq!(distance("langages", "languages"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
