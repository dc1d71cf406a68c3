//! A recording as a source, with time under control; and the loop that every source shares.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::{sync::watch, time::Instant};
use wire::{
    Body, Event, Millis, Post, SourceState, SourceStatus,
    config::Filters,
    ndjson,
    time::{HOUR, MINUTE, SECOND},
};

use super::{
    AtEnd, Intake, Source, Start, Step, board::Board, clock::Clock, explain_crash, explain_stop,
    recording::RecordingSource, supervise,
};
use crate::{
    config::{RecordingStart, SourceConfig, Speed},
    log::{Batch, Kinds, Log, LogOptions, Page, Want, conformance::page},
    net::SourceError,
};

const DAY_ONE: Millis = 1_400_000_000_000;

fn post(at: Millis) -> Event {
    let lang = Some("en".to_owned());
    let post = Post {
        id: at.to_string(),
        source: "x".into(),
        author: "a".into(),
        text: "t".into(),
        lang,
        ..Post::default()
    };
    Event::imported(DAY_ONE + at, Body::Post(Box::new(post)))
}

/// A recording of posts at these times, in a folder that lives as long as it is needed.
struct Recorded {
    folder: TempDir,
    clock: Arc<Clock>,
    n_readers: watch::Sender<usize>,
}

impl Recorded {
    fn at(times: &[Millis]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: String = times
            .iter()
            .map(|at| ndjson::encode_line(&post(*at)) + "\n")
            .collect();
        fs::write(folder.path().join("recording.ndjson"), lines).unwrap();
        Self {
            folder,
            clock: Arc::default(),
            n_readers: watch::Sender::new(0),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("recording.ndjson")
    }

    fn source(&self, change: impl Fn(&mut SourceConfig)) -> RecordingSource {
        let mut config = SourceConfig {
            path: Some(self.path()),
            start: RecordingStart::AtOnce,
            ..SourceConfig::default()
        };
        change(&mut config);
        RecordingSource::open(
            config,
            &Log::in_memory(LogOptions::default()).unwrap(),
            Arc::clone(&self.clock),
            self.n_readers.subscribe(),
        )
        .unwrap()
    }
}

/// Times of the next events, and how long they let us wait.
async fn next(source: &mut RecordingSource) -> (Vec<Millis>, Duration) {
    let asked = Instant::now();
    let step = source.next().await.unwrap();
    let Step::Records { records, .. } = step else {
        panic!("{step:?}")
    };
    let times = records
        .iter()
        .flatten()
        .map(|event| event.at - DAY_ONE)
        .collect();
    (times, asked.elapsed())
}

/// Time moves in steps of a millisecond, and sleeps end on the next one.
#[track_caller]
fn assert_waited(waited: Duration, secs: f64) {
    let off = waited.as_secs_f64() - secs;
    assert!(
        (0.0..0.01).contains(&off),
        "waited {waited:?}, not {secs} s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_recording_keeps_its_pace() {
    let recorded = Recorded::at(&[0, 1, 60 * SECOND, 10 * MINUTE]);
    let mut source = recorded.source(|config| config.speed = Speed::Times(60.0));
    source.connect(None).await.unwrap();

    let (times, waited) = next(&mut source).await;
    assert_eq!(times, [0]);
    assert_waited(waited, 0.0);
    assert_eq!(next(&mut source).await.0, [1]);
    let (times, waited) = next(&mut source).await;
    assert_eq!(times, [60 * SECOND]);
    assert_waited(waited, 0.999);
    let (times, waited) = next(&mut source).await;
    assert_eq!(times, [10 * MINUTE]);
    assert_waited(waited, 9.0);
    assert!(matches!(
        source.next().await.unwrap(),
        Step::Ended {
            next: AtEnd::Stay,
            ..
        }
    ));
    assert_eq!(recorded.clock.now(), DAY_ONE + 10 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn at_unlimited_speed_nothing_is_waited_for() {
    let recorded = Recorded::at(&[0, HOUR, 1_000 * HOUR]);
    let mut source = recorded.source(|config| config.speed = Speed::Unlimited);
    source.connect(None).await.unwrap();

    let (times, waited) = next(&mut source).await;

    assert_eq!(times, [0, HOUR, 1_000 * HOUR]);
    assert_waited(waited, 0.0);
    assert_eq!(recorded.clock.now(), DAY_ONE + 1_000 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn auto_takes_three_minutes_for_what_lies_behind_the_preroll() {
    let recorded = Recorded::at(&[0, HOUR, 2 * HOUR, 122 * HOUR]);
    let mut source = recorded.source(|config| config.preroll_hours = 2.0);
    source.connect(None).await.unwrap();
    assert_eq!(source.speed(), Some(2_400.0));

    let (times, waited) = next(&mut source).await;
    assert_eq!(times, [0, HOUR, 2 * HOUR]);
    assert_waited(waited, 0.0);
    let (times, waited) = next(&mut source).await;
    assert_eq!(times, [122 * HOUR]);
    assert_waited(waited, 180.0);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_data_runs_between_events() {
    let recorded = Recorded::at(&[0, HOUR]);
    let mut source = recorded.source(|config| config.speed = Speed::Times(60.0));
    assert_eq!(recorded.clock.now(), DAY_ONE);
    source.connect(None).await.unwrap();
    next(&mut source).await;

    let clock = Arc::clone(&recorded.clock);
    let watcher = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(30)).await;
        clock.now()
    });
    next(&mut source).await;

    let halfway = watcher.await.unwrap() - DAY_ONE;
    assert!((30 * MINUTE..31 * MINUTE).contains(&halfway), "{halfway}");
}

#[tokio::test(start_paused = true)]
async fn a_recording_waits_for_its_first_reader() {
    let recorded = Recorded::at(&[0]);
    let mut source = recorded.source(|config| config.start = RecordingStart::FirstReader);
    source.connect(None).await.unwrap();

    let too_early = tokio::time::timeout(Duration::from_secs(3_600), source.next()).await;
    assert!(too_early.is_err());

    recorded.n_readers.send_replace(1);
    assert_eq!(next(&mut source).await.0, [0]);
}

#[tokio::test]
async fn a_resumed_recording_passes_over_what_the_log_has() {
    let recorded = Recorded::at(&[0, 1, 2, 3]);
    let mut source =
        recorded.source(|config| (config.resume, config.speed) = (true, Speed::Unlimited));
    let position = format!("3 of {}", recorded.path().display());

    assert_eq!(
        source.connect(Some(&position)).await.unwrap(),
        Start::Resume
    );

    let step = source.next().await.unwrap();
    assert!(
        matches!(&step, Step::Known(known) if known.len() == 3),
        "{step:?}"
    );
    assert_eq!(next(&mut source).await.0, [3]);
    let Step::Ended { position, .. } = source.next().await.unwrap() else {
        panic!("it goes on")
    };
    assert_eq!(
        source.connect(position.as_deref()).await.unwrap(),
        Start::Afresh
    );
}

#[tokio::test]
async fn the_position_in_another_recording_means_nothing() {
    let recorded = Recorded::at(&[0]);
    let mut source = recorded.source(|config| config.resume = true);

    assert_eq!(
        source.connect(Some("3 of elsewhere.ndjson")).await.unwrap(),
        Start::Afresh
    );
    assert_eq!(
        source.connect(Some("garbage")).await.unwrap(),
        Start::Afresh
    );
    assert_eq!(source.connect(None).await.unwrap(), Start::Afresh);
}

/// A source that does what it is told, and takes its time for each thing.
struct Scripted(Duration, Vec<Result<Step, SourceError>>);

impl Source for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        if self.1.is_empty() {
            std::future::pending().await
        } else {
            tokio::time::sleep(self.0).await;
            self.1.remove(0)
        }
    }
}

fn intake() -> Intake {
    Intake {
        log: Log::inline(LogOptions::default()),
        filters: Filters::default(),
        subjects: None,
        key: None,
        board: Arc::<Board>::default(),
        clock: Arc::<Clock>::default(),
    }
}

async fn statuses(log: &Log) -> Vec<SourceStatus> {
    statuses_of(&page(log, 0, Want::default()).await)
}

fn statuses_of(page: &Page) -> Vec<SourceStatus> {
    let events = page
        .lines
        .iter()
        .map(|line| ndjson::decode_line(line.json()).unwrap());
    let status = |event: Event| {
        if let Body::Status(status) = event.body {
            Some(status)
        } else {
            None
        }
    };
    events.filter_map(status).collect()
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_tried_again_and_history_says_so() {
    let records = |at| {
        Ok(Step::Records {
            records: vec![Ok(post(at))],
            position: None,
        })
    };
    let script = vec![
        records(1),
        Err(SourceError::Own("the line went dead".to_owned())),
        records(2),
        Ok(Step::Ended {
            position: None,
            next: AtEnd::Stay,
        }),
    ];
    let intake = intake();

    supervise(Scripted(Duration::from_secs(6), script), intake.clone()).await;

    let statuses = statuses(&intake.log).await;
    let states: Vec<SourceState> = statuses.iter().map(|status| status.state).collect();
    use SourceState::{Connected, Connecting, Disconnected, Ended};
    assert_eq!(
        states,
        [Connecting, Connected, Disconnected, Connected, Ended]
    );
    let broken = statuses
        .iter()
        .find(|status| status.state == Disconnected)
        .unwrap();
    assert!(
        broken
            .detail
            .as_deref()
            .unwrap()
            .starts_with("the line went dead; tried again at once")
    );
    assert_eq!(intake.log.head().tip, 2 + statuses.len() as u64);
}

/// A source with a fault.
struct Faulty;

impl Source for Faulty {
    fn name(&self) -> &str {
        "faulty"
    }

    async fn connect(&mut self, _position: Option<&str>) -> Result<Start, SourceError> {
        Ok(Start::Live)
    }

    async fn next(&mut self) -> Result<Step, SourceError> {
        panic!("this cannot happen")
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_ours_ends_its_source_and_is_said() {
    let intake = intake();

    supervise(Faulty, intake.clone()).await;

    let status = intake.board.status("faulty");
    assert_eq!(
        (status.state, status.detail.as_deref()),
        (SourceState::Failed, Some("a fault of the relay itself"))
    );
    let last = statuses(&intake.log).await.pop().unwrap();
    assert_eq!(last.state, SourceState::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_sends_and_closes_is_called_ever_more_rarely() {
    let record = |at| Step::Records {
        records: vec![Ok(post(at))],
        position: None,
    };
    let cut = || SourceError::Closed(String::new());
    let script = (1..=40).flat_map(|at| [Ok(record(at)), Err(cut())]);
    let intake = intake();
    let began = Instant::now();
    let source = Scripted(Duration::from_millis(1), script.collect());

    let followed =
        tokio::time::timeout(Duration::from_secs(600), supervise(source, intake.clone()));
    let went_on = followed.await.is_err();

    assert!(went_on && began.elapsed() >= Duration::from_secs(600));
    let n_calls = intake.board.status("scripted").received;
    assert!((8..20).contains(&n_calls), "{n_calls} calls in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_position_that_has_not_changed_wakes_nobody() {
    let nothing_new = |_| {
        Ok(Step::Records {
            records: Vec::new(),
            position: Some("5".to_owned()),
        })
    };
    let intake = intake();
    let source = Scripted(Duration::from_secs(1), (0..20).map(nothing_new).collect());

    let followed = supervise(source, intake.clone());
    let _ = tokio::time::timeout(Duration::from_secs(60), followed).await;

    assert_eq!(intake.log.position("scripted").as_deref(), Some("5"));
    // Two changes of state, and the position once.
    assert_eq!(*intake.log.published().borrow(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_relay_is_a_hole_in_what_was_heard() {
    let intake = intake();
    let source = Scripted(Duration::from_secs(1), Vec::new());
    let followed = supervise(source, intake.clone());
    let _ = tokio::time::timeout(Duration::from_secs(60), followed).await;

    explain_stop(&intake).await;

    let last = statuses(&intake.log).await.pop().unwrap();
    assert_eq!(
        (&*last.source, last.state),
        ("scripted", SourceState::Disconnected)
    );
    assert_eq!(last.detail.as_deref(), Some("the relay was stopped"));
}

#[tokio::test]
async fn a_crash_of_the_relay_is_a_hole_from_the_last_event_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let log = Log::open(&path, LogOptions::default()).unwrap();
    let batch = Batch {
        events: vec![post(5)],
        ..Batch::default()
    };
    log.append(batch).await.unwrap();
    drop(log);
    let lock = fs::File::open(path.with_extension("lock")).unwrap();
    let is_free = tokio::task::spawn_blocking(move || lock.lock());
    is_free.await.unwrap().unwrap();
    let log = Log::open(&path, LogOptions::default()).unwrap();
    let intake = Intake { log, ..intake() };

    explain_crash(&Scripted(Duration::ZERO, Vec::new()), &intake).await;

    let want = Want {
        kinds: Kinds::STATUS,
        ..Want::default()
    };
    let page = page(&intake.log, intake.log.head().tip - 1, want).await;
    assert_eq!(page.lines[0].at, DAY_ONE + 5);
    let last = statuses_of(&page).pop().unwrap();
    assert_eq!(
        (&*last.source, last.state),
        ("scripted", SourceState::Disconnected)
    );
}
