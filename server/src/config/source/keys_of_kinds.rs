//! Which keys belong to which kinds of source: one in the wrong place would be ignored in silence.

use super::{SourceConfig, SourceKind, SourceKind::*};

const LIVE: &[SourceKind] = &[
    Jetstream,
    Binance,
    Coinbase,
    Coingecko,
    Feeds,
    X,
    XCounts,
    Mastodon,
    Reddit,
    CryptoCompare,
    Alpaca,
    Finnhub,
];
const WITH_KEY: &[SourceKind] = &[
    Coingecko,
    X,
    XCounts,
    Mastodon,
    Reddit,
    CryptoCompare,
    Alpaca,
    Finnhub,
];
const PRICES: &[SourceKind] = &[Binance, Coinbase, Coingecko, CryptoCompare, Alpaca, Finnhub];
const POLLED: &[SourceKind] = &[Coingecko, Feeds, XCounts, Mastodon, Reddit, CryptoCompare];

/// The first key that is set and means nothing to this kind of source.
pub(super) fn misplaced(source: &SourceConfig) -> Option<&'static str> {
    let usual = SourceConfig::default();
    // Key, whether it is set, and the kinds that read it.
    let keys: [(&str, bool, &[SourceKind]); 29] = [
        ("path", source.path.is_some(), &[Recording]),
        ("speed", source.speed != usual.speed, &[Recording]),
        ("loop", source.looped, &[Recording]),
        (
            "loop_pause_secs",
            differ(source.loop_pause_secs, usual.loop_pause_secs),
            &[Recording],
        ),
        ("resume", source.resume, &[Recording]),
        (
            "preroll_hours",
            differ(source.preroll_hours, usual.preroll_hours),
            &[Recording],
        ),
        ("start", source.start != usual.start, &[Recording]),
        ("synthetic", source.synthetic, &[Recording]),
        ("url", source.url.is_some() && source.kind == Feeds, &[]),
        ("url", source.url.is_some(), LIVE),
        (
            "history_url",
            source.history_url.is_some(),
            &[Binance, Coinbase, Alpaca],
        ),
        ("key_env", source.key_env.is_some(), WITH_KEY),
        ("key_file", source.key_file.is_some(), WITH_KEY),
        ("keep", source.keep != usual.keep, LIVE),
        ("wire", source.wire != usual.wire, &[Jetstream]),
        (
            "first_reach_mins",
            differ(source.first_reach_mins, usual.first_reach_mins),
            &[Jetstream],
        ),
        ("pairs", !source.pairs.is_empty(), PRICES),
        ("feeds", !source.feeds.is_empty(), &[Feeds]),
        ("lang", source.lang != usual.lang, &[Feeds, Reddit]),
        ("private_hosts", source.private_hosts, &[Feeds]),
        ("poll_secs", source.poll_secs.is_some(), POLLED),
        ("user", source.user.is_some(), &[Reddit, Alpaca]),
        ("subreddits", !source.subreddits.is_empty(), &[Reddit]),
        ("hashtags", !source.hashtags.is_empty(), &[Mastodon]),
        ("stream", source.stream != usual.stream, &[Mastodon]),
        (
            "bots or only_indexable",
            source.bots || source.only_indexable,
            &[Mastodon],
        ),
        ("sample_percent", source.sample_percent.is_some(), &[X]),
        (
            "budget_day_usd or budget_month_usd",
            source.budget_day_usd.is_some() || source.budget_month_usd.is_some(),
            &[X, XCounts],
        ),
        (
            "unwanted_conditions",
            !source.unwanted_conditions.is_empty(),
            &[Finnhub],
        ),
    ];
    let wrong = keys
        .into_iter()
        .find(|(_, is_set, kinds)| *is_set && !kinds.contains(&source.kind));
    wrong.map(|(key, ..)| key)
}

fn differ(one: f64, other: f64) -> bool {
    one.total_cmp(&other).is_ne()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(change: impl FnOnce(&mut SourceConfig), expect: Option<&str>) {
        let mut source = SourceConfig::default();
        change(&mut source);
        assert_eq!(misplaced(&source), expect);
    }

    #[test]
    fn a_key_that_means_nothing_to_a_source_is_found() {
        check(|source| source.path = Some("a".into()), None);
        check(
            |source| source.pairs = vec!["BTC-USD".into()],
            Some("pairs"),
        );
        check(
            |source| (source.kind, source.pairs) = (Binance, vec!["BTC-USD".into()]),
            None,
        );
        check(
            |source| (source.kind, source.subreddits) = (Jetstream, vec!["r".into()]),
            Some("subreddits"),
        );
        check(
            |source| (source.kind, source.path) = (Finnhub, Some("a".into())),
            Some("path"),
        );
        check(
            |source| (source.kind, source.url) = (Feeds, Some("https://a".into())),
            Some("url"),
        );
    }
}
