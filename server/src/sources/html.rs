//! HTML as upstreams send it to the text a person would read: no markup, entities decoded, paragraphs
//! and line breaks kept. Scripts and styles are left out. Any string is allowed.

use html5gum::{Token, Tokenizer};

/// Elements after and before which a new line begins.
const BLOCKS: &[&[u8]] = &[
    b"blockquote",
    b"div",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"hr",
    b"li",
    b"ol",
    b"p",
    b"pre",
    b"table",
    b"tr",
    b"ul",
];
/// Elements whose content is no text.
const UNREAD: &[&[u8]] = &[b"script", b"style", b"template", b"title"];

/// The text of a piece of HTML, trimmed; lines end with `\n` and there are no empty ones.
pub(crate) fn text(html: &str) -> String {
    let mut text = Text::default();
    // The element whose content is being passed over.
    let mut unread: Option<Vec<u8>> = None;
    for Ok(token) in Tokenizer::new(html) {
        match (token, &unread) {
            (Token::EndTag(tag), Some(name)) if *tag.name == **name => unread = None,
            (_, Some(_)) => {}
            (Token::StartTag(tag), None) if is_one_of(&tag.name, UNREAD) && !tag.self_closing => {
                unread = Some(tag.name.to_vec());
            }
            (Token::StartTag(tag), None) if *tag.name == *b"br" => text.break_line(),
            (Token::StartTag(tag), None) if is_one_of(&tag.name, BLOCKS) => text.break_line(),
            (Token::EndTag(tag), None) if is_one_of(&tag.name, BLOCKS) => text.break_line(),
            (Token::String(piece), None) => text.push(&String::from_utf8_lossy(&piece)),
            _ => {}
        }
    }
    text.0.truncate(text.0.trim_end().len());
    text.0
}

fn is_one_of(name: &[u8], names: &[&[u8]]) -> bool {
    names.contains(&name)
}

/// A text that is being put together; white space of the markup counts once, as in a browser.
#[derive(Default)]
struct Text(String);

impl Text {
    fn push(&mut self, piece: &str) {
        for character in piece.chars() {
            // A blank that must not end a line is a blank to whoever looks for words.
            let is_blank = character.is_ascii_whitespace() || character == '\u{a0}';
            if !is_blank {
                self.0.push(character);
            } else if !self.0.is_empty() && !self.0.ends_with(['\n', ' ']) {
                self.0.push(' ');
            }
        }
    }

    fn break_line(&mut self) {
        self.0.truncate(self.0.trim_end_matches([' ', '\n']).len());
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(html: &str, expect: &str) {
        assert_eq!(text(html), expect, "{html}");
    }

    #[test]
    fn paragraphs_and_breaks_are_lines_and_markup_is_gone() {
        check("<p>one<br>two</p><p>three</p>", "one\ntwo\nthree");
        check("<ul><li>a</li>\n  <li>b <b>bold</b></li></ul>", "a\nb bold");
        check("no markup at all", "no markup at all");
        check("", "");
    }

    #[test]
    fn entities_are_decoded_once() {
        check(
            "AT&amp;T &lt;up&gt; &#39;3&#x25;&#39; &eacute; &amp;lt;",
            "AT&T <up> '3%' é &lt;",
        );
    }

    #[test]
    fn a_shortened_link_is_its_whole_address() {
        let link = r#"<a href="https://example.com/a/long/path"><span class="invisible">https://</span><span class="ellipsis">example.com/a</span><span class="invisible">/long/path</span></a>"#;

        check(
            &format!("see {link}!"),
            "see https://example.com/a/long/path!",
        );
    }

    #[test]
    fn a_hashtag_keeps_its_sign() {
        check(
            r#"<p>up <a href="x" class="mention hashtag" rel="tag">#<span>BitCoin</span></a></p>"#,
            "up #BitCoin",
        );
    }

    #[test]
    fn scripts_comments_and_broken_markup_do_no_harm() {
        check("a<script>alert('<p>1')</script>b<!-- c -->d", "abd");
        check("a<style>p { }</style> b", "a b");
        check("<p>never closed <a href=\"x", "never closed");
        check("5 < 6 & 7 > 2", "5 < 6 & 7 > 2");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(html in "\\PC*", soup in "[<>a-p/&#;! x\"'-]{0,60}") {
            let _ = (text(&html), text(&soup));
        }
    }
}
