//! How long an upstream asks to wait, in the spellings that upstreams use. Pure.

use std::time::{Duration, UNIX_EPOCH};

use wire::{Millis, formats::calendar};

/// Longest wait that is believed; the longest bans that upstreams announce last three days.
const MAX_WAIT: Duration = Duration::from_secs(3 * 86_400 + 3_600);

/// Whatever can be asked for a header.
pub(crate) trait Headers {
    fn text(&self, name: &str) -> Option<&str>;
}

impl Headers for hyper::HeaderMap {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str().ok().map(str::trim)
    }
}

impl Headers for &[(&str, &str)] {
    fn text(&self, name: &str) -> Option<&str> {
        let found = self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }
}

/// The wait that an answer asks for: `Retry-After` in seconds or as a date, else the time at which the
/// limit is lifted, as X (seconds since 1970), Reddit (seconds to go) and Mastodon (a date) write it.
pub(crate) fn asked_wait(headers: &impl Headers, now: Millis) -> Option<Duration> {
    let retry_after = headers.text("retry-after").and_then(|text| {
        let secs = text.parse::<f64>().ok().and_then(duration);
        secs.or_else(|| until(http_date(text)?, now))
    });
    let reset = || {
        let names = ["x-rate-limit-reset", "x-ratelimit-reset"];
        let text = names.into_iter().find_map(|name| headers.text(name))?;
        match text.parse::<f64>() {
            // No limit lasts for thirty years: a large number is an instant.
            Ok(secs) if secs > 1e9 => until((secs * 1_000.0) as Millis, now),
            Ok(secs) => duration(secs),
            Err(_) => until(calendar::parse_table(text)?, now),
        }
    };
    retry_after.or_else(reset).map(|wait| wait.min(MAX_WAIT))
}

fn duration(secs: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(secs).ok()
}

fn until(at: Millis, now: Millis) -> Option<Duration> {
    u64::try_from(at.saturating_sub(now).max(0))
        .ok()
        .map(Duration::from_millis)
}

fn http_date(text: &str) -> Option<Millis> {
    let date = httpdate::parse_http_date(text).ok()?;
    let since = date.duration_since(UNIX_EPOCH).ok()?;
    Millis::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-08-20 10:35:00 UTC.
    const NOW: Millis = 1_787_222_100_000;

    #[track_caller]
    fn check(headers: &[(&str, &str)], expect: Option<f64>) {
        let wait = asked_wait(&headers, NOW).map(|wait| wait.as_secs_f64());
        match (wait, expect) {
            (Some(wait), Some(expect)) => {
                assert!((wait - expect).abs() < 0.002, "{headers:?}: {wait}");
            }
            (wait, expect) => assert!(wait.is_none() && expect.is_none(), "{headers:?}: {wait:?}"),
        }
    }

    #[test]
    fn every_spelling_of_a_wait_is_read() {
        check(&[("Retry-After", "120")], Some(120.0));
        check(
            &[("retry-after", "Thu, 20 Aug 2026 10:36:00 GMT")],
            Some(60.0),
        );
        check(&[("x-rate-limit-reset", "1787222400")], Some(300.0));
        check(
            &[("x-ratelimit-reset", "2026-08-20T10:40:00.000Z")],
            Some(300.0),
        );
        check(&[("x-ratelimit-reset", "17.5")], Some(17.5));
    }

    #[test]
    fn a_wait_in_the_past_is_none_at_all_and_one_without_end_is_cut() {
        check(&[("x-rate-limit-reset", "1787222000")], Some(0.0));
        check(&[("retry-after", "99999999")], Some(MAX_WAIT.as_secs_f64()));
        check(&[("retry-after", "-5")], None);
        check(&[("retry-after", "soon")], None);
        check(&[], None);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(name in "(retry-after|x-rate-limit-reset|x-ratelimit-reset)", value in "\\PC*|[0-9.e+-]*", now: Millis) {
            let headers = [(&*name, &*value)];
            if let Some(wait) = asked_wait(&headers.as_slice(), now) {
                prop_assert!(wait <= MAX_WAIT);
            }
        }
    }
}
