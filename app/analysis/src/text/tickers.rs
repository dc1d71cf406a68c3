//! Which instruments of a person's list a post names: by cashtag, pair, bare symbol or company name.
//!
//! Bare symbols are guarded: they must stand in capitals by themselves, not be an everyday word (`IT`, `ALL`,
//! `NOW`; those need a `$`), and not stand in a text that shouts.

use rustc_hash::FxHashMap;
use wire::Post;
use wire::tag::instruments;

use super::{
    has_scheme,
    topics_match::{Matcher, Words},
};

/// Everyday words that are also symbols, sorted. Found in lower case again and again in everyday posts, and
/// among the symbols of the American exchanges or of coins.
const EVERYDAY: &str = " \
    abt ac access act action ad add ads ago ah aid air aka all alot alphabet always am amp an and anti any \
    apex app are area arm arms art as ask ass at audio auto avg aware baby back bad bag bags ball ban band \
    bank bar base based basis bath bc be beach bear beat bed beer belt best bets beyond bid big bill bio bit \
    black blast block blue board boat bomb bond bonus book boom boost bored boring boss bounce box boys \
    brain brand brick bright bro bs bucks build bull bulls burn burns busy but buy buys by cake call calm \
    can cancer car card cards care cares cars cash cat catch cats cd cell cf chain chance change chart chat \
    check chief child chill city claim class clear click climb cloud club co code cold com come comp cons \
    cool cop cos cost cover cow crack crazy cream credit crown cult cure cut cute cuz cycle dad daily dark \
    dat data day de deal debt dec deck deep delta di did die dip dis disk dog dogs dollar door draw dream \
    dreams drink drop drops drug dude due dun earth eat edge em energy enter entry eod epic error etc euro \
    event ever every evil exit exp extra eye eyes face fact factor fair fake family fan far fast father \
    favor fear feed field files fill film find fine finger fire fist fit five fix fixed flag flash flight \
    flip floor flow fly fm fomo food for force form four fr free from front fuel fun fund future gain gains \
    game games gap gas gb gem genius get gift gig give glad global globe go goal goals god goin gold gone \
    good got grab green group grow growth gt guess gun gym ha haha hair half ham hand hard has hat he heart \
    hedge hell hello help helps her here hi high hill hit hold holy home hop hope horse hot hour house how \
    huge huh human hype ice id idea idk if im ima imo impact in index indoor info insane into is ish it item \
    jack jan job jobs joy judge jump just keep key kick kicks kids kind king know la land lar launch law lcd \
    lead leaf leg less let life lift light like line link lit live ll lmao loan lock lol long look looks \
    lord lost lot lotto loud love lovely low lt luck lucky lunch luv ma magic mail main make man mark market \
    mask match math max may mb me mean media meet met min mind mine mini mins minute miss mob mobile mode \
    model mom money monkey moon more move msg multi music must my na nah name nap nation near nerd net never \
    new news next nice no nomad none not note notes now nuts of oh oil ok old omg on one ones online only \
    onto open option or os other our out own pa pace pack page paid panic papa paper park part pass pay pays \
    pc peace peak people per pics pig pigs pilot pizza place plan planet play pls plug plus pm pocket pod \
    points poo pop pos post power ppl pre print pro prob proof pros proud pt pump push put quick race radio \
    rain raise rare rating ratio re reach real red rent rest retail retire rich ride ring rip rise road rock \
    rocket room rose round row rug run safe sail sale sat say scale scam score sea seat second see seen self \
    send sense sent series shake shall share shares she shell shift ship shop shot shots show side sign \
    silly silver simple single sir site six size skin skull sky sleep slr smart smh smile smoke snap snow so \
    soar socks solid son song soon sound source space spend spike spin spot square stake star stars start \
    state step steps stock stone stop store storm story stream strong style summer sun super sure sweat \
    sweet swing switch talk tank target tax tea team tech tell ten test th the then theta thing tho thx til \
    time tiny tip to today ton tone tons top tops total tour town trade treat tree trick trip true trust \
    truth tv two txt type uk ultra un unit unity up ups ur us usb use value via view visa vs wage wait walk \
    wan wanna war was water wave way we wear web well wet wheel when white who wif wild win wine wings \
    winter wise wish wit with women won wonder work world wow wrong www xtra yay yes yield yo you your zen \
    zero zone zones ";
/// So short a symbol needs a `$` whatever it says.
const MIN_BARE: usize = 2;

/// What was made of a symbol or name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Needs {
    /// Found as it stands.
    Nothing,
    /// An everyday word: a symbol needs its `$`, a name its capital inside a sentence.
    Mark,
}

/// A person's instruments. Each entry carries a target, a small number of the caller's.
///
/// ```
/// use analysis::text::tickers::Tickers;
/// use wire::Post;
///
/// let mut tickers = Tickers::default();
/// tickers.add_symbol("AAPL", 0);
/// tickers.add_name("Apple", 0);
/// tickers.add_symbol("NOW", 1);
/// let named = |text: &str| {
///     let mut found = Vec::new();
///     tickers.find(&Post { text: text.into(), ..Post::default() }, &mut found);
///     found
/// };
///
/// assert_eq!(named("sold AAPL, bought $NOW"), [0, 1]);
/// assert_eq!(named("apple rallies NOW"), [0]);
/// assert_eq!(named("AAPL-USD"), [0]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tickers {
    /// By symbol in capitals.
    by_symbol: FxHashMap<Box<str>, Symbol>,
    /// By name with its capital; only names that are everyday words.
    by_capital: FxHashMap<Box<str>, Vec<usize>>,
    names: Matcher,
}

#[derive(Clone, Debug)]
struct Symbol {
    needs: Needs,
    targets: Vec<usize>,
}

impl Tickers {
    /// Adds a symbol, with or without `$`, in any case; says whether posts must write the `$`.
    pub fn add_symbol(&mut self, symbol: &str, target: usize) -> Needs {
        let symbol = symbol.trim().trim_start_matches('$').to_ascii_uppercase();
        let needs = need_of(&symbol);
        if !symbol.is_empty() {
            let targets = Vec::new();
            let found = self.by_symbol.entry(symbol.into());
            let symbol = found.or_insert(Symbol { needs, targets });
            symbol.targets.push(target);
        }
        needs
    }

    /// Adds a company's or coin's name, of one or more words, found in any case unless it is an everyday
    /// word: such a one counts with a capital inside a sentence only.
    pub fn add_name(&mut self, name: &str, target: usize) -> Needs {
        let name = name.trim();
        if is_everyday(name) {
            let mut chars = name.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            let capital: String = first.into_iter().chain(chars).collect();
            self.by_capital
                .entry(capital.into())
                .or_default()
                .push(target);
            return Needs::Mark;
        }
        self.names.add(name, target);
        Needs::Nothing
    }

    /// Adds a hashtag, without `#`, found in any case.
    pub fn add_hashtag(&mut self, hashtag: &str, target: usize) {
        self.names.add_hashtag(hashtag, target);
    }

    /// Appends the targets of a post to `found`, each once, in rising order.
    pub fn find(&self, post: &Post, found: &mut Vec<usize>) {
        let mut words = Words::default();
        words.read_post(post);
        self.find_in(&words, post, found);
    }

    /// The same for a post whose words have been read.
    pub fn find_in(&self, words: &Words, post: &Post, found: &mut Vec<usize>) {
        self.names.find_in(words, post, found);
        for cashtag in &post.cashtags {
            self.push_symbol(cashtag, found);
        }
        if !self.by_symbol.is_empty() {
            for one in instruments(&post.text) {
                self.push_symbol(one.symbol, found);
            }
        }
        self.find_bare(&post.text, found);
        found.sort_unstable();
        found.dedup();
    }

    fn push_symbol(&self, symbol: &str, found: &mut Vec<usize>) {
        let symbol = if symbol.bytes().any(|b| b.is_ascii_lowercase()) {
            self.by_symbol.get(symbol.to_ascii_uppercase().as_str())
        } else {
            self.by_symbol.get(symbol)
        };
        found.extend(symbol.iter().flat_map(|symbol| &symbol.targets));
    }

    fn find_bare(&self, text: &str, found: &mut Vec<usize>) {
        if self.by_symbol.is_empty() && self.by_capital.is_empty() {
            return;
        }
        let mut shouting = None;
        let mut begins_sentence = true;
        for chunk in text.split_whitespace() {
            if self.by_capital.is_empty() && !has_capitals(chunk) {
                continue;
            }
            let is_link = has_scheme(chunk) || chunk.starts_with("www.");
            if is_link || chunk.starts_with(['@', '#', '$', '＠', '＃']) {
                begins_sentence = false;
                continue;
            }
            for word in chunk.split(|c: char| {
                !(c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '\'' | '’'))
            }) {
                let word = word.trim_matches(['.', '\'', '’']);
                let word = word
                    .strip_suffix("'s")
                    .or(word.strip_suffix("’s"))
                    .unwrap_or(word);
                if word.is_empty() {
                    continue;
                }
                if !begins_sentence {
                    found.extend(self.by_capital.get(word).into_iter().flatten());
                }
                begins_sentence = false;
                if let Some(targets) = self.bare(word)
                    && !*shouting.get_or_insert_with(|| shouts(text))
                {
                    found.extend(targets);
                }
            }
            begins_sentence = chunk.ends_with(['.', '!', '?', ':']);
        }
    }

    fn bare(&self, word: &str) -> Option<&Vec<usize>> {
        let is_symbol = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.';
        if !word.bytes().all(is_symbol) {
            return None;
        }
        let symbol = self.by_symbol.get(word)?;
        (symbol.needs == Needs::Nothing).then_some(&symbol.targets)
    }
}

/// Could a bare symbol be in it? Those have two characters at least.
fn has_capitals(chunk: &str) -> bool {
    let is_symbol = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.';
    let mut pairs = chunk.as_bytes().windows(2);
    pairs.any(|pair| matches!(pair, [a, b] if is_symbol(*a) && is_symbol(*b)))
}

fn need_of(symbol: &str) -> Needs {
    let has_letter = symbol.bytes().any(|b| b.is_ascii_alphabetic());
    if symbol.len() < MIN_BARE || !has_letter || is_everyday(symbol) {
        Needs::Mark
    } else {
        Needs::Nothing
    }
}

fn is_everyday(word: &str) -> bool {
    let spaced = format!(" {} ", word.to_ascii_lowercase());
    EVERYDAY.contains(&spaced)
}

/// Are most of the words in capitals, of four or more? Then capitals say nothing.
fn shouts(text: &str) -> bool {
    let (mut n_words, mut n_capitals) = (0, 0);
    for chunk in text.split_whitespace() {
        if has_scheme(chunk) || chunk.starts_with(['@', '#', '$']) {
            continue;
        }
        let n_letters = chunk.chars().filter(|c| c.is_alphabetic()).count();
        if n_letters >= 2 {
            n_words += 1;
            n_capitals += usize::from(!chunk.chars().any(char::is_lowercase));
        }
    }
    n_words >= 4 && 2 * n_capitals > n_words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[usize]) {
        let mut tickers = Tickers::default();
        for (target, symbol) in [
            "AAPL", "A", "IT", "ALL", "NOW", "BTC", "1INCH", "BRK.B", "TGT",
        ]
        .iter()
        .enumerate()
        {
            tickers.add_symbol(symbol, target);
        }
        tickers.add_name("Target", 8);
        tickers.add_name("Berkshire Hathaway", 7);
        tickers.add_name("bitcoin", 5);
        let post = Post {
            text: text.into(),
            cashtags: wire::tag::cashtags(text)
                .map(|tag| tag.text.to_uppercase())
                .collect(),
            ..Post::default()
        };
        let mut found = Vec::new();
        tickers.find(&post, &mut found);

        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn symbols_are_found_bare_in_capitals_and_with_their_mark_in_any_case() {
        check("AAPL, (BTC) and BRK.B: all up", &[0, 5, 7]);
        check("$aapl $btc $1inch $brk.b", &[0, 5, 6, 7]);
        check("BTC/USDT BTC's chart, AAPL.", &[0, 5]);
        check("aapl btc xAAPL AAPL_X #AAPL @AAPL https://x.com/AAPL", &[]);
    }

    #[test]
    fn everyday_words_need_their_mark() {
        check("A lot of IT people want it ALL, NOW", &[]);
        check("$A $IT $ALL $NOW", &[1, 2, 3, 4]);
    }

    #[test]
    fn shouting_is_no_naming() {
        check("BUY AAPL BEFORE EVERYBODY ELSE DOES", &[]);
        check("BUY $AAPL BEFORE EVERYBODY ELSE DOES", &[0]);
        check("AAPL up", &[0]);
    }

    #[test]
    fn names_are_found_in_any_case_unless_they_are_everyday_words() {
        check("BERKSHIRE hathaway and Bitcoin", &[5, 7]);
        check("I shop at Target today", &[8]);
        check("my target is 300. Target reached", &[]);
    }

    #[test]
    fn the_caller_learns_what_needs_a_mark() {
        let mut tickers = Tickers::default();

        assert_eq!(
            ["AAPL", "A", "ON", "BTC"].map(|one| tickers.add_symbol(one, 0)),
            [Needs::Nothing, Needs::Mark, Needs::Mark, Needs::Nothing]
        );
        assert_eq!(
            (tickers.add_name("Gap", 0), tickers.add_name("Nvidia", 0)),
            (Needs::Mark, Needs::Nothing)
        );
    }

    #[test]
    fn the_list_is_sorted() {
        assert!(EVERYDAY.starts_with(' ') && EVERYDAY.ends_with(' '));
        assert!(EVERYDAY.split_whitespace().is_sorted_by(|a, b| a < b));
    }
}
