//! Posts by class over time: columns from zero, and where asked for a lane of shares above them.
//!
//! Shares and numbers have a lane each: two scales over each other would suggest a likeness.

use std::sync::Arc;

use analysis::view::StackView;
use plotters::prelude::DrawingBackend;
use wire::Millis;

use super::{
    Drawing, Frame, Plottable, Readout,
    backend::Sharp,
    scale::{Rect, nice_ticks, time_ticks},
    sheet::{Anchor, Drawn, Sheet, Size},
    table::{Cell, Table},
};
use crate::format;

/// Room for a lane's title above it.
const TITLE_PX: f64 = 17.0;

/// Narrower columns cannot be told apart.
const LEAST_COLUMN_PX: f64 = 3.0;

/// What is drawn of the classes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// How many.
    Counts,
    /// Their shares, and how many beneath.
    Shares,
}

/// A view with the way to draw it.
pub struct Stack {
    /// What is drawn.
    pub view: Arc<StackView>,
    /// How.
    pub form: Form,
}

/// One column: neighbouring cells where they would be too narrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Start.
    pub from: Millis,
    /// End.
    pub to: Millis,
    /// Positive, neutral and negative posts; `None` where nobody listened.
    pub counts: Option<[u64; 3]>,
    /// Nobody listened during a part of it.
    pub has_gap: bool,
}

/// A chart laid out for one size.
pub struct StackChart {
    stack: Arc<Stack>,
    frame: Frame,
    shares: Option<Rect>,
    numbers: Rect,
    columns: Vec<Column>,
    most: u64,
}

impl StackChart {
    /// Decides where everything goes.
    pub fn new(stack: Arc<Stack>, size: Size) -> Self {
        let plot = Rect {
            x0: 46.0,
            y0: TITLE_PX,
            x1: (size.width - 14.0).max(60.0),
            y1: (size.height - 34.0).max(60.0),
        };
        let columns = columns(&stack.view, plot.width());
        let x = match (columns.first(), columns.last()) {
            (Some(first), Some(last)) => (first.from as f64, last.to as f64),
            _ => (0.0, 1.0),
        };
        let cut = plot.y0 + plot.height() * 0.62;
        let has_shares = stack.form == Form::Shares;
        Self {
            frame: Frame { plot, x },
            shares: has_shares.then_some(Rect { y1: cut, ..plot }),
            numbers: match has_shares {
                true => Rect {
                    y0: (cut + TITLE_PX).min(plot.y1),
                    ..plot
                },
                false => plot,
            },
            most: columns
                .iter()
                .filter_map(|c| Some(sum(c.counts?)))
                .max()
                .unwrap_or(0),
            columns,
            stack,
        }
    }

    /// What a person reads at a column.
    pub fn readout(&self, idx: usize) -> Option<Readout> {
        let column = self.columns.get(idx)?;
        let values = match column.counts {
            None => vec![("posts".to_owned(), "no data".to_owned())],
            Some(counts) => {
                let n = sum(counts);
                let part = |name: &str, part: u64| {
                    let text = format!("{} ({})", format::count(part), format::share(part, n));
                    (name.to_owned(), text)
                };
                let [positive, neutral, negative] = counts;
                let told = match column.has_gap {
                    true => format!("{}, in part not heard", format::count(n)),
                    false => format::count(n),
                };
                vec![
                    ("posts".to_owned(), told),
                    part("positive", positive),
                    part("neutral", neutral),
                    part("negative", negative),
                ]
            }
        };
        Some(Readout {
            title: title(column.from, column.to),
            values,
            dot_y: None,
        })
    }

    /// Draws gaps, columns and axes.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn draw<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        self.draw_time_axis(sheet)?;
        if let Some(shares) = self.shares {
            self.draw_lane(sheet, shares, Form::Shares)?;
        }
        self.draw_lane(sheet, self.numbers, Form::Counts)?;
        sheet.present()
    }

    fn draw_time_axis<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (plot, palette) = (self.frame.plot, sheet.palette);
        let x = self.frame.x_scale();
        let max = (plot.width() / 62.0).floor().clamp(2.0, 12.0) as usize;
        for tick in time_ticks(self.frame.x.0 as Millis, self.frame.x.1 as Millis, max) {
            let px = x.px_from_value(tick.at as f64);
            sheet.hairline((px, plot.y1), (px, plot.y1 + 4.0), palette.muted)?;
            if px < plot.x0 - 20.0 || px > plot.x1 - 4.0 {
                continue;
            }
            sheet.text(&tick.label, (px, plot.y1 + 7.0), Anchor::Top, palette.muted)?;
            if let Some(below) = tick.below {
                sheet.text(&below, (px, plot.y1 + 20.0), Anchor::Top, palette.muted)?;
            }
        }
        sheet.hairline((plot.x0, plot.y1), (plot.x1, plot.y1), palette.muted)
    }

    fn draw_lane<DB: DrawingBackend>(
        &self,
        sheet: &Sheet<DB>,
        rect: Rect,
        form: Form,
    ) -> Drawn<DB> {
        let palette = sheet.palette;
        let top = match form {
            Form::Counts => self.most.max(1) as f64 * 1.04,
            Form::Shares => 100.0,
        };
        let lane = sheet.lane(rect, self.frame.x, (0.0, top));
        let n_ticks = (rect.height() / 30.0).clamp(1.0, 5.0) as usize;
        for value in nice_ticks(0.0, top, n_ticks) {
            // A part of a post does not exist.
            if value.fract().abs() > 1e-9 {
                continue;
            }
            let y = lane.y.px_from_value(value);
            let label = match form {
                Form::Counts => format::compact(value as u64),
                Form::Shares => format!("{} %", value as u64),
            };
            sheet.hairline((rect.x0, y), (rect.x1, y), palette.line)?;
            sheet.text(&label, (rect.x0 - 6.0, y), Anchor::Right, palette.muted)?;
        }
        let title = match form {
            Form::Counts => format!(
                "Posts{} (n = {})",
                self.per_column(),
                format::count(self.stack.view.n)
            ),
            Form::Shares => "Share of posts, %".to_owned(),
        };
        sheet.text(
            &title,
            (rect.x0, rect.y0 - TITLE_PX + 3.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        for column in &self.columns {
            if column.has_gap {
                let (x0, x1) = (
                    lane.x.px_from_value(column.from as f64),
                    lane.x.px_from_value(column.to as f64),
                );
                sheet.hatch(Rect { x0, x1, ..rect }, palette.line)?;
            }
            let Some(counts) = column.counts else {
                continue;
            };
            let n = sum(counts).max(1) as f64;
            let mut y = 0.0;
            // Neutral lies between, so that the two colours that are most apart never touch.
            for (count, color) in counts
                .into_iter()
                .zip([palette.pos, palette.neu, palette.neg])
            {
                let height = match form {
                    Form::Counts => count as f64,
                    Form::Shares => count as f64 / n * 100.0,
                };
                if height > 0.0 {
                    lane.block(self.bar(column), (y, y + height), color, 0.92)?;
                    y += height;
                }
            }
        }
        Ok(())
    }

    /// A column with a little air on its right where there is room.
    fn bar(&self, column: &Column) -> (f64, f64) {
        let per_px = (self.frame.x.1 - self.frame.x.0) / self.frame.plot.width().max(1.0);
        let (from, to) = (column.from as f64, column.to as f64);
        let is_wide = to - from > 4.0 * per_px;
        (from, if is_wide { to - per_px } else { to })
    }

    fn per_column(&self) -> String {
        let first = self.columns.first();
        first.map_or(String::new(), |column| {
            format!(" per {}", format::span(column.to - column.from))
        })
    }
}

fn title(from: Millis, to: Millis) -> String {
    match to - from < 60_000 {
        true => format!(
            "{} + {} s",
            format::time_of_day(from),
            from.rem_euclid(60_000) / 1_000
        ),
        false => format::stretch(from, to),
    }
}

fn sum(counts: [u64; 3]) -> u64 {
    counts.into_iter().sum()
}

/// Cells, joined so that a column has at least three pixels.
fn columns(view: &StackView, width_px: f64) -> Vec<Column> {
    let fit = (width_px / LEAST_COLUMN_PX).max(1.0) as usize;
    let n_joined = view.cells.len().div_ceil(fit).max(1);
    let edges = view.edges.iter().copied();
    let edge = |idx: usize| edges.clone().nth(idx.min(view.cells.len()));
    let cells = view.cells.chunks(n_joined).enumerate();
    let column = |(idx, cells): (usize, &[Option<[u32; 3]>])| {
        let known = cells.iter().flatten();
        let counts = known.fold(None, |sum: Option<[u64; 3]>, cell| {
            let sum = sum.unwrap_or_default();
            Some([0, 1, 2].map(|k| sum[k] + u64::from(cell[k])))
        });
        Some(Column {
            from: edge(idx * n_joined)?,
            to: edge(idx * n_joined + cells.len())?,
            counts,
            has_gap: cells.iter().any(Option::is_none),
        })
    };
    cells.filter_map(column).collect()
}

impl Plottable for Stack {
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing> {
        Box::new(StackChart::new(self, size))
    }

    fn table(self: Arc<Self>) -> Table {
        let StackView { edges, cells, .. } = &*self.view;
        let row = |(from, cell): (&Millis, &Option<[u32; 3]>)| {
            let mut row = vec![Cell::Time(*from)];
            match cell {
                Some(counts) => row.extend(counts.map(|n| {
                    let text = format::count(u64::from(n));
                    Cell::Number(f64::from(n), text)
                })),
                None => row.resize(4, Cell::Gap("no data")),
            }
            row
        };
        let columns = ["From", "Positive posts", "Neutral posts", "Negative posts"];
        Table {
            columns: columns.map(str::to_owned).to_vec(),
            // The last edge is an end.
            rows: edges.iter().zip(cells).map(row).collect(),
        }
    }

    fn n_points(&self) -> usize {
        let n = self.view.cells.iter().flatten().flatten();
        n.map(|n| *n as usize).sum()
    }

    fn extent(&self) -> (f64, f64) {
        (self.view.range.from as f64, self.view.range.to as f64)
    }
}

impl Drawing for StackChart {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn stops(&self) -> Vec<f64> {
        let middle = |column: &Column| f64::midpoint(column.from as f64, column.to as f64);
        self.columns.iter().map(middle).collect()
    }

    fn readout(&self, idx: usize) -> Option<Readout> {
        self.readout(idx)
    }

    fn draw(&self, sheet: &Sheet<Sharp>) -> Drawn<Sharp> {
        self.draw(sheet)
    }
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn cells_that_would_be_too_narrow_are_joined_and_lose_no_post() {
        let view = StackView {
            edges: (0..=10).map(|idx| idx * HOUR).collect(),
            cells: (0..10)
                .map(|idx| (idx != 9 && idx != 4).then_some([1, 2, 3]))
                .collect(),
            ..StackView::default()
        };

        let columns = columns(&view, 12.0);

        assert_eq!(columns.len(), 4);
        assert_eq!(columns[0].counts, Some([3, 6, 9]));
        assert_eq!(
            (columns[3].from, columns[3].to, columns[3].counts),
            (9 * HOUR, 10 * HOUR, None)
        );
        let n: u64 = columns.iter().filter_map(|c| Some(sum(c.counts?))).sum();
        assert_eq!(n, 48);
        let gaps: Vec<bool> = columns.iter().map(|column| column.has_gap).collect();
        assert_eq!(gaps, [false, true, false, true]);
    }
}
