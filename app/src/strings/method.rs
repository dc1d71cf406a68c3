//! The method cards: what each number is, how it is computed, and what it cannot say. One table for all panels.

use analysis::{
    obeys::Shown,
    protocol::{Method, Scoring},
    text::sentiment::Limits,
};

/// Which card.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Card {
    Kpi,
    Market,
    Hashtags,
    Posts,
    Lag,
    Topics,
    Sample,
    Sources,
    Leaders,
    Trends,
    Hours,
    Live,
    Rolling,
    Events,
    Months,
    Quality,
}

/// What stands on a card besides the figures.
pub(crate) struct Text {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) formula: &'static str,
    pub(crate) limits: &'static str,
}

/// Which program computed it.
pub(crate) const VERSION: &str = match option_env!("MOODTAPE_COMMIT") {
    Some(commit) => commit,
    None => concat!("Moodtape ", env!("CARGO_PKG_VERSION")),
};

/// What scored the posts, with the version of its words.
pub(crate) fn lexicon(scoring: Scoring) -> String {
    let words = match scoring.method {
        Method::Vader => "VADER, lexicon of vaderSentiment 3.3.2",
        Method::Finance => {
            "VADER, lexicon of vaderSentiment 3.3.2 with this program’s market words"
        }
        Method::WordList => "your own word list",
    };
    let limits = match scoring.limits {
        Limits::Customary => "±0.05",
        Limits::Strict => "0",
    };
    format!("{words}; classes by {limits}")
}

const LEXICON_LIMITS: &str = "A lexicon reads words, not meaning: irony and quotes are misread. What people post is not what markets think";

/// Which parts of what is selected a panel leaves out.
pub(crate) fn selection(card: Card) -> String {
    match card {
        Card::Market => format!(
            "{}. The answer to why a bucket is unusual: {}",
            told(Shown::Market),
            told(Shown::Why)
        ),
        Card::Kpi => told(Shown::Kpi),
        Card::Hashtags => told(Shown::Hashtags),
        Card::Posts => told(Shown::Posts),
        Card::Lag => told(Shown::Lag),
        Card::Topics => told(Shown::Topics),
        Card::Sample => told(Shown::Sample),
        Card::Sources => told(Shown::Sources),
        Card::Leaders => told(Shown::Leaders),
        Card::Trends => told(Shown::Trends),
        Card::Hours => told(Shown::Hours),
        Card::Live => format!(
            "{}; a topic of its own stands for those selected",
            told(Shown::Live)
        ),
        Card::Rolling => told(Shown::Rolling),
        Card::Events => told(Shown::Events),
        Card::Months => told(Shown::Months),
        Card::Quality => told(Shown::Quality),
    }
}

fn told(view: Shown) -> String {
    let (left_out, why) = view.leaves_out();
    let names: Vec<&str> = left_out.iter().map(|part| part.name()).collect();
    match names.as_slice() {
        [] => "all of it counts".to_owned(),
        [one] => format!("all of it counts but the {one}: {why}"),
        [first @ .., last] => {
            format!(
                "all of it counts but {} and {last}: {why}",
                first.join(", ")
            )
        }
    }
}

/// The table.
pub(crate) fn text(card: Card) -> Text {
    let (name, what, formula, limits) = match card {
        Card::Kpi => (
            "the key figures",
            "Posts of the range by class and mean compound, each against the equally long stretch just before, and their authors",
            "mean = Σ compound / n; change = now / before − 1; voices = exp(−Σ pᵢ ln pᵢ), pᵢ an author’s share of the posts",
            LEXICON_LIMITS,
        ),
        Card::Market => (
            "price × sentiment",
            "Closing prices, mean compound and number of posts that mention the ticker, on one grid of time",
            "a bucket holds the posts with from ≤ time < to; a close stands at the end of its bar; unusual buckets as told below the chart",
            "Shows what goes together in time, not why. A gap means that nobody listened, not that nobody posted",
        ),
        Card::Hashtags => (
            "trending hashtags",
            "Hashtags in the window that ends now, at most once per post or author, against the window before and the day before",
            "expected ν = (uses in the day before + ½) × uses of any tag now / then; burst = (count − ν) / max(√(ν + ν·now/then + (ν/4)²), 1), from a count of 5 on; voices = exp(−Σ pᵢ ln pᵢ), pᵢ an author’s share of its posts",
            "Coordinated posting trends too: look at the authors and at the spam among its posts",
        ),
        Card::Posts => (
            "the posts",
            "Posts of the range that match the filters, newest first or drawn at random",
            "random: every post of the range has the same chance, by a seed that stands in the address",
            "Texts are kept of the newest 100,000 posts only; older ones are counted and not listed",
        ),
        Card::Lag => (
            "lead or lag",
            "Correlation of mean compound and log return at each lag, after both were prewhitened, against the band in which chance keeps it",
            "corr(xₜ, yₜ₊ₖ) of the residuals of two autoregressions; band: Šidák’s 95 % limit over all lags; found only if phase-randomised surrogates agree",
            "Says which series moved first in this range, not why, and nothing of the future. Whoever looks at many tickers finds one by chance: see the counter",
        ),
        Card::Topics => (
            "topics",
            "Posts of the range by topic; a post may belong to several",
            "a keyword matches whole words, hashtags and cashtags, whatever their case",
            "A topic knows only its keywords",
        ),
        Card::Sample => (
            "what counts",
            "Which posts look like spam and why, and which are left out of every number",
            "rules on near-duplicates, rate, cashtags, phrases and links; each post is judged by what came before it",
            "A rule errs both ways: list the spam and look. The loudest authors are picked with hindsight",
        ),
        Card::Sources => (
            "sources",
            "What the relay received, kept and refused, and what this browser holds",
            "received = kept + refused, by reason",
            "A relay chooses languages and drops reposts for all its readers; that is counted and cannot be undone here",
        ),
        Card::Leaders => (
            "the leaderboard",
            "Tickers by posts that mention them, or by the share of a class among those",
            "share = posts of the class / posts; shares are ranked from 5 posts on; ties by posts, then by name; voices = exp(−Σ pᵢ ln pᵢ), pᵢ an author’s share of its posts",
            "A post that names two tickers counts for both. Attention is not ownership, and a popular ticker may be popular with bots",
        ),
        Card::Trends => (
            "ticker trends",
            "Posts that mention a ticker by class, in cells of an hour, a day or a month (UTC), with their shares above",
            "share = posts of the class / posts of the cell; a cell is hatched where no source was listening",
            "A share of few posts jumps: read it with the number beneath it",
        ),
        Card::Hours => (
            "posts over time",
            "All posts that count, by class, in whole hours, days or months of UTC",
            "cells that the range touches are shown whole, n counts the range itself",
            "Numbers follow the sources: one source more is not a change of mood",
        ),
        Card::Live => (
            "posts every five seconds",
            "Posts by class in cells of five seconds up to the clock of the data",
            "nothing posted is a zero where a source was listening, and hatched where none was",
            "Posts that come late fall into the cell of their own time, so the newest cells still grow",
        ),
        Card::Rolling => (
            "the rolling correlation",
            "Correlation of mean compound and return, or of changes in posts and the size of returns, over a stretch that moves along and over the whole range",
            "Pearson’s r or Spearman’s ρ; n_eff = n / (1 + 2 Σ (1 − j/n) ρₓ(j) ρᵧ(j)); p and interval by n_eff, told × the looks so far (Bonferroni); pointwise band tanh(1.96 / √(pairs − 3))",
            "The band holds for one place and series of which one has no memory: of 100 places about 5 lie outside by chance, and neighbours share their posts. What goes together need not depend on each other",
        ),
        Card::Events => (
            "the event study",
            "Mean return around cells with unusually many posts, beyond what the market did, against instants chosen by lot",
            "abnormal = r − (a + b · market), a and b from before each event; windows never overlap; band: events drawn anew 199 times; placebo at instants by lot, on a grid of hours at the same hour of other days; p told × the looks so far (Bonferroni)",
            "Events are picked with hindsight by Seasonal Hybrid ESD. Posts may follow prices as well as go before them: read both sides of 0",
        ),
        Card::Months => (
            "the months",
            "Least and greatest price, market capitalisation and volume by month (UTC), beside posts and mean compound",
            "price: lowest low and highest high of the bars that begin in the month; change = ln(last close / first close)",
            "The first and the last month may be incomplete: see the number of bars. A dozen months allow no statement on price and mood",
        ),
        Card::Quality => (
            "the data’s quality",
            "Checks of what came in: presence, balance, keys, duplicates, gaps, clocks, late, refused",
            "share = records concerned / records the relay received, or events, posts or bars held here; received = kept + dropped + filtered + duplicates must hold",
            "The relay counts since its start, this browser since its store was opened; gaps and holes are those of the range. When an exchange is closed is learnt from its bars; holidays are told as holes",
        ),
    };
    Text {
        name,
        what,
        formula,
        limits,
    }
}
