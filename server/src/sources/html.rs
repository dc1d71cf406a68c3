//! The text of a piece of HTML as a person would read it. Pure; for posts and news, not for pages.

/// Removes markup, decodes entities, and makes every run of white space one space or line break.
pub fn text(html: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(html.len()), html);
    while let Some(at) = rest.find(['<', '&']) {
        let (before, marked) = rest.split_at(at);
        plain.push_str(before);
        rest = if marked.starts_with('&') {
            entity(marked, &mut plain)
        } else {
            tag(marked, &mut plain)
        };
    }
    plain.push_str(rest);
    let lines = plain.lines().map(|line| {
        let words = line
            .split([' ', '\t', '\u{a0}', '\r'])
            .filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    });
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Passes over a tag or comment; what ends a line becomes a line break. Returns what follows.
fn tag<'a>(marked: &'a str, plain: &mut String) -> &'a str {
    if let Some(comment) = marked.strip_prefix("<!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    let begins_tag =
        marked[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
    if !begins_tag {
        // "a < b" is text.
        plain.push('<');
        return &marked[1..];
    }
    let Some((inner, rest)) = marked[1..].split_once('>') else {
        return "";
    };
    let inner = inner.trim_end_matches('/');
    let name_end = inner
        .find(|c: char| c.is_whitespace())
        .unwrap_or(inner.len());
    let name = inner[..name_end].to_ascii_lowercase();
    match &*name {
        "br" | "p" | "/p" | "div" | "/div" | "li" | "/li" | "tr" | "/h1" | "/h2" | "/h3"
        | "blockquote" | "/blockquote" | "/ul" | "/ol" => plain.push('\n'),
        "td" | "th" | "img" => plain.push(' '),
        // What they hold is not meant to be read.
        "script" | "style" => {
            let end = format!("</{name}");
            let found = rest.to_ascii_lowercase().find(&end);
            return found.map_or("", |at| &rest[at..]);
        }
        _ => {}
    }
    rest
}

/// Decodes an entity, or keeps the `&`. Returns what follows.
fn entity<'a>(marked: &'a str, plain: &mut String) -> &'a str {
    const MAX_NAME: usize = 10;
    let end = marked
        .bytes()
        .take(MAX_NAME + 2)
        .position(|byte| byte == b';');
    let decoded = end.and_then(|end| Some((decode(marked.get(1..end)?)?, end + 1)));
    match decoded {
        Some((character, length)) => {
            plain.push_str(character.as_str());
            &marked[length..]
        }
        None => {
            plain.push('&');
            &marked[1..]
        }
    }
}

fn decode(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code)
            .filter(|c| *c != '\0')
            .map(String::from);
    }
    let text = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => " ",
        "hellip" => "…",
        "mdash" => "—",
        "ndash" => "–",
        "rsquo" => "’",
        "lsquo" => "‘",
        "rdquo" => "”",
        "ldquo" => "“",
        "euro" => "€",
        "pound" => "£",
        "deg" => "°",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(html: &str, expect: &str) {
        assert_eq!(text(html), expect, "{html:?}");
    }

    #[test]
    fn markup_goes_and_what_it_says_stays() {
        check(
            "<p>Hello <b>world</b>!</p><p>Next</p>",
            "Hello world!\nNext",
        );
        check("one<br/>two<BR>three", "one\ntwo\nthree");
        check("a  \n\n  b\tc", "a\nb c");
        check("<a href=\"x?a=1&amp;b=2\">#<span>btc</span></a>", "#btc");
        check(
            "x<!-- SC_OFF --><script>if (a<b) {}</script>y<style>p{}</style>z",
            "xyz",
        );
    }

    #[test]
    fn entities_are_decoded_once() {
        check(
            "Tom &amp; Jerry &#39;s &#x1F600; &quot;x&quot; &hellip;",
            "Tom & Jerry 's 😀 \"x\" …",
        );
        check("&amp;lt;", "&lt;");
        check(
            "AT&T &unknown; & &#xD800; a < b",
            "AT&T &unknown; & &#xD800; a < b",
        );
    }

    #[test]
    fn what_breaks_off_is_passed_over() {
        check("text <a href=", "text");
        check("text <!-- never ends", "text");
        check("<script>never ends", "");
        check("", "");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "(<|>|&|#|;|/|!|-|script|é|[a-z ]|\\PC){0,60}") {
            let _ = text(&html);
        }
    }
}
