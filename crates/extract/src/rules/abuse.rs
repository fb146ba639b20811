//! What is reported: by whom, since when, how often, how, and how the reporter knows.

use std::ops::Range;

use record::template::FieldSpec;
use record::{Flag, Grounded, NormalForm, Reason};

use super::{Filled, Outcome, copied, without, without_as};
use crate::scene::{Scene, Sentence};
use crate::words::{find_any, has_any, spoken_choices};

/// Words for acts against a child.
const ACTS: &[&str] = &[
    "叩",
    "たた",
    "殴",
    "なぐ",
    "蹴",
    "けられ",
    "けっ",
    "どな",
    "怒鳴",
    "暴言",
    "物を投げ",
    "投げつけ",
    "締め出",
    "出され",
    "出てい",
    "入ってくるな",
    "首を絞",
    "揺さぶ",
    "泣き声",
    "泣いてい",
    "泣き叫",
    "悲鳴",
    "平手",
    "つね",
    "噛",
    "食事を与え",
    "ごはんを与え",
    "放置",
    "骨折",
    "やけど",
    "熱傷",
    "落ち",
    "あざ",
];
/// Words that make a person the one who does it.
const AGENT: &[&str] = &["から", "に", "が", "による"];
const OTHER_ABUSER: &str = "その他(祖父母・きょうだい・同居人等)";
const FREQUENCIES: &[&str] =
    &["毎晩", "毎日", "毎朝", "毎週", "たびたび", "しょっちゅう", "ときどき", "時々", "たまに", "頻繁"];

fn reported<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s Sentence> {
    scene.narrative().filter(|s| {
        s.heading.as_deref() != Some("主訴")
            && !has_any(
                scene.text(),
                s.full.clone(),
                &["相談歴", "通告歴", "過去の", "以前にも", "以前も", "通告者は", "きょうだい"],
            )
    })
}

/// Who: a person as the agent of an act, also inside a quotation; or words that nobody knows.
pub(super) fn abuser(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(unknown) = scene.with_words(&spec.cues).find_map(|s| without(scene, s)) {
        return Ok(Some(unknown));
    }
    for sentence in reported(scene).filter(|s| has_any(text, s.range.clone(), ACTS)) {
        // Inside quotations too: 「ママにたたかれた」 names the agent.
        for mention in scene.relations.mentions(text, sentence.range.clone()) {
            let after = &text[mention.range.end..sentence.range.end];
            let Some(particle) = AGENT.iter().find(|p| after.trim_start_matches("さん").starts_with(**p))
            else {
                continue;
            };
            let act = find_any(text, mention.range.end..sentence.range.end, ACTS);
            let passive = after.contains("れ") || *particle == "が" || *particle == "による";
            let Some(relation) = mention.relation.as_deref().filter(|_| act.is_some() && passive) else {
                continue;
            };
            let label = match relation {
                "本児" => continue,
                "実父" | "実母" => relation,
                "継父" | "養父" | "内夫" | "里父" => "実父以外の父親",
                "継母" | "養母" | "内妻" | "里母" => "実母以外の母親",
                _ => OTHER_ABUSER,
            };
            let grounded = Grounded::choice(scene.doc, &spec.choices, label, mention.range.clone())?;
            let same = text[mention.range.clone()] == *label;
            let grounded = if same { grounded } else { grounded.with_detail(scene.doc, mention.range) };
            return Ok(Some(Outcome::Stated(grounded)));
        }
    }
    Ok(None)
}

/// Since when: a day, or words that fix none (「3か月前から」), of a sentence with an act.
pub(super) fn since(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(unknown) = scene.with_words(&spec.cues).find_map(|s| without(scene, s)) {
        return Ok(Some(unknown));
    }
    for sentence in reported(scene).filter(|s| has_any(text, s.range.clone(), ACTS)) {
        let Some((date, annotation)) = scene.dates(sentence.range.clone()).into_iter().next() else {
            continue;
        };
        // 「昨日の夜」 is kept whole.
        let mut words = annotation.range.clone();
        for more in ["の夜", "の朝", "の夕方", "の昼", "の晩", "から"] {
            if text[words.end..sentence.range.end].starts_with(more) {
                words.end += more.len();
            }
        }
        let open_end = text[words.clone()].ends_with("から");
        let ranges = std::slice::from_ref(&words);
        let grounded = match date {
            Some(day) => {
                let form = NormalForm::DateRange(Some(day), (!open_end).then_some(day));
                Grounded::normal(scene.doc, ranges, &form).showing(scene.doc, words.clone())
            }
            None => Grounded::words(scene.doc, ranges),
        };
        return Ok(Some(Outcome::Stated(grounded.with_flags(annotation.flags.iter().copied()))));
    }
    Ok(None)
}

/// How often, in the words that were said; never a number.
pub(super) fn frequency(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in reported(scene).filter(|s| has_any(text, s.range.clone(), ACTS)) {
        if let Some(range) = frequency_in(text, sentence.range.clone()) {
            let grounded = Grounded::copied(scene.doc, &[range]);
            let hearsay =
                has_any(text, sentence.range.clone(), &["と聞いて", "とのこと"]).then_some(Flag::Hearsay);
            return Ok(Some(Outcome::Stated(grounded.with_flags(hearsay))));
        }
    }
    Ok(None)
}

fn frequency_in(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    if let Some(word) = find_any(text, range.clone(), FREQUENCIES) {
        return Some(word);
    }
    // 週に2、3回 · 月に1回 · 1日3回
    let start = find_any(text, range.clone(), &["週に", "月に", "1日に", "日に", "週"])?;
    let end = text[start.end..range.end].find(['回', '度'])?;
    let words = start.start..start.end + end + '回'.len_utf8();
    let between = &text[start.end..start.end + end];
    between
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '、' | '〜' | 'か' | 'ら' | '数'))
        .then_some(words)
}

/// The sentences that tell the acts, as they were said.
pub(super) fn acts(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    if !headed.is_empty() {
        return Ok(copied(scene, headed));
    }
    let told: Vec<&Sentence> = reported(scene)
        .filter(|s| has_any(text, s.range.clone(), ACTS))
        .filter(|s| {
            let has = |words: &[&str]| has_any(text, s.range.clone(), words);
            let only_heard = has(&["わけではな"]) && has(&["だけ"]);
            !only_heard && !has(&["だれが", "誰が", "として受理", "目撃し", "説明しました"])
        })
        .collect();
    // 「実母は叩いたことは否認」 alone: the act is denied and not told.
    let denied =
        |s: &&Sentence| matches!(without(scene, s), Some(Outcome::Without { reason: Reason::Denial, .. }));
    if let Some(first) = told.first().filter(|_| told.iter().all(denied)) {
        let by = scene.mentions(first.range.clone()).into_iter().find_map(|m| m.relation);
        return Ok(Some(without_as(scene, first, Reason::Denial, by)));
    }
    let hearsay = told
        .iter()
        .any(|s| has_any(text, s.range.clone(), &["とのこと", "と聞いて", "そうです"]))
        .then_some(Flag::Hearsay);
    Ok(match copied(scene, told) {
        Some(Outcome::Stated(grounded)) => Some(Outcome::Stated(grounded.with_flags(hearsay))),
        other => other,
    })
}

/// How the reporter knows: seen, heard, or told by somebody.
pub(super) fn source_basis(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.narrative() {
        let Some(spoken) = spoken_choices(text, sentence.range.clone(), &spec.choices).into_iter().next()
        else {
            continue;
        };
        let grounded =
            Grounded::choice(scene.doc, &spec.choices, &spoken.choice.label, spoken.range.clone())?;
        // 「担任から聞いた」: who told.
        let told_by = text[sentence.range.start..spoken.range.start].rfind(['、', '。', 'は']).map_or(
            sentence.range.start,
            |at| {
                let at = sentence.range.start + at;
                at + text[at..].chars().next().map_or(0, char::len_utf8)
            },
        );
        let from = text[spoken.range.clone()].starts_with("から") && told_by < spoken.range.start;
        let grounded =
            if from { grounded.with_detail(scene.doc, told_by..spoken.range.start) } else { grounded };
        return Ok(Some(Outcome::Stated(grounded)));
    }
    Ok(None)
}
