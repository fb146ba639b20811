//! How the reporter knows, and whether the guardians know of the report.

use record::Grounded;
use record::template::FieldSpec;

use super::{Filled, Outcome, family, stated, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{Spoken, find_any, has_any, spoken_choices};

/// Whether the guardians know of the report.
pub(super) fn guardians_know(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let words = &WORDS.source;
    let labels = [("知らせていない", &words.untold), ("拒否", &words.refused), ("承知", &words.known)];
    let text = scene.text();
    for sentence in scene.narrative() {
        let range = sentence.full.clone();
        let people = scene.mentions(range.clone());
        let guardian = has_any(
            text,
            range.clone(),
            &["保護者", "親には", "両親", "親御さん", "ご両親", "ご家族", "家族に"],
        ) || people.iter().any(family::is_guardian);
        let subject = has_any(text, range.clone(), &WORDS.source.subjects);
        if !guardian || !subject || has_any(text, range.clone(), &["「", "ないで", "相談歴", "面談"])
        {
            continue;
        }
        for (label, words) in labels {
            let Some(found) = find_any(text, range.clone(), words) else { continue };
            if label == "承知" && scene.is_negated(found.clone()) {
                continue;
            }
            return stated(scene, spec, label, found);
        }
        if has_any(text, range, &["了解", "承知", "知らせ"])
            && let Some(outcome) = without(scene, sentence)
        {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// How the reporter knows: seen, heard, or told by somebody.
pub(super) fn source_basis(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.narrative() {
        let spoken = spoken_choices(text, sentence.range.clone(), &spec.choices);
        let seen = seen_itself(scene, spec, sentence);
        let Some(spoken) = spoken
            .into_iter()
            .chain(seen)
            .find(|s| !scene.is_quoted(s.range.start) && !scene.is_negated(s.range.clone()))
        else {
            continue;
        };
        let grounded =
            Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range.clone())?;
        // 「担任から聞いた」: who told.
        let told_by = text[sentence.range.start..spoken.range.start].rfind(['、', '。', 'は']).map_or(
            sentence.range.start,
            |at| {
                let at = sentence.range.start + at;
                at + text[at..].chars().next().map_or(0, char::len_utf8)
            },
        );
        let from = text[spoken.range.clone()].starts_with("から") && told_by < spoken.range.start;
        let grounded =
            if from { grounded.with_detail(scene.doc, told_by..spoken.range.start) } else { grounded };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}

/// 「主任は、実際に傷を見ています」: 実際に or 直接 with a verb of seeing in its clause.
fn seen_itself<'c>(scene: &Scene<'_>, spec: &'c FieldSpec, sentence: &Sentence) -> Option<Spoken<'c>> {
    let text = scene.text();
    let choice = spec.choices.iter().find(|c| c.label == "実際に目撃している")?;
    // 「ベランダに出されているのを見たそうです」
    let looked = find_any(
        text,
        sentence.range.clone(),
        &["のを見た", "のを見て", "のを見まし", "ところを見た", "ところを見て", "ところを見まし"],
    );
    if let Some(range) = looked {
        return Some(Spoken { choice, range });
    }
    let lead = find_any(
        text,
        sentence.range.clone(),
        &["実際に", "直接", "自分の目で", "ご自分の目で", "ご自身の目で", "目の前で", "この目で"],
    )?;
    let seen = find_any(text, lead.end..sentence.range.end, &["見て", "見た", "見まし"])?;
    let near =
        !text[lead.end..seen.start].contains(['、', '。']) && text[lead.end..seen.start].chars().count() <= 8;
    near.then_some(Spoken { choice, range: lead.start..seen.end })
}
