//! Dictations without headings: who is spoken of is told by the sentences before, and by how people speak.

use record::{Reason, State};

use crate::harness::map;

const NURSERY: &str = "令和7年5月12日月曜、午後4時5分、もみじ保育園の主任保育士の村上さんから電話があり、通告として受けました。\
    対応したのは、児童福祉司の大野です。お子さんは、桜井ひなちゃん、4歳の女の子で、もみじ保育園の年少クラスに在籍しています。\
    お子さんは今も園にいるとのことです。お母さんは桜井ゆかさん、25歳、飲食店でアルバイトをしています。\
    お父さんは桜井のぶおさん、28歳、トラックの運転手です。背中に線のような傷が2本あります。\
    父は、夜に酒を飲むと、本児を叩くことがあるそうです。先月の終わりごろから、週に2回ほどだそうです。\
    主任は、実際に傷を見ています。保護者にはまだ伝えていないそうです。園としては調査に協力するとのことです。";

#[test]
fn a_report_in_running_speech() {
    let record = map("intake", NURSERY);
    assert_eq!(record.value("listener"), "児童福祉司 大野");
    assert_eq!(record.value("method"), "電話");
    assert_eq!(record.value("child.name"), "桜井ひな");
    assert_eq!(record.value("child.school"), "保育所");
    assert_eq!(record.value("child.now"), "学校・園");
    assert_eq!(record.value("abuse.who"), "実父");
    assert_eq!(record.field("abuse.since").display, "先月の終わりごろから");
    assert_eq!(record.value("abuse.freq"), "週に2回ほど");
    assert_eq!(record.value("source.basis"), "実際に目撃している");
    assert_eq!(record.value("source.consent"), "知らせていない");
    assert_eq!(record.value("reporter.relation"), "もみじ保育園の主任保育士");
    assert_eq!(record.value("reporter.route"), "児童福祉施設(保育所)");
    assert_eq!(record.value("reporter.coop"), "諾");
    let how = record.value("abuse.how");
    assert!(how.contains("傷が2本") && how.contains("叩く"), "{how}");
    assert!(!how.contains("週に2回") && !how.contains("実際に"), "{how}");
}

#[test]
fn guardians_in_running_speech() {
    let rows = map("intake", NURSERY).rows("guardian");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("桜井ゆか") && rows[0].contains("飲食店でアルバイト"), "{rows:?}");
    assert!(rows[1].contains("桜井のぶお") && rows[1].contains("運転手"), "{rows:?}");
}

#[test]
fn items_belong_to_whom_they_are_told_of() {
    let record = map(
        "intake",
        "6月2日月曜、午前9時、電話で受理。通告者は、学習塾の講師。氏名は、回答なし。住所は、拒否。電話は、不明。\
         子どもの名前は、土屋あん、女の子。住所は、つき市北町1丁目2-3。",
    );
    assert_eq!(record.state("reporter.name"), (State::Unknown, Some(Reason::NotAnswered)));
    assert_eq!(record.state("reporter.addr"), (State::Unknown, Some(Reason::Refused)));
    assert_eq!(record.state("reporter.phone"), (State::Unknown, Some(Reason::SaidUnknown)));
    assert_eq!(record.value("child.name"), "土屋あん");
    assert_eq!(record.value("child.addr"), "つき市北町1丁目2-3");
}

#[test]
fn what_is_not_known_of_a_caller_is_not_unknown_of_the_child() {
    let record = map(
        "intake",
        "10月5日の夜8時、匿名の女性から電話がありました。名前は聞いていません。電話番号も聞いていません。\
         2階の部屋から、毎晩のように、子どもの泣き声がします。",
    );
    assert_eq!(record.value("reporter.name"), "匿名");
    assert_eq!(record.state("reporter.phone"), (State::Unknown, Some(Reason::NotAsked)));
    assert!(record.is_empty("child.name"));
    assert!(record.is_empty("reporter.relation"));
    assert_eq!(record.value("abuse.freq"), "毎晩のように");
}

#[test]
fn the_child_at_somebody_elses_house_is_not_at_home() {
    let record = map("intake", "本児は今、父方祖母の家にいます。");
    assert_eq!(record.value("child.now"), "その他");
    assert_eq!(map("intake", "本児は今、家にいます。").value("child.now"), "家庭");
}

#[test]
fn a_statement_or_a_denial_makes_nobody_the_abuser() {
    for words in [
        "実母は、オムツ替えのときに本児の足を押さえたと説明。",
        "実父は「本児を叩いていない」と話しました。",
        "実母によると、近所で泣き声が聞こえるそうです。",
    ] {
        assert!(map("intake", words).is_empty("abuse.who"), "{words}");
    }
    let denied = map("intake", "実母は叩いたことは否認しました。");
    assert_eq!(denied.state("abuse.how"), (State::Denied, Some(Reason::Denial)));
}

#[test]
fn what_the_reporter_did_not_see() {
    let record = map("intake", "通告者は近所の人。実際に見たわけではない。声を聞いただけだそうです。");
    assert_eq!(record.value("source.basis"), "悲鳴・音などを聞いて推測した");
    assert!(map("intake", "通告者は近所の人。直接見ていません。").is_empty("source.basis"));
}

#[test]
fn what_the_reporter_saw() {
    let record = map("intake", "通告者は近所の人。女の子がベランダに出されているのを見たそうです。");
    assert_eq!(record.value("source.basis"), "実際に目撃している");
}

#[test]
fn telegraphic_guardians() {
    let rows = map("intake", "保護者、実父、土屋こうじ、30歳、配管工。実母、土屋あやの、27歳、専業主婦。")
        .rows("guardian");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].contains("土屋こうじ") && rows[0].contains("配管工"), "{rows:?}");
    assert!(rows[1].contains("土屋あやの") && rows[1].contains("専業主婦"), "{rows:?}");
}

#[test]
fn an_adult_is_no_child_of_the_sheet() {
    let record = map(
        "phone-consultation",
        "お母さんからの電話。お名前は平田さん、33歳。息子さんは平田だいちくん、3歳です。",
    );
    assert_eq!(record.value("child.name"), "平田だいち");
}

#[test]
fn contact_with_the_reporter() {
    let yes = |words: &str| map("intake", words).value("reporter.coop");
    assert_eq!(yes("こちらからの連絡は、夜ならかまわないそうです。"), "諾");
    assert_eq!(yes("折り返しの連絡はいらないとのことでした。"), "否");
    assert_eq!(yes("調査には協力できないそうです。"), "否");
    assert_eq!(yes("結果の連絡は希望されませんでした。"), "否");
    assert_eq!(yes("連絡可。"), "諾");
    assert!(map("intake", "保護者に連絡をして訪問した。").is_empty("reporter.coop"));
}

#[test]
fn only_the_guardians_know_or_do_not_know() {
    assert_eq!(map("intake", "実父は通告を承知している。").value("source.consent"), "承知");
    assert!(map("intake", "実父は面談を拒否した。").is_empty("source.consent"));
    assert!(map("intake", "隣の人は通告を承知している。").is_empty("source.consent"));
}

#[test]
fn a_call_in_telegraphic_style() {
    let record = map(
        "phone-consultation",
        "12月1日月曜、10時、電話。家庭相談員の小川が受ける。父方おばの三浦さん、48歳。姪、三浦ゆい、7歳、小学1年生。\
         夕方まで家に一人でいる。学童の窓口を案内。継続とする。15分。",
    );
    assert_eq!(record.value("listener"), "家庭相談員 小川");
    assert_eq!(record.value("caller.relation"), "父方おば");
    assert_eq!(record.value("caller.age"), "48");
    assert_eq!(record.value("child.name"), "三浦ゆい");
    assert_eq!(record.value("child.age"), "7");
    assert_eq!(record.value("content"), "夕方まで家に一人でいる。");
    assert_eq!(record.value("advice"), "学童の窓口を案内。");
    assert_eq!(record.value("disposition"), "継続");
    assert_eq!(record.value("duration"), "15");
}

#[test]
fn no_urgency_in_polite_speech() {
    let record = map("phone-consultation", "緊急性は、ありません。");
    assert_eq!(record.state("urgent"), (State::Denied, Some(Reason::None)));
}

#[test]
fn a_sheet_in_running_speech() {
    let record = map(
        "face-sheet",
        "担当は児童福祉司の横山です。森田かなで、もりたかなで、女、11歳。平成26年4月10日生まれです。\
         あおい市若葉町2丁目4-6。国籍はブラジルで、家ではポルトガル語を使っています。通訳は不要です。\
         お母さんの森田さやかさんは35歳、介護士で、うつ病で通院しています。隣町に住む母方の祖母が、夕食を手伝っています。\
         3,200gで生まれ、健診で指摘されたことはないそうです。",
    );
    assert_eq!(record.value("name"), "森田かなで");
    assert_eq!(record.value("kana"), "もりたかなで");
    assert_eq!(record.value("addr"), "あおい市若葉町2丁目4-6");
    assert_eq!(record.value("nationality"), "ブラジル");
    assert_eq!(record.value("language"), "ポルトガル語");
    assert_eq!(record.state("interpreter"), (State::Denied, Some(Reason::None)));
    let family = record.rows("family");
    assert_eq!(family.len(), 1, "{family:?}");
    assert!(family[0].contains("森田さやか") && family[0].contains("うつ病で通院"), "{family:?}");
    assert!(record.rows("kin")[0].contains("隣町"), "{:?}", record.rows("kin"));
    assert!(record.value("birth_hist").contains("3,200g"));
    // The mother's illness is not the child's.
    assert!(record.is_empty("illness"));
}
