//! Charts: pure layout and drawing, generic over plotters' backend, and the canvas that shows them.
//!
//! ```text
//!  view ──► MarketChart, LagChart … ──draw──► Sheet<DB> ──► SVG (tests, saved files) or canvas (page)
//!               │ frame, readout
//!               ▼
//!           canvas: crosshair, brush, playhead, keyboard cursor: never a redraw of the chart
//! ```

pub mod axes;
pub mod clip;
pub mod curve;
pub mod decimate;
pub mod lag;
pub mod lines;
pub mod market;
pub mod scale;
pub mod sheet;
pub mod stack;
pub mod table;
pub mod theme;
pub mod vector;

pub mod backend;

pub(crate) mod canvas;
pub(crate) mod export;
pub(crate) mod scheduler;

use std::sync::Arc;

use backend::Sharp;
use scale::{Rect, Scale};
use sheet::{Drawn, Sheet, Size};
use table::{Cell, Table};

/// Where a chart's plot lies and which stretch of its horizontal axis it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Frame {
    /// The plot in CSS pixels.
    pub plot: Rect,
    /// First and last value of the horizontal axis.
    pub x: (f64, f64),
}

impl Frame {
    /// Screen from the horizontal axis.
    pub fn x_scale(&self) -> Scale {
        Scale {
            lo: self.x.0,
            hi: self.x.1,
            px_lo: self.plot.x0,
            px_hi: self.plot.x1,
        }
    }
}

/// What a person reads at the cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// Where the cursor is, in words.
    pub title: String,
    /// Names and values with their units.
    pub values: Vec<(String, String)>,
    /// Height of the cursor's dot in CSS pixels.
    pub dot_y: Option<f64>,
}

impl Readout {
    /// One line, for the read-out and for screen readers.
    pub(crate) fn sentence(&self) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        format!("{}: {}", self.title, values.join(", "))
    }
}

/// A view that can be laid out as a chart.
///
/// [`canvas::ChartCanvas`] gives it everything else: sharp pixels, crosshair, zoom, keys, the table, and the
/// files that can be saved.
pub trait Plottable: Send + Sync {
    /// Decides where everything goes.
    fn layout(self: Arc<Self>, size: Size) -> Box<dyn Drawing>;
    /// The numbers of the chart; by default what is read at each stop of the cursor.
    fn table(self: Arc<Self>) -> Table {
        readouts(&*self.layout(TABLE_SIZE))
    }
    /// How many finite values are drawn.
    fn n_points(&self) -> usize;
    /// The stretch of time it stands for, in milliseconds.
    fn extent(&self) -> (f64, f64);
    /// Is the horizontal axis time, so that charts show each other's cursor?
    fn is_over_time(&self) -> bool {
        true
    }
}

/// Charts put fewer buckets together where there is more room; a table has room enough.
const TABLE_SIZE: Size = Size {
    width: 4_000.0,
    height: 400.0,
};

/// What is read at each stop of a chart, as text.
fn readouts(drawing: &dyn Drawing) -> Table {
    let mut table = Table {
        columns: vec!["At".to_owned()],
        ..Table::default()
    };
    let n_stops = drawing.stops().len();
    for readout in (0..n_stops).filter_map(|idx| drawing.readout(idx)) {
        let mut row = vec![Cell::Text(readout.title)];
        for (name, value) in readout.values {
            let place = table.columns.iter().position(|column| *column == name);
            let place = place.unwrap_or_else(|| {
                table.columns.push(name);
                table.columns.len() - 1
            });
            row.resize(row.len().max(place + 1), Cell::Gap("–"));
            if let Some(cell) = row.get_mut(place) {
                *cell = Cell::Text(value);
            }
        }
        table.rows.push(row);
    }
    for row in &mut table.rows {
        row.resize(table.columns.len(), Cell::Gap("–"));
    }
    table
}

/// A chart laid out for one size.
pub trait Drawing {
    /// Plot and horizontal axis.
    fn frame(&self) -> Frame;
    /// Axis values at which the cursor stops, ascending.
    fn stops(&self) -> Vec<f64>;
    /// What is read at a stop.
    fn readout(&self, idx: usize) -> Option<Readout>;
    /// Draws the base layer.
    fn draw(&self, sheet: &Sheet<Sharp>) -> Drawn<Sharp>;
}
