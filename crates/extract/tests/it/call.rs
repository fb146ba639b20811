//! 電話相談受付票: the caller, the advice, what is literal.

use record::{Reason, State};

use crate::harness::map;

const CALL: &str = "令和7年6月3日午前10時から10時20分、電話相談。対応者、家庭相談員の平田。相談者は、実母、34歳。連絡先は、03-0000-1234。\
    男の子で4歳、わかば保育園。夜泣きがひどく、眠れないとのこと。子育て広場を案内した。相談種別は、育成、育児・しつけ。\
    処理は継続。緊急性はなし。明日9時に保健センターへ引き継ぐ。";

#[test]
fn a_consultation() {
    let record = map("phone-consultation", CALL);
    assert_eq!(record.value("at"), "2025-06-03T10:00");
    assert_eq!(record.value("listener"), "家庭相談員 平田");
    assert_eq!(record.value("caller.relation"), "実母");
    assert_eq!(record.value("caller.age"), "34");
    assert_eq!(record.value("caller.contact"), "03-0000-1234");
    assert!(!record.field("caller.contact").sealed);
    assert_eq!(record.value("child.sex"), "男");
    assert_eq!(record.value("child.age"), "4");
    assert_eq!(record.value("child.school"), "保育所");
    assert_eq!(record.value("kind"), "育成(育児・しつけ)");
    assert!(record.value("content").contains("夜泣き"), "{}", record.value("content"));
    assert_eq!(record.value("advice"), "子育て広場を案内した。");
    assert_eq!(record.value("disposition"), "継続");
    assert_eq!(record.state("urgent"), (State::Denied, Some(Reason::None)));
    assert_eq!(record.value("handover.to"), "保健センター");
    assert_eq!(record.value("duration"), "20");
}

#[test]
fn a_caller_who_reports_abuse_is_sealed() {
    let record = map("phone-consultation", "相談者は近所の人で匿名。虐待ではないかとのこと。");
    assert!(record.field("caller.name").sealed);
    assert_eq!(record.value("caller.name"), "匿名");
}

#[test]
fn urgency_is_literal() {
    assert!(
        map("phone-consultation", "子どもが殴られ血を流している。緊急性が高いと思う。").is_empty("urgent")
    );
    assert_eq!(map("phone-consultation", "緊急性あり。").value("urgent"), "有");
    assert!(map("phone-consultation", "通院を継続している。他機関にも相談中。").is_empty("disposition"));
}
