use super::*;
use crate::testing::{found, shown, timed};
use crate::{Chain, conformance};

#[track_caller]
fn headings(text: &str, expected: &[&str]) {
    let lines = found("heading", text);
    let short: Vec<_> = lines.iter().map(|l| l.replace(" | heading ", "→")).collect();
    assert_eq!(short, expected);
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Headings::new());
    conformance::run(&Headings::with(&["独自の見出し"]));
}

#[test]
fn every_line_of_the_table_is_read() {
    let data = include_str!("../../data/headings.tsv");
    assert_eq!(listed().count(), lines(data).count());
    assert!(is_listed("主訴") && !is_listed("主"));
}

#[test]
fn the_examples_of_language_md() {
    headings("主訴。近隣からの泣き声通告。", &["主訴。→主訴"]);
    headings("本児の様子。左の頬に青あざ。", &["本児の様子。→本児の様子"]);
    headings("今後の対応、明日園に電話", &["今後の対応、→今後の対応"]);
    headings("主訴は、夜間の泣き声", &["主訴は、→主訴"]);
    headings("医師の所見では骨折はない", &[]);
    headings("母の主訴は夫婦関係だった", &[]);
}

#[test]
fn a_heading_may_be_introduced_in_a_clause() {
    headings("提出理由ですが、方針を確かめたい。", &["提出理由ですが、→提出理由"]);
    headings("本児の様子については、よく話した。", &["本児の様子については、→本児の様子"]);
    headings("所見ですがまだ書けない", &[]);
}

#[test]
fn behind_a_topic_the_word_is_what_is_said_of_it() {
    headings("子どもの関心事は、本児の様子。", &[]);
    headings("では、所見。説明が食い違う。", &["では、所見。→所見"]);
}

#[test]
fn a_heading_is_said_in_many_ways() {
    for (said, canonical) in [
        ("続いて本児の様子。", "本児の様子"),
        ("まず、子どもの様子からです。", "本児の様子"),
        ("母の様子ですけれど、", "保護者の様子"),
        ("で、家の中の様子。", "家庭内の様子"),
        ("次、生活状況です。", "居住環境"),
        ("聞き取った内容です。", "聴取内容"),
        ("指導した内容。", "告知内容"),
        ("こちらから伝えたこと。", "告知内容"),
        ("約束したことですが、", "約束"),
        ("本児の気持ちとしては、", "本児の意向"),
        ("保護者の希望については、", "保護者の意向"),
        ("見立てとしては、", "所見"),
        ("最後になりますが、このあとの対応。", "今後の対応"),
        ("今後についてですが、", "今後の対応"),
        ("どんなことがあったかですが、", "通告内容"),
        ("相談の内容は次のとおりです。", "通告内容"),
        ("今回の訪問のねらい。", "目的"),
    ] {
        let text = format!("訪問した。{said}泣いていた。");
        let found = found("heading", &text);
        assert!(found.iter().any(|line| line.ends_with(&format!("heading {canonical}"))), "{said} {found:?}");
    }
    for text in [
        "次に本児の様子を見た。",
        "約束したことを忘れた。",
        "今後、泣くことが増えそうだ。",
        "本児の表情は硬い。",
    ] {
        headings(text, &[]);
    }
}

#[test]
fn headings_after_other_sentences() {
    headings(
        "家庭訪問。対応者、私。主訴、泣き声。所見。なし。",
        &["対応者、→対応者", "主訴、→主訴", "所見。→所見"],
    );
}

#[test]
fn spaces_and_commas_of_recognisers() {
    headings(
        "令和7年6月3日 火曜14時から15時20分家庭訪問対応者 私と保健師の佐藤さん 主訴 近隣からの泣き声通告",
        &["対応者 →対応者", "主訴 →主訴"],
    );
    headings(
        "病院に同行訪問しました 対応者 小川 目的は受傷状況の確認です 場所 家庭",
        &["対応者 →対応者", "目的は→目的", "場所 →場所"],
    );
    headings("電話で受理しました主訴は夜間の泣き声です", &["主訴は→主訴"]);
    headings("家庭訪問、子どもの様子、泣いている", &["子どもの様子、→本児の様子"]);
}

#[test]
fn words_inside_clauses_and_quotations_are_none() {
    for text in [
        "所見については後で話す",
        "本児の様子を確認した",
        "母と目的、場所を話し合う",
        "「主訴。」と言う",
        "園での本児の様子、友人関係を聞く",
        "次回に持ち越し",
        "きょうだいはいない",
        "約束は守れなかった",
    ] {
        headings(text, &[]);
    }
}

#[test]
fn pauses_stand_for_punctuation() {
    let run = |words: &[(&str, u64, u64)]| {
        let mut doc = timed(words);
        Chain::default().run(&mut doc).unwrap();
        shown("heading", &doc)
    };
    let paused = run(&[("家庭訪問", 0, 900), ("所見", 1_500, 1_900), ("説明が食い違う", 2_300, 3_000)]);
    assert_eq!(paused, ["所見 | heading 所見"]);
    let running = run(&[("家庭訪問", 0, 900), ("所見", 950, 1_300), ("説明が食い違う", 1_350, 3_000)]);
    assert!(running.is_empty());
    let clause = run(&[("医師が", 0, 900), ("所見", 1_500, 1_900), ("では骨折なし", 2_300, 3_000)]);
    assert!(clause.is_empty());
}

#[test]
fn templates_add_words() {
    let mut doc = crate::testing::document("通園状況。休みがち。主訴。泣き声。", None);
    let own = Headings::with(&["通園状況", "子どもの様子"]);
    assert_eq!(own.canonical("子どもの様子"), Some("本児の様子"));
    Chain::default().with(own).run(&mut doc).unwrap();
    assert_eq!(shown("heading", &doc), ["通園状況。 | heading 通園状況", "主訴。 | heading 主訴"]);
}
