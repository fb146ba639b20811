//! The diagnoses of a conference under no heading: what a profession found, told as its view.

use std::ops::Range;

use record::template::FieldSpec;

use super::section::section;
use super::{Filled, copied};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_all, has_any, starts_with_any, trim};

/// The section, or the sentences in which a profession of the field's cues is named as the source of a finding.
pub(super) fn diagnosis(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let found = scene.headless().filter(|s| {
        // 「…ということになります」 concludes and promises nothing.
        let words = scene.words(&trim(scene.text(), s.range.clone()));
        let promised = scene.is_undertaking(s)
            && !ends_with_any(
                words,
                &["になります", "となります", "になる", "となる", "という", "とみる", "と見る"],
            );
        !scene.is_wish(s) && !scene.is_plan(s) && !promised && is_finding(scene, s, &spec.cues)
    });
    Ok(copied(scene, found))
}

/// 「心理司の見方では、…」「嘱託医は…と診断」「…というのが児童心理司の見立て」.
fn is_finding(scene: &Scene<'_>, sentence: &Sentence, professions: &[String]) -> bool {
    let text = scene.text();
    let words = trim(text, sentence.range.clone());
    // Whoever says it stands at one edge of the sentence; the others of it are talked about.
    professions.iter().flat_map(|p| find_all(text, words.clone(), p)).any(|at| {
        let first = text[words.start..at.start].chars().count() <= LEAD_CHARS
            && !text[words.start..at.start].contains(['は', 'が', '、', '「']);
        let source = source_end(text, &at, words.end);
        let judged = has_any(text, source..words.end, &WORDS.diagnosis.judged);
        let views = starts_with_any(&text[source..words.end], &WORDS.diagnosis.views);
        let last =
            views && ends_with_any(text[words.clone()].trim_end_matches("です"), &WORDS.diagnosis.views);
        !scene.is_quoted(at.start) && ((first && (views || judged)) || last)
    })
}

/// At most so many characters stand in front of the profession: 「みどり病院の」.
const LEAD_CHARS: usize = 12;

/// The end of the words for the source: 「心理司の|見方では」「心理の岩淵さん|からは」「小児科の先生の|お話では」.
fn source_end(text: &str, profession: &Range<usize>, end: usize) -> usize {
    let rest = &text[profession.end..end];
    let view = rest.strip_prefix('の').filter(|rest| starts_with_any(rest, &WORDS.diagnosis.views));
    if let Some(rest) = view {
        return end - rest.len();
    }
    let name = rest.find(['、', '。', 'は', 'が', '「']).unwrap_or(rest.len());
    let named = rest[..name]
        .rfind('の')
        .filter(|at| starts_with_any(&rest[at + 'の'.len_utf8()..], &WORDS.diagnosis.views));
    profession.end + named.map_or(0, |at| at + 'の'.len_utf8())
}
