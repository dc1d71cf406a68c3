//! What is counted about readers, and how it is written for Prometheus. Labels are bounded: no input is one.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use wire::SourceState;

use super::AppState;

/// Upper ends of the classes of [`Metrics::deliveries`], in seconds.
const CLASSES: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
const N_CLASSES: usize = CLASSES.len() + 1;

/// Counters since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    refused: [AtomicU64; 5],
    ended: [AtomicU64; 4],
    resumed: [AtomicU64; 5],
    streams: AtomicU64,
    events: AtomicU64,
    bytes: AtomicU64,
    flushes: AtomicU64,
    gaps: AtomicU64,
    resets: AtomicU64,
    classes: [AtomicU64; N_CLASSES],
    delivery_micros: AtomicU64,
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refusal {
    Full,
    Address,
    Rate,
    Streams,
    Token,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// The reader went.
    Client,
    /// It took nothing for too long.
    Slow,
    /// The relay stops.
    Shutdown,
    /// The log could not be read.
    Error,
}

/// From where a stream began.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Resume {
    /// Without a cursor.
    Beginning,
    /// Everything missed was in memory.
    Tail,
    /// Some had to be read from the store.
    Log,
    /// Some is gone.
    Gap,
    /// The cursor means nothing here.
    Reset,
}

const REFUSALS: [Refusal; 5] = [
    Refusal::Full,
    Refusal::Address,
    Refusal::Rate,
    Refusal::Streams,
    Refusal::Token,
];
const ENDS: [End; 4] = [End::Client, End::Slow, End::Shutdown, End::Error];
const RESUMES: [Resume; 5] = [
    Resume::Beginning,
    Resume::Tail,
    Resume::Log,
    Resume::Gap,
    Resume::Reset,
];

impl Refusal {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Address => "address",
            Self::Rate => "rate",
            Self::Streams => "streams",
            Self::Token => "token",
        }
    }
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Slow => "slow",
            Self::Shutdown => "shutdown",
            Self::Error => "error",
        }
    }
}

impl Resume {
    fn word(self) -> &'static str {
        match self {
            Self::Beginning => "beginning",
            Self::Tail => "tail",
            Self::Log => "log",
            Self::Gap => "gap",
            Self::Reset => "reset",
        }
    }
}

impl Metrics {
    pub(super) fn refuse(&self, why: Refusal) {
        add(&self.refused[why as usize], 1);
    }

    pub(super) fn begin(&self, from: Resume) {
        add(&self.streams, 1);
        add(&self.resumed[from as usize], 1);
    }

    pub(super) fn end(&self, why: End) {
        add(&self.ended[why as usize], 1);
    }

    /// Counts what was written in one pass or by one reader.
    pub(super) fn sent(&self, sent: Sent) {
        add(&self.events, sent.n_events);
        add(&self.bytes, sent.n_bytes);
        add(&self.flushes, sent.n_flushes);
        for (class, n) in self.classes.iter().zip(sent.delivered.classes) {
            add(class, n);
        }
        add(&self.delivery_micros, sent.delivered.micros);
    }

    pub(super) fn gap(&self) {
        add(&self.gaps, 1);
    }

    pub(super) fn reset(&self) {
        add(&self.resets, 1);
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) n_events: u64,
    pub(super) n_bytes: u64,
    pub(super) n_flushes: u64,
    pub(super) delivered: Deliveries,
}

/// Pieces with events, by the time from the publication of the first of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Deliveries {
    classes: [u64; N_CLASSES],
    micros: u64,
}

impl Deliveries {
    pub(super) fn add(&mut self, after: Duration) {
        let secs = after.as_secs_f64();
        let class = CLASSES.iter().position(|end| secs <= *end);
        self.classes[class.unwrap_or(CLASSES.len())] += 1;
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.micros = self.micros.saturating_add(micros);
    }
}

fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}

/// Everything as text, in the format that Prometheus reads.
pub(super) fn write(main: &AppState, live: Option<&AppState>) -> String {
    let streams: Vec<&AppState> = [main].into_iter().chain(live).collect();
    // Shared by both.
    let (metrics, gate) = (&main.metrics, &main.gate);
    let mut page = Page(String::new());
    let counter = |value: &AtomicU64| value.load(Ordering::Relaxed) as f64;
    page.family("build_info", "gauge", "The version that runs.");
    page.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.of_streams(&streams);
    page.of_sources(&streams);

    page.family("connections", "gauge", "Open connections of readers.");
    page.sample("connections", &[], gate.n_connections() as f64);
    page.family(
        "sse_connections_total",
        "counter",
        "Streams that were opened.",
    );
    page.sample("sse_connections_total", &[], counter(&metrics.streams));
    page.family(
        "sse_resumes_total",
        "counter",
        "Streams by what they began with.",
    );
    for from in RESUMES {
        let label = [("outcome", from.word())];
        page.sample(
            "sse_resumes_total",
            &label,
            counter(&metrics.resumed[from as usize]),
        );
    }
    page.family(
        "sse_rejected_total",
        "counter",
        "Connections, streams and tokens that were refused.",
    );
    for why in REFUSALS {
        let label = [("reason", why.word())];
        page.sample(
            "sse_rejected_total",
            &label,
            counter(&metrics.refused[why as usize]),
        );
    }
    page.family("sse_disconnects_total", "counter", "Streams that ended.");
    for why in ENDS {
        let label = [("reason", why.word())];
        page.sample(
            "sse_disconnects_total",
            &label,
            counter(&metrics.ended[why as usize]),
        );
    }
    for (name, help, value) in [
        (
            "sse_events_sent_total",
            "Events put into pieces for readers.",
            &metrics.events,
        ),
        (
            "sse_bytes_sent_total",
            "Bytes put into pieces for readers.",
            &metrics.bytes,
        ),
        (
            "sse_flushes_total",
            "Pieces for readers; events by flushes is how much they coalesce.",
            &metrics.flushes,
        ),
        (
            "sse_gaps_total",
            "Gaps that readers were told of.",
            &metrics.gaps,
        ),
        (
            "sse_resets_total",
            "Resets that readers were told of.",
            &metrics.resets,
        ),
    ] {
        page.family(name, "counter", help);
        page.sample(name, &[], counter(value));
    }
    page.of_deliveries(metrics);
    page.of_process();
    page.0
}

/// Name, meaning, and how it is told of a stream.
type Family = (&'static str, &'static str, fn(&AppState) -> f64);

/// Text that grows by families and samples.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a string does not fail.
        let _ = writeln!(
            self.0,
            "# HELP relay_{name} {help}\n# TYPE relay_{name} {kind}"
        );
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let _ = writeln!(self.0, "relay_{name}{labels} {value}");
    }

    fn of_streams(&mut self, streams: &[&AppState]) {
        let families: [Family; 4] = [
            ("sse_clients", "Open streams.", |state| {
                *state.n_readers.borrow() as f64
            }),
            ("log_first_seq", "The oldest seq still held.", |state| {
                state.log.head().floor as f64
            }),
            ("log_next_seq", "The seq of the next event.", |state| {
                (state.log.head().tip + 1) as f64
            }),
            ("clock_seconds", "The clock of the data.", |state| {
                seconds(state.clock.now())
            }),
        ];
        for (name, help, value) in families {
            self.family(name, "gauge", help);
            for state in streams {
                self.sample(name, &[("stream", state.name)], value(state));
            }
        }
    }

    fn of_sources(&mut self, streams: &[&AppState]) {
        let sources: Vec<_> = streams
            .iter()
            .flat_map(|state| state.board.snapshot())
            .collect();
        self.family(
            "upstream_connected",
            "gauge",
            "Whether the source can be heard.",
        );
        for source in &sources {
            let is_heard = f64::from(u8::from(source.state == SourceState::Connected));
            self.sample(
                "upstream_connected",
                &[("source", &source.source)],
                is_heard,
            );
        }
        self.family(
            "upstream_attempts",
            "gauge",
            "Attempts to connect in a row that failed.",
        );
        for source in &sources {
            let n = f64::from(source.attempts);
            self.sample("upstream_attempts", &[("source", &source.source)], n);
        }
        self.family(
            "upstream_last_event_timestamp_seconds",
            "gauge",
            "Grid time of the newest event.",
        );
        for source in &sources {
            if let Some(at) = source.last_at {
                let label = [("source", &*source.source)];
                self.sample("upstream_last_event_timestamp_seconds", &label, seconds(at));
            }
        }
        self.family("upstream_events_total", "counter", "Records received.");
        for source in &sources {
            self.sample(
                "upstream_events_total",
                &[("source", &source.source)],
                source.received as f64,
            );
        }
        self.family(
            "upstream_kept_total",
            "counter",
            "Records that became events.",
        );
        for source in &sources {
            self.sample(
                "upstream_kept_total",
                &[("source", &source.source)],
                source.kept as f64,
            );
        }
        self.family(
            "upstream_dropped_total",
            "counter",
            "Records refused, by reason.",
        );
        for source in &sources {
            for (reason, n) in &source.dropped {
                let labels = [("source", &*source.source), ("reason", reason)];
                self.sample("upstream_dropped_total", &labels, *n as f64);
            }
        }
    }

    fn of_deliveries(&mut self, metrics: &Metrics) {
        let help = "From the publication of a piece's first event to the write, of readers that were not behind.";
        self.family("delivery_seconds", "histogram", help);
        let mut n = 0;
        for (class, end) in metrics.classes.iter().zip(CLASSES) {
            n += class.load(Ordering::Relaxed);
            self.sample(
                "delivery_seconds_bucket",
                &[("le", &end.to_string())],
                n as f64,
            );
        }
        n += metrics.classes[CLASSES.len()].load(Ordering::Relaxed);
        self.sample("delivery_seconds_bucket", &[("le", "+Inf")], n as f64);
        let micros = metrics.delivery_micros.load(Ordering::Relaxed);
        self.sample("delivery_seconds_sum", &[], micros as f64 / 1e6);
        self.sample("delivery_seconds_count", &[], n as f64);
    }

    /// What Linux says about this process; nothing elsewhere.
    fn of_process(&mut self) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        };
        let open_fds = std::fs::read_dir("/proc/self/fd").map(|found| found.count() as f64);
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory in use.",
                field("VmRSS:").map(|kib| kib * 1024.0),
            ),
            ("process_threads", "Threads.", field("Threads:")),
            ("process_open_fds", "Open files and sockets.", open_fds.ok()),
        ] {
            if let Some(value) = value {
                self.family(name, "gauge", help);
                self.sample(name, &[], value);
            }
        }
    }
}

fn seconds(at: wire::Millis) -> f64 {
    at as f64 / 1_000.0
}

/// A label's value may hold no quote, backslash or line feed as it is.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_counted_in_its_class_and_in_all_wider_ones() {
        let (metrics, mut sent) = (Metrics::default(), Sent::default());
        for millis in [7, 7, 7, 2_000] {
            sent.delivered.add(Duration::from_millis(millis));
        }
        metrics.sent(sent);
        let mut page = Page(String::new());

        page.of_deliveries(&metrics);

        for line in [
            "relay_delivery_seconds_bucket{le=\"0.005\"} 0",
            "relay_delivery_seconds_bucket{le=\"0.01\"} 3",
            "relay_delivery_seconds_bucket{le=\"1\"} 3",
            "relay_delivery_seconds_bucket{le=\"+Inf\"} 4",
            "relay_delivery_seconds_count 4",
        ] {
            assert!(page.0.lines().any(|found| found == line), "{}", page.0);
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_label() {
        let mut page = Page(String::new());

        page.sample("x", &[("source", "a\"} 1\nrelay_y 2\\")], 1.0);

        assert_eq!(page.0, "relay_x{source=\"a\\\"} 1\\nrelay_y 2\\\\\"} 1\n");
    }
}
