//! Injury rows (language.md pass 14), in the form of their own.

use record::{Flag, Reason, State, Value};

use crate::harness::map;

fn rows(words: &str) -> Vec<String> {
    map("injury", words).rows("injury")
}

#[test]
fn the_examples_of_the_language_reference() {
    assert_eq!(
        rows("左の頬に、十円玉くらいの、青あざがひとつ。"),
        ["part=頬 side=左 kind=あざ colour=青 size=10円玉大 size_cm=2.35 count=1"]
    );
    assert_eq!(
        rows("右前腕に線状の擦過傷が三本、二センチから四センチ。"),
        ["part=前腕 side=右 kind=擦過傷 shape=線状 size=2センチから4センチ count=3"]
    );
    assert_eq!(
        rows("背中に黄色くなった古いあざと、新しい紫のあざ。"),
        ["part=背 kind=あざ colour=黄 age=旧", "part=背 kind=あざ colour=紫 age=新"]
    );
    assert_eq!(rows("両膝に擦り傷。"), ["part=その他 part_detail=膝 side=両側 kind=擦過傷"]);
    assert_eq!(
        rows("ほっぺに手形みたいな赤い跡。"),
        ["part=頬 side=不明 kind=その他 kind_detail=跡 colour=赤 shape=手形"]
    );
    let record = map("injury", "ほっぺに手形みたいな赤い跡。");
    let Some(Value::Rows(rows)) = &record.field("injury").value else { panic!("no rows") };
    assert!(rows[0].flags.contains(&Flag::SideMissing));
}

#[test]
fn what_is_no_injury() {
    assert_eq!(map("injury", "あざはない。").state("injury"), (State::Denied, Some(Reason::None)));
    for words in ["傷ついた様子。", "青い服。", "顔を赤くして怒る。", "泣いて頬が赤い。"]
    {
        assert!(map("injury", words).is_empty("injury"), "{words}");
    }
}

#[test]
fn explanations_stand_side_by_side() {
    let record = map("injury", "左の頬に青あざがある。本児は転んだと言う。実母はきょうだいげんかと説明。");
    assert!(
        record.rows("injury")[0].ends_with("explanation=本児「転んだ」 / 実母「きょうだいげんか」"),
        "{:?}",
        record.rows("injury")
    );
    assert!(record.is_empty("consistency"));
}

#[test]
fn when_and_by_whom_it_was_found_and_its_photograph() {
    let record = map("injury", "右の大腿に熱傷、写真番号3。6月2日に担任が発見。");
    assert_eq!(
        record.rows("injury"),
        ["part=大腿 side=右 kind=熱傷 photo=3 found_at=2025-06-02 found_by=担任"]
    );
}
