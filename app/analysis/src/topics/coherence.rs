//! Whether the first terms of a topic belong together: how often they occur in the same posts.

use super::corpus::Corpus;

/// How many terms of a topic are looked at.
pub(super) const N_TERMS: usize = 10;

/// Normalised pointwise mutual information of each topic's first ten terms, −1…+1: the mean over
/// their pairs of
///
/// ```text
/// ln( p(a, b) / (p(a)·p(b)) ) / −ln p(a, b)
/// ```
///
/// where p is the share of the corpus's documents (empty ones left out) that have a term, or both. A pair
/// that is never together counts −1, one that is in all documents +1; 0 is what chance gives. None for a
/// topic with fewer than two terms. Measured on the documents that were fitted.
///
/// # Source
/// Bouma, *GSCL* 2009; as a measure of topics: Lau, Newman & Baldwin, *EACL* 2014.
pub fn npmi(corpus: &Corpus, topics: &[Vec<u32>]) -> Vec<Option<f64>> {
    let mut places = vec![Vec::new(); corpus.n_terms()];
    for (topic, terms) in topics.iter().enumerate() {
        for (place, term) in terms.iter().take(N_TERMS).enumerate() {
            if let Some(places) = places.get_mut(*term as usize) {
                places.push((topic, place));
            }
        }
    }
    let mut together = vec![[[0_u32; N_TERMS]; N_TERMS]; topics.len()];
    let mut n_documents = 0;
    let mut found: Vec<(usize, usize)> = Vec::new();
    for idx in 0..corpus.n_documents() {
        let document = corpus.document(idx);
        n_documents += u32::from(!document.is_empty());
        found.clear();
        for (term, _) in super::corpus::groups(document) {
            found.extend_from_slice(&places[term as usize]);
        }
        found.sort_unstable();
        for of_topic in found.chunk_by(|a, b| a.0 == b.0) {
            for (i, (topic, a)) in of_topic.iter().enumerate() {
                for (_, b) in &of_topic[i..] {
                    together[*topic][*a][*b] += 1;
                }
            }
        }
    }
    let n_terms = topics.iter().map(|terms| terms.len().min(N_TERMS));
    let both = together.iter().zip(n_terms);
    both.map(|(together, n_terms)| mean_of_pairs(together, n_terms, n_documents))
        .collect()
}

/// `together[a][b]` with a ≤ b: documents with both; on the diagonal, with the one.
fn mean_of_pairs(
    together: &[[u32; N_TERMS]; N_TERMS],
    n_terms: usize,
    n_documents: u32,
) -> Option<f64> {
    let share = |n: u32| f64::from(n) / f64::from(n_documents);
    let (mut sum, mut n_pairs) = (0.0, 0_u32);
    for a in 0..n_terms {
        for b in a + 1..n_terms {
            n_pairs += 1;
            sum += match together[a][b] {
                0 => -1.0,
                n if n == n_documents => 1.0,
                n => {
                    let apart = share(together[a][a]) * share(together[b][b]);
                    (share(n) / apart).ln() / -share(n).ln()
                }
            };
        }
    }
    (n_pairs > 0).then(|| sum / f64::from(n_pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_1_always_together_minus_1_never_and_0_by_chance() {
        let mut corpus = Corpus::default();
        for document in ["a b c", "a b", "d c", "d", ""] {
            corpus.push(document.split_whitespace());
        }
        let number = |term: &str| corpus.vocabulary().find(term).unwrap();
        let topic = |terms: &str| terms.split_whitespace().map(number).collect::<Vec<u32>>();

        let found = npmi(
            &corpus,
            &[
                topic("a b"),
                topic("a d"),
                topic("a c"),
                topic("a"),
                topic("a b d"),
            ],
        );

        let expected = [Some(1.0), Some(-1.0), Some(0.0), None, Some(-1.0 / 3.0)];
        for (found, expected) in found.iter().zip(expected) {
            let distance = found
                .zip(expected)
                .map_or(0.0, |(a, b): (f64, f64)| (a - b).abs());
            assert!(
                found.is_some() == expected.is_some() && distance < 1e-12,
                "{found:?} {expected:?}"
            );
        }
    }
}
