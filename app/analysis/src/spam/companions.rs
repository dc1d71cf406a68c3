//! Which tickers are named together as a matter of course, so that those that merely ride on a popular
//! one stand out.

use rustc_hash::FxHashMap;
use wire::Millis;
use wire::time::DAY;

/// Popular without having been seen: what riders ride on.
const POPULAR: &[&str] = &[
    "AAPL", "ADA", "AMZN", "BNB", "BTC", "DOGE", "ETH", "FB", "GOOG", "GOOGL", "META", "MSFT",
    "NFLX", "NVDA", "QQQ", "SOL", "SPY", "TSLA", "XRP",
];
/// Posts that make a ticker popular, if they are also a share of [`POPULAR_SHARE`].
const MIN_POPULAR: u32 = 20;
/// The share of posts with cashtags that makes a ticker popular.
const POPULAR_SHARE: f64 = 0.02;
/// Tickers of one post that are looked at.
pub(super) const MAX_TICKERS: usize = 12;
/// Pairs that are remembered at most, of today and of yesterday each.
const MAX_PAIRS: usize = 40_000;

/// What was seen today and yesterday, by event time.
#[derive(Clone, Debug, Default)]
pub(super) struct Companions {
    today: Day,
    yesterday: Day,
    ends: Option<Millis>,
}

#[derive(Clone, Debug, Default)]
struct Day {
    n_posts: u32,
    tickers: FxHashMap<u32, u32>,
    /// By pair: who named it first, and whether somebody else has.
    pairs: FxHashMap<u64, (u64, bool)>,
}

impl Companions {
    /// How many tickers of the post have nothing to do with a popular one beside them: neither are they
    /// popular themselves, nor has another author named the two together. Then takes the post in.
    pub(super) fn observe(&mut self, at: Millis, author: u64, tickers: &[&str]) -> u32 {
        self.turn_page(at);
        let tickers = tickers.get(..MAX_TICKERS).unwrap_or(tickers);
        let mut ids = [0_u32; MAX_TICKERS];
        let mut is_popular = [false; MAX_TICKERS];
        for (idx, ticker) in tickers.iter().enumerate() {
            ids[idx] = id_of(ticker);
            is_popular[idx] = POPULAR.contains(ticker) || self.is_popular(ids[idx]);
        }
        let ids = &ids[..tickers.len()];
        let popular: Vec<u32> = ids
            .iter()
            .zip(is_popular)
            .filter(|(_, is)| *is)
            .map(|(id, _)| *id)
            .collect();
        let mut n_riders = 0;
        if !popular.is_empty() {
            for (id, _) in ids.iter().zip(is_popular).filter(|(_, is)| !*is) {
                let is_known = popular
                    .iter()
                    .any(|other| self.knows(pair_of(*id, *other), author));
                n_riders += u32::from(!is_known);
            }
        }
        self.today.take_in(author, ids);
        n_riders
    }

    fn is_popular(&self, id: u32) -> bool {
        let n_of = |day: &Day| day.tickers.get(&id).copied().unwrap_or(0);
        let n = n_of(&self.today) + n_of(&self.yesterday);
        let n_posts = self.today.n_posts + self.yesterday.n_posts;
        n >= MIN_POPULAR && f64::from(n) >= POPULAR_SHARE * f64::from(n_posts)
    }

    /// Has somebody other than `author` named both?
    fn knows(&self, pair: u64, author: u64) -> bool {
        let is_known = |day: &Day| {
            day.pairs
                .get(&pair)
                .is_some_and(|(first, by_others)| *by_others || *first != author)
        };
        is_known(&self.today) || is_known(&self.yesterday)
    }

    fn turn_page(&mut self, at: Millis) {
        let ends = *self.ends.get_or_insert(at.saturating_add(DAY));
        if at < ends && self.today.pairs.len() < MAX_PAIRS {
            return;
        }
        self.yesterday = std::mem::take(&mut self.today);
        if at >= ends.saturating_add(DAY) {
            self.yesterday = Day::default();
        }
        self.ends = Some(at.max(ends).saturating_add(DAY));
    }
}

impl Day {
    fn take_in(&mut self, author: u64, ids: &[u32]) {
        self.n_posts += 1;
        for (idx, id) in ids.iter().enumerate() {
            *self.tickers.entry(*id).or_default() += 1;
            for other in ids.iter().skip(idx + 1) {
                let (first, by_others) = self
                    .pairs
                    .entry(pair_of(*id, *other))
                    .or_insert((author, false));
                *by_others |= *first != author;
            }
        }
    }
}

/// A number for a ticker; two of them share one with a probability of 2⁻³².
fn id_of(ticker: &str) -> u32 {
    (super::sketch::hash_text(ticker) >> 32) as u32
}

fn pair_of(a: u32, b: u32) -> u64 {
    u64::from(a.min(b)) << 32 | u64::from(a.max(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn riders_are_unknown_tickers_beside_a_popular_one() {
        let mut companions = Companions::default();

        assert_eq!(
            companions.observe(0, 1, &["AAPL", "XQZA", "XQZB", "XQZC"]),
            3
        );
        assert_eq!(
            companions.observe(0, 1, &["AAPL", "XQZA", "XQZB", "XQZC"]),
            3,
            "the same author again"
        );
        assert_eq!(
            companions.observe(0, 2, &["AAPL", "MSFT", "GOOG", "AMZN"]),
            0
        );
        assert_eq!(companions.observe(0, 2, &["XQZA", "XQZB", "XQZD"]), 0);
    }

    #[test]
    fn what_several_name_together_belongs_together() {
        let mut companions = Companions::default();
        companions.observe(0, 1, &["AAPL", "QCOM"]);

        assert_eq!(companions.observe(0, 2, &["AAPL", "QCOM", "XQZA"]), 1);
        assert_eq!(
            companions.observe(3 * DAY, 2, &["AAPL", "QCOM", "XQZA"]),
            2,
            "forgotten after days"
        );
    }

    #[test]
    fn a_ticker_becomes_popular() {
        let mut companions = Companions::default();
        for author in 0..30 {
            companions.observe(0, author, &["HYPE"]);
        }

        assert_eq!(companions.observe(0, 99, &["HYPE", "XQZA"]), 1);
    }
}
