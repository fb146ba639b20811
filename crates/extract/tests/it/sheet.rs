//! 児童記録票 and 援助方針会議資料: one-line items, tables, what is copied from the same dictation.

use record::{Origin, Reason, State};

use crate::harness::map;

#[test]
fn the_items_of_a_face_sheet() {
    let record = map(
        "face-sheet",
        "児童氏名、高橋ひなた。ふりがなは、たかはしひなた。女。平成29年5月10日生まれ。国籍は日本。住所は、みなみ市緑町4丁目2の7。\
         住民票は、ひがし市に残したまま。本籍は不明。連絡先は、03-0000-1234。あおば小学校の2年1組。療育手帳B2を令和5年4月1日に取得。\
         生活保護を受給している。親権者は実母、離婚による。家族構成。実母34歳、パート勤務。弟4歳、わかば保育園。\
         生育歴。39週、2850グラムで出生。アレルギーなし。相談歴は、令和5年10月に児童相談所に通告が1回あり、助言で終結。主訴。身体的虐待の疑い。\
         相談種別は、養護、児童虐待。",
    );
    assert_eq!(record.value("name"), "高橋ひなた");
    assert_eq!(record.value("kana"), "たかはしひなた");
    assert_eq!(record.value("sex"), "女");
    assert_eq!(record.value("birth"), "2017-05-10");
    assert_eq!(record.value("age"), "8");
    assert_eq!(record.field("age").origin, Some(Origin::Computed));
    assert_eq!(record.value("nationality"), "日本");
    assert_eq!(record.value("registry.resident"), "ひがし市に残したまま");
    assert_eq!(record.state("registry.domicile"), (State::Unknown, Some(Reason::SaidUnknown)));
    assert_eq!(record.value("tel"), "03-0000-1234");
    assert_eq!(record.value("school"), "小");
    assert_eq!(record.rows("certs"), ["kind=療育手帳 grade=B2 since=2023-04-01"]);
    assert!(record.value("insurance").contains("生活保護"));
    assert_eq!(record.rows("custody"), ["relation=実母 role=親権者 basis=離婚による"]);
    let family = record.rows("family");
    assert_eq!(
        family,
        ["relation=実母 age=34 occupation=パート勤務", "relation=弟 age=4 occupation=わかば保育園"]
    );
    assert_eq!(record.value("geno"), "実母(34歳)・弟(4歳)");
    assert!(record.value("birth_hist").contains("39週"));
    let past = record.rows("past");
    assert!(past[0].starts_with("kind=通告") && past[0].contains("agency=児童相談所"), "{past:?}");
    assert_eq!(record.value("main"), "身体的虐待の疑い。");
    assert_eq!(record.value("kind"), "養護(児童虐待)");
    assert!(record.is_empty("case_no") && record.is_empty("close.date") && record.is_empty("close.reason"));
}

#[test]
fn a_kind_of_consultation_is_never_inferred() {
    let record = map("face-sheet", "実父が本児を殴り、頬にあざがある。学校を休んでいる。");
    assert!(record.is_empty("kind"));
}

#[test]
fn the_papers_of_a_meeting() {
    let record = map(
        "conference",
        "6月10日、援助方針会議。児童氏名、高橋ひなた。担当は児童福祉司の森田。提出理由。一時保護の解除を検討するため。主訴。身体的虐待。\
         経過。5月30日、学校から通告。6月2日に家庭訪問。社会診断。経済的な困窮がある。心理診断。知的には年齢相応。\
         本児の意向。「おうちに帰りたい」と話す。援助方針案。家庭引き取りとし、継続指導。短期目標。登校の再開。\
         役割分担。学校は登校の見守り、保健センターは家庭訪問を月1回。次回見直しは9月10日。",
    );
    assert_eq!(record.value("head.date"), "2025-06-10");
    assert_eq!(record.value("head.child"), "高橋ひなた");
    assert_eq!(record.value("reason"), "一時保護の解除を検討するため。");
    assert_eq!(
        record.rows("course"),
        ["date=2025-05-30 event=学校から通告", "date=2025-06-02 event=家庭訪問"]
    );
    assert_eq!(record.value("dx.social"), "経済的な困窮がある。");
    assert_eq!(record.value("dx.psych"), "知的には年齢相応。");
    assert_eq!(record.value("plan"), "家庭引き取りとし、継続指導。");
    assert_eq!(record.rows("goal"), ["term=短期 goal=登校の再開"]);
    assert_eq!(
        record.rows("roles"),
        ["agency=学校 task=登校の見守り", "agency=保健センター task=家庭訪問を月1回"]
    );
    assert_eq!(record.value("review"), "2025-09-10");
    for id in ["total", "decision", "decision_note", "dx.med", "dx.behav", "dx.other"] {
        assert!(record.is_empty(id), "{id}");
    }
}

#[test]
fn a_view_that_was_not_marked_is_no_diagnosis() {
    let record = map("conference", "少し心配な印象です。母は衝動的に見えました。");
    for id in ["dx.social", "dx.psych", "dx.behav", "plan"] {
        assert!(record.is_empty(id), "{id}");
    }
}
