//! The tagger with the shipped weights: what it adds to the rules, and what it must never do.
#![cfg(feature = "model")]

use std::time::{Duration, Instant};

use extract::model::Tagger;
use extract::{Extraction, Proposer, extract, rule_names};
use record::template::{Fill, Template, shipped_templates};
use record::{Document, Origin, Segment, State, Transcript};
use text::{Chain, Headings};

fn forms() -> Vec<Template> {
    shipped_templates(rule_names()).expect("the shipped forms")
}

fn form(id: &str) -> Template {
    forms().into_iter().find(|t| t.id == id).expect("a shipped form")
}

fn document(template: &Template, text: &str) -> Document {
    let segment = Segment { raw: text.into(), text: text.into(), ..Segment::default() };
    let mut document = Document::new(&Transcript { segments: vec![segment], edits: vec![] }, None);
    let headings: Vec<String> = template.headings().map(ToOwned::to_owned).collect();
    Chain::default().with(Headings::with(&headings)).run(&mut document).expect("the passes");
    document
}

fn filled(template: &Template, text: &str, tagger: Option<&Tagger>) -> Extraction {
    let proposers: Vec<&dyn Proposer> = tagger.into_iter().map(|t| -> &dyn Proposer { t }).collect();
    extract(&document(template, text), template, &proposers).expect("a record")
}

fn display(extraction: &Extraction, id: &str) -> String {
    extraction.fields.iter().find(|f| f.id == id).expect("a field of the form").display.clone()
}

/// No heading, and no cue that a rule knows.
const HEADLESS: &str = "長男は下を向いたまま、一言も話しませんでした。お母さんは疲れた様子で、途中で涙ぐんでいました。\
                        次男は膝の上で眠っていました。";

#[test]
fn a_sentence_without_a_heading_finds_its_field() {
    let alone = filled(&form("visit"), HEADLESS, None);
    assert!(!display(&alone, "obs.child").contains("一言も話しませんでした"));
    let tagger = Tagger::shipped().unwrap();
    let done = filled(&form("visit"), HEADLESS, Some(&tagger));
    let child = display(&done, "obs.child");
    assert!(child.contains("一言も話しませんでした") && !child.contains("涙ぐんで"), "{child}");
}

/// Whose the number, the name and the ages are, only the sentences before say.
const CALL: &str = "十月九日木曜、十時二十分、電話で受理。受けたのは児童福祉司の三輪。学童クラブの所長さんで、大槻さんという女性からの電話。\
                    番号は0467-55-1234。気がかりなのは杉本あかりちゃん、九歳、四年生。この三週間、夕方になると迎えが来ない。\
                    お母さんは杉本玲子さんといって三十八歳、美容師をしている。弟の陸くんは五歳。";

#[test]
fn a_fact_goes_to_the_person_of_whom_it_is_told() {
    let alone = filled(&form("intake"), CALL, None);
    let tagger = Tagger::shipped().unwrap();
    let done = filled(&form("intake"), CALL, Some(&tagger));
    let expected = [
        ("child.name", "杉本あかり"),
        ("reporter.phone", "0467-55-1234"),
        ("reporter.relation", "学童クラブの所長"),
        ("family.sib", "有"),
    ];
    for (id, value) in expected {
        assert_eq!((display(&alone, id).as_str(), display(&done, id).as_str()), ("", value), "{id}");
    }
    let rows = done.fields.iter().find(|f| f.id == "family.sib_rows").unwrap();
    assert_eq!(rows.origin, Some(Origin::Model));
    assert!(rows.display.contains('弟') && rows.display.contains('5'), "{}", rows.display);
}

#[test]
fn wrong_characters_do_not_break_it() {
    let tagger = Tagger::shipped().unwrap();
    let heard = HEADLESS.replace("話し", "放し");
    let child = display(&filled(&form("visit"), &heard, Some(&tagger)), "obs.child");
    assert!(child.contains("一言も放しませんでした"), "{child}");
}

#[test]
fn a_view_that_nobody_marked_is_no_view() {
    let tagger = Tagger::shipped().unwrap();
    let text =
        "虐待の可能性が高いと思います。一時保護が必要だと考えます。医師の所見では骨折はないとのことです。";
    for template in forms() {
        let done = filled(&template, text, Some(&tagger));
        for field in done.fields.iter().filter(|f| f.label.contains("所見") || f.label.contains("見立て"))
        {
            assert_eq!(field.state, State::NotMentioned, "{}: {}", template.id, field.id);
        }
    }
}

#[test]
fn the_tagger_fills_no_field_of_a_person_and_no_literal_one() {
    let tagger = Tagger::shipped().unwrap();
    let severe = "緊急度は高い。生命の危険がある。右の大腿骨に骨折があり、実父に殴られた。すぐに分離が必要。一時保護する。\
                  警察に通報し、立入調査を行う。親権停止を申し立てる。";
    for template in forms() {
        let done = filled(&template, severe, Some(&tagger));
        for (field, spec) in done.fields.iter().zip(&template.fields) {
            let by_model = field.origin == Some(Origin::Model);
            assert!(!by_model || spec.fill == Fill::Program, "{}: {}", template.id, field.id);
            if spec.fill == Fill::Human {
                assert_eq!(field.state, State::NotMentioned, "{}: {}", template.id, field.id);
            }
        }
    }
}

#[test]
fn every_value_of_the_model_is_words_of_the_text() {
    let tagger = Tagger::shipped().unwrap();
    for template in forms() {
        let document = document(&template, HEADLESS);
        let done = extract(&document, &template, &[&tagger]).unwrap();
        for field in done.fields.iter().filter(|f| f.origin == Some(Origin::Model)) {
            assert!(!field.citations.is_empty(), "{}", field.id);
            assert!(field.citations.iter().all(|c| document.text().contains(&c.quote)), "{}", field.id);
        }
    }
}

#[test]
fn same_text_same_proposals() {
    let template = form("visit");
    let document = document(&template, HEADLESS);
    let propose = || Tagger::shipped().unwrap().propose(&document, &template).unwrap();
    assert_eq!(propose(), propose());
}

#[test]
fn a_text_reads_the_same_alone_and_inside_a_long_one() {
    let tagger = Tagger::shipped().unwrap();
    let padding = "。".repeat(700);
    let text = format!("{padding}{HEADLESS}{padding}");
    let inside: Vec<_> = tagger.read(&text).unwrap().spans().to_vec();
    let shifted = format!("{}{HEADLESS}{padding}", "。".repeat(40));
    let moved = padding.len() - "。".repeat(40).len();
    let alone: Vec<_> = tagger.read(&shifted).unwrap().spans().to_vec();
    let alone: Vec<_> =
        alone.into_iter().map(|s| (s.kind, s.range.start + moved..s.range.end + moved)).collect();
    assert_eq!(inside.into_iter().map(|s| (s.kind, s.range)).collect::<Vec<_>>(), alone);
}

#[test]
fn odd_texts_are_read_without_harm() {
    let tagger = Tagger::shipped().unwrap();
    let texts = [
        "",
        "。",
        " \n",
        "えーと、あの、まあ、その。",
        "The quick brown fox. Привет, мир.",
        "👨‍👩‍👧🏠\u{0}\u{feff}",
    ];
    for text in texts {
        for template in forms() {
            let done = filled(&template, text, Some(&tagger));
            assert!(done.fields.iter().all(|f| f.origin != Some(Origin::Model)), "{text}: {}", template.id);
        }
    }
}

#[test]
fn one_endless_sentence_takes_bounded_time() {
    let tagger = Tagger::shipped().unwrap();
    let endless: String = "本児は学校から帰って宿題をして、".chars().cycle().take(100_000).collect();
    let started = Instant::now();
    let reading = tagger.read(&endless).unwrap();
    assert!(started.elapsed() < Duration::from_mins(2), "{:?}", started.elapsed());
    assert!(reading.ends(0.0).len() == 100_000);
}
