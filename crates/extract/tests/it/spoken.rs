//! How people speak after a visit: names instead of 本児, names behind a comma, one thing said twice.

use record::{Reason, State};

use crate::harness::map;

#[test]
fn the_child_may_be_called_by_name() {
    let record = map("safety-check", "今日10時に家庭訪問。芽生ちゃんは「ころんだの」って言ってました。");
    assert_eq!(record.value("said"), "芽生ちゃんは「ころんだの」って言ってました。");
    let record = map("intake", "お子さんは生後7か月の男の子で、そうた君といいます。");
    assert_eq!(record.value("child.name"), "そうた");
    // A brother who is called so is not the child, nor are two who are.
    assert!(map("intake", "弟の蓮くんが泣いていた。").is_empty("child.name"));
    assert!(map("intake", "りくくんが泣いていた。ゆあちゃんも泣いていた。").is_empty("child.name"));
}

#[test]
fn a_word_for_the_morning_is_part_of_the_time() {
    let record = map("intake", "今朝8時50分、栄町警察署生活安全課の堀内さんから、電話で通告がありました。");
    assert_eq!(record.value("juri_at"), "2025-06-03T08:50");
    assert_eq!(record.value("reporter.name"), "栄町警察署生活安全課 堀内");
}

#[test]
fn names_stand_behind_relations_and_posts() {
    let name = |words: &str| map("intake", words).value("reporter.name");
    assert_eq!(name("通告者、母方祖父、野々村しげる。"), "母方祖父 野々村しげる");
    assert_eq!(name("通告者、どんぐり保育園の園長、古賀谷。"), "どんぐり保育園 園長 古賀谷");
    assert_eq!(name("かけてこられたのは39歳のお父さんで、蛯名さんとおっしゃいます。"), "蛯名");
    let record = map("progress", "手段、電話。方向、架電。相手、実父、西岡たかし。結果、留守電。");
    assert_eq!(record.value("partner"), "実父 西岡たかし");
    let siblings = map("intake", "妹が1人いて、4歳のゆあさん、ひまわりこども園に通っています。");
    assert!(siblings.rows("family.sib_rows")[0].contains("name=ゆあ"));
}

#[test]
fn a_line_of_the_form_is_answered_in_a_word() {
    assert_eq!(map("intake", "受付方法、189。").value("method"), "189");
    assert_eq!(map("intake", "いつから、今年の春ごろから。").value("abuse.since"), "");
    assert_eq!(
        map("intake", "いつから、今年の春ごろから。").field("abuse.since").display,
        "今年の春ごろから"
    );
    assert_eq!(map("phone-consultation", "継続で扱います。").value("disposition"), "継続");
    let age = map("phone-consultation", "相談者は実母。相談者の年齢、40代前半くらい。");
    assert_eq!(age.field("caller.age").display, "40代前半くらい");
}

#[test]
fn a_call_tells_who_took_it_and_who_called() {
    let record = map(
        "phone-consultation",
        "夜間相談員の当山です。相手は父方のおばあさん、年は74だそうです。お名前は聞いておりません。お孫さんは大輝くんといって5歳の男の子です。22時に当直の児童福祉司の砂川へ引き継ぎました。",
    );
    assert_eq!(record.value("listener"), "夜間相談員 当山");
    assert_eq!(record.value("caller.relation"), "父方祖母");
    assert_eq!(record.value("caller.age"), "74");
    assert_eq!(record.state("caller.name"), (State::Unknown, Some(Reason::NotAsked)));
    assert_eq!(record.value("child.name"), "大輝");
    assert_eq!(record.value("child.age"), "5");
}

#[test]
fn who_cannot_know_says_why_and_the_state_is_kept() {
    let state = |words: &str| map("conference", words).state("dx.med");
    assert_eq!(
        state("医学診断、主治医の意見書が届かず、不明。"),
        (State::Unknown, Some(Reason::SaidUnknown))
    );
    assert_eq!(state("医学診断、母が受診を拒否、聞けていない。").0, State::Unknown);
}

#[test]
fn a_plan_keeps_its_own_verb_and_its_day_once() {
    let next = |words: &str| map("progress", words).rows("next");
    assert_eq!(
        next("6月9日の月曜に、相原がもう一度訪問します。"),
        ["by=2025-06-09 who=相原 what=もう一度訪問"]
    );
    assert_eq!(next("明日4日に、北が学校へ電話します。"), ["by=2025-06-04 who=北 what=学校へ電話"]);
    assert_eq!(
        next("北が6月12日までに健診の日を取り直します。"),
        ["by=2025-06-12 who=北 what=健診の日を取り直します"]
    );
    let within = next("今後の対応。仁木が退院後1週間以内に家庭訪問。");
    assert!(within == ["who=仁木 what=家庭訪問"], "{within:?}");
    let asked = map("visit", "6月3日14時、家庭訪問。SVに確認、職権保護の要否。");
    assert!(asked.rows("check_sv")[0].contains("item=職権保護の要否"));
}

#[test]
fn companions_and_the_speaker_both_attended() {
    let record = map(
        "visit",
        "ただいま戻りました、児童福祉司の蔵前です。今日10時から、保健師の津久井さんとひかり荘の201号室へ伺いました。",
    );
    assert_eq!(record.rows("staff"), ["name=蔵前 title=児童福祉司", "name=津久井 title=保健師"]);
    assert_eq!(record.value("form"), "家庭訪問");
    let room = map(
        "safety-check",
        "今日10時、双葉小学校の校長室で本児に会えました。児童福祉司の樫原が直接見ています。",
    );
    assert!(!format!("{:?}", room.rows("who")).contains("name=室"));
}

#[test]
fn an_address_ends_where_something_else_is_told() {
    let address = |words: &str| map("face-sheet", words).value("addr");
    assert_eq!(
        address("住まいは東町の市営団地3号棟401ですが、住民票は前の住所のままだそうです。"),
        "東町の市営団地3号棟401"
    );
}

#[test]
fn an_organisation_that_goes_on_helping_is_involved() {
    let record = map("face-sheet", "若葉保健センターの梶浦さんが、月に1回様子を見てくれています。");
    assert_eq!(
        record.rows("agencies"),
        ["agency=若葉保健センター person=梶浦 role=月に1回様子を見てくれています"]
    );
}

#[test]
fn a_request_in_the_negative_denies_nothing() {
    let record = map("urgency", "実母は「乳児院に入れてもらえませんか」と言っていました。");
    assert!(record.rows("q1.evidence")[0].contains("polarity=肯定"), "{:?}", record.rows("q1.evidence"));
    let record = map("urgency", "死にたいとか、子どもを殺しそうとか、そういう話は出ていません。");
    assert!(record.rows("q2.evidence").iter().all(|row| row.contains("polarity=否定")));
    assert!(
        map("urgency", "足の裏に、ストーブに押しつけられたやけどがあります。").rows("q5.evidence").is_empty()
    );
}

#[test]
fn what_was_asked_in_vain_is_no_address() {
    let state = |words: &str| map("intake", words).state("child.addr");
    assert_eq!(state("住んでいるのはどこかたずねたんですが、答えてもらえませんでした。").0, State::Unknown);
}

#[test]
fn what_only_sounds_like_a_trace_is_no_injury() {
    let words =
        "そのあと図書室で本児と会いました。本児は「妹が寝ていたから、自分でパンを食べた」と話しました。";
    assert!(map("visit", words).is_empty("explain"));
}

#[test]
fn a_caller_may_stay_unnamed_in_a_sentence_of_its_own() {
    let record = map(
        "phone-consultation",
        "かけてきたのは63歳の女性で、母方の祖母にあたる方です。お名前は、匿名でお願いしますとのことでした。お孫さんは、つむぎちゃん、2歳の女の子です。",
    );
    assert_eq!(record.value("caller.name"), "匿名");
    assert_eq!(record.value("child.name"), "つむぎ");
}
