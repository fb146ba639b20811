//! です and ます to the plain style of records (language.md pass 20): 話していました → 話していた.
//!
//! Only the end of a sentence outside quotations changes. The plain form of a verb is made from its ます stem: after an
//! え sound る or た; after an い sound by the consonant (書き → 書く, 書いた), except for the verbs listed in
//! `I_STEMS`, whose stem ends in い (見ます → 見る).

use std::sync::LazyLock;

use record::{Document, Replacement};

use crate::chain::{Pass, rounds};
use crate::cursor::{before, is_kanji};
use crate::error::{Error, Result};
use crate::layout::{Layout, ends_sentence};
use crate::words::Words;

const NAME: &str = "plain_style";

/// A pause that ends a sentence without 。.
const SENTENCE_PAUSE_MS: u64 = 800;

/// Endings that change without a look at the verb, and what they become. The longest that fits counts.
const ENDINGS: &[(&str, &str)] = &[
    ("そうです", "とのこと"),
    ("とのことです", "とのこと"),
    ("とのことでした", "とのこと"),
    ("ということです", "とのこと"),
    ("ということでした", "とのこと"),
    ("様子です", "様子"),
    ("様子でした", "様子"),
    ("ないです", "ない"),
    ("なかったです", "なかった"),
    ("たいです", "たい"),
    ("しいです", "しい"),
    ("よいです", "よい"),
    ("いいです", "いい"),
    ("ではありません", "ではない"),
    ("ではありませんでした", "ではなかった"),
    ("じゃありません", "ではない"),
    ("ありません", "ない"),
    ("ありませんでした", "なかった"),
    ("でしょう", "だろう"),
    ("でした", "だった"),
    ("です", "だ"),
];
/// Before です these are adjectives or verbs, which take no だ.
const NO_COPULA: &[&str] = &["い", "た", "る", "だ"];
/// Verbs whose ます stem ends in an い sound and which take る.
const I_STEMS: &[&str] = &[
    "見", "居", "い", "着", "似", "煮", "でき", "出来", "起き", "生き", "降り", "下り", "借り", "足り",
    "過ぎ", "すぎ", "落ち", "満ち", "浴び", "伸び", "信じ", "感じ", "応じ", "生じ", "通じ", "用い", "試み",
    "み", "怖じ", "閉じ", "演じ",
];
/// Forms of ます and what follows the verb in the plain style: which row of [`plain`] it takes.
const FORMS: &[(&str, Form)] =
    &[("ます", Form::Now), ("ました", Form::Past), ("ません", Form::Not), ("ませんでした", Form::WasNot)];

#[derive(Clone, Copy)]
enum Form {
    Now,
    Past,
    Not,
    WasNot,
}

static ENDING_WORDS: LazyLock<Words<&str>> =
    LazyLock::new(|| Words::new(ENDINGS.iter().map(|&(word, plain)| (word.to_owned(), plain))));
static FORM_WORDS: LazyLock<Words<Form>> =
    LazyLock::new(|| Words::new(FORMS.iter().map(|&(word, form)| (word.to_owned(), form))));

/// Pass 20: sentence style. Not in the default chain: an office switches it on.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainStyle;

impl Pass for PlainStyle {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, doc: &mut Document) -> Result<()> {
        // 「でしたです」: an ending behind an ending.
        for _ in 0..rounds(doc.text().len()) {
            let replacements = endings(doc.text(), &Layout::new(doc));
            if replacements.is_empty() {
                break;
            }
            doc.edit(NAME, replacements).map_err(|source| Error::edit(NAME, source))?;
        }
        Ok(())
    }
}

fn endings(text: &str, layout: &Layout) -> Vec<Replacement> {
    let mut replacements = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(quote) = layout.quote_at(at) {
            at = quote.end;
            continue;
        }
        match ending(text, at, layout) {
            Some(replacement) => {
                at = replacement.range.end;
                replacements.push(replacement);
            }
            None => at += c.len_utf8(),
        }
    }
    replacements
}

/// The polite ending of a sentence that starts at `at`.
fn ending(text: &str, at: usize, layout: &Layout) -> Option<Replacement> {
    let ends = |end: usize| {
        text[end..].chars().next().is_none_or(ends_sentence) || layout.pause_at(end, SENTENCE_PAUSE_MS)
    };
    for (word, form) in FORM_WORDS.all_at(text, at).filter(|(word, _)| ends(at + word.len())) {
        if let Some((stem, plain)) = verb(&text[..at], *form) {
            return Some(Replacement::new(at - stem..at + word.len(), plain, "plain style"));
        }
    }
    let (word, plain) = ENDING_WORDS.all_at(text, at).find(|(word, _)| ends(at + word.len()))?;
    let head = &text[..at];
    let plain = match *plain {
        // 「転んだそうです」 is hearsay; 「元気そうです」 is a look.
        "とのこと" if word == "そうです" && !head.ends_with(['た', 'だ', 'る', 'い']) => "そうだ",
        "だ" if NO_COPULA.iter().any(|end| head.ends_with(end)) => "",
        "だ" if before(text, at).is_none() => return None,
        plain => plain,
    };
    Some(Replacement::new(at..at + word.len(), plain, "plain style"))
}

/// Bytes of the stem that change, and the plain form of them and of ます.
fn verb(head: &str, form: Form) -> Option<(usize, String)> {
    let last = head.chars().next_back()?;
    let stem = last.len_utf8();
    let joined = |kept: &str, tail: &str| Some((stem, format!("{kept}{tail}")));
    let own = last.to_string();
    // 来ます, します and verbs whose stem stays.
    if last == '来' || head.ends_with("ゃいけ") {
        return joined(&own, stays(form));
    }
    let sahen = last == 'し' && suru(&head[..head.len() - stem]);
    if sahen {
        return joined(
            match form {
                Form::Now => "する",
                Form::Past => "した",
                Form::Not => "しない",
                Form::WasNot => "しなかった",
            },
            "",
        );
    }
    let i_stem = I_STEMS.iter().any(|s| {
        head.strip_suffix(s).is_some_and(|rest| {
            // 「てい」「でい」 and a word of its own; 「思い」 is not 「い」.
            s.chars().count() > 1
                || rest.ends_with(['て', 'で', 'に', 'が', 'を', 'は', 'も', '、', '。'])
                || (is_kanji(last) && !rest.ends_with(is_kanji))
        })
    });
    if is_e_sound(last) || i_stem {
        return joined(&own, stays(form));
    }
    let (now, past, not) = godan(last, head)?;
    Some((
        stem,
        match form {
            Form::Now => now.to_owned(),
            Form::Past => past.to_owned(),
            Form::Not => format!("{not}ない"),
            Form::WasNot => format!("{not}なかった"),
        },
    ))
}

/// する behind a noun: 訪問します, but 話します.
fn suru(head: &str) -> bool {
    let mut back = head.chars().rev();
    let (one, two) = (back.next(), back.next());
    let katakana = |c: char| matches!(c, 'ァ'..='ヺ' | 'ー');
    match (one, two) {
        (None, _) => true,
        (Some(a), Some(b)) if is_kanji(a) && is_kanji(b) => true,
        (Some(a), _) => {
            katakana(a) || matches!(a, 'を' | 'に' | 'と' | 'も' | 'は' | '、' | '。' | ' ' | 'り')
        }
    }
}

fn stays(form: Form) -> &'static str {
    match form {
        Form::Now => "る",
        Form::Past => "た",
        Form::Not => "ない",
        Form::WasNot => "なかった",
    }
}

fn is_e_sound(c: char) -> bool {
    matches!(c, 'え' | 'け' | 'げ' | 'せ' | 'ぜ' | 'て' | 'で' | 'ね' | 'へ' | 'べ' | 'ぺ' | 'め' | 'れ')
}

/// Plain present, past and the stem of the negation for the last sound of a ます stem.
fn godan(last: char, head: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match last {
        'き' if head.ends_with("行き") || head.ends_with("いき") => ("く", "った", "か"),
        'き' => ("く", "いた", "か"),
        'ぎ' => ("ぐ", "いだ", "が"),
        'し' => ("す", "した", "さ"),
        'ち' => ("つ", "った", "た"),
        'に' => ("ぬ", "んだ", "な"),
        'び' => ("ぶ", "んだ", "ば"),
        'み' => ("む", "んだ", "ま"),
        // 「あります」 negates to 「ない」, which ENDINGS has.
        'り' => ("る", "った", "ら"),
        'い' => ("う", "った", "わ"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::conformance;
    use crate::polarity;
    use crate::testing::{document, run, shown};

    fn plain(text: &str) -> String {
        let mut doc = document(text, None);
        PlainStyle.apply(&mut doc).unwrap();
        doc.text().to_owned()
    }

    #[test]
    fn the_pass_conforms() {
        conformance::run(&PlainStyle);
    }

    #[test]
    fn polite_ends_become_plain() {
        for (polite, expected) in [
            ("話していました。", "話していた。"),
            ("園に電話します。", "園に電話する。"),
            ("元気な様子です。", "元気な様子。"),
            ("保健師が同行しました。", "保健師が同行した。"),
            ("本児は泣いて帰りました。", "本児は泣いて帰った。"),
            ("実母と話しました。", "実母と話した。"),
            ("学校に行きました。", "学校に行った。"),
            ("部屋は片付いています。", "部屋は片付いている。"),
            ("傷を見ました。", "傷を見た。"),
            ("面接できました。", "面接できた。"),
            ("そう思います。", "そう思う。"),
            ("担任は佐藤さんです。", "担任は佐藤さんだ。"),
            ("表情は硬かったです。", "表情は硬かった。"),
            ("外傷はありませんでした。", "外傷はなかった。"),
        ] {
            assert_eq!(plain(polite), expected);
        }
    }

    #[test]
    fn hearsay_stays_hearsay() {
        assert_eq!(plain("転んだそうです。"), "転んだとのこと。");
        assert_eq!(plain("元気そうです。"), "元気そうだ。");
    }

    #[test]
    fn negation_stays_negation() {
        assert_eq!(plain("確認できませんでした。"), "確認できなかった。");
        assert_eq!(plain("叩いていません。"), "叩いていない。");
        assert_eq!(plain("会えませんでした。"), "会えなかった。");
    }

    #[test]
    fn quotations_and_words_stay() {
        for text in
            ["「いたいです」と言う", "増田さん(ますだ)", "ますます元気", "実母は「叩いていません。」と話す"]
        {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn what_the_sentence_says_stays() {
        for text in [
            "令和7年6月3日に実父と4回話しました。",
            "外傷はありませんでした。",
            "6月3日、実母は叩いていないと話しました。",
            "本児は4歳です。",
        ] {
            let polite = run(text);
            let plain = run(&plain(text));
            for kind in ["date", "age", "quantity"] {
                let strip =
                    |rows: Vec<String>| rows.into_iter().map(|r| r.replace(' ', "")).collect::<Vec<_>>();
                assert_eq!(strip(shown(kind, &polite)), strip(shown(kind, &plain)), "{text}");
            }
            let answer = |text: &str| polarity::answer(text).map(|(reason, _)| reason);
            assert_eq!(answer(polite.text()), answer(plain.text()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_settles(text in "(話し|訪問し|見|でき|思い|そう|ない|です|ます|ました|ません|でした|。|「|」|は){0,12}") {
            conformance::check(&PlainStyle, &text);
        }
    }
}
