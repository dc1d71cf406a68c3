//! Frames of both forms: what they say, and what is refused under which reason.

use super::*;

const KEY: AuthorKey = AuthorKey([7; 16]);

fn said(frame: &str) -> Said {
    decode(frame.as_bytes(), &KEY).unwrap_or_else(|reason| panic!("{reason}: {frame}"))
}

fn post_of(record: &str) -> Post {
    let frame = format!(
        r#"{{"did":"did:plc:a","time_us":1779719009157119,"kind":"commit","commit":{{"rev":"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k1","record":{record},"cid":"c"}}}}"#
    );
    match said(&frame).what {
        What::Post(post) => *post,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_refused(frame: &[u8], expect: &str) {
    let text = String::from_utf8_lossy(frame);
    assert_eq!(decode(frame, &KEY).unwrap_err(), expect, "{text:.200}");
}

#[test]
fn a_post_is_read_with_all_that_is_kept_of_it() {
    let post = post_of(
        r##"{"$type":"app.bsky.feed.post","createdAt":"2026-05-25T14:23:28.757Z","langs":["EN-gb","de"],"text":"buy $AAPL #now","reply":{"parent":{"uri":"at://b/app.bsky.feed.post/k0","cid":"c"}},"labels":{"values":[{"val":"porn"}]}}"##,
    );

    assert_eq!(post.id, "at://did:plc:a/app.bsky.feed.post/k1");
    assert_eq!(post.author, KEY.hash("bluesky", "did:plc:a"));
    assert_eq!(post.text, "buy $AAPL #now");
    assert_eq!(post.lang.as_deref(), Some("en-gb"));
    assert_eq!(post.posted_at, Some(1_779_719_008_757));
    assert_eq!(
        (post.hashtags, post.cashtags),
        (vec!["now".into()], vec!["AAPL".into()])
    );
    assert_eq!(
        post.reply_to.as_deref(),
        Some("at://b/app.bsky.feed.post/k0")
    );
    assert_eq!(
        post.url.as_deref(),
        Some("https://bsky.app/profile/did:plc:a/post/k1")
    );
    assert!(post.sensitive && !post.repost);
}

#[test]
fn tags_are_what_the_client_marked_and_those_outside_the_text() {
    let post = post_of(
        r##"{"text":"x","tags":["Outside"],"facets":[
            {"index":{"byteStart":900,"byteEnd":5},"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"$brk"}]},
            {"features":[{"$type":"app.bsky.richtext.facet#tag","tag":"Naïve"},{"$type":"app.bsky.richtext.facet#link","uri":"https://x"}]}]}"##,
    );

    assert_eq!(post.cashtags, ["BRK"]);
    assert_eq!(post.hashtags, ["Naïve", "Outside"]);
}

#[test]
fn an_empty_text_and_a_joined_emoji_are_texts() {
    assert_eq!(post_of(r#"{"text":""}"#).text, "");
    assert_eq!(post_of(r#"{"text":"👩‍👩‍👧"}"#).text, "👩‍👩‍👧");
}

#[test]
fn what_is_not_about_posts_is_passed_over() {
    for frame in [
        r#"{"did":"d","time_us":5000,"kind":"identity","identity":{"did":"d","seq":1,"time":"t"}}"#,
        r#"{"did":"d","time_us":5000,"kind":"account","account":{"active":true,"did":"d"}}"#,
        r#"{"did":"d","time_us":5000,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.like","rkey":"k","record":{"subject":{}}}}"#,
        r#"{"did":"d","time_us":5000,"kind":"commit","commit":{"operation":"update","collection":"app.bsky.feed.post","rkey":"k","record":{"text":"t"}}}"#,
    ] {
        assert_eq!(said(frame).what, What::Other, "{frame}");
        assert_eq!(said(frame).at(), 5, "{frame}");
    }
}

#[test]
fn deletes_and_closed_accounts_name_what_has_to_go() {
    let delete = said(
        r#"{"did":"did:plc:a","time_us":5,"kind":"commit","commit":{"operation":"delete","collection":"app.bsky.feed.post","rkey":"k"}}"#,
    );
    assert!(
        matches!(&delete.what, What::Delete(delete) if delete.id == "at://did:plc:a/app.bsky.feed.post/k")
    );
    let gone = said(
        r#"{"did":"did:plc:a","time_us":5,"kind":"account","account":{"active":false,"status":"deleted"}}"#,
    );
    assert_eq!(
        gone.what,
        What::AuthorGone(KEY.hash("bluesky", "did:plc:a"))
    );
}

#[test]
fn a_key_tells_when_its_post_was_written() {
    let at = written_at("at://did:plc:a/app.bsky.feed.post/3mmoojp4cd223").unwrap();

    // The record of this key says 2026-05-25T14:23:28.757Z.
    assert!((at - 1_779_719_008_757).abs() < 1_000, "{at}");
    for id in [
        "",
        "at://did:plc:a/app.bsky.feed.post/self",
        "zzzzzzzzzzzzz",
        "0mmoojp4cd223",
    ] {
        assert_eq!(written_at(id), None, "{id}");
    }
}

#[test]
fn the_second_form_says_the_same() {
    let frame = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit","seq":12345,"did":"did:plc:a","time":"2026-05-25T14:23:28.757Z","rev":"r","operation":"create","collection":"app.bsky.feed.post","rkey":"k1","cid":"c","record":{"text":"hello","langs":["en"]}}}"#;

    let found = said(frame);

    assert_eq!((found.seq, found.at()), (12_345, 1_779_719_008_757));
    let What::Post(post) = found.what else {
        panic!("{found:?}")
    };
    assert_eq!(*post, post_of(r#"{"text":"hello","langs":["en"]}"#));
    let outdated = r#"{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#info","name":"OutdatedCursor","message":"m"}}"#;
    assert_eq!(said(outdated).what, What::Outdated);
    let error = r#"{"$type":"error","error":"ConsumerTooSlow","message":"slow"}"#;
    assert_eq!(said(error).what, What::Error("ConsumerTooSlow slow".into()));
}

#[test]
fn what_cannot_be_used_is_refused_under_its_reason() {
    check_refused(b"", "truncated");
    check_refused(b"{\"did\":\"d\",\"time_us\":5,\"ki", "truncated");
    check_refused(b"<html>", "bad_json");
    check_refused(b"[]", "bad_json");
    check_refused(b"{}", "unknown_body");
    check_refused(b"{\"did\":\"\xff\"}", "bad_utf8");
    check_refused(br#"{"did":"d","kind":"commit","commit":{}}"#, "bad_date");
    check_refused(
        br#"{"did":"d","time_us":5,"kind":"new thing"}"#,
        "unknown_body",
    );
    check_refused(
        br#"{"did":"d","time_us":5,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","record":{"text":"t"}}}"#,
        "no_id",
    );
    check_refused(
        br#"{"did":"d","time_us":5,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"k","record":{}}}"#,
        "no_text",
    );
    // A surrogate alone is no character.
    check_refused(
        br#"{"did":"d","time_us":5,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"k","record":{"text":"\ud83d"}}}"#,
        "bad_json",
    );
    let long = format!("{{\"did\":\"{}\"}}", "x".repeat(5 << 20));
    check_refused(long.as_bytes(), "too_long");
}
#[test]
fn nothing_in_a_post_is_longer_than_its_lexicon_allows() {
    let many: Vec<String> = (0..100).map(|i| format!("\"tag{i}\"")).collect();
    let (long_tag, long_lang) = ("x".repeat(641), "y".repeat(36));
    let uri = format!("at://{}", "z".repeat(4_000));

    let post = post_of(&format!(
        r#"{{"text":"x","langs":["{long_lang}"],"tags":["{long_tag}",{}],"reply":{{"parent":{{"uri":"{uri}"}}}}}}"#,
        many.join(",")
    ));

    assert_eq!((post.hashtags.len(), &*post.hashtags[0]), (32, "tag0"));
    assert_eq!((post.lang, post.reply_to), (None, None));
    let rkey = "k".repeat(513);
    let frame = format!(
        r#"{{"did":"did:plc:a","time_us":1,"kind":"commit","commit":{{"operation":"delete","collection":"{POSTS}","rkey":"{rkey}"}}}}"#
    );
    check_refused(frame.as_bytes(), "too_long");
}
