//! The safety check goes on: the parents' attitude, why the child was not seen, what comes next.

use std::ops::Range;

use record::Grounded;
use record::template::{Choice, FieldSpec};

use super::section::section;
use super::{Filled, Outcome, copied, family};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_any, has_any, spoken_choices, starts_with_any, trim};

/// How the parents met the worker: the first attitude spoken of a parent.
pub(super) fn attitude(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed = scene.under(&spec.headings);
    let told = scene.narrative().filter(|s| {
        let parent = scene.mentions(s.full.clone()).iter().any(family::is_guardian);
        parent || has_any(text, s.full.clone(), &["保護者", "居留守", "面会は拒否", "面会拒否", "面会を拒否"])
    });
    for sentence in headed.chain(told) {
        let spoken = spoken_choices(text, sentence.range.clone(), &spec.choices);
        let found = spoken.into_iter().find(|s| {
            // 「拒否はなく」, and a refusal of somebody else (「本児は面接を拒否」) are none of the parents'.
            let childs = scene.mentions(sentence.range.start..s.range.start).last().is_some_and(|m| {
                m.relation.as_deref() == Some("本児") && text[m.range.end..].starts_with(['は', 'が', 'も'])
            });
            !scene.is_quoted(s.range.start)
                && !scene.is_negated(s.range.clone())
                && !childs
                && s.choice.label != "その他"
        });
        if let Some(found) = found {
            let grounded = Grounded::choice(scene.doc, &spec.choices, &found.choice.label, found.range)?;
            let detail = trim(text, sentence.range.clone());
            return Ok(Some(Outcome::Stated(grounded.with_detail(scene.doc, detail))));
        }
    }
    Ok(None)
}

/// Why the child could not be seen: the section, or the sentences that say that it could not be.
pub(super) fn failure_reason(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let failed = scene.headless().filter(|s| {
        // 「見せてもらえたんですけど」 did not fail.
        let failed = |at: &Range<usize>| !starts_with_any(&scene.text()[at.end..], &["た", "まし"]);
        let cue = find_any(scene.text(), s.full.clone(), &spec.cues).filter(failed);
        let sibling = !family::siblings_in(scene, &s.full).is_empty();
        cue.is_some_and(|cue| !scene.is_quoted(cue.start)) && !scene.is_plan(s) && !sibling
    });
    Ok(copied(scene, failed))
}

/// Labels that are spoken as a plan, each as itself: nothing is planned that was not said.
pub(super) fn planned_steps(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut spoken = Vec::new();
    let planned = scene.sentences.iter().filter(|s| {
        scene.is_plan(s)
            || s.is_under(&spec.headings)
            || (s.heading.is_none() && (ends_as_plan(text, s) || only_names(text, s, &spec.choices)))
    });
    for sentence in planned {
        for found in spoken_choices(text, sentence.range.clone(), &spec.choices) {
            let none = status(text, found.range.end..sentence.range.end).is_some();
            if !scene.is_quoted(found.range.start) && !scene.is_negated(found.range.clone()) && !none {
                spoken.push((found.choice.label.as_str(), found.range));
            }
        }
    }
    Ok(Grounded::labels(scene.doc, &spec.choices, &spoken)?.map(Outcome::Stated))
}

/// 「警察援助要請、あわせて出頭要求。」: a sentence of the labels and nothing else.
fn only_names(text: &str, sentence: &Sentence, choices: &[Choice]) -> bool {
    const JOINTS: &[&str] = &[
        "あわせて",
        "併せて",
        "および",
        "及び",
        "ならびに",
        "次に",
        "まず",
        "と",
        "も",
        "・",
        "、",
        "。",
        "です",
    ];
    let mut rest = String::new();
    let mut at = sentence.range.start;
    let spoken = spoken_choices(text, sentence.range.clone(), choices);
    for found in &spoken {
        rest.push_str(&text[at..found.range.start.max(at)]);
        at = found.range.end;
    }
    rest.push_str(&text[at..sentence.range.end]);
    for joint in JOINTS {
        rest = rest.replace(joint, "");
    }
    !spoken.is_empty() && rest.trim().is_empty()
}

/// 「再訪問とします」「立入調査を検討」: the office's own decision or plan.
fn ends_as_plan(text: &str, sentence: &Sentence) -> bool {
    let words = &text[trim(text, sentence.range.clone())];
    ends_with_any(words, &WORDS.steps.endings)
}
