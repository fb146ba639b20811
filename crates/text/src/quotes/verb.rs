//! Verbs and nouns of saying.

use std::ops::Range;
use std::sync::LazyLock;

use crate::cursor::Cursor;
use crate::words::Words;

/// A verb of saying in the text.
#[derive(Clone, Debug)]
pub(crate) struct Verb {
    pub(crate) range: Range<usize>,
    /// The speaker stands with から or に: 言われた, 説明があった.
    pub(crate) passive: bool,
    /// Also 「to talk with somebody」.
    pub(crate) is_talk: bool,
}

/// Stems with the endings that the annotation takes in.
const VERBS: &[(&str, &[&str])] = &[
    (
        "言",
        &[
            "っていました",
            "っていた",
            "っている",
            "っており",
            "いました",
            "います",
            "った",
            "って",
            "うていました",
            "うてました",
            "うてはりました",
            "うてはります",
            "うてはる",
            "うていた",
            "うてた",
            "うていて",
            "うた",
            "うて",
            "う",
            "い",
        ],
    ),
    (
        "話",
        &[
            "していました",
            "していた",
            "している",
            "しており",
            "しました",
            "します",
            "した",
            "して",
            "す",
            "し",
        ],
    ),
    ("訴え", &["ていました", "ていた", "ている", "ており", "ました", "ます", "る", "た", "て", ""]),
    (
        "説明",
        &["していました", "していた", "している", "しており", "しました", "します", "する", "した", "し", ""],
    ),
    ("述べ", &["ていました", "ていた", "ている", "ており", "ました", "ます", "る", "た", "て", ""]),
    ("語", &["っていた", "っている", "りました", "った", "る", "り"]),
    ("答え", &["ていた", "ている", "ました", "ます", "る", "た", "て", ""]),
    ("こたえ", &["ていた", "ている", "ました", "る", "た", "て"]),
    ("主張", &["していた", "している", "しており", "しました", "する", "した", "し", ""]),
    ("回答", &["していた", "しました", "する", "した", "し", ""]),
    ("返答", &["していた", "しました", "する", "した", "し", ""]),
    ("発言", &["していた", "している", "しました", "する", "した", "し", ""]),
    ("希望", &["していました", "していた", "している", "しました", "する", "した", "し", ""]),
    ("つぶや", &["いていた", "いた", "く", "き"]),
    ("叫", &["んでいた", "んだ", "ぶ", "び"]),
    ("申し立て", &["ている", "た", "る", ""]),
    ("打ち明け", &["ていました", "ていた", "ている", "ました", "た", "て", "る", ""]),
    ("告げ", &["ていました", "ていた", "ました", "た", "て", "る", ""]),
    ("こぼし", &["ていました", "ていた", "ている", "ました", "ます", "た", "て", ""]),
    ("怒鳴", &["っていた", "りました", "った", "って", "り", "る"]),
    (
        "おっしゃ",
        &[
            "っていました",
            "っていた",
            "っています",
            "っている",
            "いました",
            "います",
            "った",
            "って",
            "る",
            "り",
        ],
    ),
    ("話してくれ", &["ました", "た", "る", ""]),
    ("教えてくれ", &["ました", "た", "る", ""]),
];
const PASSIVE: &[&str] = &[
    "言われている",
    "言われていた",
    "言われました",
    "言われた",
    "言われ",
    "説明を受けた",
    "説明を受け",
    "説明があった",
    "説明があり",
    "説明あり",
    "話があった",
    "話があり",
    "話あり",
    "訴えがあった",
    "訴えがあり",
    "訴えあり",
    "発言があった",
    "発言あり",
    "回答があった",
    "回答あり",
    "返答があった",
    "返答あり",
];
const NOUNS: &[&str] =
    &["発言", "訴え", "説明", "話", "返答", "回答", "主張", "申し出", "言葉", "答え", "返事", "申告", "希望"];
/// Behind a verb these make another word or another meaning of it: 話し合う, 説明会, 言っても.
const OTHER_WORDS: &[&str] = &[
    "合",
    "会",
    "書",
    "文",
    "かけ",
    "も",
    "できな",
    "でき",
    "責任",
    "不足",
    "中",
    "ながら",
    "方",
    "相手",
    "題",
    "内容",
];

struct Entry {
    passive: bool,
    talk: bool,
}

static WORDS: LazyLock<Words<Entry>> = LazyLock::new(|| {
    let active = VERBS.iter().flat_map(|(stem, endings)| {
        endings.iter().map(move |ending| {
            let talk = matches!(*stem, "話" | "語" | "説明");
            (format!("{stem}{ending}"), Entry { passive: false, talk })
        })
    });
    let passive = PASSIVE.iter().map(|word| ((*word).to_owned(), Entry { passive: true, talk: false }));
    Words::new(active.chain(passive))
});

/// The verb of saying at `at`.
pub(crate) fn verb_at(text: &str, at: usize) -> Option<Verb> {
    let (word, entry) = WORDS.at(text, at)?;
    let end = at + word.len();
    if Cursor::new(text, end).sees(OTHER_WORDS) {
        return None;
    }
    Some(Verb { range: at..end, passive: entry.passive, is_talk: entry.talk })
}

/// The noun of saying at `at`, behind との.
pub(crate) fn noun_at(text: &str, at: usize) -> Option<Verb> {
    let mut cursor = Cursor::new(text, at);
    let word = cursor.any(NOUNS)?;
    if cursor.sees(&["し合", "合", "会", "書", "題"]) {
        return None;
    }
    let passive = cursor.sees(&["があ", "あり", "を受"]);
    Some(Verb { range: at..cursor.at(), passive, is_talk: matches!(word, "話" | "説明") })
}
