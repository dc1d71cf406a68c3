//! Cases of our own, so that the scanner is held wherever the project is built.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check<'a>(found: impl Iterator<Item = Tag<'a>>, expected: &[&str]) {
    let found: Vec<&str> = found.map(|tag| tag.text).collect();

    assert_eq!(found, expected);
}

#[test]
fn a_hashtag_ends_where_its_word_ends() {
    check(
        hashtags("#btc, (#eth) #doge! #a_b. #c-d #e's"),
        &["btc", "eth", "doge", "a_b", "c", "e"],
    );
    check(hashtags("#BTC #btc #BTC"), &["BTC", "btc", "BTC"]);
}

#[test]
fn a_hashtag_has_a_letter() {
    check(hashtags("#1 #2024 #_ #1_2 #１２ #١٢"), &[]);
    check(
        hashtags("#1st #24h #２位 #٣أ"),
        &["1st", "24h", "２位", "٣أ"],
    );
}

#[test]
fn a_hashtag_does_not_follow_a_word_or_an_ampersand() {
    check(hashtags("a#b 1#b _#b é#b 漢#b &#39;b &#nbsp;"), &[]);
    check(
        hashtags("/#a-#b.#c\"#d 😀#e ❤️#f ❤︎#g"),
        &["a", "b", "c", "d", "e", "f", "g"],
    );
}

#[test]
fn a_hashtag_does_not_run_into_another_or_into_a_scheme() {
    check(hashtags("#a#b #c＃d #http://x"), &[]);
    check(hashtags("##a #b##c # d"), &["a", "c"]);
}

#[test]
fn pictures_of_the_sign_are_no_hashtags() {
    check(
        hashtags("#\u{FE0F}tag #\u{20E3}tag #\u{FE0F}\u{20E3} tag"),
        &[],
    );
}

#[test]
fn full_width_signs_and_letters_count() {
    check(hashtags("＃ＢＴＣ ！＃月へ １＃x"), &["ＢＴＣ", "月へ"]);
    check(mentions("＠ann x＠bob"), &["ann"]);
}

#[test]
fn scripts_with_marks_and_joiners_stay_whole() {
    check(
        hashtags("#हिन्दी #ශ්‍රීලංකා #می‌خواهم #il·lusió #cafe\u{301}"),
        &["हिन्दी", "ශ්‍රීලංකා", "می‌خواهم", "il·lusió", "cafe\u{301}"],
    );
}

#[test]
fn letters_beyond_plane_0_count_but_emoji_do_not() {
    check(
        hashtags("#\u{20021}\u{104A0} #𝒜𝟙 #x😀y #😀"),
        &["\u{20021}\u{104A0}", "𝒜𝟙", "x"],
    );
    check(hashtags("𝒜#b 😀#c"), &["c"]);
}

#[test]
fn a_hashtag_in_a_url_is_none() {
    check(hashtags("x.com/#a https://x.org/?q=#b (y.net/p#c)"), &[]);
    check(
        hashtags("x.com #a y.z/#b end.#c x.com,#d"),
        &["a", "b", "c", "d"],
    );
}

#[test]
fn a_hashtag_that_a_url_would_begin_in_comes_first() {
    // The URL "x.com/#b" loses to "aöx", which it overlaps, and so cannot take "#b" away.
    check(urls("#aöx.com/#b"), &["x.com/#b"]);
    check(hashtags("#aöx.com/#b"), &["aöx", "b"]);
}

#[test]
fn cashtags_follow_white_space() {
    check(
        cashtags("$A $btc\n$BRK.B\u{3000}$x_yz"),
        &["A", "btc", "BRK.B", "x_yz"],
    );
    check(cashtags("a$b ($c) .$d $$e €$f"), &[]);
    check(cashtags("$OK$NG"), &["OK"]);
}

#[test]
fn cashtags_are_short_and_plain() {
    check(cashtags("$TOOLONG $1INCH $A1 $é $aé $ $."), &[]);
    check(
        cashtags("$A. $BTC-USD $A.BCD $A_1 $BTC/USDT $end"),
        &["A", "BTC", "A", "A", "BTC", "end"],
    );
}

fn named(text: &str) -> Vec<String> {
    instruments(text)
        .map(|one| {
            one.quote.map_or(one.symbol.to_owned(), |quote| {
                format!("{}:{quote}", one.symbol)
            })
        })
        .collect()
}

#[test]
fn instruments_have_digits_and_pairs_besides_all_cashtags() {
    let text =
        "$BRK.B $btc ($c) $1INCH $C98, $BTC-USD $ETH/USDT. BTC-USD (SOL/EUR) 1INCH-USDT #XRP/BTC";

    assert_eq!(
        named(text),
        [
            "BRK.B",
            "btc",
            "1INCH",
            "C98",
            "BTC:USD",
            "ETH:USDT",
            "BTC:USD",
            "SOL:EUR",
            "1INCH:USDT",
            "XRP:BTC"
        ]
    );
}

#[test]
fn sums_prose_and_links_are_no_instruments() {
    assert_eq!(
        named("$10k $5M $2bn $3mln $100 24/7 AND/OR COVID-19 btc-usd S/USD x$1INCH NON-USDA"),
        Vec::<String>::new()
    );
    assert_eq!(
        named(
            "https://x.com/BTC-USD/ETH-USD tradingview.com/symbols/BTC-USD A-BTC-USD BTC-USD-PERP"
        ),
        Vec::<String>::new()
    );
}

#[test]
fn mentions_are_not_parts_of_addresses_or_lists() {
    check(
        mentions("@a .@b me@c.com @d@e @f/list @g/1 @http://x !@h @ié"),
        &["a", "b", "g"],
    );
    check(
        mentions("RT@a rt:@b xRT@c @under_score1 の@dの"),
        &["a", "b", "under_score1", "d"],
    );
    check(
        mentions("@12345678901234567890x"),
        &["12345678901234567890"],
    );
}

#[test]
fn urls_need_a_known_top_level_domain() {
    check(
        urls("a.com b.qqq c.tar.gz d.jpg 1.5 e.g. v1.2.io www.x.co.uk"),
        &["a.com", "v1.2.io", "www.x.co.uk"],
    );
    check(urls("I left.He came.Why"), &[]);
}

#[test]
fn urls_do_not_end_in_punctuation_but_keep_paired_parentheses() {
    check(
        urls("(http://a.com/b_(c)) http://d.com/e?f=g. http://h.com/i(j"),
        &["http://a.com/b_(c)", "http://d.com/e?f=g", "http://h.com/i"],
    );
    check(
        urls("http://a.com:8080/b http://c.com?d=e http://f.com:x"),
        &["http://a.com:8080/b", "http://c.com?d=e", "http://f.com"],
    );
}

#[test]
fn urls_without_scheme_are_found_between_words_of_other_scripts() {
    check(
        urls("これはexample.com/aです。x.みんなです"),
        &["example.com/a", "x.みんな"],
    );
    check(urls("@x.com #x.com $x.com mail@x.com -x.com /x.com"), &[]);
}

#[test]
fn everything_comes_in_order_of_appearance() {
    let found: Vec<_> = scan("#a $B @c d.com #a")
        .map(|tag| (tag.kind, tag.text, tag.range))
        .collect();

    assert_eq!(
        found,
        [
            (Kind::Hashtag, "a", 0..2),
            (Kind::Cashtag, "B", 3..5),
            (Kind::Mention, "c", 6..8),
            (Kind::Url, "d.com", 9..14),
            (Kind::Hashtag, "a", 15..17),
        ]
    );
}

#[test]
fn folding_lowers_every_script_and_borrows_what_is_folded() {
    assert!(matches!(fold("btc_1"), Cow::Borrowed("btc_1")));
    assert_eq!(fold("BTC"), "btc");
    assert_eq!(fold("ΜΑΧΆΤΜΑΣ"), fold("Μαχάτμας"));
    assert_eq!(fold("ＢＴＣ"), "ｂｔｃ");
    assert_eq!(fold("ÉTÉ"), "été");
}

#[test]
fn long_hostile_texts_take_no_more_than_linear_work() {
    for piece in [
        "#a.",
        ".com",
        "a.",
        "-a.com",
        "_あ_.com",
        "((((",
        "http://",
        "@a",
        "あ.com/(",
        "#a.#",
        "x.co?",
    ] {
        let text = piece.repeat(20_000);

        assert!(
            scan(&text).all(|tag| text.get(tag.range).is_some()),
            "{piece}"
        );
    }
}

/// Texts in which signs, dots and odd characters meet often.
fn tangled() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "#",
        "＃",
        "$",
        "@",
        "＠",
        ".",
        "..",
        "/",
        "?",
        "(",
        ")",
        ":",
        "://",
        "http",
        "https://",
        "t.co/",
        "com",
        "io",
        "co.uk",
        "みんな",
        "中国",
        "RT",
        "&",
        "-",
        "_",
        " ",
        "\n",
        "\u{3000}",
        "a",
        "BTC",
        "Zé",
        "漢字",
        "1",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{301}",
        "\u{200D}",
        "😀",
        "𝒜",
        "ö",
        "ж",
        "\"",
        "`",
        "\u{0}",
        "=",
        "%",
        "~",
        "xn--",
        "\u{202A}",
        "\u{FEFF}",
        "。",
        "ς",
        "Σ",
        "İ",
    ]);
    prop::collection::vec(
        prop_oneof![8 => pieces.prop_map(str::to_owned), 1 => ".{0,3}"],
        0..24,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn any_text_can_be_scanned_and_ranges_hold_the_tags(text in prop_oneof![tangled(), any::<String>()]) {
        let found: Vec<Tag<'_>> = scan(&text).collect();

        prop_assert!(found.is_sorted_by_key(|tag| tag.range.start));
        for tag in found {
            let whole = text.get(tag.range.clone()).unwrap();
            let marker: &[char] = match tag.kind {
                Kind::Hashtag => &['#', '＃'],
                Kind::Cashtag => &['$'],
                Kind::Mention => &['@', '＠'],
                Kind::Url => &[],
            };
            prop_assert_eq!(whole.strip_prefix(marker).unwrap_or(whole), tag.text);
            prop_assert_eq!(whole == tag.text, tag.kind == Kind::Url);
        }
    }

    #[test]
    fn what_was_found_is_found_again_on_its_own(text in tangled()) {
        for tag in hashtags(&text) {
            let again = format!("#{}", tag.text);
            prop_assert_eq!(hashtags(&again).map(|t| t.text).collect::<Vec<_>>(), [tag.text]);
        }
        for tag in cashtags(&text) {
            let again = format!("${}", tag.text);
            prop_assert_eq!(cashtags(&again).map(|t| t.text).collect::<Vec<_>>(), [tag.text]);
        }
    }

    #[test]
    fn hashtags_found_with_the_url_check_cut_short_are_those_of_the_full_check(text in tangled()) {
        let all_urls: Vec<Tag<'_>> = urls(&text).collect();
        let mut taken = 0;
        let mut expected = Vec::new();
        let mut candidates = Hashtags::new(&text);
        while let Some((range, _)) = candidates.next_candidate() {
            let is_in_url = all_urls.iter().any(|url| {
                url.range.start < range.start && range.start < url.range.end && url.range.start >= taken
            });
            if !is_in_url {
                taken = range.end;
                expected.push(range);
            }
        }

        prop_assert_eq!(hashtags(&text).map(|tag| tag.range).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn folding_twice_changes_nothing(text in tangled()) {
        let once = fold(&text).into_owned();

        prop_assert_eq!(fold(&once), once.as_str());
    }

    #[test]
    fn every_cashtag_is_an_instrument(text in "[$A-Ca-c1_. /-]{0,24}") {
        let wide: Vec<_> = instruments(&text).collect();

        for tag in cashtags(&text) {
            prop_assert!(
                wide.iter().any(|one| one.range.start <= tag.range.start && tag.range.end <= one.range.end),
                "{:?} in {:?}", tag, wide
            );
        }
        for one in &wide {
            prop_assert!(text[one.range.clone()].contains(one.symbol));
        }
    }
}
