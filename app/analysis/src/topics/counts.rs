//! How often each term occurs in each topic, kept only where it does.

/// Counts of terms by topic: for each term the topics that have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    of_term: Vec<Vec<(u32, u32)>>,
}

impl Counts {
    /// Makes room for terms below this number.
    pub(super) fn grow(&mut self, n_terms: usize) {
        if self.of_term.len() < n_terms {
            self.of_term.resize_with(n_terms, Vec::new);
        }
    }

    /// The topics of a term, and how often it occurs in each: more than 0 times.
    pub(super) fn of(&self, term: u32) -> &[(u32, u32)] {
        self.of_term.get(term as usize).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, term: u32, topic: u32, n: u32) {
        let Some(row) = self.of_term.get_mut(term as usize) else {
            return;
        };
        match row.iter_mut().find(|(other, _)| *other == topic) {
            Some((_, count)) => *count += n,
            None => row.push((topic, n)),
        }
    }

    pub(super) fn remove(&mut self, term: u32, topic: u32, n: u32) {
        let Some(row) = self.of_term.get_mut(term as usize) else {
            return;
        };
        let Some(place) = row.iter().position(|(other, _)| *other == topic) else {
            return;
        };
        match &mut row[place].1 {
            count if *count > n => *count -= n,
            _ => _ = row.swap_remove(place),
        }
    }
}
