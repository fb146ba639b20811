//! Which words of a sentence are one injury: its part and its kind.

use std::ops::Range;

use record::template::ColumnSpec;

use super::size::DEGREES;
use super::{OTHER, is_stated};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{Spoken, find_any, is_kanji, spoken_choices, starts_with_any, trim};

/// The words of one injury: its part, its kind, and the stretch that describes it.
pub(super) struct Area<'c> {
    pub(super) part: Spoken<'c>,
    pub(super) kind: Spoken<'c>,
    pub(super) range: Range<usize>,
    /// Where the words of the injury before end.
    pub(super) from: usize,
}

/// Pairs each kind with the part before it. A part without a kind is no injury (「泣いて頬が赤い」).
pub(super) fn areas<'c>(
    scene: &Scene<'_>,
    sentence: &Sentence,
    part: &'c ColumnSpec,
    kind: &'c ColumnSpec,
    item: Option<&Spoken<'c>>,
) -> Vec<Area<'c>> {
    let text = scene.text();
    let outside = |r: &Range<usize>| !scene.is_quoted(r.start);
    let parts: Vec<_> = spoken_choices(text, sentence.range.clone(), &part.choices)
        .into_iter()
        .filter(|s| outside(&s.range) && is_part(text, s))
        .collect();
    let kinds: Vec<_> = spoken_choices(text, sentence.range.clone(), &kind.choices)
        .into_iter()
        .filter(|s| outside(&s.range) && is_kind(text, s) && is_stated(scene, &s.range))
        .collect();
    // 「やけどの跡」 is one injury.
    let kinds: Vec<_> = kinds
        .iter()
        .enumerate()
        .filter(|(i, k)| {
            let last = i.checked_sub(1).and_then(|i| kinds.get(i));
            let trace = k.choice.label == OTHER
                && last.is_some_and(|last| &text[last.range.end..k.range.start] == "の");
            // 「歯型のついたあざ」
            let marks = starts_with_any(&text[k.range.end..], &["のついた", "の付いた"]);
            let leads = marks && i + 1 < kinds.len();
            !trace && !leads
        })
        .map(|(_, k)| k.clone())
        .collect();
    let mut areas: Vec<Area<'c>> = Vec::new();
    for (i, kind) in kinds.iter().enumerate() {
        let next = kinds.get(i + 1).map_or(sentence.range.end, |next| next.range.start);
        // The part stands before its injury, or directly behind it: 「青あざが左の頬にある」.
        let before = parts.iter().rfind(|p| p.range.start < kind.range.end);
        let behind = || parts.iter().find(|p| p.range.start >= kind.range.end && p.range.end <= next);
        // 「部位は左の首。種類は擦過傷で…」: the part stands in a sentence of its own.
        if let Some(item) = item.filter(|_| parts.is_empty() && areas.is_empty()) {
            let range = sentence.range.clone();
            areas.push(Area { part: item.clone(), kind: kind.clone(), range, from: item.range.start });
            continue;
        }
        let Some(part) = before.or_else(behind) else { continue };
        let start = areas.last().map_or(sentence.range.start, |a: &Area<'_>| a.range.end).max(side_start(
            text,
            part.range.start,
            sentence.range.start,
        ));
        let end = kinds.get(i + 1).map_or(sentence.range.end, |next| {
            let next_part =
                parts.iter().find(|p| p.range.start > kind.range.end && p.range.start < next.range.start);
            // What describes the next injury stands in front of it: 「古いあざと、新しい紫のあざ」.
            let between = || kind.range.end..next.range.start;
            let joint =
                || find_any(text, between(), &["と", "、", "や"]).map_or(next.range.start, |at| at.end);
            next_part.map_or_else(joint, |p| side_start(text, p.range.start, kind.range.end))
        });
        let end = clause_of_kind(text, kind.range.end, end);
        let from = areas.last().map_or(sentence.range.start, |a| a.range.end).min(part.range.start);
        // 「お尻と太ももに」: the injury is at both.
        let joined = parts.iter().find(|p| {
            let between = text.get(p.range.end..part.range.start).unwrap_or_default();
            ["と", "や", "と左の", "と右の", "と左", "と右"].contains(&between)
                && p.range.start >= start.min(part.range.start)
        });
        let shared = joined.or_else(|| {
            parts.iter().find(|p| {
                p.range.end < part.range.start && ["と", "や"].contains(&&text[p.range.end..part.range.start])
            })
        });
        if let Some(first) =
            shared.filter(|p| p.range.start >= areas.last().map_or(0, |a: &Area<'_>| a.range.end))
        {
            let start = side_start(text, first.range.start, sentence.range.start);
            areas.push(Area { part: first.clone(), kind: kind.clone(), range: start..end, from });
        }
        areas.push(Area { part: part.clone(), kind: kind.clone(), range: start..end, from });
    }
    areas
}

/// The part of a sentence that names nothing else: 「部位は左の首すじ。」「右の頬。」
pub(super) fn item_part<'c>(
    scene: &Scene<'_>,
    sentence: &Sentence,
    part: &'c ColumnSpec,
) -> Option<Spoken<'c>> {
    let text = scene.text();
    let words = trim(text, sentence.full.clone());
    let only = starts_with_any(&text[words.clone()], &["部位", "場所", "箇所"]);
    let mut parts = spoken_choices(text, words.clone(), &part.choices);
    parts.retain(|p| is_part(text, p) && !scene.is_quoted(p.range.start));
    let [found] = parts.as_slice() else { return None };
    let rest = text[words.start..found.range.start].chars().count()
        + text[found.range.end..words.end].chars().count();
    // 「左のふくらはぎを見せてもらいました。青いあざが1つありました。」
    let looked =
        starts_with_any(&text[found.range.end..], &["を見せ", "を見た", "を見ま", "を確認", "を確かめ"]);
    (only || looked || rest <= 5).then(|| found.clone())
}

/// 手 in 手形 or 相手, 口 in 口調, 足 in 不足 are no parts of the body, nor is the label その他.
fn is_part(text: &str, spoken: &Spoken<'_>) -> bool {
    let word = &text[spoken.range.clone()];
    // 「手のひら大」 measures.
    let measures = WORDS.injury.compared.iter().any(|thing| {
        let end = spoken.range.start + thing.len();
        text[spoken.range.start..].starts_with(thing)
            && end >= spoken.range.end
            && starts_with_any(&text[end..], DEGREES)
    });
    if measures {
        return false;
    }
    if word.chars().count() > 1 {
        return word != OTHER;
    }
    let before = text[..spoken.range.start].chars().next_back();
    let after = text[spoken.range.end..].chars().next();
    let side = before.is_some_and(|c| matches!(c, '左' | '右' | '両'));
    !after.is_some_and(is_kanji) && (side || !before.is_some_and(is_kanji))
}

/// 傷 in 受傷 or 傷ついた, あと as a conjunction are no injuries.
fn is_kind(text: &str, spoken: &Spoken<'_>) -> bool {
    let words = &text[spoken.range.clone()];
    let before = text[..spoken.range.start].chars().next_back();
    let after = &text[spoken.range.end..];
    match words {
        // 「傷の1、部位は額」 numbers the rows.
        "傷" => {
            let numbered =
                after.strip_prefix('の').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
            !before.is_some_and(is_kanji) && !numbered && !after.starts_with(['つ', '付', '害', '病'])
        }
        "あと" | "跡" => {
            let described = text[..spoken.range.start].ends_with(['な', 'い', 'の', 'た']);
            described && after.starts_with(['が', 'を', 'も', '、', '。', 'は', '1', '2', '3'])
        }
        OTHER => false,
        "腫れ" | "はれ" | "こぶ" => before != Some('晴'),
        _ => true,
    }
}

/// The start of 左の, 右の, 両 in front of a part.
pub(super) fn side_start(text: &str, part: usize, from: usize) -> usize {
    ["左の", "右の", "両方の", "両", "左", "右", "左側の", "右側の", "古い", "新しい"]
        .iter()
        .filter(|side| part - from >= side.len() && text[from..part].ends_with(**side))
        .map(|side| part - side.len())
        .min()
        .unwrap_or(part)
}

/// A count or size may follow the kind (「青あざがひとつ」): to the end of the sentence, or 「と」 before the next.
fn clause_of_kind(text: &str, kind_end: usize, limit: usize) -> usize {
    text[kind_end..limit].find('。').map_or(limit, |at| kind_end + at)
}
