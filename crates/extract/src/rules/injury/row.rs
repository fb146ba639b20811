//! The row of one injury.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Flag, Kept, NormalForm, RowBuilder};
use regex::Regex;

use super::OTHER;
use super::area::{Area, side_start};
use super::size::size;
use crate::scene::Scene;
use crate::words::{find_any, spoken_choices, starts_with_any, trim};

/// Parts that people have two of.
const PAIRED: &[&str] = &["眼周囲", "頬", "耳", "上腕", "前腕", "手", "大腿", "下腿", "足"];
/// Words for two colours at once.
const TWO_COLOURS: &[(&str, &[&str])] =
    &[("青紫", &["青", "紫"]), ("赤紫", &["赤", "紫"]), ("黄緑", &["黄", "緑"]), ("赤茶", &["赤", "茶"])];
/// Longest words for a side in front of a part, in bytes.
const SIDE_REACH: usize = 12;

static PHOTO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"写真(?:の?番号|ナンバー)?(?:は|、|の|が)*((?:[A-Z]-?)?\d+(?:から\d+|、\d+)?)").ok()
});

pub(super) fn row<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    area: &Area<'_>,
) -> Result<RowBuilder<'d>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.cite(trim(text, area.range.clone()));
    row.choose("part", &area.part.choice.label, area.part.range.clone())?;
    if area.part.choice.label == OTHER {
        row.keep("part", Kept::Detail, area.part.range.clone())?;
    }
    side(text, &mut row, spec, area)?;
    row.choose("kind", &area.kind.choice.label, area.kind.range.clone())?;
    if area.kind.choice.label == OTHER {
        row.keep("kind", Kept::Detail, area.kind.range.clone())?;
    }
    for column in ["colour", "shape", "age"] {
        let choices = spec.column(column).map_or(&[][..], |c| c.choices.as_slice());
        // 「青紫」 is both colours.
        for (word, labels) in TWO_COLOURS.iter().filter(|_| column == "colour") {
            if let Some(at) = find_any(text, area.range.clone(), &[word]) {
                for label in *labels {
                    row.choose(column, label, at.clone())?;
                }
            }
        }
        let single = spoken_choices(text, area.range.clone(), choices).into_iter().filter(|s| {
            column != "colour" || !TWO_COLOURS.iter().any(|(word, _)| text[s.range.start..].starts_with(word))
        });
        for spoken in single {
            // 「三角形」 is a shape of its own.
            let own = column == "shape" && &text[spoken.range.clone()] != OTHER && !row.has(column);
            if spoken.choice.label != OTHER {
                row.choose(column, &spoken.choice.label, spoken.range)?;
            } else if own {
                row.choose(column, OTHER, spoken.range.clone())?;
                row.keep(column, Kept::Detail, spoken.range)?;
            }
        }
    }
    size(text, &mut row, &area.range)?;
    if let Some(number) = photo(text, &area.range) {
        row.copy("photo", number)?;
    }
    count(scene, &mut row, &area.range)?;
    Ok(row)
}

/// 「写真番号3」, 「写真3番」, 「写真は2枚目」: the number.
pub(super) fn photo(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let found = PHOTO.as_ref()?.captures(&text[range.clone()])?.get(1)?;
    // 「写真は4番まで」, 「写真2枚を撮影」 number none.
    let behind = &text[range.start + found.end()..];
    if behind.starts_with("番まで")
        || behind.starts_with("つ目")
        || behind.starts_with("つめ")
        || (behind.starts_with('枚') && !behind.starts_with("枚目"))
    {
        return None;
    }
    Some(range.start + found.start()..range.start + found.end())
}

fn side(
    text: &str,
    row: &mut RowBuilder<'_>,
    spec: &FieldSpec,
    area: &Area<'_>,
) -> Result<(), record::GroundingError> {
    let choices = spec.column("side").map_or(&[][..], |c| c.choices.as_slice());
    // 「額の真ん中に」
    if let Some(at) = ["の真ん中", "の中央", "のまん中", "の真中", "の中心"].iter().find_map(|w| {
        text[area.part.range.end..].starts_with(w).then(|| area.part.range.end..area.part.range.end + w.len())
    }) {
        return row.choose("side", "正中", at);
    }
    // 「首の左側に」
    let behind = ["の左側", "の右側", "の左の", "の右の", "の左に", "の右に", "左側", "右側"];
    let at = behind.iter().find_map(|w| {
        let rest = &text[area.part.range.end..];
        rest.starts_with(w).then(|| area.part.range.end..area.part.range.end + w.len())
    });
    if let Some(spoken) = at.and_then(|at| spoken_choices(text, at, choices).into_iter().next()) {
        return row.choose("side", &spoken.choice.label, spoken.range);
    }
    // 「お尻の左側に」「太ももの右の外側に」
    let behind = [
        ("の左", "左"),
        ("の右", "右"),
        ("の両側", "両側"),
        ("の両方", "両側"),
        ("、左", "左"),
        ("、右", "右"),
    ];
    if let Some((words, label)) = behind.iter().find(|(w, _)| text[area.part.range.end..].starts_with(w)) {
        let at = area.part.range.end..area.part.range.end + words.len();
        let other = text[at.end..].trim_start_matches(['側', 'の']);
        let parts = spec.column("part").map_or(&[][..], |c| c.choices.as_slice());
        // 「額の右の頬」 does not happen; 「腕、左の頬に」 does.
        let next =
            parts.iter().any(|c| other.starts_with(c.label.as_str()) || starts_with_any(other, &c.spoken));
        if !next {
            return row.choose("side", label, at);
        }
    }
    // A second injury at the same part stands behind it and takes its side.
    let part = area.part.range.start;
    let reach = (part.saturating_sub(SIDE_REACH)..part).find(|at| text.is_char_boundary(*at)).unwrap_or(part);
    let before = area.range.start.min(side_start(text, part, reach))..part;
    // 「右腕の肘の下」: the side may stand before another part of the same phrase.
    let phrase =
        text[area.from..part].rfind(['、', '。', ' ', 'に', 'と']).map_or(area.from, |at| area.from + at);
    let further = || spoken_choices(text, phrase..part, choices).into_iter().last();
    match spoken_choices(text, before, choices).into_iter().last().or_else(further) {
        Some(spoken) => row.choose("side", &spoken.choice.label, spoken.range),
        // 「太ももの青あざ、左右ひとつずつ」
        None if text[area.range.clone()].contains("左右") => {
            let at = find_any(text, area.range.clone(), &["左右"]).unwrap_or(area.part.range.clone());
            row.choose("side", "両側", at)
        }
        None if PAIRED.contains(&area.part.choice.label.as_str()) => {
            row.flag(Flag::SideMissing);
            row.choose("side", "不明", area.part.range.clone())
        }
        None => Ok(()),
    }
}

/// A count of injuries: 本, 個, か所, つ. 「いくつか」 is kept as words.
pub(super) fn count(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    const UNITS: &[&str] = &["本", "個", "つ", "か所", "ヶ所", "カ所", "箇所", "ヵ所"];
    const KANA: &[(&str, f64)] =
        &[("ひとつ", 1.0), ("ふたつ", 2.0), ("みっつ", 3.0), ("よっつ", 4.0), ("いつつ", 5.0)];
    let annotated = scene.doc.annotations_in(range.clone()).find_map(|a| match &a.entity {
        Entity::Quantity { low, high, unit } if UNITS.contains(&unit.as_str()) => {
            Some((*low, *high, a.range.clone()))
        }
        _ => None,
    });
    let kana = KANA
        .iter()
        .find_map(|(word, n)| find_any(scene.text(), range.clone(), &[word]).map(|at| (*n, *n, at)));
    if let Some((low, high, words)) = annotated.or(kana) {
        // 「ひとつずつ」 is the number at each side, not of all.
        if scene.text()[words.end..].starts_with("ずつ") {
            return row.keep("count", Kept::Words, words);
        }
        if (low - high).abs() < f64::EPSILON {
            row.normal("count", &NormalForm::Number(low), words.clone())?;
        }
        return row.keep("count", Kept::Words, words);
    }
    if let Some(words) =
        find_any(scene.text(), range.clone(), &["いくつか", "数か所", "数カ所", "多数", "複数"])
    {
        row.keep("count", Kept::Words, words)?;
    }
    Ok(())
}
