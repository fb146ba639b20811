use proptest::prelude::*;

use super::*;
use crate::conformance;
use crate::testing::found;

#[track_caller]
fn quotes(text: &str, expected: &[&str]) {
    let lines: Vec<_> = found("quote", text).iter().map(|l| l.replace(" | quote by ", " ← ")).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn the_pass_conforms() {
    conformance::run(&Quotes);
}

#[test]
fn the_examples_of_language_md() {
    quotes("本児は転んだと言う", &["転んだ ← 本児, 言う"]);
    quotes("「ママがたたいたの」と話す", &["ママがたたいたの ← -, 話す"]);
    quotes("実母はきょうだいげんかと説明", &["きょうだいげんか ← 実母, 説明"]);
    quotes("やだと言い、しばらくして帰りたくないと言う", &["やだ ← -, 言い", "帰りたくない ← -, 言う"]);
    quotes("転倒したものと思われる", &[]);
    quotes("確認が必要と考える", &[]);
    quotes("園と学校と連絡した", &[]);
}

#[test]
fn brackets() {
    quotes("本児は「『ママ』が叩いた」と小さな声で話した。", &["『ママ』が叩いた ← 本児, 話した"]);
    quotes("本児は「やだ」「帰らない」と訴える", &["やだ ← 本児, 訴える", "帰らない ← 本児, 訴える"]);
    quotes("「転んだだけ」と実母は説明した", &["転んだだけ ← 実母, 説明した"]);
    quotes("実父から「二度としない」との発言あり", &["二度としない ← 実父, 発言"]);
    quotes("「ひまわり組」の担任に電話", &[]);
}

#[test]
fn speakers() {
    quotes("実父は不在、実母はきょうだいげんかと説明。", &["きょうだいげんか ← 実母, 説明"]);
    quotes("本児は、ママは怒らないと話す", &["ママは怒らない ← 本児, 話す"]);
    quotes("担任の田中さんは、休みがちだと話していた", &["休みがちだ ← 田中さん, 話していた"]);
    quotes("転んだと本児は話す", &["転んだ ← 本児, 話す"]);
    quotes("医師から骨折と言われた", &["骨折 ← 医師, 言われた"]);
    quotes(
        "本児はやだと言い、その後帰りたくないと言う。",
        &["やだ ← 本児, 言い", "帰りたくない ← 本児, 言う"],
    );
    quotes(
        "実母は叩いていないと述べ、実父も知らないと答える",
        &["叩いていない ← 実母, 述べ", "知らない ← 実父, 答える"],
    );
}

#[test]
fn partners_and_other_words_are_no_quotations() {
    for text in [
        "母と話す",
        "本児は担任と話した",
        "園との話し合い",
        "太郎という子",
        "学校と説明会を開く",
        "きょうだいげんかとも言える",
        "転んだとのこと",
        "父と母と話し合う",
    ] {
        quotes(text, &[]);
    }
}

#[test]
fn a_quotation_ends_with_its_sentence() {
    quotes("本児は元気。転んだと話す。", &["転んだ ← -, 話す"]);
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(
        text in "(本児|実母|は|が|から|、|。|「|」|『|』|転んだ|と|って|との|話す|言い|説明|言われた|発言|その後| ){0,20}"
    ) {
        conformance::check(&Quotes, &text);
    }
}
