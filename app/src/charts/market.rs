//! Price × sentiment of one ticker: three lanes over one time axis.
//!
//! Price lies above (left axis), mean compound below it around its own zero (right axis, −1…+1), the
//! number of posts at the foot. The lanes do not overlap: two scales over each other would suggest a
//! likeness that is only a choice of scale.

mod closes;
mod columns;

use std::sync::Arc;

use analysis::{
    protocol::Measure,
    view::{MarketView, Range},
};
use plotters::{prelude::DrawingBackend, style::RGBColor};
use wire::Millis;

use super::{
    Drawing, Frame, Plottable, Readout,
    axes::{self, Side},
    backend::Sharp,
    clip::{Point, split_at_gaps},
    decimate,
    scale::{Rect, Scale, nice_range},
    sheet::{Anchor, Drawn, Sheet, Size},
    table::{Cell, Table},
    theme::Palette,
};
use crate::{format, strings};

pub use closes::close_before;
pub use columns::Column;

/// Room for a lane's title above it.
const TITLE_PX: f64 = 17.0;
const POSITIVE: f64 = 0.05;

/// A chart laid out for one size.
pub struct MarketChart {
    view: Arc<MarketView>,
    frame: Frame,
    price: Option<PriceLane>,
    sentiment: Rect,
    posts: Rect,
    columns: Vec<Column>,
    column_width: Millis,
}

struct PriceLane {
    rect: Rect,
    range: (f64, f64),
}

impl MarketChart {
    /// Decides where everything goes.
    pub fn new(view: Arc<MarketView>, size: Size) -> Self {
        let (from, to) = (view.range.from, view.range.to.max(view.range.from + 1));
        let plot = Rect {
            x0: 58.0,
            y0: 0.0,
            x1: (size.width - 34.0).max(60.0),
            y1: (size.height - 34.0).max(40.0),
        };
        let shown = closes::around(&view, from, to)
            .iter()
            .map(|c| c.price)
            .filter(|p| p.is_finite());
        let has_prices = shown.clone().next().is_some();
        let price_height = if has_prices {
            plot.height() * 0.48
        } else {
            0.0
        };
        let posts_height = plot.height() * 0.16;
        let cut = |y0: f64, y1: f64| Rect {
            y0: (y0 + TITLE_PX).min(y1),
            y1,
            ..plot
        };
        let range = nice_range(shown);
        let column_width = columns::column_width(&view, plot.width());
        Self {
            frame: Frame {
                plot: Rect {
                    y0: TITLE_PX.min(plot.y1),
                    ..plot
                },
                x: (from as f64, to as f64),
            },
            price: has_prices.then(|| PriceLane {
                rect: cut(plot.y0, price_height),
                range,
            }),
            sentiment: cut(price_height, plot.y1 - posts_height),
            posts: cut(plot.y1 - posts_height, plot.y1),
            columns: columns::columns(&view, column_width),
            column_width,
            view,
        }
    }

    /// Plot and time range.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Bars of sentiment and posts, in time order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What a person reads at a column, and where the cursor's dot goes.
    pub fn readout(&self, idx: usize) -> Option<Readout> {
        let column = self.columns.get(idx)?;
        let close = close_before(&self.view, column.to.min(self.view.range.to));
        let mut values = Vec::new();
        if let Some(close) = close {
            values.push((
                "close".to_owned(),
                format!("{} {}", format::price(close.price), self.view.currency),
            ));
        }
        values.push((
            "compound".to_owned(),
            column
                .mean_compound
                .map_or("no posts".to_owned(), |c| format::signed(c, 2)),
        ));
        values.push((
            "posts".to_owned(),
            column.n_posts.map_or("no data".to_owned(), format::count),
        ));
        let marks = self.view.anomalies.iter().flat_map(|view| &view.marks);
        let is_here = |bucket: Range| bucket.from < column.to && bucket.to > column.from;
        if let Some(mark) = marks.into_iter().find(|mark| is_here(mark.bucket)) {
            values.push(("unusual".to_owned(), strings::deviation(mark)));
        }
        let dot = self.price.as_ref().zip(close).map(|(lane, close)| {
            let y = Scale {
                lo: lane.range.0,
                hi: lane.range.1,
                px_lo: lane.rect.y1,
                px_hi: lane.rect.y0,
            };
            y.px_from_value(close.price)
                .clamp(lane.rect.y0, lane.rect.y1)
        });
        Some(Readout {
            title: format::stretch(column.from, column.to),
            values,
            dot_y: dot,
        })
    }

    /// Draws everything, gaps first.
    ///
    /// # Errors
    /// What the backend refuses.
    pub fn draw<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        axes::gap_bands(sheet, self.frame, &self.view.gaps, self.sentiment.y0)?;
        axes::time_axis(sheet, self.frame)?;
        if let Some(lane) = &self.price {
            self.draw_price(sheet, lane)?;
        }
        self.draw_sentiment(sheet)?;
        self.draw_posts(sheet)?;
        self.draw_anomalies(sheet)?;
        sheet.present()
    }

    fn time_scale(&self) -> Scale {
        self.frame.x_scale()
    }

    fn draw_price<DB: DrawingBackend>(&self, sheet: &Sheet<DB>, price: &PriceLane) -> Drawn<DB> {
        let palette = sheet.palette;
        let lane = sheet.lane(price.rect, self.frame.x, price.range);
        axes::value_axis(sheet, &lane, Side::Left, axis_price)?;
        let title = format!(
            "Close, {} ({} bars)",
            self.view.currency,
            format::span(self.view.bar_width)
        );
        sheet.text(
            &title,
            (price.rect.x0, price.rect.y0 - TITLE_PX + 3.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        for points in split_at_gaps(&self.close_points(), closes::max_step(&self.view)) {
            let per_px = (self.frame.x.1 - self.frame.x.0) / price.rect.width().max(1.0);
            lane.line(&decimate::min_max(points, per_px), palette.text, 1.5)?;
        }
        Ok(())
    }

    fn draw_sentiment<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (rect, palette) = (self.sentiment, sheet.palette);
        let lane = sheet.lane(rect, self.frame.x, (-1.0, 1.0));
        for value in [-1.0, 0.0, 1.0] {
            let y = lane.y.px_from_value(value);
            let color = if value.abs() < 0.5 {
                palette.muted
            } else {
                palette.line
            };
            sheet.text(
                &format::signed(value, 0),
                (rect.x1 + 6.0, y),
                Anchor::Left,
                palette.muted,
            )?;
            sheet.hairline((rect.x0, y), (rect.x1, y), color)?;
        }
        let title = format!("Mean compound, −1…+1{}", self.per_column());
        sheet.text(
            &title,
            (rect.x0, rect.y0 - TITLE_PX + 3.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        for column in &self.columns {
            if let Some(value) = column.mean_compound {
                // A mean of about zero still gets a mark.
                let y = if value.abs() < 0.04 {
                    (-0.04, 0.04)
                } else {
                    (0.0, value)
                };
                lane.block(self.bar(column), y, color_of(value, &palette), 1.0)?;
            }
        }
        Ok(())
    }

    fn draw_posts<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let (rect, palette) = (self.posts, sheet.palette);
        let most = self
            .columns
            .iter()
            .filter_map(|c| c.n_posts)
            .max()
            .unwrap_or(0);
        let lane = sheet.lane(rect, self.frame.x, (0.0, most.max(1) as f64));
        let title = format!(
            "Posts{} (n = {})",
            self.per_column(),
            format::count(self.view.n)
        );
        sheet.text(
            &title,
            (rect.x0, rect.y0 - TITLE_PX + 3.0),
            Anchor::TopLeft,
            palette.text,
        )?;
        if most > 0 {
            sheet.text(
                &format::compact(most),
                (rect.x0 - 6.0, rect.y0 + 2.0),
                Anchor::Right,
                palette.muted,
            )?;
        }
        for column in &self.columns {
            let n = column.n_posts.unwrap_or(0) as f64;
            lane.block(self.bar(column), (0.0, n), palette.muted, 0.75)?;
        }
        Ok(())
    }

    /// A mark above each unusual bucket, in the lane that it is unusual in.
    fn draw_anomalies<DB: DrawingBackend>(&self, sheet: &Sheet<DB>) -> Drawn<DB> {
        let Some(anomalies) = &self.view.anomalies else {
            return Ok(());
        };
        let lane = match anomalies.choice.of {
            Measure::Posts => Some(self.posts),
            Measure::Sentiment => Some(self.sentiment),
            Measure::Price => self.price.as_ref().map(|price| price.rect),
        };
        let (Some(lane), x) = (lane, self.time_scale()) else {
            return Ok(());
        };
        for mark in &anomalies.marks {
            let middle = f64::midpoint(mark.bucket.from as f64, mark.bucket.to as f64);
            let px = x.px_from_value(middle);
            if (lane.x0..=lane.x1).contains(&px) {
                sheet.hairline((px, lane.y0), (px, lane.y1), sheet.palette.accent)?;
                sheet.text("◆", (px, lane.y0 - 1.0), Anchor::Top, sheet.palette.accent)?;
            }
        }
        Ok(())
    }

    /// `, per 1 h`; nothing while there are no buckets.
    fn per_column(&self) -> String {
        if self.columns.is_empty() {
            String::new()
        } else {
            format!(", per {}", format::span(self.column_width))
        }
    }

    /// A column's bar in time, a little narrower than the column.
    fn bar(&self, column: &Column) -> (f64, f64) {
        let (from, to) = (column.from as f64, column.to as f64);
        let air = (to - from) * 0.12;
        (from + air, to - air)
    }

    fn close_points(&self) -> Vec<Point> {
        let finite = self.view.closes.iter().filter(|c| c.price.is_finite());
        finite.map(|c| (c.at as f64, c.price)).collect()
    }
}

impl Plottable for MarketView {
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing> {
        Box::new(MarketChart::new(self, size))
    }

    fn n_points(&self) -> usize {
        n_points(self)
    }

    fn extent(&self) -> (f64, f64) {
        (self.range.from as f64, self.range.to as f64)
    }

    fn table(self: Arc<Self>) -> Table {
        let close = match self.currency.is_empty() {
            true => "Close".to_owned(),
            false => format!("Close, {}", self.currency),
        };
        let posts = format!(
            "Posts about {} in {}",
            self.ticker,
            format::span(self.width)
        );
        let n_buckets = self.n_posts.len();
        Table {
            columns: vec!["From".to_owned(), close, "Mean compound".to_owned(), posts],
            rows: (0..n_buckets).map(|idx| table_row(&self, idx)).collect(),
        }
    }
}

/// A bucket: the newest close at its end, mean compound and posts.
fn table_row(view: &MarketView, idx: usize) -> Vec<Cell> {
    let from = view.start + view.width * idx as Millis;
    let close = close_before(view, from + view.width);
    let mean = view
        .mean_compound
        .get(idx)
        .copied()
        .flatten()
        .map(f64::from);
    let n_posts = view.n_posts.get(idx).copied().flatten();
    vec![
        Cell::Time(from),
        close.map_or(Cell::Gap("–"), |close| {
            Cell::Number(close.price, format::price(close.price))
        }),
        mean.map_or(Cell::Gap("–"), |mean| {
            Cell::Number(mean, format::signed(mean, 3))
        }),
        n_posts.map_or(Cell::Gap("no data"), |n| {
            Cell::Number(f64::from(n), format::count(u64::from(n)))
        }),
    ]
}

impl Drawing for MarketChart {
    fn frame(&self) -> Frame {
        self.frame
    }

    fn stops(&self) -> Vec<f64> {
        self.columns
            .iter()
            .map(|c| f64::midpoint(c.from as f64, c.to as f64))
            .collect()
    }

    fn readout(&self, idx: usize) -> Option<Readout> {
        self.readout(idx)
    }

    fn draw(&self, sheet: &Sheet<Sharp>) -> Drawn<Sharp> {
        self.draw(sheet)
    }
}

/// How many finite values a chart of this view stands on.
pub fn n_points(view: &MarketView) -> usize {
    let closes = view.closes.iter().filter(|c| c.price.is_finite()).count();
    closes
        + view
            .mean_compound
            .iter()
            .flatten()
            .filter(|c| c.is_finite())
            .count()
}

fn color_of(compound: f64, palette: &Palette) -> RGBColor {
    match compound {
        c if c >= POSITIVE => palette.pos,
        c if c <= -POSITIVE => palette.neg,
        _ => palette.neu,
    }
}

/// Axis labels leave out cents above 1,000 and are compact above 100,000.
fn axis_price(value: f64) -> String {
    match value {
        v if v >= 100_000.0 => format::compact(v as u64),
        v if v >= 1_000.0 => format::count(v.round() as u64),
        v => format::price(v),
    }
}

#[cfg(test)]
mod tests {
    use analysis::view::Close;
    use wire::time::HOUR;

    use super::*;

    fn view() -> MarketView {
        MarketView {
            range: Range {
                from: 0,
                to: 4 * HOUR,
            },
            width: HOUR,
            bar_width: HOUR,
            n_posts: vec![Some(1), Some(3), None, Some(0)],
            mean_compound: vec![Some(0.8), Some(-0.4), None, None],
            closes: vec![
                Close {
                    at: HOUR,
                    price: 10.0,
                },
                Close {
                    at: 2 * HOUR,
                    price: 11.0,
                },
            ],
            ..MarketView::default()
        }
    }

    #[test]
    fn the_readout_names_every_value_with_its_unit_or_says_that_there_is_none() {
        let chart = MarketChart::new(
            Arc::new(view()),
            Size {
                width: 800.0,
                height: 400.0,
            },
        );

        let gap = chart.readout(2).unwrap();

        assert_eq!(gap.values[1].1, "no posts");
        assert_eq!(gap.values[2].1, "no data");
        assert!(chart.readout(4).is_none());
    }
}
