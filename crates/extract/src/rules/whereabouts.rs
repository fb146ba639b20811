//! Where the child is now.

use std::ops::Range;

use record::Grounded;
use record::template::FieldSpec;
use text::hedge;

use super::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{Spoken, ends_with_any, find_any, has_any, spoken_choices, trim, trim_end_of};

/// 「本児は今、学校にいます」「今は家にいると思う」
pub(super) fn whereabouts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in where_sentences(scene, spec) {
        let spoken = spoken_choices(text, sentence.range.clone(), &spec.choices).into_iter().next();
        // 「祖母の家にいます」 is not the child's home.
        let spoken = spoken.filter(|s| !is_of_others(text, s));
        let Some(spoken) = spoken else {
            if let Some(outcome) = without(scene, sentence) {
                return Ok(Some(outcome));
            }
            if let Some(place) = place_of_being(text, sentence.range.clone()) {
                let grounded = Grounded::choice(scene.doc, &spec.choices, "その他", place.clone())?;
                return Ok(Some(Outcome::Stated(grounded.with_detail(scene.doc, place))));
            }
            continue;
        };
        let place = trim_end_of(text, spoken.range.clone(), &["に", "で"]);
        let grounded = Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range)?;
        let grounded = grounded.with_detail(scene.doc, place);
        return Ok(Some(Outcome::Stated(grounded.with_flags(hedge::flags(scene.words(&sentence.range))))));
    }
    Ok(None)
}

fn where_sentences<'s>(scene: &'s Scene<'_>, spec: &'s FieldSpec) -> impl Iterator<Item = &'s Sentence> {
    // A grandmother's house is where the child is, not whom the sentence is about.
    let told = scene.narrative().filter(move |s| {
        !s.heading.as_deref().is_some_and(|h| WORDS.child.other_sections.contains(&h))
            && !scene.is_of_reporter(s)
            && !has_any(scene.text(), s.full.clone(), &WORDS.child.others)
            && scene.quotes(s.range.clone()).is_empty()
    });
    told.filter(move |s| has_any(scene.text(), s.full.clone(), &spec.cues))
}

/// A home with its owner in front of it: 母方祖母の家に, 友だちの家に.
fn is_of_others(text: &str, spoken: &Spoken<'_>) -> bool {
    let before = &text[..spoken.range.start];
    text[spoken.range.clone()].starts_with('家')
        && before
            .strip_suffix('の')
            .is_some_and(|owner| !ends_with_any(owner, &["本児", "自分", "子ども", "実家"]))
}

/// 「…にいる」: the words in front of it, back to the last comma.
fn place_of_being(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let being = find_any(text, range.clone(), &["にいます", "にいる", "にいて", "にいた", "におり"])?;
    let start = text[range.start..being.start]
        .rfind(['、', 'は'])
        .map_or(range.start, |at| range.start + at + '、'.len_utf8());
    let place = trim(text, start..being.start);
    let place = ["今", "現在", "いま"]
        .iter()
        .find(|now| text[place.clone()].starts_with(**now))
        .map_or(place.clone(), |now| trim(text, place.start + now.len()..place.end));
    (!place.is_empty() && text[place.clone()].chars().count() <= 15).then_some(place)
}
