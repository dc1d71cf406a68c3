//! Tests of the CryptoCompare decoder, on answers made up in its shapes.

use wire::{
    Body,
    time::{HOUR, MINUTE},
};

use super::*;

const NOW: Millis = 1_787_222_100_000;

fn pair() -> Pair {
    Pair::parse("BTC-USD").unwrap()
}

fn history(rows: &str) -> String {
    format!(
        r#"{{"Response":"Success","Type":100,"RateLimit":{{}},"Data":{{"Aggregated":false,"TimeFrom":1,"TimeTo":2,"Data":[{rows}]}}}}"#
    )
}

fn row(time: i64) -> String {
    format!(
        r#"{{"time":{time},"high":12.0,"low":9,"open":10.0,"volumefrom":3.5,"volumeto":35,"close":11.0,"conversionType":"direct","conversionSymbol":""}}"#
    )
}

#[track_caller]
fn check_error(body: &str, expect: &AnswerError) {
    assert_eq!(prices(body, NOW).as_ref(), Err(expect), "{body}");
    assert_eq!(full_prices(body).as_ref(), Err(expect), "{body}");
    assert_eq!(
        bars(body, &pair(), MINUTE, NOW).as_ref(),
        Err(expect),
        "{body}"
    );
    assert_eq!(coins(body).as_ref(), Err(expect), "{body}");
}

#[test]
fn an_error_is_never_a_price_whatever_its_form() {
    check_error(
        r#"{"Response":"Error","Message":"You are over your rate limit please upgrade your account!","HasWarning":false,"Type":99,"RateLimit":{"calls_made":{"second":1},"max_calls":{"second":1}},"Data":{}}"#,
        &AnswerError::RateLimit("You are over your rate limit please upgrade your account!".into()),
    );
    check_error(
        r#"{"Data":{},"Err":{"type":1,"message":"API key not found","other_info":{}}}"#,
        &AnswerError::Auth("API key not found".into()),
    );
    check_error(
        r#"{"Response":"Error","Message":"fsym is a required param.","Type":2}"#,
        &AnswerError::Other("fsym is a required param.".into()),
    );
    check_error(
        r#"{"Response":"Error"}"#,
        &AnswerError::Other("without a reason".into()),
    );
    for body in ["<html>502</html>", "", "[]", "7"] {
        check_error(body, &AnswerError::Shape);
    }
}

#[test]
fn prices_are_read_by_ticker_and_currency() {
    let ticks = prices(
        r#"{"BTC":{"USD":90176.22,"EUR":80000},"ETH":{"USD":"n/a"}}"#,
        NOW,
    )
    .unwrap();

    let found: Vec<_> = ticks
        .iter()
        .map(|tick| (tick.ticker.as_str(), tick.currency.as_str(), tick.at))
        .collect();
    assert_eq!(found, [("BTC", "EUR", NOW), ("BTC", "USD", NOW)]);
    assert_eq!(prices(r#"{"USD":90178.02}"#, NOW), Err(AnswerError::Shape));
}

#[test]
fn full_prices_bring_their_time_and_market_capitalisation() {
    let body = r#"{"RAW":{"BTC":{"USD":{"PRICE":59692.06,"LASTUPDATE":1618082612,"VOLUME24HOUR":34972.7,"MKTCAP":1114993181949.22},"EUR":{"PRICE":1.0}},"X":{"USD":{"PRICE":2,"LASTUPDATE":1618082612,"MKTCAP":0}}},"DISPLAY":{}}"#;

    let ticks = full_prices(body).unwrap();

    let found: Vec<_> = ticks
        .iter()
        .map(|tick| (tick.ticker.as_str(), tick.at, tick.market_cap.is_some()))
        .collect();
    assert_eq!(
        found,
        [
            ("BTC", 1_618_082_612_000, true),
            ("X", 1_618_082_612_000, false)
        ]
    );
}

#[test]
fn bars_of_both_versions_are_read_and_the_running_one_is_not_final() {
    let rows = [
        row(1_787_218_500 - 7_200),
        row(1_787_218_500),
        row(1_787_218_501),
    ]
    .join(",");
    let old = format!(r#"{{"Response":"Success","Type":100,"Data":[{rows}]}}"#);

    for body in [history(&rows), old] {
        let records = bars(&body, &pair(), HOUR, NOW).unwrap();

        let times: Vec<_> = records
            .iter()
            .map(|record| record.as_ref().unwrap())
            .map(|event| (event.at, event.seen_at))
            .collect();
        assert_eq!(times, [(NOW - 2 * HOUR, NOW), (NOW, NOW)]);
        let Body::Bar(bar) = &records[0].as_ref().unwrap().body else {
            panic!("no bar");
        };
        assert_eq!(
            (bar.ticker.as_str(), bar.currency.as_str(), bar.volume),
            ("BTC", "USD", Some(3.5))
        );
    }
}

#[test]
fn rows_that_are_no_bars_are_dropped_with_their_reason() {
    let zero = row(1)
        .replace("12.0", "0")
        .replace("10.0", "0")
        .replace("11.0", "0")
        .replace(":9,", ":0,");
    let rows = [
        zero,
        row(2).replace("12.0", "1.0"),
        row(3).replace("3.5", "-1"),
        row(4).replace("10.0", "null"),
        row(5).replace(":5,", ":9223372036854775807,"),
    ];

    let records = bars(&history(&rows.join(",")), &pair(), MINUTE, NOW).unwrap();

    assert_eq!(
        records,
        [
            Err("bad_price"),
            Err("bad_price"),
            Err("bad_volume"),
            Err("bad_json"),
            Err("bad_time")
        ]
    );
}

#[test]
fn coins_have_a_symbol_and_a_name() {
    let body = r#"{"Response":"Success","Data":{"BTC":{"Id":"1182","Symbol":"BTC","CoinName":"Bitcoin","FullName":"Bitcoin (BTC)"},"42":{"FullName":"42 Coin (42)"},"X":{}}}"#;

    let coins = coins(body).unwrap();

    let found: Vec<_> = coins
        .iter()
        .map(|coin| (coin.symbol.as_str(), coin.name.as_str()))
        .collect();
    assert_eq!(found, [("42", "42 Coin (42)"), ("BTC", "Bitcoin")]);
}

#[test]
fn an_error_is_found_in_a_body_of_whatever_status() {
    assert_eq!(
        error(r#"{"Err":{"message":"Unauthorized"}}"#),
        Some(AnswerError::Auth("Unauthorized".into()))
    );
    assert_eq!(error("{}"), None);
    assert_eq!(error("<html>"), None);
}
