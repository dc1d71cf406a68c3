//! Each rule right below and right above its limit, and posts that must stay ham.

use wire::{tag, time::SECOND};

use super::*;

fn spam() -> Spam {
    Spam::new(Limits::default(), Memory::default())
}

fn post(text: &str) -> Post {
    Post {
        text: text.into(),
        cashtags: tag::cashtags(text)
            .map(|tag| tag.text.to_uppercase())
            .collect(),
        ..Post::default()
    }
}

#[track_caller]
fn check(text: &str, expected: Option<Reason>) {
    let verdict = spam().observe(1, 0, 1, &post(text));

    assert_eq!(verdict.reason(), expected, "{text:?}: {verdict:?}");
    assert_eq!(verdict.is_spam(), verdict.score(text) >= 0.5);
}

#[test]
fn plain_talk_is_ham_also_with_two_tickers_a_link_or_a_word_of_the_trade() {
    for text in [
        "$AAPL and $MSFT both look strong",
        "$BTC $XQZA is all I hold",
        "Rotating from $TSLA to $AAPL, $MSFT, $GOOG and $AMZN",
        "good read https://example.com/a",
        "#btc chart https://t.co/a",
        "free advice: follow the money",
        "gm",
        "",
        "🚀🚀🚀",
        "ビットコインは面白い",
    ] {
        check(text, None);
    }
}

#[test]
fn bait_many_cashtags_riders_and_bare_links_are_spam() {
    check("Airdrop! Join my telegram", Some(Reason::Phrase));
    check("𝗚𝗶𝘃𝗲𝗮𝘄𝗮𝘆 for all of you", Some(Reason::Phrase));
    check("$AAPL $MSFT $GOOG $AMZN $TSLA", None);
    check(
        "$AAPL $MSFT $GOOG $AMZN $TSLA $NVDA",
        Some(Reason::Cashtags),
    );
    check("$AAPL earnings! look at $XQZA $XQZB", None);
    check(
        "$AAPL earnings! look at $XQZA $XQZB $XQZC",
        Some(Reason::Piggyback),
    );
    check("#a #b https://t.co/a", Some(Reason::Links));
}

#[test]
fn the_third_copy_is_spam_and_says_how_many_there_are() {
    let mut spam = spam();
    let text =
        |n: u64| format!("The best time to buy this coin is now, number {n} https://t.co/{n}");
    let verdicts: Vec<Verdict> = (0..4)
        .map(|n| spam.observe(n, 0, n, &post(&text(n))))
        .collect();

    assert_eq!(
        verdicts.iter().map(Verdict::is_spam).collect::<Vec<_>>(),
        [false, false, true, true]
    );
    let expected = Finding {
        reason: Reason::Duplicate,
        value: 4.0,
        limit: 2.0,
    };
    assert_eq!(verdicts[3].findings().collect::<Vec<_>>(), [expected]);
    assert!(verdicts[3].score(&text(3)) > verdicts[2].score(&text(2)));
}

#[test]
fn short_texts_may_be_said_more_often_and_reposts_are_not_blamed() {
    let mut spam = spam();
    let n_spam = |spam: &mut Spam, from: u64, post: &Post| {
        (from..from + 11)
            .filter(|n| spam.observe(*n, 0, *n, post).is_spam())
            .count()
    };
    assert_eq!(n_spam(&mut spam, 0, &post("buy the dip")), 1);
    assert_eq!(n_spam(&mut spam, 100, &post("gm")), 0);

    let repost = Post {
        repost: true,
        ..post("RT @ann: something that many people pass on to others")
    };
    assert_eq!(n_spam(&mut spam, 200, &repost), 0);
    assert_eq!(
        spam.duplicates().standing(200).map(|one| one.n_posts),
        Some(11)
    );
}

#[test]
fn seven_posts_in_a_minute_are_a_flood_unless_the_author_is_unknown() {
    let flood = |author: u64| {
        let mut spam = spam();
        let words = ["one", "two", "three", "four", "five", "six", "seven"];
        let verdicts = words.map(|word| {
            spam.observe(
                word.len() as u64 * 100 + word.as_bytes()[0] as u64,
                8 * SECOND,
                author,
                &post(word),
            )
        });
        verdicts[6].reason()
    };

    assert_eq!((flood(5), flood(0)), (Some(Reason::Rate), None));
}

#[test]
fn a_removed_post_leaves_the_count() {
    let mut spam = spam();
    let text = post("a text that is long enough to be a copy and no chance");
    for key in 0..2 {
        spam.observe(key, 0, key, &text);
    }
    spam.remove(0);

    assert!(!spam.observe(2, 0, 9, &text).is_spam());
    assert!(spam.observe(3, 0, 9, &text).is_spam());
}
