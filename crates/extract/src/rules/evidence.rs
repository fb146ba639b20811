//! Candidate quotations for a question that a person decides: what was said, by whom, when, and whether it was denied.
//!
//! Nothing is marked, ranked or counted here; a cue makes a candidate and no more.

mod cues;

use std::ops::Range;

use record::template::{Choice, FieldSpec};
use record::{Flag, Grounded, Kept, NormalForm, Reason, RowBuilder, State};
use text::hedge;

use super::family::GUARDIANS;
use super::{Filled, Outcome};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::words::{Spoken, find_any, spoken_choices, trim};

/// A table of candidates is for a person to read.
const MAX_ROWS: usize = 60;
/// Words of staff about the law or their plans are no candidates.
const NOT_OBSERVED: &[&str] = &["告知内容", "今後の対応", "対応者", "目的"];

/// One row for each item whose cues stand in a sentence.
pub(super) fn evidence(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some(items) = spec.column("item") else { return Ok(None) };
    let mut rows = Vec::new();
    for sentence in scene.sentences.iter().filter(|s| is_observed(scene, s)) {
        for found in candidates(scene, sentence, &items.choices) {
            if rows.len() == MAX_ROWS {
                break;
            }
            if !(is_of_parents(spec, found.choice) && is_about_child(scene, sentence)) {
                rows.push(row(scene, spec, sentence, &found)?);
            }
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// The items that the sentence may be evidence of, each once, in the order of their words.
fn candidates<'c>(scene: &Scene<'_>, sentence: &Sentence, items: &'c [Choice]) -> Vec<Spoken<'c>> {
    let text = scene.text();
    let mut found = spoken_choices(text, sentence.full.clone(), items);
    found.extend(items.iter().filter_map(|choice| {
        let range = cues::find(text, sentence.full.clone(), &choice.label)?;
        Some(Spoken { choice, range })
    }));
    found.sort_by_key(|spoken| (spoken.range.start, usize::MAX - spoken.range.end));
    let mut seen: Vec<&str> = Vec::new();
    found.retain(|spoken| {
        let new = !seen.contains(&spoken.choice.label.as_str());
        seen.push(&spoken.choice.label);
        new
    });
    found
}

/// An item of the parents' health or conduct.
fn is_of_parents(spec: &FieldSpec, item: &Choice) -> bool {
    spec.label.contains("保護者に虐待") || item.label.starts_with("保護者の") || item.label.starts_with("保護者に")
}

/// 「本児は夜眠れない」 tells nothing of the parents.
fn is_about_child(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let people = scene.mentions(sentence.range.clone());
    let topical = people.first().is_some_and(|m| {
        m.relation.as_deref() == Some("本児")
            && ["は", "が", "も", "、"].iter().any(|p| scene.text()[m.range.end..].starts_with(p))
    });
    topical && !people.iter().any(|m| m.relation.as_deref().is_some_and(|r| GUARDIANS.contains(&r)))
}

fn is_observed(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let heading = sentence.heading.as_deref().unwrap_or_default();
    !NOT_OBSERVED.contains(&heading) && !scene.is_plan(sentence)
}

fn row<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    sentence: &Sentence,
    found: &Spoken<'_>,
) -> Result<RowBuilder<'d>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.choose("item", &found.choice.label, found.range.clone())?;
    let quote = scene
        .quotes(sentence.full.clone())
        .into_iter()
        .find(|(_, words)| words.start <= found.range.start && found.range.end <= words.end);
    let words = quote.as_ref().map_or_else(|| trim(text, sentence.range.clone()), |(_, words)| words.clone());
    row.copy("words", words)?;
    // 「実父『…』と話す」: without a particle the person directly in front of the bracket spoke.
    let in_front = quote.as_ref().and_then(|(_, words)| {
        let bracket = text[..words.start].trim_end_matches(['「', '『']).len();
        let last = scene.mentions(sentence.full.start..bracket.max(sentence.full.start)).pop()?;
        (last.range.end == bracket).then_some(last.range)
    });
    if let Some(speaker) = quote.as_ref().and_then(|(q, _)| q.speaker.clone()).or(in_front) {
        speaker_of(scene, &mut row, "speaker", speaker)?;
    }
    if let Some((day, annotation)) = scene.dates(sentence.full.clone()).into_iter().next() {
        if let Some(day) = day {
            row.normal("said_at", &NormalForm::Date(day), annotation.range.clone())?;
        }
        row.keep("said_at", Kept::Words, annotation.range.clone())?;
    }
    if spec.column("polarity").is_some() {
        let (label, words) = polarity_of(scene, sentence, &found.range);
        row.choose("polarity", label, words)?;
    }
    row.cite(trim(text, sentence.full.clone()));
    for flag in hedge::flags(scene.words(&sentence.full)) {
        row.flag(flag);
    }
    Ok(row)
}

/// The speaker as a label of the relation list, or その他 with the words.
pub(super) fn speaker_of(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    column: &str,
    words: Range<usize>,
) -> Result<(), record::GroundingError> {
    let mention = scene.mentions(words.clone()).into_iter().find(|m| m.relation.is_some());
    if let Some(mention) = mention {
        let label = mention.relation.unwrap_or_default();
        row.choose(column, &label, mention.range.clone())?;
        if scene.words(&mention.range) == label {
            Ok(())
        } else {
            row.keep(column, Kept::Detail, mention.range)
        }
    } else {
        row.choose(column, "その他", words.clone())?;
        row.keep(column, Kept::Detail, words)
    }
}

/// Ends of a condition: 飲むと, 叩けば.
const CONDITIONS: &[&str] =
    &["むと", "ると", "うと", "くと", "すと", "つと", "ぶと", "たら", "れば", "えば", "けば", "せば", "めば"];

/// Where the answer to the cue ends: its clause, and where the clause is only the topic (「父からの暴力については、」) the sentence.
fn answer_end(scene: &Scene<'_>, sentence: &Sentence, cue: &Range<usize>) -> usize {
    const TOPICS: &[&str] = &["は", "については", "に関しては", "について", "の有無は", "かは", "も", "かどうかは"];
    let text = scene.text();
    let clause = scene.scope(cue.clone()).end.max(cue.end);
    let topical = text[clause..].starts_with('、')
        && TOPICS.iter().any(|topic| text[cue.end..clause].ends_with(topic))
        && text[cue.end..clause].chars().count() <= 12;
    if topical { sentence.range.end.max(clause) } else { clause }
}

/// 否定 where the words are negated or denied, 不明 where the speaker does not know, else 肯定.
fn polarity_of(scene: &Scene<'_>, sentence: &Sentence, cue: &Range<usize>) -> (&'static str, Range<usize>) {
    let text = scene.text();
    // 「こわがって近づかない」: the negation is of the next verb, 「こわがっていない」 of this one.
    let joined = text[cue.clone()].ends_with('て')
        && !["い", "お", "は", "な"].iter().any(|p| text[cue.end..].starts_with(p));
    // 「ごみだらけで足の踏み場がない」: so is what follows で, 「ごみ屋敷ではない」 is not.
    let linked = text[cue.end..].starts_with('で')
        && !["では", "でな", "でも"].iter().any(|p| text[cue.end..].starts_with(p));
    if joined || linked {
        return ("肯定", cue.clone());
    }
    // 「アルコールの問題はない」 negates, whatever 「問題はない」 does elsewhere.
    let behind = &text[cue.end..sentence.full.end];
    if ["の問題はな", "の問題はあり", "の問題もな", "の問題なし", "の問題がな"]
        .iter()
        .any(|p| behind.starts_with(p))
    {
        let positive = behind.starts_with("の問題はあり") && !behind.starts_with("の問題はありませ");
        return (if positive { "肯定" } else { "否定" }, cue.clone());
    }
    // 「精神科の受診歴は把握できていない」, 「お酒については、量まではわからない」: not known is more than negated.
    let reach = cue.end..answer_end(scene, sentence, cue);
    if let Some(found) = status(text, reach.clone()).filter(|s| s.reason.state() == State::Unknown) {
        return ("不明", found.range);
    }
    // 「飲むと手がつけられなくなる」: what is negated behind a condition is its consequence.
    let said = ["と話", "と言", "と訴", "と聞", "と説明", "との", "とい"];
    let condition = find_any(text, cue.end..sentence.full.end, CONDITIONS)
        .filter(|at| !said.iter().any(|s| text[at.end - "と".len()..].starts_with(s)));
    let negated = match &condition {
        Some(at) => text::polarity::is_negated(&text[..at.end], cue.clone()),
        None => scene.is_negated(cue.clone()),
    };
    if negated {
        return ("否定", cue.clone());
    }
    let end = condition.map_or(sentence.full.end, |at| at.end);
    match status(text, cue.end..reach.end.clamp(cue.end, end)) {
        Some(found) if matches!(found.reason, Reason::Denial | Reason::None) => ("否定", found.range),
        Some(found) => ("不明", found.range),
        // 「ごみ屋敷のようだ」 likens, it does not doubt.
        None if text[cue.end..].starts_with("のよう") => ("肯定", cue.clone()),
        None if hedge::flags(scene.words(&sentence.full)).contains(&Flag::Uncertain) => ("不明", cue.clone()),
        None => ("肯定", cue.clone()),
    }
}
