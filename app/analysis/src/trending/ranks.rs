//! Tags in the order of their counts, kept so through every step up or down in constant time.

/// Tags by falling count. A count changes by one, so a tag only ever moves to the edge of its group of
/// equal counts, and the edge moves past it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranks {
    /// Tags by falling count, those with 0 at the end.
    order: Vec<u32>,
    tags: Vec<Standing>,
    /// By count: how many tags have more than that.
    n_above: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    count: u32,
    /// Where it is in `order`.
    place: u32,
}

impl Ranks {
    /// Takes in a tag, with count 0.
    pub(super) fn add(&mut self, tag: u32) {
        let slots = self.tags.len().max(tag as usize + 1);
        self.tags.resize(slots, Standing::default());
        if self.n_above.is_empty() {
            self.n_above.push(0);
        }
        self.tags[tag as usize].place = self.order.len() as u32;
        self.order.push(tag);
    }

    /// Lets go of a tag with count 0.
    pub(super) fn remove(&mut self, tag: u32) {
        debug_assert_eq!(self.tags[tag as usize].count, 0, "the tag is still counted");
        if let Some(last) = self.order.len().checked_sub(1) {
            self.put(tag, last as u32);
            self.order.pop();
        }
    }

    pub(super) fn raise(&mut self, tag: u32) {
        let count = self.tags[tag as usize].count as usize;
        self.put(tag, self.n_above[count]);
        self.n_above[count] += 1;
        if self.n_above.len() == count + 1 {
            self.n_above.push(0);
        }
        self.tags[tag as usize].count += 1;
    }

    pub(super) fn lower(&mut self, tag: u32) {
        let less = self.tags[tag as usize].count as usize - 1;
        self.n_above[less] -= 1;
        self.put(tag, self.n_above[less]);
        self.tags[tag as usize].count -= 1;
    }

    pub(super) fn count(&self, tag: u32) -> u32 {
        self.tags[tag as usize].count
    }

    /// How many tags have a count above 0.
    pub(super) fn n_counted(&self) -> u32 {
        self.n_above.first().copied().unwrap_or(0)
    }

    /// The `k` tags with the highest counts above 0; of equal ones those with the smaller key.
    pub(super) fn top<K: Ord>(&self, k: usize, key: impl Fn(u32) -> K) -> Vec<u32> {
        let mut top = Vec::with_capacity(k.min(self.n_counted() as usize));
        while top.len() < k && top.len() < self.n_counted() as usize {
            let count = self.count(self.order[top.len()]) as usize;
            let end = self.n_above[count - 1] as usize;
            let mut group = self.order[top.len()..end].to_vec();
            let n_wanted = k - top.len();
            if n_wanted < group.len() {
                group.select_nth_unstable_by_key(n_wanted, |tag| key(*tag));
                group.truncate(n_wanted);
            }
            group.sort_unstable_by_key(|tag| key(*tag));
            top.append(&mut group);
        }
        top
    }

    /// Changes places with whoever stands at `place`.
    fn put(&mut self, tag: u32, place: u32) {
        let old = self.tags[tag as usize].place;
        let other = self.order[place as usize];
        self.order[old as usize] = other;
        self.tags[other as usize].place = old;
        self.order[place as usize] = tag;
        self.tags[tag as usize].place = place;
    }
}
