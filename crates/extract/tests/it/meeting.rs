//! 援助方針会議資料: the diagnoses, goals and tasks in running speech.

use record::{Reason, State};

use crate::harness::map;

#[test]
fn a_profession_is_the_source_of_its_diagnosis() {
    for (field, words) in [
        ("dx.psych", "心理司の見立てでは、不安が強く集団に入りにくい。"),
        ("dx.psych", "気持ちを言葉にしにくい、というのが児童心理司の所見です。"),
        ("dx.psych", "心理の田代さんによると、知的には平均の範囲とのことです。"),
        ("dx.psych", "児童心理司は、愛着に課題があるとみています。"),
        ("dx.med", "嘱託医は夜尿症と診断しています。"),
        ("dx.med", "みどり病院の主治医の話では、成長の遅れはないそうです。"),
        ("dx.med", "小児科の先生からは、貧血は治ったと聞いています。"),
        ("dx.social", "児童福祉司としては、親族の支えが薄いとみています。"),
        ("dx.other", "作業療法士の評価では、手先を使う力が弱い。"),
    ] {
        assert_eq!(map("conference", words).value(field), words);
    }
    for words in [
        "児童心理司が月に2回面接します。",
        "心理司は児童相談所の職員です。",
        "実母は医師に「薬はいらない」と言ったそうです。",
        "個人的には児童福祉司指導がよいと考えています。",
    ] {
        let record = map("conference", words);
        for field in ["dx.social", "dx.psych", "dx.med", "dx.behav", "dx.other"] {
            assert!(record.is_empty(field), "{field}: {words}");
        }
    }
}

#[test]
fn what_a_profession_gives_is_no_name() {
    assert!(map("conference", "我慢が続かない、というのが児童心理司の見立て。").is_empty("head.worker"));
}

#[test]
fn headings_close_in_many_ways() {
    for words in [
        "次、社会診断いきます。家計は落ち着いた。",
        "社会診断のほうですが、家計は落ち着いた。",
        "社会診断のほうは、家計は落ち着いた。",
        "では社会診断に行きます。家計は落ち着いた。",
    ] {
        assert_eq!(map("conference", words).value("dx.social"), "家計は落ち着いた。", "{words}");
    }
}

#[test]
fn a_goal_stands_without_its_limit() {
    for (words, row) in [
        ("短期目標は、11月30日までに外泊を2回行う。", "term=短期 by=2025-11-30 goal=外泊を2回行う"),
        ("長期目標、卒業までに自炊を覚えること。", "term=長期 goal=自炊を覚えること"),
        ("短期目標は無断外泊ゼロ、期限は12月26日。", "term=短期 by=2025-12-26 goal=無断外泊ゼロ"),
        ("中期目標は、1月中に外泊を2回行う。", "term=中期 goal=1月中に外泊を2回行う"),
    ] {
        assert_eq!(map("conference", words).rows("goal"), [row]);
    }
}

#[test]
fn tasks_go_on_and_are_asked_of_others() {
    for (words, rows) in [
        (
            "学校は7月20日までに面談を設定。保健センターは発達の相談。市の子育て支援課は月1回の家庭訪問。",
            vec![
                "agency=学校 by=2025-07-20 task=面談を設定",
                "agency=保健センター task=発達の相談",
                "agency=市の子育て支援課 task=月1回の家庭訪問",
            ],
        ),
        ("保育園には登園の見守りをお願いするつもりです。", vec!["agency=保育園 task=登園の見守り"]),
        (
            "家の調査は東児童相談所に7月25日までにお願いして、乳児院には面会の調整を頼みます。",
            vec!["agency=東児童相談所 by=2025-07-25 task=家の調査", "agency=乳児院 task=面会の調整"],
        ),
    ] {
        assert_eq!(map("conference", words).rows("roles"), rows, "{words}");
    }
    assert!(
        map("conference", "乳児院の措置がこの秋で切れますので、行き先を決めていただきたくて出します。")
            .is_empty("roles")
    );
}

#[test]
fn a_wish_that_was_not_asked_for() {
    for words in ["本人には、どこで暮らしたいか、まだ聞いていません。", "本児の気持ちはまだ聞けていない。"]
    {
        let record = map("conference", words);
        assert_eq!(record.state("wish.child"), (State::Unknown, Some(Reason::NotAsked)), "{words}");
    }
}
