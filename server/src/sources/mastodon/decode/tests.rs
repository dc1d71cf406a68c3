//! Tests of the Mastodon decoder, on statuses made up in its shape.

use super::*;

const SEEN_AT: Millis = 1_787_222_107_000;

fn decoder() -> Decoder {
    Decoder::new(AuthorKey([7; 16]), Accounts::default())
}

/// A status whose members are replaced or added by `members`.
fn status(members: &str) -> String {
    let mut status: serde_json::Value = serde_json::from_str(
        r##"{"id":"110","uri":"https://one.example/users/ann/statuses/110","url":"https://one.example/@ann/110",
        "created_at":"2026-08-20T10:35:00.000Z","visibility":"public","language":"EN","sensitive":false,"spoiler_text":"",
        "content":"<p>Up &amp; away <a href=\"x\" class=\"mention hashtag\" rel=\"tag\">#<span>BitCoin</span></a> $btc</p>",
        "tags":[{"name":"bitcoin","url":"x"}],"reblog":null,
        "account":{"id":"7","acct":"ann","uri":"https://one.example/users/ann","bot":false,"note":"<p>hi</p>"}}"##,
    )
    .unwrap();
    let members: serde_json::Value = serde_json::from_str(members).unwrap();
    for (name, value) in members.as_object().unwrap() {
        status[name] = value.clone();
    }
    status.to_string()
}

fn post(members: &str) -> Post {
    let event = decoder()
        .event("update", &status(members), SEEN_AT)
        .unwrap();
    match event.body {
        Body::Post(post) => *post,
        body => panic!("not a post: {body:?}"),
    }
}

#[track_caller]
fn check_refused(members: &str, reason: &'static str) {
    assert_eq!(
        decoder().event("update", &status(members), SEEN_AT),
        Err(reason),
        "{members}"
    );
}

#[test]
fn a_status_becomes_a_post_with_everything_that_is_kept_of_it() {
    let event = decoder().event("update", &status("{}"), SEEN_AT).unwrap();

    assert_eq!(
        (event.seen_at, event.at, event.skewed),
        (SEEN_AT, SEEN_AT - 7_000, false)
    );
    assert_eq!(
        post("{}"),
        Post {
            id: "https://one.example/users/ann/statuses/110".into(),
            source: "mastodon".into(),
            author: AuthorKey([7; 16]).hash("mastodon", "https://one.example/users/ann"),
            text: "Up & away #BitCoin $btc".into(),
            lang: Some("en".into()),
            posted_at: Some(SEEN_AT - 7_000),
            hashtags: vec!["BitCoin".into()],
            cashtags: vec!["BTC".into()],
            url: Some("https://one.example/@ann/110".into()),
            ..Post::default()
        }
    );
}

#[test]
fn a_boost_says_what_the_original_says() {
    let post = post(
        r#"{"content":"","reblog":{"content":"<p>original</p>","language":"de","sensitive":true,"tags":[]}}"#,
    );

    assert!(post.repost && post.sensitive);
    assert_eq!(
        (post.text.as_str(), post.lang.as_deref()),
        ("original", Some("de"))
    );
}

#[test]
fn a_warning_stands_before_the_text() {
    assert_eq!(
        post(r#"{"spoiler_text":"politics"}"#).text,
        "politics\nUp & away #BitCoin $btc"
    );
}

#[test]
fn hashtags_that_stand_in_no_text_are_those_of_the_platform() {
    let of = |members| post(members).hashtags;

    assert_eq!(
        of(r#"{"tags":[{"name":"bitcoin"},{"name":"hidden"}]}"#),
        ["BitCoin", "hidden"]
    );
    // The platform folds accents away; that is no second tag.
    assert_eq!(
        of(r##"{"content":"#Café","tags":[{"name":"cafe"}]}"##),
        ["Café"]
    );
}

#[test]
fn a_deletion_names_the_post_by_its_address() {
    let mut decoder = decoder();
    decoder.event("update", &status("{}"), SEEN_AT).unwrap();

    let event = decoder.event("delete", "110", SEEN_AT).unwrap();

    let Body::Delete(delete) = event.body else {
        panic!("{event:?}");
    };
    assert_eq!(delete.id, "https://one.example/users/ann/statuses/110");
    assert_eq!(decoder.event("delete", "111", SEEN_AT), Err("unknown_post"));
}

#[test]
fn a_reply_names_a_post_that_was_seen() {
    let mut decoder = decoder();
    decoder.event("update", &status("{}"), SEEN_AT).unwrap();

    let reply = decoder
        .event(
            "update",
            &status(r#"{"id":"111","uri":"u","in_reply_to_id":"110"}"#),
            SEEN_AT,
        )
        .unwrap();

    assert!(
        matches!(reply.body, Body::Post(post) if post.reply_to.as_deref() == Some("https://one.example/users/ann/statuses/110"))
    );
}

#[test]
fn what_is_not_for_us_is_dropped_with_its_reason() {
    check_refused(r#"{"visibility":"private"}"#, "not_public");
    check_refused(r#"{"visibility":null}"#, "not_public");
    check_refused(r#"{"uri":null}"#, "no_id");
    check_refused(r#"{"account":null}"#, "no_author");
    check_refused(r#"{"account":{"acct":""}}"#, "no_author");
    check_refused(r#"{"account":{"acct":"a","bot":true}}"#, "bot");
    check_refused(
        r##"{"account":{"acct":"a","note":"<p><a>#<span>NoBot</span></a></p>"}}"##,
        "nobot",
    );
    check_refused(r#"{"created_at":"soon"}"#, "bad_time");
    check_refused(r#"{"content":null}"#, "no_text");
    check_refused(r#"{"content":7}"#, "bad_json");
}

#[test]
fn accounts_are_chosen_by_what_they_agreed_to() {
    let accounts = Accounts {
        bots: true,
        only_indexable: true,
    };
    let mut decoder = Decoder::new(AuthorKey([7; 16]), accounts);
    let mut read = |members| decoder.event("update", &status(members), SEEN_AT).map(drop);

    assert_eq!(
        read(r#"{"account":{"acct":"a","bot":true,"indexable":true}}"#),
        Ok(())
    );
    assert_eq!(
        read(r#"{"account":{"acct":"a","indexable":false}}"#),
        Err("not_indexable")
    );
}

#[test]
fn events_that_are_no_posts_are_told_apart_from_unknown_ones() {
    let mut decoder = decoder();
    let mut read = |name| decoder.event(name, "{}", SEEN_AT);

    assert_eq!(read("status.update"), Err("edit"));
    assert_eq!(read("notification"), Err("not_a_post"));
    assert_eq!(read("hologram"), Err("unknown_event"));
    assert_eq!(
        decoder.event("update", r#"{"id":"1","#, SEEN_AT),
        Err("truncated")
    );
    assert_eq!(decoder.event("update", "<html>", SEEN_AT), Err("bad_json"));
}

#[test]
fn a_page_is_read_oldest_first_and_one_bad_status_does_not_lose_it() {
    let newer = status(r#"{"id":"120","uri":"https://one.example/120"}"#);
    let body = format!("[{newer},{{\"id\":7}},{}]", status("{}"));

    let page = decoder().page(&body, SEEN_AT).unwrap();

    assert_eq!(page.newest.as_deref(), Some("120"));
    let ids: Vec<_> = page
        .records
        .iter()
        .map(|record| match record {
            Ok(Event {
                body: Body::Post(post),
                ..
            }) => post.id.as_str(),
            Ok(_) => "?",
            Err(reason) => reason,
        })
        .collect();
    assert_eq!(
        ids,
        [
            "https://one.example/users/ann/statuses/110",
            "bad_json",
            "https://one.example/120"
        ]
    );
}

#[test]
fn what_a_time_line_has_from_long_ago_is_left_out() {
    let old = status(r#"{"created_at":"2026-08-17T10:35:00.000Z"}"#);

    let page = decoder().page(&format!("[{old}]"), SEEN_AT).unwrap();

    assert_eq!(page.records, [Err("too_old")]);
    assert_eq!(page.newest.as_deref(), Some("110"));
}

#[test]
fn an_answer_that_is_no_page_is_refused() {
    for (body, reason) in [
        (
            r#"{"error":"This method requires an authenticated user"}"#,
            "bad_json",
        ),
        ("<html>", "bad_json"),
        ("[{", "truncated"),
    ] {
        assert_eq!(
            decoder().page(body, SEEN_AT).map(drop),
            Err(reason),
            "{body}"
        );
    }
    assert_eq!(decoder().page("[]", SEEN_AT).unwrap().newest, None);
}

#[test]
fn only_web_addresses_become_links() {
    assert_eq!(
        post(r#"{"url":"javascript:alert(1)"}"#).url.as_deref(),
        Some("https://one.example/users/ann/statuses/110")
    );
    assert_eq!(
        post(r#"{"url":"javascript:alert(1)","uri":"tag:a"}"#).url,
        None
    );
}

#[test]
fn the_memory_of_local_ids_is_bounded() {
    let mut decoder = decoder();
    for id in 0..MEMORY + 5 {
        decoder.remember(id.to_string(), "x");
    }

    assert_eq!(
        (decoder.addresses.len(), decoder.order.len()),
        (MEMORY, MEMORY)
    );
    assert_eq!(decoder.delete("4", SEEN_AT), Err("unknown_post"));
    assert!(decoder.delete("5", SEEN_AT).is_ok());
}
