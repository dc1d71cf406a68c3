//! What readers see of the log without touching the store: its id, its limits, its holes, its tail.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;
use wire::{
    Cursor, LogId, Millis,
    event::{Gap, GapReason},
};

use super::{Head, Line, Page, Read, Want, cold::Opened, tail::Tail};

/// How far one read of the store may reach: a sparse filter must not hold a thread for long.
const MAX_COLD_REACH: u64 = 200_000;

/// So many publications are remembered with their time.
const MAX_PUBLICATIONS: usize = 256;

/// The published state of the log. It changes as a whole, under one lock.
pub(super) struct Hot {
    id: LogId,
    floor: u64,
    tip: u64,
    /// Seqs `first..=last` that are not there, in order.
    holes: Vec<(u64, u64)>,
    hole_reason: GapReason,
    positions: BTreeMap<String, String>,
    tail: Tail,
    tail_bytes: usize,
    /// The newest publications: the tip behind each, and when it was.
    publications: VecDeque<(u64, Instant)>,
    newest_seen_at: Option<Millis>,
}

/// Where a read has to go on.
pub(super) enum Look {
    /// Nowhere: here is the answer.
    Found(Read),
    /// Into the store, for lines up to here.
    Cold { up_to: u64 },
}

impl Hot {
    pub(super) fn new(opened: Opened, tail_bytes: usize) -> Self {
        let Opened {
            id,
            floor,
            tip,
            holes,
            hole_reason,
            positions,
            newest_seen_at,
            ..
        } = opened;
        Self {
            id,
            floor,
            tip,
            holes,
            hole_reason,
            positions,
            tail: Tail::new(tip, tail_bytes),
            tail_bytes,
            publications: VecDeque::new(),
            newest_seen_at,
        }
    }

    pub(super) fn head(&self) -> Head {
        Head {
            log: self.id.clone(),
            floor: self.floor,
            tip: self.tip,
        }
    }

    pub(super) fn id(&self) -> &LogId {
        &self.id
    }

    pub(super) fn tip(&self) -> u64 {
        self.tip
    }

    pub(super) fn n_tail_bytes(&self) -> usize {
        self.tail.n_bytes()
    }

    pub(super) fn position(&self, source: &str) -> Option<String> {
        self.positions.get(source).cloned()
    }

    /// When the newest event was seen.
    pub(super) fn newest_seen_at(&self) -> Option<Millis> {
        self.newest_seen_at
    }

    /// When the first event behind `seq` was published, or the oldest publication that is remembered.
    pub(super) fn published_behind(&self, seq: u64) -> Option<Instant> {
        let place = self.publications.partition_point(|(tip, _)| *tip <= seq);
        self.publications.get(place).map(|(_, at)| *at)
    }

    /// Whether everything behind `after` is still there, apart from holes.
    pub(super) fn holds(&self, after: &Cursor) -> bool {
        self.id == after.log && after.seq + 1 >= self.floor && after.seq <= self.tip
    }

    pub(super) fn look(&self, after: &Cursor, want: &Want) -> Look {
        if after.log != self.id || after.seq > self.tip {
            return Look::Found(Read::Reset {
                log: self.id.clone(),
            });
        }
        let next = after.seq + 1;
        if let Some((_, last)) = self
            .holes
            .iter()
            .find(|(first, last)| (*first..=*last).contains(&next))
        {
            return Look::Found(Read::Gap(Gap {
                from: next,
                to: *last,
                reason: self.hole_reason,
            }));
        }
        if next < self.floor {
            return Look::Found(Read::Gap(Gap {
                from: next,
                to: self.floor - 1,
                reason: GapReason::BelowFloor,
            }));
        }
        // A page ends in front of a hole, so that the next read announces it.
        let hole = self
            .holes
            .iter()
            .map(|(first, _)| *first)
            .find(|first| *first > next);
        let up_to = hole.map_or(self.tip, |first| self.tip.min(first - 1));
        if !self.tail.reaches(after.seq) {
            return Look::Cold {
                up_to: up_to.min(after.seq.saturating_add(MAX_COLD_REACH)),
            };
        }
        let (lines, scanned) = self.tail.read(after.seq, up_to, want);
        Look::Found(Read::Page(Page {
            lines,
            scanned,
            tip: self.tip,
        }))
    }

    /// What was committed becomes visible.
    pub(super) fn extend(
        &mut self,
        lines: Vec<Line>,
        tombstones: Vec<Line>,
        positions: Vec<(String, String)>,
    ) {
        if let Some(newest) = lines.last() {
            if self.publications.len() == MAX_PUBLICATIONS {
                self.publications.pop_front();
            }
            self.publications.push_back((newest.seq, Instant::now()));
            self.newest_seen_at = Some(newest.seen_at);
        }
        for line in lines {
            self.tip = line.seq;
            self.tail.push(line);
        }
        tombstones
            .into_iter()
            .for_each(|line| self.tail.replace(line));
        self.positions.extend(positions);
    }

    /// Everything up to `tip` is known, whether there is a line or not.
    pub(super) fn reach(&mut self, tip: u64) {
        self.tip = self.tip.max(tip);
    }

    /// These seqs will not come any more.
    pub(super) fn leave_out(&mut self, first: u64, last: u64) {
        self.reach(last);
        if self.floor == first {
            self.floor = last + 1;
        } else {
            self.holes.push((first, last));
        }
    }

    /// Must be called **before** lines are removed from the store: a reader that finds them missing
    /// then finds the floor raised.
    pub(super) fn raise_floor(&mut self, floor: u64) {
        self.floor = self.floor.max(floor);
        self.tail.trim(floor);
        self.holes.retain(|(_, last)| *last >= floor);
    }

    pub(super) fn restart(&mut self, id: LogId) {
        self.id = id;
        (self.floor, self.tip) = (1, 0);
        self.holes.clear();
        self.publications.clear();
        self.newest_seen_at = None;
        self.positions.clear();
        self.tail = Tail::new(0, self.tail_bytes);
    }
}
