//! Injury rows (language.md pass 14), in the form of their own.

use record::{Flag, Reason, State, Value};

use crate::harness::map;

fn rows(words: &str) -> Vec<String> {
    map("injury", words).rows("injury")
}

#[test]
fn a_second_coin_that_was_misheard_leaves_the_size_uncertain() {
    let record = map("visit", "本児の様子。右の頬に500円玉、居住円玉くらいの青あざが1つ。");
    assert_eq!(record.rows("injury"), ["part=頬 side=右 kind=あざ colour=青 size=500円玉大 count=1"]);
    assert!(record.field("injury").flags.contains(&record::Flag::Uncertain));
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

#[test]
fn only_the_childs_own_injuries_make_rows() {
    let rows = |words: &str| map("injury", words).rows("injury");
    assert!(rows("弟の腕の傷は、転んだものとのこと。").is_empty());
    assert!(rows("実母には頬にあざがあった。").is_empty());
    assert_eq!(rows("本児の腕に傷があった。").len(), 1);
}

#[test]
fn an_injury_is_told_once() {
    let rows = |words: &str| map("injury", words).rows("injury");
    assert_eq!(
        rows("右の頬に青いあざがひとつ。実母は、頬のあざは継父の手が当たったと説明。"),
        ["part=頬 side=右 kind=あざ colour=青 count=1 explanation=実母「頬のあざは継父の手が当たった」"]
    );
    assert_eq!(rows("左の太ももに、やけどの跡が2か所。"), ["part=大腿 side=左 kind=熱傷 count=2"]);
    assert_eq!(rows("お尻と背中に、古いあざ。").len(), 2);
}

#[test]
fn what_follows_a_row_describes_it() {
    let rows = |words: &str| map("injury", words).rows("injury");
    assert_eq!(
        rows("額の真ん中に裂創がひとつ。写真番号は2。"),
        ["part=額 side=正中 kind=裂創 count=1 photo=2"]
    );
    assert_eq!(rows("太ももの青あざ、左右ひとつずつ。"), ["part=大腿 side=両側 kind=あざ colour=青"]);
    assert_eq!(rows("右腕に骨折はないが打撲がある。").len(), 1);
    // A number of pictures is no number of one.
    assert_eq!(rows("左の頬に青いあざ。写真は4番まで。"), ["part=頬 side=左 kind=あざ colour=青"]);
}

#[test]
fn finder_photograph_and_age_in_sentences_of_their_own() {
    let record = crate::harness::map(
        "injury",
        "お尻の左側に赤いあざが一つ。右のふくらはぎに黄色いあざが一つ。ふくらはぎのものは古い傷です。\
         写真の番号は、お尻が1、ふくらはぎが2です。ふくらはぎのあざは、養護の先生が昨日見つけたそうです。",
    );
    let rows = record.rows("injury");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("part=臀部 side=左") && rows[0].contains("photo=1"), "{rows:?}");
    assert!(rows[1].contains("age=旧") && rows[1].contains("photo=2"), "{rows:?}");
    assert!(rows[1].contains("found_by=養護の先生") && !rows[0].contains("found_by"), "{rows:?}");
}

#[test]
fn an_injury_told_item_by_item() {
    assert_eq!(
        rows("部位は左の首すじ。種類は擦過傷で、線状のものが2本。色は赤。"),
        ["part=首 side=左 kind=擦過傷 shape=線状 count=2 colour=赤"]
    );
    assert_eq!(rows("右の頬。青あざ。"), ["part=頬 side=右 kind=あざ colour=青"]);
}

#[test]
fn sizes_in_many_words() {
    for (words, size) in [
        ("左肩に手のひら大の青あざ。", "size=手のひら大"),
        ("右の頬に米粒くらいのあざ。", "size=米粒くらい"),
        ("右の頬に縦3センチ、横2センチのあざ。", "size=縦3センチ、横2センチ"),
        ("右の頬に1センチ、いや8ミリくらいのあざ。", "size=8ミリくらい"),
        ("左の腕に長さ4センチのあざ。", "size=4センチ"),
    ] {
        let rows = rows(words);
        assert!(rows.len() == 1 && rows[0].contains(size) && !rows[0].contains("part=手"), "{rows:?}");
    }
}

#[test]
fn who_found_one_of_several_found_that_one() {
    let record = map(
        "injury",
        "傷の1、部位は額、左側、腫脹。発見は昨日、発見者は養護教諭の浦野先生。傷の2、右の上腕、皮下出血、2つ。",
    );
    let rows = record.rows("injury");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("found_by=養護教諭の浦野先生") && !rows[1].contains("found_by"), "{rows:?}");

    let record = map(
        "injury",
        "左の前腕に熱傷がひとつ。背中の真ん中にあざが3つ。最初に熱傷に気づいたのは児童館の職員です。",
    );
    let rows = record.rows("injury");
    assert!(rows[0].contains("found_by=児童館の職員") && !rows[1].contains("found_by"), "{rows:?}");
}

#[test]
fn a_part_that_was_shown_is_where_the_next_sentence_finds_an_injury() {
    let record = map(
        "injury",
        "夏帆ちゃんの左のふくらはぎを見せてもらいました。長さ8センチの細長い青いあざが一つありました。",
    );
    assert_eq!(
        record.rows("injury"),
        ["part=下腿 side=左 kind=あざ colour=青 size=8センチ size_cm=8 count=1"]
    );
}
