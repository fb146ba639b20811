use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use record::{Segment, Token, Transcript};

use super::*;
use crate::testing::{clean, document, run};
use crate::{Chain, conformance};

/// The text after this pass alone.
fn repaired(text: &str) -> String {
    let mut doc = document(text, None);
    Lexicon::shipped().apply(&mut doc).unwrap();
    doc.text().to_owned()
}

/// What the reviewer is asked about, after this pass alone.
fn asked(text: &str) -> Vec<(String, String)> {
    let mut doc = document(text, None);
    Lexicon::shipped().apply(&mut doc).unwrap();
    assert!(doc.mapped().edits().is_empty(), "{text}");
    let mut questions = Vec::new();
    for a in doc.annotations() {
        if let Entity::Homophone(intended) = &a.entity {
            assert_eq!(a.flags, [Flag::ReplayNeeded]);
            questions.push((doc.text()[a.range.clone()].to_owned(), intended.clone()));
        }
    }
    questions
}

#[test]
fn real_words_are_repaired_where_their_cue_stands() {
    for (heard, meant) in [
        ("家電するも普通", "架電するも不通"),
        ("実父に架電するも普通。", "実父に架電するも不通。"),
        ("実父に架電するもふつ。", "実父に架電するも不通。"),
        ("父方粗暴宅へ", "父方祖母宅へ"),
        ("受賞機転は不明", "受傷機転は不明"),
        ("関係期間に連絡", "関係機関に連絡"),
        ("実母は叩いたことは避妊。", "実母は叩いたことは否認。"),
        ("本児の以降を確認", "本児の意向を確認"),
        ("市町村装置とした", "市町村送致とした"),
        ("真剣者は実母", "親権者は実母"),
        ("一次保護の可能性", "一時保護の可能性"),
    ] {
        assert_eq!(repaired(heard), meant);
    }
}

#[test]
fn terms_are_won_back_from_their_sounds() {
    for (heard, meant) in [
        ("逆体通告を受理しました", "虐待通告を受理しました"),
        ("自動相談所に連絡した", "児童相談所に連絡した"),
        ("実父に加伝した", "実父に架電した"),
        ("受賞期点は不明", "受傷機転は不明"),
        ("自福市が同行した", "児福司が同行した"),
        ("調子内容、本児は転んだと言う", "聴取内容、本児は転んだと言う"),
        ("本日の以降を確認した", "本児の意向を確認した"),
        ("自動複視の田中です", "児童福祉司の田中です"),
        ("母型そぼ宅にいる", "母方祖母宅にいる"),
        ("太陽者、私と保健師", "対応者、私と保健師"),
    ] {
        assert_eq!(repaired(heard), meant);
    }
}

#[test]
fn characters_that_make_no_word_are_the_word_that_sounds_like_them() {
    for (heard, meant) in [
        ("服は性血です", "服は清潔です"),
        ("国地、午前3時50分", "告知、午前3時50分"),
        ("右の家帯に、擦過傷が4本", "右の下腿に、擦過傷が4本"),
        ("お尻に甲傷1つ", "お尻に咬傷1つ"),
        ("対罰の禁止を説明した", "体罰の禁止を説明した"),
        ("入要時健診の記録を確認", "乳幼児健診の記録を確認"),
        ("自身子の野口で対応", "児心司の野口で対応"),
        ("かさぶたになったスリキズが二つ", "かさぶたになった擦り傷が二つ"),
        ("村崎色の皮下出血が2つ", "紫色の皮下出血が2つ"),
    ] {
        assert_eq!(repaired(heard), meant);
    }
}

#[test]
fn names_stay_however_they_sound() {
    for text in [
        "担任の性血さん",
        "児童福祉司の水田",
        "実母の香理さん",
        "北村医師の診断",
        "高崎市の祖母宅",
        "4か月健診は受けた",
        "国地家子",
        "三輪母子寮",
    ] {
        assert_eq!(repaired(text), text);
    }
}

#[test]
fn a_repaired_heading_is_a_heading() {
    let doc = run("調子内容、本児は転んだと言う。");
    assert!(doc.annotations().iter().any(|a| matches!(&a.entity, Entity::Heading(h) if h == "聴取内容")));
}

#[test]
fn words_that_would_turn_the_meaning_are_asked_about() {
    assert_eq!(asked("ナイフが出てきた。"), [("ナイフ".into(), "内夫".into())]);
    assert_eq!(asked("48時間いない。通告を受けた。"), []);
    assert_eq!(asked("安全確認は48時間いないに行う。"), [("48時間いない".into(), "48時間以内".into())]);
    assert_eq!(asked("実務の佐藤さんと面接。"), [("実務".into(), "実父".into())]);
    assert_eq!(asked("湿布を貼った。"), []);
}

#[test]
fn a_question_marks_the_segment_for_replay() {
    let segment = Segment { raw: "ナイフが出てきた。".into(), ..Segment::default() };
    let mut transcript = Transcript { segments: vec![segment], edits: vec![] };
    let mut doc = Document::new(&transcript, None);
    Chain::default().run(&mut doc).unwrap();
    doc.write_back(&mut transcript);
    assert_eq!(transcript.segments[0].flags, [Flag::ReplayNeeded]);
    assert_eq!(transcript.segments[0].text, "ナイフが出てきた。");
}

#[test]
fn an_edit_keeps_what_stood_there_and_why() {
    let mut doc = document("逆体通告を受理した。受賞期点は不明。", None);
    Lexicon::shipped().apply(&mut doc).unwrap();
    let edits = doc.mapped().edits();
    assert_eq!(
        (edits[0].from.as_str(), edits[0].to.as_str(), edits[0].pass),
        ("逆体通告", "虐待通告", "lexicon")
    );
    assert!(
        edits[1].reason.contains("じゅしょうきてん") && edits[1].reason.contains("distance"),
        "{}",
        edits[1].reason
    );
}

#[test]
fn quotations_stay() {
    for text in ["本児は「自動相談所は嫌」と話す", "『逆体通告』と言った", "実母は「家電するも普通」と言う"]
    {
        assert_eq!(repaired(text), text);
    }
}

#[test]
fn nothing_is_read_across_two_segments() {
    let two = |a: &str, b: &str| {
        let segment = |raw: &str| Segment { raw: raw.into(), ..Segment::default() };
        let mut doc =
            Document::new(&Transcript { segments: vec![segment(a), segment(b)], edits: vec![] }, None);
        Lexicon::shipped().apply(&mut doc).unwrap();
        doc.text().to_owned()
    };
    assert_eq!(two("受賞", "期点は不明"), "受賞期点は不明");
    assert_eq!(two("受賞期点は", "不明"), "受傷機転は不明");
}

#[test]
fn what_an_earlier_pass_has_recognised_stays() {
    assert_eq!(clean("四十八時間以内に安全確認。"), "48時間以内に安全確認。");
    assert_eq!(clean("三歳児健診は未受診。"), "3歳児健診は未受診。");
}

#[test]
fn names_with_a_title_stay() {
    for text in ["樹里さんが話す", "佐藤やすしさん", "実夫さんと面接", "加伝さんから電話", "保健師の加伝さん"]
    {
        assert_eq!(repaired(text), text);
    }
}

#[test]
fn kanji_that_touch_a_short_term_protect_it() {
    for text in ["普通学級に在籍", "警察署書類", "普通免許", "家電量販店", "家庭の一次予防"]
    {
        assert_eq!(repaired(text), text);
    }
}

/// Correct sentences with the words that are dangerous to repair: nothing may change in any of them.
const TRAPS: &[&str] = &[
    "学童の主任指導員の根本さんから電話があった。",
    "非行(ぐ犯)の相談として受けた。",
    "本児の声が聞こえた",
    "保護者の声かけ",
    "普通学級に在籍。",
    "普通に電話に出た。",
    "電話の声は普通で、変わった様子はない。",
    "実母は普段は普通に生活している。",
    "普通分娩で出生。",
    "父の粗暴な言動が見られる。",
    "粗暴な振る舞いがあると祖母が話す。",
    "説明と所見の乖離がある。",
    "医師の説明と受傷状況に乖離がある。",
    "ピルで避妊をしている。",
    "避妊について保健師が説明した。",
    "台所のナイフを片付けるよう伝えた。",
    "ナイフが出てきた。",
    "打撲した腕に湿布を貼った。",
    "湿布は病院で処方された。",
    "家電を買い替えたいと話す。",
    "生活に必要な家電がない。",
    "発達は正常で、体重も増えている。",
    "検査結果は正常範囲。",
    "公園で遊んでいた。",
    "降園後に公園に寄る。",
    "歯科検診でう歯を指摘された。",
    "がん検診を受けている。",
    "十八時以降に電話がほしいとのこと。",
    "四月以降、登園していない。",
    "来週以降の予定を確認する。",
    "里親への移行を検討する。",
    "訪問看護を利用している。",
    "看護師が同席した。",
    "祖父は書類を持ってきた。",
    "母方祖父に書類を送付した。",
    "リスク要因を整理する。",
    "虐待のリスクは高くないと聞いた。",
    "支援計画を見直す。",
    "援助計画を作成する。",
    "自立支援計画を説明した。",
    "48時間いないことがあった。",
    "暴力を黙視したと話す。",
    "ご飯を食べさせていない。",
    "朝ご飯は食べてきた。",
    "市販薬を大量に飲んだ。",
    "児童相談上の課題を整理した。",
    "在宅児童への支援を続ける。",
    "里親に児童委託をした。",
    "調整期間は二週間とする。",
    "支援期間は半年。",
    "保護期間を延長する。",
    "児童福祉の観点から検討する。",
    "社会福祉士の資格がある。",
    "公認心理師が検査を実施した。",
    "臨床心理士が面接した。",
    "教育環境の整備は学校の課題。",
    "教育能力の高い学校。",
    "火災の届出があった。",
    "家財道具を処分した。",
    "真剣に話を聞いていた。",
    "表彰式で受賞した。",
    "起点は駅前の交差点。",
    "短所は落ち着きのなさ。",
    "保育料を徴収された。",
    "祖母は長寿の祝いを受けた。",
    "料金の決済は済んだ。",
    "会社を辞任した。",
    "暖房器具がない。",
    "自称会社員の男性。",
    "検査を実施した。",
    "全部話したと言う。",
    "要望は特にない。",
    "本字で書くよう指導した。",
    "家庭の事情で転居した。",
    "車いすで自走している。",
    "地蔵の前で待ち合わせた。",
    "一次予防の取り組み。",
    "医療の処置を受けた。",
    "傷の処置をした。",
    "知人を紹介された。",
    "深刻な状態ではない。",
    "共同親権について聞かれた。",
    "多摩川の近くに住む。",
    "樹里は元気に登校している。",
    "水道の蛇口から水を飲む。",
    "学校の給食を残さず食べた。",
    "放課後は友人の家で過ごす。",
    "担任の先生は連絡帳で様子を伝えた。",
    "電話が不通の家庭。",
    "実父は不在、実母は在宅。",
    "髪の毛が抜けている。",
    "産後に打つ注射。",
    "学校の方で見守る。",
    "一人や二人ではない。",
    "春日や田中という姓。",
    "手首を締め付けられた。",
    "体重は二SD下回る。",
    "DVDを見ていた。",
    "テレビの音が大きい。",
    "三十三畳の広間。",
    "母方の祖母が来た。",
    "面接の内容を記録した。",
    "この引き渡しの際に泣いた。",
    "方針の転換を検討した。",
    "系列の病院に搬送された。",
];

#[test]
fn correct_sentences_with_dangerous_words_stay() {
    let mut wrong = String::new();
    for text in TRAPS {
        let mut doc = document(text, None);
        Chain::default().run(&mut doc).unwrap();
        for edit in doc.mapped().edits().iter().filter(|e| e.pass == NAME) {
            let _ = writeln!(wrong, "{text}: {} → {} ({})", edit.from, edit.to, edit.reason);
        }
    }
    assert!(TRAPS.len() >= 60);
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn terms_that_are_right_stay() {
    for term in Lexicon::shipped().terms() {
        for text in [term.written.clone(), format!("{}を確認した。", term.written)] {
            let repaired = repaired(&text);
            // A term may stand inside another term's misspelling; it never becomes another word.
            assert_eq!(repaired, text);
        }
    }
}

#[test]
fn a_doubtful_stretch_is_repaired_more_readily() {
    let with = |logprob: f32| {
        let tokens = vec![
            Token { text: "面会通貨".into(), start_ms: 0, end_ms: 900, logprob },
            Token { text: "制限とする。".into(), start_ms: 900, end_ms: 1_500, logprob },
        ];
        let raw: String = tokens.iter().map(|t| t.text.as_str()).collect();
        let segment = Segment { raw, tokens, end_ms: 1_500, ..Segment::default() };
        let mut doc = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None);
        Lexicon::shipped().apply(&mut doc).unwrap();
        doc.text().to_owned()
    };
    assert_eq!(with(-0.01), "面会通貨制限とする。");
    assert_eq!(with(-1.5), "面会通信制限とする。");
}

#[test]
fn the_offices_own_names_are_repaired() {
    let office =
        read("若葉台学園\tわかばだいがくえん\t機関\n翠ヶ丘小\tみどりがおかしょう\t学校\n".as_bytes())
            .unwrap();
    let lexicon = Lexicon::with_office(office);
    let mut doc = document("若葉大学園に連絡。緑が丘将から電話。", None);
    lexicon.apply(&mut doc).unwrap();
    assert_eq!(doc.text(), "若葉台学園に連絡。翠ヶ丘小から電話。");
    assert_eq!(repaired("若葉大学園に連絡。"), "若葉大学園に連絡。");
}

#[test]
fn a_new_entry_is_told_what_it_would_hit() {
    let term = |written: &str, reading: &str| Term {
        written: written.into(),
        reading: reading.into(),
        category: String::new(),
        office: true,
    };
    let lexicon = Lexicon::shipped();
    let clashes = lexicon.check(&term("佳伝", "かでん")).unwrap();
    assert!(clashes.iter().any(|c| c.kind == ClashKind::Term && c.word == "架電"), "{clashes:?}");
    assert!(clashes.iter().any(|c| c.kind == ClashKind::Word && c.word == "家電"), "{clashes:?}");
    let clashes = lexicon.check(&term("児相", "じそお")).unwrap();
    assert!(clashes.iter().any(|c| c.kind == ClashKind::SameTerm));
    assert!(lexicon.check(&term("湖", "こ")).unwrap().iter().any(|c| c.kind == ClashKind::TooShort));
    assert!(lexicon.check(&term("第三風の子学園", "だいさんかぜのこがくえん")).unwrap().is_empty());
}

#[test]
fn the_pass_keeps_its_duties() {
    conformance::run(&Lexicon::shipped());
}

#[test]
fn an_endless_sentence_and_fifty_thousand_terms_take_bounded_time() {
    let office: Vec<String> = (0..50_000u32)
        .map(|i| {
            let kana: String =
                (0..6).map(|k| char::from_u32(u32::from('か') + (i / 9u32.pow(k)) % 20).unwrap()).collect();
            format!("施設{i}\t{kana}\t機関\n")
        })
        .collect();
    let lexicon = Lexicon::with_office(read(office.concat().as_bytes()).unwrap());
    for unit in [
        "本児は逆体通告の後に自動相談所へ行き",
        "か",
        "家電するも普通",
        "「",
        "自福市",
        "きかけくこがぎぐげご",
    ] {
        let text: String = unit.chars().cycle().take(20_000).collect();
        let mut doc = document(&text, None);
        let clock = Instant::now();
        lexicon.apply(&mut doc).unwrap();
        assert!(clock.elapsed() < Duration::from_secs(20), "{unit}: {:?}", clock.elapsed());
        conformance::invariants(&doc, NAME);
    }
}

/// Pieces of sentences, right ones and what is heard for them.
fn dictation() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "逆体",
        "通告",
        "自動",
        "相談",
        "所",
        "家電",
        "普通",
        "する",
        "も",
        "実父",
        "実務",
        "に",
        "は",
        "が",
        "の",
        "、",
        "。",
        "「",
        "」",
        "受賞",
        "期点",
        "機転",
        "関係",
        "期間",
        "機関",
        "自福",
        "市",
        "児童",
        "福祉",
        "司",
        "士",
        "本児",
        "本日",
        "以降",
        "一時",
        "一次",
        "保護",
        "父方",
        "粗暴",
        "避妊",
        "叩いたこと",
        "48",
        "時間",
        "いない",
        "三歳",
        "児",
        "健診",
        "検診",
        "DVD",
        "面前",
        "ナイフ",
        "同居",
        "母型",
        "そぼ",
        "施設",
        "入所",
        "処置",
        "解除",
        "真剣",
        "者",
        "訪問",
        "記録",
        "経過",
        "計画",
        "支援",
        "さん",
        "学級",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn running_twice_is_running_once(text in dictation()) {
        conformance::check(&Lexicon::shipped(), &text);
    }

    #[test]
    fn every_repair_leads_back_to_what_stood_there(text in dictation()) {
        let mut doc = document(&text, None);
        Lexicon::shipped().apply(&mut doc).unwrap();
        prop_assert_eq!(doc.mapped().original(), text.as_str());
        for edit in doc.mapped().edits() {
            prop_assert!(text.get(edit.original.clone()).is_some());
        }
        // Every range of the repaired text stands for the range of the original that its characters came from.
        for (at, c) in doc.text().char_indices() {
            let original = doc.mapped().to_original(at..at + c.len_utf8());
            prop_assert!(!original.is_empty() && text.get(original).is_some());
        }
    }

    #[test]
    fn any_bytes_are_a_lexicon_or_a_mistake(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_text_is_safe(text in "\\PC{0,60}") {
        let mut doc = document(&text, None);
        Lexicon::shipped().apply(&mut doc).unwrap();
        conformance::invariants(&doc, NAME);
    }
}
