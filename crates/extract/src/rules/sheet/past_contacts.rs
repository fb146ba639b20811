//! Earlier consultations, reports and custodies.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Grounded, Kept, RowBuilder};
use regex::Regex;

use super::agencies::agency_in;
use super::headed_or_cued;
use crate::rules::{Filled, Outcome, fill_day, without};
use crate::scene::Scene;
use crate::vocabulary::WORDS;
use crate::words::{Spoken, clauses, find_any, has_any, spoken_choices, starts_with_any, trim, trim_end_of};

/// When something was where no day was said: 「小学6年のとき」「3歳の頃」「出生直後」「数年前」.
static PERIOD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:昨年|去年|一昨年|おととし|今年|前年)の?(?:\d+月|春|夏|秋|冬|[^、。は]{0,4}学期)?|(?:小学校?|中学校?|高校|小|中|高)の?\d年生?の?(?:とき|時|頃|ころ)|\d+歳(?:\d+か月)?の?(?:とき|時|頃|ころ)|(?:年少|年中|年長|保育園|幼稚園|乳児|出生|生後)[^、。は]{0,6}(?:とき|時|頃|ころ|直後)|(?:\d+|数)(?:年|か月)前").ok()
});

/// Earlier consultations, reports and custodies: one row each, or that there is none.
pub(in crate::rules) fn past_contacts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let kinds = spec.column("kind").map_or(&[][..], |c| c.choices.as_slice());
    let mut rows = Vec::new();
    let mut status = None;
    for sentence in headed_or_cued(scene, spec) {
        if let Some(outcome) = without(scene, sentence) {
            status = status.or(Some(outcome));
            continue;
        }
        // The kind behind the heading's own words: 「過去の相談歴は、去年、泣き声通告が一回」.
        let headings = ["歴は", "歴、", "歴。", "歴ですが", "歴については", "歴としては"];
        let inner = headings
            .iter()
            .filter_map(|cue| {
                text[sentence.full.clone()].rfind(cue).map(|at| sentence.full.start + at + cue.len())
            })
            .max()
            .unwrap_or(sentence.range.start)
            .max(sentence.range.start);
        let kinds_in = |range: Range<usize>| {
            // 相談 in 児童相談所 is a place.
            let place = |s: &Spoken<'_>| starts_with_any(&text[s.range.end..], &["所", "セ", "員", "室"]);
            spoken_choices(text, range, kinds).into_iter().find(|s| !place(s))
        };
        let spoken = kinds_in(inner.min(sentence.range.end)..sentence.range.end)
            .or_else(|| kinds_in(sentence.full.clone()))
            .or_else(|| kinds_in(sentence.head.clone()?));
        let Some(kind) = spoken else { continue };
        let mut row = RowBuilder::new(scene.doc, spec);
        row.choose("kind", &kind.choice.label, kind.range.clone())?;
        if let Some((day, annotation)) = scene.dates(sentence.range.clone()).into_iter().next() {
            fill_day(&mut row, "at", day, annotation)?;
        } else if let Some(at) = PERIOD.as_ref().and_then(|r| r.find(&text[sentence.range.clone()])) {
            row.keep("at", Kept::Words, sentence.range.start + at.start()..sentence.range.start + at.end())?;
        }
        // 「学校から当所に通告」: who reported, where no name is said.
        let agency = agency_in(text, &sentence.range).or_else(|| {
            find_any(text, sentence.range.clone(), &["学校", "警察", "園"])
                .filter(|a| text[a.end..].starts_with("から"))
        });
        if let Some(agency) = agency {
            row.copy("agency", agency)?;
        }
        if let Some(result) = clauses(text, sentence.range.clone())
            .into_iter()
            .rfind(|c| has_any(text, c.clone(), &WORDS.past_contacts.results))
        {
            row.copy(
                "result",
                trim_end_of(text, trim(text, result), &["している", "しました", "した", "となった"]),
            )?;
        }
        row.cite(trim(text, sentence.full.clone()));
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated).or(status))
}
