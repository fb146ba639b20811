//! What each parent holds.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Grounded, RowBuilder};

use super::{adults, at};
use crate::people::Mention;
use crate::rules::evidence::speaker_of;
use crate::rules::{Filled, Outcome, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, has_any, lead_of, starts_with_any, trim};

/// What each parent holds, in his own words.
pub(in crate::rules) fn parent_views(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let headed = scene.under(&spec.headings).map(|s| (s, true));
    // 「意見、聴取不可。実母、『…』」 stands under the child's heading and is hers.
    let childs = ["本児の意向", "子どもの意見", "本児の意見", "意見"];
    let wished = scene
        .sentences
        .iter()
        .filter(|s| s.heading.as_deref().is_none_or(|h| childs.contains(&h)) && !scene.is_plan(s))
        .map(|s| (s, false));
    for (sentence, headed) in headed.chain(wished) {
        let mut said: Vec<(Range<usize>, Range<usize>)> = scene
            .quotes(sentence.range.clone())
            .into_iter()
            .filter_map(|(quote, words)| Some((quote.speaker.clone()?, words)))
            .filter(|(who, _)| !adults(scene, who).is_empty())
            // 「同意しない」 is the answer of the consent, and words without brackets may be a report of facts.
            .filter(|(_, words)| {
                headed || (scene.is_quoted(words.start) && !has_any(text, words.clone(), &["同意"]))
            })
            .collect();
        // 「実母は『つらい』と泣き、実父は『…』と話した」: each in his own brackets.
        said.extend(
            beside(scene, sentence)
                .into_iter()
                .filter(|(_, words)| headed || !has_any(text, words.clone(), &["同意"])),
        );
        let mut known: Vec<Range<usize>> = Vec::new();
        said.retain(|(_, words)| {
            let new = known.iter().all(|k| k.end <= words.start || words.end <= k.start);
            known.push(words.clone());
            new
        });
        said.sort_by_key(|(_, words)| words.start);
        // 「実母、『迎えに行きたい』」: without a verb the bracket behind the person is his.
        if said.is_empty() {
            said.extend(bracketed(scene, sentence));
        }
        // 「実父の意見、『…』」: the heading names him.
        if said.is_empty() && headed && adults(scene, &sentence.range).is_empty() {
            let whole =
                sentence.head.clone().map_or(sentence.full.clone(), |head| head.start..sentence.range.end);
            let open = text[sentence.range.clone()].starts_with('「');
            said.extend(adults(scene, &whole).into_iter().next().filter(|_| open).and_then(|m| {
                let start = sentence.range.start + '「'.len_utf8();
                let end = start + text[start..sentence.range.end].find('」')?;
                Some((m.range, start..end))
            }));
        }
        if said.is_empty() && headed {
            // 「保護者の意向。実母は引き取りを希望。」
            said.extend(adults(scene, &sentence.range).into_iter().next().map(|m| {
                let after = trim(text, m.range.end..sentence.range.end);
                let words = lead_of(&text[after.clone()], &["は、", "は", "も"]);
                (m.range, after.start + words..after.end)
            }));
        }
        for (who, words) in said.into_iter().filter(|(_, words)| !words.is_empty()) {
            let mut row = RowBuilder::new(scene.doc, spec);
            speaker_of(scene, &mut row, "who", who)?;
            row.copy("words", words.clone())?;
            at(scene, &mut row, sentence, &words)?;
            if let Some(how) = heard(text, &sentence.range, &words) {
                row.copy("how", how)?;
            }
            row.cite(trim(text, sentence.full.clone()));
            rows.push(row);
        }
    }
    if let Some(grounded) = Grounded::rows(rows) {
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(scene.under(&spec.headings).find_map(|s| without(scene, s)))
}

/// The brackets directly behind a parent.
fn beside(scene: &Scene<'_>, sentence: &Sentence) -> Vec<(Range<usize>, Range<usize>)> {
    let text = scene.text();
    let behind = |m: Mention| {
        let rest = &text[m.range.end..sentence.range.end];
        let lead =
            ["は、「", "は「", "も、「", "も「", "が「"].iter().find(|lead| rest.starts_with(**lead))?;
        let start = m.range.end + lead.len();
        let end = start + text[start..sentence.range.end].find('」')?;
        Some((m.range, start..end))
    };
    adults(scene, &sentence.range).into_iter().filter_map(behind).collect()
}

/// A parent at the start of the sentence and the bracket that follows: 「実父『…』」「お父さんの意見は『…』」「母としては『…』」.
fn bracketed(scene: &Scene<'_>, sentence: &Sentence) -> Option<(Range<usize>, Range<usize>)> {
    let text = scene.text();
    let who = adults(scene, &sentence.range)
        .into_iter()
        .next()
        .filter(|m| text[sentence.range.start..m.range.start].trim_matches('、').chars().count() <= 6)?;
    let mut behind = &text[who.range.end..sentence.range.end];
    if let Some(view) = behind.strip_prefix('の') {
        behind = WORDS.views.words.iter().find_map(|word| view.strip_prefix(word))?;
    }
    let behind = ["としては", "からは", "は", "も", "から"]
        .iter()
        .find_map(|particle| behind.strip_prefix(particle))
        .unwrap_or(behind)
        .trim_start_matches('、');
    // 「実母は電話で『…』」
    let led = behind.find('「').filter(|at| {
        let way = behind[..*at].trim_end_matches('、');
        way.chars().count() <= 14 && ends_with_any(way, &["で", "にて"])
    });
    let words = behind[led.unwrap_or(0)..].strip_prefix('「')?;
    let start = sentence.range.end - words.len();
    let end = start + words.find('」')?;
    Some((who.range, start..end))
}

/// How somebody was heard: 「来所面接」「病棟での面接」「病院の会議室で直接」, the words up to it in their clause.
fn heard(text: &str, sentence: &Range<usize>, words: &Range<usize>) -> Option<Range<usize>> {
    let outside = [words.end..sentence.end, sentence.start..words.start];
    outside.into_iter().find_map(|range| {
        clauses(text, range).into_iter().find_map(|clause| {
            let clause = trim(text, clause);
            let at = WORDS
                .views
                .ways
                .iter()
                .filter_map(|way| text[clause.clone()].rfind(way).map(|at| at + way.len()))
                .max()?;
            let end = clause.start + at;
            let from = text[clause.start..end]
                .rfind(['は', 'が', 'に', '」', 'も'])
                .map_or(clause.start, |at| clause.start + at + 'は'.len_utf8());
            let goes_on = text[end..clause.end].is_empty()
                || starts_with_any(&text[end..], &["で", "にて", "し", "に", "聞", "う", "お", "話", "「"]);
            (goes_on && from < end).then_some(trim(text, from..end))
        })
    })
}
