//! What readers that take nothing cost: the same run without and with them, in turns, each with a server of its
//! own. What the log and everything else takes is in both, so that the difference is theirs.

use std::time::Duration;

use super::{
    Job, STRAGGLERS, WARM_UP,
    crowd::Crowd,
    publisher::Publisher,
    server::{Kind, Limits, Server},
};

/// How often memory is looked at: a server may well be rid of such readers at the end.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What one run showed.
#[derive(Clone, Copy)]
struct Run {
    /// Of the same readers, before the others stop to read and from then on.
    p99_ms: [f64; 2],
    /// At most, from the moment when they stop.
    rss_mib: f64,
    tcp_mib: f64,
    /// Both at once.
    both_mib: f64,
    is_faultless: bool,
}

/// The figures, and whether everything came once, in order, to readers that were all kept.
pub(super) fn measure(kind: Kind, job: &Job, rounds: usize) -> Result<(String, bool), String> {
    let nobody = Job {
        stalled: 0,
        ..job.clone()
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        without.push(run(kind, &nobody)?);
        with.push(run(kind, job)?);
    }
    let pairs = || without.iter().zip(&with);
    let theirs = |value: fn(&Run) -> f64| {
        Spread::of(pairs().map(|(none, some)| value(some) - value(none))).to_string()
    };
    let of = |runs: &[Run], value: fn(&Run) -> f64| Spread::of(runs.iter().map(value)).to_string();
    let line = format!(
        "{kind:?}: {} readers of {} stop to read; of {} runs each, in MiB at most: \
         without them RSS {}, TCP memory {}; with them RSS {}, TCP memory {}; theirs are RSS {}, TCP memory {}, \
         both at once {}; p99 of the others {} ms before and {} ms after",
        job.stalled,
        job.readers,
        with.len(),
        of(&without, |run| run.rss_mib),
        of(&without, |run| run.tcp_mib),
        of(&with, |run| run.rss_mib),
        of(&with, |run| run.tcp_mib),
        theirs(|run| run.rss_mib),
        theirs(|run| run.tcp_mib),
        theirs(|run| run.both_mib),
        of(&with, |run| run.p99_ms[0]),
        of(&with, |run| run.p99_ms[1]),
    );
    let is_faultless = pairs().all(|(none, some)| none.is_faultless && some.is_faultless);
    Ok((line, is_faultless))
}

fn run(kind: Kind, job: &Job) -> Result<Run, String> {
    let mut publisher = Publisher::new(kind, job)?;
    let server = Server::start(kind, publisher.upstream(), Limits::None)?;
    publisher.connect(&server)?;
    let mut crowd = Crowd::connect(server.address(), kind.stream_path(), job)?;
    crowd.listen(WARM_UP);
    publisher.start();
    crowd.listen(WARM_UP);
    let span = Duration::from_secs_f64(job.secs);
    crowd.count_from_now();
    crowd.listen(span);
    let before = crowd.heard().quantile_ms(0.99);
    crowd.stall();
    let start = server.usage();
    let (mut rss, mut tcp, mut both) = (0.0_f64, 0.0_f64, 0.0_f64);
    for _ in 0..span.div_duration_f64(LOOK_EVERY).ceil() as usize {
        crowd.listen(LOOK_EVERY);
        let now = server.usage();
        let grown = [now.rss_kib - start.rss_kib, now.tcp_kib - start.tcp_kib];
        (rss, tcp) = (rss.max(grown[0]), tcp.max(grown[1]));
        both = both.max(grown[0] + grown[1]);
    }
    publisher.stop();
    let listening = (job.readers - job.stalled) as u64;
    let expected = publisher.n_since(crowd.counted_from()) * listening;
    crowd.listen(STRAGGLERS);
    let heard = crowd.heard();
    Ok(Run {
        p99_ms: [before, heard.quantile_ms(0.99)],
        rss_mib: rss / 1_024.0,
        tcp_mib: tcp / 1_024.0,
        both_mib: both / 1_024.0,
        is_faultless: heard.is_faultless(expected, job.stalled),
    })
}

/// The middle one of several values, with the least and the greatest.
pub(super) struct Spread {
    pub(super) median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
        let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
        Self {
            median: (at(low) + at(high)) / 2.0,
            least: at(0),
            greatest: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.1} ({:.1} to {:.1})",
            self.median, self.least, self.greatest
        )
    }
}
