//! What was done and said, in whole sentences; and how the child is.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Flag, Reason};

use super::abuse::{is_only_when, reported};
use super::{Filled, Outcome, copied, family, reporter, without_as};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{find_any, has_any};

/// The sentences that tell the acts, as they were said. Only a denial of them is no act: then the field is denied.
pub(super) fn acts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let told: Vec<&Sentence> = if headed.is_empty() {
        let reception = reporter::sentence(scene).map(|(s, _)| s.full.clone());
        reported(scene)
            .filter(|s| s.heading.is_none() && reception.as_ref() != Some(&s.full) && is_account(scene, s))
            .collect()
    } else {
        headed.into_iter().filter(|s| !is_other_line(scene, s)).collect()
    };
    let hearsay = told
        .iter()
        .any(|s| has_any(text, s.range.clone(), &["とのこと", "と聞いて", "そうです"]))
        .then_some(Flag::Hearsay);
    match copied(scene, told) {
        Some(Outcome::Stated(grounded)) => Ok(Some(Outcome::Stated(grounded.with_flags(hearsay)))),
        Some(other) => Ok(Some(other)),
        None => Ok(denied_act(scene)),
    }
}

/// 「実母は叩いたことは否認」, where no act is told.
fn denied_act(scene: &Scene<'_>) -> Option<Outcome> {
    let text = scene.text();
    reported(scene).find_map(|s| {
        let denied = status(text, s.range.clone()).is_some_and(|found| found.reason == Reason::Denial);
        let acts = has_any(text, s.range.clone(), &WORDS.abuse.acts)
            && !has_any(text, s.range.clone(), &["「", "DV"]);
        let by = scene.mentions(s.range.clone()).into_iter().find_map(|m| m.relation)?;
        (denied && acts && by != "本児").then(|| without_as(scene, s, Reason::Denial, Some(by)))
    })
}

/// A sentence of another line of the sheet, or one that only says how the reporter knows, when, or how often.
fn is_other_line(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    has_any(text, sentence.full.clone(), &WORDS.account.other_lines)
        || family::says_there_is(scene, sentence)
        || scene.is_wish(sentence)
            && sentence.heading.is_some()
            && !has_any(text, sentence.range.clone(), &WORDS.abuse.acts)
        || scene.is_of_reporter(sentence)
        || is_only_when(scene, sentence)
        || has_any(
            text,
            sentence.range.clone(),
            &[
                "から聞いた",
                "から聞いて",
                "から直接聞",
                "聞いただけ",
                "聞こえるだけ",
                "泣き声だけ",
                "見たことはな",
            ],
        )
        || status(text, sentence.range.clone()).is_some_and(|s| s.reason == Reason::Denial)
}

/// What was done or said: with words of an act, or told of a guardian as hearsay, or the child's own words.
fn is_account(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = sentence.range.clone();
    if is_other_line(scene, sentence) || is_condition(scene, sentence) || scene.is_wish(sentence) {
        return false;
    }
    if has_any(text, range.clone(), &WORDS.abuse.acts) || has_injury(scene, &range) {
        return true;
    }
    let people = scene.mentions(range.clone());
    let about = |label: &str| people.iter().any(|m| m.relation.as_deref() == Some(label));
    let guardian = family::GUARDIANS.iter().any(|g| about(g)) || about("交際相手");
    let heard = has_any(text, range.clone(), &["そうです", "そうだ。", "とのこと"]);
    let quoted = has_any(text, range.clone(), &["「"]);
    let placed = has_any(text, range, &["居場所", "今は", "本児は今", "歳", "クラス", "に通", "在籍"]);
    !placed && ((guardian && (heard || quoted)) || (about("本児") && quoted))
}

/// An injury that is not negated: 「背中に傷を見つけました」, not 「傷はない」.
fn has_injury(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    let found =
        find_any(scene.text(), range.clone(), &["傷", "けが", "怪我", "腫れ", "出血", "打撲", "血腫"]);
    found.is_some_and(|at| !scene.is_negated(at))
}

/// 「本児は、3キロやせ、笑わなくなった」: the child as it is.
fn is_condition(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = sentence.range.clone();
    let first = scene.mentions(range.clone()).into_iter().next();
    let words = match &first {
        Some(m) if m.relation.as_deref() == Some("本児") => &WORDS.account.conditions,
        Some(_) => return false,
        None => &WORDS.account.child_alone,
    };
    has_any(text, range.clone(), words)
        && !has_any(text, range.clone(), &WORDS.abuse.acts)
        && !has_any(text, range, &["「"])
}

/// How the child is: the section, else what is told of it without acts.
pub(super) fn child_condition(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if !headed.is_empty() {
        return Ok(super::section::whole_section(scene, headed));
    }
    Ok(copied(scene, scene.headless().filter(|s| !scene.is_plan(s) && is_condition(scene, s))))
}
