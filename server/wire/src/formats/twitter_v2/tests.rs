//! Tests of the API v2 decoder, on payloads made up in its shape.

use super::*;

const FIXTURE: &str = include_str!("../../../tests/fixtures/twitter_v2/payloads.ndjson");

fn key() -> AuthorKey {
    AuthorKey([7; 16])
}

fn fixture(idx: usize) -> Vec<Record> {
    decode(FIXTURE.lines().nth(idx).unwrap(), &key()).unwrap()
}

fn only_post(records: Vec<Record>) -> (Millis, Post) {
    let [Ok(event)] = records.as_slice() else {
        panic!("not one event: {records:?}");
    };
    match event.body.clone() {
        Body::Post(post) => (event.at, *post),
        body => panic!("not a post: {body:?}"),
    }
}

#[test]
fn a_streamed_post_has_everything_that_is_kept_of_it() {
    let (at, post) = only_post(fixture(0));

    assert_eq!(at, 1_787_222_100_250);
    assert_eq!(
        post,
        Post {
            id: "1784000000000000001".into(),
            source: "twitter".into(),
            author: key().hash("twitter", "1001"),
            text: "Margins & volumes < last year, holding $ACME #Earnings 🚀".into(),
            lang: Some("en".into()),
            posted_at: Some(at),
            hashtags: vec!["Earnings".into()],
            cashtags: vec!["ACME".into()],
            repost: false,
            reply_to: Some("1784000000000000000".into()),
            sensitive: true,
            place: Some(Place {
                country: Some("US".into()),
                lat_lon: Some((40.7, -74.0))
            }),
            url: Some("https://twitter.com/i/status/1784000000000000001".into()),
        }
    );
}

#[test]
fn a_post_without_a_time_has_the_one_of_its_id() {
    let (at, post) = only_post(fixture(1));

    assert_eq!(at, (1_784_000_000_000_000_002 >> 22) + 1_288_834_974_657);
    assert!(post.repost);
}

#[test]
fn an_edit_withdraws_the_versions_before_it_and_its_long_text_counts() {
    let records = fixture(2);

    let ids: Vec<_> = records
        .iter()
        .map(|record| match &record.as_ref().unwrap().body {
            Body::Delete(delete) => format!("- {}", delete.id),
            Body::Post(post) => format!("+ {}", post.id),
            body => panic!("{body:?}"),
        })
        .collect();
    assert_eq!(
        ids,
        [
            "- 1784000000000000003",
            "- 1784000000000000004",
            "+ 1784000000000000005"
        ]
    );
    let (_, post) = only_post(records[2..].to_vec());
    assert!(post.text.ends_with("$BRK.B at its end"));
    assert_eq!(
        (post.hashtags, post.cashtags),
        (vec!["TheWholeTag".into()], vec!["BRK.B".into()])
    );
}

#[test]
fn every_post_of_a_list_is_decided_by_itself() {
    let records = fixture(3);

    assert!(records[0].is_ok());
    assert_eq!(records[1], Err(FormatError::NoAuthor));
    assert_eq!(records[2], Err(FormatError::Time));
}

#[test]
fn a_member_that_comes_twice_is_no_reason_to_lose_a_post() {
    let twice = r#"{"data":{"id":"1","id":"2","text":"a","author_id":"5","created_at":"2026-08-20T10:35:01Z"}}"#;

    assert_eq!(only_post(decode(twice, &key()).unwrap()).1.id, "2");
}

#[test]
fn a_payload_without_posts_is_told_apart_from_a_broken_one() {
    #[track_caller]
    fn check(json: &str, expect: FormatError) {
        assert_eq!(decode(json, &key()), Err(expect), "{json}");
    }
    check(r#"{"errors":[{"title":"x"}]}"#, FormatError::UnknownBody);
    check(
        r#"{"data":[{"id":"1","username":"a"}]}"#,
        FormatError::UnknownBody,
    );
    check(r#"{"data":null}"#, FormatError::UnknownBody);
    check("7", FormatError::UnknownBody);
    check(r#"{"data":{"id":"1","te"#, FormatError::Truncated);
    check("<html>", FormatError::Json);
    assert_eq!(decode(r#"{"data":[]}"#, &key()), Ok(vec![]));
}

#[test]
fn no_cut_of_a_payload_panics() {
    for line in FIXTURE.lines() {
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            assert!(decode(&line[..end], &key()).is_err());
        }
    }
}
