//! What the sources' terms allow to be handed on.

use wire::PublicConfig;

/// How much of the posts goes into a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Texts {
    /// Texts of the sources whose terms let them be handed on; of the others ids, times and scores.
    #[default]
    Allowed,
    /// All of them, for the reader's own use.
    All,
    /// None: ids and hashes of posts, and sums by five minutes.
    Aggregates,
}

/// Public by their protocol: whoever writes there publishes to anybody, and may withdraw.
const FREE_TEXTS: [&str; 2] = ["bluesky", "nostr"];

/// Contracts forbid to hand these on.
const BOUND_PRICES: [&str; 4] = ["alpaca", "finnhub", "cryptocompare", "coingecko"];

/// Whether texts of a source may be handed on. What is not known is not allowed.
pub fn allows_texts(source: &str, config: &PublicConfig) -> bool {
    is_made_up(source, config) || FREE_TEXTS.contains(&source)
}

/// Whether prices of a source may be handed on. Prices of files are as free as the file was.
pub fn allows_prices(source: &str) -> bool {
    !BOUND_PRICES.contains(&source)
}

/// Whether texts of a source go into a file.
pub(crate) fn gives_texts(texts: Texts, source: &str, config: &PublicConfig) -> bool {
    match texts {
        Texts::All => true,
        Texts::Allowed => allows_texts(source, config),
        Texts::Aggregates => false,
    }
}

/// Whether prices of a source go into a file.
pub(crate) fn gives_prices(texts: Texts, source: &str) -> bool {
    texts == Texts::All || allows_prices(source)
}

/// Data of the demo belong to nobody.
fn is_made_up(source: &str, config: &PublicConfig) -> bool {
    let is_synthetic = config
        .replay
        .as_ref()
        .is_some_and(|replay| replay.synthetic);
    is_synthetic || source.starts_with("demo-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_free_is_handed_on() {
        let config = PublicConfig::default();
        assert!(allows_texts("bluesky", &config) && allows_texts("demo-social", &config));
        for source in ["twitter", "reddit", "mastodon", "news", "file", "else"] {
            assert!(!allows_texts(source, &config), "{source}");
        }
        assert!(allows_prices("binance") && allows_prices("file") && !allows_prices("finnhub"));
    }
}
