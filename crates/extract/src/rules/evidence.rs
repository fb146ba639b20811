//! Candidate quotations for a question that a person decides: what was said, by whom, when, and whether it was denied.
//!
//! Nothing is marked, ranked or counted here; a cue makes a candidate and no more.

mod cues;

use std::ops::Range;
use std::sync::LazyLock;

use record::template::{Choice, FieldSpec};
use record::{Flag, Grounded, Kept, Reason, RowBuilder, State};
use regex::Regex;
use text::hedge;

use super::family::GUARDIANS;
use super::{Filled, Outcome, fill_day};
use crate::people::Mention;
use crate::scene::{Scene, Sentence};
use crate::status::status;
use crate::vocabulary::WORDS;
use crate::words::{
    Spoken, clauses, ends_with_any, find_any, has_any, spoken_choices, starts_with_any, trim,
};

/// 「5つ目、繰り返しの心配ですが、」: the number of a question and its words.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:問|質問)?(?:\d+|[一二三四五六七八①-⑧])(?:つ目|番目|番|点目)?(?:は)?、[^。「」、]{1,24}?(?:ですが|ですけど|ですけれど|ですけれども|については|としては|は)、").ok()
});
/// Behind a cue, the others of a list up to its particle: 「骨折|や大きなやけどは」「血腫|もやけども」.
static LISTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const WORDS: &str = "[^、。「」はがをにもで]{0,11}[^、。「」はがをにもでて]";
    Regex::new(&format!("^(?:(?:(?:や|・|または|とか){WORDS})+(?:は|も|が)|(?:も{WORDS})+も)")).ok()
});
/// A table of candidates is for a person to read.
const MAX_ROWS: usize = 60;
/// The words that name a question are short.
const QUESTION_CHARS: usize = 26;
/// Words of staff about the law or their plans are no candidates.
const NOT_OBSERVED: &[&str] = &["告知内容", "今後の対応", "対応者", "目的"];

/// One row for each item whose cues stand in a sentence.
pub(super) fn evidence(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some(items) = spec.column("item") else { return Ok(None) };
    let mut rows = Vec::new();
    for sentence in scene.sentences.iter().filter(|s| is_observed(scene, s)) {
        for found in candidates(scene, sentence, &items.choices) {
            if rows.len() == MAX_ROWS {
                break;
            }
            let (child, parent) = topics(scene, sentence);
            let elsewhere = (is_of_parents(spec, found.choice) && child && !parent)
                || (spec.label.contains("虐待の影響") && parent && !child)
                || (spec.label.contains("生じている")
                    && parent
                    && !child
                    && is_own(scene, sentence, &found.range));
            if !elsewhere {
                rows.push(row(scene, spec, sentence, &found)?);
            }
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// The items that the sentence may be evidence of, each once, in the order of their words.
fn candidates<'c>(scene: &Scene<'_>, sentence: &Sentence, items: &'c [Choice]) -> Vec<Spoken<'c>> {
    let text = scene.text();
    let mut found = spoken_choices(text, sentence.full.clone(), items);
    // What somebody said is the better evidence.
    let said: Vec<Range<usize>> = brackets(text, &sentence.full);
    found.extend(items.iter().filter_map(|choice| {
        let quoted = said.iter().find_map(|words| cues::find(text, words.clone(), &choice.label));
        let range = quoted.or_else(|| cues::find(text, sentence.full.clone(), &choice.label))?;
        // 「実父が実母を突き飛ばす」 is done to no child.
        let to_parent = ends_with_any(&text[..range.start], &["母を", "母さんを", "妻を", "父を"]);
        if to_parent && choice.label.starts_with("頭部") {
            return None;
        }
        Some(Spoken { choice, range })
    }));
    let inside = |range: &Range<usize>| said.iter().any(|w| w.start <= range.start && range.end <= w.end);
    found.sort_by_key(|spoken| (!inside(&spoken.range), spoken.range.start, usize::MAX - spoken.range.end));
    let mut seen: Vec<&str> = Vec::new();
    found.retain(|spoken| {
        let new = !seen.contains(&spoken.choice.label.as_str());
        seen.push(&spoken.choice.label);
        new
    });
    found.sort_by_key(|spoken| spoken.range.start);
    found
}

/// The words inside each 「」.
fn brackets(text: &str, range: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(open) = text[at..range.end].find('「').map(|i| at + i + '「'.len_utf8()) {
        let Some(close) = text[open..range.end].find('」').map(|i| open + i) else { break };
        found.push(open..close);
        at = close + '」'.len_utf8();
    }
    found
}

/// An item of the parents' health or conduct.
fn is_of_parents(spec: &FieldSpec, item: &Choice) -> bool {
    spec.label.contains("保護者に虐待")
        || item.label.starts_with("保護者の")
        || item.label.starts_with("保護者に")
}

/// Whether the child and whether a parent is who the sentence is about: 「本児は夜眠れない」 tells nothing of the parents.
fn topics(scene: &Scene<'_>, sentence: &Sentence) -> (bool, bool) {
    let topical = |relations: &[&str]| {
        scene.mentions(sentence.range.clone()).iter().any(|m| {
            m.relation.as_deref().is_some_and(|r| relations.contains(&r))
                && starts_with_any(&scene.text()[m.range.end..], &["は", "が", "も", "、"])
        })
    };
    (topical(&["本児"]), topical(GUARDIANS))
}

/// 「実母は足の骨折で松葉杖」: the injury is the parent's own.
fn is_own(scene: &Scene<'_>, sentence: &Sentence, words: &Range<usize>) -> bool {
    let behind = &scene.text()[words.end..sentence.range.end];
    let child = scene.mentions(sentence.range.clone()).iter().any(|m| m.relation.as_deref() == Some("本児"));
    !child && starts_with_any(behind, &["で", "のため", "の治療", "して療養", "して入院", "して通院"])
}

fn is_observed(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let heading = sentence.heading.as_deref().unwrap_or_default();
    !NOT_OBSERVED.contains(&heading) && !scene.is_plan(sentence)
}

fn row<'d>(
    scene: &Scene<'d>,
    spec: &'d FieldSpec,
    sentence: &Sentence,
    found: &Spoken<'_>,
) -> Result<RowBuilder<'d>, record::GroundingError> {
    let text = scene.text();
    let mut row = RowBuilder::new(scene.doc, spec);
    row.choose("item", &found.choice.label, found.range.clone())?;
    let inside = |words: &Range<usize>| words.start <= found.range.start && found.range.end <= words.end;
    let quote = scene.quotes(sentence.full.clone()).into_iter().find(|(_, words)| inside(words));
    let bracket = || brackets(text, &sentence.full).into_iter().find(inside);
    let said = quote.as_ref().map(|(_, words)| words.clone()).or_else(bracket);
    row.copy("words", said.clone().unwrap_or_else(|| told(text, sentence, &found.range)))?;
    if let Some(words) = said {
        let named = quote.and_then(|(quote, _)| quote.speaker.clone());
        if let Some(speaker) = named.or_else(|| in_front(scene, sentence, &words)) {
            speaker_of(scene, &mut row, "speaker", speaker)?;
        }
    }
    if let Some((day, annotation)) = scene.dates(sentence.full.clone()).into_iter().next() {
        fill_day(&mut row, "said_at", day, annotation)?;
    }
    if spec.column("polarity").is_some() {
        let (label, words) = polarity_of(scene, sentence, &found.range);
        row.choose("polarity", label, words)?;
    }
    row.cite(trim(text, sentence.full.clone()));
    for flag in hedge::flags(scene.words(&sentence.full)) {
        row.flag(flag);
    }
    Ok(row)
}

/// The sentence without the words that lead over to it: 「それから、」「5つ目、繰り返しの心配ですが、」.
fn told(text: &str, sentence: &Sentence, found: &Range<usize>) -> Range<usize> {
    let mut words = trim(text, sentence.range.clone());
    if let Some(behind) = behind_question(text, &words).filter(|at| *at <= found.start) {
        return trim(text, behind..words.end);
    }
    loop {
        let rest = &text[words.clone()];
        let lead = WORDS.evidence.leads.iter().find_map(|lead| {
            let behind = rest.strip_prefix(lead)?;
            (behind.starts_with('、') || starts_with_any(behind, &WORDS.evidence.leads)).then_some(lead.len())
        });
        let Some(cut) = lead.or_else(|| NUMBERED.as_ref()?.find(rest).map(|m| m.end())) else { return words };
        words = trim(text, words.start + cut..words.end);
    }
}

/// Behind a first clause that only names the question: 「重大な結果が出ているかですが、」「保護者の危険ですが、」.
fn behind_question(text: &str, words: &Range<usize>) -> Option<usize> {
    const ENDINGS: &[&str] = &[
        "ですが、",
        "ですけど、",
        "ですけれど、",
        "ですけれども、",
        "については、",
        "に関しては、",
        "かというと、",
    ];
    let clause = clauses(text, words.clone())
        .into_iter()
        .take(2)
        .find(|c| ends_with_any(&text[c.clone()], ENDINGS))?;
    let topic = &text[words.start..clause.end];
    let names = WORDS.evidence.questions.iter().any(|q| topic.contains(q));
    (names && topic.chars().count() <= QUESTION_CHARS).then_some(clause.end)
}

/// Who speaks in front of a bracket where no verb behind it says so: 「実父『…』と話す」, 「母が電話で『…』と告げた」; in a sentence
/// that goes on (「また『…』とも」) who spoke before.
fn in_front(scene: &Scene<'_>, sentence: &Sentence, words: &Range<usize>) -> Option<Range<usize>> {
    let text = scene.text();
    let bracket = text[..words.start].trim_end_matches(['「', '『']).len().max(sentence.full.start);
    let people = scene.mentions(sentence.full.start..bracket);
    let speaks = |m: &Mention| {
        m.range.end == bracket || starts_with_any(&text[m.range.end..], &["は", "が", "も", "、"])
    };
    if let Some(speaker) = people.iter().rfind(|m| speaks(m)) {
        return Some(speaker.range.clone());
    }
    // 「本児には公園で会い、『…』と話した」: who was met speaks.
    let met = people.iter().rfind(|m| {
        starts_with_any(&text[m.range.end..], &["に", "と"])
            && has_any(text, m.range.end..bracket, &["会い", "会っ", "会え", "面接", "面会", "会うと"])
    });
    if let Some(speaker) = met {
        return Some(speaker.range.clone());
    }
    let goes_on = ["また", "さらに", "そして", "続けて", "それから", "その後"];
    let before = scene.sentences.iter().rfind(|s| s.full.end <= sentence.full.start)?;
    let continued = people.is_empty() && starts_with_any(&text[sentence.range.clone()], &goes_on);
    continued.then(|| scene.mentions(before.range.clone()).into_iter().rfind(|m| speaks(m)))?.map(|m| m.range)
}

/// The speaker as a label of the relation list, or その他 with the words.
pub(super) fn speaker_of(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    column: &str,
    words: Range<usize>,
) -> Result<(), record::GroundingError> {
    let mention = scene.mentions(words.clone()).into_iter().find(|m| m.relation.is_some());
    if let Some(mention) = mention {
        let label = mention.relation.unwrap_or_default();
        row.choose(column, &label, mention.range.clone())?;
        if scene.words(&mention.range) == label {
            Ok(())
        } else {
            row.keep(column, Kept::Detail, mention.range)
        }
    } else {
        row.choose(column, "その他", words.clone())?;
        row.keep(column, Kept::Detail, words)
    }
}

/// Where the answer to the cue ends: its clause, and where the clause is only the topic (「父からの暴力については、」) the sentence.
fn answer_end(scene: &Scene<'_>, sentence: &Sentence, cue: &Range<usize>) -> usize {
    const TOPICS: &[&str] =
        &["は", "については", "に関しては", "について", "の有無は", "かは", "も", "かどうかは"];
    let text = scene.text();
    let clause = scene.scope(cue.clone()).end.max(cue.end);
    let topical = text[clause..].starts_with('、')
        && ends_with_any(&text[cue.end..clause], TOPICS)
        && text[cue.end..clause].chars().count() <= 24;
    if topical { sentence.range.end.max(clause) } else { clause }
}

/// 否定 where the words are negated or denied, 不明 where the speaker does not know, else 肯定.
fn polarity_of(scene: &Scene<'_>, sentence: &Sentence, cue: &Range<usize>) -> (&'static str, Range<usize>) {
    let text = scene.text();
    // 「こわがって近づかない」: the negation is of the next verb, 「こわがっていない」 of this one.
    let joined =
        text[cue.clone()].ends_with('て') && !starts_with_any(&text[cue.end..], &["い", "お", "は", "な"]);
    // 「しがみついて離れない」
    let behind = &text[cue.end..sentence.full.end];
    let next: String = behind.chars().take(3).collect();
    let te = next.find('て').map(|at| &next[at + 'て'.len_utf8()..]);
    if te.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['い', 'お', 'は', 'な', 'も', 'ま']))
    {
        return ("肯定", cue.clone());
    }
    // 「ごみだらけで足の踏み場がない」: so is what follows で, 「ごみ屋敷ではない」 is not.
    let linked =
        text[cue.end..].starts_with('で') && !starts_with_any(&text[cue.end..], &["では", "でな", "でも"]);
    if joined || linked {
        return ("肯定", cue.clone());
    }
    // 「パチンコがやめられない」: what cannot be stopped is there.
    if starts_with_any(behind, &WORDS.evidence.unable) {
        return ("肯定", cue.clone());
    }
    // 「骨折や大きなやけどは見当たらない」: what is negated of the last is of all.
    if let Some(list) = LISTED.as_ref().and_then(|r| r.find(behind)) {
        let whole = cue.start..cue.end + list.end() - "は".len();
        if scene.is_negated(whole.clone())
            || status(text, whole.end..sentence.full.end).is_some_and(|s| s.reason == Reason::None)
        {
            return ("否定", cue.clone());
        }
    }
    // 「死にたいとか、そういう話は出ていません」
    let such = find_any(
        text,
        cue.end..sentence.full.end,
        &[
            "そういう話",
            "そういった話",
            "そのような話",
            "そういう訴え",
            "そういう発言",
            "といった言葉",
            "という言葉",
            "といった話",
            "といった訴え",
            "といった発言",
        ],
    );
    if such.is_some_and(|such| scene.is_negated(such)) {
        return ("否定", cue.clone());
    }
    // 「アルコールの問題はない」 negates, whatever 「問題はない」 does elsewhere.
    if starts_with_any(behind, &["の問題はな", "の問題はあり", "の問題もな", "の問題なし", "の問題がな"])
    {
        let positive = behind.starts_with("の問題はあり") && !behind.starts_with("の問題はありませ");
        return (if positive { "肯定" } else { "否定" }, cue.clone());
    }
    // 「精神科の受診歴は把握できていない」, 「お酒については、量まではわからない」: not known is more than negated.
    let reach = cue.end..answer_end(scene, sentence, cue);
    if let Some(found) = status(text, reach.clone()).filter(|s| s.reason.state() == State::Unknown) {
        return ("不明", found.range);
    }
    // 「飲むと手がつけられなくなる」: what is negated behind a condition is its consequence.
    let said = ["と話", "と言", "と訴", "と聞", "と説明", "との", "とい"];
    let condition = find_any(text, cue.end..sentence.full.end, &WORDS.evidence.conditions)
        .filter(|at| !starts_with_any(&text[at.end - "と".len()..], &said));
    // What stands behind 「…」 negates no words inside.
    let said = brackets(text, &sentence.full).into_iter().find(|b| b.start <= cue.start && cue.end <= b.end);
    if let Some(words) = &said {
        let inside = text::polarity::is_negated(&text[..words.end], cue.clone());
        let denied = has_any(text, words.end..sentence.full.end, &["否認", "否定"]);
        return (if inside || denied { "否定" } else { "肯定" }, cue.clone());
    }
    let negated = match &condition {
        Some(at) => text::polarity::is_negated(&text[..at.end], cue.clone()),
        None => scene.is_negated(cue.clone()),
    };
    if negated {
        return ("否定", cue.clone());
    }
    let end = condition.map_or(sentence.full.end, |at| at.end);
    match status(text, cue.end..reach.end.clamp(cue.end, end)) {
        Some(found) if matches!(found.reason, Reason::Denial | Reason::None) => ("否定", found.range),
        Some(found) => ("不明", found.range),
        // 「ごみ屋敷のようだ」 likens, it does not doubt.
        None if text[cue.end..].starts_with("のよう") => ("肯定", cue.clone()),
        // 「切れているらしい」 is told by somebody, 「多分」 by nobody.
        None if hedge::flags(scene.words(&sentence.full)).contains(&Flag::Uncertain)
            && !scene.words(&sentence.full).contains("らし") =>
        {
            ("不明", cue.clone())
        }
        None => ("肯定", cue.clone()),
    }
}
