//! Where posts come from, as far as their authors told: clusters on a map, and countries.
//!
//! Nothing here is finer than a tenth of a degree (about 11 km): coordinates are rounded before they are counted,
//! so no panel can show where one person was.

mod world;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use world::{Country, Point, WORLD, World, WorldError};

use crate::view::Class;

/// One post, as far as its place matters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedPost<'p> {
    /// Two letters of ISO 3166-1, if the platform said so.
    pub country: Option<&'p str>,
    /// Latitude and longitude in degrees.
    pub lat_lon: Option<(f64, f64)>,
    /// What it is read as.
    pub class: Class,
    /// Its compound in ten-thousandths.
    pub compound: i16,
}

/// Posts by place. One for each range and selection: it only adds up.
///
/// ```
/// use analysis::places::{PlacedPost, Places, WORLD, World};
/// use analysis::view::Class;
///
/// let world = World::read(WORLD)?;
/// let mut places = Places::new(Some(&world));
/// places.add(&PlacedPost { country: None, lat_lon: Some((48.8566, 2.3522)), class: Class::Positive, compound: 5_000 });
/// assert_eq!(places.countries()[0].name, "France");
/// assert_eq!(places.clusters(1)[0].lat_lon, (48.9, 2.4));
/// # Ok::<(), analysis::places::WorldError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Places<'w> {
    world: Option<&'w World>,
    /// By latitude and longitude in tenths of a degree.
    cells: BTreeMap<(i32, i32), Tally>,
    /// The country of each cell that was looked up.
    known: BTreeMap<(i32, i32), Option<&'w Country>>,
    countries: BTreeMap<String, Tally>,
    n_posts: u64,
    n_without_place: u64,
    n_without_country: u64,
}

/// How many posts, and how they are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tally {
    /// Positive posts.
    pub positive: u64,
    /// Neutral posts.
    pub neutral: u64,
    /// Negative posts.
    pub negative: u64,
    /// Sum of their compounds, in ten-thousandths.
    pub compound_sum: i64,
}

impl Tally {
    /// All posts.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.positive + self.neutral + self.negative
    }

    /// The share of a class, 0…1; none without posts.
    #[must_use]
    pub fn share(&self, class: Class) -> Option<f64> {
        let n = match class {
            Class::Positive => self.positive,
            Class::Neutral => self.neutral,
            Class::Negative => self.negative,
        };
        (self.n() > 0).then(|| n as f64 / self.n() as f64)
    }

    /// Mean compound, −1…+1; none without posts.
    #[must_use]
    pub fn mean_compound(&self) -> Option<f64> {
        (self.n() > 0).then(|| self.compound_sum as f64 / self.n() as f64 / 1e4)
    }

    fn add(&mut self, post: &PlacedPost<'_>) {
        match post.class {
            Class::Positive => self.positive += 1,
            Class::Neutral => self.neutral += 1,
            Class::Negative => self.negative += 1,
        }
        self.compound_sum += i64::from(post.compound);
    }

    fn join(&mut self, other: &Self) {
        self.positive += other.positive;
        self.neutral += other.neutral;
        self.negative += other.negative;
        self.compound_sum += other.compound_sum;
    }
}

/// Posts near each other.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Cluster {
    /// Mean of their places, of which each was rounded to 0.1° before, itself rounded to 0.1°.
    pub lat_lon: (f64, f64),
    /// How many, and how they are.
    pub tally: Tally,
}

/// Posts of one country.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CountryRow {
    /// Two letters of ISO 3166-1, upper-case.
    pub code: String,
    /// Its English name; the code where the world has none.
    pub name: String,
    /// How many posts, and how they are.
    pub tally: Tally,
}

impl<'w> Places<'w> {
    /// Nothing yet. Without a world, countries are only those that platforms say.
    #[must_use]
    pub fn new(world: Option<&'w World>) -> Self {
        Self {
            world,
            cells: BTreeMap::new(),
            known: BTreeMap::new(),
            countries: BTreeMap::new(),
            n_posts: 0,
            n_without_place: 0,
            n_without_country: 0,
        }
    }

    /// Counts a post. The country that the platform says goes before that of the coordinates.
    pub fn add(&mut self, post: &PlacedPost<'_>) {
        self.n_posts += 1;
        let cell = post.lat_lon.and_then(cell_of);
        let said = post.country.filter(|code| is_code(code));
        if let Some(cell) = cell {
            self.cells.entry(cell).or_default().add(post);
        }
        let code = said
            .map(str::to_ascii_uppercase)
            .or_else(|| self.country_of(cell?));
        match code {
            Some(code) => self.countries.entry(code).or_default().add(post),
            None if cell.is_some() => self.n_without_country += 1,
            None => self.n_without_place += 1,
        }
    }

    /// Posts that were counted, with a place or without.
    #[must_use]
    pub fn n_posts(&self) -> u64 {
        self.n_posts
    }

    /// Posts that say neither a country nor coordinates.
    #[must_use]
    pub fn n_without_place(&self) -> u64 {
        self.n_without_place
    }

    /// Posts with coordinates that lie in no country known here: at sea, mostly.
    #[must_use]
    pub fn n_without_country(&self) -> u64 {
        self.n_without_country
    }

    /// Posts with coordinates, put together by squares of so many tenths of a degree (at least one); those with
    /// the most posts first, of equal ones the northernmost.
    #[must_use]
    pub fn clusters(&self, tenths: u32) -> Vec<Cluster> {
        let side = i32::try_from(tenths.clamp(1, 1_800)).unwrap_or(1);
        let mut squares: BTreeMap<(i32, i32), (Tally, i64, i64)> = BTreeMap::new();
        for ((lat, lon), tally) in &self.cells {
            let square = (lat.div_euclid(side), lon.div_euclid(side));
            let (sum, lats, lons) = squares.entry(square).or_default();
            sum.join(tally);
            *lats += i64::from(*lat) * tally.n() as i64;
            *lons += i64::from(*lon) * tally.n() as i64;
        }
        let mean = |sum: i64, tally: &Tally| (sum as f64 / tally.n() as f64).round() / 10.0;
        let mut clusters: Vec<Cluster> = squares
            .into_values()
            .map(|(tally, lats, lons)| Cluster {
                lat_lon: (mean(lats, &tally), mean(lons, &tally)),
                tally,
            })
            .collect();
        clusters.sort_by(|a, b| {
            let by_n = b.tally.n().cmp(&a.tally.n());
            by_n.then(b.lat_lon.0.total_cmp(&a.lat_lon.0))
                .then(a.lat_lon.1.total_cmp(&b.lat_lon.1))
        });
        clusters
    }

    /// The countries, those with the most posts first, of equal ones by code.
    #[must_use]
    pub fn countries(&self) -> Vec<CountryRow> {
        let name = |code: &String| {
            let country = self.world.and_then(|world| world.find(code));
            country.map_or_else(|| code.clone(), |country| country.name.clone())
        };
        let mut rows: Vec<CountryRow> = self
            .countries
            .iter()
            .map(|(code, tally)| CountryRow {
                name: name(code),
                code: code.clone(),
                tally: *tally,
            })
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.tally.n()));
        rows
    }

    fn country_of(&mut self, cell: (i32, i32)) -> Option<String> {
        let world = self.world;
        let look_up = || {
            let (lat, lon) = (f64::from(cell.0) / 10.0, f64::from(cell.1) / 10.0);
            world?.country_at(lat, lon)
        };
        let country = *self.known.entry(cell).or_insert_with(look_up);
        country.and_then(|country| country.code.clone())
    }
}

/// Latitude and longitude in tenths of a degree; none if they are no place on earth.
fn cell_of((lat, lon): (f64, f64)) -> Option<(i32, i32)> {
    let is_on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    is_on_earth.then(|| ((lat * 10.0).round() as i32, (lon * 10.0).round() as i32))
}

fn is_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(country: Option<&str>, lat_lon: Option<(f64, f64)>, class: Class) -> PlacedPost<'_> {
        PlacedPost {
            country,
            lat_lon,
            class,
            compound: 1_000,
        }
    }

    #[test]
    fn nothing_is_finer_than_a_tenth_of_a_degree() {
        let mut places = Places::new(None);
        for lat_lon in [(40.7127, -74.0059), (40.6891, -74.0445), (40.74, -73.96)] {
            places.add(&post(None, Some(lat_lon), Class::Neutral));
        }

        let clusters = places.clusters(0);

        assert_eq!(clusters.len(), 1);
        assert_eq!(
            (clusters[0].lat_lon, clusters[0].tally.n()),
            ((40.7, -74.0), 3)
        );
    }

    #[test]
    fn larger_squares_hold_the_posts_of_smaller_ones() {
        let mut places = Places::new(None);
        for tenths in 0..500_i32 {
            let place = (
                f64::from(tenths % 37) - 18.0,
                f64::from(tenths % 91) / 2.0 - 20.0,
            );
            places.add(&post(None, Some(place), Class::Positive));
        }

        for side in [1, 5, 50, 1_800] {
            let clusters = places.clusters(side);
            assert_eq!(clusters.iter().map(|one| one.tally.n()).sum::<u64>(), 500);
            assert!(clusters.is_sorted_by_key(|one| std::cmp::Reverse(one.tally.n())));
        }
        assert!(places.clusters(1_800).len() <= 4);
    }

    #[test]
    fn what_the_platform_says_goes_first_and_what_is_missing_is_counted() {
        let world = World::read(WORLD).unwrap();
        let mut places = Places::new(Some(&world));
        let paris = Some((48.86, 2.35));
        for (country, lat_lon, class) in [
            (Some("us"), paris, Class::Positive),
            (Some("US"), None, Class::Negative),
            (Some("US"), None, Class::Negative),
            (None, paris, Class::Neutral),
            (Some("France"), paris, Class::Neutral),
            (Some("SG"), None, Class::Neutral),
            (None, Some((30.0, -40.0)), Class::Neutral),
            (None, Some((f64::NAN, 2.0)), Class::Neutral),
            (None, Some((91.0, 2.0)), Class::Neutral),
            (None, None, Class::Neutral),
        ] {
            places.add(&post(country, lat_lon, class));
        }

        let rows = places.countries();

        let names: Vec<_> = rows
            .iter()
            .map(|row| (&*row.code, &*row.name, row.tally.n()))
            .collect();
        let expected = [
            ("US", "United States of America", 3),
            ("FR", "France", 2),
            ("SG", "SG", 1),
        ];
        assert_eq!(names, expected);
        assert_eq!(rows[0].tally.share(Class::Negative), Some(2.0 / 3.0));
        let missing = (
            places.n_posts(),
            places.n_without_country(),
            places.n_without_place(),
        );
        assert_eq!(missing, (10, 1, 3));
    }
}
