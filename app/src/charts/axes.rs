//! What charts over time share: the time axis with its grid, value axes, and bands where there is no data.

use analysis::view::Range;
use plotters::prelude::DrawingBackend;
use wire::Millis;

use super::{
    Frame,
    scale::{Rect, nice_ticks, time_ticks},
    sheet::{Anchor, Drawn, Lane, Sheet},
};

/// Room that one label of the time axis needs.
const TICK_PX: f64 = 58.0;

/// On which side of a lane its values stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The first axis, with grid lines.
    Left,
    /// The second axis, without: two grids over each other cannot be told apart.
    Right,
}

/// Grid lines and labels of true time below the plot.
///
/// # Errors
/// What the backend refuses.
pub fn time_axis<DB: DrawingBackend>(sheet: &Sheet<DB>, frame: Frame) -> Drawn<DB> {
    let (plot, palette) = (frame.plot, sheet.palette);
    let x = frame.x_scale();
    let max = (plot.width() / TICK_PX).floor().clamp(2.0, 14.0) as usize;
    let (from, to) = (frame.x.0 as Millis, frame.x.1 as Millis);
    // A chart without data has a range of a millisecond, so that it can be drawn at all.
    let max = if to - from > 1 { max } else { 0 };
    for tick in time_ticks(from, to, max).into_iter().take(max) {
        let px = x.px_from_value(tick.at as f64);
        sheet.hairline((px, plot.y0), (px, plot.y1 + 4.0), palette.line)?;
        // A label in the corner would be cut off.
        if px < plot.x0 + 4.0 - 30.0 || px > plot.x1 + 12.0 {
            continue;
        }
        sheet.text(&tick.label, (px, plot.y1 + 7.0), Anchor::Top, palette.muted)?;
        if let Some(below) = tick.below {
            sheet.text(&below, (px, plot.y1 + 20.0), Anchor::Top, palette.muted)?;
        }
    }
    sheet.hairline((plot.x0, plot.y1), (plot.x1, plot.y1), palette.muted)
}

/// Round values beside a lane.
///
/// # Errors
/// What the backend refuses.
pub fn value_axis<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    lane: &Lane<'_, DB>,
    side: Side,
    label: impl Fn(f64) -> String,
) -> Drawn<DB> {
    let (rect, palette) = (lane.rect(), sheet.palette);
    let n_ticks = (rect.height() / 28.0).clamp(1.0, 6.0) as usize;
    for value in nice_ticks(lane.y.lo, lane.y.hi, n_ticks) {
        let y = lane.y.px_from_value(value);
        let (px, anchor) = match side {
            Side::Left => (rect.x0 - 6.0, Anchor::Right),
            Side::Right => (rect.x1 + 6.0, Anchor::Left),
        };
        if side == Side::Left {
            sheet.hairline((rect.x0, y), (rect.x1, y), palette.line)?;
        }
        sheet.text(&label(value), (px, y), anchor, palette.muted)?;
    }
    Ok(())
}

/// Hatched bands over the stretches without data, from `top` to the foot of the plot.
///
/// # Errors
/// What the backend refuses.
pub fn gap_bands<DB: DrawingBackend>(
    sheet: &Sheet<DB>,
    frame: Frame,
    gaps: &[Range],
    top: f64,
) -> Drawn<DB> {
    let (plot, x) = (frame.plot, frame.x_scale());
    for gap in gaps {
        let x0 = x.px_from_value(gap.from as f64).max(plot.x0);
        let x1 = x.px_from_value(gap.to as f64).min(plot.x1);
        if x1 - x0 < 0.5 {
            continue;
        }
        let rect = Rect {
            x0,
            x1,
            y0: top,
            y1: plot.y1,
        };
        sheet.hatch(rect, sheet.palette.line)?;
        if rect.width() > 60.0 {
            let middle = (f64::midpoint(x0, x1), top + 4.0);
            sheet.text("no data", middle, Anchor::Top, sheet.palette.muted)?;
        }
    }
    Ok(())
}
