//! Lead or lag: a stem per lag over the band in which correlations fall by chance.

use std::sync::Arc;

use analysis::view::LagView;
use plotters::prelude::DrawingBackend;
use wire::Millis;

use super::{
    Drawing, Frame, Plottable, Readout,
    backend::Sharp,
    scale::{Rect, Scale, nice_ticks},
    sheet::{Anchor, Drawn, Sheet, Size},
    table::{Cell, Table},
};
use crate::format;

/// A lag plot laid out for one size.
pub struct LagChart {
    view: Arc<LagView>,
    frame: Frame,
    /// Largest |correlation| of the axis.
    limit: f64,
}

impl LagChart {
    /// Decides where everything goes.
    pub fn new(view: Arc<LagView>, size: Size) -> Self {
        let plot = Rect {
            x0: 46.0,
            y0: 20.0,
            x1: (size.width - 12.0).max(60.0),
            y1: (size.height - 40.0).max(40.0),
        };
        let lags = view.lags.iter().map(|lag| f64::from(*lag));
        let (lo, hi) = lags.fold((-1.0f64, 1.0f64), |(lo, hi), lag| {
            (lo.min(lag), hi.max(lag))
        });
        Self {
            frame: Frame {
                plot,
                x: (lo - 0.7, hi + 0.7),
            },
            limit: limit_of(&view),
            view,
        }
    }

    /// Plot and range of lags.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// What a person reads at a lag, and where the cursor's dot goes.
    pub fn readout(&self, idx: usize) -> Option<Readout> {
        let (lag, correlation) = (
            *self.view.lags.get(idx)?,
            self.view.correlation.get(idx).copied().flatten(),
        );
        let y = Scale {
            lo: -self.limit,
            hi: self.limit,
            px_lo: self.frame.plot.y1,
            px_hi: self.frame.plot.y0,
        };
        let title = match lag {
            0 => "no lag".to_owned(),
            lag if lag > 0 => format!("sentiment leads by {}", lag_span(self.view.width, lag)),
            lag => format!("price leads by {}", lag_span(self.view.width, -lag)),
        };
        let reading = correlation.map_or("too few pairs".to_owned(), |r| format::signed(r, 3));
        let values = vec![
            ("r".to_owned(), reading),
            (
                "chance limit".to_owned(),
                format!("±{:.3}", self.view.bound),
            ),
        ];
        Some(Readout {
            title,
            values,
            dot_y: correlation.map(|r| y.px_from_value(r)),
        })
    }

    /// Draws the band first, then the stems.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn draw<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (plot, palette) = (self.frame.plot, sheet.palette);
        let lane = sheet.lane(plot, self.frame.x, (-self.limit, self.limit));
        if self.view.bound.is_finite() && self.view.bound > 0.0 {
            lane.block(
                self.frame.x,
                (-self.view.bound, self.view.bound),
                palette.muted,
                0.22,
            )?;
        }
        for value in nice_ticks(-self.limit, self.limit, 4) {
            let y = lane.y.px_from_value(value);
            let color = if value.abs() < 1e-9 {
                palette.muted
            } else {
                palette.line
            };
            sheet.hairline((plot.x0, y), (plot.x1, y), color)?;
            sheet.text(
                &format::signed(value, decimals(self.limit)),
                (plot.x0 - 6.0, y),
                Anchor::Right,
                palette.muted,
            )?;
        }
        self.draw_lag_axis(sheet)?;
        for (lag, correlation) in self.view.lags.iter().zip(&self.view.correlation) {
            let Some(r) = correlation.filter(|r| r.is_finite()) else {
                continue;
            };
            let x = f64::from(*lag);
            let color = if r.abs() > self.view.bound {
                palette.accent
            } else {
                palette.text
            };
            lane.line(&[(x, 0.0), (x, r)], color, 1.5)?;
            lane.dot(
                (x, r),
                if r.abs() > self.view.bound { 4.0 } else { 2.5 },
                color,
            )?;
        }
        sheet.present()
    }

    fn draw_lag_axis<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (plot, palette) = (self.frame.plot, sheet.palette);
        let x = self.frame.x_scale();
        let px = x.px_from_value(0.0);
        sheet.hairline((px, plot.y0), (px, plot.y1), palette.line)?;
        for lag in self.tick_lags() {
            let label = if lag == 0 {
                "0".to_owned()
            } else {
                signed_span(self.view.width, lag)
            };
            sheet.text(
                &label,
                (x.px_from_value(f64::from(lag)), plot.y1 + 6.0),
                Anchor::Top,
                palette.muted,
            )?;
        }
        sheet.text(
            "Correlation r",
            (plot.x0, 3.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        sheet.text(
            "← price leads",
            (plot.x0, plot.y1 + 22.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        sheet.text(
            "sentiment leads →",
            (plot.x1, plot.y1 + 22.0),
            Anchor::TopRight,
            palette.text,
        )
    }

    fn tick_lags(&self) -> Vec<i32> {
        if self.view.width <= 0 {
            return Vec::new();
        }
        let (lo, hi) = (self.frame.x.0.ceil() as i32, self.frame.x.1.floor() as i32);
        let fit = (self.frame.plot.width() / 64.0).max(2.0) as i32;
        let step = [1, 2, 3, 4, 6, 12, 24, 48, 96, 288]
            .into_iter()
            .find(|s| (hi - lo) / s <= fit)
            .unwrap_or(hi.max(1));
        (lo..=hi).filter(|lag| lag % step == 0).collect()
    }
}

impl Plottable for LagView {
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing> {
        Box::new(LagChart::new(self, size))
    }

    fn n_points(&self) -> usize {
        n_points(self)
    }

    fn extent(&self) -> (f64, f64) {
        (self.range.from as f64, self.range.to as f64)
    }

    fn table(self: Arc<Self>) -> Table {
        let lag = format!("Sentiment leads by, in {}", format::span(self.width));
        let row = |(lag, r): (&i32, &Option<f64>)| {
            let sign = if *lag < 0 { "−" } else { "" };
            let span = format!("{sign}{}", lag_span(self.width, lag.abs()));
            let r = r.map_or(Cell::Gap("too few pairs"), |r| {
                Cell::Number(r, format::signed(r, 3))
            });
            let bound = Cell::Number(self.bound, format!("±{:.3}", self.bound));
            vec![Cell::Number(f64::from(*lag), span), r, bound]
        };
        let columns = [&lag, "Correlation r", "Chance limit of |r|"];
        Table {
            columns: columns.map(str::to_owned).to_vec(),
            rows: self.lags.iter().zip(&self.correlation).map(row).collect(),
        }
    }

    fn is_over_time(&self) -> bool {
        false
    }
}

impl Drawing for LagChart {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn stops(&self) -> Vec<f64> {
        self.view.lags.iter().map(|lag| f64::from(*lag)).collect()
    }

    fn readout(&self, idx: usize) -> Option<Readout> {
        self.readout(idx)
    }

    fn draw(&self, sheet: &Sheet<Sharp>) -> Drawn<Sharp> {
        self.draw(sheet)
    }
}

/// How many finite values a lag plot stands on.
pub fn n_points(view: &LagView) -> usize {
    view.correlation
        .iter()
        .flatten()
        .filter(|r| r.is_finite())
        .count()
}

/// `3 h`: a number of lags as a length of time.
pub fn lag_span(width: Millis, lag: i32) -> String {
    format::span(width * Millis::from(lag))
}

/// The same with its sign.
pub(super) fn signed_span(width: Millis, lag: i32) -> String {
    let sign = if lag < 0 { "−" } else { "+" };
    format!("{sign}{}", lag_span(width, lag.abs()))
}

/// Enough for stems and band, at most 1.
fn limit_of(view: &LagView) -> f64 {
    let stems = view.correlation.iter().flatten().map(|r| r.abs());
    let most = stems
        .chain([view.bound.abs()])
        .filter(|r| r.is_finite())
        .fold(0.1, f64::max);
    (most * 1.2).min(1.0)
}

fn decimals(limit: f64) -> usize {
    if limit < 0.2 { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn the_readout_says_in_words_who_leads() {
        let view = LagView {
            width: HOUR,
            lags: vec![-2, 0, 3],
            correlation: vec![Some(0.1), None, Some(-0.2)],
            bound: 0.15,
            ..LagView::default()
        };
        let chart = LagChart::new(
            Arc::new(view),
            Size {
                width: 400.0,
                height: 200.0,
            },
        );
        let read = |idx| chart.readout(idx).unwrap();

        assert_eq!(
            (read(0).title, read(2).title),
            ("price leads by 2 h".into(), "sentiment leads by 3 h".into())
        );
        assert_eq!(
            (read(1).values[0].1.as_str(), read(2).values[0].1.as_str()),
            ("too few pairs", "−0.200")
        );
    }
}
