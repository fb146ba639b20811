//! Text fields: what stands under a heading, or what the field's cues mark.

use record::template::FieldSpec;

use super::{Filled, Outcome, copied, without};
use crate::scene::{Scene, Sentence};
use crate::words::{has_any, trim};

/// A section of at most this many characters that says 不明, 未聴取, なし has no other content.
const STATUS_ONLY_CHARS: usize = 22;

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
    });
    Ok(copied(scene, observed))
}

/// The section, or sentences in which staff tell or show something to the family.
pub(super) fn notice(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let told = scene.headless().filter(|s| has_any(scene.text(), s.range.clone(), &spec.cues) && !scene.is_plan(s));
    Ok(copied(scene, told))
}

/// The sentences as a text, or the status that is all they say.
pub(super) fn whole_section(scene: &Scene<'_>, sentences: Vec<&Sentence>) -> Option<Outcome> {
    if let [only] = sentences.as_slice() {
        let words = scene.words(&trim(scene.text(), only.range.clone()));
        if words.chars().count() <= STATUS_ONLY_CHARS
            && !words.contains('「')
            && let Some(outcome) = without(scene, only)
        {
            return Some(outcome);
        }
    }
    copied(scene, sentences)
}

/// A sentence about who was met, when and where is no observation.
fn speaks_of_contact(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    !scene.times(sentence.range.clone()).is_empty()
        || has_any(scene.text(), sentence.range.clone(), &["対応し", "来所し", "訪問し", "不在", "会え", "面接し"])
}
