use proptest::prelude::*;

use super::*;
use crate::conformance;
use crate::testing::run;

#[track_caller]
fn times(text: &str, expected: &[&str]) {
    let doc = run(text);
    let lines: Vec<String> = crate::testing::show(&doc)
        .lines()
        .filter(|l| ["| time ", "| times ", "| duration "].iter().any(|k| l.contains(k)))
        .map(|l| l.replace(" | times ", "→").replace(" | time ", "→").replace(" | duration ", "→"))
        .collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Times);
}

#[test]
fn ranges() {
    times("十四時から十五時二十分", &["14時から15時20分→14:00..15:20"]);
    times("午後二時半から三時十分まで", &["午後2時半から3時10分まで→14:30..15:10"]);
    times("二十三時から一時", &["23時から1時→23:00..+1 01:00"]);
    times("10時〜14時", &["10時〜14時→10:00..14:00"]);
    times("10時から午後1時", &["10時から午後1時→10:00..13:00"]);
    times("午前10時から11時半", &["午前10時から11時半→10:00..11:30"]);
    times("午前11時から午後1時", &["午前11時から午後1時→11:00..13:00"]);
    times("14時から、15時まで", &["14時から、15時まで→14:00..15:00"]);
}

#[test]
fn ranges_that_stay_open() {
    times("2時半から3時10分まで", &["2時半から3時10分まで→02:30?..03:10? [AmbiguousTime]"]);
    times("午前11時から1時", &["午前11時から1時→11:00..01:00? [AmbiguousTime]"]);
    times("2時から午後3時", &["2時から午後3時→02:00?..15:00 [AmbiguousTime]"]);
}

#[test]
fn times_of_day() {
    times("午前十時十五分", &["午前10時15分→10:15"]);
    times("午後三時半", &["午後3時半→15:30"]);
    times("三時半", &["3時半→03:30? [AmbiguousTime]"]);
    times("正午に", &["正午→12:00"]);
    times("10:15受理", &["10:15→10:15? [AmbiguousTime]"]);
    times("09:30と14:00", &["09:30→09:30", "14:00→14:00"]);
    times("夜の八時、朝七時、夕方五時半", &["夜の8時→20:00", "朝7時→07:00", "夕方5時半→17:30"]);
    times("深夜一時に", &["深夜1時→01:00"]);
    times("午前零時", &["午前0時→00:00"]);
    times("午後三時頃", &["午後3時頃→15:00 [Uncertain]"]);
    times("午後三時五分前", &["午後3時5分前→14:55"]);
    times("昨日の夜、十一時五十分に", &["夜、11時50分→23:50"]);
    times("午前十一時、二十分から、十一時三十五分", &["午前11時、20分から、11時35分→11:20..11:35"]);
    times("午前十一時、二十分で終了", &["午前11時→11:00", "20分→20 min"]);
}

#[test]
fn lengths_of_time() {
    times("一時間半", &["1時間半→90 min"]);
    times("二時間十五分", &["2時間15分→135 min"]);
    times("三十分くらい", &["30分くらい→30 min [Uncertain]"]);
    times("四十八時間以内", &["48時間→2880 min"]);
}

#[test]
fn words_that_are_no_times() {
    for text in [
        "一時保護",
        "1時保護となる",
        "一時預かり",
        "一時的に",
        "十分食べている",
        "三分の一",
        "半日、夕方、午後イチ",
        "当時、同時に",
        "三時間目",
        "「三時に帰る」と話す",
        "数時間",
    ] {
        times(text, &[]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[午前後朝夜0-9一二十時分半間:から〜まで頃 AMpm]{0,40}") {
        conformance::check(&Times, &text);
    }

    #[test]
    fn every_minute_of_the_day_is_read_back(hour in 13..24u8, minute in 0..60u8) {
        let doc = run(&format!("{hour}時{minute}分"));
        let time = ClockTime { hour, minute, certain: true, next_day: false };
        prop_assert_eq!(&doc.annotations()[0].entity, &Entity::Time(time));
    }
}

#[test]
fn the_half_of_the_day_may_stand_in_front_of_the_date() {
    times("今朝、一月九日金曜の八時二十分に保護", &["8時20分→08:20"]);
    times("昨夜、九日の十一時に通告", &["11時→23:00"]);
    times("今朝は晴れ。九日の八時二十分に保護", &["8時20分→08:20? [AmbiguousTime]"]);
}
