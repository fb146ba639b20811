use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::conformance;
use crate::testing::{document, found, run, run_with, shown};

#[track_caller]
fn dates(text: &str, expected: &[&str]) {
    let lines: Vec<_> = found("date", text).iter().map(|l| l.replace(" | date ", "→")).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Dates);
}

#[test]
fn japanese_and_western_years() {
    dates("令和七年六月三日火曜", &["令和7年6月3日火曜→2025-06-03"]);
    dates("R7の6/3", &["R7の6/3→2025-06-03"]);
    dates("R7.6.3に訪問", &["R7.6.3→2025-06-03"]);
    dates("2025年6月3日", &["2025年6月3日→2025-06-03"]);
    dates("二〇二五年六月三日(火)、", &["2025年6月3日(火)→2025-06-03"]);
    dates("2021.7.18と2021/7/18", &["2021.7.18→2021-07-18", "2021/7/18→2021-07-18"]);
    dates("令和元年五月一日", &["令和元年5月1日→2019-05-01"]);
    dates("平成三十一年四月三十日", &["平成31年4月30日→2019-04-30"]);
    dates("昭和六十四年一月七日", &["昭和64年1月7日→1989-01-07"]);
}

#[test]
fn a_bare_day_behind_a_date_is_of_its_month() {
    dates("六月十日に保護した。九日深夜、通報があった。", &["6月10日→2025-06-10", "9日→2025-06-09"]);
    dates("六月三日に訪問。二十日、園に電話。", &["6月3日→2025-06-03", "20日→2025-06-20"]);
    dates("六月三日に訪問。三日間休んだ。", &["6月3日→2025-06-03"]);
    dates("九日深夜、通報があった。", &[]);
    dates("六月四日に受理。五日、午前十一時に訪問。", &["6月4日→2025-06-04", "5日→2025-06-05"]);
}

#[test]
fn what_is_wrong_is_flagged() {
    dates("六月三日水曜", &["6月3日水曜→2025-06-03 [WeekdayMismatch]"]);
    dates("平成三十一年五月一日", &["平成31年5月1日→- [EraOutOfRange]"]);
    dates("昭和六十四年一月八日", &["昭和64年1月8日→- [EraOutOfRange]"]);
    dates("六月三十一日", &["6月31日→- [ReplayNeeded]"]);
}

#[test]
fn relative_days() {
    dates("昨日", &["昨日→2025-06-02"]);
    dates("おととい", &["おととい→2025-06-01"]);
    dates("一昨日から", &["一昨日→2025-06-01"]);
    dates("明日、園に電話", &["明日→2025-06-04"]);
    dates("あさって訪問", &["あさって→2025-06-05"]);
    dates("先週の火曜", &["先週の火曜→2025-05-27"]);
    dates("来週火曜に再訪問", &["来週火曜→2025-06-10"]);
    dates("今週金曜日まで", &["今週金曜日→2025-06-06"]);
    dates("三日前、二週間後", &["3日前→2025-05-31", "2週間後→2025-06-17"]);
    dates("先月の二十日", &["先月の20日→2025-05-20"]);
    dates("去年の六月三日", &["去年の6月3日→2024-06-03"]);
}

#[test]
fn words_that_fix_no_day_are_kept() {
    dates("今月頭", &["今月頭→-"]);
    dates("先週あたり", &["先週あたり→-"]);
    dates("三か月前から", &["3か月前から→-"]);
    dates("ここ二週間くらい", &["ここ2週間くらい→-"]);
    dates("二、三日前から", &["2、3日前から→-"]);
    dates("今週中に保健師が確認", &["今週中→-"]);
    dates("令和五年頃、五月末", &["令和5年頃→- [Uncertain]", "5月末→-"]);
    dates("六月三日頃", &["6月3日頃→- [Uncertain]"]);
    dates("次の土曜日に来所", &["次の土曜日→-"]);
}

#[test]
fn without_an_anchor_the_words_stay() {
    let doc = run_with("昨日と六月三日、令和七年六月四日", None);
    assert_eq!(
        shown("date", &doc),
        ["昨日 | date - [NoAnchor]", "6月3日 | date - [NoAnchor]", "令和7年6月4日 | date 2025-06-04"]
    );
}

#[test]
fn the_spoken_date_outranks_the_recordings() {
    let text = "令和七年五月十二日、家庭訪問。明日、園に電話。昨日は不在。";
    dates(text, &["令和7年5月12日→2025-05-12", "明日→2025-05-13", "昨日→2025-05-11"]);
    assert_eq!(super::anchor(&run(text)), Some(date(2025, 5, 12)));
    dates("本児は平成三十年五月十日生まれ。明日訪問。", &["平成30年5月10日→2018-05-10", "明日→2025-06-04"]);
    dates("昨日、六月二日に訪問。明日電話。", &["昨日→2025-06-02", "6月2日→2025-06-02", "明日→2025-06-04"]);
}

#[test]
fn a_corrected_date_is_the_anchor() {
    dates("六月三日、いや六月四日、家庭訪問。明日、園に電話。", &["6月4日→2025-06-04", "明日→2025-06-05"]);
}

#[test]
fn years_of_month_and_day() {
    let on = |anchor, text| shown("date", &run_with(text, Some(anchor)));
    assert_eq!(on(date(2026, 1, 5), "十二月二十八日に訪問"), ["12月28日 | date 2025-12-28"]);
    assert_eq!(on(date(2025, 12, 20), "一月十日に再訪問"), ["1月10日 | date 2026-01-10"]);
    assert_eq!(on(date(2025, 6, 3), "十一月一日"), ["11月1日 | date 2025-11-01"]);
}

#[test]
fn days_that_inherit_their_month() {
    dates("六月三日から五日まで", &["6月3日→2025-06-03", "5日→2025-06-05"]);
    dates("三日火曜に訪問", &["3日火曜→2025-06-03"]);
    dates("令和七年六月三日に訪問、翌日電話", &["令和7年6月3日→2025-06-03", "翌日→2025-06-04"]);
}

#[test]
fn recognisers_leave_spaces() {
    dates("令和7年6月3日 火曜14時から15時20分家庭訪問", &["令和7年6月3日 火曜→2025-06-03"]);
    dates("令和7年、6月3日、火曜、14時", &["令和7年、6月3日、火曜→2025-06-03"]);
}

#[test]
fn words_that_only_look_like_dates() {
    for text in [
        "一日中泣いていた",
        "三日坊主",
        "四日市",
        "二十日鼠",
        "三日間",
        "三日に一回",
        "きょうだいは二人",
        "毎週火曜に通所",
        "「明日帰る」と話す",
        "三歳児健診",
        "給食を1/3残す",
        "明日香さん",
        "三年二組",
        "月分の家賃",
    ] {
        dates(text, &[]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[令和RH平成元0-9一二三十年月日/.の昨明先来週火曜()、前後頃ここ ]{0,40}") {
        conformance::check(&Dates, &text);
    }

    #[test]
    fn every_day_is_read_back(days in 0..20_000i32) {
        let day = date(1989, 1, 8).checked_add(jiff::Span::new().days(days)).unwrap();
        let mut doc = document(&format!("{}年{}月{}日", day.year(), day.month(), day.day()), None);
        Dates.apply(&mut doc).unwrap();
        prop_assert_eq!(&doc.annotations()[0].entity, &Entity::Date(Some(day)));
    }
}

#[test]
fn a_day_is_of_the_month_of_the_dictation_or_of_none() {
    let day = |text: &str| {
        let doc = run_with(text, Some(date(2025, 9, 20)));
        let days = doc.annotations().iter().filter_map(|a| match a.entity {
            Entity::Date(day) => Some(day.map(|d| d.to_string())),
            _ => None,
        });
        days.collect::<Vec<_>>()
    };
    let some = |day: &str| Some(day.to_owned());
    assert_eq!(day("14日の19時5分に受理した件です。"), [some("2025-09-14")]);
    assert_eq!(day("24日の19時5分に受理した件です。"), [None]);
    assert_eq!(day("9月18日の木曜に会いました。"), [some("2025-09-18")]);
    assert_eq!(day("明日21日に訪問します。"), [some("2025-09-21")]);
    // The day of the dictation, explained by 今朝, stays the one that 今日 counts from.
    assert_eq!(
        day("今朝、9月20日の8時に保護。9月18日の夜から帰らず。今日の9時に告知。").last(),
        Some(&some("2025-09-20"))
    );
}
