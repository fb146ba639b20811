//! A consultation by telephone: who called, what about, how long, who takes over.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Entity, Grounded, NormalForm, Reason};

use super::section::whole_section;
use super::{Filled, Outcome, copied, entry, without, without_as};
use crate::scene::{Scene, Sentence};
use crate::words::{find_any, has_any, trim};

/// What the caller is to the child.
pub(super) fn relation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some((_, mention)) = caller(scene, spec) else { return Ok(None) };
    let Some(label) = mention.relation.as_deref() else { return Ok(None) };
    let grounded = Grounded::choice(scene.doc, &spec.choices, label, mention.range.clone())?;
    let same = scene.words(&mention.range) == label;
    let grounded =
        if same || !spec.detail { grounded } else { grounded.with_detail(scene.doc, mention.range) };
    Ok(Some(Outcome::Stated(grounded)))
}

/// The caller's age: the one in the caller's sentence.
pub(super) fn age(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let Some((sentence, mention)) = caller(scene, spec) else { return Ok(None) };
    let next = scene.mentions(mention.range.end..sentence.full.end).into_iter().next();
    let end = next.map_or(sentence.full.end, |m| m.range.start);
    let found = scene.doc.annotations_in(mention.range.end..end).find_map(|a| match &a.entity {
        Entity::Age(age) if age.years == age.years_high && is_own(text, &mention.range, &a.range) => {
            Some((age.years, a))
        }
        _ => None,
    });
    Ok(found.map(|(years, a)| {
        let form = NormalForm::Number(f64::from(years));
        let grounded = Grounded::normal(scene.doc, std::slice::from_ref(&a.range), &form);
        Outcome::Stated(grounded.showing(scene.doc, a.range.clone()).with_flags(a.flags.iter().copied()))
    }))
}

/// The age directly behind the caller, and not 「5歳の娘」.
fn is_own(text: &str, caller: &Range<usize>, age: &Range<usize>) -> bool {
    let behind = &text[age.end..];
    text[caller.end..age.start].chars().count() <= 10
        && (!behind.starts_with('の') || behind.starts_with("の方"))
}

/// The sentence about the caller, and the word for him: behind 「相談者は」, or in front of 「から電話」.
fn caller<'s>(scene: &'s Scene<'_>, spec: &FieldSpec) -> Option<(&'s Sentence, crate::people::Mention)> {
    let text = scene.text();
    scene.sentences.iter().find_map(|s| {
        let cue = find_any(text, s.full.clone(), &spec.cues)?;
        let comes_after = text[cue.clone()].ends_with('者');
        let mentions = scene
            .mentions(s.full.clone())
            .into_iter()
            .filter(|m| m.relation.as_deref().is_some_and(|r| r != "本児"));
        let mention = if comes_after {
            mentions.into_iter().find(|m| m.range.start >= cue.end)
        } else {
            mentions.into_iter().rfind(|m| m.range.end <= cue.start)
        }?;
        Some((s, mention))
    })
}

/// What the consultation is about: the section, else what was told, without the call's own head and what was advised.
pub(super) fn consultation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if !headed.is_empty() {
        return Ok(whole_section(scene, headed));
    }
    let told =
        scene.headless().filter(|s| !entry::is_head(scene, s) && !scene.is_plan(s) && !is_other(scene, s));
    Ok(copied(scene, told))
}

/// A sentence of another field; one that only says that somebody called.
fn is_other(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    const OTHER_FIELDS: &[&str] = &[
        "助言",
        "案内し",
        "勧め",
        "相談者",
        "通告者",
        "引き継",
        "引継",
        "所要時間",
        "通話時間",
        "緊急性",
        "処理は",
        "相談種別",
        "受付",
        "連絡先",
        "受けたのは",
        "くらい話",
        "対応は",
    ];
    const CALLED: &[&str] = &["から電話", "からの電話"];
    let text = scene.text();
    let short = text[trim(text, sentence.range.clone())].chars().count() <= 14;
    has_any(text, sentence.full.clone(), OTHER_FIELDS)
        || (short && has_any(text, sentence.full.clone(), CALLED))
}

/// Who takes over: the words in front of 引継ぎ.
pub(super) fn handover_to(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(sentence) = scene.under(&spec.headings).next() {
        return Ok(whole_section(scene, vec![sentence]));
    }
    for sentence in &scene.sentences {
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        if scene.is_negated(cue.clone()) {
            return Ok(Some(without_as(scene, sentence, Reason::None, None)));
        }
        let before = trim(text, sentence.full.start..cue.start);
        let Some(words) = ["に", "へ"].iter().find_map(|p| {
            let end = text[before.clone()].strip_suffix(p)?;
            Some(before.start..before.start + end.len())
        }) else {
            continue;
        };
        // Behind the moment, the comma, は and を.
        let moment = scene
            .doc
            .annotations_in(words.clone())
            .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_)));
        let from = moment.map(|a| a.range.end).max().unwrap_or(words.start);
        let cut = text[from..words.end]
            .rfind(['、', 'は', 'を', ' '])
            .map_or(from, |at| from + at + text[from + at..].chars().next().map_or(0, char::len_utf8));
        let cut = cut + if text[cut..words.end].starts_with('に') { "に".len() } else { 0 };
        let words = trim(text, cut..words.end);
        if !words.is_empty() {
            return Ok(Some(Outcome::Stated(Grounded::copied(scene.doc, &[words]))));
        }
    }
    Ok(None)
}

/// Minutes that were said for the call, else from its start to its end.
pub(super) fn duration(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in scene.about(spec) {
        let said = scene.doc.annotations_in(sentence.full.clone()).find_map(|a| match a.entity {
            Entity::Duration(minutes) => Some((minutes, a.range.clone())),
            _ => None,
        });
        if let Some((minutes, words)) = said {
            let form = NormalForm::Minutes(minutes.into());
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[words], &form))));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    let spans = scene.narrative().take(3).flat_map(|s| scene.times(s.range.clone()));
    let span = spans.into_iter().find_map(|(start, end, a)| Some((start, end?, a)));
    Ok(span.filter(|(start, end, _)| start.certain && end.certain).map(|(start, end, a)| {
        let minute = |t: record::ClockTime| {
            i64::from(t.hour) * 60 + i64::from(t.minute) + i64::from(t.next_day) * 24 * 60
        };
        let form = NormalForm::Minutes(minute(end) - minute(start));
        Outcome::Stated(Grounded::computed(scene.doc, std::slice::from_ref(&a.range), &form))
    }))
}

/// 有 or 無 only where the words themselves follow the cue: 「緊急性あり」, 「緊急性はなし」. A judgement in other words
/// (「緊急性が高い」) sets nothing.
pub(super) fn literal_presence(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in &scene.sentences {
        let headed = sentence.heading.as_ref().is_some_and(|h| spec.headings.contains(h));
        let cue = find_any(text, sentence.full.clone(), &spec.cues);
        let Some(from) = cue
            .filter(|c| !scene.is_quoted(c.start))
            .map(|c| c.end)
            .or(headed.then_some(sentence.range.start))
        else {
            continue;
        };
        let behind =
            text[from..sentence.full.end].trim_start_matches(['は', 'が', 'も', '、', '。', ' ', 'の']);
        let behind = behind.trim_start_matches("有無は").trim_start_matches('、');
        let starts = |words: &[&str]| words.iter().any(|w| behind.starts_with(w));
        let whole = || -> Range<usize> { sentence.full.clone() };
        if starts(&["あり", "有り", "有。", "有、", "ある。", "ある、", "あると"])
            || behind == "有"
            || behind == "ある"
        {
            return Ok(Some(Outcome::Stated(Grounded::normal(scene.doc, &[whole()], &NormalForm::Present))));
        }
        if starts(&["なし", "無し", "無。", "無、", "ない。", "ない、", "ないと", "ありません"])
            || behind == "無"
            || behind == "ない"
        {
            return Ok(Some(without_as(scene, sentence, Reason::None, None)));
        }
        if starts(&["不明", "未定"]) {
            return Ok(Some(without_as(scene, sentence, Reason::SaidUnknown, None)));
        }
    }
    Ok(None)
}
