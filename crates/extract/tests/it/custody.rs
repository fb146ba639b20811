//! 一時保護記録: the two deadlines, consent, reasons, what a person decides.

use record::{Origin, Reason, State};

use crate::harness::map;

const CUSTODY: &str = "令和7年6月3日15時、一時保護を開始した。一時保護所に入所。実母は同意、実父は不同意。\
    一時保護の理由。5月30日、左の頬にあざを確認、写真あり。6月2日、本児は「帰りたくない」と話した。\
    子どもの意見。「おばあちゃんの家がいい」と話す。告知内容。6月3日16時、実母に口頭で告知した。\
    アレルギーは卵、服薬はなし。所持品。ランドセル1個、水筒。";

#[test]
fn the_deadlines_count_the_first_day() {
    let record = map("temporary-custody", CUSTODY);
    assert_eq!(record.value("start"), "2025-06-03T15:00");
    assert_eq!(record.value("court_due"), "2025-06-09");
    assert_eq!(record.field("court_due").display, "令和7年6月9日(月)");
    assert_eq!(record.value("limit"), "2025-08-02");
    assert_eq!(record.field("limit").origin, Some(Origin::Computed));
    assert_eq!(record.field("limit").citations[0].quote, "令和7年6月3日15時");
}

#[test]
fn consents_reasons_and_views() {
    let record = map("temporary-custody", CUSTODY);
    assert_eq!(record.value("place"), "一時保護所");
    assert_eq!(record.rows("consent"), ["who=実母 answer=同意", "who=実父 answer=不同意"]);
    let needs = record.rows("need");
    assert_eq!(needs.len(), 2, "{needs:?}");
    assert!(needs[0].contains("date=2025-05-30") && needs[0].contains("material=写真"), "{needs:?}");
    assert!(record.value("child_view").contains("おばあちゃんの家がいい"));
    assert!(
        record.rows("notice")[0].starts_with("to=実母 at=2025-06-03T16:00 method=口頭"),
        "{:?}",
        record.rows("notice")
    );
    assert!(record.value("health").contains("アレルギーは卵"));
    assert_eq!(record.rows("items"), ["item=ランドセル count=1", "item=水筒"]);
}

#[test]
fn the_grounds_are_candidates_and_never_ticked() {
    let record = map(
        "temporary-custody",
        "本児は「家に帰りたくない」と話した。実父が本児を殴った。実母は「引き取ってほしい」と話した。",
    );
    assert!(record.is_empty("ground"));
    let rows = record.rows("ground_evidence");
    assert!(
        rows.iter().any(|r| r.starts_with("item=4 児童の求め words=家に帰りたくない speaker=本児")),
        "{rows:?}"
    );
}

#[test]
fn an_answer_that_is_not_known_is_a_row_of_its_own() {
    let record = map("temporary-custody", "実父は連絡がつかず、同意は確認できていない。");
    assert_eq!(record.rows("consent"), ["who=実父 answer=不明"]);
    let refused = map("temporary-custody", "実母は「絶対に同意しない」と話す。");
    assert!(
        refused.rows("consent")[0].starts_with("who=実母 answer=不同意"),
        "{:?}",
        refused.rows("consent")
    );
}

#[test]
fn no_start_no_deadline() {
    let record = map("temporary-custody", "6月3日、一時保護の要否を検討した。48時間以内に連絡する約束。");
    assert!(record.is_empty("court_due") || record.field("court_due").value.is_none());
    assert!(map("temporary-custody", "実母は同意。").is_empty("court_due"));
}

#[test]
fn restrictions_of_visits_are_literal() {
    assert_eq!(map("temporary-custody", "面会・通信は一部制限とする。").value("contact"), "一部制限");
    assert!(map("temporary-custody", "実父との面会で本児は泣いた。").is_empty("contact"));
    assert_eq!(map("temporary-custody", "所持品なし。").state("items"), (State::Denied, Some(Reason::None)));
}

#[test]
fn a_notice_has_its_day_from_the_custody_and_only_its_content() {
    let record = map(
        "temporary-custody",
        "6月3日午後8時40分、職権で一時保護しました。5月20日に実父が本児の腕を蹴った。実父には21時に電話で一時保護したことと理由を伝えました。",
    );
    assert_eq!(record.value("start"), "2025-06-03T20:40");
    assert_eq!(
        record.rows("notice"),
        ["to=実父 at=2025-06-03T21:00 method=電話 content=一時保護したことと理由"]
    );
    assert_eq!(record.rows("need").len(), 1);
}

#[test]
fn each_parent_answers_for_himself() {
    let consent = |words: &str| map("temporary-custody", words).rows("consent");
    assert_eq!(
        consent("同意。実母は、不同意。実父は、同意。"),
        ["who=実母 answer=不同意", "who=実父 answer=同意"]
    );
    assert_eq!(
        consent("実母は同意しました。実父の同意は、不明です。"),
        ["who=実母 answer=同意", "who=実父 answer=不明"]
    );
    assert_eq!(consent("実父は不同意、実母は不明。"), ["who=実父 answer=不同意", "who=実母 answer=不明"]);
    assert_eq!(consent("実母と連絡が取れ、同意を得た。"), ["who=実母 answer=同意"]);
    let record = map("temporary-custody", "意見、乳児のため聴取不可。実母、「早く迎えに行きたい」。");
    assert!(record.field("child_view").value.is_none());
    assert_eq!(record.rows("parent_view"), ["who=実母 words=早く迎えに行きたい"]);
}

#[test]
fn belongings_are_counted_with_any_counter() {
    let items = |words: &str| map("temporary-custody", words).rows("items");
    assert_eq!(items("所持品、着替え3組と、水筒。"), ["item=着替え count=3", "item=水筒"]);
    assert_eq!(items("おむつ5枚と、母子手帳を預かりました。"), ["item=おむつ count=5", "item=母子手帳"]);
    let record = map("temporary-custody", "所持品。水筒が一つ。面会は、全部制限。");
    assert_eq!(record.rows("items"), ["item=水筒 count=1"]);
    assert_eq!(record.value("contact"), "全部制限");
}

#[test]
fn announced_grounds_and_views_without_headings() {
    let record = map(
        "temporary-custody",
        "六月二日の午後九時、当所の一時保護所に入れました。保護が必要と考えた事情は二つです。本人の話では、継父に髪を引っぱられたそうです。\
         校医の診断書があります。お母さんは承諾しています。実のお父さんは連絡先がわからず、同意するかどうかは不明です。\
         お母さんの考えとしては「少し休みたい」とのことでした。本人は「まだ家には帰りたくない」と話しました。",
    );
    assert_eq!(record.value("start"), "2025-06-02T21:00");
    let needs = record.rows("need");
    assert_eq!(needs.len(), 2, "{needs:?}");
    assert!(needs[1].ends_with("material=校医の診断書"), "{needs:?}");
    let consents = record.rows("consent");
    assert!(consents[0].contains("answer=同意") && consents[1].contains("answer=不明"), "{consents:?}");
    assert!(record.rows("parent_view")[0].contains("words=少し休みたい"));
    assert!(record.value("child_view").contains("帰りたくない"));
}

#[test]
fn facts_that_others_tell_are_needs() {
    for words in [
        "警察の話では、本児は駅のホームで一人で座っていたそうです。",
        "健診に一度も来ていないと保健師から聞いています。",
        "本児は養護教諭に、夜が怖いと打ち明けています。",
        "5月20日にも深夜の公園で補導されたとのことです。",
        "家には1週間前から誰も帰ってきていない。",
        "脳外科の先生は、転んだだけでは説明がつかないとおっしゃっていました。",
    ] {
        assert_eq!(map("temporary-custody", words).rows("need").len(), 1, "{words}");
    }
    for words in [
        "店は明日から休むそうです。",
        "アレルギーはないと母から聞いています。",
        "荷物は看護師から預かったそうです。",
    ] {
        assert!(map("temporary-custody", words).is_empty("need"), "{words}");
    }
}

#[test]
fn who_was_told_when_and_how() {
    for (words, row) in [
        (
            "実母には6月2日の午後7時20分に電話で、預かっていることを伝えた。",
            "to=実母 at=2025-06-02T19:20 method=電話 content=預かっていること",
        ),
        ("保護の理由は6月2日の18時に口頭で実母に説明しました。", "to=実母 at=2025-06-02T18:00 method=口頭"),
        (
            "実父には6月2日の16時に、説明書を渡して保護の期間を伝えました。",
            "to=実父 at=2025-06-02T16:00 method=説明書 content=保護の期間",
        ),
    ] {
        let rows = map("temporary-custody", words).rows("notice");
        assert_eq!(rows.len(), 1, "{words}: {rows:?}");
        assert!(rows[0].starts_with(row), "{rows:?}");
    }
    let both =
        "実母には6月2日の18時に口頭で理由を説明しました。お父さんには6月2日の19時に書面でお渡ししています。";
    let rows = map("temporary-custody", both).rows("notice");
    assert_eq!(
        rows.get(1).map(String::as_str),
        Some("to=実父 to_detail=お父さん at=2025-06-02T19:00 method=書面")
    );
}

#[test]
fn custody_begins_under_its_word() {
    for words in [
        "開始は6月2日の15時。",
        "一時保護の開始からお話しします。6月2日の午後3時に開始しました。",
        "開始ですが、6月2日の15時です。",
    ] {
        assert_eq!(map("temporary-custody", words).value("start"), "2025-06-02T15:00", "{words}");
    }
    let plain = map("temporary-custody", "6月2日、午後3時、一時保護開始。");
    assert_eq!(plain.value("start"), "2025-06-02T15:00");
}

#[test]
fn each_parent_speaks_for_himself() {
    let record = map(
        "temporary-custody",
        "お母さんは「抱っこができないのがつらい」と泣いておられて、お父さんは「早くしてほしい」とおっしゃいました。",
    );
    let rows = record.rows("parent_view");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows[0].starts_with("who=実母") && rows[0].ends_with("words=抱っこができないのがつらい"),
        "{rows:?}"
    );
    assert!(rows[1].starts_with("who=実父") && rows[1].ends_with("words=早くしてほしい"), "{rows:?}");
}

#[test]
fn one_of_a_thing_is_no_list() {
    let record = map("temporary-custody", "荷物はランドセルひとつと、上着一枚。");
    assert_eq!(record.rows("items"), ["item=ランドセル count=1", "item=上着 count=1"]);
}
