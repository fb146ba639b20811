//! Text fields: what stands under a heading, or what the field's cues mark.

use std::ops::Range;

use record::Grounded;
use record::template::FieldSpec;

use super::family::GUARDIANS;
use super::{Filled, Outcome, copied, without};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_any, has_any, starts_with_any, trim};

/// Behind the words of a status there is at most its ending: 「確認でき|ませんでした」.
const STATUS_TAIL_CHARS: usize = 6;

/// The sentences under the field's headings, and nothing else: a view (所見) is taken only where the speaker marked it.
pub(super) fn section(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    Ok(whole_section(scene, scene.under(&spec.headings).collect()))
}

/// The section, or sentences with the field's cues that quote nobody.
pub(super) fn observation(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let of_parents = spec.headings.iter().any(|h| h == "保護者の様子");
    let observed = scene.headless().filter(|s| {
        let topic = topic(scene, s);
        let parents = topic.as_deref().is_some_and(|who| GUARDIANS.contains(&who));
        let fits = if of_parents {
            topic.as_deref() != Some("本児")
        } else {
            !parents && !is_of_parent(scene, s, &spec.cues)
        };
        let manner = of_parents && parents && has_any(scene.text(), s.range.clone(), &WORDS.section.manners);
        fits && (manner || has_any(scene.text(), s.range.clone(), &spec.cues))
            && scene.quotes(s.range.clone()).is_empty()
            && !scene.words(&s.range).contains('「')
            && !scene.is_plan(s)
            && !speaks_of_contact(scene, s)
            && !is_told(scene, s)
            && !tells_of_none(scene, s)
            && !tells_of_look(scene, s)
            && !speaks_of_siblings(scene, s)
    });
    Ok(copied(scene, observed))
}

/// 「…ですけど、お母さんは、夜泣きに参っている」: the cue stands behind a parent who is the topic.
fn is_of_parent(scene: &Scene<'_>, sentence: &Sentence, cues: &[String]) -> bool {
    let text = scene.text();
    let Some(cue) = find_any(text, sentence.range.clone(), cues) else { return false };
    scene.mentions(sentence.range.start..cue.start).last().is_some_and(|m| {
        m.relation.as_deref().is_some_and(|r| GUARDIANS.contains(&r)) && text[m.range.end..].starts_with('は')
    })
}

/// 「服の下は、見せてもらえた」: how far the body was seen is no observation of the clothes.
fn tells_of_look(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    has_any(scene.text(), sentence.range.clone(), &WORDS.section.looked)
}

/// 「けがはありませんでした」 answers another field, 「表情は確認できず」 none; 「あまり元気がありませんでした」 is what was seen.
fn tells_of_none(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    without(scene, sentence).is_some()
        && (says_only_status(scene, &sentence.range)
            || has_any(
                scene.text(),
                sentence.range.clone(),
                &["外傷", "けが", "怪我", "あざ", "傷", "確認でき"],
            ))
}

/// What the contact is for: the section, or the words in front of 「が目的」, 「を目的に」, 「のため訪問」.
pub(super) fn purpose(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let text = scene.text();
    let marks =
        ["が目的", "を目的", "のため訪問", "のため家庭訪問", "のために訪問", "のため、訪問", "のため面接"];
    Ok(scene.headless().filter(|s| !scene.is_plan(s)).find_map(|s| {
        // 「健診に来ていないので、発育を確かめるための訪問です」: with its reason.
        let whole =
            find_any(text, s.range.clone(), &["ための訪問です", "ための訪問でした", "ための訪問だった"]);
        if whole.is_some_and(|mark| !scene.is_quoted(mark.start)) {
            return copied(scene, [s]);
        }
        let mark = find_any(text, s.range.clone(), &marks).filter(|m| !scene.is_quoted(m.start))?;
        let words = trim(text, clauses(text, s.range.start..mark.start).pop()?);
        (!words.is_empty()).then(|| Outcome::Stated(Grounded::copied(scene.doc, &[words])))
    }))
}

/// A sentence about a brother or sister: 「妹は元気に走り回っていた」, not 「妹の布団と本児の机」.
fn speaks_of_siblings(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let first = scene.mentions(sentence.range.clone()).into_iter().next();
    first.is_some_and(|m| {
        let behind = &scene.text()[m.range.end..];
        // 「妹のすずなは」
        let named = behind.strip_prefix('の').is_some_and(|rest| {
            rest.chars().take(7).any(|c| matches!(c, 'は' | 'も')) && m.range.start == sentence.range.start
        });
        let topical = named || starts_with_any(behind, &["は", "も", "が", "、"]);
        topical && super::family::is_sibling(&m)
    })
}

/// Whom the sentence is about: the person at its start, 「実母はよく笑い」.
fn topic(scene: &Scene<'_>, sentence: &Sentence) -> Option<String> {
    let first = scene.mentions(sentence.range.clone()).into_iter().next()?;
    let topical = starts_with_any(&scene.text()[first.range.end..], &["は", "も", "が"]);
    let named = topical || scene.text()[first.range.end..].starts_with('、');
    if named && first.range.start == sentence.range.start { first.relation } else { None }
}

/// The section, or sentences in which staff tell or show something to the family.
pub(super) fn notice(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = section(scene, spec)? {
        return Ok(Some(outcome));
    }
    let told = scene.headless().filter(|s| {
        (has_any(scene.text(), s.range.clone(), &spec.cues) || is_told(scene, s))
            && !scene.is_plan(s)
            && !is_told_elsewhere(scene, &s.range)
    });
    Ok(copied(scene, told))
}

/// 「三木先生には、欠席が続いたら連絡していただくようお願いし」 is told to nobody of the family; a teacher who calls is advised.
pub(crate) fn is_told_elsewhere(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    const LEAD: usize = 8;
    if scene.field("caller_age").is_some() {
        return false;
    }
    let text = scene.text();
    let to = find_any(text, range.clone(), &["先生に", "園長に", "教頭に", "校長に", "担任に"]);
    to.is_some_and(|to| {
        let before = range.start..to.start;
        text[before.clone()].chars().count() <= LEAD && scene.mentions(before).is_empty()
    })
}

/// 「実母には、一時預かりの使い方を説明しました」: the worker speaks to somebody of the family.
fn is_told(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let Some(verb) =
        find_any(text, sentence.range.clone(), &WORDS.section.told).filter(|v| !scene.is_quoted(v.start))
    else {
        return false;
    };
    scene.mentions(sentence.range.start..verb.start).into_iter().any(|m| {
        let to = starts_with_any(&text[m.range.end..], &["には", "に", "へ", "へは"]);
        // 「申込書を実母に手渡し」
        let given = text[..m.range.start].ends_with('を');
        to && (given || m.range.start == sentence.range.start) && !text[m.range.end..].starts_with("によ")
    })
}

/// The sentences as a text, or the status that is all they say.
pub(super) fn whole_section(scene: &Scene<'_>, sentences: Vec<&Sentence>) -> Option<Outcome> {
    match sentences.first() {
        Some(first) if sentences.iter().all(|s| says_only_status(scene, &s.range)) => without(scene, first),
        _ => copied(scene, sentences),
    }
}

/// A topic with its answer has at most so many characters: 「きょうだいの虐待歴はなく、」.
const ANSWER_CHARS: usize = 16;

/// 「未聴取。」「会えなかったため、不明。」「けがの有無は確認できず。」: a status, at most with its reason or its topic in front.
pub(crate) fn says_only_status(scene: &Scene<'_>, range: &Range<usize>) -> bool {
    let text = scene.text();
    let words = trim(text, range.clone());
    let Some(found) = status(text, words.clone()) else { return false };
    // 「アレルギーは不明、服薬も不明」: the same answer to each topic.
    let parts = clauses(text, words.clone());
    // 「用意できていない日が週の半分はあり、手が回っていない」 says more than that there is none.
    let short = |c: &Range<usize>| {
        found.reason != record::Reason::None || text[c.clone()].chars().count() <= ANSWER_CHARS
    };
    let same =
        |c: &Range<usize>| short(c) && status(text, c.clone()).is_some_and(|s| s.reason == found.reason);
    if parts.len() > 1 && parts.iter().all(same) && !text[words.clone()].contains('「') {
        return true;
    }
    // 「母が面談を拒否、聴けていない」: why, and that it is not known.
    let unknown = |c: &Range<usize>| {
        status(text, c.clone()).is_some_and(|s| s.reason.state() == record::State::Unknown)
    };
    if parts.len() == 2 && parts.iter().all(unknown) && !text[words.clone()].contains('「') {
        return true;
    }
    if scene.is_quoted(found.range.start) {
        return false;
    }
    let before = text[words.start..found.range.start].trim_end_matches(['、', ' ']);
    let after = text[found.range.end.min(words.end)..words.end].chars().count();
    // 「実父が回答を拒否」
    let refused = found.reason == record::Reason::Refused
        && before.ends_with('を')
        && ["回答", "聴取", "面接", "面会", "説明", "話"].iter().any(|what| before.contains(what));
    let reasoned = ends_with_any(
        before,
        &[
            "ため",
            "もあって",
            "ので",
            "がつかず",
            "が取れず",
            "がとれず",
            "会えず",
            "会えておらず",
            "不在で",
            "留守で",
            "できておらず",
            "なくて",
            "低く",
            "幼く",
            "とのことで",
            "覚えていなくて",
            "届かず",
            "届いておらず",
            "がなく",
        ],
    );
    // A topic is one phrase: 「発育は標準で、継続の通院はない」 says more.
    let topic = ends_with_any(before, &["は", "も", "特に", "特記", "特記事項", "について", "まだ"])
        && (!before.contains('、')
            || clauses(text, words)
                .iter()
                .all(|c| status(text, c.clone()).is_some() || text[c.clone()].ends_with("は、")));
    after <= STATUS_TAIL_CHARS && (before.is_empty() || reasoned || refused || topic)
}

/// A sentence about who was met, when and where is no observation.
fn speaks_of_contact(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    !scene.times(sentence.range.clone()).is_empty()
        || has_any(scene.text(), sentence.range.clone(), &WORDS.section.contact)
}
