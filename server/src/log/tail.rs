//! The hot end of the log: the newest lines in memory, bounded by bytes.

use std::collections::VecDeque;

use super::{Line, Want};

/// The newest lines, in order. What falls out at the far end is still in the store.
pub(super) struct Tail {
    lines: VecDeque<Line>,
    /// Every line of the log behind this seq is here.
    after: u64,
    n_bytes: usize,
    max_bytes: usize,
}

impl Tail {
    pub(super) fn new(after: u64, max_bytes: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            after,
            n_bytes: 0,
            max_bytes,
        }
    }

    /// Whether everything behind `seq` is here.
    pub(super) fn reaches(&self, seq: u64) -> bool {
        seq >= self.after
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    pub(super) fn push(&mut self, line: Line) {
        self.n_bytes += line.weight();
        self.lines.push_back(line);
        while self.n_bytes > self.max_bytes && self.lines.len() > 1 {
            self.drop_oldest();
        }
    }

    /// Takes lines below `floor` out.
    pub(super) fn trim(&mut self, floor: u64) {
        while self.lines.front().is_some_and(|line| line.seq < floor) {
            self.drop_oldest();
        }
    }

    /// Puts another text in the place of a line.
    pub(super) fn replace(&mut self, line: Line) {
        let place = self.lines.partition_point(|held| held.seq < line.seq);
        if let Some(held) = self
            .lines
            .get_mut(place)
            .filter(|held| held.seq == line.seq)
        {
            self.n_bytes = self.n_bytes + line.weight() - held.weight();
            *held = line;
        }
    }

    /// Lines in `(after, up_to]` that are wanted, and how far they reach.
    pub(super) fn read(&self, after: u64, up_to: u64, want: &Want) -> (Vec<Line>, u64) {
        let start = self.lines.partition_point(|line| line.seq <= after);
        gather(self.lines.range(start..), up_to, want)
    }

    fn drop_oldest(&mut self) {
        if let Some(line) = self.lines.pop_front() {
            self.n_bytes -= line.weight();
            self.after = line.seq;
        }
    }
}

/// Takes wanted lines until the want is filled; returns how far they reach.
pub(super) fn gather<'a>(
    lines: impl Iterator<Item = &'a Line>,
    up_to: u64,
    want: &Want,
) -> (Vec<Line>, u64) {
    let (mut found, mut n_bytes) = (Vec::new(), 0);
    for line in lines
        .take_while(|line| line.seq <= up_to)
        .filter(|line| line.matches(want))
    {
        n_bytes += line.frame().len();
        found.push(line.clone());
        if n_bytes >= want.max_bytes || found.len() >= want.max_lines {
            return (found, line.seq);
        }
    }
    (found, up_to)
}
