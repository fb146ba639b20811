//! Negation and its scope, and the words that answer with no value (language.md §3 and pass 7).

use std::ops::Range;

use record::Reason;

use crate::cursor::{after, before};
use crate::layout::ends_sentence;

/// Longer phrases before those that they contain.
const DOUBLE: &[&str] = &[
    "ないわけではない",
    "ないわけでもない",
    "ないとは言えない",
    "ないとはいえない",
    "なくはない",
    "なくもない",
    "ないことはない",
    "ないこともない",
    "ないではない",
    "ないとも言えない",
    "否定できない",
    "否定はできない",
    "否定しない",
    "ないとは限らない",
];
const ANSWERS: &[(&str, Reason)] = &[
    ("聞けていません", Reason::NotAsked),
    ("聞けていない", Reason::NotAsked),
    ("聞けてない", Reason::NotAsked),
    ("聞けておらず", Reason::NotAsked),
    ("聞いておらず", Reason::NotAsked),
    ("尋ねていません", Reason::NotAsked),
    ("尋ねていない", Reason::NotAsked),
    ("尋ねておらず", Reason::NotAsked),
    ("聴けていません", Reason::NotAsked),
    ("聴けていない", Reason::NotAsked),
    ("聴いていません", Reason::NotAsked),
    ("聴いていない", Reason::NotAsked),
    ("聴取していません", Reason::NotAsked),
    ("聴取していない", Reason::NotAsked),
    ("聴取できていません", Reason::NotAsked),
    ("聴取はできていません", Reason::NotAsked),
    ("聴取はできていない", Reason::NotAsked),
    ("まだ伺っていません", Reason::NotAsked),
    ("伺っていません", Reason::NotAsked),
    ("伺えていません", Reason::NotAsked),
    ("聞けませんでした", Reason::NotAsked),
    ("聞けなかった", Reason::NotAsked),
    ("聞きそびれ", Reason::NotAsked),
    ("聞きもらし", Reason::NotAsked),
    ("聞き漏らし", Reason::NotAsked),
    ("聞けず", Reason::NotAsked),
    ("聞いていません", Reason::NotAsked),
    ("聞いていない", Reason::NotAsked),
    ("聞いてないです", Reason::NotAsked),
    ("聞いてない", Reason::NotAsked),
    ("聞き取れていない", Reason::NotAsked),
    ("聴取できていない", Reason::NotAsked),
    ("聴取できず", Reason::NotAsked),
    ("聴取できません", Reason::NotAsked),
    ("聴取できない", Reason::NotAsked),
    ("聴取不可", Reason::NotAsked),
    ("確認していない", Reason::NotAsked),
    ("確認していません", Reason::NotAsked),
    ("聞けておら", Reason::NotAsked),
    ("聞いておら", Reason::NotAsked),
    ("聞き漏ら", Reason::NotAsked),
    ("聞き逃し", Reason::NotAsked),
    ("聞き忘れ", Reason::NotAsked),
    ("尋ねていな", Reason::NotAsked),
    ("尋ねていませ", Reason::NotAsked),
    ("尋ねられていな", Reason::NotAsked),
    ("尋ねられていませ", Reason::NotAsked),
    ("聞き取れていませ", Reason::NotAsked),
    ("聴取できていませ", Reason::NotAsked),
    ("確認しておら", Reason::NotAsked),
    ("未聴取", Reason::NotAsked),
    ("未確認", Reason::NotAsked),
    ("答えてもらえな", Reason::NotAnswered),
    ("答えてもらえず", Reason::NotAnswered),
    ("答えなかった", Reason::NotAnswered),
    ("答えない", Reason::NotAnswered),
    ("答えず", Reason::NotAnswered),
    ("言わなかった", Reason::NotAnswered),
    ("話さなかった", Reason::NotAnswered),
    ("答えてくれな", Reason::NotAnswered),
    ("答えてくれず", Reason::NotAnswered),
    ("答えてくれませ", Reason::NotAnswered),
    ("答えてもらえませ", Reason::NotAnswered),
    ("答えは得られ", Reason::NotAnswered),
    ("答えが得られ", Reason::NotAnswered),
    ("答えがな", Reason::NotAnswered),
    ("答えなし", Reason::NotAnswered),
    ("答えませんでした", Reason::NotAnswered),
    ("答えていません", Reason::NotAnswered),
    ("返事がな", Reason::NotAnswered),
    ("返事は得られ", Reason::NotAnswered),
    ("教えてもらえな", Reason::NotAnswered),
    ("教えてもらえませ", Reason::NotAnswered),
    ("教えてもらえず", Reason::NotAnswered),
    ("回答なし", Reason::NotAnswered),
    ("回答が得られ", Reason::NotAnswered),
    ("回答は得られ", Reason::NotAnswered),
    ("返答なし", Reason::NotAnswered),
    ("無回答", Reason::NotAnswered),
    ("黙秘", Reason::NotAnswered),
    ("黙ったまま", Reason::NotAnswered),
    ("黙り込", Reason::NotAnswered),
    ("返事がありませ", Reason::NotAnswered),
    ("返事はな", Reason::NotAnswered),
    ("返事はありませ", Reason::NotAnswered),
    ("返事がまだ", Reason::NotAnswered),
    ("返答がな", Reason::NotAnswered),
    ("返答がありませ", Reason::NotAnswered),
    ("回答がな", Reason::NotAnswered),
    ("回答がありませ", Reason::NotAnswered),
    ("回答待ち", Reason::NotAnswered),
    ("返事待ち", Reason::NotAnswered),
    ("確認できず", Reason::CouldNotConfirm),
    ("確認できな", Reason::CouldNotConfirm),
    ("確認できません", Reason::CouldNotConfirm),
    ("確認できていな", Reason::CouldNotConfirm),
    ("確認できていません", Reason::CouldNotConfirm),
    ("確認が取れ", Reason::CouldNotConfirm),
    ("確認がとれ", Reason::CouldNotConfirm),
    ("確認はできず", Reason::CouldNotConfirm),
    ("確認はできな", Reason::CouldNotConfirm),
    ("確認はできていな", Reason::CouldNotConfirm),
    ("確認はできていません", Reason::CouldNotConfirm),
    ("確認はできません", Reason::CouldNotConfirm),
    ("確かめられず", Reason::CouldNotConfirm),
    ("確かめられな", Reason::CouldNotConfirm),
    ("確かめられませ", Reason::CouldNotConfirm),
    ("確かめることができ", Reason::CouldNotConfirm),
    ("確かめられていな", Reason::CouldNotConfirm),
    ("確認することができ", Reason::CouldNotConfirm),
    ("確認できておら", Reason::CouldNotConfirm),
    ("確かめられていませ", Reason::CouldNotConfirm),
    ("確かめられておら", Reason::CouldNotConfirm),
    ("確認が取れず", Reason::CouldNotConfirm),
    ("確認が取れな", Reason::CouldNotConfirm),
    ("確認が取れませ", Reason::CouldNotConfirm),
    ("確認が取れていな", Reason::CouldNotConfirm),
    ("確認が取れていませ", Reason::CouldNotConfirm),
    ("裏付けが取れ", Reason::CouldNotConfirm),
    ("裏づけが取れ", Reason::CouldNotConfirm),
    ("把握できず", Reason::CouldNotConfirm),
    ("把握できな", Reason::CouldNotConfirm),
    ("把握できませ", Reason::CouldNotConfirm),
    ("把握できていな", Reason::CouldNotConfirm),
    ("把握できていませ", Reason::CouldNotConfirm),
    ("把握できておら", Reason::CouldNotConfirm),
    ("把握していな", Reason::CouldNotConfirm),
    ("把握していませ", Reason::CouldNotConfirm),
    ("つかめていな", Reason::CouldNotConfirm),
    ("つかめていませ", Reason::CouldNotConfirm),
    ("確認に至らず", Reason::CouldNotConfirm),
    ("確認不能", Reason::CouldNotConfirm),
    ("見せてもらえず", Reason::CouldNotConfirm),
    ("拒否", Reason::Refused),
    ("拒んだ", Reason::Refused),
    ("拒む", Reason::Refused),
    ("断られ", Reason::Refused),
    ("言いたくない", Reason::Refused),
    ("言いたくな", Reason::Refused),
    ("教えたくない", Reason::Refused),
    ("答えたくない", Reason::Refused),
    ("拒まれ", Reason::Refused),
    ("教えられないと", Reason::Refused),
    ("伝えたくない", Reason::Refused),
    ("不明", Reason::SaidUnknown),
    ("不詳", Reason::SaidUnknown),
    ("分からない", Reason::SaidUnknown),
    ("わからない", Reason::SaidUnknown),
    ("分かりません", Reason::SaidUnknown),
    ("わかりません", Reason::SaidUnknown),
    ("分からず", Reason::SaidUnknown),
    ("わからず", Reason::SaidUnknown),
    ("定かでない", Reason::SaidUnknown),
    ("定かでは", Reason::SaidUnknown),
    ("はっきりしませ", Reason::SaidUnknown),
    ("はっきりしていな", Reason::SaidUnknown),
    ("はっきりしていませ", Reason::SaidUnknown),
    ("判然とし", Reason::SaidUnknown),
    ("調べがついていな", Reason::SaidUnknown),
    ("調べがついていませ", Reason::SaidUnknown),
    ("照会中", Reason::SaidUnknown),
    ("問い合わせ中", Reason::SaidUnknown),
    ("問合せ中", Reason::SaidUnknown),
    ("確認中", Reason::SaidUnknown),
    ("調査中", Reason::SaidUnknown),
    ("覚えておら", Reason::SaidUnknown),
    ("はっきりしない", Reason::SaidUnknown),
    ("はっきりしません", Reason::SaidUnknown),
    ("はっきりしていません", Reason::SaidUnknown),
    ("はっきりせず", Reason::SaidUnknown),
    ("わかっていません", Reason::SaidUnknown),
    ("分かっていません", Reason::SaidUnknown),
    ("わかっていない", Reason::SaidUnknown),
    ("分かっていない", Reason::SaidUnknown),
    ("わからなかった", Reason::SaidUnknown),
    ("分からなかった", Reason::SaidUnknown),
    ("わからなく", Reason::SaidUnknown),
    ("わからん", Reason::SaidUnknown),
    ("把握していない", Reason::SaidUnknown),
    ("把握していません", Reason::SaidUnknown),
    ("把握しておらず", Reason::SaidUnknown),
    ("把握できていない", Reason::SaidUnknown),
    ("把握できていません", Reason::SaidUnknown),
    ("つかめていない", Reason::SaidUnknown),
    ("つかめていません", Reason::SaidUnknown),
    ("定かではない", Reason::SaidUnknown),
    ("定かではありません", Reason::SaidUnknown),
    ("覚えていない", Reason::SaidUnknown),
    ("否認", Reason::Denial),
    ("否定", Reason::Denial),
];
/// A negation that reports that there is none.
const NONE: &[&str] = &[
    "ありません",
    "ありませんでした",
    "いません",
    "いませんでした",
    "見られません",
    "認められません",
    "見当たりません",
    "なかった",
    "なく",
    "ない",
    "なし",
    "無し",
    "みられず",
    "見られず",
    "認められず",
    "見当たらず",
    "おらず",
    "あらず",
];
/// Endings that negate a predicate.
const NEGATIONS: &[&str] =
    &["ませんでした", "ません", "なかった", "なく", "ない", "なし", "無し", "ず", "否認", "否定", "ねえ"];
/// ない that negates nothing.
const IDIOMS: &[&str] = &[
    "問題ない",
    "問題はない",
    "問題なく",
    "問題なし",
    "問題ありません",
    "問題はありません",
    "変わりない",
    "変わりはない",
    "変わりなく",
    "変わりなし",
    "変わりありません",
    "変わりはありません",
    "仕方ない",
    "仕方がない",
    "しかたない",
    "しかたがない",
    "間違いない",
    "違いない",
    "かもしれない",
    "かも知れない",
    "かもしれません",
    "なければならない",
    "なくてはならない",
    "なければいけない",
    "なくてはいけない",
    "ないといけない",
    "ざるを得ない",
    "もったいない",
    "とんでもない",
    "少ない",
    "少なく",
    "少なかった",
    "少なくな",
    "危ない",
    "切ない",
    "情けない",
    "さりげない",
    "必ず",
    "まず",
    "ひとまず",
    "思わず",
    "はず",
    "いたずら",
    "わずか",
    "おはよう",
    "ねずみ",
    "きずな",
    "みず",
    "ずっと",
    "ずつ",
    "傷",
    "いけない",
    "たまらない",
    "つまらない",
    "だらしない",
    "なくなった",
    "亡く",
    "しょうがない",
    "じゃなくて",
    "ではなくて",
    "しかない",
    "しかなく",
    "しかなかった",
    "あどけない",
    "おさない",
    "幼い",
];
/// A clause reaches at most this many bytes (about 100 characters) to either side.
const REACH: usize = 300;
/// Words between which a clause ends, beside the punctuation.
const TURNS: &[&str] = &["けれども", "けれど", "けど", "一方", "ものの", "のに"];

/// The clause that `range` stands in: it ends at 。、, a line end, 「が」 behind a predicate, けれど, 一方, and after about 100
/// characters.
///
/// # Panics
/// When `range` is not on characters of `text`.
#[must_use]
pub fn scope(text: &str, range: Range<usize>) -> Range<usize> {
    let rest = &text[range.end..];
    let mut end = text.len();
    for (i, c) in rest.char_indices() {
        let at = range.end + i;
        let turn = TURNS.iter().any(|turn| rest[i..].starts_with(turn));
        if i > REACH || ends_sentence(c) || c == '、' || turn || (c == 'が' && is_but(text, at, range.end))
        {
            end = at;
            break;
        }
    }
    let mut start = range.start;
    for (at, c) in text[..range.start].char_indices().rev() {
        if range.start - at > REACH || ends_sentence(c) || c == '、' || (c == 'が' && is_but(text, at, 0)) {
            break;
        }
        start = at;
    }
    start..end
}

/// が that joins clauses: behind the end of a predicate.
fn is_but(text: &str, at: usize, floor: usize) -> bool {
    at > floor
        && before(text, at)
            .is_some_and(|c| matches!(c, 'い' | 'た' | 'だ' | 'る' | 'す' | 'く' | 'ん' | 'う' | 'し'))
        || text[..at].ends_with("なし")
}

/// Whether what stands at `range` is negated: a negation follows in its clause.
///
/// 「骨折はないが打撲がある」 negates 骨折 and not 打撲. 問題ない, かもしれない and the like negate nothing, and a double negation
/// does not count as one (see [`answer`]).
///
/// # Panics
/// When `range` is not on characters of `text`.
#[must_use]
pub fn is_negated(text: &str, range: Range<usize>) -> bool {
    let clause = scope(text, range.clone());
    let behind = &text[range.end..clause.end];
    if DOUBLE.iter().any(|double| behind.contains(double)) {
        return false;
    }
    let mut at = 0;
    let whole = &text[clause.start..clause.end];
    let offset = range.end - clause.start;
    while let Some(c) = after(behind, at) {
        let here = offset + at;
        if idiom_at(whole, here) {
            at += c.len_utf8();
            continue;
        }
        if let Some(word) = NEGATIONS.iter().find(|word| behind[at..].starts_with(**word)) {
            // ず only behind a verb: 見られず, not まず or ずつ.
            let verb = *word != "ず"
                || before(behind, at).is_some_and(|c| {
                    matches!(
                        c,
                        'ら' | 'れ'
                            | 'せ'
                            | 'か'
                            | 'さ'
                            | 'た'
                            | 'わ'
                            | 'ま'
                            | 'え'
                            | 'け'
                            | 'べ'
                            | 'め'
                            | 'き'
                            | 'ば'
                            | 'が'
                    )
                });
            if verb {
                return true;
            }
        }
        at += c.len_utf8();
    }
    false
}

/// Whether the position lies in a word of [`IDIOMS`].
fn idiom_at(clause: &str, at: usize) -> bool {
    IDIOMS.iter().any(|idiom| {
        let mut from = at.saturating_sub(idiom.len());
        while !clause.is_char_boundary(from) {
            from += 1;
        }
        let to = (at + idiom.len()).min(clause.len());
        let to = (to..=clause.len()).find(|&i| clause.is_char_boundary(i)).unwrap_or(clause.len());
        clause[from..to].match_indices(idiom).any(|(i, _)| from + i <= at && at < from + i + idiom.len())
    })
}

/// Whether `clause` holds two negations that cancel each other: they set no value and no state.
#[must_use]
pub fn is_double_negation(clause: &str) -> bool {
    DOUBLE.iter().any(|word| clause.contains(word))
}

/// The first words in `clause` that answer without a value, with their byte range.
///
/// A denial and an unknown come before a plain negation, so that 「確認できない」 is not 「ない」. 「一部認める」 is a value and no
/// answer, and a double negation answers nothing.
#[must_use]
pub fn answer(clause: &str) -> Option<(Reason, Range<usize>)> {
    if is_double_negation(clause) {
        return None;
    }
    let listed = ANSWERS
        .iter()
        .filter_map(|(word, reason)| clause.find(word).map(|i| (*reason, i..i + word.len())))
        .min_by_key(|(_, range)| (range.start, usize::MAX - range.end));
    if listed.is_some() {
        return listed;
    }
    NONE.iter()
        .flat_map(|word| clause.match_indices(word).map(|(i, w)| (Reason::None, i..i + w.len())))
        .filter(|(_, range)| !idiom_at(clause, range.start))
        .min_by_key(|(_, range)| (range.start, usize::MAX - range.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn negated(text: &str, word: &str) -> bool {
        let at = text.find(word).unwrap();
        is_negated(text, at..at + word.len())
    }

    #[test]
    fn negation_ends_with_its_clause() {
        assert!(negated("骨折はないが打撲がある", "骨折"));
        assert!(!negated("骨折はないが打撲がある", "打撲"));
        assert!(negated("打撲がない", "打撲"));
        assert!(!negated("あざがある、骨折はない", "あざ"));
        assert!(!negated("あざはあるけれど骨折はない", "あざ"));
        assert!(negated("外傷なし", "外傷"));
        assert!(negated("背中の外傷は見られず", "外傷"));
        assert!(negated("実母は叩いたことは否認", "叩いた"));
    }

    #[test]
    fn idioms_negate_nothing() {
        assert!(!negated("発達は問題ない", "発達"));
        assert!(!negated("あざかもしれない", "あざ"));
        assert!(!negated("食事は少ない", "食事"));
        assert!(!negated("言葉が少なかった", "言葉"));
        assert!(!negated("体の動きに変わりはありません", "体"));
        assert!(!negated("食事は必ずとる", "食事"));
        assert!(!negated("食事を与えていないわけではない", "食事"));
    }

    #[track_caller]
    fn reason(text: &str) -> Option<Reason> {
        answer(text).map(|(reason, _)| reason)
    }

    #[test]
    fn the_examples_of_language_md() {
        assert_eq!(reason("実母は叩いたことは否認"), Some(Reason::Denial));
        assert_eq!(reason("外傷なし"), Some(Reason::None));
        assert_eq!(reason("背中の外傷は確認できず"), Some(Reason::CouldNotConfirm));
        assert_eq!(reason("食事を与えていないわけではない"), None);
        assert!(is_double_negation("食事を与えていないわけではない"));
        assert_eq!(reason("父は一部認める"), None);
        assert_eq!(reason("きょうだいはいない"), Some(Reason::None));
        assert_eq!(reason("きょうだいの有無は不明"), Some(Reason::SaidUnknown));
        assert_eq!(reason("きょうだいについては聞けていません"), Some(Reason::NotAsked));
        assert_eq!(reason("聞いたけど答えてもらえなかった"), Some(Reason::NotAnswered));
        assert_eq!(reason("聞いてないです"), Some(Reason::NotAsked));
        assert_eq!(reason("面接は拒否"), Some(Reason::Refused));
        assert_eq!(reason("問題ない"), None);
        assert_eq!(reason("仕方ない"), None);
        assert_eq!(reason("左の頬に青あざ"), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_polarity(text in "(骨折|は|が|ない|いない|わけでは|、|。|けれど|ず|否認|不明|一方|あ){0,12}") {
            for (at, c) in text.char_indices() {
                let range = at..at + c.len_utf8();
                let clause = scope(&text, range.clone());
                prop_assert!(clause.start <= range.start && range.end <= clause.end || clause.end == range.end);
                let _ = is_negated(&text, range);
            }
            if let Some((_, range)) = answer(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
