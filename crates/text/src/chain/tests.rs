use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use record::{Explain, Lang};

use super::*;
use crate::testing::{anchor, document, run, run_with, show};
use crate::{ErrorKind, conformance};

#[test]
fn the_default_order_is_fixed() {
    let names: Vec<_> = Chain::default().names().collect();
    assert_eq!(
        names,
        [
            "normalize",
            "pauses",
            "fillers",
            "calendar",
            "numerals",
            "corrections",
            "dates",
            "times",
            "ages",
            "lexicon",
            "headings",
            "quotes"
        ]
    );
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let error = Chain::from_names(&["normalize", "date"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownPass);
    assert!(error.to_string().contains("dates"), "{error}");
    assert!(error.explain(Lang::Ja).ends_with("date"));
    assert!(error.hint(Lang::Ja).is_some());
}

#[test]
fn a_pass_named_twice_is_refused() {
    let error = Chain::from_names(&["dates", "dates"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RepeatedPass);
}

#[test]
fn the_configured_order_is_kept() {
    let chain = Chain::from_names(&["quotes", "normalize"]).unwrap();
    assert_eq!(format!("{chain:?}"), r#"["quotes", "normalize"]"#);
}

#[test]
fn signs_change_the_default_row() {
    let chain = Chain::from_names(&["-lexicon", "+plain_style"]).unwrap();
    let names: Vec<_> = chain.names().collect();
    assert!(!names.contains(&"lexicon") && names.first() == Some(&"normalize"), "{names:?}");
    assert_eq!(names.last(), Some(&"plain_style"));
    assert_eq!(Chain::from_names(&["-lexicn"]).unwrap_err().kind(), ErrorKind::UnknownPass);
    assert_eq!(Chain::from_names(&["+dates"]).unwrap_err().kind(), ErrorKind::RepeatedPass);
    assert_eq!(Chain::from_names(&["dates", "-lexicon"]).unwrap_err().kind(), ErrorKind::UnknownPass);
}

/// The worked fixtures of language.md §7.
const FIXTURE_A: &str = "ええと、令和七年六月三日火曜、十四時から十五時二十分、家庭訪問。対応者、私と保健師の〇〇さん。主訴、近隣からの泣き声通告。本児の様子。左の頬に、五百円玉、いや十円玉くらいの、青あざがひとつ。本児は転んだと言う。実母は、きょうだいげんかと説明。実父は不在、架電するも不通。実母は叩いたことは否認。所見。説明が食い違うので、けがの受傷機転は確認が必要。今後の対応。明日、担当から園に電話、SVに確認。";
const FIXTURE_B: &str = "受「はい、子ども家庭支援センターです。」 通「あの、近所の者なんですけど、名前はちょっと。」 受「お名前は結構です。どうされましたか。」 通「隣のアパートで、夜になると子どもの泣き声がすごくて。ここ二週間くらい、毎晩です。」 受「叩くような音や、どなり声は聞こえますか。」 通「いえ、泣き声だけです。見たわけではないので。」 受「お子さんは何歳くらいでしょう。」 通「男の子で、三つか四つくらいだと思います。」 受「お部屋はわかりますか。」 通「二階の、二〇三か二〇四か、ちょっと自信がないです。」 受「結果をご連絡してもよろしいですか。」 通「いえ、それはやめてください。」";
const FIXTURE_C: &str = "訪問不在。訪問連絡票を投函。";
/// What base Whisper makes of the first lines of fixture A.
const RECOGNISED: &str =
    "令和7年6月3日 火曜14時から15時20分家庭訪問対応者 私と保健師の佐藤さん 主訴 近隣からの泣き声通告";

fn golden(name: &str, text: &str) {
    let doc = run(text);
    conformance::invariants(&doc, "chain");
    let mut edits = String::new();
    for e in doc.mapped().edits() {
        let _ = writeln!(edits, "{}: {} → {} ({})", e.pass, e.from, e.to, e.reason);
    }
    let rendered = format!("{}\n\n{}\n{edits}", doc.text(), show(&doc));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../tests/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, rendered));
}

#[test]
fn the_worked_fixtures_read_as_expected() {
    golden("fixture_a_dictation", FIXTURE_A);
    golden("fixture_b_telephone", FIXTURE_B);
    golden("fixture_c_silence", FIXTURE_C);
    golden("recognised_without_punctuation", RECOGNISED);
}

/// Text as caseworkers dictate it and recognisers write it, put together at random.
fn dictation() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "ええと、",
        "あの、",
        "えっと",
        "まあ",
        "、",
        "。",
        " ",
        "令和七年",
        "六月三日",
        "三日",
        "いや",
        "四日",
        "火曜",
        "十四時から",
        "十五時二十分",
        "午後",
        "三時半",
        "一時",
        "保護",
        "家庭訪問",
        "対応者",
        "主訴",
        "所見",
        "本児の様子",
        "今後の対応",
        "は",
        "が",
        "に",
        "左の頬",
        "五百円玉",
        "十円玉くらい",
        "青あざ",
        "ひとつ",
        "三つか四つ",
        "くらい",
        "二、三回",
        "二千八百五十グラム",
        "三丁目五の二の二百四",
        "四の七",
        "ゼロサン、イチニーサンヨン、ゴーロクナナハチ",
        "三歳児健診",
        "四歳",
        "生後八か月",
        "修正六か月",
        "「",
        "」",
        "『",
        "』",
        "本児",
        "実母",
        "と言う",
        "と説明",
        "失礼",
        "訂正",
        "じゃなくて",
        "ではなく",
        "実父",
        "継父",
        "昨日",
        "先週の火曜",
        "ここ二週間",
        "十",
        "百",
        "千",
        "万",
        "点",
        "１",
        "2",
        "3",
        ":",
        "/",
        "-",
        "(",
        ")",
        "ｶﾞ",
        "Ａ",
        "SV",
        "\n",
        "受",
        "通",
        "電話",
        "不通",
        "センチ",
        "人",
        "一人親",
        "三軒茶屋",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..24).prop_map(|pieces| pieces.concat())
}

/// The characters that the grammars look for, in any order.
const SOUP: &str = "[ 、。「」いやえっとまあのー一二三十百千万〇点0-9.,:/月日時分年歳人円玉つ左右頬父母マイナス令和昨今先週火曜午後前からかはに]{0,60}";

/// Runs the chain on what it has made of `text`, until the texts agree.
fn cleaned_twice(text: &str) -> (String, String) {
    let once = run(text).text().to_owned();
    let twice = run(&once).text().to_owned();
    (once, twice)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn clean_text_stays(text in dictation()) {
        let (once, twice) = cleaned_twice(&text);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn the_way_back_to_the_words_is_kept(text in dictation()) {
        let doc = run(&text);
        conformance::invariants(&doc, "chain");
        prop_assert_eq!(doc.mapped().original(), text);
    }

    #[test]
    fn every_pass_alone_keeps_its_duties(text in dictation()) {
        for pass in passes() {
            conformance::check(*pass, &text);
        }
    }

    #[test]
    fn any_text_settles(text in "\\PC{0,60}", soup in SOUP) {
        for text in [text, soup] {
            conformance::invariants(&run(&text), "chain");
            let (once, twice) = cleaned_twice(&text);
            prop_assert_eq!(once, twice);
        }
    }
}

#[test]
fn deeply_nested_fillers_and_corrections_settle() {
    let nested = (0..40).fold(String::new(), |inner, _| format!("え{inner}っと"));
    let (once, twice) = cleaned_twice(&format!("{nested}、{}", "3日、いや".repeat(40)));
    assert_eq!(once, twice);
}

#[test]
fn passes_in_any_order_are_safe() {
    let mut names: Vec<_> = Chain::default().names().collect();
    names.reverse();
    let mut doc = document(FIXTURE_A, Some(anchor()));
    Chain::from_names(&names).unwrap().run(&mut doc).unwrap();
    conformance::invariants(&doc, "reversed chain");
}

#[test]
fn the_time_of_an_endless_sentence_grows_with_its_length() {
    let units = [
        "ええと、左の頬に五百円玉、いや十円玉くらいの青あざがひとつ、本児は転んだと言い、実母は三つか四つくらいと説明、",
        "一",
        "千百十一",
        "いや、",
        "ゼロ、",
        "0",
        "1,000,",
        "本児は",
        "「",
        "受「",
        "「」と",
        "三日、いや四日、",
        "あ い う え お ",
        "えっと",
        "令和7年6月3日から",
        "五の二の",
        "と",
    ];
    for unit in units {
        let (quarter, whole) = (time_of(unit, 25_000), time_of(unit, 100_000));
        // Four times where it is linear, sixteen times where it is quadratic.
        assert!(whole < quarter * 8 + Duration::from_millis(500), "{unit}: {quarter:?}, {whole:?}");
    }
}

fn time_of(unit: &str, length: usize) -> Duration {
    let text: String = unit.chars().cycle().take(length).collect();
    let (start, clock) = (cpu_time(), Instant::now());
    let doc = run_with(&text, Some(anchor()));
    assert!(doc.text().len() <= text.len());
    cpu_time().zip(start).map_or(clock.elapsed(), |(end, start)| end.saturating_sub(start))
}

/// Time that this thread has had on a processor, where the system tells it: other tests run at the same time.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
