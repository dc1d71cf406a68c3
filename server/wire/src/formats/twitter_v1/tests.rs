//! Tests of the Twitter v1.1 decoder, on statuses made up in its shape.

use super::*;

const FIXTURE: &str = include_str!("../../../tests/fixtures/twitter_v1/statuses.ndjson");

fn key() -> AuthorKey {
    AuthorKey([7; 16])
}

fn decode_post(line: &str) -> (Millis, Post) {
    let event = decode(line, &key()).unwrap();
    assert!(event.imported && event.at == event.seen_at);
    match event.body {
        Body::Post(post) => (event.at, *post),
        body => panic!("not a post: {body:?}"),
    }
}

fn fixture(idx: usize) -> &'static str {
    FIXTURE.lines().nth(idx).unwrap()
}

/// A status with the given members in front of the ones it must have.
fn status(members: &str) -> String {
    format!(
        r#"{{{members}"created_at":"Wed Jan 01 01:18:36 +0000 2014","id_str":"9","text":"a","user":{{"id_str":"5"}}}}"#
    )
}

#[test]
fn a_status_becomes_a_post_with_everything_that_is_kept_of_it() {
    let (at, post) = decode_post(fixture(0));

    assert_eq!(at, 1_388_539_116_000);
    assert_eq!(
        post,
        Post {
            id: "418189481607600001".into(),
            source: "twitter".into(),
            author: key().hash("twitter", "1001"),
            text:
                "Margins & volumes < last year, still holding $ACME $brk.b #Earnings #earnings 🚀"
                    .into(),
            lang: Some("en".into()),
            posted_at: Some(at),
            hashtags: vec!["Earnings".into(), "earnings".into()],
            cashtags: vec!["ACME".into(), "BRK.B".into()],
            repost: false,
            reply_to: Some("418189481607600000".into()),
            sensitive: true,
            place: Some(Place {
                country: Some("US".into()),
                lat_lon: Some((40.7, -74.0))
            }),
            url: Some("https://twitter.com/i/status/418189481607600001".into()),
        }
    );
}

#[test]
fn only_retweeted_status_makes_a_repost() {
    assert!(decode_post(fixture(1)).1.repost);
    assert!(!decode_post(fixture(2)).1.repost, "typed by hand");
    assert!(!decode_post(&status(r#""retweeted_status":null,"#)).1.repost);
}

#[test]
fn the_long_text_and_its_tags_win_over_the_cut_one() {
    let (_, extended) = decode_post(fixture(3));
    let (_, full) = decode_post(fixture(4));

    assert_eq!(
        extended.text,
        "A text that was too long for the old limit, with #TheWholeTag at its end"
    );
    assert_eq!(extended.hashtags, ["TheWholeTag"]);
    assert_eq!(full.text, "extended mode has its text here #Full");
    assert_eq!(full.hashtags, ["Full"]);
}

#[test]
fn tags_are_scanned_where_the_platform_gives_none() {
    let line = status("").replace(r#""text":"a""#, r##""text":"#up $acme &amp; #down""##);
    let (_, without) = decode_post(&line);
    let (_, old) = decode_post(&line.replacen('{', r#"{"entities":{"hashtags":[]},"#, 1));

    assert_eq!(
        (without.hashtags, without.cashtags),
        (vec!["up".into(), "down".into()], vec!["ACME".into()])
    );
    assert_eq!(
        (old.hashtags, old.cashtags),
        (vec![], vec!["ACME".to_owned()])
    );
}

#[test]
fn a_deletion_notice_becomes_a_delete_at_its_time() {
    let expect = Body::Delete(Delete {
        source: "twitter".into(),
        id: "418189481607600001".into(),
    });

    let timed = decode(fixture(5), &key()).unwrap();
    let untimed = decode(fixture(6), &key()).unwrap();

    assert_eq!((timed.at, &timed.body), (1_388_600_000_123, &expect));
    assert_eq!((untimed.at, &untimed.body), (1_388_539_116_657, &expect));
}

#[test]
fn escapes_are_undone_once() {
    for (text, expect) in [
        ("&amp;lt; &lt;&gt;", "&lt; <>"),
        ("AT&T & &unknown;", "AT&T & &unknown;"),
        ("&", "&"),
    ] {
        assert_eq!(unescape(text), expect);
    }
}

#[test]
fn coordinates_are_rounded_and_must_lie_on_earth() {
    assert_eq!(lat_lon(Some((-0.04, 51.5074))), Some((51.5, 0.0)));
    assert_eq!(
        lat_lon(Some((-0.04, 51.5074))).map(|p| p.1.is_sign_negative()),
        Some(false)
    );
    assert_eq!(lat_lon(Some((200.0, 0.0))), None);
    assert_eq!(lat_lon(None), None);
}

#[test]
fn ids_may_be_numbers_only() {
    let line = r#"{"created_at":"Wed Jan 01 01:18:36 +0000 2014","id":418189481607696384,"text":"a","user":{"id":5}}"#;

    let (_, post) = decode_post(line);

    assert_eq!(post.id, "418189481607696384");
    assert_eq!(post.author, key().hash("twitter", "5"));
}

#[test]
fn what_is_no_status_is_refused_with_its_reason() {
    let whole = status("");
    let cases = [
        ("", FormatError::Truncated),
        ("garbage", FormatError::Json),
        ("[1]", FormatError::Json),
        (&whole[..60], FormatError::Truncated),
        (r#"{"limit":{"track":5}}"#, FormatError::UnknownBody),
        (r#"{"errors":[{"code":32}]}"#, FormatError::UnknownBody),
        (r#"{"delete":{"status":{}}}"#, FormatError::NoId),
        (&whole.replace(r#""id_str":"9","#, ""), FormatError::NoId),
        (&whole.replace("Jan 01", "Jan 45"), FormatError::Time),
        (
            &whole.replace(r#","user":{"id_str":"5"}"#, ""),
            FormatError::NoAuthor,
        ),
        (&whole.replace(r#""text":"a","#, ""), FormatError::NoText),
    ];
    for (line, expect) in cases {
        assert_eq!(decode(line, &key()), Err(expect), "{line}");
    }
}

#[test]
fn a_line_cut_anywhere_is_refused_without_panic() {
    for line in FIXTURE.lines() {
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(decode(&line[..end], &key()).is_err());
        }
    }
}
