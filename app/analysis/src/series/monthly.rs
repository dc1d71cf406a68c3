//! Months of one ticker: least and greatest price, market capitalisation and volume beside sentiment.

use std::collections::BTreeMap;

use wire::Bar;

use super::{
    calendar::{Date, Zone},
    rollup::{Cell, Rollup},
};

/// Least and greatest.
pub type MinMax = (f64, f64);

/// One month; what no bar and no post told is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Month {
    /// Lowest low and highest high.
    pub price: Option<MinMax>,
    /// Of the bars that give it.
    pub market_cap: Option<MinMax>,
    /// Traded quantity of one bar.
    pub volume: Option<MinMax>,
    /// Bars of the month.
    pub n_bars: u64,
    /// Posts of the month.
    pub n_posts: u64,
    /// Unique authors of these posts.
    pub n_authors: usize,
    /// By posts, −1…+1.
    pub mean_compound: Option<f64>,
}

/// Months in the order of the calendar: (year, month from 1).
#[derive(Clone, Debug, Default)]
pub struct Monthly {
    zone: Zone,
    months: BTreeMap<(i64, u8), Month>,
}

impl Monthly {
    /// No months yet; they begin at this zone's midnight.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            months: BTreeMap::new(),
        }
    }

    /// Counts a bar into the month in which it begins. The caller keeps to one currency and one width, and
    /// gives each bar once.
    pub fn add_bar(&mut self, bar: &Bar) {
        let month = self.month_of(self.zone.date(bar.open_at));
        month.n_bars += 1;
        for value in [bar.low, bar.high] {
            widen(&mut month.price, value);
        }
        if let Some(volume) = bar.volume {
            widen(&mut month.volume, volume);
        }
        if let Some(market_cap) = bar.market_cap {
            widen(&mut month.market_cap, market_cap);
        }
    }

    /// Takes posts from a roll-up by months of the same zone, in place of those taken before.
    pub fn set_posts(&mut self, months: &Rollup) {
        for cell in months.cells() {
            let month = self.month_of(self.zone.date(cell.start));
            month.n_posts = cell.n;
            month.n_authors = cell.n_authors();
            month.mean_compound = Cell::mean(cell);
        }
    }

    fn month_of(&mut self, date: Date) -> &mut Month {
        self.months.entry((date.year, date.month)).or_default()
    }

    /// Year, month from 1, and what it holds; in the order of the calendar.
    pub fn rows(&self) -> impl Iterator<Item = (i64, u8, &Month)> {
        self.months
            .iter()
            .map(|((year, month), row)| (*year, *month, row))
    }

    /// The table as CSV (RFC 4180) with a header; what is not known is an empty field.
    pub fn csv(&self) -> String {
        let mut csv = String::from(
            "year,month,price_min,price_max,market_cap_min,market_cap_max,volume_min,volume_max,\
             bars,posts,authors,mean_compound\r\n",
        );
        for (year, month, row) in self.rows() {
            csv += &format!("{year},{month}");
            for pair in [row.price, row.market_cap, row.volume] {
                csv += &match pair {
                    Some((min, max)) => format!(",{min},{max}"),
                    None => ",,".to_owned(),
                };
            }
            csv += &format!(",{},{},{},", row.n_bars, row.n_posts, row.n_authors);
            if let Some(mean) = row.mean_compound {
                csv += &mean.to_string();
            }
            csv += "\r\n";
        }
        csv
    }
}

fn widen(range: &mut Option<MinMax>, value: f64) {
    if value.is_finite() {
        let (min, max) = range.unwrap_or((value, value));
        *range = Some((min.min(value), max.max(value)));
    }
}

#[cfg(test)]
mod tests {
    use wire::time::DAY;

    use super::*;
    use crate::{
        series::rollup::{Level, Post},
        view::Class,
    };

    fn bar(day: i64, low: f64, high: f64) -> Bar {
        Bar {
            ticker: "BTC".to_owned(),
            currency: "USD".to_owned(),
            source: "test".to_owned(),
            open_at: day * DAY,
            width: DAY,
            open: low,
            high,
            low,
            close: high,
            volume: (day != 0).then_some(high * 10.0),
            market_cap: None,
        }
    }

    #[test]
    fn months_come_in_the_order_of_the_calendar_with_posts_beside_prices() {
        let mut monthly = Monthly::new(Zone::utc());
        for bar in [
            bar(300, 5.0, 6.0),
            bar(31, 2.0, 4.0),
            bar(33, 1.0, 3.0),
            bar(0, 7.0, 8.0),
        ] {
            monthly.add_bar(&bar);
        }
        let mut posts = Rollup::new(Level::Month, Zone::utc());
        posts.add(Post {
            at: 40 * DAY,
            compound: 2_500,
            class: Class::Positive,
            author: 1,
        });

        monthly.set_posts(&posts);

        assert_eq!(
            monthly.csv().lines().skip(1).collect::<Vec<_>>(),
            [
                "1970,1,7,8,,,,,1,0,0,",
                "1970,2,1,4,,,30,40,2,1,1,0.25",
                "1970,10,5,6,,,60,60,1,0,0,",
            ]
        );
    }
}
