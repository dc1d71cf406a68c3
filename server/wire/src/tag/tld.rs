//! Names of top-level domains, and whether one stands at a place in a text.
//!
//! The names are those that twitter-text's `tlds.yml` (Apache-2.0) lists, with every newer one left
//! out on purpose: what is a URL here is what is one there. About 9 kB, without pointers for the
//! ASCII names, because this goes to the browser too.

/// Where the top-level domain that begins at byte `at` ends, if there is one.
///
/// A letter, digit, `@`, `+` or `-` of ASCII must not follow; `xn--…` is taken whole.
pub(super) fn end_at(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    ascii(rest)
        .or_else(|| non_ascii(rest))
        .or_else(|| punycode(rest))
        .map(|len| at + len)
}

fn ascii(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let len = bytes
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    if !(MIN_LEN..=MAX_LEN).contains(&len) || !may_end(rest, len) {
        return None;
    }
    let mut lower = [0; MAX_LEN];
    let name = lower.get_mut(..len)?;
    name.copy_from_slice(bytes.get(..len)?);
    name.make_ascii_lowercase();
    let names = BY_LEN.get(len - MIN_LEN)?.as_bytes();
    let (mut low, mut high) = (0, names.len() / len);
    while low < high {
        let middle = low.midpoint(high);
        match names.get(middle * len..(middle + 1) * len)?.cmp(name) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Some(len),
        }
    }
    None
}

/// The longest name that stands here and may end here.
fn non_ascii(rest: &str) -> Option<usize> {
    let len_of = |name: &&str| {
        let mut chars = rest.chars();
        let mut len = 0;
        for expected in name.chars() {
            let c = chars.next()?;
            if c != expected && !c.to_lowercase().eq([expected]) {
                return None;
            }
            len += c.len_utf8();
        }
        may_end(rest, len).then_some(len)
    };
    let first_is_ascii = rest.as_bytes().first()?.is_ascii();
    let names = if first_is_ascii { MIXED } else { NON_ASCII };
    names.iter().filter_map(len_of).max()
}

fn punycode(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let prefix = bytes.get(..4)?;
    if !prefix.eq_ignore_ascii_case(b"xn--") {
        return None;
    }
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
    let len = bytes.iter().take_while(is_part).count();
    (len > prefix.len()).then_some(len)
}

fn may_end(rest: &str, len: usize) -> bool {
    match rest.as_bytes().get(len) {
        Some(next) => !(next.is_ascii_alphanumeric() || matches!(next, b'@' | b'+' | b'-')),
        None => true,
    }
}

const MIN_LEN: usize = 2;
const MAX_LEN: usize = 18;

/// ASCII names by length, sorted, without separators.
const BY_LEN: [&str; 17] = [
    "acadaeafagaialamanaoaqarasatauawaxazbabbbdbebfbgbhbibjblbmbnbobqbrbsbtbvbwbybzcacccdcfcgchcick\
     clcmcncocrcucvcwcxcyczdedjdkdmdodzeceeegehereseteufifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgt\
     gugwgyhkhmhnhrhthuidieiliminioiqirisitjejmjojpkekgkhkikmknkpkrkwkykzlalblclilklrlsltlulvlymamc\
     mdmemfmgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpmpnprpsptpw\
     pyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsusvsxsysztctdtftgthtjtktltmtntotptrtttvtwtzua\
     ugukumusuyuzvavcvevgvivnvuwfwsyeytzazmzw",
    "aaaabbabcacoadsaegaflaiganzaolappartawsaxabarbbcbbtbcgbcnbetbidbiobizbmsbmwbnlbomboobotboxbuy\
     bzhcabcalcamcarcatcbacbncbscebceocfacfdcomcpacrscscdaddayddsdevdhldiydnpdogdotdtvdvreatecoedu\
     esqeusfanfitflyfoofoxfrlftrfunfyigalgapgaygdngeaglegmogmxgoogopgotgovhbohivhkthothowhtcibmice\
     icuifmincinginkintistitviwcjcbjcpjiojlcjlljmpjnjjotjoykfhkiakimkpnkrdlatlawldsllcllplollplltd\
     manmapmbamcdmedmenmeomilmitmlbmlsmmamoemoimommovmsdmtnmtrnabnbanecnetnewnflngonhknownranrwntt\
     nycobioffoneongonloooorgottovhpaypetphdpidpinpncproprupubpwcqvcredrenrilrioriprunrwesapsassbi\
     sbsscascbsessewsexsfrskiskysoysrlsrtstctabtaxtcitdktelthdtjxtoptrvtuitvsubsunouolupsvetvigvin\
     vipwedwinwmewowwtcwtfxinxxxxyzyouyunzip",
    "aarpableadacaeroaigoakdnallyamexarabarmyarpaarteasdaasiaaudiautobabybandbankbbvabeerbestbike\
     bingblogbluebofabondbookbuzzcafecallcampcarecarscasacasecashcbrecernchatciticityclubcoolcoop\
     cyoudatadatedclkdealdelldesidietdishdocsdohaduckdunsdvagernifagefailfansfarmfastfiatfidofilm\
     firefishflirfoodfordfreefundgamegbizgentggeegiftgmbhgoldgolfgooggugeguruhairhaushdfchelphere\
     hgtvhosthsbcicbcieeeimdbimmoinfoitaujavajeepjobsjprskddikiwikpmgkredlandlegolgbtlidllifelike\
     limolinkliveloanloftloveltdaluxemaifmeetmememenuminimintmobimodamotomtpcnamenavynewsnextnico\
     nikeolloopenpageparspccwpicspingpinkplaypluspohlpornpostprodprofqponraidreadreitrentrestrich\
     rmitroomrsvpruhrsafesalesaposarlsavesaxoscorscotseatseeksexyshawshiashopshowsilksinasiteskin\
     sncfsohusongsonyspotstarsurftalktaxiteamtechtevatiaatipstowntoystubevanavisavivavivovotevoto\
     wangweirwienwikiwineworkxboxyogazarazerozone",
    "actoradultaetnaamfamamicaapplearchiaudioautosazurebaidubeatsbiblebingoblackboatsbootsbosch\
     buildcanoncardschasecheapchloeciscociticclickcloudcoachcodescrowncymrudaburdancedealsdelta\
     dodgedrivedubaiearthedekaemailepostepsonfaithfedexfinalforexforumgallogamesgiftsgivesglade\
     glassglobogmailgreengripegroupgucciguidehomeshondahorsehousehyattiinetikanointelirishiveco\
     jetztkoelnkyotolamerleaselegallexuslillylindelipsylixilloanslocuslottelottolupinmacysmango\
     mediamiamimoneymoparmovienadexnexusnikonninjanokianowtvomegaonionosakaparispartspartyphone\
     photopizzaplacepokerpraxipressprimepromoquestradiorehabreisericohrocksrodeorugbysalonsener\
     sevensharpshellshoesskypeslingsmartsmilesolarspacesportstadastorestudystylesucksswisstatar\
     tirestiroltmalltodaytokyotoolstoraytotaltourstradetrusttunestushuubankvegasvideovistavodka\
     volvowaleswatchweberweiboworksworldxeroxyahoozippo",
    "abarthabbottabbvieactiveafricaagencyairbusairtelalipayalsacealstomanquanaramcoauthorbayern\
     beautyberlinbhartiblancobostikbostonbrokercameracareercaseihcasinocenterchanelchromechurch\
     circleclaimscliniccoffeecomseccondoscouponcreditcruisedatingdatsundealerdegreedentaldesign\
     directdoctordoosandunlopdupontdurbanemerckenergyestateeventsexpertfamilyflickrfutbolgallup\
     gardengeorgegivingglobalgooglegratishealthhermeshiphophockeyhotelshughesimamatinsureintuit\
     jaguarjoburgjuegoskaufenkinderkindlekosherlancialatinolawyerlefraklivinglockerlondonluxury\
     madridmaisonmakeupmarketmattelmobilemobilymonashmormonmoscowmuseummutualnagoyanaturanissan\
     nissaynortonnowruzofficeolayanonlineoracleorangeotsukapfizerphotosphysiopiagetpictetquebec\
     racingrealtyreisenrepairreportreviewrocherrogersryukyusafetysakurasanofischoolschulesearch\
     secureselectshoujisoccersocialstreamstudiosupplysuzukiswatchsydneytaipeitaobaotargettattoo\
     tennistiendatjmaxxtkmaxxtoyotatravelunicomviajesvikingvillasvirginvisionvotingvoyagevuelos\
     walterwarmanwebcamxihuanxperiayachtsyandexzappos",
    "abogadoacademyagakhanalibabaandroidathletaauctionaudibleauspostaviancabanamexbauhausbentley\
     bestbuybookingbrotherbugatticapitalcaravancareerscartierchannelcharitychintaicitadelclubmed\
     collegecolognecomcastcompanycomparecontactcookingcorsicacountrycouponscoursescricketcruises\
     dentistdigitaldomainsexposedexpressfarmersfashionferrariferrerofinancefishingfitnessflights\
     floristflowersforsalefrogansfujitsugallerygentinggodaddygroceryguitarshamburghangouthitachi\
     holidayhostinghoteleshotmailhyundaiiselectismailijewelryjuniperkitchenkomatsulacaixalancome\
     lanxesslasallelatrobeleclercliaisonlimitedlincolnmarketsmetlifemonsternetbanknetflixnetwork\
     neustarokinawaoldnavyorganicoriginspaneraiphilipspioneerpolitierealtorrecipesrentalsreviews\
     rexrothsamsungsandvikschmidtschwarzscienceshikshashriramsinglesspiegelstaplesstarhubstatoil\
     storagesupportsurgerysystemstemasektheatertheatreticketstiffanytoshibatradingwalmartwanggou\
     watchesweatherwebsiteweddingwhoswhowindowswinnersxfinityyamaxunyoutubezuerich",
    "abudhabiairforceallstateattorneybarclaysbarefootbargainsbaseballboutiquebradescobroadway\
     brusselsbudapestbuildersbusinesscapetowncateringcatholicchryslerciprianicityeatscleaning\
     cliniqueclothingcommbankcomputerdeliverydeloittedemocratdiamondsdiscountdiscoverdownload\
     engineerericssonesuranceetisalateverbankexchangefeedbackfidelityfirmdaleflsmidthfootball\
     frontiergoodyeargraingergraphicsguardianhdfcbankhelsinkiholdingshospitalinfinitiipiranga\
     istanbuljpmorganlightinglundbeckmarriottmaseratimckinseymemorialmerckmsdmortgagemovistar\
     mutuelleobserverpartnerspharmacypicturesplumbingpropertyredstonereliancesaarlandsamsclub\
     securityservicesshoppingshowtimesoftbanksoftwarestcgroupsuppliessymantectelecitytraining\
     uconnectvanguardventuresverisignwoodsideyokohama",
    "accenturealfaromeoallfinanzamsterdamanalyticsaquarellebarcelonabloombergchristmascommunity\
     directoryeducationequipmentfairwindsfinancialfirestonefreseniusfrontdoorfujixeroxfurniture\
     goldpointgoodhandshisamitsuhomedepothomegoodshomesensehoneywellinstituteinsurancekuokgroup\
     ladbrokeslancasterlandroverlifestylemarketingmarshallsmcdonaldsmelbournemicrosoftmontblanc\
     panasonicpassagenspramericarichardliscjohnsonshangrilasolutionsstatebankstatefarmstockholm\
     travelersvacationsyodobashi",
    "accountantapartmentsassociatesbasketballbnpparibasboehringercapitaloneconsultingcreditcard\
     cuisinellaeurovisionextraspacefoundationhealthcareimmobilienindustriesmanagementmitsubishi\
     nationwidenewhollandnextdirectonyoursidepropertiesprotectionprudentialrealestaterepublican\
     restaurantschaefflerswiftcovertatamotorstechnologytelefonicauniversityvistaprintvlaanderen\
     volkswagen",
    "accountantsbarclaycardblackfridayblockbusterbridgestonecalvinkleincontractorscreditunion\
     engineeringenterprisesfoodnetworkinvestmentskerryhotelslamborghinimotorcyclesolayangroup\
     photographyplaystationproductionsprogressiveredumbrellarightathomewilliamhill",
    "constructionlplfinancialpamperedchefscholarshipsversicherung",
    "internationallifeinsuranceorientexpressspreadbettingtravelchannelwolterskluwer",
    "afamilycompanyamericanfamilybananarepubliccancerresearchcookingchannelkerrylogistics\
     weatherchannel",
    "americanexpresskerrypropertiessandvikcoromant",
    "",
    "",
    "northwesternmutualtravelersinsurance",
];

/// Names that begin with an ASCII letter and go on beyond.
const MIXED: &[&str] = &["vermögensberater", "vermögensberatung"];

/// Names beyond ASCII, lower-case.
#[rustfmt::skip]
const NON_ASCII: &[&str] = &[
    "ελ", "ευ", "бг", "бел", "дети", "ею", "католик", "ком", "мкд", "мон", "москва", "онлайн",
    "орг", "рус", "рф", "сайт", "срб", "укр", "қаз", "հայ", "קום", "ابوظبي", "اتصالات",
    "ارامكو", "الاردن", "البحرين", "الجزائر", "السعودية", "العليان", "المغرب", "امارات",
    "ایران", "بارت", "بازار", "بيتك", "بھارت", "تونس", "سودان", "سورية", "شبكة", "عراق", "عرب",
    "عمان", "فلسطين", "قطر", "كاثوليك", "كوم", "مصر", "مليسيا", "موبايلي", "موريتانيا", "موقع",
    "همراه", "پاکستان", "ڀارت", "कॉम", "नेट", "भारत", "भारतम्", "भारोत", "संगठन", "বাংলা",
    "ভারত", "ভাৰত", "ਭਾਰਤ", "ભારત", "ଭାରତ", "இந்தியா", "இலங்கை", "சிங்கப்பூர்", "భారత్",
    "ಭಾರತ", "ഭാരതം", "ලංකා", "คอม", "ไทย", "ລາວ", "გე", "みんな", "クラウド", "グーグル", "コム", "ストア",
    "セール", "ファッション", "ポイント", "世界", "中信", "中国", "中國", "中文网", "企业", "佛山", "信息", "健康", "八卦", "公司",
    "公益", "台湾", "台灣", "商城", "商店", "商标", "嘉里", "嘉里大酒店", "在线", "大众汽车", "大拿", "天主教", "娱乐", "家電",
    "工行", "广东", "微博", "慈善", "我爱你", "手机", "手表", "招聘", "政务", "政府", "新加坡", "新闻", "时尚", "書籍", "机构",
    "淡马锡", "游戏", "澳門", "点看", "珠宝", "移动", "组织机构", "网址", "网店", "网站", "网络", "联通", "诺基亚", "谷歌",
    "购物", "通販", "集团", "電訊盈科", "飞利浦", "食品", "餐厅", "香格里拉", "香港", "닷넷", "닷컴", "삼성", "한국",
];
