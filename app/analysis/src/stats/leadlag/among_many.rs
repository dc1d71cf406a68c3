//! Many pairs tested at once, such as all tickers: what is left of each verdict when all the looking counts.

use super::{ALPHA, LeadLag, Verdict};
use crate::stats::trials::benjamini_yekutieli;

/// What is left of one pair's outcome beside the others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AmongMany {
    /// [`LeadLag::p_family`] adjusted for all pairs that were tested; `None` for one that was not.
    pub p: Option<f64>,
    /// The pair's own verdict, or that there is no reliable lead or lag where `p` is not below [`ALPHA`].
    pub verdict: Verdict,
}

/// Of the pairs that still have a lead, lag or togetherness, a share of [`ALPHA`] at most is false on
/// average, however the pairs depend on each other. In the order given; pairs that were too short to be
/// tested do not count.
///
/// # Source
/// [`benjamini_yekutieli`] over the p-values over all lags.
///
/// ```
/// use analysis::stats::leadlag::{LeadLag, Verdict, among_many};
///
/// let found = |p_family| LeadLag { p_family, verdict: Verdict::XLeads { lag: 1 }, ..LeadLag::default() };
/// let judged = among_many(&[found(Some(0.001)), found(Some(0.04))]);
///
/// // 2 · (1 + 1/2) / rank times p
/// assert!((judged[0].p.unwrap_or(1.0) - 0.003).abs() < 1e-12);
/// assert_eq!(judged[0].verdict, Verdict::XLeads { lag: 1 });
/// assert_eq!(judged[1].verdict, Verdict::NoReliableLeadOrLag);
/// ```
pub fn among_many(found: &[LeadLag]) -> Vec<AmongMany> {
    let p: Vec<Option<f64>> = found.iter().map(|pair| pair.p_family).collect();
    let adjusted = benjamini_yekutieli(&p);
    let judged = found.iter().zip(adjusted);
    judged
        .map(|(pair, p)| AmongMany {
            p,
            verdict: match pair.verdict {
                Verdict::TooShort { .. } => pair.verdict,
                verdict if p.is_some_and(|p| p < ALPHA) => verdict,
                _ => Verdict::NoReliableLeadOrLag,
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        series::Series,
        stats::{
            leadlag::{Lags, lead_lag},
            random::Random,
        },
    };

    const LAGS: Lags = Lags { max: 12, period: 0 };

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..n).map(|_| random.normal()).collect()
    }

    fn strangers(seed: u64) -> LeadLag {
        let series = |seed| noise(300, seed).into_iter().collect::<Series>();
        lead_lag(&series(seed), &series(seed + 1_000), LAGS)
    }

    #[test]
    fn of_many_strangers_some_lead_alone_and_none_among_all_while_a_true_lead_stays() {
        let mut found: Vec<LeadLag> = (0..120).map(strangers).collect();
        let x = noise(303, 7);
        let follows = x.iter().zip(noise(300, 8)).map(|(x, e)| x + e);
        let y: Series = follows.collect();
        let x: Series = x[3..].iter().copied().collect();
        found.push(lead_lag(&x, &y, LAGS));
        found.push(LeadLag {
            verdict: Verdict::TooShort { needed: 60 },
            ..LeadLag::default()
        });

        let judged = among_many(&found);

        let claims = |verdict: &Verdict| {
            !matches!(
                verdict,
                Verdict::NoReliableLeadOrLag | Verdict::TooShort { .. }
            )
        };
        let n_alone = found[..120].iter().filter(|f| claims(&f.verdict)).count();
        assert!((1..15).contains(&n_alone), "{n_alone}");
        assert!(!judged[..120].iter().any(|one| claims(&one.verdict)));
        assert_eq!(judged[120].verdict, Verdict::XLeads { lag: 3 });
        assert_eq!(
            judged[121],
            AmongMany {
                p: None,
                verdict: Verdict::TooShort { needed: 60 }
            }
        );
    }
}
