//! The outlines of countries, and in which of them a place lies.

use thiserror::Error;

/// Natural Earth's 177 countries at 1:110 million (public domain), packed by `places/derive.py` from
/// world-atlas 2.0.2. 27.5 kB; a caller that never names it does not carry it.
pub const WORLD: &[u8] = include_bytes!("world.bin");
/// A place outside of all outlines belongs to a country whose outline is so near, in degrees: at this scale
/// coasts are some 20 km off.
const NEAR: f64 = 0.3;

/// Longitude and latitude, in degrees.
pub type Point = (f64, f64);

/// All countries.
#[derive(Clone, Debug)]
pub struct World {
    countries: Vec<Country>,
}

/// A country, in the borders that Natural Earth draws: who controls a place, not who claims it.
#[derive(Clone, Debug, Default)]
pub struct Country {
    /// Two letters of ISO 3166-1 (XK for Kosovo); none for what is not listed there.
    pub code: Option<String>,
    /// Its English name, sometimes shortened.
    pub name: String,
    /// Each has an outer ring, then its holes; the last point of a ring is the first. Where a country crosses
    /// ±180° its longitudes go on beyond: draw it a second time, 360° to the other side.
    pub polygons: Vec<Vec<Vec<Point>>>,
    /// West, south, east, north.
    bounds: (f64, f64, f64, f64),
}

/// Why bytes are no world.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[error("byte {at}: expected {expected}")]
pub struct WorldError {
    /// Where.
    pub at: usize,
    /// What should be there.
    pub expected: &'static str,
}

impl World {
    /// Reads a packed world.
    ///
    /// # Errors
    /// [`WorldError`] if the bytes are cut short or are something else.
    pub fn read(bytes: &[u8]) -> Result<Self, WorldError> {
        let mut rest = Bytes { bytes, at: 0 };
        let arcs = rest.list(Bytes::arc)?;
        let countries = rest.list(|rest| rest.country(&arcs))?;
        if rest.at == bytes.len() {
            Ok(Self { countries })
        } else {
            rest.missing("the end")
        }
    }

    /// The countries, as they come in the file.
    #[must_use]
    pub fn countries(&self) -> &[Country] {
        &self.countries
    }

    /// The country with these two letters, upper-case.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&Country> {
        self.countries
            .iter()
            .find(|country| country.code.as_deref() == Some(code))
    }

    /// The country that a place lies in, or whose coast is within 0.3°. States too small for the scale (Singapore,
    /// Malta …) are not there: their places fall to a neighbour or to none.
    #[must_use]
    pub fn country_at(&self, lat: f64, lon: f64) -> Option<&Country> {
        let turns = [0.0, 360.0, -360.0].map(|turn| (lon + turn, lat));
        let near: Vec<(Point, &Country)> = turns
            .into_iter()
            .flat_map(|at| self.countries.iter().map(move |country| (at, country)))
            .filter(|(at, country)| country.is_near(*at, NEAR))
            .collect();
        if let Some((_, country)) = near.iter().find(|(at, country)| country.contains(*at)) {
            return Some(country);
        }
        let distances = near
            .iter()
            .map(|(at, country)| (country.distance_squared(*at), *country));
        distances
            .filter(|(distance, _)| *distance <= NEAR * NEAR)
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, country)| country)
    }
}

impl Country {
    fn is_near(&self, (lon, lat): Point, margin: f64) -> bool {
        let (west, south, east, north) = self.bounds;
        // A degree of longitude is short near the poles.
        let wide = margin * 4.0;
        (west - wide..=east + wide).contains(&lon)
            && (south - margin..=north + margin).contains(&lat)
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let rings = self.polygons.iter().flatten();
        rings.flat_map(|ring| ring.iter().copied().zip(ring.iter().copied().skip(1)))
    }

    /// Whether a line from the place to the east crosses the outlines an odd number of times.
    fn contains(&self, (lon, lat): Point) -> bool {
        let crosses = |(from, to): &(Point, Point)| {
            (from.1 > lat) != (to.1 > lat)
                && lon < from.0 + (lat - from.1) / (to.1 - from.1) * (to.0 - from.0)
        };
        self.edges().filter(crosses).count() % 2 == 1
    }

    /// To the nearest edge, in degrees of latitude.
    fn distance_squared(&self, (lon, lat): Point) -> f64 {
        let shrink = lat.to_radians().cos();
        let edges = self.edges().map(|(from, to)| {
            let (ax, ay) = ((from.0 - lon) * shrink, from.1 - lat);
            let (dx, dy) = ((to.0 - from.0) * shrink, to.1 - from.1);
            let length = dx * dx + dy * dy;
            let along = if length > 0.0 {
                (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let (x, y) = (ax + along * dx, ay + along * dy);
            x * x + y * y
        });
        edges.fold(f64::INFINITY, f64::min)
    }
}

/// The ring in one piece: in the file one that crosses ±180° goes on at the other side. One that goes round
/// the south pole is closed along it.
fn unwrapped(mut ring: Vec<Point>) -> Vec<Point> {
    let mut shift = 0.0;
    let mut last = ring.first().map_or(0.0, |point| point.0);
    for point in &mut ring {
        let step = point.0 - last;
        last = point.0;
        if step.abs() > 180.0 {
            shift -= 360.0_f64.copysign(step);
        }
        point.0 += shift;
    }
    if let [first, .., last] = ring[..]
        && (last.0 - first.0).abs() > 180.0
    {
        ring.extend([(last.0, -90.0), (first.0, -90.0), first]);
    }
    ring
}

/// What is left to read.
struct Bytes<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bytes<'_> {
    fn missing<T>(&self, expected: &'static str) -> Result<T, WorldError> {
        Err(WorldError {
            at: self.at,
            expected,
        })
    }

    fn unsigned(&mut self) -> Result<u32, WorldError> {
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let Some(byte) = self.bytes.get(self.at) else {
                return self.missing("a number");
            };
            self.at += 1;
            number |= u64::from(byte & 127) << shift;
            if *byte < 128 {
                return u32::try_from(number).or_else(|_| self.missing("a smaller number"));
            }
        }
        self.missing("a shorter number")
    }

    fn signed(&mut self) -> Result<i32, WorldError> {
        let number = self.unsigned()?;
        Ok((number >> 1) as i32 ^ -((number & 1) as i32))
    }

    /// A list with its length before it. Room is made as it is read, so that a length that lies costs nothing.
    fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, WorldError>,
    ) -> Result<Vec<T>, WorldError> {
        let n = self.unsigned()?;
        (0..n).map(|_| one(self)).collect()
    }

    fn arc(&mut self) -> Result<Vec<Point>, WorldError> {
        let (mut x, mut y) = (0_i32, 0_i32);
        self.list(|rest| {
            x = x.wrapping_add(rest.signed()?);
            y = y.wrapping_add(rest.signed()?);
            Ok((f64::from(x) / 100.0, f64::from(y) / 100.0))
        })
    }

    fn country(&mut self, arcs: &[Vec<Point>]) -> Result<Country, WorldError> {
        let code = self.text(2)?;
        let length = self.unsigned()?;
        let name = self.text(length as usize)?;
        let polygons = self.list(|rest| rest.list(|rest| rest.ring(arcs)))?;
        let points = polygons.iter().flatten().flatten();
        let nowhere = (
            f64::INFINITY,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NEG_INFINITY,
        );
        let bounds = points.fold(nowhere, |(west, south, east, north), (lon, lat)| {
            (
                west.min(*lon),
                south.min(*lat),
                east.max(*lon),
                north.max(*lat),
            )
        });
        Ok(Country {
            code: Some(code).filter(|code| code != "--"),
            name,
            polygons,
            bounds,
        })
    }

    fn ring(&mut self, arcs: &[Vec<Point>]) -> Result<Vec<Point>, WorldError> {
        let mut ring: Vec<Point> = Vec::new();
        for number in self.list(Self::signed)? {
            let (idx, is_backward) = if number < 0 {
                (!number, true)
            } else {
                (number, false)
            };
            let Some(arc) = usize::try_from(idx).ok().and_then(|idx| arcs.get(idx)) else {
                return self.missing("the number of an arc");
            };
            // An arc begins where the one before ended.
            ring.pop();
            if is_backward {
                ring.extend(arc.iter().rev());
            } else {
                ring.extend(arc);
            }
        }
        Ok(unwrapped(ring))
    }

    fn text(&mut self, length: usize) -> Result<String, WorldError> {
        let bytes = self.bytes.get(self.at..self.at.saturating_add(length));
        let Some(Ok(text)) = bytes.map(std::str::from_utf8) else {
            return self.missing("a text");
        };
        self.at += length;
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cities_lie_in_their_countries_and_the_open_sea_in_none() {
        let world = World::read(WORLD).unwrap();

        for (code, lat, lon) in [
            ("US", 40.7, -74.0),
            ("US", 61.2, -149.9),
            ("BR", -23.5, -46.6),
            ("GB", 51.5, -0.1),
            ("IN", 19.1, 72.9),
            ("JP", 35.7, 139.7),
            ("AU", -33.9, 151.2),
            ("ZA", -33.9, 18.4),
            ("LS", -29.5, 28.2),
            ("RU", 66.0, -172.0),
            ("FR", 48.9, 2.4),
            ("NG", 6.5, 3.4),
            ("XK", 42.7, 21.2),
            ("CN", 39.9, 116.4),
        ] {
            let found = world
                .country_at(lat, lon)
                .and_then(|country| country.code.as_deref());
            assert_eq!(found, Some(code), "{lat} {lon}");
        }
        for (lat, lon) in [(30.0, -40.0), (0.0, -150.0), (-50.0, 90.0)] {
            assert!(world.country_at(lat, lon).is_none(), "{lat} {lon}");
        }
    }

    #[test]
    fn every_ring_is_closed_and_every_code_is_there_once() {
        let world = World::read(WORLD).unwrap();

        assert_eq!(world.countries().len(), 177);
        for country in world.countries() {
            for ring in country.polygons.iter().flatten() {
                let (first, last) = (ring[0], ring[ring.len() - 1]);
                let distance = (first.0 - last.0).abs() + (first.1 - last.1).abs();
                assert!(ring.len() > 3 && distance < 1e-9, "{}", country.name);
            }
        }
        let mut codes: Vec<_> = world
            .countries()
            .iter()
            .filter_map(|one| one.code.as_ref())
            .collect();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 175);
    }

    #[test]
    fn bytes_that_are_cut_or_changed_are_refused_or_read_and_never_end_the_program() {
        for end in (0..WORLD.len()).step_by(97) {
            assert!(World::read(&WORLD[..end]).is_err(), "{end}");
        }
        let mut bytes = WORLD.to_vec();
        for at in (0..bytes.len()).step_by(61) {
            let before = std::mem::replace(&mut bytes[at], 0xff);
            let world = World::read(&bytes);
            assert!(world.map_or(true, |world| !world.countries().is_empty()));
            bytes[at] = before;
        }
    }
}
