//! Why custody is needed.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, RowBuilder};

use crate::people::Mention;
use crate::rules::{Filled, Outcome, family, fill_day};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_all, find_any, has_any, starts_with_any, trim};

/// The facts that make custody needed, one row a sentence, each with its day and its source.
pub(in crate::rules) fn needs(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let announced = announced(scene);
    let told: Vec<&Sentence> = if !announced.is_empty() {
        announced
    } else if headed.is_empty() {
        scene
            .headless()
            .filter(|s| !scene.is_plan(s) && !has_any(text, s.full.clone(), &WORDS.needs.no_need))
            .filter(|s| {
                let cued = has_any(text, s.full.clone(), &spec.cues) && !asserts_nothing(scene, s, spec);
                cued || is_done_to_child(scene, s)
                    || is_professional_warning(scene, s)
                    || is_reported(scene, s)
            })
            .filter(|s| !scene.is_wish(s) || has_any(text, s.range.clone(), &["交番", "逃げ", "助けを求め"]))
            .collect()
    } else {
        headed
    };
    let mut rows = Vec::new();
    for sentence in told {
        let mut row = RowBuilder::new(scene.doc, spec);
        // 「…と診断、資料は診断書」
        let last = clauses(text, sentence.range.clone())
            .pop()
            .filter(|c| text[trim(text, c.clone())].starts_with("資料は") && c.start > sentence.range.start);
        let fact = sentence.range.start..last.map_or(sentence.range.end, |c| c.start);
        row.copy("fact", trim(text, fact))?;
        if let Some((day, annotation)) = scene.dates(sentence.full.clone()).into_iter().next() {
            fill_day(&mut row, "date", day, annotation)?;
        }
        if let Some(material) = find_any(text, sentence.range.clone(), &WORDS.needs.materials) {
            row.copy("material", described(text, &sentence.range, &material))?;
        }
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// 「保護が必要と考えた事情は3つあります。」: the sentences that follow, as many as were announced.
fn announced<'s>(scene: &'s Scene<'_>) -> Vec<&'s Sentence> {
    const GROUNDS: &[&str] = &["理由", "事情", "材料", "根拠", "必要", "判断", "決め手", "背景", "経緯"];
    let text = scene.text();
    let is_announcement = |s: &Sentence| {
        let words = trim(text, s.full.clone());
        has_any(text, words.clone(), &["保護"])
            && has_any(text, words.clone(), GROUNDS)
            && ends_with_any(&text[words.clone()], &WORDS.needs.announcements)
            && text[words].chars().count() <= 40
    };
    let Some(at) = scene.sentences.iter().position(|s| !scene.is_plan(s) && is_announcement(s)) else {
        return Vec::new();
    };
    let said = &text[scene.sentences[at].full.clone()];
    let spoken = ["一", "二", "三", "四", "五", "六"];
    let count = ["つ", "点"].iter().find_map(|unit| {
        let before = said[..said.rfind(unit)?].chars().next_back()?;
        let kanji = || spoken.iter().position(|n| n.starts_with(before)).map(|n| n + 1);
        before.to_digit(10).and_then(|n| usize::try_from(n).ok()).or_else(kanji)
    });
    let behind = scene.sentences[at + 1..].iter();
    match count {
        Some(count) => behind.take(count).collect(),
        None => behind
            .take_while(|s| {
                s.heading.is_none()
                    && !scene.is_plan(s)
                    && !scene.is_wish(s)
                    && !has_any(text, s.full.clone(), &WORDS.needs.no_need)
            })
            .collect(),
    }
}

/// The material with what describes it: 「交番で撮った写真」「校医の診断書」.
fn described(text: &str, sentence: &Range<usize>, word: &Range<usize>) -> Range<usize> {
    let clause =
        clauses(text, sentence.clone()).into_iter().find(|c| c.start <= word.start && word.end <= c.end);
    let start = clause.map_or(sentence.start, |c| c.start);
    let cut = text[start..word.start].rfind(['は', 'が', 'を', 'に', 'と', 'も', 'へ', '」']);
    let from = cut.map_or(start, |at| start + at + 'は'.len_utf8());
    trim(text, from..word.end)
}

/// 「実父が病室で本児の点滴を抜こうとした」: what a parent did to the child.
fn is_done_to_child(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let people = scene.mentions(sentence.range.clone());
    let follows = |m: &Mention, particles: &[&str]| starts_with_any(&text[m.range.end..], particles);
    let parent = people.iter().find(|m| family::is_guardian(m) && follows(m, &["が", "は"]));
    parent.is_some_and(|parent| {
        people.iter().any(|m| {
            m.relation.as_deref() == Some("本児")
                && m.range.start > parent.range.end
                && follows(m, &["を", "の", "に"])
        })
    }) && scene.quotes(sentence.range.clone()).is_empty()
}

/// 「主治医からは、退院させると命に関わると聞いています」
fn is_professional_warning(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    has_any(text, sentence.range.clone(), &["医師", "主治医", "看護師"])
        && has_any(
            text,
            sentence.range.clone(),
            &["命に", "危険", "入院が必要", "入院をすすめ", "入院を勧め"],
        )
}

/// 「警察の話では、…」「健診に来なかったと保健師から聞いている」: what somebody outside the family told of the past.
fn is_reported(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let heard = has_any(text, sentence.range.clone(), &WORDS.needs.heard);
    let source = find_any(text, sentence.range.clone(), &WORDS.needs.sources);
    let days = scene.dates(sentence.range.clone());
    let anchor = scene.doc.anchor();
    let to_come =
        days.iter().any(|(day, _)| day.is_some_and(|day| anchor.is_some_and(|anchor| day > anchor)));
    let past = days.iter().any(|(day, _)| day.is_some_and(|day| anchor.is_some_and(|anchor| day < anchor)));
    heard
        && !to_come
        && !has_any(text, sentence.range.clone(), &WORDS.plan.to_come)
        && (past || source.is_some_and(|at| !scene.is_quoted(at.start)))
        && !text[sentence.range.clone()].contains('「')
}

/// Every cue of the sentence is negated: 「傷はない」.
fn asserts_nothing(scene: &Scene<'_>, sentence: &Sentence, spec: &FieldSpec) -> bool {
    let text = scene.text();
    let mut found = spec.cues.iter().flat_map(|cue| find_all(text, sentence.full.clone(), cue));
    found.all(|word| scene.is_negated(word))
}
