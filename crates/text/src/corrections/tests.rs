use proptest::prelude::*;

use super::*;
use crate::testing::{clean, found, shown, timed};
use crate::{Chain, conformance};

#[track_caller]
fn reads(input: &str, output: &str, traces: &[&str]) {
    assert_eq!(clean(input), output);
    let lines = found("correction", input);
    let short: Vec<_> =
        lines.iter().map(|l| l.replace(" | correction of ", "←").replace(" [SelfCorrected]", "")).collect();
    assert_eq!(short, traces, "{input}");
}

#[track_caller]
fn stays(input: &str) {
    assert_eq!(clean(input), input);
    assert!(found("correction", input).is_empty());
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Corrections);
}

#[test]
fn the_examples_of_language_md() {
    reads("三日、いや四日", "4日", &["4日←3日 (三日)"]);
    reads("五百円玉、いや十円玉くらい", "10円玉くらい", &["10円玉←500円玉 (五百円玉)"]);
    reads("失礼、三日ではなく四日", "4日", &["4日←3日 (三日)"]);
    reads("訂正。実父ではなく継父", "継父", &["継父←実父 (実父)"]);
    reads("一回、いや二回", "2回", &["2回←1回 (一回)"]);
    reads("午前十時。いや、十時半から", "午前10時半から", &["10時半←10時 (十時)"]);
    stays("3日に訪問。いや、4日は休み");
    stays("いやだと泣いた");
    stays("いやがる");
    stays("「いや、違う」と本児は話す");
    stays("実父ではなく継父が叩いたと話す");
}

#[test]
fn only_the_corrected_part_of_a_date_or_time_changes() {
    reads("六月三日、いや四日", "6月4日", &["4日←3日 (三日)"]);
    reads("六月三日、いや六月四日、訪問", "6月4日、訪問", &["6月4日←6月3日 (六月三日)"]);
    reads("午後三時、いえ四時に訪問", "午後4時に訪問", &["4時←3時 (三時)"]);
    reads("午後三時二十分、いや四時", "午後4時", &["4時←3時20分 (三時二十分)"]);
    reads("十四時から十五時、いや十六時", "14時から16時", &["16時←15時 (十五時)"]);
    reads("火曜じゃなくて水曜", "水曜", &["水曜←火曜 (火曜)"]);
    reads("左の頬、いや右の頬に青あざ", "右の頬に青あざ", &["右←左 (左)"]);
    reads("午前九時頃、じゃない、午前十時頃に電話", "午前10時頃に電話", &["午前10時←午前9時 (午前九時)"]);
    reads("三、いや四歳", "4歳", &["4歳←三 (三)"]);
}

#[test]
fn the_sentence_before_is_set_right() {
    reads(
        "六月三日に訪問。失礼、三日ではなく四日。実母は不在。",
        "6月4日に訪問。実母は不在。",
        &["4日←3日 (三日)"],
    );
    reads("十四時に訪問、いや十五時。", "15時に訪問。", &["15時←14時 (十四時)"]);
    reads("十四時に訪問。訂正します。十五時です。対応者", "15時に訪問。対応者", &["15時←14時 (十四時)"]);
    reads("十四時に訪問、いや十五時に訪問。", "15時に訪問。", &["15時←14時 (十四時)"]);
}

#[test]
fn persons_are_corrected_only_side_by_side() {
    reads("実父に架電、いや実母に架電。", "実母に架電。", &["実母←実父 (実父)"]);
    reads("父、いや母が対応", "母が対応", &["母←父 (父)"]);
    stays("父は不在、いや母が対応した");
}

#[test]
fn a_correction_of_a_correction_keeps_both() {
    reads("三日、いや四日、いや五日に訪問", "5日に訪問", &["5日←3日 (三日)", "5日←4日 (四日)"]);
}

#[test]
fn other_kinds_and_other_words_stay() {
    for text in [
        "3日、いや実母は不在",
        "いえ、泣き声だけです",
        "3回、いや4人",
        "家にいや応なく",
        "3日。いや、4日は来ない",
        "4歳、いや4歳です",
    ] {
        stays(text);
    }
}

#[test]
fn a_correction_comes_within_five_seconds() {
    let run = |at: u64| {
        let mut doc = timed(&[("三日", 0, 500), ("、いや", at, at + 300), ("四日", at + 300, at + 700)]);
        Chain::default().run(&mut doc).unwrap();
        (doc.text().to_owned(), shown("correction", &doc).len())
    };
    assert_eq!(run(2_000), ("4日".to_owned(), 1));
    assert_eq!(run(9_000), ("3日、いや4日".to_owned(), 0));
}

proptest! {
    #[test]
    fn any_row_of_values_and_cues_is_safe(
        text in "(三日|6月|4日|火曜|左|の|頬|、|。|いや|訂正|失礼|じゃなくて|ではなく|500円玉|10円玉|父|母|に訪問|です|「|」){0,14}"
    ) {
        let mut doc = crate::testing::document(&text, None);
        Corrections.apply(&mut doc).unwrap();
        conformance::invariants(&doc, NAME);
    }
}
