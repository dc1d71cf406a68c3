//! Which faults there are, so that no table forgets one.

use fakes::Fault;

use super::Differences;

/// What upstreams are known to do to whoever listens to a stream.
const OF_STREAMS: [&str; 27] = [
    "half a record",
    "an orderly end",
    "a reset",
    "silence",
    "garbage",
    "bytes that are no text",
    "five megabytes",
    "an unknown event",
    "a page for people",
    "another content type",
    "compressed unasked",
    "401",
    "403",
    "418",
    "420",
    "429",
    "429 with a wait",
    "451",
    "503",
    "503 with a wait",
    "a slow first byte",
    // From here on what an answer, which is all at once and the newest there is, does not have.
    "duplicates",
    "another order",
    "a clock ahead",
    "a clock behind",
    // A burst of bars would be bars of the future.
    "a burst",
    "a withdrawal first",
];
/// How many of them an answer to a request may show.
const N_OF_ANSWERS: usize = 21;

/// What a source hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hears {
    /// Posts, which may be withdrawn.
    PostsOfAStream,
    /// Posts that nobody takes back.
    LastingPostsOfAStream,
    /// Bars, or trades that become bars.
    BarsOfAStream,
    /// Answers to its requests.
    Answers,
}

/// Notes what a table says nothing of.
pub(super) fn check_complete<'a>(
    differences: &mut Differences,
    name: &str,
    hears: Hears,
    faults: impl Iterator<Item = &'a Fault>,
) {
    let held: Vec<&str> = faults.map(kind).collect();
    let expected = match hears {
        Hears::PostsOfAStream => &OF_STREAMS[..],
        Hears::LastingPostsOfAStream => &OF_STREAMS[..OF_STREAMS.len() - 1],
        Hears::BarsOfAStream => &OF_STREAMS[..OF_STREAMS.len() - 2],
        Hears::Answers => &OF_STREAMS[..N_OF_ANSWERS],
    };
    let missing: Vec<_> = expected
        .iter()
        .filter(|kind| !held.contains(kind))
        .collect();
    differences.expect(missing.is_empty(), || {
        format!("{name}: nothing is written about {missing:?}")
    });
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::HalfThenClose => "half a record",
        Fault::Close => "an orderly end",
        Fault::Reset => "a reset",
        Fault::Stall => "silence",
        Fault::Garbage => "garbage",
        Fault::Duplicates => "duplicates",
        Fault::Reorder => "another order",
        Fault::Burst => "a burst",
        Fault::InvalidUtf8 => "bytes that are no text",
        Fault::Huge => "five megabytes",
        Fault::UnknownEvent => "an unknown event",
        Fault::DeleteBeforeCreate => "a withdrawal first",
        Fault::ClockSkew(by) if *by > 0 => "a clock ahead",
        Fault::ClockSkew(_) => "a clock behind",
        Fault::SlowFirstByte(_) => "a slow first byte",
        Fault::Refuse { reply, .. } => {
            let header = |name: &str| {
                let found = reply.headers.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.as_str())
            };
            match (reply.status, header("retry-after").is_some()) {
                (200, _) if header("content-encoding").is_some() => "compressed unasked",
                (200, _) if header("content-type") == Some("text/html") => "a page for people",
                (200, _) => "another content type",
                (401, _) => "401",
                (403, _) => "403",
                (418, _) => "418",
                (420, _) => "420",
                (429, false) => "429",
                (429, true) => "429 with a wait",
                (451, _) => "451",
                (503, false) => "503",
                (503, true) => "503 with a wait",
                _ => "something else",
            }
        }
    }
}
