//! 緊急度アセスメント: candidate quotations, nothing else.

use crate::harness::map;

#[test]
fn a_cue_makes_a_candidate_with_speaker_and_polarity() {
    let record = map(
        "urgency",
        "本児は「おうちに帰りたくない」と話した。実母は「しつけのつもりだった」と説明。右の大腿骨に骨折がある。DVはない。",
    );
    assert_eq!(
        record.rows("q1.evidence"),
        ["item=子ども自身が保護・救済を求める words=おうちに帰りたくない speaker=本児 polarity=肯定"]
    );
    assert_eq!(
        record.rows("q5.evidence"),
        ["item=保護者に自覚なし words=しつけのつもりだった speaker=実母 polarity=肯定"]
    );
    let injuries = record.rows("q3.evidence");
    assert!(
        injuries[0].starts_with("item=致死的外傷・内臓破裂・頭蓋骨骨折・火傷 words=右の大腿骨に骨折がある"),
        "{injuries:?}"
    );
    assert!(record.rows("q8.evidence")[0].ends_with("polarity=否定"), "{:?}", record.rows("q8.evidence"));
    for n in 1..=8 {
        assert!(record.is_empty(&format!("q{n}.mark")));
    }
    assert!(record.is_empty("rank") && record.is_empty("decision"));
    assert!(record.is_empty("q2.evidence"));
}

#[test]
fn the_same_is_said_in_many_ways() {
    for (field, words, end) in [
        (
            "q1.evidence",
            "本人は「今日だけ泊めてほしい」と頼んだ。",
            "words=今日だけ泊めてほしい polarity=肯定",
        ),
        ("q1.evidence", "実父からの保護の申し出はない。", "polarity=否定"),
        ("q3.evidence", "体重はこの半年で五キロ落ちた。", "polarity=肯定"),
        (
            "q5.evidence",
            "実父は「俺もこうやって育てられた」と言う。",
            "words=俺もこうやって育てられた speaker=実父 polarity=肯定",
        ),
        ("q7.evidence", "実母は、どう接していいかわからないと話す。", "polarity=肯定"),
        ("q8.evidence", "近所づきあいはまったくなく、実家とも疎遠。", "polarity=肯定"),
        ("q8.evidence", "父からの暴力については、母ははっきり否定した。", "polarity=否定"),
        ("q8.evidence", "夫婦間の暴力は、聞きそびれた。", "polarity=不明"),
        ("q7.evidence", "実母の精神科の受診歴は把握できていない。", "polarity=不明"),
        ("q6.evidence", "本児は職員にしがみついて離れない。", "polarity=肯定"),
    ] {
        let rows = map("urgency", words).rows(field);
        assert!(rows.iter().any(|row| row.ends_with(end)), "{words}: {rows:?}");
    }
}

#[test]
fn what_is_denied_of_the_last_of_a_list_is_denied_of_all() {
    for (words, end) in [
        ("検査では、血腫もやけどもありませんでした。", "polarity=否定"),
        ("骨折とかやけどは見当たりません。", "polarity=否定"),
        ("血腫もあって、手術になりました。", "polarity=肯定"),
    ] {
        let rows = map("urgency", words).rows("q3.evidence");
        assert!(rows.iter().any(|row| row.ends_with(end)), "{words}: {rows:?}");
    }
}

#[test]
fn what_is_told_of_somebody_else_is_no_candidate() {
    for (field, words) in [
        ("q5.evidence", "本児は夜眠れない。"),
        ("q4.evidence", "家賃は3か月分たまっている。"),
        ("q4.evidence", "実父が実母を突き飛ばした。"),
        ("q8.evidence", "子どもは2人。"),
    ] {
        let record = map("urgency", words);
        assert!(record.is_empty(field), "{words}: {:?}", record.rows(field));
    }
}

#[test]
fn the_day_of_the_sheet() {
    assert_eq!(map("urgency", "作成日、令和7年6月3日。").value("head.date"), "2025-06-03");
    assert!(map("urgency", "5月30日に骨折が判明した。").is_empty("head.date"));
}

#[test]
fn what_is_negated_behind_a_condition_is_its_consequence() {
    let polarity = |field: &str, words: &str| map("urgency", words).rows(field);
    let drinks = polarity("q7.evidence", "実父はお酒を飲むと手がつけられなくなる。");
    assert!(drinks[0].ends_with("polarity=肯定"), "{drinks:?}");
    let afraid = polarity("q6.evidence", "本児は、こわがって部屋から出ない。");
    assert!(afraid[0].ends_with("polarity=肯定"), "{afraid:?}");
    let not_afraid = polarity("q6.evidence", "本児は、こわがっていない。");
    assert!(not_afraid[0].ends_with("polarity=否定"), "{not_afraid:?}");
    let rubbish = polarity("q8.evidence", "家の中はごみだらけで足の踏み場がない。");
    assert!(rubbish[0].ends_with("polarity=肯定"), "{rubbish:?}");
    assert!(polarity("q4.evidence", "乳児健診は受けている。").is_empty());
}

#[test]
fn a_problem_that_is_not_there_is_denied() {
    let rows = map("urgency", "アルコールの問題はない。").rows("q7.evidence");
    assert!(rows[0].ends_with("polarity=否定"), "{rows:?}");
}

#[test]
fn the_words_of_a_question_are_no_words_of_the_candidate() {
    for (field, words, told) in [
        ("q8.evidence", "家庭環境ですが、家賃を3か月滞納しています。", "家賃を3か月滞納しています"),
        ("q5.evidence", "繰り返す可能性ですけど、過去に通告があります。", "過去に通告があります"),
        ("q3.evidence", "重大な結果が出ているかですが、骨折があります。", "骨折があります"),
        ("q8.evidence", "実母は看護師ですが、借金が多い。", "実母は看護師ですが、借金が多い"),
    ] {
        let rows = map("urgency", words).rows(field);
        assert!(rows.iter().any(|r| r.contains(&format!("words={told} "))), "{rows:?}");
    }
}

#[test]
fn what_cannot_be_stopped_is_there() {
    for words in ["実母は「パチンコがやめられない」と話した。", "実父は酒をやめられない。"]
    {
        let rows = map("urgency", words).rows("q7.evidence");
        assert!(rows[0].ends_with("polarity=肯定"), "{rows:?}");
    }
    let rows = map("urgency", "骨折や大きなやけどは見当たりませんでした。").rows("q3.evidence");
    assert!(rows[0].ends_with("polarity=否定"), "{rows:?}");
    assert!(map("urgency", "実母は足の骨折で松葉杖をついている。").is_empty("q3.evidence"));
}
