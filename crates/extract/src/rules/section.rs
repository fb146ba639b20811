//! Text fields: what stands under a heading, or what the field's cues mark.

use record::Grounded;
use record::template::FieldSpec;

use super::{Filled, Outcome, copied, without};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::words::{clauses, find_any, has_any, trim};

/// Behind the words of a status there is at most its ending: 「確認でき|ませんでした」.
const STATUS_TAIL_CHARS: usize = 6;

/// The sentences under the field's headings, and nothing else: a view (所見) is taken only where the speaker marked it.
pub(super) fn section(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    Ok(whole_section(scene, scene.under(&spec.headings).collect()))
}

/// The section, or sentences with the field's cues that quote nobody.
pub(super) fn observation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let observed = scene.headless().filter(|s| {
        has_any(scene.text(), s.range.clone(), &spec.cues)
            && scene.quotes(s.range.clone()).is_empty()
            && !scene.words(&s.range).contains('「')
            && !scene.is_plan(s)
            && !speaks_of_contact(scene, s)
            && without(scene, s).is_none()
            && !speaks_of_siblings(scene, s)
    });
    Ok(copied(scene, observed))
}

/// What the contact is for: the section, or the words in front of 「が目的」, 「を目的に」, 「のため訪問」.
pub(super) fn purpose(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let text = scene.text();
    let marks =
        ["が目的", "を目的", "のため訪問", "のため家庭訪問", "のために訪問", "のため、訪問", "のため面接"];
    Ok(scene.headless().filter(|s| !scene.is_plan(s)).find_map(|s| {
        let mark = find_any(text, s.range.clone(), &marks).filter(|m| !scene.is_quoted(m.start))?;
        let words = trim(text, clauses(text, s.range.start..mark.start).pop()?);
        (!words.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[words])))
    }))
}

/// The section, or sentences in which staff tell or show something to the family.
pub(super) fn notice(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let told =
        scene.headless().filter(|s| has_any(scene.text(), s.range.clone(), &spec.cues) && !scene.is_plan(s));
    Ok(copied(scene, told))
}

/// The sentences as a text, or the status that is all they say.
pub(super) fn whole_section(scene: &Scene<'_>, sentences: Vec<&Sentence>) -> Option<Outcome> {
    match sentences.first() {
        Some(first) if sentences.iter().all(|s| says_only_status(scene, s)) => without(scene, first),
        _ => copied(scene, sentences),
    }
}

/// 「未聴取。」「会えなかったため、不明。」「けがの有無は確認できず。」: a status, at most with its reason or its topic in front.
fn says_only_status(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let words = trim(text, sentence.range.clone());
    let Some(found) = status(text, words.clone()) else { return false };
    let before = text[words.start..found.range.start].trim_end_matches(['、', ' ']);
    let after = text[found.range.end.min(words.end)..words.end].chars().count();
    let leads = ["は", "も", "ため", "ので", "特に", "について", "まだ"];
    after <= STATUS_TAIL_CHARS && (before.is_empty() || leads.iter().any(|l| before.ends_with(l)))
}

/// A sentence whose first person is a brother or sister.
fn speaks_of_siblings(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let first = scene.mentions(sentence.range.clone()).into_iter().next();
    first.is_some_and(|m| super::family::is_sibling(&m))
}

/// A sentence about who was met, when and where is no observation.
fn speaks_of_contact(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    !scene.times(sentence.range.clone()).is_empty()
        || has_any(
            scene.text(),
            sentence.range.clone(),
            &["対応し", "来所し", "訪問し", "不在", "会え", "面接し"],
        )
}
