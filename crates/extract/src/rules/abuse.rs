//! What is reported: by whom, since when, how often.

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Entity, Flag, Grounded, NormalForm};
use regex::Regex;

use super::{Filled, Outcome, family, without};
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{find_any, has_any, lead_of, trim};

/// Words that make a person the one who does it.
const AGENT: &[&str] = &["から", "に", "が", "による"];
const OTHER_ABUSER: &str = "その他(祖父母・きょうだい・同居人等)";
/// A beginning without a day: 「2月ごろから」「正月ごろから」「3年生になってから」.
static SINCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:(?:(?:去年|昨年|今年|一昨年|おととし|先月|先々月|先週|先々週|今月|今週|前の年|この)の?)?(?:\d+月|正月|お正月|お盆|年末|年度末|年明け|春先|秋口|夏場|冬場|年度初め|春|夏|秋|冬|(?:春|夏|冬)休み|[春夏秋冬]ごろ|\d+年生|\d+学期|新学期|新年度|入園|入学|卒園|進級|就職|転職|失業|退職|出産|引っ越し|転居|再婚|離婚|別居|同居|連休|大型連休|ゴールデンウィーク|半年|数か月|数週間|数日|年が明けて|年を越して|\d+(?:年|か月|週間|日))|(?:先月|先々月|先週|先々週|今月|今週|去年|昨年|今年)の?(?:初め|はじめ|頭|半ば|中頃|終わり|末|上旬|中旬|下旬|暮れ))の?(?:連休|大型連休|お盆|夏休み|冬休み|春休み|運動会)?(?:くらい|ぐらい|ほど)?(?:以上)?(?:前|明け|の?(?:初め|はじめ|頭|終わり|半ば|中頃|末|上旬|中旬|下旬)|して|に入って|になって|に上がって|した(?:ころ|頃))?(?:ごろ|ころ|頃|くらい|ぐらい|あたり)?から",
    )
    .ok()
});

/// How often within how many days: 「2、3日に1回」.
static EVERY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:\d+(?:[、〜か]\d+)?|数)(?:日|週間|か月)に(?:\d+(?:[、〜か]\d+)?|数)(?:回|度)(?:くらい|ぐらい|ほど)?").ok()
});

pub(super) fn reported<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s Sentence> {
    scene.narrative().filter(|s| {
        s.heading.as_deref() != Some("主訴")
            && !has_any(
                scene.text(),
                s.full.clone(),
                &["相談歴", "通告歴", "過去の", "以前にも", "以前も", "通告者は", "きょうだい"],
            )
    })
}

/// Who: what the speaker answers to 「だれの行為か」; else a person as the agent of an act, also inside a quotation.
pub(super) fn abuser(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in scene.with_words(&spec.cues) {
        // 「誰から、実母の交際相手、同居はしていない」 tells who.
        let denied =
            |o: &Outcome| matches!(o, Outcome::Without { reason, .. } if *reason == record::Reason::None);
        let named = !scene.mentions(sentence.range.clone()).is_empty();
        if let Some(unknown) = without(scene, sentence).filter(|o| !(named && denied(o))) {
            return Ok(Some(unknown));
        }
        let Some(cue) = find_any(text, sentence.full.clone(), &spec.cues) else { continue };
        let named = scene.mentions(cue.end..sentence.full.end).into_iter().find(|m| m.relation.is_some());
        if let Some(mention) = named
            && let Some(outcome) = abuser_is(scene, spec, &mention)?
        {
            return Ok(Some(outcome));
        }
    }
    for sentence in reported(scene).filter(|s| has_any(text, s.range.clone(), &WORDS.abuse.acts)) {
        // Inside quotations too: 「ママにたたかれた」 names the agent.
        for mention in scene.relations.mentions(text, sentence.range.clone()) {
            let after = text[mention.range.end..sentence.range.end].trim_start_matches("さん");
            let Some(particle) = AGENT.iter().find(|p| after.starts_with(**p)) else {
                continue;
            };
            let act = find_any(text, mention.range.end..sentence.range.end, &WORDS.abuse.acts);
            let passive = after.contains("れ") || matches!(*particle, "が" | "による");
            if act.is_none() || !passive || after.starts_with("によると") || after.starts_with("から聞")
            {
                continue;
            }
            if let Some(outcome) = abuser_is(scene, spec, &mention)? {
                return Ok(Some(outcome));
            }
        }
    }
    // 「継母は、本児だけ廊下に立たせるそうです」: the topic of an act that is told, not explained or denied.
    for sentence in reported(scene).filter(|s| is_told_act(scene, s)) {
        let first = scene.mentions(sentence.range.clone()).into_iter().next();
        let Some(mention) = first.filter(|m| m.range.start == trim(text, sentence.range.clone()).start)
        else {
            continue;
        };
        let after = &text[mention.range.end..sentence.range.end];
        let guardian =
            mention.relation.as_deref().is_some_and(|r| family::GUARDIANS.contains(&r) || r == "交際相手");
        if guardian
            && after.trim_start_matches("さん").starts_with('は')
            && let Some(outcome) = abuser_is(scene, spec, &mention)?
        {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// An act that a sentence tells of its topic: with the child as its object, and not as somebody's statement.
fn is_told_act(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    const OBJECT: &[&str] = &["本児を", "本児に", "本児の", "本児だけ", "子どもを", "子どもに", "子どもの"];
    let text = scene.text();
    let range = sentence.range.clone();
    has_any(text, range.clone(), &WORDS.abuse.acts)
        && has_any(text, range.clone(), OBJECT)
        && !has_any(text, range.clone(), &["「", "説明", "と話", "と言", "弁解", "こわい", "怖い", "聞こえ"])
        && scene.quotes(range.clone()).is_empty()
        && status(text, range).is_none()
}

fn abuser_is(
    scene: &Scene<'_>,
    spec: &FieldSpec,
    mention: &crate::people::Mention,
) -> Result<Option<Outcome>, crate::Error> {
    let Some(relation) = mention.relation.as_deref() else { return Ok(None) };
    let label = match relation {
        "本児" => return Ok(None),
        "実父" | "実母" => relation,
        "継父" | "養父" | "内夫" | "里父" => "実父以外の父親",
        "継母" | "養母" | "内妻" | "里母" => "実母以外の母親",
        _ => OTHER_ABUSER,
    };
    let grounded = Grounded::choice(scene.doc, &spec.choices, label, mention.range.clone())?;
    let same = scene.words(&mention.range) == label;
    let grounded = if same { grounded } else { grounded.with_detail(scene.doc, mention.range.clone()) };
    Ok(Some(Outcome::Stated(grounded)))
}

/// Since when: a day, or words that fix none (「3か月前から」), of a sentence with an act.
pub(super) fn since(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    if let Some(unknown) = scene.with_words(&spec.cues).find_map(|s| without(scene, s)) {
        return Ok(Some(unknown));
    }
    // 「いつから、今年の春ごろから」 answers the form's question.
    let asked =
        |s: &Sentence| has_any(text, s.full.clone(), &spec.cues) && since_in(text, s.range.clone()).is_some();
    let told: Vec<&Sentence> = reported(scene).filter(|s| tells_when(scene, s) || asked(s)).collect();
    // What is said to go on 「…から」 comes before the day of one event.
    for words in told.iter().filter_map(|s| since_in(text, s.range.clone())) {
        let dates = scene.dates(words.clone());
        if dates.iter().all(|(date, _)| date.is_none()) {
            let flags = dates.first().map_or_else(Vec::new, |(_, a)| a.flags.clone());
            return Ok(Some(Outcome::Stated(Grounded::words(scene.doc, &[words]).with_flags(flags))));
        }
    }
    for sentence in told {
        // 翌朝 is the morning after what was done, and no day.
        let mut dates = scene.dates(sentence.range.clone()).into_iter();
        let Some((date, annotation)) = dates.find(|(_, a)| !text[a.range.clone()].starts_with('翌')) else {
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

/// A sentence of an act, or one that tells only since when and how often (「2か月前から、週に4回くらいです」).
fn tells_when(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let since = since_in(text, sentence.range.clone()).is_some();
    let begins = since || has_any(text, sentence.range.clone(), &["から"]);
    let often = frequency_in(text, sentence.range.clone()).is_some();
    !has_any(text, sentence.full.clone(), &WORDS.abuse.elsewhere)
        && (has_any(text, sentence.range.clone(), &WORDS.abuse.acts)
            || ((begins || often) && is_only_when(scene, sentence))
            || (since && often)
            || (since && has_any(text, sentence.range.clone(), &WORDS.abuse.goes_on)))
}

fn since_in(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = SINCE.as_ref()?.find(&text[range.clone()])?;
    Some(range.start + found.start()..range.start + found.end())
}

/// A sentence of times and their frequency, and nothing of what happens but 「続いて」.
pub(super) fn is_only_when(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let text = scene.text();
    let range = sentence.range.clone();
    let mut cut: Vec<Range<usize>> = Vec::new();
    cut.extend(since_in(text, range.clone()));
    cut.extend(frequency_in(text, range.clone()));
    cut.extend(
        scene
            .doc
            .annotations_in(range.clone())
            .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::Duration(_)))
            .map(|a| a.range.clone()),
    );
    if cut.is_empty() {
        return false;
    }
    cut.sort_by_key(|r| r.start);
    // 「泣き声は、2週間前から、毎晩です」: a topic of one word may stand in front.
    let topic = text[range.start..cut[0].start].find('は').filter(|at| *at <= 18);
    let mut at = topic.map_or(range.start, |at| range.start + at + 'は'.len_utf8());
    let mut rest = String::new();
    for part in cut {
        rest.push_str(text.get(at..part.start).unwrap_or_default());
        at = at.max(part.end);
    }
    rest.push_str(text.get(at..range.end).unwrap_or_default());
    for word in &WORDS.abuse.only_when {
        rest = rest.replace(word, "");
    }
    rest.chars().count() <= 1
}

/// How often, in the words that were said; never a number.
pub(super) fn frequency(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    for sentence in
        reported(scene).filter(|s| tells_when(scene, s) || has_any(text, s.full.clone(), &spec.cues))
    {
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
    if let Some(word) = find_any(text, range.clone(), &WORDS.abuse.frequencies) {
        return Some(word);
    }
    // 「2、3日に1回」「10日に1度」
    if let Some(found) = EVERY.as_ref().and_then(|r| r.find(&text[range.clone()])) {
        return Some(range.start + found.start()..range.start + found.end());
    }
    // 週に2、3回 · 月に1回 · 1日3回
    let start = find_any(text, range.clone(), &["週に", "月に", "1日に", "日に", "年に", "週"])?;
    let end = text[start.end..range.end].find(['回', '度', '日'])?;
    let words = start.start..start.end + end + '回'.len_utf8();
    let between = &text[start.end..start.end + end];
    let counted = !between.is_empty()
        && between.chars().all(|c| c.is_ascii_digit() || matches!(c, '、' | '〜' | 'か' | 'ら' | '数'));
    let about = lead_of(&text[words.end..range.end], &["くらい", "ぐらい", "ほど", "程度", "前後", "以上"]);
    counted.then(|| words.start..words.end + about)
}
