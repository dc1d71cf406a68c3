//! Authors as keyed hashes: enough to count them and to see that two posts share one, and no more.

use std::{fmt, hash::Hasher};

use siphasher::sip::SipHasher24;

/// The secret that turns a platform's author id into the hash that is stored.
///
/// It belongs to a log: equal authors of one log have equal hashes, and without the key nobody can
/// look for a known author. An export hashes again with a fresh key.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct AuthorKey(pub [u8; 16]);

impl AuthorKey {
    /// Hash of an author as 16 hexadecimal digits: SipHash-2-4 over source, a zero byte, and the
    /// platform's stable id.
    ///
    /// ```
    /// use wire::author::AuthorKey;
    ///
    /// let key = AuthorKey([7; 16]);
    /// assert_eq!(key.hash("twitter", "12").len(), 16);
    /// assert_ne!(key.hash("twitter", "12"), key.hash("mastodon", "12"));
    /// ```
    pub fn hash(&self, source: &str, upstream_id: &str) -> String {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(source.as_bytes());
        hasher.write(&[0]);
        hasher.write(upstream_id.as_bytes());
        format!("{:016x}", hasher.finish())
    }
}

/// Never shows the key, so that it cannot get into a log file by accident.
impl fmt::Debug for AuthorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_has_one_hash_per_key_and_another_under_another_key() {
        let key = AuthorKey([1; 16]);

        assert_eq!(key.hash("twitter", "42"), key.hash("twitter", "42"));
        assert_ne!(
            key.hash("twitter", "42"),
            AuthorKey([2; 16]).hash("twitter", "42")
        );
        assert_ne!(key.hash("a", "bc"), key.hash("ab", "c"));
    }

    #[test]
    fn the_hash_is_siphash_2_4_on_every_machine_since_it_is_stored() {
        // Key 00…0f and message 00 is the second entry of the reference vectors of SipHash-2-4.
        let key = AuthorKey(std::array::from_fn(|i| u8::try_from(i).unwrap()));

        assert_eq!(key.hash("", ""), "74f839c593dc67fd");
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", AuthorKey([9; 16])), "AuthorKey(…)");
    }
}
