//! What a drop reason says about a record: that it is damaged, that it was there already, or that it is not wanted.

/// The reason for what is there already.
pub const DUPLICATE: &str = "duplicate";

/// Reasons for leaving out what is sound: filters, the wishes of authors, and records that are no posts or
/// closed bars by their nature.
const ON_PURPOSE: [&str; 19] = [
    "bar_update",
    "bot",
    "edit",
    "language",
    "late_trade",
    "nobot",
    "not_a_bar",
    "not_a_post",
    "not_indexable",
    "not_public",
    "off_topic",
    "old_trade",
    "other_rule",
    "repost",
    "sensitive",
    "stream_only",
    "too_old",
    "trade_condition",
    "unknown_post",
];

/// What kind of reason one is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DropKind {
    /// The record could not be read or used. Reasons that this version does not know count as this one.
    Unusable,
    /// It was there already.
    Repeat,
    /// It is sound, and is left out on purpose.
    OnPurpose,
}

impl DropKind {
    /// The kind of a reason as it stands in [`SourceStatus::dropped`](crate::SourceStatus::dropped).
    ///
    /// ```
    /// use wire::drops::DropKind;
    ///
    /// assert_eq!(DropKind::of("language"), DropKind::OnPurpose);
    /// assert_eq!(DropKind::of("duplicate"), DropKind::Repeat);
    /// assert_eq!(DropKind::of("bad_json"), DropKind::Unusable);
    /// ```
    pub fn of(reason: &str) -> Self {
        if reason == DUPLICATE {
            Self::Repeat
        } else if ON_PURPOSE.contains(&reason) {
            Self::OnPurpose
        } else {
            Self::Unusable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::FormatError;

    #[test]
    fn what_a_format_refuses_is_unusable_unless_it_is_a_notice() {
        for error in [
            FormatError::Json,
            FormatError::Time,
            FormatError::Utf8,
            FormatError::UnknownBody,
            FormatError::TooLong,
        ] {
            assert_eq!(DropKind::of(error.reason()), DropKind::Unusable, "{error}");
        }
        assert_eq!(
            DropKind::of(FormatError::StreamOnly.reason()),
            DropKind::OnPurpose
        );
        assert!(ON_PURPOSE.is_sorted());
    }
}
