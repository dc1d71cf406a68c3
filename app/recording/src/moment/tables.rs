//! The card as tables, and what such tables say to a person.

use analysis::{protocol::talk::MomentView, view::Counts};
use wire::Millis;

use crate::{
    export::iso,
    file::content_hash,
    table::{Cell, Column, Kind, Needs, Table, column},
};

/// What a view does not know.
pub(super) struct Names<I, H, G> {
    /// A post's id, by its identity.
    pub(super) id_of: I,
    /// An article's hash, by source and id.
    pub(super) hash_of: H,
    /// Whether texts of a source are given.
    pub(super) gives: G,
}

const MOMENT: &[Column] = &[
    column("from", Kind::Time, "UTC", "start of the stretch"),
    column("to", Kind::Time, "UTC", "its end"),
    column("posts", Kind::Integer, "posts", "of the stretch"),
    column("positive", Kind::Integer, "posts", "positive ones"),
    column("neutral", Kind::Integer, "posts", "neutral ones"),
    column("negative", Kind::Integer, "posts", "negative ones"),
    column("mean_compound", Kind::Number, "-1 to +1", "their mean"),
    column(
        "before",
        Kind::Integer,
        "posts",
        "of a stretch as long before it",
    )
    .needing(Needs::Posts),
    column("authors", Kind::Integer, "authors", "distinct ones").needing(Needs::People),
    column(
        "new_authors",
        Kind::Integer,
        "authors",
        "of whom the file has nothing from before",
    )
    .needing(Needs::People),
    column(
        "judged",
        Kind::Integer,
        "posts",
        "that were compared with others",
    )
    .needing(Needs::People),
    column(
        "duplicates",
        Kind::Integer,
        "posts",
        "that say nearly the same as others of the day before",
    )
    .needing(Needs::People),
    column(
        "articles",
        Kind::Integer,
        "articles",
        "around it with one of its words",
    )
    .needing(Needs::People),
    column(
        "knowable_at",
        Kind::Time,
        "UTC",
        "all of it but later prices and articles",
    )
    .needing(Needs::Posts),
];

const WORDS: &[Column] = &[
    column("of", Kind::Text, "", "word, or topic by its first words").needing(Needs::People),
    column("name", Kind::Text, "", "").needing(Needs::People),
    column("posts", Kind::Integer, "posts", "of the stretch").needing(Needs::People),
    column(
        "before",
        Kind::Integer,
        "posts",
        "of what it is compared with",
    )
    .needing(Needs::People),
    column(
        "weight",
        Kind::Number,
        "standard deviations, or posts",
        "how much a word stands out",
    )
    .needing(Needs::People),
];

const HASHTAGS: &[Column] = &[
    column("hashtag", Kind::Text, "", "without its sign").needing(Needs::Posts),
    column("posts", Kind::Integer, "posts", "of the stretch").needing(Needs::Posts),
    column(
        "before",
        Kind::Integer,
        "posts",
        "of a stretch as long before it",
    )
    .needing(Needs::Posts),
];

const POSTS: &[Column] = &[
    column("at", Kind::Time, "UTC", "by which it is counted").needing(Needs::People),
    column("seen_at", Kind::Time, "UTC", "when it was received").needing(Needs::People),
    SOURCE,
    ID,
    HASH,
    column("text", Kind::Text, "", "where the source's terms allow it").needing(Needs::People),
];

const ARTICLES: &[Column] = &[
    column(
        "place",
        Kind::Text,
        "",
        "before, during or after the stretch",
    )
    .needing(Needs::People),
    column("first_seen_at", Kind::Time, "UTC", "when it was received").needing(Needs::People),
    column("published_at", Kind::Time, "UTC", "as its publisher says").needing(Needs::People),
    SOURCE,
    ID,
    HASH,
    column("title", Kind::Text, "", "where the source's terms allow it").needing(Needs::People),
    column("url", Kind::Text, "", "where the source's terms allow it").needing(Needs::People),
    column("score", Kind::Number, "BM25", "how well it fits the words").needing(Needs::People),
    column("words", Kind::Text, "", "that it has").needing(Needs::People),
];

const PRICES: &[Column] = &[
    column("ticker", Kind::Text, "", ""),
    column("currency", Kind::Text, "", "of the prices"),
    column("width", Kind::Integer, "ms", "length of a bar"),
    column(
        "at",
        Kind::Time,
        "UTC",
        "end of the bar; the first is the last known when the stretch ended",
    ),
    column("close", Kind::Number, "currency", "last price"),
];

const SOURCE: Column =
    column("source", Kind::Text, "", "the service it came from").needing(Needs::People);
const ID: Column = column("id", Kind::Text, "", "the service's own id").needing(Needs::People);
const HASH: Column =
    column("hash", Kind::Text, "", "of source, id and text").needing(Needs::People);

/// The tables without rows.
pub(crate) fn empty() -> [Table; 6] {
    [
        Table::new("moment", MOMENT),
        Table::new("moment_words", WORDS),
        Table::new("moment_hashtags", HASHTAGS),
        Table::new("moment_posts", POSTS),
        Table::new("moment_articles", ARTICLES),
        Table::new("moment_prices", PRICES),
    ]
}

pub(super) fn all<I, H, G>(view: &MomentView, names: &Names<I, H, G>) -> Vec<Table>
where
    I: Fn(u64) -> String,
    H: Fn(&str, &str) -> Option<String>,
    G: Fn(&str) -> bool,
{
    let given = |source: &str, text: &str| match text.is_empty() || !(names.gives)(source) {
        true => Cell::None,
        false => text.into(),
    };
    let [
        mut moment,
        mut words,
        mut hashtags,
        mut posts,
        mut articles,
        mut prices,
    ] = empty();
    let mut row: Vec<Cell> = vec![view.range.from.into(), view.range.to.into()];
    row.extend(cells(&view.counts));
    row.extend([
        view.n_before.into(),
        view.n_authors.into(),
        view.n_new_authors.into(),
        view.n_judged.into(),
        view.n_duplicates.into(),
        view.n_articles.into(),
        view.known_at.into(),
    ]);
    moment.rows.push(row);
    words.rows.extend(view.terms.iter().map(|term| {
        let name = term.text.as_str();
        vec![
            "word".into(),
            name.into(),
            term.n.into(),
            term.n_background.into(),
            term.weight.into(),
        ]
    }));
    let topics = view.topics.iter();
    words.rows.extend(topics.map(|(name, n, n_before)| {
        let name = name.as_str().into();
        vec![
            "topic".into(),
            name,
            (*n).into(),
            (*n_before).into(),
            Cell::None,
        ]
    }));
    let tags = view.hashtags.iter();
    hashtags.rows.extend(
        tags.map(|(tag, n, n_before)| vec![tag.as_str().into(), (*n).into(), (*n_before).into()]),
    );
    posts.rows.extend(view.first.iter().map(|post| {
        let id = (names.id_of)(post.key);
        let hash = content_hash(&post.source, &id, &post.text);
        vec![
            post.at.into(),
            post.seen_at.into(),
            post.source.as_str().into(),
            id.as_str().into(),
            hash.as_str().into(),
            given(&post.source, &post.text),
        ]
    }));
    articles.rows.extend(view.articles.iter().map(|row| {
        let article = &row.article;
        vec![
            view.place_of(article).into(),
            article.first_seen_at.into(),
            article.published_at.into(),
            article.source.as_str().into(),
            article.id.as_str().into(),
            (names.hash_of)(&article.source, &article.id)
                .as_deref()
                .into(),
            given(&article.source, &article.title),
            given(&article.source, &article.url),
            row.score.into(),
            row.matched.join(" ").as_str().into(),
        ]
    }));
    if let Some(found) = &view.prices {
        let closes = std::iter::once(&found.before).chain(&found.after);
        prices.rows.extend(closes.map(|(at, close)| {
            vec![
                found.ticker.as_str().into(),
                found.currency.as_str().into(),
                found.width.into(),
                (*at).into(),
                (*close).into(),
            ]
        }));
    }
    vec![moment, words, hashtags, posts, articles, prices]
}

fn cells(counts: &Counts) -> [Cell; 5] {
    [
        counts.posts.into(),
        counts.positive.into(),
        counts.neutral.into(),
        counts.negative.into(),
        counts.mean_compound.into(),
    ]
}

/// The moment's one row as far as sums tell it.
pub(crate) fn set_counts(table: &mut Table, counts: &Counts) {
    let row = table.rows.iter_mut().flatten().skip(2);
    for (cell, counted) in row.zip(cells(counts)) {
        *cell = counted;
    }
}

/// A row as a file states it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'f> {
    pub(crate) columns: &'f [String],
    pub(crate) cells: &'f [Cell],
}

impl Row<'_> {
    fn cell(&self, name: &str) -> &Cell {
        let place = self.columns.iter().position(|column| column == name);
        let cell = place.and_then(|place| self.cells.get(place));
        cell.unwrap_or(&Cell::None)
    }

    fn shown(&self, name: &str) -> String {
        match self.cell(name) {
            Cell::None => "–".to_owned(),
            Cell::Number(number) => format!("{number:.2}"),
            cell => cell.shown(),
        }
    }

    fn time(&self, name: &str) -> String {
        match self.cell(name) {
            Cell::Integer(at) => minute(*at),
            _ => "–".to_owned(),
        }
    }

    /// A text, or the id of what it stands under.
    fn text(&self, name: &str) -> String {
        match self.cell(name) {
            Cell::Text(text) => text.clone(),
            _ => format!(
                "({} {}, hash {})",
                self.shown("source"),
                self.shown("id"),
                self.shown("hash")
            ),
        }
    }
}

/// What a file states of a moment, in lines for a person; none where it states no moment.
pub(crate) fn told<'f>(rows_of: impl Fn(&str) -> Vec<Row<'f>>) -> Vec<String> {
    let moments = rows_of("moment");
    let Some(moment) = moments.first() else {
        return Vec::new();
    };
    let list = |table: &str, of: &dyn Fn(&Row<'f>) -> Option<String>| {
        let rows = rows_of(table);
        let texts: Vec<String> = rows.iter().filter_map(of).collect();
        texts.join(", ")
    };
    let of_words = |kind: &'static str| {
        list("moment_words", &|row| {
            let counts = || {
                format!(
                    "{} ({}, before {})",
                    row.shown("name"),
                    row.shown("posts"),
                    row.shown("before")
                )
            };
            (row.shown("of") == kind).then(counts)
        })
    };
    let hashtags = list("moment_hashtags", &|row| {
        Some(format!(
            "#{} ({}, before {})",
            row.shown("hashtag"),
            row.shown("posts"),
            row.shown("before")
        ))
    });
    let prices = list("moment_prices", &|row| {
        Some(format!(
            "{} {} {} at {}",
            row.shown("ticker"),
            row.shown("close"),
            row.shown("currency"),
            row.time("at")
        ))
    });
    let mut lines = vec![
        format!(
            "The moment {} to {} UTC: {} posts ({} positive, {} neutral, {} negative, mean compound {}), {} in the stretch before.",
            moment.time("from"),
            moment.time("to"),
            moment.shown("posts"),
            moment.shown("positive"),
            moment.shown("neutral"),
            moment.shown("negative"),
            moment.shown("mean_compound"),
            moment.shown("before"),
        ),
        format!(
            "{} of {} authors are new to the file; {} of {} posts repeat others. Knowable from {} on.",
            moment.shown("new_authors"),
            moment.shown("authors"),
            moment.shown("duplicates"),
            moment.shown("judged"),
            moment.time("knowable_at"),
        ),
    ];
    for (name, told) in [
        ("Words", of_words("word")),
        ("Hashtags", hashtags),
        ("Topics", of_words("topic")),
        ("Prices after it", prices),
    ] {
        if !told.is_empty() {
            lines.push(format!("{name}: {told}"));
        }
    }
    lines.extend(rows_of("moment_posts").iter().map(|row| {
        format!(
            "First posts, {}: [{}] {}",
            row.time("at"),
            row.shown("source"),
            row.text("text")
        )
    }));
    lines.extend(rows_of("moment_articles").iter().map(|row| {
        format!(
            "Article {}, first seen {}: {}",
            row.shown("place"),
            row.time("first_seen_at"),
            row.text("title")
        )
    }));
    lines
}

/// `2026-03-02 00:05`.
fn minute(at: Millis) -> String {
    let time = iso(at);
    time.get(..16).unwrap_or(&time).replace('T', " ")
}
