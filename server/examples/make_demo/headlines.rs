//! What the articles say, and which hour they are published in. Everybody in them is invented.

use wire::Millis;

use crate::plan::{ACME, BTC, DOGE, ETH, SOL, at};

/// An article beside a planted truth. It was not the cause of it.
pub(crate) struct Planted {
    /// What its publisher says.
    pub(crate) published: Millis,
    /// When the relay saw it.
    pub(crate) first_seen: Millis,
    /// Its title.
    pub(crate) title: &'static str,
    /// In the lines below the title.
    pub(crate) summary: &'static str,
}

/// The burst had begun: the article tells of what people did already.
pub(crate) const BURST: Planted = Planted {
    published: at(1, 16, 31),
    first_seen: at(1, 16, 44),
    title: "DogeDay: Dogecoin holders post under one hashtag",
    summary: "The first posts came at 16:20, a table of Lorem Research shows. What the day is about is not in them.",
};

/// The swing had not begun: whoever looks at it could have read the article before.
pub(crate) const SWING: Planted = Planted {
    published: at(2, 13, 5),
    first_seen: at(2, 13, 38),
    title: "News of the Solana update: it begins at 14:00",
    summary: "Within an hour it is everywhere, the team writes in a quick note. Good signatures are told from bad ones by a number, and the number is in its chart.",
};

/// The give-aways had been coming for more than an hour.
pub(crate) const GIVE_AWAY: Planted = Planted {
    published: at(4, 9, 2),
    first_seen: at(4, 9, 21),
    title: "Dogecoin giveaway posts differ in one figure, university writes",
    summary: "People are told to claim an airdrop on pages that nobody answers for. Testville University has counted the posts since 08:00.",
};

/// An everyday article.
pub(crate) struct Headline {
    /// Of the week, from 0.
    pub(crate) day: Millis,
    /// The minute is left to chance.
    pub(crate) hour: Millis,
    /// An instrument of the plan.
    pub(crate) about: usize,
    /// `PRICE` in it becomes the last close that was known.
    pub(crate) title: &'static str,
    /// In it as well.
    pub(crate) summary: &'static str,
}

/// Of no matter for what is planted: none is about DOGE near the burst or the spam wave, none about SOL near
/// the swing, and none is published or first seen near the outage.
#[rustfmt::skip]
pub(crate) const EVERYDAY: [Headline; 37] = [
    on(0, 7, BTC, "Bitcoin opens the week near the old range",
        "On Nowhere Exchange one coin was at PRICE dollars. Volume was about average, its table shows."),
    on(0, 9, ETH, "Ethereum update has a date on the test network",
        "The test begins next Tuesday. Lorem Research wrote down what changes for those who run a node."),
    on(0, 11, ACME, "Acme report comes out next Tuesday",
        "The maker of anvils publishes its numbers before the open. The range of estimates is getting narrow, says the Bank of Examplia."),
    on(0, 13, DOGE, "What Dogecoin holders are watching this week",
        "In a survey of Testville University half of the holders look at the daily chart and a third at the order book."),
    on(0, 15, SOL, "Solana in the afternoon: volume, range and order book",
        "On Nowhere Exchange one coin was at PRICE dollars. The table has every trade since midnight."),
    on(0, 18, BTC, "Lorem Research counts Bitcoin wallets again",
        "Counted was every wallet that moved half a coin within a month. The table is in the report, with the chart of last year."),
    on(0, 21, ACME, "Acme closes the day at PRICE dollars",
        "The average size per trade on Nowhere Exchange went from 2 to 3, the daily numbers say."),

    on(1, 6, ETH, "Ethereum in the night: the numbers since midnight",
        "One coin was at PRICE dollars at the last full hour. Order book and volume are in the table of Nowhere Exchange."),
    on(1, 9, SOL, "Solana meet-up brings developers to Sample City",
        "Most talks were about wallets and the order of transactions. The slides are in the thread of the organisers."),
    on(1, 11, BTC, "Bank of Examplia writes down new levels for Bitcoin",
        "They lie around PRICE dollars. For other levels it needs a close above the range, says the letter of the bank."),
    on(1, 14, ACME, "Acme opens a second warehouse for anvils",
        "The building in Sample City has room for nine thousand anvils. The first ones are moved there next week."),
    on(1, 15, ETH, "Ethereum node count is published by Lorem Research",
        "Nodes were counted from ten in the morning until noon. The chart is updated each Tuesday."),
    on(1, 20, BTC, "Bitcoin volume of the day is about average",
        "Nowhere Exchange compared it with the level of last week. One coin was at PRICE dollars."),

    on(2, 7, DOGE, "Dogecoin average size per trade: the daily numbers",
        "One coin was at PRICE dollars at the last full hour. Nowhere Exchange has updated its table."),
    on(2, 9, BTC, "Bitcoin on the four hour view: a chart with four lines",
        "Lorem Research explains how it draws the range of a week, and why the fourth line is dotted."),
    on(2, 13, ETH, "Ethereum course at Testville University begins in May",
        "Students read about transactions and nodes, and write a wallet of their own. The list to read is in the thread."),
    on(2, 16, ACME, "Acme anvils get another colour",
        "From April on they are delivered in blue. The stock was at PRICE dollars on Nowhere Exchange."),
    on(2, 18, BTC, "Bitcoin order book explained in ten minutes",
        "A lecture of the Bank of Examplia goes through the table row by row. One coin was at PRICE dollars."),
    on(2, 22, DOGE, "Dogecoin wallet update is on the test network",
        "Those who run a node can read about it in the thread of the developers. The date for everyone is open."),

    on(3, 6, SOL, "Solana in the night: volume and range since midnight",
        "One coin was at PRICE dollars at the last full hour. The numbers are those of Nowhere Exchange."),
    on(3, 14, ETH, "Ethereum at noon: half a day in numbers",
        "One coin was at PRICE dollars. Lorem Research has updated its table with the numbers of the day."),
    on(3, 16, ACME, "Acme answers questions about its report",
        "Most of them were about the price of iron in Examplia. The numbers come out next Tuesday, before the open."),
    on(3, 18, BTC, "Bitcoin survey: what do you look at in the morning?",
        "Half of those who were asked by Testville University look at the close, a quarter at the order book."),
    on(3, 21, DOGE, "Dogecoin closes Thursday at PRICE dollars",
        "Volume and range of the day are in the table of Nowhere Exchange, next to those of yesterday."),

    on(4, 6, BTC, "Bitcoin transaction count passes a round figure",
        "Lorem Research had expected it for Saturday and has updated the date on its chart."),
    on(4, 8, ETH, "Ethereum developers write down the next update",
        "The thread has nine points, from the size of an order to the names of the test networks."),
    on(4, 13, SOL, "Solana node count moved two percent in a month",
        "Lorem Research updated its table on Friday. The chart has one line for each city of Examplia."),
    on(4, 15, ACME, "Acme trades around the open",
        "The stock was at PRICE dollars on Nowhere Exchange. The order book is about as long as yesterday."),
    on(4, 19, BTC, "Bitcoin range of the week: the levels of Friday",
        "One coin was at PRICE dollars. The Bank of Examplia has updated its letter."),
    on(4, 21, SOL, "Solana lecture is now in the thread",
        "The speaker of Testville University explains how wallets sign an order. It goes on for forty minutes."),

    on(5, 9, ETH, "Ethereum on Saturday: the daily numbers",
        "One coin was at PRICE dollars at the last full hour. Weekend volume is compared with that of last week."),
    on(5, 13, DOGE, "Dogecoin meet-up in Sample City fills two rooms",
        "The talks were about nodes, wallets and the history of the coin. The next one is in June."),
    on(5, 17, SOL, "Solana explained: what a wallet does",
        "A page of Lorem Research goes from the first order to the last signature, with a chart for each."),
    on(5, 20, BTC, "Bitcoin on the weekend: range and volume",
        "One coin was at PRICE dollars on Nowhere Exchange. The table has both days side by side."),

    on(6, 10, ETH, "Ethereum survey asks those who run a node",
        "Testville University wants to know in which city the nodes are. The report comes out in May."),
    on(6, 15, DOGE, "Dogecoin on the chart of the month",
        "One coin was at PRICE dollars. Lorem Research draws the range of each week as a box."),
    on(6, 19, BTC, "Bitcoin before the next week: levels and dates",
        "One coin was at PRICE dollars. On the list of the Bank of Examplia are the report of Acme and two updates."),
];

const fn on(
    day: Millis,
    hour: Millis,
    about: usize,
    title: &'static str,
    summary: &'static str,
) -> Headline {
    Headline {
        day,
        hour,
        about,
        title,
        summary,
    }
}
