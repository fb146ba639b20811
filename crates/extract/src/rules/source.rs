//! How the reporter knows, and whether the guardians know of the report.

use record::Grounded;
use record::template::FieldSpec;

use super::{Filled, Outcome, family, without};
use crate::scene::{Scene, Sentence};
use crate::words::{Spoken, find_any, has_any, spoken_choices};

/// Whether the guardians know of the report.
pub(super) fn guardians_know(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    const LABELS: &[(&str, &[&str])] = &[
        (
            "知らせていない",
            &[
                "知らせていな",
                "知らせていません",
                "知らせてな",
                "知らせておらず",
                "知らせずに",
                "伝えていな",
                "伝えていません",
                "伝えておらず",
                "話していな",
                "話していません",
                "内緒",
                "知らない",
                "知りません",
                "知らせてはいな",
                "知らされていな",
                "知らされておら",
                "知らされてな",
                "何も知らせ",
                "伝わっていな",
                "話しておら",
                "言っていな",
                "言っていません",
                "言わずに",
                "告げていな",
                "気づいていな",
                "断りなく",
                "承知していな",
                "聞かされていな",
            ],
        ),
        ("拒否", &["拒否", "得られな", "得られて", "了解しな", "拒んで", "反対"]),
        (
            "承知",
            &[
                "承知",
                "了解し",
                "了解を得",
                "了解済",
                "知っている",
                "知っています",
                "伝えてあ",
                "伝え済",
                "同意し",
                "同意を得",
            ],
        ),
    ];
    let text = scene.text();
    for sentence in scene.narrative() {
        let range = sentence.full.clone();
        let people = scene.mentions(range.clone());
        let guardian =
            has_any(
                text,
                range.clone(),
                &["保護者", "親には", "両親", "親御さん", "ご両親", "ご家族", "家族に"],
            ) || people.iter().any(|m| m.relation.as_deref().is_some_and(|r| family::GUARDIANS.contains(&r)));
        let subject = has_any(
            text,
            range.clone(),
            &[
                "保護者に",
                "親に",
                "通告",
                "調査",
                "相談",
                "了解",
                "承知",
                "連絡したこと",
                "電話したこと",
                "来所したこと",
                "通報",
                "話していません",
                "話していな",
                "言っていません",
                "話しておら",
                "知らせて",
                "知らせず",
                "内緒",
                "このこと",
                "知らされ",
                "伝えていな",
                "伝えてい",
                "伝えてあ",
                "話してあ",
                "連絡のこと",
                "電話のこと",
            ],
        );
        if !guardian || !subject || has_any(text, range.clone(), &["「", "ないで", "相談歴", "面談"])
        {
            continue;
        }
        for (label, words) in LABELS {
            let Some(found) = find_any(text, range.clone(), words) else { continue };
            if *label == "承知" && scene.is_negated(found.clone()) {
                continue;
            }
            return Ok(Some(Outcome::Stated(Grounded::choice(scene.doc, &spec.choices, label, found)?)));
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
