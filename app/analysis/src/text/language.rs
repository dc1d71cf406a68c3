//! Which language a post is in: what its source says, else by script and stop words.
//!
//! Made for the question "is it English?" on short texts. Of the other languages with Latin letters only
//! those with a list below are named; the rest come out as unknown, or as a relative (Danish is told
//! apart from Swedish poorly).

use std::sync::LazyLock;

use super::has_scheme;
use crate::hash_index::{HashIndex, hash_of};

/// Stop words by language; a word in several lists speaks for each of them.
const STOP_WORDS: &[(&str, &str)] = &[
    (
        "en",
        " a about after all also am an and any are as at back be because been before best big but buy by can could day did do does don't down first for from get go going good got great had has have he her here high his hold how i if i'm in into is it it's its just know last like long look looking low made make market me more most much my near new news next no not now of off on one only or our out over price really right see sell she should so some still stock take than thanks that the their them then there these they think this time to today up us very via was we week well were what when where which who why will with would year you your ",
    ),
    (
        "es",
        " a al algo años como con cuando de del desde donde el ella en entre era es esta está este esto hay hoy la las le les lo los más me mi mucho muy no nos para pero por porque que qué se ser si sí sin sobre son su sus también te tiene todo tu un una uno y ya yo ",
    ),
    (
        "pt",
        " a ao aos as até com como da das de do dos e é ela ele em entre era essa esse está eu foi há isso já mais mas me meu minha muito na não nas nem no nos o os ou para pela pelo por quando que quem se sem seu só são também tem um uma você ",
    ),
    (
        "fr",
        " a à au aux avec c'est ce ces cette comme dans de des du elle en est et être fait il ils j'ai je la le les leur lui mais même moi mon ne nous on ou où par pas plus pour qu'il que qui sa se ses si son sont sur tout très tu un une vous y ",
    ),
    (
        "de",
        " aber als am an auch auf aus bei bin bis da das dass dem den der des die doch du ein eine einem einen einer er es für hat ich ihr im in ist ja kann kein man mehr mein mich mir mit nach nicht noch nur oder schon sehr sein sich sie sind so über um und uns von vor war was wenn wer wie wir wird zu zum zur ",
    ),
    (
        "it",
        " a ai al alla anche che chi ci come con cosa da dal dei del della delle di dove e è ed era fa gli ha hai ho i il in io l'ha la le lo loro ma mi molto ne nel nella no noi non o per perché più quando quello questa questo se sei si solo sono su sua suo ti tra tu tutti tutto un una ",
    ),
    (
        "nl",
        " aan al als bij dan dat de deze die dit door een en er geen had heb heeft het hij hoe ik in is je kan maar me meer met mijn na naar niet nog nu of om onder ook op over te tot uit van veel voor waar was wat we wel werd wie wij worden ze zich zijn zo zou ",
    ),
    (
        "id",
        " ada adalah agar akan aku anda apa atau bagi banyak baru belum bisa buat dalam dan dari dengan di dia gak hari harga harus ini itu jadi jangan juga kalau kami karena ke kita lagi lebih mau nya oleh pada para saat saja sama sangat saya sudah tapi tidak untuk ya yang ",
    ),
    (
        "tr",
        " ama az bana ben bir biz bu bunu cok çok da daha de değil diye dün en gibi gün hem her hiç için ile ise kadar ki kim mi mı ne neden o olan olarak oldu onu sana sen şey şu tüm var ve veya ya yeni yok ",
    ),
    (
        "sv",
        " alla än är att av bara blir dag där de den det detta du efter ej eller en er ett för från få han har hon hur i ingen inte jag kan man med men mig min mycket när nu och om på så sig som till under upp ut vad var vi vill ",
    ),
    (
        "da",
        " af alle at blev bliver da de den der det dig dog du efter eller en er et for fra få han har hun hvad hvor i ikke jeg kan man med meget men mig min når nu og også om op på så sig skal som til ud var ved vi vil ",
    ),
    (
        "pl",
        " a ale bez bo bardzo będzie być co czy dla do dzień gdy i ich ja jak jako je jego jej jest jeszcze już każdy kto która które który ma mi mnie może na nie o od po przez przy się są tak też to tu tylko w we wiem więc z za ze że ",
    ),
    (
        "vi",
        " anh bạn các cho chỉ có của cũng đã đang đây để đến được gì hay hơn khi không là lại làm mà mình một này người nhiều những nó ở phải ra rất sẽ tại thì tôi trong từ và vào về với ",
    ),
    (
        "tl",
        " ako ang ano at ay ba dahil di din ito ka kami kasi kay ko kung lang mga mo mong na naman nang ng ngayon ni nila nya pa para po sa si siya tayo wala yung ",
    ),
];
const ENGLISH: usize = 0;

/// The stop words of all languages, each with a bit for every language that has it.
#[derive(Default)]
struct Words {
    words: Vec<(&'static str, u32)>,
    index: HashIndex,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut all = Words::default();
    for (idx, (_, words)) in STOP_WORDS.iter().enumerate() {
        words
            .split_ascii_whitespace()
            .for_each(|word| all.add(word, 1 << idx));
    }
    all
});

impl Words {
    fn add(&mut self, word: &'static str, language: u32) {
        match self.number(word) {
            Some(number) => self.words[number as usize].1 |= language,
            None => {
                self.index.insert(hash_of(word), self.words.len() as u32);
                self.words.push((word, language));
            }
        }
    }

    fn number(&self, word: &str) -> Option<u32> {
        let is_meant = |number: u32| self.words[number as usize].0 == word;
        self.index.find(hash_of(word), is_meant)
    }

    /// Bits of the languages that have this word, in the order of [`STOP_WORDS`].
    fn languages(&self, word: &str) -> u32 {
        let number = self.number(word);
        number.map_or(0, |number| self.words[number as usize].1)
    }
}

/// The language of a post: the tag of its source if there is one (its part before `-`, in lower case),
/// else [`of_text`]. `und` and the like count as no tag.
///
/// ```
/// use analysis::text::language::of_post;
///
/// assert_eq!(of_post(Some("de-AT"), "to the moon").as_deref(), Some("de"));
/// assert_eq!(of_post(None, "this is the way to the moon").as_deref(), Some("en"));
/// assert_eq!(of_post(Some("und"), "🚀🚀"), None);
/// ```
pub fn of_post(lang: Option<&str>, text: &str) -> Option<String> {
    match of_tag(lang) {
        Some(tag) => Some(tag.to_ascii_lowercase()),
        None => of_text(text).map(str::to_owned),
    }
}

/// What the tag of a source says, if it says anything: its part before `-`, in its own case.
pub fn of_tag(lang: Option<&str>) -> Option<&str> {
    let tag = lang?.split(['-', '_']).next();
    tag.filter(|tag| !matches!(*tag, "" | "und" | "zxx" | "mul" | "mis" | "qme" | "qst"))
}

/// The language of a text, as an ISO 639-1 code (`tl` for Filipino); none if there is nothing to go by.
///
/// Links, names and tags are not read. If half of the letters are of another script, the script decides;
/// otherwise the language with most stop words, in doubt English if the letters are plain.
pub fn of_text(text: &str) -> Option<&'static str> {
    let mut scripts = Scripts::default();
    let mut n_hits = [0_u32; STOP_WORDS.len()];
    let (mut n_words, mut n_accented) = (0_u32, 0_u32);
    let mut word = String::new();
    for chunk in text.split_whitespace() {
        if has_scheme(chunk) || chunk.starts_with(['@', '#', '$', '＠', '＃']) {
            continue;
        }
        for piece in
            chunk.split(|c: char| !(c.is_alphabetic() || is_mark(c) || matches!(c, '\'' | '’')))
        {
            let piece = piece.trim_matches(['\'', '’']);
            if piece.is_empty() {
                continue;
            }
            word.clear();
            for c in piece.chars() {
                scripts.count(c);
                word.extend(c.to_lowercase().map(|c| if c == '’' { '\'' } else { c }));
            }
            n_words += 1;
            n_accented += u32::from(!word.is_ascii());
            let languages = WORDS.languages(&word);
            for (idx, hits) in n_hits.iter_mut().enumerate() {
                *hits += languages >> idx & 1;
            }
        }
    }
    scripts
        .language()
        .or_else(|| latin(n_words, n_accented, n_hits))
}

/// Letters with Latin script: by stop words.
fn latin(n_words: u32, n_accented: u32, n_hits: [u32; STOP_WORDS.len()]) -> Option<&'static str> {
    let english = n_hits[ENGLISH];
    // Of equal ones the first wins.
    let (mut best, mut most) = (ENGLISH, english);
    for (idx, hits) in n_hits.into_iter().enumerate() {
        if hits > most {
            (best, most) = (idx, hits);
        }
    }
    let is_plain = 5 * n_accented <= n_words;
    if best == ENGLISH {
        let is_english = english > 0 && 12 * english >= n_words || is_plain && n_words >= 3;
        return is_english.then_some("en").filter(|_| is_plain);
    }
    // A single short word, as "de" or "a", does not outweigh plain letters.
    let is_clear = most >= 2 && most > english + english / 2 || n_accented > 0 && most > english;
    if is_clear {
        return STOP_WORDS.get(best).map(|(language, _)| *language);
    }
    (is_plain && n_words >= 3).then_some("en")
}

/// Letters by script.
#[derive(Clone, Copy, Debug, Default)]
struct Scripts {
    n_letters: u32,
    kana: u32,
    han: u32,
    others: [u32; OTHERS.len()],
    ukrainian: u32,
    persian: u32,
}

/// Scripts that (nearly) one language writes in.
const OTHERS: [(&str, u32, u32); 11] = [
    ("ru", 0x400, 0x52F),
    ("ar", 0x600, 0x77F),
    ("he", 0x590, 0x5FF),
    ("el", 0x370, 0x3FF),
    ("ko", 0xAC00, 0xD7AF),
    ("th", 0xE00, 0xE7F),
    ("hi", 0x900, 0x97F),
    ("bn", 0x980, 0x9FF),
    ("ta", 0xB80, 0xBFF),
    ("hy", 0x530, 0x58F),
    ("ka", 0x10A0, 0x10FF),
];

impl Scripts {
    fn count(&mut self, c: char) {
        let code = u32::from(c);
        self.n_letters += u32::from(!matches!(c, '\'' | '’'));
        match code {
            0..=0x24F => return,
            0x3040..=0x30FF => self.kana += 1,
            0x3400..=0x4DBF | 0x4E00..=0x9FFF => self.han += 1,
            _ => {}
        }
        self.ukrainian += u32::from("іїєґІЇЄҐ".contains(c));
        self.persian += u32::from("پچژگکی".contains(c));
        for (n, (_, from, to)) in self.others.iter_mut().zip(OTHERS) {
            *n += u32::from((from..=to).contains(&code));
        }
    }

    /// The language of the script of at least half of the letters. A letter of Chinese or Japanese counts
    /// thrice, since it takes three of ours to say as much.
    fn language(&self) -> Option<&'static str> {
        let is_half = |n: u32| n > 0 && 2 * n >= self.n_letters;
        let east = self.kana + self.han;
        if east > 0 && 3 * east >= self.n_letters - east {
            return Some(if self.kana > 0 { "ja" } else { "zh" });
        }
        let found = self.others.iter().zip(OTHERS).find(|(n, _)| is_half(**n));
        match found?.1.0 {
            "ru" if self.ukrainian > 0 => Some("uk"),
            "ar" if 10 * self.persian > self.n_letters => Some("fa"),
            language => Some(language),
        }
    }
}

fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x300..=0x36F | 0x93C..=0x94D | 0xE31..=0xE4E | 0x981..=0x9CD | 0xBBE..=0xBCD | 0x64B..=0x652)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: &str, texts: &[&str]) {
        for text in texts {
            assert_eq!(of_text(text).unwrap_or("-"), language, "{text:?}");
        }
    }

    #[test]
    fn english_is_known_by_a_few_words_or_plain_letters() {
        check(
            "en",
            &[
                "$AAPL looks strong here, adding more",
                "To the moon!!! 🚀🚀",
                "RT @ann: Apple beats estimates https://t.co/a #stocks",
                "Stock upgrade raises targets",
                "I don’t know why it's down",
                "café prices are up again",
            ],
        );
    }

    #[test]
    fn languages_with_latin_letters_are_known_by_their_small_words() {
        check(
            "es",
            &[
                "El precio de la acción está muy alto hoy",
                "no me gusta nada esta empresa porque es cara",
            ],
        );
        check(
            "pt",
            &[
                "O preço das ações não está muito bom",
                "eu não sei por que você vendeu isso",
            ],
        );
        check(
            "fr",
            &[
                "Je pense que c'est le moment de vendre",
                "Le cours de l'action est très haut pour nous",
            ],
        );
        check(
            "de",
            &[
                "Ich glaube nicht, dass die Aktie noch steigt",
                "Der Kurs ist heute wieder gefallen und das ist gut",
            ],
        );
        check(
            "it",
            &[
                "Non so perché il prezzo è sceso",
                "questo è il momento di comprare le azioni della Fiat",
            ],
        );
        check(
            "nl",
            &[
                "Ik denk dat het aandeel niet meer stijgt",
                "De koers van vandaag is niet goed voor ons",
            ],
        );
        check(
            "id",
            &[
                "harga bitcoin hari ini tidak bagus",
                "saya akan beli lagi kalau sudah turun",
            ],
        );
        check(
            "tr",
            &[
                "Bu hisse çok iyi, daha da artar",
                "bitcoin için bir şey söylemek zor değil",
            ],
        );
        check(
            "pl",
            &[
                "Nie wiem czy to jest dobry moment",
                "Akcje są już bardzo drogie",
            ],
        );
        check(
            "sv",
            &[
                "Jag tror inte att det är en bra dag",
                "aktien har gått upp och jag är glad",
            ],
        );
        check(
            "vi",
            &[
                "giá của bitcoin đã tăng rất nhiều",
                "tôi không biết phải làm gì",
            ],
        );
    }

    #[test]
    fn other_scripts_decide_at_once() {
        check("ja", &["ビットコインが上がっている", "今日は暑い BTC"]);
        check("zh", &["比特币价格今天大涨 BTC"]);
        check("ko", &["비트코인 가격이 오른다"]);
        check("ru", &["Биткоин снова растёт"]);
        check("uk", &["Біткоїн знову зростає"]);
        check("ar", &["سعر البيتكوين اليوم"]);
        check("fa", &["قیمت بیت کوین چقدر است"]);
        check("th", &["ราคาบิตคอยน์วันนี้"]);
        check("hi", &["बिटकॉइन की कीमत आज"]);
        check("el", &["Η τιμή ανεβαίνει"]);
        check("he", &["המחיר עולה היום"]);
    }

    #[test]
    fn without_words_nothing_is_said() {
        check(
            "-",
            &[
                "",
                "🚀🚀",
                "$AAPL $TSLA",
                "https://t.co/a",
                "#moon",
                "123 456",
                "gm",
            ],
        );
    }

    #[test]
    fn the_tag_of_the_source_goes_first() {
        assert_eq!(
            of_post(Some("pt-BR"), "hello to you all").as_deref(),
            Some("pt")
        );
        assert_eq!(of_post(Some(""), "hello to you all").as_deref(), Some("en"));
        assert_eq!(of_post(Some("und"), "").as_deref(), None);
    }
}
