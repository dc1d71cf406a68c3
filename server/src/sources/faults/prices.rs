//! Binance and Coinbase: whatever happens, every minute has its bar in the end, and has it once.

use fakes::{binance::Binance, coinbase::Coinbase};
use wire::time::MINUTE;

use super::{table::Table, *};
use crate::config::SourceKind;

const HOST: &str = "prices.test";

fn source(kind: SourceKind) -> SourceConfig {
    let (path, history) = match kind {
        SourceKind::Binance => ("stream", "api/v3/klines"),
        _ => ("", "products"),
    };
    SourceConfig {
        kind,
        url: Some(format!("wss://{HOST}/{path}")),
        history_url: Some(format!("https://{HOST}/{history}")),
        pairs: vec!["BTC-USD".into(), "ETH-EUR".into()],
        ..SourceConfig::default()
    }
}

fn network(kind: SourceKind, script: Script) -> FakeNetwork {
    let network = FakeNetwork::default();
    match kind {
        SourceKind::Binance => network.with(HOST, Binance, script),
        _ => network.with(HOST, Coinbase, script),
    }
}

/// When the first web socket was asked for that came after the fault and was not refused.
fn back_after(network: &FakeNetwork, refused_for: u64) -> Option<Duration> {
    let answered_from = FAULT_AT + Duration::from_secs(refused_for);
    let sockets = network.requests(HOST).into_iter();
    let sockets = sockets.filter(|(_, request)| request.header("upgrade").is_some());
    let mut times = sockets.map(|(at, _)| at).filter(|at| *at >= answered_from);
    times.next().map(|at| at - FAULT_AT)
}

async fn check(
    differences: &mut Differences,
    name: &str,
    kind: SourceKind,
    fault: Fault,
    expect: Reaction,
) {
    let refused_for = match &fault {
        Fault::Refuse { lasting, .. } => lasting.as_secs(),
        Fault::SlowFirstByte(_) => 60,
        _ => 0,
    };
    let listening = listen(
        network(kind, Script::one(FAULT_AT, fault)),
        vec![source(kind)],
    );
    listening.run_for(1_800).await;

    let heard = Heard {
        status: listening.board.status(kind.word()),
        statuses: listening.statuses().await,
    };
    let name = format!("{name} {}", kind.word());
    let back = back_after(&listening.network, refused_for);
    differences.check(&name, expect, &heard, back);
    for pair in [("BTC", "USD"), ("ETH", "EUR")] {
        let opens = opens(&listening, pair).await;
        let is_whole = opens.windows(2).all(|pair| pair[1] - pair[0] == MINUTE);
        differences.expect(is_whole, || {
            format!("{name}: {pair:?} has holes or repeats")
        });
        let last = opens.last().copied().unwrap_or(0) - START;
        let is_recent = last > 26 * MINUTE;
        differences.expect(is_recent != expect.is_final, || {
            format!("{name}: the last bar begins at {last}")
        });
        differences.expect(opens.len() > 900, || {
            format!("{name}: {} bars", opens.len())
        });
    }
}

/// Where the bars of a pair begin, sorted.
async fn opens(listening: &Listening, (ticker, currency): (&str, &str)) -> Vec<Millis> {
    let events = listening.events(Kinds::BAR).await.into_iter();
    let opens = events.filter_map(|event| match event.body {
        Body::Bar(bar) if bar.ticker == ticker && bar.currency == currency => {
            assert_eq!(event.at, bar.close_at());
            Some(bar.open_at)
        }
        _ => None,
    });
    let mut opens: Vec<_> = opens.collect();
    opens.sort_unstable();
    opens
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let retry = Reaction::retry;
    let limited = |secs| retry(&["closed", "rate_limit"], secs);
    let refusals = ["418", "420", "429"];
    let binance = Table::of_bars()
        .open_to_all()
        .but(&refusals, limited(120))
        .but(&["a slow first byte"], retry(&["closed", "transport"], 68))
        .and("418 with a wait", refuse(418, Some(300), 200), limited(300));
    let coinbase = Table::of_bars()
        .open_to_all()
        .but(&["silence"], retry(&["idle"], 25))
        .but(&["an unknown event"], Reaction::NONE)
        .but(&refusals, limited(30));
    let mut differences = Differences::default();
    for (kind, table) in [
        (SourceKind::Binance, binance),
        (SourceKind::Coinbase, coinbase),
    ] {
        for (name, fault, expect) in table.rows() {
            check(&mut differences, name, kind, fault, expect).await;
        }
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn two_exchanges_fill_the_same_bar_once_and_one_goes_on_where_the_other_is_not_served() {
    let away = Script::one(Duration::ZERO, refuse(451, None, 9_999));
    let network = FakeNetwork::default()
        .with("binance.test", Binance, away)
        .with(HOST, Coinbase, Script::default());
    let away = SourceConfig {
        url: Some("wss://binance.test/stream".into()),
        ..source(SourceKind::Binance)
    };

    let listening = listen(network, vec![away, source(SourceKind::Coinbase)]);
    listening.run_for(600).await;

    let away = listening.board.status("binance");
    assert_eq!(away.state, SourceState::Disconnected);
    assert_eq!(away.error.as_deref(), Some("unavailable"));
    assert_eq!(
        listening.network.requests("binance.test").len(),
        1,
        "it is not asked again soon"
    );
    let opens = opens(&listening, ("BTC", "USD")).await;
    assert!(opens.last().unwrap() - START > 7 * MINUTE);
}

#[tokio::test(start_paused = true)]
async fn the_price_of_now_is_known_between_two_bars() {
    for kind in [SourceKind::Binance, SourceKind::Coinbase] {
        let listening = listen(network(kind, Script::default()), vec![source(kind)]);
        listening.run_for(58).await;

        let now = listening.network.now();
        let quotes = listening.board.quotes();
        let pairs: Vec<_> = quotes
            .iter()
            .map(|quote| (&*quote.ticker, &*quote.currency))
            .collect();
        assert_eq!(pairs, [("BTC", "USD"), ("ETH", "EUR")], "{kind:?}");
        for quote in quotes {
            assert!(
                quote.is_sound() && (0..30_000).contains(&(now - quote.at)),
                "{quote:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_relay_is_filled_from_the_history() {
    for kind in [SourceKind::Binance, SourceKind::Coinbase] {
        let fakes = network(kind, Script::default());
        let listening = listen(fakes.clone(), vec![source(kind)]);
        listening.run_for(300).await;
        let log = listening.stop().await;
        sleep(Duration::from_secs(30 * 3_600)).await;

        let again = listen_into(log, fakes, vec![source(kind)]);
        again.run_for(300).await;

        let opens = opens(&again, ("BTC", "USD")).await;
        assert!(
            opens.windows(2).all(|pair| pair[1] - pair[0] == MINUTE),
            "{kind:?}"
        );
        assert!(
            opens.len() > 45 * 60,
            "{kind:?}: {} {:#?}",
            opens.len(),
            again.board.snapshot()
        );
    }
}
