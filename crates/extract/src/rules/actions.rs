//! What will be done: next actions, questions to the supervisor, agreements.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded, Kept, NormalForm, RowBuilder};
use regex::Regex;

use super::{Filled, Outcome, fill_day, without};
use crate::scene::{Scene, Sentence, supervisor_marker};
use crate::vocabulary::WORDS;
use crate::words::{
    clauses, ends_with_any, find_any, has_any, is_kanji, is_katakana, lead_of, trim, trim_end_of,
};

/// Kanji of verbs whose own ending is します: 出します, 取り直します.
const OWN_VERBS: &[char] = &[
    '出', '話', '渡', '返', '戻', '探', '示', '移', '通', '回', '残', '押', '流', '写', '離', '貸', '促',
    '直', '起',
];

/// Polite and plain endings of a planned action that are not part of it: 「訪問します」 → 「訪問」.
const VERB_ENDINGS: &[&str] =
    &["する予定です", "する予定", "します", "する", "予定です", "予定", "とする", "です"];

/// 「スクールソーシャルワーカーが」
const LONGEST_ACTOR: usize = 14;

/// What is done, without the endings of a plan; 「健診の日を取り直します」 keeps its verb.
fn without_endings(text: &str, what: Range<usize>) -> Range<usize> {
    let own = text[what.clone()].strip_suffix("します").is_some_and(|stem| {
        stem.ends_with(OWN_VERBS) && !stem.ends_with("電話") || stem.ends_with(['や', 'ば', 'ご', 'こ', 'ま'])
    });
    if own {
        return what;
    }
    trim_end_of(text, what, VERB_ENDINGS)
}

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

/// The actions of a sentence. It may hold several (「南が12日に電話し、北さんは園を訪問」) and a question to the supervisor
/// (「明日、担当から園に電話、SVに確認」), which is an action of its own only in a form that does not ask for such questions.
fn parts(scene: &Scene<'_>, sentence: &Sentence) -> Vec<Range<usize>> {
    let text = scene.text();
    let asks = scene.field("supervisor_checks").is_some();
    let Some(marker) = supervisor_marker(text, sentence.range.clone()) else {
        return by_actor(scene, sentence.range.clone());
    };
    let supervisor_clause =
        clauses(text, sentence.range.clone()).into_iter().find(|c| c.contains(&marker.start));
    let start = supervisor_clause.map_or(sentence.range.start, |c| c.start);
    // 「このあと、南がSVに相談」 in a form without such questions is what is done.
    let alone =
        trim(text, sentence.range.start + lead(text, &sentence.range)..start.max(sentence.range.start));
    // 「あす、甲斐がSVに報告し、10月2日までに…」
    if !asks && (start <= sentence.range.start || without_deadline(scene, &alone).is_empty()) {
        return by_actor(scene, sentence.range.clone());
    }
    // What stands before its clause is an action only if it is more than its object (「一時保護の要否は、SVに確認」).
    let before = trim(text, sentence.range.start..start);
    if before.is_empty() || text[before.clone()].ends_with(['は', 'を', 'か']) {
        Vec::new()
    } else {
        by_actor(scene, before)
    }
}

/// `range` cut in front of each clause that names another actor.
fn by_actor(scene: &Scene<'_>, range: Range<usize>) -> Vec<Range<usize>> {
    let text = scene.text();
    let mut parts = Vec::new();
    let mut start = range.start;
    for clause in clauses(text, range.clone()) {
        let before = trim(text, start..clause.start);
        // 「つながらないときは、…」 is a condition.
        if ends_with_any(
            &text[before.clone()],
            &["ときは", "時は", "場合は", "場合には", "ければ", "なら", "たら"],
        ) && !text[before.clone()].contains('、')
        {
            start = clause.start;
            continue;
        }
        let said = without_deadline(scene, &before);
        // 「北が7日に電話、来週中に所内で協議」: a deadline of its own, behind one that was said.
        let own = without_deadline(scene, &clause) != trim(text, clause.clone()) && lead(text, &clause) == 0;
        let timed = !scene.dates(before.clone()).is_empty()
            || has_any(text, before.clone(), &WORDS.actions.vague_deadlines);
        if own
            && timed
            && actor(scene, &said).is_some_and(|(_, end)| end < said.end)
            && without_deadline(scene, &said) == said
        {
            parts.push(before);
            start = clause.start;
            continue;
        }
        if !said.is_empty()
            && actor(scene, &said).is_none_or(|(_, end)| end < said.end)
            && opens(scene, &clause)
        {
            parts.push(before);
            start = clause.start;
        }
    }
    parts.push(trim(text, start..range.end));
    parts
}

/// Length of the lead that opens `range`, with its は.
fn lead(text: &str, range: &Range<usize>) -> usize {
    let words = &text[range.clone()];
    let lead =
        WORDS.actions.leads.iter().filter(|l| words.starts_with(**l)).map(|l| l.len()).max().unwrap_or(0);
    let topic = ["ですが", "ですけど", "ですけれど", "ですけれども", "については", "は"];
    if let Some(topic) = topic.iter().find(|t| lead > 0 && words[lead..].starts_with(**t)) {
        return lead + topic.len();
    }
    match words[lead..].chars().next() {
        Some('、') | None => lead,
        _ => 0,
    }
}

/// `range` without the deadline that it begins with.
fn without_deadline(scene: &Scene<'_>, range: &Range<usize>) -> Range<usize> {
    let text = scene.text();
    let range = &trim(text, range.start + lead(text, range)..range.end);
    let date = scene.dates(range.clone()).into_iter().map(|(_, a)| with_time(scene, a.range.clone())).next();
    let words = date.into_iter().chain(find_any(text, range.clone(), &WORDS.actions.vague_deadlines));
    let first =
        words.filter(|w| w.start == range.start).map(|w| after_deadline(text, w.end, range.end)).max();
    trim(text, first.unwrap_or(range.start)..range.end)
}

/// Whether a clause begins with somebody who acts: 「北さんは園を訪問」「来週中に、保健師が…」.
fn opens(scene: &Scene<'_>, clause: &Range<usize>) -> bool {
    let range = without_deadline(scene, clause);
    let named = actor(scene, &range).map(|(who, _)| who);
    named.is_some_and(|who| is_actor(scene, &who))
}

/// A name (「北さん」「長谷部」), a title or an office, and none of the family.
fn is_actor(scene: &Scene<'_>, who: &Range<usize>) -> bool {
    let text = scene.text();
    let words = &text[who.clone()];
    let name = words.trim_end_matches("さん");
    let count = name.chars().count();
    let named = name.len() < words.len()
        || ((1..=4).contains(&count) && name.chars().all(|c| is_kanji(c) || is_katakana(c)));
    (named || ends_with_any(words, &WORDS.actions.officials))
        && scene.mentions(who.clone()).iter().all(|m| m.relation.is_none())
        && scene.doc.annotations_in(who.clone()).next().is_none()
        && !ends_with_any(words, &WORDS.actions.no_actors)
}

fn action<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    part: Range<usize>,
) -> Result<Option<RowBuilder<'d>>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    let mut rest = trim(text, part.start + lead(text, &part)..part.end);

    let date = scene.dates(rest.clone()).into_iter().next();
    let vague = find_any(text, rest.clone(), &WORDS.actions.vague_deadlines).or_else(|| within(text, &rest));
    let deadline = date.as_ref().map(|(_, a)| with_time(scene, a.range.clone())).or(vague);
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
            row.copy("who", trim_end_of(text, who, &["さん"]))?;
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
    let what = without_endings(text, trim(text, rest));
    // 「…へ電話し、」: within the sentence.
    let joined = text[part.end..].starts_with('、');
    let what = if joined { trim_end_of(text, what, &["をして", "して", "をし", "し"]) } else { what };
    if what.is_empty() || has_any(text, what.clone(), &["なし", "特にな", "未定"]) {
        return Ok(None);
    }
    row.copy("what", what)?;
    row.cite(trim(text, part));
    Ok(Some(row))
}

/// 「退院後1週間以内」
fn within(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let found = WITHIN.as_ref()?.find(&text[range.clone()])?;
    Some(range.start + found.start()..range.start + found.end())
}

/// A length of time from an event, within which something is done.
static WITHIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:[一-龠々]{1,4}(?:後|から))?\d+(?:日|週間|か月)以内").ok());

/// The day with the time behind it: 「本日午後1時」「14日の10時」.
fn with_time(scene: &Scene<'_>, day: Range<usize>) -> Range<usize> {
    let text = scene.text();
    let from = day.end + if text[day.end..].starts_with('の') { "の".len() } else { 0 };
    let behind = scene.doc.annotations_from(from).take_while(|a| a.range.start <= from);
    let time = behind
        .filter(|a| a.range.start == from && matches!(a.entity, Entity::Time(_) | Entity::TimeRange(..)));
    day.start..time.map(|a| a.range.end).max().unwrap_or(day.end)
}

fn after_deadline(text: &str, end: usize, limit: usize) -> usize {
    const PARTS: &[&str] = &["の朝", "の午前中", "の午前", "の昼", "の午後", "の夕方", "の夜", "の朝一番"];
    let skip = |at: usize, words: &[&str]| {
        words.iter().find(|p| text[at..limit].starts_with(**p)).map_or(at, |p| at + p.len())
    };
    skip(skip(end, PARTS), &["までには", "までに", "中には", "中に", "には", "に", "まで", "は"])
}

/// 「担当から」「小川が」「保健師が」 at the start: the words, and where the rest begins.
fn actor(scene: &Scene<'_>, range: &Range<usize>) -> Option<(Range<usize>, usize)> {
    let text = scene.text();
    let head = &text[range.clone()];
    let said = ["が", "から", "より"]
        .iter()
        .filter_map(|p| head.find(p).map(|at| (at, *p)))
        .filter(|(at, _)| (1..=LONGEST_ACTOR).contains(&head[..*at].chars().count()))
        .min_by_key(|(at, _)| *at);
    let topical = || {
        let at = head.find('は').filter(|at| (1..=LONGEST_ACTOR).contains(&head[..*at].chars().count()))?;
        is_actor(scene, &(range.start..range.start + at)).then_some((at, "は"))
    };
    let first = said.filter(|(at, _)| !head[..*at].contains('は'));
    let (at, particle) =
        first.or_else(topical).or(said).or_else(|| together(head)).or_else(|| topic(head))?;
    let who = range.start..range.start + at;
    let clean = !text[who.clone()].contains(['、', '。', 'を', 'に']);
    clean.then(|| (who, range.start + at + particle.len()))
}

/// 「川上と心理で再訪問」: two colleagues, and no place.
fn together(head: &str) -> Option<(usize, &'static str)> {
    let at = head.find('で')?;
    let who = &head[..at];
    let place = ends_with_any(who, &["園", "校", "所", "室", "院", "宅", "庁", "課", "家"]);
    let means = ends_with_any(who, &["電話", "メール", "書面", "オンライン"]);
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
        // 「SVに確認したいのは、…です」
        if let Some(item) = asked_behind(text, marker.end..sentence.range.end) {
            row.copy("item", item)?;
            row.copy("to", supervisor(text, &marker))?;
            row.cite(trim(text, sentence.range.clone()));
            rows.push(row);
            continue;
        }
        // 「SVに確認、職権保護の要否」
        let behind = trim(text, marker.end..sentence.range.end);
        if trim(text, sentence.range.clone()).start == marker.start
            && text[marker.end..].starts_with('、')
            && !behind.is_empty()
        {
            row.copy("item", behind)?;
            row.copy("to", supervisor(text, &marker))?;
            row.cite(trim(text, sentence.range.clone()));
            rows.push(row);
            continue;
        }
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
        row.copy("to", supervisor(text, &marker))?;
        row.cite(marker);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// SV or スーパーバイザー at the start of the marker.
fn supervisor(text: &str, marker: &Range<usize>) -> Range<usize> {
    marker.start..marker.start + lead_of(&text[marker.start..], &["スーパーバイザー", "SV"])
}

/// What is asked, behind 「…したいのは」「…する点は」.
fn asked_behind(text: &str, behind: Range<usize>) -> Option<Range<usize>> {
    const ASKED: &[&str] = &["のは", "ことは", "点は", "内容は", "事項は"];
    let cue =
        find_any(text, behind.clone(), ASKED).filter(|c| text[behind.start..c.start].chars().count() <= 8)?;
    let item = trim(text, cue.end..behind.end);
    let item = trim_end_of(text, item, &["ということです", "ことです", "の件です", "です", "だ"]);
    (!item.is_empty()).then_some(item)
}

/// A clause that is an action of its own and not the object of the question.
fn is_action(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    actor(scene, range).is_some() || ends_with_any(scene.words(range), &["電話", "訪問", "連絡"])
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
            fill_day(&mut row, "by", day, annotation)?;
            if annotation.range.start == what.start {
                what = trim(text, after_deadline(text, annotation.range.end, what.end)..what.end);
            }
        }
        // 「…ことにし、本児もうなずいた」「…、これは実父も了承した」: what was promised ends there.
        let promise =
            find_any(text, what.clone(), &WORDS.actions.promises).filter(|p| !scene.is_quoted(p.start));
        if let Some(promise) = promise.filter(|p| p.start > what.start) {
            what = trim(text, what.start..promise.start);
        }
        let promised = [
            "ことを約束しました",
            "ことを約束した",
            "と約束しました",
            "と約束した",
            "ことで合意した",
            "ことで合意しました",
        ];
        let what = without_endings(text, trim_end_of(text, what, &promised));
        if what.is_empty() {
            continue;
        }
        row.copy("what", what)?;
        row.cite(range);
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}
