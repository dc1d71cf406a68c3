//! Lines over time: up to four series told apart by hue, dashes and a name at their end.
//!
//! No panel shows it: the benchmark draws it beside uPlot, with the parts that all charts are made of.

use std::sync::Arc;

use analysis::{order::sort_by, view::Range};
use plotters::prelude::DrawingBackend;
use wire::Millis;

use super::{
    Drawing, Frame, Plottable, Readout,
    axes::{self, Side},
    backend::Sharp,
    clip::{Point, split_at_gaps},
    decimate,
    scale::{Rect, nice_range},
    sheet::{Anchor, Drawn, Lane, Sheet, Size},
    table::{Cell, Table},
};
use crate::format;

/// One line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Short, since it stands at the end of its line.
    pub name: String,
    /// Time in milliseconds and value, in time order.
    pub points: Vec<Point>,
    /// Measured on the right axis.
    pub is_second: bool,
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinesView {
    /// Up to four are told apart.
    pub series: Vec<Series>,
    /// The stretch of time shown.
    pub range: Range,
    /// Two points further apart than this are not joined.
    pub max_step: Millis,
    /// Stretches without data.
    pub gaps: Vec<Range>,
    /// What the left axis measures, with its unit.
    pub unit: String,
    /// The same of the right axis; empty without one.
    pub second_unit: String,
    /// Decimals of values.
    pub decimals: usize,
}

/// Lines laid out for one size.
pub struct LinesChart {
    view: Arc<LinesView>,
    frame: Frame,
    left: (f64, f64),
    right: (f64, f64),
    /// Times that any series has a point at.
    stops: Vec<f64>,
}

/// Dash patterns in CSS pixels, by place.
const DASHES: [&[f64]; 4] = [&[], &[6.0, 3.0], &[2.0, 2.0], &[8.0, 3.0, 2.0, 3.0]];

impl LinesChart {
    /// Decides where everything goes.
    pub fn new(view: Arc<LinesView>, size: Size) -> Self {
        let right_px = if view.second_unit.is_empty() {
            52.0
        } else {
            92.0
        };
        let plot = Rect {
            x0: 58.0,
            y0: 18.0,
            x1: (size.width - right_px).max(60.0),
            y1: (size.height - 34.0).max(40.0),
        };
        let (from, to) = (view.range.from, view.range.to.max(view.range.from + 1));
        let range_of = |is_second: bool| {
            let series = view.series.iter().filter(|s| s.is_second == is_second);
            nice_range(series.flat_map(|s| shown(&s.points, from, to)).map(|p| p.1))
        };
        let (left, right) = (range_of(false), range_of(true));
        Self {
            frame: Frame {
                plot,
                x: (from as f64, to as f64),
            },
            left,
            right,
            stops: stops(&view, from, to),
            view,
        }
    }

    /// What a person reads at a stop.
    pub fn readout(&self, idx: usize) -> Option<Readout> {
        let at = *self.stops.get(idx)?;
        let value = |series: &Series| {
            let value = value_at(&series.points, at, self.view.max_step as f64);
            let text = value.map_or("no data".to_owned(), |v| {
                format::signed(v, self.view.decimals)
            });
            (series.name.clone(), text)
        };
        Some(Readout {
            title: format::date_time(at as Millis),
            values: self.view.series.iter().map(value).collect(),
            dot_y: None,
        })
    }

    /// Draws bands, axes, lines, names.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn draw<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let plot = self.frame.plot;
        let (left, right) = (
            sheet.lane(plot, self.frame.x, self.left),
            sheet.lane(plot, self.frame.x, self.right),
        );
        axes::gap_bands(sheet, self.frame, &self.view.gaps, plot.y0)?;
        axes::time_axis(sheet, self.frame)?;
        axes::value_axis(sheet, &left, Side::Left, |value| {
            self.number(value, self.left)
        })?;
        let title = (plot.x0, 3.0);
        sheet.text(&self.view.unit, title, Anchor::TopLeft, sheet.palette.text)?;
        if !self.view.second_unit.is_empty() {
            axes::value_axis(sheet, &right, Side::Right, |value| {
                self.number(value, self.right)
            })?;
            let title = (plot.x1, 3.0);
            sheet.text(
                &self.view.second_unit,
                title,
                Anchor::TopRight,
                sheet.palette.text,
            )?;
        }
        for (place, series) in self.view.series.iter().enumerate() {
            let lane = if series.is_second { &right } else { &left };
            self.draw_series(sheet, lane, place, series)?;
        }
        sheet.present()
    }

    /// With a sign only on an axis that has both.
    fn number(&self, value: f64, (lo, _): (f64, f64)) -> String {
        let text = format::signed(value, self.view.decimals);
        match lo < 0.0 {
            true => text,
            false => text.trim_start_matches('+').to_owned(),
        }
    }

    fn draw_series<DB: DrawingBackend>(
        &self,
        sheet: &Sheet<DB>,
        lane: &Lane<'_, DB>,
        place: usize,
        series: &Series,
    ) -> Drawn<DB> {
        let color = sheet.palette.series(place);
        let dashes = DASHES.get(place).copied().unwrap_or_default();
        let (from, to) = (self.frame.x.0 as Millis, self.frame.x.1 as Millis);
        let per_px = (self.frame.x.1 - self.frame.x.0) / self.frame.plot.width().max(1.0);
        let shown = shown(&series.points, from, to);
        for part in split_at_gaps(shown, self.view.max_step.max(1) as f64) {
            let kept = decimate::min_max(part, per_px);
            // Where points crowd, dashes cannot be seen and would be thousands of strokes.
            match kept.len() as f64 > self.frame.plot.width() {
                true => lane.line(&kept, color, 1.0)?,
                false => lane.dashed(&kept, color, 1.5, dashes)?,
            }
        }
        if let Some(last) = shown.iter().rev().find(|p| p.0 <= self.frame.x.1) {
            let y = lane.y.px_from_value(last.1);
            // Beyond the numbers of the right axis.
            let name_px = if self.view.second_unit.is_empty() {
                4.0
            } else {
                42.0
            };
            let at = (
                self.frame.plot.x1 + name_px,
                y.clamp(self.frame.plot.y0, self.frame.plot.y1),
            );
            if series.name.len() <= 8 && !series.is_second {
                sheet.text(&series.name, at, Anchor::Left, color)?;
            }
        }
        Ok(())
    }
}

/// The points of a range with one more on either side, to which lines are drawn until they are cut.
fn shown(points: &[Point], from: Millis, to: Millis) -> &[Point] {
    let first = points
        .partition_point(|p| p.0 < from as f64)
        .saturating_sub(1);
    let end = (points.partition_point(|p| p.0 <= to as f64) + 1).min(points.len());
    points.get(first..end).unwrap_or_default()
}

/// Times of all points in the range, each once.
fn stops(view: &LinesView, from: Millis, to: Millis) -> Vec<f64> {
    let mut merged: Vec<f64> = Vec::new();
    for series in &view.series {
        let first = series.points.partition_point(|p| p.0 < from as f64);
        let end = series.points.partition_point(|p| p.0 <= to as f64);
        let within = series.points.get(first..end).unwrap_or_default();
        let times = || within.iter().map(|p| p.0);
        // Most series have the times of the first one.
        if !times().eq(merged.iter().copied()) {
            merged.extend(times());
        }
    }
    if !merged.is_sorted() {
        sort_by(&mut merged, f64::total_cmp);
    }
    merged.dedup();
    merged
}

/// The newest value at a time, unless it is older than a gap may be.
fn value_at(points: &[Point], at: f64, max_step: f64) -> Option<f64> {
    let idx = points.partition_point(|p| p.0 <= at).checked_sub(1)?;
    let (x, value) = *points.get(idx)?;
    (at - x <= max_step && value.is_finite()).then_some(value)
}

impl Plottable for LinesView {
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing> {
        Box::new(LinesChart::new(self, size))
    }

    fn n_points(&self) -> usize {
        self.series.iter().map(|series| series.points.len()).sum()
    }

    fn extent(&self) -> (f64, f64) {
        (
            self.range.from as f64,
            self.range.to.max(self.range.from + 1) as f64,
        )
    }

    fn table(self: Arc<Self>) -> Table {
        let (from, to) = (self.range.from, self.range.to);
        let names = self.series.iter().map(|series| series.name.clone());
        let row = |at: f64| {
            let cells = self.series.iter().map(|series| {
                value_at(&series.points, at, self.max_step as f64)
                    .map_or(Cell::Gap("no data"), |v| {
                        Cell::Number(v, format::signed(v, self.decimals))
                    })
            });
            [Cell::Time(at as Millis)]
                .into_iter()
                .chain(cells)
                .collect()
        };
        Table {
            columns: ["Time".to_owned()].into_iter().chain(names).collect(),
            rows: stops(&self, from, to).into_iter().map(row).collect(),
        }
    }
}

impl Drawing for LinesChart {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn stops(&self) -> Vec<f64> {
        self.stops.clone()
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
    use super::*;

    #[test]
    fn a_value_is_read_until_it_is_older_than_a_gap() {
        let points = [(0.0, 1.0), (10.0, 2.0)];

        let read = [-1.0, 5.0, 10.0, 21.0].map(|at| value_at(&points, at, 10.0));

        assert_eq!(read, [None, Some(1.0), Some(2.0), None]);
    }

    #[test]
    fn the_cursor_stops_at_every_point_of_any_series_once() {
        let series = |xs: &[f64]| Series {
            points: xs.iter().map(|x| (*x, 0.0)).collect(),
            ..Series::default()
        };
        let view = LinesView {
            series: vec![
                series(&[0.0, 2.0, 9.0]),
                series(&[1.0, 2.0]),
                series(&[1.0]),
            ],
            range: Range { from: 0, to: 5 },
            ..LinesView::default()
        };

        assert_eq!(stops(&view, 0, 5), [0.0, 1.0, 2.0]);
    }
}
