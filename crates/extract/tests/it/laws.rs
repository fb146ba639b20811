//! What holds for every form: judgements stay empty, bad input is answered, headless and unpunctuated speech works.

use std::time::{Duration, Instant};

use record::template::{Fill, parse_template, shipped_codes, shipped_templates};
use record::{Flag, State};

use crate::harness::{Mapped, extract_with, map};

/// Dictations of severe facts that name no label of a judgement.
const SEVERE: &[&str] = &[
    "令和7年6月3日火曜14時、家庭訪問。本児の頭部に血腫があり、頭蓋骨骨折と診断された。実父が本児を繰り返し殴り、首を絞めた。\
     実母は「殺してしまいそう」と話した。本児は「家に帰りたくない」と泣いた。食事は三日間与えられていない。過去に入院歴が二回ある。",
    "本児は裸でベランダに出され、意識がない状態で発見された。熱傷が背中全体に広がる。実父は飲酒しており、警察官に怒鳴った。\
     ただちに分離が必要と思われる。きわめて危険で、生命の危険がある。弟も叩かれている。",
    "交際相手が本児の体を触ったと姉が話した。実母は精神科に通院し、自宅はごみが散乱している。家賃を滞納している。\
     五人きょうだいで、実母は十代で出産した。本児は無表情で、体重が減少している。",
];

#[test]
fn severe_facts_decide_nothing() {
    for template in shipped_templates(extract::rule_names()).unwrap() {
        for words in SEVERE {
            let extraction = extract_with(&template, words);
            for (spec, field) in template.fields.iter().zip(&extraction.fields) {
                if matches!(spec.fill, Fill::Human | Fill::Literal) {
                    assert_eq!(field.state, State::NotMentioned, "{}.{}", template.id, spec.id);
                    assert_eq!(
                        (&field.value, field.display.as_str()),
                        (&None, ""),
                        "{}.{}",
                        template.id,
                        spec.id
                    );
                }
            }
        }
    }
}

#[test]
fn literal_fields_are_filled_when_their_label_is_spoken() {
    for (form, field, words, value) in [
        ("intake", "abuse.type_main", "身体的虐待として受理します。", "身体的虐待"),
        ("intake", "abuse.type_sub", "従たる種別は心理的虐待。", "心理的虐待"),
        ("safety-check", "plan", "今後の対応。立入調査を実施する。", "立入調査"),
        ("face-sheet", "kind", "相談種別は、養護、児童虐待。", "養護(児童虐待)"),
        ("face-sheet", "close.reason", "転出により終結。", "転出・ケース移管"),
        ("conference", "plan", "援助方針案。在宅で継続指導。", "在宅で継続指導。"),
        ("temporary-custody", "contact", "面会・通信は全部制限とする。", "全部制限"),
        ("phone-consultation", "disposition", "処理は継続。", "継続"),
        ("phone-consultation", "urgent", "緊急性あり。", "有"),
    ] {
        assert_eq!(map(form, words).value(field), value, "{form}.{field}");
    }
}

#[test]
fn nothing_said_is_nothing_filled() {
    for template in shipped_templates(extract::rule_names()).unwrap() {
        for words in [
            "",
            "   ",
            "ええと、あの、えっと、その、うーん。",
            "The weather is fine today. Nothing to report about the case.",
        ] {
            let extraction = extract_with(&template, words);
            let filled: Vec<_> = extraction
                .fields
                .iter()
                .filter(|f| f.state != State::NotMentioned && f.id != "body" && f.id != "content")
                .collect();
            assert!(
                filled.is_empty(),
                "{}: {:?}",
                template.id,
                filled.iter().map(|f| &f.id).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn an_endless_sentence_takes_bounded_time() {
    let phrase = "本児は左の頬に青あざがあり実母は転んだと話し実父に架電するも不通で妹は元気で";
    let words: String = phrase.chars().cycle().take(100_000).collect();
    // The forms with the most rules of their own.
    for id in ["intake", "visit", "urgency", "face-sheet"] {
        let template = crate::harness::template(id);
        let document = crate::harness::document(&template, &words);
        let start = Instant::now();
        extract::extract(&document, &template, &[]).unwrap();
        let took = start.elapsed();
        // The program is at least ten times as fast as this build without optimisation.
        assert!(took < Duration::from_secs(20), "{}: {took:?}", template.id);
    }
}

#[test]
fn a_form_of_five_hundred_fields_is_filled() {
    let mut form =
        String::from("schema = 1\nid = \"big\"\ntitle = \"大きな様式 参考様式(例)\"\nversion = \"1\"\n");
    for n in 0..500 {
        form.push_str(&format!(
            "[[field]]\nid = \"f{n}\"\nlabel = \"項目{n}\"\ntype = \"text\"\nrequired = \"must\"\nfill = \"P\"\nheadings = [\"項目{n}\"]\nrule = \"section\"\n"
        ));
    }
    let template =
        parse_template(&form, "big.toml", &shipped_codes().unwrap(), extract::rule_names()).unwrap();
    let extraction = extract_with(&template, "項目7。左の頬。項目499。右の頬。");
    let mapped = Mapped { extraction };
    assert_eq!((mapped.value("f7").as_str(), mapped.value("f499").as_str()), ("左の頬。", "右の頬。"));
    assert_eq!(mapped.gaps().len(), 498);
}

#[test]
fn contradicting_corrections_keep_the_last_value() {
    let record = map("injury", "左の頬に、五百円玉、いや十円玉、いや五百円玉くらいの青あざがひとつ。");
    assert!(record.rows("injury")[0].contains("size=500円玉大"), "{:?}", record.rows("injury"));
    assert!(record.field("injury").flags.contains(&Flag::SelfCorrected));
    map("progress", "訂正、いや違う、失礼、訂正、いや三日、いや四日、いや三日、訂正。");
}

#[test]
fn the_office_s_own_relations_reach_the_rules() {
    let mut codes = shipped_codes().unwrap();
    let own = "[[list]]\nid = \"relation\"\nname = \"続柄\"\nbasis = \"office\"\ndate = \"2025-06-01\"\n\
               choices = [\"本児\", { label = \"実母\", spoken = [\"母\"] }, { label = \"養育里親\", spoken = [\"里親さん\"] }]\n";
    codes.extend(record::template::parse_codes(own, "codes.toml").unwrap());
    let form = "schema = 1\nid = \"own\"\ntitle = \"様式 参考様式(例)\"\nversion = \"1\"\n\
        [[field]]\nid = \"family\"\nlabel = \"家族\"\ntype = \"rows\"\nfill = \"P\"\nheadings = [\"家族構成\"]\nrule = \"household\"\n\
        [[field.column]]\nid = \"name\"\nlabel = \"氏名\"\ntype = \"text\"\n\
        [[field.column]]\nid = \"relation\"\nlabel = \"続柄\"\ntype = \"enum\"\ncodes = \"relation\"\ndetail = true\n\
        [[field.column]]\nid = \"age\"\nlabel = \"年齢\"\ntype = \"number\"\n\
        [[field.column]]\nid = \"occupation\"\nlabel = \"職業\"\ntype = \"text\"\n\
        [[field.column]]\nid = \"living\"\nlabel = \"同別居\"\ntype = \"enum\"\ncodes = \"living\"\n";
    let template = parse_template(form, "own.toml", &codes, extract::rule_names()).unwrap();
    let mapped = Mapped { extraction: extract_with(&template, "家族構成。里親さん50歳。") };
    assert_eq!(mapped.rows("family"), ["relation=養育里親 relation_detail=里親さん age=50"]);
}

#[test]
fn contradictions_are_listed_with_both_citations() {
    let ages = map("intake", "本児は四歳。主訴。泣き声。子どもの様子。本児は五歳で小柄。");
    let conflict = ages.extraction.conflicts.iter().find(|c| c.field == "child.age").unwrap();
    let quotes: Vec<_> = conflict.citations.iter().map(|c| c.quote.as_str()).collect();
    assert_eq!(quotes, ["4歳", "5歳"]);
    for compatible in ["長男四歳、次男二歳。", "本児は四歳。本児は四歳二か月。", "本児は四歳。妹は二歳。"]
    {
        let record = map("intake", compatible);
        assert!(!record.extraction.conflicts.iter().any(|c| c.field == "child.age"), "{compatible}");
    }
    let told = map("visit", "左の頬に青あざがある。本児は転んだと言う。実母はきょうだいげんかと説明。");
    assert_eq!(told.extraction.conflicts[0].field, "explain");
    assert_eq!(told.extraction.conflicts[0].citations.len(), 2);
    let weekday = map("visit", "令和七年六月三日水曜、十四時から十五時、家庭訪問。");
    assert_eq!(weekday.extraction.conflicts[0].field, "at");
}

#[test]
fn speech_without_full_stops_fills_the_form() {
    for words in [
        "令和7年6月3日火曜14時から15時20分家庭訪問しました 児童福祉司の森田と保健師の大西さんで対応しました 左の頬に10円玉くらいの青あざがひとつありました \
         本児は転んだと話しました 実母はきょうだいげんかと説明しました 実父は不在で会えていません 明日担当から園に電話します",
        "令和7年6月3日火曜14時から15時20分家庭訪問しました児童福祉司の森田と保健師の大西さんで対応しました左の頬に10円玉くらいの青あざがひとつありました\
         本児は転んだと話しました実母はきょうだいげんかと説明しました実父は不在で会えていません明日担当から園に電話します",
    ] {
        let record = map("visit", words);
        assert_eq!(record.value("at"), "2025-06-03T14:00〜2025-06-03T15:20");
        assert_eq!(record.value("form"), "家庭訪問");
        assert_eq!(record.rows("staff"), ["name=森田 title=児童福祉司", "name=大西 title=保健師"]);
        assert!(
            record.rows("injury")[0].starts_with("part=頬 side=左 kind=あざ colour=青 size=10円玉大"),
            "{:?}",
            record.rows("injury")
        );
        assert_eq!(
            record.rows("explain"),
            ["speaker=本児 words=転んだ", "speaker=実母 words=きょうだいげんか"]
        );
        assert_eq!(record.rows("next"), ["by=2025-06-04 who=担当 what=園に電話"]);
        assert_eq!(record.state("assess").0, State::NotMentioned);
    }
}
