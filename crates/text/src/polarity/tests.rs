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

#[test]
fn what_was_confirmed_after_all_answers_nothing_away() {
    for said in ["確認が取れた", "裏付けが取れた", "答えが得られた", "返事をもらった"]
    {
        assert_eq!(reason(said), None, "{said}");
    }
    assert_eq!(reason("確認が取れていない"), Some(Reason::CouldNotConfirm));
}

#[test]
fn every_kind_of_the_table_is_known() {
    for (kind, word) in table() {
        let listed = ["double", "none", "negation", "idiom"].contains(&kind);
        assert!(listed || super::reason(kind).is_some(), "{kind} {word}");
        assert!(kind != "idiom" || word.len() <= LONGEST_IDIOM, "{word}");
    }
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
