//! How reporters and callers are introduced, in the words of different people.

use crate::harness::map;

#[test]
fn reporters_are_named_in_many_ways() {
    for said in [
        "通告者は、民生委員の北川さんです。",
        "通告元は、民生委員の北川さんです。",
        "電話をくださったのは、民生委員の北川さんです。",
        "かけてこられたのは、民生委員の北川さんです。",
        "民生委員の北川さんが来所し、相談を受けました。",
    ] {
        let record = map("intake", &format!("{said}主訴。泣き声がする。"));
        assert!(record.value("reporter.name").contains("北川"), "{said}");
    }
}

#[test]
fn a_section_ends_at_the_topic_of_another_field() {
    let record = map("intake", "主訴。夜に泣き声がする。住所は、港区1丁目2番。頻度は週に3回ほど。");
    assert_eq!(record.value("main_complaint"), "夜に泣き声がする。");
    assert_eq!(record.value("abuse.freq"), "週に3回ほど");
}

#[test]
fn a_caller_who_is_no_relative_is_somebody_else() {
    let record = map("phone-consultation", "相談者は匿名、隣の部屋に住む女性。");
    assert_eq!(record.value("caller.relation"), "その他");
}
