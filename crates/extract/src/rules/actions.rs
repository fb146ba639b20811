//! What will be done: next actions, questions to the supervisor, agreements.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Flag, Grounded, Kept, NormalForm, RowBuilder};

use super::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence, supervisor_marker};
use crate::words::{clauses, find_any, has_any, is_kanji, trim, trim_end_of};

/// Deadlines that are kept as words.
const VAGUE_DEADLINES: &[&str] = &[
    "今週中",
    "来週中",
    "今月中",
    "来月中",
    "今月末",
    "来月末",
    "月末",
    "週明け",
    "年度内",
    "年内",
    "速やかに",
    "至急",
    "後日",
    "来週",
    "来月",
    "次回",
];
/// Polite and plain endings of a planned action that are not part of it: 「訪問します」 → 「訪問」.
const VERB_ENDINGS: &[&str] =
    &["する予定です", "する予定", "します", "する", "ます", "予定です", "予定", "とする", "です"];

/// A plan of staff or an agency: who, what, by when.
pub(super) fn next_actions(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in scene.sentences.iter().filter(|s| scene.is_plan(s)) {
        let mut any = false;
        for part in parts(scene, sentence) {
            if let Some(row) = action(scene, spec, part)? {
                rows.push(row);
                any = true;
            }
        }
        if !any && !scene.is_for_supervisor(sentence) {
            status = status.or_else(|| without(scene, sentence));
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}

/// A sentence may hold an action and a question to the supervisor: 「明日、担当から園に電話、SVに確認」.
fn parts(scene: &Scene<'_>, sentence: &Sentence) -> Vec<Range<usize>> {
    let text = scene.text();
    let Some(marker) = supervisor_marker(text, sentence.range.clone()) else {
        return vec![sentence.range.clone()];
    };
    let supervisor_clause =
        clauses(text, sentence.range.clone()).into_iter().find(|c| c.contains(&marker.start));
    let start = supervisor_clause.map_or(sentence.range.start, |c| c.start);
    // What stands before its clause is an action only if it is more than its object (「一時保護の要否は、SVに確認」).
    let before = trim(text, sentence.range.start..start);
    if before.is_empty() || text[before.clone()].ends_with(['は', 'を']) {
        Vec::new()
    } else {
        vec![before]
    }
}

fn action<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    part: Range<usize>,
) -> Result<Option<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    let mut rest = trim(text, part.clone());

    let date = scene.dates(rest.clone()).into_iter().next();
    let vague = find_any(text, rest.clone(), VAGUE_DEADLINES);
    let deadline = date.as_ref().map(|(_, a)| a.range.clone()).or(vague);
    if let Some(words) = &deadline {
        if let Some((Some(day), annotation)) = &date {
            row.normal("by", &NormalForm::Date(*day), words.clone())?;
            annotation.flags.iter().for_each(|f| row.flag(*f));
        }
        row.keep("by", Kept::Words, words.clone())?;
    }

    let deadline_end = deadline.as_ref().map(|words| after_deadline(text, words.end, rest.end));
    if let (Some(words), Some(end)) = (&deadline, deadline_end)
        && trim(text, rest.start..words.start).is_empty()
    {
        rest = trim(text, end..rest.end);
    }
    match actor(scene, &rest) {
        Some((who, end)) => {
            // What the family is to do is no action of the staff.
            if scene.mentions(who.clone()).iter().any(|m| m.relation.is_some()) {
                return Ok(None);
            }
            row.copy("who", who)?;
            rest = trim(text, end..rest.end);
        }
        None => row.flag(Flag::ActorMissing),
    }
    // The deadline may stand behind the actor: 「保健師が、今週中に健診の状況を確認」.
    if let (Some(words), Some(end)) = (&deadline, deadline_end)
        && words.start >= rest.start
    {
        if trim(text, rest.start..words.start).is_empty() {
            rest = trim(text, end..rest.end);
        } else if end >= rest.end {
            rest = trim(text, rest.start..words.start);
        }
    }
    let what = trim_end_of(text, trim(text, rest), VERB_ENDINGS);
    if what.is_empty() || has_any(text, what.clone(), &["なし", "特にな", "未定"]) {
        return Ok(None);
    }
    row.copy("what", what)?;
    row.cite(trim(text, part));
    Ok(Some(row))
}

fn after_deadline(text: &str, end: usize, limit: usize) -> usize {
    const PARTS: &[&str] = &["の朝", "の午前中", "の午前", "の昼", "の午後", "の夕方", "の夜", "の朝一番"];
    let skip = |at: usize, words: &[&str]| {
        words.iter().find(|p| text[at..limit].starts_with(**p)).map_or(at, |p| at + p.len())
    };
    skip(skip(end, PARTS), &["までに", "中に", "に", "まで", "は"])
}

/// 「担当から」「小川が」「保健師が」 at the start: the words, and where the rest begins.
fn actor(scene: &Scene<'_>, range: &Range<usize>) -> Option<(Range<usize>, usize)> {
    let text = scene.text();
    let head = &text[range.clone()];
    let said = ["が", "から", "より"]
        .iter()
        .filter_map(|p| head.find(p).map(|at| (at, *p)))
        .filter(|(at, _)| (1..=12).contains(&head[..*at].chars().count()))
        .min_by_key(|(at, _)| *at);
    let (at, particle) = said.or_else(|| together(head)).or_else(|| topic(head))?;
    let who = range.start..range.start + at;
    let clean = !text[who.clone()].contains(['、', '。', 'を', 'に']);
    clean.then(|| (who, range.start + at + particle.len()))
}

/// 「川上と心理で再訪問」: two colleagues, and no place.
fn together(head: &str) -> Option<(usize, &'static str)> {
    let at = head.find('で')?;
    let who = &head[..at];
    let place = ["園", "校", "所", "室", "院", "宅", "庁", "課", "家"].iter().any(|end| who.ends_with(end));
    let means = ["電話", "メール", "書面", "オンライン"].iter().any(|end| who.ends_with(end));
    let joint = (3..=12).contains(&who.chars().count()) && who.contains('と');
    (joint && !place && !means).then_some((at, "で"))
}

/// 「野口、月末までに心理検査」: a name alone in front of the comma.
fn topic(head: &str) -> Option<(usize, &'static str)> {
    let at = head.find('、')?;
    let who = head[..at].trim_end_matches("さん");
    ((1..=4).contains(&who.chars().count()) && who.chars().all(is_kanji)).then_some((at, "、"))
}

/// 「写真の扱いをSVに確認」: what, and whom.
pub(super) fn supervisor_checks(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in scene.sentences.iter().filter(|s| s.heading.as_deref() != Some("聴取内容")) {
        let Some(marker) = supervisor_marker(text, sentence.range.clone()) else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        let all = clauses(text, sentence.range.clone());
        let clause = all.iter().position(|c| c.contains(&marker.start)).unwrap_or_default();
        let own = trim(text, all[clause].start..marker.start);
        // 「…は、SVに確認」: the item is the clause before.
        let item = match (own.is_empty(), clause.checked_sub(1)) {
            (true, Some(before)) => trim(text, all[before].clone()),
            _ => own,
        };
        let item = trim_end_of(text, item, &["については", "について", "を", "は", "も"]);
        if !item.is_empty() && !is_action(scene, &item) {
            row.copy("item", item)?;
        }
        row.copy("to", marker.start..marker.start + "SV".len())?;
        row.cite(marker);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// A clause that is an action of its own and not the object of the question.
fn is_action(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    actor(scene, range).is_some() || ["電話", "訪問", "連絡"].iter().any(|e| scene.words(range).ends_with(e))
}

/// Agreements that both sides voiced.
pub(super) fn agreements(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in scene.about(spec) {
        let range = trim(text, sentence.range.clone());
        let mut row = RowBuilder::new(scene.doc, spec);
        let mut what = range.clone();
        if let Some(mention) = scene.mentions(range.clone()).into_iter().next() {
            if let Some(p) = ["は、", "は", "が", "と、", "と"]
                .iter()
                .find(|p| mention.range.start == range.start && text[mention.range.end..].starts_with(**p))
            {
                what = trim(text, mention.range.end + p.len()..range.end);
            }
            row.copy("who", mention.range)?;
        }
        if let Some((day, annotation)) = scene.dates(range.clone()).into_iter().next() {
            if let Some(day) = day {
                row.normal("by", &NormalForm::Date(day), annotation.range.clone())?;
            }
            row.keep("by", Kept::Words, annotation.range.clone())?;
            if annotation.range.start == what.start {
                what = trim(text, after_deadline(text, annotation.range.end, what.end)..what.end);
            }
        }
        let promised = [
            "ことを約束しました",
            "ことを約束した",
            "と約束しました",
            "と約束した",
            "ことで合意した",
            "ことで合意しました",
        ];
        let what = trim_end_of(text, trim_end_of(text, what, &promised), VERB_ENDINGS);
        if what.is_empty() {
            continue;
        }
        row.copy("what", what)?;
        row.cite(range);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}
