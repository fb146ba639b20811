//! When and by whom the injuries were found.

use std::ops::Range;
use std::sync::LazyLock;

use record::RowBuilder;
use record::template::ColumnSpec;
use regex::Regex;

use super::OTHER;
use crate::rules::fill_day;
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_any, spoken_choices, trim, trim_end_of};

/// Who found it, at the end of his words: 「着替えを手伝った副主任の先生」 → 副主任の先生.
static FINDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:[一-龠々ァ-ヴーA-Z]+の)*[一-龠々ァ-ヴーA-Z]+(?:さん|先生)?$").ok());

/// When and by whom the injuries were found, where one sentence says it of all: 「6月2日に担任が発見」.
pub(super) fn found(
    scene: &Scene<'_>,
    (part, kind): (&ColumnSpec, &ColumnSpec),
    starts: &[usize],
    rows: &mut [RowBuilder<'_>],
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    let told = scene.narrative().filter_map(|s| {
        let verb = find_any(text, s.full.clone(), &["発見", "見つけ", "見つかっ", "気づい", "気付い"])?;
        (!scene.is_quoted(verb.start)).then_some((s, verb))
    });
    for (sentence, verb) in told {
        let finder = finder(scene, sentence, &verb);
        let earlier = scene.dates(sentence.full.start..verb.start).into_iter().next_back();
        let date = earlier.or_else(|| scene.dates(verb.end..sentence.full.end).into_iter().next());
        // 「このふくらはぎのものは、…が見つけた」 is about the one at that part.
        let parts = spoken_choices(text, sentence.full.start..verb.start, &part.choices);
        // 「最初に熱傷に気づいたのは」, and 「あざに気づいた」 where one alone is a bruise.
        let mut kinds = spoken_choices(text, sentence.full.start..verb.start, &kind.choices);
        kinds.retain(|k| k.choice.label != OTHER && parts.is_empty());
        let of = |row: &RowBuilder<'_>| {
            parts
                .iter()
                .filter(|p| p.choice.label != OTHER)
                .any(|p| row.text("part") == Some(p.choice.label.as_str()))
                || kinds.iter().any(|k| row.text("kind") == Some(k.choice.label.as_str()))
        };
        let some = rows.iter().any(of);
        // Between two injuries it is told of those before: 「傷の1、…。発見は昨日。傷の2、…」.
        let before = starts.partition_point(|start| *start < sentence.full.end);
        let last = if before == 0 || some { rows.len() } else { before };
        for row in rows[..last].iter_mut().filter(|row| !some || of(row)) {
            if let Some((day, annotation)) = date.as_ref().filter(|_| !row.has("found_at")) {
                fill_day(row, "found_at", *day, annotation)?;
            }
            if let Some(finder) = finder.clone().filter(|_| !row.has("found_by")) {
                row.copy("found_by", finder)?;
            }
        }
    }
    Ok(())
}

/// Who found it: behind 「発見者は」 or 「見つけたのは」, or the person in front of the verb.
fn finder(scene: &Scene<'_>, sentence: &Sentence, verb: &Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let named = find_any(
        text,
        sentence.full.clone(),
        &[
            "発見者は",
            "発見者、",
            "発見者。",
            "発見者が",
            "見つけたのは",
            "気づいたのは",
            "気付いたのは",
            "発見したのは",
            "最初に見たのは",
            "発見は",
        ],
    );
    let words = if let Some(cue) = &named {
        let behind = trim(text, cue.end..sentence.range.end.max(cue.end));
        // 「発見は5月1日、保育士の小林」
        let clause = clauses(text, behind).into_iter().find(|c| scene.dates(c.clone()).is_empty())?;
        trim_end_of(
            text,
            trim(text, clause),
            &["とのことです", "だそうです", "とのこと", "でした", "です", "だ", "で"],
        )
    } else {
        let before = sentence.range.start.min(verb.start)..verb.start;
        let mention = scene.mentions(before.clone()).pop().map(|m| m.range);
        let mention = mention.filter(|m| text[m.end..].starts_with(['が', 'に', 'は']));
        if mention.is_some() {
            return mention;
        }
        let end = ['が', 'に'].iter().filter_map(|p| text[before.clone()].rfind(*p)).max()?;
        before.start..before.start + end
    };
    let found = FINDER.as_ref()?.find(&text[words.clone()])?;
    let person = words.start + found.start()..words.start + found.end();
    let name = trim_end_of(text, person.clone(), &["さん"]);
    let known = named.is_some()
        || ends_with_any(&text[person.clone()], &WORDS.finder.people)
        || text[person.clone()].contains('の');
    (known && !name.is_empty() && status(text, words).is_none()).then_some(name)
}
