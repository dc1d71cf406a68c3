//! Tests of the price tables, on rows made up in the shapes that are found in the wild.

use super::*;
use crate::formats::calendar::parse_table;

fn read(path: &str, text: &str) -> (PriceTable, Vec<(u64, FormatError)>) {
    let mut reader = Reader::new(path);
    let mut refused = Vec::new();
    for (line_no, line) in (1..).zip(text.lines()) {
        if let Err(error) = reader.push(line_no, line) {
            refused.push((line_no, error));
        }
    }
    (reader.finish(), refused)
}

#[test]
fn a_daily_table_named_after_its_instrument_becomes_bars() {
    let text = "Date,Open,High,Low,Close,Adj Close,Volume\n2014-01-02,10,12,9,11,5,300\n2014-01-03,11,11.5,10,10.5,5,200\n";

    let (table, refused) = read("stocknet/prices/ACME.csv", text);

    let bars: Vec<_> = table.bars().collect();
    assert_eq!(refused, []);
    assert_eq!(bars.len(), 2);
    let expect = Bar {
        ticker: "ACME".into(),
        currency: "USD".into(),
        source: "stocknet".into(),
        open_at: parse_table("2014-01-02").unwrap(),
        width: DAY,
        open: 10.0,
        high: 12.0,
        low: 9.0,
        close: 11.0,
        volume: Some(300.0),
        market_cap: None,
    };
    assert_eq!(bars[0], (2, expect));
}

#[test]
fn newest_first_with_an_advertisement_and_half_day_hours_is_read() {
    let text = "Times are UTC,https://www.example.org\r\nDate,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\r\n\
                2020-02-13 01-AM,BTCEUR,100,110,90,105,2,200\r\n2020-02-13 12-AM,BTCEUR,100,110,90,105,2,200\r\n\
                2020-02-12 11-PM,BTCEUR,100,110,90,105,2,200\r\n";

    let (table, refused) = read("Bitstamp_BTCEUR_1h.csv", text);

    let bars: Vec<_> = table.bars().collect();
    let hour = |text: &str| parse_table(text).unwrap();
    assert_eq!(refused, []);
    assert_eq!(
        bars.iter()
            .map(|(line_no, bar)| (*line_no, bar.open_at))
            .collect::<Vec<_>>(),
        [
            (5, hour("2020-02-12 23:00")),
            (4, hour("2020-02-13 00:00")),
            (3, hour("2020-02-13 01:00"))
        ]
    );
    let (_, bar) = &bars[0];
    assert_eq!(
        (
            bar.ticker.as_str(),
            bar.currency.as_str(),
            bar.source.as_str()
        ),
        ("BTC", "EUR", "bitstamp")
    );
    assert_eq!(bar.width, HOUR);
}

#[test]
fn swapped_volumes_are_put_right_and_contradicting_ones_left_out() {
    let text = "unix,open,high,low,close,Volume BTC,Volume USD\n\
                1600000000,100,110,90,105,2,200\n1600003600,100,110,90,105,200,2\n1600007200,100,110,90,105,7,7\n\
                1600010800,100,110,90,105,0,0\n1600014400,100,110,90,105,,\n";

    let (table, refused) = read("BTC-USD.csv", text);

    let volumes: Vec<_> = table.bars().map(|(_, bar)| bar.volume).collect();
    assert_eq!(refused, []);
    assert_eq!(volumes, [Some(2.0), Some(2.0), None, Some(0.0), None]);
    assert_eq!((table.n_swapped, table.n_dropped_volumes), (1, 1));
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let text = "time,close,high,low,open,volumefrom,volumeto,mid\n1589572800,105,110,90,100,3,300,1\n1589576400,105,110,90,100,3,300,1\n";

    let (table, _) = read("CryptoCompare_BTC-USD_1h_2020-03.csv", text);

    let (_, bar) = table.bar(0).unwrap();
    assert_eq!(
        (bar.open, bar.high, bar.low, bar.close, bar.volume),
        (100.0, 110.0, 90.0, 105.0, Some(3.0))
    );
    assert_eq!(bar.open_at, 1_589_572_800_000);
}

#[test]
fn rows_that_are_no_bars_are_refused_with_a_reason_and_the_rest_goes_on() {
    let text = "Date,Open,High,Low,Close,Volume\n2014-01-02,10,12,9,11,1\nyesterday,10,12,9,11,1\n2014-01-03,10,12,9,,1\n\
                2014-01-04,null,null,null,null,null\n2014-01-05,10,9,12,11,1\n2014-01-06,NaN,12,9,11,1\n2014-01-07,-1,12,-2,11,1\n\
                2014-01-08,10,12,9,11,-5\n2014-01-09\n\n2014-01-10,10,12,9,11,n/a\n";

    let (table, refused) = read("ACME.csv", text);

    let reasons: Vec<_> = refused
        .iter()
        .map(|(line_no, error)| (*line_no, error.reason()))
        .collect();
    let expect = [
        (3, "bad_date"),
        (4, "bad_price"),
        (5, "bad_price"),
        (6, "bad_price"),
        (7, "bad_price"),
        (8, "bad_price"),
        (9, "bad_volume"),
        (10, "bad_price"),
    ];
    assert_eq!(reasons, expect);
    assert_eq!(
        table.bars().map(|(_, bar)| bar.volume).collect::<Vec<_>>(),
        [Some(1.0), None]
    );
}

#[test]
fn a_table_of_several_instruments_keeps_them_apart() {
    let text = "Date,Symbol,Open,High,Low,Close\n2014-01-02,aaa,10,12,9,11\n2014-01-02,BBB,20,22,19,21\n2014-01-03,aaa,10,12,9,11\n\
                2014-01-03,BBB,20,22,19,21\n2014-01-03,a b,20,22,19,21\n";

    let (table, refused) = read("many.csv", text);

    let tickers: Vec<_> = table
        .bars()
        .map(|(_, bar)| (bar.ticker, bar.width))
        .collect();
    let expect = ["AAA", "BBB", "AAA", "BBB"].map(|ticker| (ticker.to_owned(), DAY));
    assert_eq!(tickers, expect);
    assert_eq!(refused, [(6, FormatError::Symbol)]);
}

#[test]
fn a_single_row_needs_something_that_tells_its_width() {
    let of = |path: &str, header: &str, time: &str| {
        let (table, _) = read(
            path,
            &format!("{header},Open,High,Low,Close\n{time},10,12,9,11\n"),
        );
        (table.bar(0).map(|(_, bar)| bar.width), table.refused)
    };

    assert_eq!(of("ACME.csv", "Date", "2014-01-02"), (Some(DAY), vec![]));
    assert_eq!(
        of("ACME_1h.csv", "unix", "1589572800"),
        (Some(HOUR), vec![])
    );
    assert_eq!(
        of("ACME.csv", "unix", "1589572800"),
        (None, vec![(2, FormatError::Width)])
    );
}

#[test]
fn a_file_without_a_header_is_refused_line_by_line() {
    let (table, refused) = read("x.csv", "a,b\nc,d\ne,f\ng,h\ni,j\n");

    assert_eq!(table.n_bars(), 0);
    assert_eq!(
        refused,
        [(4, FormatError::UnknownBody), (5, FormatError::UnknownBody)]
    );
}

#[test]
fn the_usual_distance_is_not_disturbed_by_holes() {
    assert_eq!(usual_distance([0, 1, 2, 5, 6].into_iter()), Some(1));
    assert_eq!(usual_distance([0, 0].into_iter()), None);
}
