//! Filters: what a person narrowed the page down to, one by one, each of which can be taken off again.

use analysis::{
    protocol::{RangeChoice, Watch},
    view::Class,
};

/// One filter that is on. They stand in one line above the panels, in this order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Filter {
    /// A stretch of time, fixed or the newest.
    Range(RangeChoice),
    Ticker(String),
    Topic(String),
    Class(Class),
    Hashtag(String),
    /// At most so many posts of an author and hour count.
    PerAuthor(u16),
    WithoutSpam,
    OnlyEnglish,
    /// The list of posts shows spam only.
    SpamList,
}

/// The filters that are on.
pub(crate) fn filters(watch: &Watch) -> Vec<Filter> {
    let sampling = &watch.sampling;
    let range = (watch.range != RangeChoice::All).then_some(Filter::Range(watch.range));
    let tickers = watch.tickers.iter().cloned().map(Filter::Ticker);
    let topics = watch.topics.iter().cloned().map(Filter::Topic);
    let rest = [
        watch.class.map(Filter::Class),
        watch.hashtag.clone().map(Filter::Hashtag),
        sampling.per_author.map(Filter::PerAuthor),
        sampling.without_spam.then_some(Filter::WithoutSpam),
        sampling.only_english.then_some(Filter::OnlyEnglish),
        watch.only_spam.then_some(Filter::SpamList),
    ];
    let named = range.into_iter().chain(tickers).chain(topics);
    named.chain(rest.into_iter().flatten()).collect()
}

impl Filter {
    /// Is exactly this filter on?
    pub(crate) fn is_on(&self, watch: &Watch) -> bool {
        match self {
            Self::Hashtag(tag) => {
                let chosen = watch.hashtag.as_ref().map(|tag| tag.to_lowercase());
                chosen == Some(tag.to_lowercase())
            }
            other => filters(watch).contains(other),
        }
    }

    /// Takes it off if it is on, else puts it on.
    pub(crate) fn toggle(&self, watch: &mut Watch) {
        match self.is_on(watch) {
            true => self.remove(watch),
            false => self.add(watch),
        }
    }

    /// Takes it off.
    pub(crate) fn remove(&self, watch: &mut Watch) {
        match self {
            Self::Range(_) => watch.range = RangeChoice::All,
            Self::Ticker(symbol) => watch.tickers.retain(|one| one != symbol),
            Self::Topic(name) => watch.topics.retain(|one| one != name),
            Self::Class(_) => watch.class = None,
            Self::Hashtag(_) => watch.hashtag = None,
            Self::PerAuthor(_) => watch.sampling.per_author = None,
            Self::WithoutSpam => watch.sampling.without_spam = false,
            Self::OnlyEnglish => watch.sampling.only_english = false,
            Self::SpamList => watch.only_spam = false,
        }
    }

    fn add(&self, watch: &mut Watch) {
        match self.clone() {
            Self::Range(range) => watch.range = range,
            Self::Ticker(symbol) => watch.tickers.push(symbol),
            Self::Topic(name) => watch.topics.push(name),
            Self::Class(class) => watch.class = Some(class),
            Self::Hashtag(tag) => watch.hashtag = Some(tag),
            Self::PerAuthor(cap) => watch.sampling.per_author = Some(cap),
            Self::WithoutSpam => watch.sampling.without_spam = true,
            Self::OnlyEnglish => watch.sampling.only_english = true,
            Self::SpamList => watch.only_spam = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    fn all() -> [Filter; 10] {
        [
            Filter::Range(RangeChoice::Last(HOUR)),
            Filter::Ticker("BTC".into()),
            Filter::Ticker("ETH".into()),
            Filter::Topic("Energy".into()),
            Filter::Class(Class::Negative),
            Filter::Hashtag("moon".into()),
            Filter::PerAuthor(3),
            Filter::WithoutSpam,
            Filter::OnlyEnglish,
            Filter::SpamList,
        ]
    }

    #[test]
    fn every_filter_that_is_put_on_stands_in_the_line_and_can_be_taken_off() {
        let mut watch = Watch::default();

        all().iter().for_each(|filter| filter.toggle(&mut watch));

        assert_eq!(filters(&watch), all());
        all().iter().for_each(|filter| filter.toggle(&mut watch));
        assert_eq!(watch, Watch::default());
    }

    #[test]
    fn a_hashtag_is_on_in_any_case_and_a_class_replaces_another() {
        let mut watch = Watch::default();

        Filter::Hashtag("Moon".into()).toggle(&mut watch);
        Filter::Class(Class::Negative).toggle(&mut watch);
        Filter::Class(Class::Positive).toggle(&mut watch);

        assert!(Filter::Hashtag("moon".into()).is_on(&watch));
        assert_eq!(watch.class, Some(Class::Positive));
    }
}
