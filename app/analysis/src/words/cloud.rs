//! Where the words of a cloud go: rectangles without overlap, and words that stay keep their place.

use std::collections::BTreeMap;

/// So many of the first words always find a place: the cloud grows downwards if it must.
pub const N_NEVER_DROPPED: usize = 50;
/// Words are placed on a grid of cells of so many pixels.
const CELL: usize = 4;

/// A word to be placed, as large as it will be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordBox<'t> {
    /// What tells it from others; of equal ones the first is placed.
    pub text: &'t str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// A word in its place; all in pixels from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedWord {
    /// The word.
    pub text: String,
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// As asked, unless the word was wider than the cloud: then it was made smaller as a whole.
    pub width: u32,
    /// As asked, or smaller for the same reason.
    pub height: u32,
}

/// A layout of words.
///
/// The same words in the same sizes after the same layouts give the same layout, on every machine.
///
/// ```
/// use analysis::words::{Cloud, WordBox};
///
/// let words = [WordBox { text: "crash", width: 80, height: 24 }, WordBox { text: "moon", width: 50, height: 16 }];
/// let cloud = Cloud::default().next(&words, 400, 300);
/// let later = cloud.next(&words[1..], 400, 300);
///
/// assert_eq!(cloud.words()[1], later.words()[0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cloud {
    words: Vec<PlacedWord>,
    width: u32,
    height: u32,
}

impl Cloud {
    /// Places words, the most important first, in an area of this size (pixels, at least one cell of 4).
    ///
    /// A word of this layout stays with its middle where it is if nothing more important is there; all others go as
    /// near to the middle of the area as there is room. What finds none is left out, unless it is one of the
    /// first [`N_NEVER_DROPPED`].
    #[must_use]
    pub fn next(&self, words: &[WordBox<'_>], width: u32, height: u32) -> Self {
        let mut area = Area::new(width as usize / CELL, height as usize / CELL);
        let boxes: Vec<Cells> = words.iter().map(|word| area.cells(word, width)).collect();
        let mut corners: Vec<Option<(usize, usize)>> = vec![None; words.len()];
        let mut seen = BTreeMap::new();
        let is_first: Vec<bool> = words
            .iter()
            .map(|word| seen.insert(word.text, ()).is_none())
            .collect();
        let middles: BTreeMap<&str, (i64, i64)> = self
            .words
            .iter()
            .map(|word| (word.text.as_str(), self.middle_of(word)))
            .collect();
        for (idx, word) in words.iter().enumerate().filter(|(idx, _)| is_first[*idx]) {
            let middle = middles.get(word.text);
            corners[idx] =
                middle.and_then(|middle| area.take_at(boxes[idx], *middle, (width, height)));
        }
        let unplaced = |corners: &[Option<_>]| {
            let missing = (0..words.len()).filter(|idx| is_first[*idx] && corners[*idx].is_none());
            missing.collect::<Vec<usize>>()
        };
        for idx in unplaced(&corners) {
            corners[idx] = area.take_nearest(boxes[idx]);
            if corners[idx].is_none() && idx < N_NEVER_DROPPED {
                corners[idx] = Some(area.take_below(boxes[idx]));
            }
        }
        let placed = words.iter().zip(&boxes).zip(&corners);
        Self {
            words: placed
                .filter_map(|((word, cells), corner)| {
                    let (x, y) = (*corner)?;
                    Some(PlacedWord {
                        text: word.text.to_owned(),
                        x: (x * CELL) as u32,
                        y: (y * CELL) as u32,
                        width: cells.pixels.0,
                        height: cells.pixels.1,
                    })
                })
                .collect(),
            width,
            height: height.max((area.height * CELL) as u32),
        }
    }

    /// The words that have a place, the most important first.
    #[must_use]
    pub fn words(&self) -> &[PlacedWord] {
        &self.words
    }

    /// Height in pixels: as asked, or more.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Where a word's middle is, seen from the middle of the area's upper edge: so it keeps its place when the
    /// area grows wider or taller.
    fn middle_of(&self, word: &PlacedWord) -> (i64, i64) {
        let middle = i64::from(word.x) + i64::from(word.width / 2);
        let row = i64::from(word.y) + i64::from(word.height / 2);
        (middle - i64::from(self.width / 2), row)
    }
}

/// The size of a word.
#[derive(Clone, Copy, Debug)]
struct Cells {
    width: usize,
    height: usize,
    pixels: (u32, u32),
}

/// Which cells are taken: a bit each, row by row.
struct Area {
    width: usize,
    height: usize,
    n_blocks: usize,
    rows: Vec<u64>,
    /// Shifts from the middle, nearest first. As wide as the area is against its height.
    shifts: Vec<(i32, i32)>,
    /// Sizes that found no place, so that none as large need try.
    failed: Vec<(usize, usize)>,
    /// Where the next word below the others goes, and how tall its row is.
    below: (usize, usize, usize),
}

impl Area {
    fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let n_blocks = width.div_ceil(64);
        Self {
            width,
            height,
            n_blocks,
            rows: vec![0; n_blocks * height],
            shifts: shifts(width, height),
            failed: Vec::new(),
            below: (width, height, 0),
        }
    }

    fn cells(&self, word: &WordBox<'_>, width: u32) -> Cells {
        let most = u32::try_from(self.width * CELL).unwrap_or(width);
        let (w, h) = (word.width.max(1), word.height.max(1));
        let pixels = if w > most {
            (
                most,
                (u64::from(h) * u64::from(most) / u64::from(w)).max(1) as u32,
            )
        } else {
            (w, h)
        };
        Cells {
            width: (pixels.0 as usize).div_ceil(CELL),
            height: (pixels.1 as usize).div_ceil(CELL),
            pixels,
        }
    }

    /// Takes the place whose middle is there, if it is free.
    fn take_at(
        &mut self,
        cells: Cells,
        middle: (i64, i64),
        size: (u32, u32),
    ) -> Option<(usize, usize)> {
        let left = i64::from(size.0 / 2) + middle.0 - i64::from(cells.pixels.0 / 2);
        let top = middle.1 - i64::from(cells.pixels.1 / 2);
        let cell = |pixels: i64| usize::try_from(pixels.div_euclid(CELL as i64)).ok();
        let corner = (cell(left)?, cell(top)?);
        self.is_free(corner, cells)
            .then(|| self.take(corner, cells))
    }

    /// Takes the free place nearest to the middle.
    fn take_nearest(&mut self, cells: Cells) -> Option<(usize, usize)> {
        let is_larger =
            |failed: &(usize, usize)| cells.width >= failed.0 && cells.height >= failed.1;
        if self.failed.iter().any(is_larger) {
            return None;
        }
        let left = self.width as i64 / 2 - cells.width as i64 / 2;
        let top = self.height as i64 / 2 - cells.height as i64 / 2;
        let corner = |shift: &(i32, i32)| {
            let x = usize::try_from(left + i64::from(shift.0)).ok()?;
            let y = usize::try_from(top + i64::from(shift.1)).ok()?;
            self.is_free((x, y), cells).then_some((x, y))
        };
        match self.shifts.iter().find_map(corner) {
            Some(corner) => Some(self.take(corner, cells)),
            None => {
                self.failed.push((cells.width, cells.height));
                None
            }
        }
    }

    /// Makes the area taller if it must, and takes the next place in a row below all others.
    fn take_below(&mut self, cells: Cells) -> (usize, usize) {
        let (mut x, mut y, mut row_height) = self.below;
        if x + cells.width > self.width || cells.height > row_height {
            (x, y, row_height) = (0, self.height, cells.height);
            self.height += row_height;
            self.rows.resize(self.n_blocks * self.height, 0);
        }
        self.below = (x + cells.width, y, row_height);
        self.take((x, y), cells)
    }

    fn is_free(&self, (x, y): (usize, usize), cells: Cells) -> bool {
        if x + cells.width > self.width || y + cells.height > self.height {
            return false;
        }
        (y..y + cells.height).all(|row| {
            self.masks(x, cells.width)
                .all(|(block, mask)| self.rows[row * self.n_blocks + block] & mask == 0)
        })
    }

    fn take(&mut self, (x, y): (usize, usize), cells: Cells) -> (usize, usize) {
        for row in y..y + cells.height {
            for (block, mask) in self.masks(x, cells.width) {
                self.rows[row * self.n_blocks + block] |= mask;
            }
        }
        (x, y)
    }

    /// The blocks of a row that cells `x..x + width` lie in, and which bits.
    fn masks(&self, x: usize, width: usize) -> impl Iterator<Item = (usize, u64)> + use<> {
        let end = x + width;
        (x / 64..end.div_ceil(64)).map(move |block| {
            let from = x.saturating_sub(block * 64).min(64);
            let until = (end - block * 64).min(64);
            let below = |n: usize| if n >= 64 { u64::MAX } else { (1 << n) - 1 };
            (block, below(until) & !below(from))
        })
    }
}

/// Every second shift in both directions that can reach a place of the area from its middle, nearest first, where
/// near is meant as in an ellipse as wide and tall as the area.
fn shifts(width: usize, height: usize) -> Vec<(i32, i32)> {
    let (half_width, half_height) = (width as i64 / 2 + 1, height as i64 / 2 + 1);
    let mut shifts: Vec<(i64, i64, i64)> = (-half_height / 2..=half_height / 2)
        .flat_map(|y| (-half_width / 2..=half_width / 2).map(move |x| (2 * x, 2 * y)))
        .map(|(x, y)| {
            let distance = x * x * half_height * half_height + y * y * half_width * half_width;
            (distance, y, x)
        })
        .collect();
    shifts.sort_unstable();
    shifts
        .into_iter()
        .map(|(_, y, x)| (x as i32, y as i32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// `n` words, large ones first, of random lengths.
    fn words<'t>(texts: &'t [String], seed: u64) -> Vec<WordBox<'t>> {
        let mut random = Random::new(seed);
        let word = |(idx, text): (usize, &'t String)| {
            let height = 48 - 34 * idx as u32 / texts.len() as u32;
            WordBox {
                text,
                width: height * (3 + random.next_bits() as u32 % 8) / 2,
                height,
            }
        };
        texts.iter().enumerate().map(word).collect()
    }

    fn texts(numbers: std::ops::Range<usize>) -> Vec<String> {
        numbers.map(|n| format!("word{n}")).collect()
    }

    #[track_caller]
    fn check_apart(cloud: &Cloud, width: u32) {
        for (idx, a) in cloud.words().iter().enumerate() {
            assert!(
                a.x + a.width <= width && a.y + a.height <= cloud.height(),
                "{a:?}"
            );
            for b in &cloud.words()[idx + 1..] {
                let is_apart = a.x + a.width <= b.x
                    || b.x + b.width <= a.x
                    || a.y + a.height <= b.y
                    || b.y + b.height <= a.y;
                assert!(is_apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn words_do_not_overlap_and_the_first_fifty_are_always_there() {
        let texts = texts(0..200);
        for (width, height) in [(1_200, 600), (390, 500), (200, 80), (30, 10), (0, 0)] {
            for seed in 0..3 {
                let words = words(&texts, seed);
                let cloud = Cloud::default().next(&words, width, height);

                check_apart(&cloud, width.max(CELL as u32));
                let first: Vec<&str> = cloud
                    .words()
                    .iter()
                    .take(50)
                    .map(|word| &*word.text)
                    .collect();
                let expected: Vec<&str> = words.iter().take(50).map(|word| word.text).collect();
                assert_eq!(first, expected);
            }
        }
    }

    #[test]
    fn words_that_stay_keep_their_place() {
        let (before, after) = (texts(0..100), texts(5..105));
        let all = words(&before, 1);
        let first = Cloud::default().next(&all, 1_000, 600);
        let same_size = |text: &str| all.iter().find(|word| word.text == text).copied();
        let new = words(&after, 2);
        let changed: Vec<WordBox<'_>> = new
            .iter()
            .map(|word| same_size(word.text).unwrap_or(*word))
            .collect();

        let second = first.next(&changed, 1_000, 600);

        check_apart(&second, 1_000);
        for old in first.words().iter().filter(|old| after.contains(&old.text)) {
            assert!(second.words().contains(old), "{old:?}");
        }
        assert!(second.words().iter().any(|word| word.text == "word104"));
    }

    #[test]
    fn a_word_that_grows_pushes_less_important_ones_aside() {
        let sized = |text, width, height| WordBox {
            text,
            width,
            height,
        };
        let first = Cloud::default().next(&[sized("a", 40, 16), sized("b", 40, 16)], 400, 200);

        let second = first.next(&[sized("a", 120, 40), sized("b", 40, 16)], 400, 200);

        check_apart(&second, 400);
        let [a, b] = second.words() else {
            unreachable!("both have room");
        };
        let old = &first.words()[0];
        assert!(old.x.abs_diff(a.x + 40) < CELL as u32 && old.y.abs_diff(a.y + 12) < CELL as u32);
        assert_ne!(b, &first.words()[1]);
    }

    #[test]
    fn a_word_wider_than_the_cloud_is_made_smaller() {
        let word = WordBox {
            text: "a",
            width: 400,
            height: 40,
        };

        let cloud = Cloud::default().next(&[word, word], 200, 100);

        let [placed] = cloud.words() else {
            unreachable!("the second is the same word");
        };
        assert_eq!((placed.width, placed.height), (200, 20));
    }
}
