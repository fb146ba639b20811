//! Injury rows (language.md pass 14, columns of forms.md T9).

mod area;
mod finder;
mod row;
mod size;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use record::template::{ColumnSpec, FieldSpec};
use record::{Grounded, Reason, RowBuilder};
use regex::Regex;

use super::speech::explained;
use super::{Filled, Outcome, without_as};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{ends_with_any, find_all, find_any, has_any, spoken_choices, starts_with_any};

use area::{Area, areas, item_part};
use finder::found;
use row::{count, photo, row};
use size::size;

const OTHER: &str = "その他";
/// A sentence of at most so many characters that names a colour tells only that.
const COLOUR_CHARS: usize = 8;
/// Above this number of rows nobody speaks of one again: the comparison stays cheap.
const MANY: usize = 100;

/// 「二の腕が1」 in a sentence about the photographs: the number behind a part.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:の(?:もの|ほう|傷|あざ|写真)?)?(?:が|は|、|:)?(?:番号)?((?:[A-Z]-?)?\d+)番?").ok()
});

/// One row for each kind of injury at a place of the body.
pub(super) fn injuries(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let (Some(part), Some(kind)) = (spec.column("part"), spec.column("kind")) else {
        return Ok(None);
    };
    let mut rows: Vec<RowBuilder<'_>> = Vec::new();
    // Where the sentence of each row begins.
    let mut starts: Vec<usize> = Vec::new();
    // A part that was named for itself, until its injury follows.
    let mut item = None;
    // What a visit is for is no finding: 「目的は、顔のあざの確認」.
    for sentence in scene.narrative().filter(|s| s.heading.as_deref() != Some("目的")) {
        if photographed(scene, sentence, part, &mut rows)? {
            continue;
        }
        let areas = if is_asserted(scene, sentence) && !is_gone(scene, sentence) {
            areas(scene, sentence, part, kind, item.as_ref())
        } else {
            Vec::new()
        };
        let before = item.take();
        if areas.is_empty() {
            item = item_part(scene, sentence, part).or(before);
            if let Some(last) = rows.last_mut() {
                described(scene, spec, last, sentence)?;
            }
            continue;
        }
        for area in areas {
            if !is_somebody_elses(scene, sentence, &area) {
                let row = row(scene, spec, &area)?;
                // 「目のあざについて、本児は…」 takes up what was found.
                let taken_up = scene.text()[area.kind.range.end..].starts_with("について") && !adds(&row);
                if taken_up && !rows.is_empty() {
                    continue;
                }
                // 「ふくらはぎのものは古い傷です」 describes the one at that part.
                let unnamed =
                    row.text("kind") == Some(OTHER) && row.text("side").is_none_or(|side| side == "不明");
                let same =
                    rows.iter().position(|known| known.text("part") == row.text("part") && !known.has("age"));
                if let Some(known) = same.filter(|_| unnamed && row.has("age") && rows.len() < MANY) {
                    choices(scene.text(), spec, &mut rows[known], "age", &sentence.range)?;
                    continue;
                }
                // 「頬のあざは、手が当たったと説明」 speaks of a bruise that has its row.
                let again = rows.iter().rposition(|known| is_repeated(known, &row));
                match again.filter(|_| rows.len() < MANY) {
                    Some(_) if !adds(&row) => {}
                    Some(known) if !adds(&rows[known]) => rows[known] = row,
                    _ => {
                        rows.push(row);
                        starts.push(sentence.range.start);
                    }
                }
            }
        }
    }
    found(scene, (part, kind), &starts, &mut rows)?;
    let explanations = explained(scene);
    if let [only] = rows.as_mut_slice() {
        let said: Vec<_> = explanations.into_iter().map(|e| (e.speaker, e.words)).collect();
        if !said.is_empty() {
            only.statements("explanation", &said)?;
        }
    } else {
        // 「頬について『…』と話す」: the part in front of the words tells which injury they explain.
        let mut of_part: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for e in explanations {
            let parts =
                spoken_choices(scene.text(), e.whole.start..e.words.start.max(e.whole.start), &part.choices);
            if let Some(named) = parts.first().filter(|p| p.choice.label != OTHER) {
                of_part.entry(&named.choice.label).or_default().push((e.speaker, e.words));
            }
        }
        for row in &mut rows {
            if let Some(said) = row.text("part").and_then(|part| of_part.remove(part)) {
                row.statements("explanation", &said)?;
            }
        }
    }
    if let Some(grounded) = Grounded::rows(rows) {
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(scene.narrative().find_map(|s| absent(scene, s)))
}

/// A sentence behind a row that tells its photograph, size or number: 「写真番号は2」「大きさは3センチ」.
fn described(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    sentence: &Sentence,
) -> Result<(), record::GroundingError> {
    let text = scene.text();
    let said = |lead: &[&str]| starts_with_any(&text[sentence.range.clone()], lead);
    if said(&["写真"])
        && !row.has("photo")
        && let Some(number) = photo(text, &sentence.range)
    {
        row.copy("photo", number)?;
    }
    if said(&["大きさ", "長さ", "直径", "横幅", "幅", "縦", "横", "太さ", "範囲"]) && !row.has("size")
    {
        size(text, row, &sentence.range)?;
    }
    if said(&["数は"]) && !row.has("count") {
        count(scene, row, &sentence.range)?;
    }
    // 「紫色。」「大きさは3センチで、赤くなっています」
    let short = text[sentence.range.clone()].chars().count() <= COLOUR_CHARS;
    let measured = said(&["大きさ", "長さ", "直径", "縦", "種類", "形は"]);
    if (said(&["色は", "色が", "色も"]) || short || measured) && !row.has("colour") {
        choices(text, spec, row, "colour", &sentence.range)?;
    }
    if said(&["形は", "形が"]) && !row.has("shape") {
        choices(text, spec, row, "shape", &sentence.range)?;
    }
    // 「古いものではなく新しいあざだと園長は言う」「これは古い傷だそうです」
    let thing = ["もの", "傷", "あざ", "やけど", "痕", "跡"];
    if !row.has("age") && has_any(text, sentence.range.clone(), &thing) && !is_gone(scene, sentence) {
        choices(text, spec, row, "age", &sentence.range)?;
    }
    Ok(())
}

/// The labels of `column` that are spoken in `range`, without those that are set aside: 「古いものではなく」.
fn choices(
    text: &str,
    spec: &FieldSpec,
    row: &mut RowBuilder<'_>,
    column: &str,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let known = spec.column(column).map_or(&[][..], |c| c.choices.as_slice());
    for spoken in spoken_choices(text, range.clone(), known) {
        let rest = &text[spoken.range.end..range.end];
        let behind = ["もの", "傷", "あざ", "の", "痕", "跡"]
            .iter()
            .find_map(|w| rest.strip_prefix(w))
            .unwrap_or(rest);
        let aside = starts_with_any(behind, &["ではな", "じゃな", "くはな", "わけではな"]);
        if spoken.choice.label != OTHER && !aside {
            row.choose(column, &spoken.choice.label, spoken.range)?;
        }
    }
    Ok(())
}

/// 「去年もあざがあったが、今日は残っていなかった」: an injury that is not there any more.
fn is_gone(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    has_any(scene.text(), sentence.range.clone(), &WORDS.injury.gone)
}

/// 「写真の番号は、二の腕が1、前腕が2です」: the numbers, each to the injury at its part. Whether the sentence was one of these.
fn photographed(
    scene: &Scene<'_>,
    sentence: &Sentence,
    part: &ColumnSpec,
    rows: &mut [RowBuilder<'_>],
) -> Result<bool, record::GroundingError> {
    let text = scene.text();
    if !text[sentence.range.clone()].contains("写真") {
        return Ok(false);
    }
    let mut any = false;
    for named in spoken_choices(text, sentence.range.clone(), &part.choices) {
        let number = NUMBERED.as_ref().and_then(|r| r.captures(&text[named.range.end..sentence.range.end]));
        let Some(number) = number.and_then(|c| c.get(1)) else { continue };
        let at = named.range.end + number.start()..named.range.end + number.end();
        // 「頬が3センチ」 measures.
        if starts_with_any(&text[at.end..], &["センチ", "cm", "ミリ", "mm", "か所", "本", "個", "枚", "つ"])
        {
            continue;
        }
        let label = named.choice.label.as_str();
        if let Some(row) = rows.iter_mut().find(|row| row.text("part") == Some(label) && !row.has("photo")) {
            row.copy("photo", at)?;
            any = true;
        }
    }
    Ok(any)
}

/// 「弟の腕の傷」, 「実母には頬にあざ」: the injury of somebody who is not the child.
fn is_somebody_elses(scene: &Scene<'_>, sentence: &Sentence, area: &Area<'_>) -> bool {
    let text = scene.text();
    // A part that was named before stands in another sentence.
    let own = area.part.range.start >= sentence.range.start;
    let first = if own { area.part.range.start.min(area.kind.range.start) } else { area.kind.range.start };
    scene.mentions(sentence.range.start..first).pop().is_some_and(|m| {
        let owned = starts_with_any(&text[m.range.end..], &["の", "には", "にも"]);
        let near = !text[m.range.end..first].contains(['、', '。']);
        owned && near && m.relation.as_deref() != Some("本児")
    })
}

/// The same part and kind again.
fn is_repeated(known: &RowBuilder<'_>, row: &RowBuilder<'_>) -> bool {
    let same = |column| known.text(column) == row.text(column);
    let side = row.text("side").is_none_or(|side| side == "不明") || same("side");
    // 「すねの傷について」 names again what was told as a graze.
    let vague = row.text("kind").is_none_or(|kind| kind == OTHER) && !adds(row);
    same("part") && (same("kind") || vague) && side
}

/// Whether the row says more than what is where.
fn adds(row: &RowBuilder<'_>) -> bool {
    ["colour", "size", "count", "shape", "age", "photo"].iter().any(|column| row.has(column))
}

/// A sentence about injuries in general that says there is none, or that it is not known.
fn absent(scene: &Scene<'_>, sentence: &Sentence) -> Option<Outcome> {
    let words = ["外傷", "けが", "怪我", "あざ", "痣", "傷"];
    let found = find_any(scene.text(), sentence.full.clone(), &words)?;
    // 「けがについて、実母は説明を拒否」 is about the explanation, 「けがの時期も不明」 about the time.
    let behind = &scene.text()[found.end..sentence.full.end];
    let general =
        starts_with_any(behind, &["の有無については", "の有無ですが", "については", "についてですが"])
            && has_any(
                scene.text(),
                found.end..sentence.full.end,
                &["外傷は", "けがは", "あざは", "傷は", "異常は", "見当たら", "見られま"],
            );
    if !general && has_any(scene.text(), found.end..sentence.full.end, &["説明", "について", "時期", "原因"])
    {
        return None;
    }
    let reason = status(scene.text(), found.end..sentence.full.end)?.reason;
    // A person's denial is no observation.
    (reason != Reason::Denial && reason != Reason::Refused).then(|| without_as(scene, sentence, reason, None))
}

/// Whether the sentence speaks of an injury that it does not take back: 「骨折はないが打撲がある」 does.
pub(super) fn is_asserted(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let words =
        WORDS.speech.injuries.iter().flat_map(|word| find_all(scene.text(), sentence.range.clone(), word));
    // 「そのあと図書室で会った」 tells of no trace.
    let text = scene.text();
    let then = |word: &Range<usize>| {
        &text[word.clone()] == "あと" && ends_with_any(&text[..word.start], &["その", "この"])
    };
    words.into_iter().any(|word| !then(&word) && is_stated(scene, &word))
}

/// Neither negated nor said to be unknown or absent in its clause.
fn is_stated(scene: &Scene<'_>, word: &Range<usize>) -> bool {
    let clause = scene.scope(word.clone());
    // 「叩かれたことがあるかも尋ねました」 asks.
    let asked = ["かも尋ね", "かを尋ね", "か尋ね", "かも聞い", "か聞い", "かを聞い", "かと尋ね"];
    !scene.is_negated(word.clone())
        && !has_any(scene.text(), word.start..clause.end.max(word.end), &asked)
        && status(scene.text(), word.start..clause.end.max(word.end)).is_none()
}
