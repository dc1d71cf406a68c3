//! Alpaca and Finnhub: bars of stocks come once each, and never from half a minute.

use fakes::{alpaca::Alpaca, finnhub::Finnhub};
use wire::time::MINUTE;

use super::{keys::*, table::Table, *};
use crate::config::SourceKind;

const HOST: &str = "stocks.test";
const N_MINUTES: usize = 40;

fn source(kind: SourceKind) -> SourceConfig {
    let key = match kind {
        SourceKind::Alpaca => fakes::alpaca::SECRET,
        _ => fakes::finnhub::TOKEN,
    };
    SourceConfig {
        kind,
        url: Some(format!("wss://{HOST}/v2/iex")),
        history_url: (kind == SourceKind::Alpaca).then(|| format!("https://{HOST}/v2/stocks/bars")),
        user: Some(fakes::alpaca::KEY_ID.into()),
        pairs: vec!["AAPL-USD".into()],
        key_file: key_file(key),
        ..SourceConfig::default()
    }
}

fn network(kind: SourceKind, script: Script) -> FakeNetwork {
    let network = FakeNetwork::default();
    match kind {
        SourceKind::Alpaca => network.with(HOST, Alpaca::new("AAPL", START, N_MINUTES), script),
        _ => network.with(HOST, Finnhub::new("AAPL", START, N_MINUTES), script),
    }
}

async fn check(
    differences: &mut Differences,
    name: &str,
    kind: SourceKind,
    fault: Fault,
    expect: Reaction,
) {
    let network = network(kind, Script::one(FAULT_AT, fault.clone()));
    let run = Run::of(
        network,
        (HOST, source(kind)),
        (&fault, Hits::OpenStream),
        2_700,
        |_| true,
    )
    .await;

    let name = format!("{name} {}", kind.word());
    run.check(differences, &name, expect);
    let events = run.listening.events(Kinds::BAR).await.into_iter();
    let opens = events.filter_map(|event| match event.body {
        Body::Bar(bar) => Some(bar.open_at),
        _ => None,
    });
    let mut opens: Vec<Millis> = opens.collect();
    let n_bars = opens.len();
    opens.sort_unstable();
    opens.dedup();
    differences.expect(opens.len() == n_bars, || format!("{name}: repeats"));
    let skew = match fault {
        Fault::ClockSkew(by) => by,
        _ => 0,
    };
    let last = opens.last().copied().unwrap_or(0) - skew;
    let is_recent = last - START > (N_MINUTES as Millis - 3) * MINUTE;
    // Trades of another hour belong to no minute that is being gathered.
    let is_dropped = ["bad_time", "old_trade"].contains(&expect.drop);
    differences.expect(is_recent != (expect.is_final || is_dropped), || {
        format!("{name}: the last bar begins at {last}")
    });
}

#[tokio::test(start_paused = true)]
async fn every_fault_has_its_reaction() {
    let alpaca = Table::of_bars().but(&["silence"], Reaction::retry(&["idle"], 55));
    let finnhub = Table::of_bars()
        .but(&["silence"], Reaction::retry(&["idle"], 140))
        .but(&["a clock ahead"], Reaction::dropping("bad_time"))
        .but(&["a clock behind"], Reaction::dropping("old_trade"));
    let mut differences = Differences::default();
    for (kind, table) in [(SourceKind::Alpaca, alpaca), (SourceKind::Finnhub, finnhub)] {
        for (name, fault, expect) in table.rows() {
            check(&mut differences, name, kind, fault, expect).await;
        }
    }
    differences.assert_none();
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_trades_is_the_bar_that_the_market_has() {
    let listening = listen(
        network(SourceKind::Finnhub, Script::default()),
        vec![source(SourceKind::Finnhub)],
    );
    listening.run_for(600).await;

    let events = listening.events(Kinds::BAR).await;
    assert!(events.len() >= 8, "{}", events.len());
    for event in events {
        let Body::Bar(bar) = event.body else { panic!() };
        let [open, high, low, close] = Finnhub::prices("AAPL", bar.open_at);
        assert_eq!(
            format!("{:?}", [bar.open, bar.high, bar.low, bar.close]),
            format!("{:?}", [open, high, low, close])
        );
        assert_eq!(bar.volume, Some(12.0));
        assert!(event.seen_at - event.at < 10_000, "told soon after its end");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_relay_is_filled_from_the_history() {
    let kind = SourceKind::Alpaca;
    let network = network(kind, Script::default());
    let listening = listen(network.clone(), vec![source(kind)]);
    listening.run_for(300).await;
    let log = listening.stop().await;
    sleep(Duration::from_secs(1_200)).await;

    let listening = listen_into(log, network, vec![source(kind)]);
    listening.run_for(100).await;

    let events = listening.events(Kinds::BAR).await.into_iter();
    let opens = events.filter_map(|event| match event.body {
        Body::Bar(bar) => Some(bar.open_at),
        _ => None,
    });
    let opens: Vec<Millis> = opens.collect();
    assert!(opens.len() > 22, "{}", opens.len());
    assert!(
        opens.windows(2).all(|pair| pair[1] - pair[0] == MINUTE),
        "{opens:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_past_that_may_not_be_read_is_missed_and_the_present_is_heard() {
    let kind = SourceKind::Alpaca;
    let forbidden = SourceConfig {
        history_url: Some(format!("https://{HOST}/elsewhere")),
        ..source(kind)
    };

    let listening = listen(network(kind, Script::default()), vec![forbidden]);
    listening.run_for(300).await;

    let status = listening.board.status("alpaca");
    assert_eq!(status.state, SourceState::Connected);
    assert!(status.gap.is_some_and(|gap| gap.to == START), "{status:?}");
    assert!(listening.events(Kinds::BAR).await.len() > 3);
}

#[tokio::test(start_paused = true)]
async fn a_closed_market_is_silence_and_no_failure() {
    let quiet = Alpaca::new("AAPL", START, 0);
    let network = FakeNetwork::default().with(HOST, quiet, Script::default());

    let listening = listen(network, vec![source(SourceKind::Alpaca)]);
    listening.run_for(3_600).await;

    // The stream, and once what has been.
    assert_eq!(listening.network.requests(HOST).len(), 2);
    assert_eq!(
        listening.board.status("alpaca").state,
        SourceState::Connected
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_said_and_not_shown() {
    let wrong = SourceConfig {
        key_file: key_file("wrong-secret"),
        ..source(SourceKind::Alpaca)
    };

    let listening = listen(network(SourceKind::Alpaca, Script::default()), vec![wrong]);
    listening.run_for(60).await;

    let status = listening.board.status("alpaca");
    assert_eq!(
        (status.state, status.error.as_deref()),
        (SourceState::Failed, Some("auth"))
    );
    let told = format!("{status:?}");
    assert!(
        told.contains("402") && !told.contains("wrong-secret"),
        "{told}"
    );
}
