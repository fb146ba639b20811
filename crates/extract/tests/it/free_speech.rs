//! Free speech without headings: who was there, what was seen, said, told and planned.

use record::{Reason, State};

use crate::harness::map;

#[test]
fn staff_are_found_by_their_verb_their_roster_or_their_profession() {
    let visit = |words: &str| map("visit", words).rows("staff");
    assert_eq!(
        visit("6月3日午後2時、自宅を訪問。児福司の近藤と、同行の保健師、白石。"),
        ["name=近藤 title=児童福祉司", "name=白石 title=保健師"]
    );
    assert_eq!(visit("訪問したのは児童心理司の岡です。"), ["name=岡 title=児童心理司"]);
    assert_eq!(
        visit("6月3日10時、家庭訪問。石井、児心司の野田で対応。"),
        ["name=石井", "name=野田 title=児童心理司"]
    );
    assert_eq!(
        visit("対応者、児童心理司の片山、失礼、児童心理司は片岡です。"),
        ["name=片岡 title=児童心理司"]
    );
    // What somebody tells of another visit names no staff of this one.
    assert!(visit("先月、保健師の原さんが訪問したそうです。").is_empty());
    assert!(visit("担任が対応し、様子を聞いた。").is_empty());
    assert_eq!(map("injury", "確認者、医師の永井。").value("checked_by"), "医師 永井");
    assert_eq!(map("injury", "6月3日10時、小児科の永井医師が診察。").value("checked_by"), "医師 永井");
    assert_eq!(map("progress", "園から電話あり。対応、当直の石原。").value("by"), "当直 石原");
    assert!(map("safety-check", "園長が目視した。").is_empty("who"));
}

#[test]
fn people_of_a_list_were_all_met() {
    let met = |words: &str| map("visit", words).rows("subject");
    assert_eq!(
        met("本児、妹、実父と面接。"),
        ["relation=本児 met=面接した", "relation=妹 met=面接した", "relation=実父 met=面接した"]
    );
    assert_eq!(
        met("会えたのは、本児と、2歳の弟です。"),
        ["relation=本児 met=面接した", "relation=弟 met=面接した"]
    );
    assert_eq!(met("実父に架電、不通。"), ["relation=実父 met=会えなかった"]);
    assert_eq!(
        met("園長の石田先生、担任の小川先生から聴取。"),
        [
            "name=石田 relation=その他 relation_detail=園長 met=面接した",
            "name=小川 relation=その他 relation_detail=担任 met=面接した"
        ]
    );
}

#[test]
fn an_observation_belongs_to_the_person_whom_the_sentence_is_about() {
    let record = map(
        "visit",
        "実父は終始落ち着いた口調でした。本児は小柄で、受け答えもしっかりしていました。本児は来ていません。",
    );
    assert_eq!(record.value("obs.parent"), "実父は終始落ち着いた口調でした。");
    assert_eq!(record.value("obs.child"), "本児は小柄で、受け答えもしっかりしていました。");
    let record =
        map("visit", "本児は機嫌が悪く、あまり元気がありませんでした。服の下にけがはありませんでした。");
    assert_eq!(record.value("obs.child"), "本児は機嫌が悪く、あまり元気がありませんでした。");
}

#[test]
fn what_the_worker_tells_the_family_is_a_notice() {
    let told = "実母には、夜間の相談電話の番号を渡しました。";
    assert_eq!(map("visit", told).value("notice"), told);
    assert!(map("visit", "実母は、保育園に事情を説明しました。").is_empty("notice"));
}

#[test]
fn a_plan_may_end_in_any_verb_and_is_the_offices_own() {
    let next = |words: &str| map("visit", words).rows("next");
    assert_eq!(
        next("来週水曜までに、浜口が接種の記録を調べます。"),
        ["by=2025-06-11 who=浜口 what=接種の記録を調べます"]
    );
    assert_eq!(next("野口、月末までに心理検査。"), ["who=野口 what=心理検査"]);
    assert_eq!(
        next("今後の対応。来週火曜に、川上と心理で再訪問。"),
        ["by=2025-06-10 who=川上と心理 what=再訪問"]
    );
    assert!(next("今後の対応。月末までに、実母が届けを出す。").is_empty());
    assert!(next("来週、実母は実家に帰ると話す。").is_empty());
    assert!(next("先週、保健師が訪問していた。").is_empty());
}

#[test]
fn a_wish_may_go_on_behind_its_verb() {
    let record = map("conference", "実母は「自分で見たいけれど、夜が不安」と話しています。");
    assert_eq!(record.value("wish.parent"), "実母は「自分で見たいけれど、夜が不安」と話しています。");
    let record = map("conference", "本児は「夢みたいだった」と話しています。");
    assert!(record.is_empty("wish.child"));
    // A status inside the words of a child is what the child says.
    let record = map("conference", "子どもの意向。「まだわからない」と話す。");
    assert_eq!(record.state("wish.child").0, State::Stated);
    let record = map("conference", "保護者の意向。実父が回答を拒否。");
    assert_eq!(record.state("wish.parent"), (State::Unknown, Some(Reason::Refused)));
}

#[test]
fn a_section_that_says_more_than_none_is_stated() {
    let record = map("conference", "医学診断。身長は標準で、通院はない。");
    assert_eq!(record.value("dx.med"), "身長は標準で、通院はない。");
    let none = map("conference", "医学診断は特になし。");
    assert_eq!(none.state("dx.med"), (State::Denied, Some(Reason::None)));
}

#[test]
fn roles_and_goals_are_read_one_by_one() {
    let record =
        map("conference", "役割分担。フォスタリング機関が、6月12日までに日程を組む。施設、面会の調整。");
    assert_eq!(
        record.rows("roles"),
        ["agency=フォスタリング機関 by=2025-06-12 task=日程を組む", "agency=施設 task=面会の調整"]
    );
    let record = map("conference", "短期目標は施設に慣れること、中期目標は月1回の面会。長期目標、未定。");
    assert_eq!(record.rows("goal"), ["term=短期 goal=施設に慣れること", "term=中期 goal=月1回の面会"]);
    let record = map("conference", "保健師が、週に2回訪問します。本児は施設で眠れています。");
    assert_eq!(record.rows("roles"), ["agency=保健師 task=週に2回訪問"]);
    let record = map("conference", "提出理由。家での指導に限りがあるとして、実母から相談があった。");
    assert!(record.is_empty("route"));
}

#[test]
fn the_result_of_a_contact_is_the_offices_own() {
    let record = map(
        "progress",
        "6月3日14時。実母宅を訪問。実母は玄関先で面会拒否、「来ないで」と言う。祖母は先月、実母から着信拒否にされたと話していた。",
    );
    assert_eq!(record.value("means"), "訪問");
    assert_eq!(record.value("result"), "面会拒否");
    let record = map("progress", "みなみ小の副校長、水谷さんに架電。本児は、遅刻が増えたとのこと。");
    assert_eq!(record.value("result"), "通話");
    assert!(map("progress", "実父の携帯に架電。").is_empty("result"));
}

#[test]
fn the_partner_has_the_office_in_front_of_the_name() {
    let partner = |words: &str| map("progress", words).value("partner");
    assert_eq!(partner("ひかり保育園の園長、武井さんから受電した。"), "ひかり保育園 園長 武井");
    assert_eq!(partner("中央中学校のSSW、大橋さんからメールがあった。"), "中央中学校 SSW 大橋");
    assert_eq!(partner("実母が本児の妹を連れて来所。"), "実母");
    assert_eq!(partner("みなみ小学校の教頭先生から電話がありました。"), "みなみ小学校 教頭");
}

#[test]
fn a_bare_day_behind_a_date_is_of_its_month() {
    let record =
        map("temporary-custody", "6月10日、一時保護開始。必要性。9日深夜、実父が本児に包丁を向けた。");
    assert_eq!(record.rows("need"), ["fact=9日深夜、実父が本児に包丁を向けた date=2025-06-09"]);
    // Days that last are no date.
    let record =
        map("temporary-custody", "6月10日、一時保護開始。必要性。3日、実母が帰宅せず、3日間食事がなかった。");
    assert_eq!(record.rows("need").len(), 1);
}

#[test]
fn what_is_the_offices_own_is_no_result_and_no_place() {
    assert!(map("progress", "父方祖父が来所。担当不在のため、係長が話を聞いた。").is_empty("result"));
    assert!(map("safety-check", "当所の児童福祉司、須田が確認に向かった。").is_empty("where"));
}

#[test]
fn a_parent_may_explain_in_front_of_a_comma() {
    let record = map("visit", "本児の左目の上に縫った傷。実父、本児が階段から落ちたと説明。");
    assert_eq!(record.rows("explain"), ["speaker=実父 words=本児が階段から落ちた"]);
}

#[test]
fn what_others_did_earlier_is_no_event_of_this_record() {
    let told = "二月四日、十三時、オンライン。転出前は月に一回の家庭訪問が続いていたとのこと。";
    let record = map("progress", told);
    assert_eq!((record.value("means"), record.value("dir")), ("オンライン".into(), String::new()));
    let told = "相談歴ですが、令和五年九月十一日に西原児相で通告を受け、助言で終わっています。";
    assert_eq!(map("face-sheet", told).value("accepted"), "");
}

#[test]
fn a_reason_for_not_knowing_is_no_fact() {
    let record = map("face-sheet", "生まれたときのことは、母子手帳がなくてわかりません。");
    assert_eq!(record.state("birth_hist").0, record::State::Unknown);
}
