//! 経過記録: the closed phrases of calls and visits (language.md pass 9).

use record::State;

use crate::harness::map;

#[track_caller]
fn contact(words: &str) -> [String; 4] {
    let record = map("progress", words);
    ["means", "dir", "partner", "result"].map(|id| record.value(id))
}

#[test]
fn calls_and_visits_are_closed_phrases() {
    assert_eq!(contact("実父に架電するも不通。"), ["電話", "架電", "実父", "不通"]);
    assert_eq!(contact("留守電に折り返し依頼。"), ["電話", "架電", "", "留守電"]);
    assert_eq!(contact("訪問するも不在、訪問連絡票投函。"), ["訪問", "訪問", "", "不在・訪問連絡票投函"]);
    assert_eq!(contact("園から受電。"), ["電話", "受電", "園", "通話"]);
    assert_eq!(contact("実母の携帯に架電、着信拒否。"), ["電話", "架電", "実母", "着信拒否"]);
    assert_eq!(contact("実母に架電、普通に電話に出た。"), ["電話", "架電", "実母", "通話"]);
}

#[test]
fn a_visit_and_the_call_after_it_both_have_results() {
    let record = map(
        "progress",
        "実母の大島さんに会いにお宅まで行きましたが、留守でした。帰りに車から実母の携帯に電話しましたが、留守電でした。で、あさって、地区担当が再訪問します。",
    );
    assert_eq!(record.value("means"), "訪問");
    assert_eq!(record.value("result"), "不在・留守電");
    assert_eq!(record.rows("next"), ["by=2025-06-05 who=地区担当 what=再訪問"]);
}

#[test]
fn a_dead_line_is_no_contact() {
    assert_eq!(contact("料金滞納で電話が不通の家庭。"), ["", "", "", ""]);
}

#[test]
fn partners_of_organisations_have_their_office() {
    assert_eq!(contact("あおば小学校の副校長から受電。")[2], "あおば小学校 副校長");
    assert_eq!(contact("6月3日10時15分、担当から園に架電し、園長と話した。")[2], "園");
    assert_eq!(contact("実母が来所した。")[2], "実母");
    assert_eq!(contact("家庭訪問し、実母と面接した。")[2], "実母");
}

#[test]
fn the_visit_of_the_language_reference_as_an_entry() {
    let record = map(
        "progress",
        "ええと、令和七年六月三日火曜、十四時から十五時二十分、家庭訪問。対応者、私と保健師の〇〇さん。主訴、近隣からの泣き声通告。\
         本児の様子。左の頬に、五百円玉、いや十円玉くらいの、青あざがひとつ。本児は転んだと言う。実母は、きょうだいげんかと説明。\
         実父は不在、架電するも不通。実母は叩いたことは否認。所見。説明が食い違うので、けがの受傷機転は確認が必要。\
         今後の対応。明日、担当から園に電話、SVに確認。",
    );
    assert_eq!(record.value("date"), "2025-06-03");
    assert_eq!(record.value("time"), "14:00〜15:20");
    assert_eq!(record.value("means"), "電話");
    assert_eq!(record.value("dir"), "架電");
    assert_eq!(record.value("partner"), "実父");
    assert_eq!(record.value("result"), "不通");
    assert!(record.value("body").contains("実母は叩いたことは否認。"), "{}", record.value("body"));
    assert_eq!(record.value("opinion"), "説明が食い違うので、けがの受傷機転は確認が必要。");
    assert_eq!(record.rows("next"), ["by=2025-06-04 who=担当 what=園に電話"]);
}

#[test]
fn an_absence_gives_its_two_sentences_and_nothing_else() {
    let record = map("progress", "訪問不在。訪問連絡票を投函。");
    assert_eq!(record.value("means"), "訪問");
    assert_eq!(record.value("result"), "不在・訪問連絡票投函");
    assert_eq!(record.value("body"), "訪問不在。訪問連絡票を投函。");
    assert_eq!(record.gaps(), ["date", "partner", "by"]);
}

#[test]
fn the_head_of_the_entry_is_no_part_of_its_account() {
    let record = map(
        "progress",
        "六月三日、十時十五分から十時半。対応者、児福司の森田。園から受電。本児は元気に登園したとのこと。",
    );
    assert_eq!(record.value("date"), "2025-06-03");
    assert_eq!(record.value("by"), "児童福祉司 森田");
    assert_eq!(record.value("body"), "園から受電。本児は元気に登園したとのこと。");
    assert_eq!(record.state("opinion"), (State::NotMentioned, None));
}
