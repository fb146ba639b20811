//! Who reports (language.md pass 18), what is planned (pass 15), how far a negation reaches (pass 7).

use record::{Flag, Reason, State};

use crate::harness::map;

#[test]
fn the_reporter_belongs_to_the_sealed_sheet() {
    let record = map("intake", "通告者は隣室の田中さん、電話は03-0000-1234。");
    assert_eq!(record.value("reporter.name"), "隣室 田中");
    assert_eq!(record.value("reporter.phone"), "03-0000-1234");
    assert_eq!(record.value("reporter.route"), "近隣・知人");
    for id in ["reporter.name", "reporter.addr", "reporter.phone", "reporter.relation", "reporter.route"] {
        assert!(record.field(id).sealed, "{id}");
    }
    let teacher = map("intake", "担任の先生からの通告。");
    assert_eq!(teacher.value("reporter.route"), "学校");
    assert_eq!(teacher.value("reporter.relation"), "担任の先生");
}

#[test]
fn words_of_a_neighbour_are_flagged_on_the_open_sheet() {
    let heard = map("intake", "隣の部屋から毎晩どなり声が聞こえる。");
    assert!(heard.field("abuse.how").flags.contains(&Flag::ReporterIdentity));
    let slept = map("visit", "本児の様子。本児は隣の部屋で寝ていた。");
    assert!(!slept.field("obs.child").flags.contains(&Flag::ReporterIdentity));
    assert!(map("intake", "担任に本児の様子を確認した。").is_empty("reporter.route"));
    let named = map("intake", "通告者は近所の田中さん。主訴。田中さん宅まで泣き声が聞こえる。");
    assert!(named.field("main_complaint").flags.contains(&Flag::ReporterIdentity));
}

#[test]
fn a_particle_behind_a_title_is_no_name() {
    let staff = |words: &str| map("visit", words).rows("staff");
    assert_eq!(
        staff("対応者、児童福祉司と保健師の大西さん。"),
        ["title=児童福祉司", "name=大西 title=保健師"]
    );
    assert_eq!(staff("対応者、児童福祉司や保健師。"), ["title=児童福祉司", "title=保健師"]);
}

#[test]
fn next_actions_are_plans_of_staff() {
    let next = |words: &str| map("visit", words).rows("next");
    assert_eq!(next("今後の対応。明日、担当から園に電話。"), ["by=2025-06-04 who=担当 what=園に電話"]);
    assert_eq!(next("今後の対応。今週中に保健師が健診状況を確認。"), ["who=保健師 what=健診状況を確認"]);
    assert_eq!(next("今後の対応。来週火曜に再訪問。"), ["by=2025-06-10 what=再訪問"]);
    let missing = map("visit", "今後の対応。来週火曜に再訪問。");
    assert!(missing.field("next").flags.contains(&Flag::ActorMissing));
    assert!(next("母は明日病院に行くと言う。").is_empty());
    assert!(next("園に電話した。").is_empty());
    assert!(next("それもいいかもしれないですね。").is_empty());
    assert_eq!(map("visit", "今後の対応。SVに確認。").rows("check_sv"), ["to=SV"]);
}

#[test]
fn states_and_negations() {
    let state = |form: &str, id: &str, words: &str| map(form, words).state(id);
    assert_eq!(state("intake", "family.sib", "きょうだいはいない。"), (State::Denied, Some(Reason::None)));
    assert_eq!(
        state("intake", "family.sib", "きょうだいは不明。"),
        (State::Unknown, Some(Reason::SaidUnknown))
    );
    assert_eq!(state("visit", "injury", "外傷なし。"), (State::Denied, Some(Reason::None)));
    assert_eq!(
        state("visit", "injury", "背中の外傷は確認できず。"),
        (State::Unknown, Some(Reason::CouldNotConfirm))
    );
    assert_eq!(map("visit", "右腕に骨折はないが打撲がある。").rows("injury").len(), 1);
    assert_eq!(
        state("intake", "abuse.how", "実母は叩いたことは否認。"),
        (State::Denied, Some(Reason::Denial))
    );
    assert_eq!(map("intake", "実母は叩いたことは否認。").field("abuse.how").by.as_deref(), Some("実母"));
    for words in ["発達は問題ない。", "仕方ない。", "不登校の兄がいる。"] {
        assert_eq!(state("intake", "child.school", words), (State::NotMentioned, None), "{words}");
    }
    // What was not mentioned asks its question; what is unknown does not.
    assert!(map("intake", "主訴。泣き声。").gaps().contains(&"family.sib"));
    assert!(!map("intake", "きょうだいは不明。").gaps().contains(&"family.sib"));
}

#[test]
fn a_report_by_telephone_in_turns() {
    let record = map(
        "intake",
        "受「はい、子ども家庭支援センターです。」 通「あの、近所の者なんですけど、名前はちょっと。」 受「お名前は結構です。どうされましたか。」 \
         通「隣のアパートで、夜になると子どもの泣き声がすごくて。ここ二週間くらい、毎晩です。」 受「叩くような音や、どなり声は聞こえますか。」 \
         通「いえ、泣き声だけです。見たわけではないので。」 受「お子さんは何歳くらいでしょう。」 通「男の子で、三つか四つくらいだと思います。」 \
         受「結果をご連絡してもよろしいですか。」 通「いえ、それはやめてください。」",
    );
    assert_eq!(record.value("source.basis"), "悲鳴・音などを聞いて推測した");
    assert_eq!(record.value("child.sex"), "男");
    assert!(record.field("child.age").flags.contains(&Flag::Uncertain));
    assert_eq!(record.value("reporter.name"), "匿名");
    assert_eq!(record.value("reporter.route"), "近隣・知人");
    assert_eq!(record.value("reporter.coop"), "否");
    let how = record.field("abuse.how");
    assert!(
        how.display.starts_with("隣のアパートで、夜になると子どもの泣き声がすごくて。"),
        "{}",
        how.display
    );
    assert!(!how.display.contains("どなり声"), "{}", how.display);
    assert!(how.flags.contains(&Flag::ReporterIdentity));
    for id in ["abuse.type_main", "response", "decision", "family.sib"] {
        assert!(record.is_empty(id), "{id}");
    }
    let answered = map("intake", "受「きょうだいはいますか。」 通「いません。」");
    assert_eq!(answered.state("family.sib"), (State::Denied, Some(Reason::None)));
}
