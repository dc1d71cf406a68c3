//! In which zone times are told, and with which marks numbers are written.

use std::cell::Cell;

use wire::Millis;

thread_local! {
    static STYLE: Cell<(Zone, Numbers)> = const { Cell::new((Zone::UTC, Numbers::Point)) };
}

/// A zone: what the wall clock is ahead of UTC at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zone {
    ahead: Ahead,
    name: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Ahead {
    Fixed(Millis),
    Asked(fn(Millis) -> Millis),
}

impl Zone {
    const UTC: Self = Self {
        ahead: Ahead::Fixed(0),
        name: "UTC",
    };

    /// The reader's own: `ahead` asks the browser.
    pub(crate) fn local(ahead: fn(Millis) -> Millis) -> Self {
        Self {
            ahead: Ahead::Asked(ahead),
            name: "local time",
        }
    }

    /// Always the same length ahead of UTC.
    #[cfg(all(test, not(target_arch = "wasm32")))]
    pub(crate) fn fixed(ahead: Millis) -> Self {
        Self {
            ahead: Ahead::Fixed(ahead),
            name: "local time",
        }
    }

    fn ahead(self, at: Millis) -> Millis {
        match self.ahead {
            Ahead::Fixed(ahead) => ahead,
            Ahead::Asked(ask) => ask(at),
        }
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

/// Marks of numbers.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) enum Numbers {
    /// `1,234.5`
    #[default]
    Point,
    /// `1.234,5`
    Comma,
    /// `1 234.5`, with a narrow space.
    Space,
}

/// Sets both for everything that is written from now on.
pub(crate) fn set(zone: Zone, numbers: Numbers) {
    STYLE.set((zone, numbers));
}

/// `UTC` or `local time`.
pub(crate) fn zone_name() -> &'static str {
    STYLE.get().0.name
}

/// What the wall clock reads at a moment, as milliseconds as if it were UTC.
pub(crate) fn to_wall(at: Millis) -> Millis {
    at.saturating_add(STYLE.get().0.ahead(at))
}

/// The moment at which the wall clock reads `wall`; of two, one of them, and where the clock jumps over it,
/// one beside the jump.
pub(crate) fn from_wall(wall: Millis) -> Millis {
    let zone = STYLE.get().0;
    let about = wall.saturating_sub(zone.ahead(wall));
    wall.saturating_sub(zone.ahead(about))
}

pub(super) fn group_mark() -> char {
    match STYLE.get().1 {
        Numbers::Point => ',',
        Numbers::Comma => '.',
        Numbers::Space => '\u{202f}',
    }
}

/// Puts the decimal mark in the place of the point.
pub(super) fn decimals_as_written(text: String) -> String {
    match STYLE.get().1 {
        Numbers::Comma => text.replace('.', ","),
        Numbers::Point | Numbers::Space => text,
    }
}

#[cfg(test)]
mod tests {
    use wire::time::HOUR;

    use super::*;

    #[test]
    fn the_wall_clock_leads_back_to_its_moment_on_either_side_of_a_jump() {
        // One hour ahead from the third hour on.
        set(
            Zone::local(|at| if at < 3 * HOUR { 0 } else { HOUR }),
            Numbers::default(),
        );

        let back = [0, 2 * HOUR, 3 * HOUR, 9 * HOUR].map(|at| from_wall(to_wall(at)));

        set(Zone::default(), Numbers::default());
        assert_eq!(back, [0, 2 * HOUR, 3 * HOUR, 9 * HOUR]);
    }
}
