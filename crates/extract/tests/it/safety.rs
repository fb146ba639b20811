//! 安全確認票: deadlines, who saw the child, and what could not be seen.

use record::{Flag, Origin, Reason, State};

use crate::harness::{extract_with, map, template};

const CHECK: &str =
    "令和7年6月3日午前10時15分、通告受理。6月4日午後0時45分、保育園で児童福祉司が本児を目視で確認した。";

#[test]
fn the_deadline_is_forty_eight_hours_behind_the_acceptance() {
    let record = map("safety-check", CHECK);
    assert_eq!(record.value("recv"), "2025-06-03T10:15");
    assert_eq!(record.value("due"), "2025-06-05T10:15");
    assert_eq!(record.field("due").origin, Some(Origin::Computed));
    assert_eq!(record.field("due").citations[0].quote, "令和7年6月3日午前10時15分");
    assert_eq!(record.value("done"), "2025-06-04T12:45");
    assert_eq!(record.field("elapsed").display, "26時間30分");
    assert_eq!(record.value("elapsed"), "1590");
    assert_eq!(record.value("how"), "児相職員の直接目視");
    assert_eq!(record.value("where"), "園");
    assert!(record.is_empty("judge"));
}

#[test]
fn an_office_may_set_other_hours() {
    let mut form = template("safety-check");
    form.fields.iter_mut().find(|f| f.id == "due").unwrap().hours = Some(24);
    let extraction = extract_with(&form, CHECK);
    let due = extraction.fields.iter().find(|f| f.id == "due").unwrap();
    assert_eq!(due.display, "令和7年6月4日(水)午前10時15分");
}

#[test]
fn an_open_half_of_the_day_gives_no_deadline() {
    let record = map("safety-check", "6月3日3時頃、通告を受理した。");
    let due = record.field("due");
    assert_eq!(due.display, "計算不可(午前・午後が不明)");
    assert_eq!(due.value, None);
    assert!(due.flags.contains(&Flag::AmbiguousTime));
    assert!(due.citations[0].quote.contains("3時"), "{:?}", due.citations);
}

#[test]
fn an_agreement_about_hours_is_no_deadline() {
    let record = map("safety-check", "48時間以内に返事をもらう約束をした。");
    assert!(record.is_empty("recv") && record.is_empty("due"));
}

#[test]
fn a_missed_deadline_and_a_wrong_order_are_shown() {
    let late =
        map("safety-check", "6月3日午前10時15分、通告を受理。6月6日午前9時、児童福祉司が本児と面接した。");
    assert!(late.field("due").flags.contains(&Flag::Overdue));
    let wrong = map(
        "safety-check",
        "6月3日午前10時15分、通告を受理。6月3日午前9時50分、児童福祉司が本児と面接した。",
    );
    assert_eq!(wrong.field("elapsed").display, "計算不可(日時の前後が合わない)");
    assert_eq!(wrong.extraction.conflicts[0].field, "elapsed");
    assert_eq!(wrong.extraction.conflicts[0].citations.len(), 2);
}

#[test]
fn what_was_not_shown_is_not_done_and_not_known() {
    let record = map("safety-check", "背中は見せてもらえず確認できず。");
    assert_eq!(record.value("body"), "未実施");
    assert_eq!(record.field("body").detail.as_deref(), Some("見せてもらえず"));
    assert_eq!(record.state("injury"), (State::Unknown, Some(Reason::CouldNotConfirm)));
}

#[test]
fn no_injury_is_denied_and_an_injury_is_stated() {
    assert_eq!(map("safety-check", "外傷なし。").state("injury"), (State::Denied, Some(Reason::None)));
    let bruise = map("safety-check", "左の頬に青あざがひとつある。");
    assert_eq!(bruise.value("injury"), "有");
    assert_eq!(bruise.rows("injury_rows").len(), 1);
    assert!(map("safety-check", "本児は元気に遊んでいた。").is_empty("injury"));
}

#[test]
fn interviews_without_the_parents() {
    assert_eq!(map("safety-check", "本児とは別室で、実母と離れて面接した。").value("alone"), "有");
    assert_eq!(
        map("safety-check", "実母が同席し、離れて面接はできなかった。").state("alone"),
        (State::Denied, Some(Reason::None))
    );
    assert!(map("safety-check", "本児と面接した。").is_empty("alone"));
}

#[test]
fn each_brother_and_sister_has_a_row() {
    let record =
        map("safety-check", "きょうだいの確認。妹は在宅で元気な様子を確認した。兄は学校で会えず、未確認。");
    let rows = record.rows("sib");
    assert!(rows[0].contains("note=妹") && rows[0].contains("confirmed=有"), "{rows:?}");
    assert!(rows[1].contains("note=兄") && rows[1].contains("confirmed=無"), "{rows:?}");
    assert_eq!(map("safety-check", "きょうだいはいない。").state("sib"), (State::Denied, Some(Reason::None)));
}

#[test]
fn attitudes_of_the_parents() {
    assert_eq!(map("safety-check", "実母は訪問に協力的だった。").value("attitude"), "応じる");
    assert_eq!(map("safety-check", "実父は玄関先で面会を拒否。").value("attitude"), "拒否");
    assert_eq!(map("safety-check", "実母は拒否はなく、室内に招き入れた。").value("attitude"), "応じる");
    assert!(map("safety-check", "本児は面接を拒否した。").is_empty("attitude"));
}

#[test]
fn a_next_step_is_a_label_that_was_spoken_as_a_plan() {
    assert_eq!(
        map("safety-check", "次の手。警察援助要請と立入調査。").value("plan"),
        "警察援助要請・立入調査"
    );
    assert_eq!(map("safety-check", "来週火曜に再訪問。").value("plan"), "再訪問");
    assert!(map("safety-check", "昨年、立入調査を実施した家庭である。").is_empty("plan"));
    assert!(map("safety-check", "実父が本児を殴り、骨折している。直ちに介入が必要。").is_empty("plan"));
}

#[test]
fn who_saw_the_child() {
    let how = |words: &str| map("safety-check", words).value("how");
    assert_eq!(how("担任が学校で本児を目視した。"), "所属機関(園・学校)による目視");
    assert_eq!(how("警察官が自宅で本児の無事を確認した。"), "警察");
    assert_eq!(how("市の家庭相談員が本児と面接した。"), "市区町村職員の目視");
    assert_eq!(how("本児には会えず、安全確認できず。"), "未確認");
    assert_eq!(how("近隣から泣き声の通告があった。"), "");
}

#[test]
fn a_taken_back_method_is_none() {
    let how = |words: &str| map("safety-check", words).value("how");
    assert_eq!(how("確認方法、警察、じゃなくて、学校による目視。"), "所属機関(園・学校)による目視");
    assert_eq!(how("市民病院で本児を確認。医療機関の目視。"), "医療機関");
    assert_eq!(how("児童福祉司の今野と保健師の原が、自宅で本児の安全を確認した。"), "児相職員の直接目視");
}

#[test]
fn clothes_kept_on_are_not_looked_under() {
    let body = |words: &str| map("safety-check", words).value("body");
    assert_eq!(body("服の下は、見ていません。"), "未実施");
    assert_eq!(body("服を脱いでの確認は、母親が嫌がったためしていません。"), "未実施");
    let alone = map("safety-check", "離れての面接はできていません。");
    assert_eq!(alone.state("alone"), (State::Denied, Some(Reason::None)));
}

#[test]
fn the_childs_words_end_where_nobody_is_quoted() {
    let record =
        map("safety-check", "本児の発言。「カレーたべた」と話す。きょうだいは、7歳の姉、学校で確認した。");
    assert_eq!(record.value("said"), "「カレーたべた」と話す。");
}

#[test]
fn a_next_step_is_only_what_was_decided() {
    let plan = |words: &str| map("safety-check", words).value("plan");
    assert_eq!(plan("再訪問とします。"), "再訪問");
    assert_eq!(plan("警察に援助要請する。"), "警察援助要請");
    assert_eq!(plan("立入調査の予定はありません。"), "");
}

#[test]
fn a_check_in_running_speech() {
    let record = map(
        "safety-check",
        "昨日6月2日の午前9時半に受けた通告の件です。市の保健師の戸塚さんが、同じ日の午後2時15分にお宅に伺って、本児を見てきてくれました。\
         服を脱がせて全身を見てもらいましたが、傷やあざはなかったそうです。",
    );
    assert_eq!(record.value("recv"), "2025-06-02T09:30");
    assert_eq!(record.value("done"), "2025-06-02T14:15");
    assert_eq!(record.value("how"), "市区町村職員の目視");
    assert_eq!(record.rows("who"), ["name=戸塚 title=保健師 org=市"]);
    assert_eq!(record.value("where"), "家庭");
    assert_eq!(record.value("body"), "実施");
}

#[test]
fn seen_in_part_and_elsewhere() {
    for words in [
        "袖をまくって腕は見たが、背中は本人が嫌がったので見ていない。",
        "腹部は見ましたけど、背中は見ていません。",
    ] {
        assert_eq!(map("safety-check", words).value("body"), "一部", "{words}");
    }
    assert_eq!(map("safety-check", "6月2日10時、市の保健センターで本児を現認。").value("where"), "その他");
    assert!(map("safety-check", "保健センターの保健師が来た。").is_empty("where"));
    assert_eq!(
        map("safety-check", "警察援助要請、あわせて出頭要求。").value("plan"),
        "警察援助要請・出頭要求"
    );
}
