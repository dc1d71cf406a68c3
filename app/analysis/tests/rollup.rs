//! Roll-ups are those of pandas, in UTC and in zones with summer time and half an hour's offset.

#![allow(clippy::unwrap_used, reason = "what is not there fails the test")]

use analysis::{
    series::rollup::{Cell, Level, Post, Rollup, Zone},
    view::Class,
};

/// The generator of `fixtures/rollup_pandas.py`.
fn posts() -> Vec<Post> {
    let mut state: u64 = 42;
    let mut draw = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % limit) as i64
    };
    let mut at = 1_704_000_000_000;
    (0..1_500)
        .map(|_| {
            at += draw(40_000_000);
            let compound = (draw(20_001) - 10_000) as i16;
            Post {
                at,
                compound,
                class: match compound {
                    500.. => Class::Positive,
                    ..=-500 => Class::Negative,
                    _ => Class::Neutral,
                },
                author: draw(40) as u32,
            }
        })
        .collect()
}

/// What a browser would take from `Intl`.
fn zone(name: &str) -> Zone {
    match name {
        "UTC" => Zone::utc(),
        "Asia/Kolkata" => Zone::new(330, &[]).unwrap(),
        _ => Zone::new(
            -300,
            &[
                (1_710_054_000_000, -240),
                (1_730_613_600_000, -300),
                (1_741_503_600_000, -240),
                (1_762_063_200_000, -300),
            ],
        )
        .unwrap(),
    }
}

fn printed(cell: &Cell) -> String {
    let (min, max) = cell.range().unwrap();
    format!(
        "{},{},{},{},{min},{max},{},{},{}",
        cell.start,
        cell.n,
        cell.sum,
        cell.sum_squares,
        cell.n_positive,
        cell.n_negative,
        cell.n_authors()
    )
}

#[test]
fn cells_are_those_of_pandas() {
    let mut n_cells = 0;
    let posts = posts();
    let mut minutes = Rollup::new(Level::FiveMinutes, Zone::utc());
    posts.iter().for_each(|post| minutes.add(*post));
    for line in include_str!("fixtures/rollup_pandas.csv").lines() {
        let mut fields = line.splitn(4, ',');
        let zone = zone(fields.next().unwrap());
        let level = match fields.next().unwrap() {
            "Hour" => Level::Hour,
            "Day" => Level::Day,
            "Month" => Level::Month,
            _ => Level::Year,
        };
        let start: i64 = fields.next().unwrap().parse().unwrap();
        let mut direct = Rollup::new(level, zone.clone());
        posts.iter().for_each(|post| direct.add(*post));
        let rolled = minutes.rolled_up(level, &zone).unwrap();

        for rollup in [direct, rolled] {
            let expected = line.splitn(3, ',').nth(2).unwrap();
            assert_eq!(printed(&rollup.cell(start)), expected, "{line}");
        }
        n_cells += 1;
    }
    assert!(n_cells > 150, "{n_cells}");
}
