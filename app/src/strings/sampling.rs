//! Which posts count, in words, and what leaving some out does to the figures.

use analysis::{
    protocol::Sampling,
    view::{KpiView, LagView, LeadersView},
};

use crate::format;

/// Which posts count.
pub(crate) fn told(sampling: &Sampling) -> String {
    let Sampling {
        without_spam,
        only_english,
        per_author,
        without_reposts,
        without_source,
        without_loudest,
    } = sampling;
    let mut out = Vec::new();
    if *without_spam {
        out.push("no spam".to_owned());
    }
    if *only_english {
        out.push("only English".to_owned());
    }
    if *without_reposts {
        out.push("no reposts".to_owned());
    }
    if let Some(source) = without_source {
        out.push(format!("nothing from {source}"));
    }
    if let Some(n) = without_loudest {
        out.push(format!("without the {n} authors with most posts"));
    }
    if let Some(cap) = per_author {
        out.push(format!("at most {cap} posts an author and hour"));
    }
    match out.is_empty() {
        true => "every post".to_owned(),
        false => out.join(", "),
    }
}

/// The figures that a conclusion rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rests {
    pub(crate) posts: u64,
    pub(crate) authors: u64,
    pub(crate) mean: Option<f64>,
    pub(crate) ticker: String,
    /// Of the ticker's lead or lag, over all lags.
    pub(crate) p: Option<f64>,
    pub(crate) best_lag: Option<i32>,
    /// The first tickers of the leaderboard.
    pub(crate) leaders: Vec<String>,
}

impl Rests {
    pub(crate) fn new(kpi: &KpiView, lag: Option<&LagView>, leaders: Option<&LeadersView>) -> Self {
        let symbols = leaders.iter().flat_map(|view| &view.rows).take(3);
        Self {
            posts: kpi.counts.posts,
            authors: kpi.authors,
            mean: kpi.counts.mean_compound,
            ticker: lag.map_or(String::new(), |lag| lag.ticker.clone()),
            p: lag.and_then(|lag| lag.p_family),
            best_lag: lag.and_then(|lag| lag.best_lag),
            leaders: symbols.map(|row| row.symbol.clone()).collect(),
        }
    }

    /// Names and values, in one order.
    pub(crate) fn rows(&self) -> [(String, String); 5] {
        let p = |p: Option<f64>| p.map_or("–".to_owned(), super::p_value);
        let lag = self
            .best_lag
            .map_or(String::new(), |lag| format!(" at lag {lag}"));
        [
            ("Posts".to_owned(), format::count(self.posts)),
            ("Authors".to_owned(), format::count(self.authors)),
            (
                "Mean compound".to_owned(),
                self.mean
                    .map_or("–".to_owned(), |mean| format::signed(mean, 3)),
            ),
            (
                format!("{} lead or lag, all lags", self.ticker),
                format!("{}{lag}", p(self.p)),
            ),
            ("First tickers".to_owned(), self.leaders.join(", ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_in_words() {
        let sampling = Sampling {
            without_source: Some("twitter".into()),
            without_loudest: Some(5),
            ..Sampling::default()
        };

        assert_eq!(told(&Sampling::default()), "every post");
        assert_eq!(
            told(&sampling),
            "nothing from twitter, without the 5 authors with most posts"
        );
    }
}
