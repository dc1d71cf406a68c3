//! A curve over its 95 % band, which is drawn before it: where unrelated series would lie, or other draws of the events.

use std::sync::Arc;

use analysis::view::{EventsView, RollingView};
use plotters::prelude::DrawingBackend;
use wire::Millis;

use super::{
    Drawing, Frame, Plottable, Readout,
    backend::Sharp,
    lag::{lag_span, signed_span},
    scale::{Rect, Scale, nice_range, nice_ticks, time_ticks},
    sheet::{Anchor, Drawn, Sheet, Size},
    table::{Cell, Table},
};
use crate::format;

/// What the horizontal axis is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Axis {
    Time,
    /// Cells of this length from an event.
    Offset(Millis),
}

/// A curve as it is drawn, whatever view it comes from.
pub struct Curve {
    axis: Axis,
    title: &'static str,
    /// Unit behind a value.
    unit: &'static str,
    decimals: usize,
    points: Vec<(f64, Option<f64>)>,
    /// Lowest and highest by chance, at each point that has a value.
    band: Vec<Option<(f64, f64)>>,
    y: (f64, f64),
    extent: (f64, f64),
}

impl Curve {
    /// A correlation over a stretch that moves along.
    pub fn rolling(view: &RollingView) -> Self {
        let points: Vec<(f64, Option<f64>)> = view
            .ends
            .iter()
            .zip(&view.values)
            .map(|(end, value)| (*end as f64, value.map(f64::from)))
            .collect();
        Self {
            axis: Axis::Time,
            title: "Correlation r of the stretch that ends here, −1…+1",
            unit: "",
            decimals: 2,
            band: { &view.limits }
                .iter()
                .map(|limit| limit.map(|limit| (-f64::from(limit), f64::from(limit))))
                .collect(),
            points,
            y: (-1.0, 1.0),
            extent: (view.range.from as f64, view.range.to as f64),
        }
    }

    /// Returns around events, summed up.
    pub fn events(view: &EventsView) -> Self {
        let percent = |value: f64| 100.0 * value;
        let points: Vec<(f64, Option<f64>)> = view
            .offsets
            .iter()
            .zip(&view.cumulative)
            .map(|(offset, value)| (f64::from(*offset), Some(percent(*value))))
            .collect();
        let band: Vec<Option<(f64, f64)>> = view
            .band
            .iter()
            .map(|(lo, hi)| Some((percent(*lo), percent(*hi))))
            .collect();
        let all = points.iter().filter_map(|point| point.1);
        let limits = band.iter().flatten().flat_map(|(lo, hi)| [*lo, *hi]);
        Self {
            axis: Axis::Offset(view.width),
            title: "Abnormal return summed from the first offset on, %",
            unit: " %",
            decimals: 2,
            y: nice_range(all.chain(limits).chain([0.0])),
            extent: (view.range.from as f64, view.range.to as f64),
            points,
            band,
        }
    }

    /// The band in as few blocks as it has heights.
    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for (pair, band) in self.points.windows(2).zip(self.band.windows(2)) {
            let ([(from, _), (to, _)], [Some(a), Some(b)]) = (pair, band) else {
                continue;
            };
            let y = (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1));
            match blocks.last_mut() {
                Some(last) if last.y == y && last.x.1 >= *from => last.x.1 = *to,
                _ => blocks.push(Block { x: (*from, *to), y }),
            }
        }
        blocks
    }

    fn n_values(&self) -> usize {
        self.points.iter().filter(|point| point.1.is_some()).count()
    }
}

/// A part of the band with one height.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Block {
    x: (f64, f64),
    y: (f64, f64),
}

/// A curve laid out for one size.
pub struct CurveChart {
    curve: Arc<Curve>,
    frame: Frame,
}

impl CurveChart {
    /// Decides where everything goes.
    pub fn new(curve: Arc<Curve>, size: Size) -> Self {
        let plot = Rect {
            x0: 46.0,
            y0: 20.0,
            x1: (size.width - 14.0).max(60.0),
            y1: (size.height - 34.0).max(40.0),
        };
        let first = curve.points.first().map_or(0.0, |point| point.0);
        let last = curve.points.last().map_or(1.0, |point| point.0);
        Self {
            frame: Frame {
                plot,
                x: (first, last.max(first + 1.0)),
            },
            curve,
        }
    }

    /// What a person reads at a point.
    pub fn readout(&self, idx: usize) -> Option<Readout> {
        let curve = &self.curve;
        let (x, value) = *curve.points.get(idx)?;
        let title = match curve.axis {
            Axis::Time => format::date_time(x as Millis),
            Axis::Offset(width) => offset_name(width, x as i32),
        };
        let text = |value: f64| format!("{}{}", format::signed(value, curve.decimals), curve.unit);
        let mut values = vec![(
            "value".to_owned(),
            value.map_or("too few pairs".to_owned(), text),
        )];
        if let Some(Some((lo, hi))) = curve.band.get(idx) {
            values.push((
                "95 % band".to_owned(),
                format!("{} … {}", text(*lo), text(*hi)),
            ));
        }
        let y = self.y_scale();
        Some(Readout {
            title,
            values,
            dot_y: value.map(|value| y.px_from_value(value)),
        })
    }

    /// Draws the band first, then the curve.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn draw<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (plot, palette, curve) = (self.frame.plot, sheet.palette, &self.curve);
        let lane = sheet.lane(plot, self.frame.x, curve.y);
        for Block { x, y } in curve.blocks() {
            lane.block(x, y, palette.muted, 0.22)?;
        }
        for value in nice_ticks(curve.y.0, curve.y.1, 4) {
            let y = lane.y.px_from_value(value);
            let is_zero = value.abs() < 1e-9;
            let color = if is_zero { palette.muted } else { palette.line };
            sheet.hairline((plot.x0, y), (plot.x1, y), color)?;
            let label = format::signed(value, 1);
            sheet.text(&label, (plot.x0 - 6.0, y), Anchor::Right, palette.muted)?;
        }
        self.draw_axis(sheet)?;
        for part in curve.points.split(|point| point.1.is_none()) {
            let part: Vec<(f64, f64)> = { part.iter() }
                .filter_map(|(x, y)| Some((*x, (*y)?)))
                .collect();
            lane.line(&part, palette.accent, 1.75)?;
        }
        sheet.text(curve.title, (plot.x0, 3.0), Anchor::TopLeft, palette.text)?;
        sheet.present()
    }

    fn draw_axis<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (plot, palette) = (self.frame.plot, sheet.palette);
        let x = self.frame.x_scale();
        match self.curve.axis {
            Axis::Time => {
                let max = (plot.width() / 62.0).floor().clamp(2.0, 12.0) as usize;
                for tick in time_ticks(self.frame.x.0 as Millis, self.frame.x.1 as Millis, max) {
                    let px = x.px_from_value(tick.at as f64);
                    if px > plot.x1 - 4.0 {
                        continue;
                    }
                    sheet.hairline((px, plot.y1), (px, plot.y1 + 4.0), palette.muted)?;
                    sheet.text(&tick.label, (px, plot.y1 + 7.0), Anchor::Top, palette.muted)?;
                    if let Some(below) = tick.below {
                        sheet.text(&below, (px, plot.y1 + 20.0), Anchor::Top, palette.muted)?;
                    }
                }
            }
            Axis::Offset(width) => {
                let px = x.px_from_value(0.0);
                sheet.hairline((px, plot.y0), (px, plot.y1), palette.muted)?;
                let fit = (plot.width() / 64.0).max(2.0);
                let raw = (self.frame.x.1 - self.frame.x.0) / fit;
                let step = [1, 2, 3, 6, 12, 24]
                    .into_iter()
                    .find(|s| f64::from(*s) >= raw);
                let step = step.unwrap_or(48);
                for (offset, _) in &self.curve.points {
                    let offset = *offset as i32;
                    if offset % step == 0 {
                        let at = (x.px_from_value(f64::from(offset)), plot.y1 + 7.0);
                        let label = match offset {
                            0 => "event".to_owned(),
                            _ => signed_span(width, offset),
                        };
                        sheet.text(&label, at, Anchor::Top, palette.muted)?;
                    }
                }
            }
        }
        sheet.hairline((plot.x0, plot.y1), (plot.x1, plot.y1), palette.muted)
    }

    fn y_scale(&self) -> Scale {
        Scale {
            lo: self.curve.y.0,
            hi: self.curve.y.1,
            px_lo: self.frame.plot.y1,
            px_hi: self.frame.plot.y0,
        }
    }
}

fn offset_name(width: Millis, offset: i32) -> String {
    match offset {
        0 => "cell of the event".to_owned(),
        offset if offset < 0 => format!("{} before the event", lag_span(width, -offset)),
        offset => format!("{} after the event", lag_span(width, offset)),
    }
}

impl Plottable for Curve {
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing> {
        Box::new(CurveChart::new(self, size))
    }

    fn table(self: Arc<Self>) -> Table {
        let first = match self.axis {
            Axis::Time => "Until".to_owned(),
            Axis::Offset(width) => format!("From the event, in {}", format::span(width)),
        };
        let number = |value: Option<f64>| {
            value.map_or(Cell::Gap("too few pairs"), |value| {
                let text = format!("{}{}", format::signed(value, self.decimals), self.unit);
                Cell::Number(value, text)
            })
        };
        let row = |idx: usize| {
            let (x, value) = *self.points.get(idx)?;
            let place = match self.axis {
                Axis::Time => Cell::Time(x as Millis),
                Axis::Offset(width) => Cell::Number(x, signed_span(width, x as i32)),
            };
            let (lowest, highest) = self.band.get(idx).copied().flatten().unzip();
            Some(vec![place, number(value), number(lowest), number(highest)])
        };
        Table {
            columns: vec![
                first,
                self.title.to_owned(),
                "95 % band, from".to_owned(),
                "to".to_owned(),
            ],
            rows: (0..self.points.len()).filter_map(row).collect(),
        }
    }

    fn n_points(&self) -> usize {
        self.n_values()
    }

    fn is_over_time(&self) -> bool {
        self.axis == Axis::Time
    }

    fn extent(&self) -> (f64, f64) {
        self.extent
    }
}

impl Drawing for CurveChart {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn stops(&self) -> Vec<f64> {
        self.curve.points.iter().map(|point| point.0).collect()
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
    fn a_band_of_one_height_is_one_block_and_ends_at_a_gap() {
        let view = RollingView {
            ends: (0..6).map(|hour| hour * HOUR).collect(),
            values: vec![Some(0.1), Some(0.1), Some(0.1), None, Some(0.1), Some(0.2)],
            limits: vec![Some(0.3), Some(0.3), Some(0.3), None, Some(0.3), Some(0.3)],
            ..RollingView::default()
        };

        let blocks = Curve::rolling(&view).blocks();

        let hours: Vec<(f64, f64)> = blocks
            .iter()
            .map(|block| (block.x.0 / HOUR as f64, block.x.1 / HOUR as f64))
            .collect();
        assert_eq!(hours, [(0.0, 2.0), (4.0, 5.0)]);
    }

    #[test]
    fn a_point_is_read_with_its_band_and_its_distance_from_the_event() {
        let view = EventsView {
            width: HOUR,
            offsets: vec![-1, 0, 1],
            cumulative: vec![0.0, -0.01, -0.02],
            band: vec![(-0.01, 0.01); 3],
            ..EventsView::default()
        };
        let size = Size {
            width: 400.0,
            height: 200.0,
        };

        let read = CurveChart::new(Arc::new(Curve::events(&view)), size)
            .readout(2)
            .unwrap();

        assert_eq!(read.title, "1 h after the event");
        let texts: Vec<&str> = read.values.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["−2.00 %", "−1.00 % … +1.00 %"]);
    }
}
