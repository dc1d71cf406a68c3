//! What makes two events the same one, whatever log or order they come in.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::{Attention, Bar, Body, Event};

/// A 64-bit hash of what identifies an event: a post by (source, id), a bar by (ticker, currency,
/// width, `open_at`), a count of posts elsewhere by (source, subject, width, `open_at`), a delete by
/// what it deletes, a status by (source, state, `seen_at`).
///
/// Equal on every machine and in every release, so it may be stored. Among ten million events the
/// chance that any two share one by accident is about 3 in a million.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Identity(pub u64);

impl Identity {
    /// Identity of an event; `None` for bodies that live on the stream only.
    pub fn of(event: &Event) -> Option<Self> {
        let hash = match &event.body {
            Body::Post(post) => hash_of(&("post", &post.source, &post.id)),
            Body::Delete(delete) => hash_of(&("delete", &delete.source, &delete.id)),
            Body::Bar(bar) => return Some(Self::of_bar(bar)),
            Body::Attention(attention) => return Some(Self::of_attention(attention)),
            Body::Status(status) => {
                hash_of(&("status", &status.source, status.state as u8, event.seen_at))
            }
            Body::Tip(_) | Body::Gap(_) | Body::Reset(_) => return None,
        };
        Some(Self(hash))
    }

    /// Identity of a bar, whichever source it came from.
    pub fn of_bar(bar: &Bar) -> Self {
        Self(hash_of(&(
            "bar",
            &bar.ticker,
            &bar.currency,
            bar.width,
            bar.open_at,
        )))
    }

    /// Identity of a count: by (source, subject, width, `open_at`).
    pub fn of_attention(attention: &Attention) -> Self {
        Self(hash_of(&(
            "attention",
            &attention.source,
            &attention.subject,
            attention.width,
            attention.open_at,
        )))
    }

    /// Identity of the post `id` of `source`.
    pub fn of_post(source: &str, id: &str) -> Self {
        Self(hash_of(&("post", source, id)))
    }
}

/// SipHash-1-3 with a fixed key: the same on 32- and 64-bit machines.
fn hash_of(parts: &impl Hash) -> u64 {
    let mut hasher = SipHasher13::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Post;

    #[test]
    fn the_identity_of_a_post_is_its_source_and_id_whatever_the_rest() {
        let post = |text: &str| {
            let post = Post {
                id: "1".into(),
                source: "x".into(),
                text: text.into(),
                ..Post::default()
            };
            Event::imported(7, Body::Post(Box::new(post)))
        };

        assert_eq!(Identity::of(&post("a")), Identity::of(&post("b")));
        assert_eq!(Identity::of(&post("a")), Some(Identity::of_post("x", "1")));
        assert_ne!(Identity::of_post("x", "12"), Identity::of_post("x1", "2"));
    }

    #[test]
    fn a_count_is_told_by_what_was_counted_and_not_by_how_much_it_was() {
        let count = |subject: &str, n| Attention {
            subject: subject.into(),
            n,
            ..Attention::default()
        };

        assert_eq!(
            Identity::of_attention(&count("a", 1)),
            Identity::of_attention(&count("a", 2))
        );
        assert_ne!(
            Identity::of_attention(&count("a", 1)),
            Identity::of_attention(&count("b", 1))
        );
    }

    #[test]
    fn identities_are_the_same_in_every_release_since_they_are_stored() {
        assert_eq!(
            Identity::of_post("twitter", "418189481607696384").0,
            12_965_959_348_795_366_632
        );
    }
}
