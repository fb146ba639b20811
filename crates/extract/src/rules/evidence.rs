//! Candidate quotations for a question that a person decides: what was said, by whom, when, and whether it was denied.
//!
//! Nothing is marked, ranked or counted here; a cue makes a candidate and no more.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Flag, Grounded, Kept, NormalForm, Reason, RowBuilder};
use text::hedge;

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
        let mut seen: Vec<&str> = Vec::new();
        for found in spoken_choices(scene.text(), sentence.full.clone(), &items.choices) {
            if rows.len() == MAX_ROWS {
                break;
            }
            if !seen.contains(&found.choice.label.as_str()) {
                seen.push(&found.choice.label);
                rows.push(row(scene, spec, sentence, &found)?);
            }
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
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
    match status(text, cue.end..scene.scope(cue.clone()).end.clamp(cue.end, end)) {
        Some(found) if matches!(found.reason, Reason::Denial | Reason::None) => ("否定", found.range),
        Some(found) => ("不明", found.range),
        // 「ごみ屋敷のようだ」 likens, it does not doubt.
        None if text[cue.end..].starts_with("のよう") => ("肯定", cue.clone()),
        None if hedge::flags(scene.words(&sentence.full)).contains(&Flag::Uncertain) => ("不明", cue.clone()),
        None => ("肯定", cue.clone()),
    }
}
