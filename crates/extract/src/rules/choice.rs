//! Enum and bool3 fields by their spoken choices.

use record::template::{FieldSpec, FieldType};
use record::{Flag, Grounded, NormalForm, Reason};

use super::{Filled, Outcome, stated, without};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{Spoken, find_any, has_any, spoken_choices, starts_with_any, trim, trim_end_of};

/// The first choice spoken in a sentence about the field; of a `multi` field all of them. A literal field takes a label only
/// if the label itself was spoken: [`record::Field::stated`] sees to that.
pub(super) fn choice(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut labels = Vec::new();
    for sentence in scene.about(spec) {
        let spoken = spoken_choices(text, sentence.full.clone(), &spec.choices);
        let cue = find_any(text, sentence.full.clone(), &spec.cues);
        // 「主が心理的虐待、従はなし」: of several lists in one sentence the part behind the field's own word.
        let own = cue.filter(|_| spec.kind == FieldType::Multi).map(|c| c.end);
        if let Some(from) = own
            && spoken.iter().all(|s| s.range.start < from)
            && let Some(found) = status(text, from..sentence.full.end)
        {
            return Ok(Some(super::without_as(scene, sentence, found.reason, None)));
        }
        let mut spoken = spoken.into_iter().filter(|s| !scene.is_negated(s.range.clone()));
        if spec.kind == FieldType::Multi {
            let behind = spoken.filter(|s| own.is_none_or(|from| s.range.start >= from));
            labels.extend(behind.map(|s| (s.choice.label.as_str(), s.range)));
            continue;
        }
        if let Some(spoken) = spoken.next() {
            let grounded =
                Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range.clone())?;
            let beside = trim(text, spoken.range.end..sentence.range.end.max(spoken.range.end));
            let beside = trim_end_of(text, beside, &["とする", "とした", "です", "である"]);
            let has_detail = spec.detail && text[beside.clone()].chars().count() > 2;
            let grounded = if has_detail { grounded.with_detail(scene.doc, beside) } else { grounded };
            return Ok(Some(Outcome::Stated(grounded)));
        }
    }
    if labels.is_empty() && spec.kind == FieldType::Enum {
        // 「養護の児童虐待。」: a line that is the label and nothing else.
        let bare = scene.narrative().find_map(|s| whole_choice(scene, spec, s));
        if let Some(spoken) = bare {
            return stated(scene, spec, &spoken.choice.label, spoken.range);
        }
    }
    Ok(Grounded::labels(scene.doc, &spec.choices, &labels)?.map(Outcome::Stated))
}

/// A choice that is all its sentence says; of a label of one word only where it is a long one.
pub(super) fn whole_choice<'c>(
    scene: &Scene<'_>,
    spec: &'c FieldSpec,
    sentence: &Sentence,
) -> Option<Spoken<'c>> {
    const SHORTEST: usize = 5;
    let text = scene.text();
    let words = trim_end_of(text, trim(text, sentence.full.clone()), &["です", "とする", "とします"]);
    let long = text[words.clone()].chars().count() >= SHORTEST;
    spoken_choices(text, words.clone(), &spec.choices).into_iter().find(|s| long && s.range == words)
}

/// How the report came in: the choice that stands before 受理 or 受付.
pub(super) fn reception_method(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    // 「受付方法、189」
    let bare = scene.under(&spec.headings).find_map(|s| {
        let words = trim(scene.text(), s.range.clone());
        spoken_choices(scene.text(), words.clone(), &spec.choices).into_iter().find(|c| c.range == words)
    });
    if let Some(spoken) = bare {
        return stated(scene, spec, &spoken.choice.label, spoken.range);
    }
    for sentence in scene.about(spec) {
        let Some(marker) = find_any(scene.text(), sentence.range.clone(), &WORDS.choice.received) else {
            continue;
        };
        let text = scene.text();
        let before = sentence.range.start..marker.start;
        let mut spoken = spoken_choices(text, before, &spec.choices);
        if spoken.is_empty() {
            // 「受付は、午前11時、電話です」, 「…さんが来所」: behind the marker, or the word itself.
            spoken = spoken_choices(text, marker.start..sentence.range.end, &spec.choices);
            spoken.retain(|s| {
                let behind = &text[s.range.end..];
                let closes = starts_with_any(behind, &["です", "。", "、", "で", "し", "にて", "によ"]);
                closes && !scene.is_quoted(s.range.start)
            });
            spoken.truncate(1);
        }
        // 「189の電話で」: the number is the more exact word.
        let exact =
            spoken.iter().position(|s| s.choice.label == "189").unwrap_or(spoken.len().saturating_sub(1));
        if let Some(spoken) = spoken.into_iter().nth(exact) {
            return stated(scene, spec, &spoken.choice.label, spoken.range);
        }
    }
    Ok(None)
}

/// 有 / 無 / 不明 of the thing that the cues name. To offer help with it (案内) says nothing about it.
pub(super) fn presence(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in scene.about(spec) {
        if has_any(scene.text(), sentence.range.clone(), &["案内", "窓口", "説明し", "助言"]) {
            continue;
        }
        if text::polarity::is_double_negation(scene.words(&sentence.range)) {
            let words = Grounded::words(scene.doc, std::slice::from_ref(&sentence.full));
            return Ok(Some(Outcome::Stated(words.with_flags([Flag::DoubleNegation]))));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
        // 「前に相談があったかは、まだ当たれていません」 asks, and 「こちらからは尋ねていません」 has not asked.
        let open = ["かは、", "かどうか", "かについては", "尋ね", "たずね"];
        if has_any(scene.text(), sentence.full.clone(), &open) {
            continue;
        }
        // 「通訳は不要」
        let cue = find_any(scene.text(), sentence.full.clone(), &spec.cues);
        let behind = cue.map_or("", |c| scene.words(&(c.end..sentence.full.end)));
        let behind = behind.trim_start_matches(['は', 'も', 'が', '、', ' ']);
        let unneeded = has_any(scene.text(), sentence.range.clone(), &["不要", "必要なし", "必要はない"]);
        if unneeded
            || starts_with_any(behind, &["不要", "必要な", "必要あり"]) && !behind.starts_with("必要あり。")
        {
            return Ok(Some(super::without_as(scene, sentence, Reason::None, None)));
        }
        let grounded =
            Grounded::normal(scene.doc, std::slice::from_ref(&sentence.full), &NormalForm::Present);
        let detail = detail_of(scene, spec, sentence);
        let grounded = match detail {
            Some(detail) if spec.detail => grounded.with_detail(scene.doc, detail),
            _ => grounded,
        };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}

/// The words after 「…は、」, without the verb that says that it exists.
fn detail_of(scene: &Scene<'_>, spec: &FieldSpec, sentence: &Sentence) -> Option<std::ops::Range<usize>> {
    let text = scene.text();
    let start = find_any(text, sentence.full.clone(), &spec.cues).map_or(sentence.range.start, |cue| cue.end);
    let start = start.max(sentence.range.start);
    let after = &text[start..sentence.range.end];
    let start = start + after.find('は').filter(|at| *at <= 6).map_or(0, |at| at + 'は'.len_utf8());
    let words = trim(text, start..sentence.range.end);
    let endings = ["があります", "がある", "あります", "ある", "です", "がありました", "があった"];
    let words = trim_end_of(text, words, &endings);
    // 「DVもあるようだ」 tells nothing beside.
    let only = text[words.clone()].starts_with(['も', 'が', 'を', 'に']);
    (words.len() > 3 && !only).then_some(words)
}

/// 要 or 否, spoken right after the cue: 「緊急対応は、要」.
pub(super) fn response(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    for sentence in scene.sentences.iter().filter(|s| has_any(scene.text(), s.full.clone(), &spec.cues)) {
        let Some(cue) = find_any(scene.text(), sentence.full.clone(), &spec.cues) else { continue };
        let rest = trim(scene.text(), cue.end..sentence.full.end);
        let words = scene.words(&rest);
        let body = words
            .trim_start_matches(['は', 'の', '、', ' '])
            .trim_start_matches("要否は")
            .trim_start_matches('、');
        let at = rest.end - body.len();
        let spoken = spec.choices.iter().find(|c| {
            let after = body.strip_prefix(c.label.as_str());
            after.is_some_and(|a| a.is_empty() || a.starts_with(['。', '、', 'で', 'と']))
        });
        if let Some(choice) = spoken {
            let trigger = sentence.full.start..at + choice.label.len();
            return stated(scene, spec, &choice.label, trigger);
        }
        if status(scene.text(), rest).is_some_and(|s| s.reason == Reason::SaidUnknown) {
            return Ok(without(scene, sentence));
        }
    }
    Ok(None)
}
